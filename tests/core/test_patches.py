"""git's patches, taken apart: which lines are new, and which were only taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import patches
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.patches import Patch
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ["diff --git a/a.py b/a.py", "index 1..2 100644", "--- a/a.py", "+++ b/a.py", "@@ -1 +1,2 @@", "-x", "+y",
             "+z", "@@ -9,2 +10,0 @@ def f():", "-a", "-b"],
            Patch("a.py", "a.py", (1, 2), (9, 10), (1,)), id="changed-and-cut"),
        pytest.param(
            ["diff --git a/a.py b/a.py", "new file mode 100644", "--- /dev/null", "+++ b/a.py", "@@ -0,0 +1 @@", "+x",
             r"\ No newline at end of file"],
            Patch("a.py", None, (1,)), id="new"),
        pytest.param(
            ["diff --git a/a.py b/b.py", "similarity index 100%", "rename from a.py", "rename to b.py"],
            Patch("b.py", "a.py"), id="renamed"),
        pytest.param(
            ["diff --git a/a b.py b/a b.py", "--- a/a b.py\t", "+++ b/a b.py\t", "@@ -1 +1 @@", "--- a/no", "+++ b/no"],
            Patch("a b.py", "a b.py", (1,), (), (1,)), id="blank-in-name-and-lines-like-headers"),
        pytest.param(
            ['diff --git "a/\\303\\251\\".py" "b/\\303\\251\\".py"',
             '--- "a/\\303\\251\\".py"', '+++ "b/\\303\\251\\".py"',
             "@@ -1,0 +2 @@", "+x"],
            Patch('é".py', 'é".py', (2,)), id="quoted"),
        pytest.param(
            ["diff --git a/a b.py b/ c.py", "similarity index 100%", "rename from a b.py", "rename to  c.py"],
            Patch(" c.py", "a b.py"), id="blanks-in-the-names-of-a-rename"),
        pytest.param(
            ["diff --git a/a.py b/b.py", "similarity index 100%", "copy from a.py", "copy to b.py"],
            Patch("b.py", "a.py"), id="copied"),
        pytest.param(
            ["diff --git a/\udcff.py b/\udcff.py", "--- a/\udcff.py", "+++ b/\udcff.py", "@@ -1 +1 @@", "-x", "+y"],
            Patch("\udcff.py", "\udcff.py", (1,), (), (1,)), id="bytes-that-are-no-text"),
        pytest.param(
            ["diff --git a/a.py b/a.py", "--- a/a.py", "+++ b/a.py", "@@ -1 +1 @@", "-x",
             r"\ No newline at end of file", "+++ b/no"],
            Patch("a.py", "a.py", (1,), (), (1,)), id="the-last-line-had-no-end-and-the-next-looks-like-a-header"),
        pytest.param(
            ["diff --git a/a.py b/a.py", "old mode 100644", "new mode 100755"], None, id="mode-only"),
        pytest.param(
            ["diff --git a/a.py b/a.py", "deleted file mode 100644", "--- a/a.py", "+++ /dev/null", "@@ -1 +0,0 @@",
             "-x"], None, id="gone"),
    ],
)  # fmt: skip
def test_a_patch_says_what_is_new(lines: list[str], expected: Patch | None) -> None:
    """New lines by their number now, lines that are gone by their number before."""
    output = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    assert patches.parse(output + output) == (expected, expected) if expected else patches.parse(output) == ()
    for said in (b"9d01c2e\n", b"commit 9d01c2e\n\n    one\n"):
        assert patches.parse(said + output.removesuffix(b"\n")) == ((expected,) if expected else ())


def test_what_git_writes_is_read(tmp_path: Path) -> None:
    """A real patch of odd names and odd lines, against what was written."""
    repo = story(tmp_path, "commit: one\n  file: a.py\n    1\n    2\n    3\n    4\n")
    base = repo.git("rev-parse", "HEAD")
    repo.write("a.py", "1\n+++ b/x\n--- a/y\n4\n\r\n")
    repo.write('caf\u00e9 "x".py', "a\nb")
    repo.commit("two")
    raw = repo.git("diff-index", "-p", "-U0", "-M", base).encode()
    assert patches.parse(raw) == (Patch("a.py", "a.py", (2, 3, 5), (), (2, 3)), Patch('café "x".py', None, (1, 2)))


@pytest.mark.parametrize(("text", "count"), [(b"", 1), (b"a\n", 1), (b"a\nb", 2), (b"a\nb\n", 2)])
def test_an_untracked_file_is_new_as_a_whole(text: bytes, count: int) -> None:
    """Each of its lines."""
    assert patches.whole("a.py", text) == Patch("a.py", None, tuple(range(1, count + 1)))


_LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"x = 1\n"]), max_size=12)
_TEXTS = _LINES.map(b"".join)


@given(_TEXTS, _TEXTS)
def test_what_became_of_a_text_is_what_its_lines_say(old: bytes, new: bytes) -> None:
    """Without the new lines nothing but old ones is left, in their order; and from a text to itself nothing happens."""
    patch = patches.between("a.py", "a.py", old, new)
    kept = [line for number, line in enumerate(new.splitlines(), start=1) if number not in patch.added]
    olds = iter(old.splitlines())
    assert all(line in olds for line in kept)
    assert patches.between("a.py", "a.py", old, old) == Patch("a.py", "a.py")


@given(_TEXTS, _TEXTS, _TEXTS)
def test_lines_are_followed_through_a_later_change(old: bytes, then: bytes, now: bytes) -> None:
    """Where they are the same text still; else they are gone."""
    patch = patches.between("a.py", "a.py", old, then)
    later = patches.carried(patch, "b.py", then, now)
    lines = [now.splitlines()[line - 1] for line in later.added]
    those = iter([then.splitlines()[line - 1] for line in patch.added])
    assert all(line in those for line in lines)
    assert patches.carried(patch, "a.py", then, then) == patch


def test_what_a_text_lost_is_told_by_its_old_numbers() -> None:
    """What others were put in the place of, apart from what has nothing in its place."""
    old, new = b"a\nb\nc\nd\ne\nf\n", b"a\nx\ny\nc\nf\ng\n"
    assert patches.between("b.py", "a.py", old, new) == Patch("b.py", "a.py", (2, 3, 6), (4, 5), (2,))


def test_what_is_followed_keeps_its_cuts_and_takes_the_new_name() -> None:
    """Old numbers stay as they are; what the lines had replaced is not told of a later text."""
    patch = Patch("a.py", "a.py", (2, 3), (7,), (2,))
    then = b"a\nx\ny\nb\n"
    assert patches.carried(patch, "b.py", then, then) == Patch("b.py", "a.py", (2, 3), (7,), (2,))
    assert patches.carried(patch, "b.py", then, b"new\na\nx\nother\nb\n") == Patch("b.py", "a.py", (3,), (7,), ())
    both = patches.carried(Patch("a.py", None, (2, 3, 5)), "a.py", b"a\nb\nc\nd\ne\n", b"a\nb\nx\ny\nd\ne\n")
    assert both.added == (2, 6)


def test_line_ends_are_no_change() -> None:
    """A checkout may have other ones than the repository."""
    assert patches.between("a.py", "a.py", b"a\r\nb\r\n", b"a\nb\nc\n").added == (3,)


@pytest.mark.parametrize("header", ["@@ -1 +1,9 @@", f"@@ -1 +1,{9**30} @@", "@@ -1,4 +1 @@", "@@ nonsense @@"])
def test_a_hunk_of_more_lines_than_there_are_is_refused(header: str) -> None:
    """Its header is not believed, however many it says; a patch that ends in the middle is no shorter one."""
    text = f"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n{header}\n-x\n+y\n"
    with pytest.raises(UnreadableHistoryError, match="more lines than there are"):
        patches.parse(text.encode())


def test_a_refused_hunk_is_shown() -> None:
    """As far as it can be read, and not more of it than fits."""
    header = b"@@ -1 +1,9 @@ def f(\xff): " + b"x" * 60
    with pytest.raises(UnreadableHistoryError) as refused:
        patches.parse(b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n" + header + b"\n-x\n+y\n")
    shown = "@@ -1 +1,9 @@ def f(\ufffd): " + "x" * 36
    assert str(refused.value) == f"git's patch has a hunk of more lines than there are: {shown}"
