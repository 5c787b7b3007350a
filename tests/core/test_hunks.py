"""The places of a file that a change touched, each put back alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import hunks, syntax
from pytest_bugguard.core.hunks import Hunk

lines = st.lists(st.sampled_from([b"a", b"b", b"", b"c\r", b"\xff", b"d"]), max_size=12)
texts = st.builds(lambda some, has_end: b"\n".join(some) + (b"\n" if has_end and some else b""), lines, st.booleans())


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        pytest.param(b"", b"", [], id="nothing"),
        pytest.param(b"a\nb\n", b"a\nb\n", [], id="the-same"),
        pytest.param(b"a\nb\nc\n", b"a\nx\nc\n", [(range(2, 3), range(2, 3), b"b\n", b"x\n")], id="replaced"),
        pytest.param(b"a\nc\n", b"a\nb\nc\n", [(range(2, 2), range(2, 3), b"", b"b\n")], id="added"),
        pytest.param(b"a\nb\nc\n", b"a\nc\n", [(range(2, 3), range(2, 2), b"b\n", b"")], id="removed"),
        pytest.param(b"", b"a\n", [(range(1, 1), range(1, 2), b"", b"a\n")], id="into-nothing"),
        pytest.param(b"a\n", b"a", [(range(1, 2), range(1, 2), b"a\n", b"a")], id="last-line-end"),
        pytest.param(b"a\r\nb\n", b"a\nb\n", [(range(1, 2), range(1, 2), b"a\r\n", b"a\n")], id="line-end"),
        pytest.param(
            b"a\nb\nc\nd\n",
            b"x\nb\nc\ny\nz\n",
            [(range(1, 2), range(1, 2), b"a\n", b"x\n"), (range(4, 5), range(4, 6), b"d\n", b"y\nz\n")],
            id="two",
        ),
    ],
)
def test_hunks_say_what_changed_where(old: bytes, new: bytes, found: list[tuple[range, range, bytes, bytes]]) -> None:
    """Line numbers from 1, on both sides."""
    told = [(one.before, one.after, b"".join(one.old), b"".join(one.new)) for one in hunks.between(old, new)]
    assert told == found


@given(texts, texts, st.data())
def test_putting_all_back_gives_the_old_text(old: bytes, new: bytes, data: st.DataObject) -> None:
    """At once, in any order, or one after another from the end."""
    found = hunks.between(old, new)
    assert hunks.put_back(new, data.draw(st.permutations(found))) == old
    text = new
    for hunk in reversed(found):
        text = hunks.put_back(text, [hunk])
    assert text == old


@given(texts, texts, st.data())
def test_some_put_back_leave_the_others(old: bytes, new: bytes, data: st.DataObject) -> None:
    """What stays is the difference to the old text."""
    found = hunks.between(old, new)
    some = data.draw(st.sets(st.sampled_from(found))) if found else set()
    text = hunks.put_back(new, some)
    others = [hunk for hunk in found if hunk not in some]
    for hunk in others:
        shift = sum(len(one.old) - len(one.new) for one in some if one.after.start < hunk.after.start)
        at = hunk.after.start + shift - 1
        assert tuple(text.splitlines(keepends=True)[at : at + len(hunk.new)]) == hunk.new
    assert (text == new) is (not some)


def is_python(text: bytes) -> bool:
    """Whether it parses."""
    try:
        syntax.parse(text)
    except syntax.UnparsableError:
        return False
    return True


def test_hunks_that_only_make_sense_together_are_one() -> None:
    """Alone they would break the file, and every test be red for that."""
    old = b"def f(\n    a,\n):\n    return a\n\n\nx = 1\n"
    new = b"def f(a,\n    b=(\n    a,\n)):\n    return a\n\n\nx = 2\n"
    assert len(hunks.between(old, new)) > 2
    one, other = hunks.between(old, new, is_sound=is_python)
    assert b"".join(other.new) == b"x = 2\n"
    assert is_python(hunks.put_back(new, [one]))
    assert hunks.put_back(new, [one, other]) == old


def test_the_last_hunk_is_taken_together_with_the_one_before() -> None:
    """And where nothing helps there is one, with all that changed."""
    old, new = b"a\nb\nc\nd\ne\n", b"1\nb\n2\nd\n3\n"
    assert len(hunks.between(old, new, is_sound=lambda text: text != b"1\nb\n2\nd\ne\n")) == 2
    assert hunks.between(old, new, is_sound=lambda _: False) == (
        Hunk(
            range(1, 6), range(1, 6), (b"a\n", b"b\n", b"c\n", b"d\n", b"e\n"), (b"1\n", b"b\n", b"2\n", b"d\n", b"3\n")
        ),
    )


@given(texts, texts)
def test_taken_together_they_still_give_the_old_text(old: bytes, new: bytes) -> None:
    """Whatever makes sense to whom."""
    found = hunks.between(old, new, is_sound=lambda text: len(text) % 3 == 0)
    assert hunks.put_back(new, found) == old
    assert all(hunks.put_back(new, [hunk]) != new for hunk in found)
