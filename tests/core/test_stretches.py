"""A long line of commits is cut so that each piece can be looked at by itself, and nothing is lost at the seams."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.stretches import cut


@given(st.integers(0, 2_000), st.integers(0, 30), st.none() | st.just("base"))
def test_the_stretches_are_the_line_with_what_stands_around_each(length: int, margin: int, since: str | None) -> None:
    """Every commit is judged in one stretch, where all within the margin is read, and nothing beyond that."""
    line = [f"c{number}" for number in range(length)]
    place = {sha: number for number, sha in enumerate(line)}
    judged = []
    for stretch in cut(line, margin=margin, since=since):
        begin = place[stretch.first]
        end = place[stretch.end] if stretch.end is not None else length
        judged += line[begin:end]
        assert place[stretch.tip] == max(0, begin - margin)
        if end + margin < length:
            assert stretch.since == line[end + margin]
        else:
            assert stretch.since == since
    assert judged == line


def test_a_short_history_is_one_stretch() -> None:
    """What is read at once would only be dearer in pieces."""
    (whole,) = cut([f"c{number}" for number in range(300)], margin=20)
    assert whole == ("c0", None, "c0", None)
