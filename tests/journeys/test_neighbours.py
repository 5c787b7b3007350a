"""A stream's items meet their neighbours, nearest first, and are never held back for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.journeys.neighbours import with_neighbours

if TYPE_CHECKING:
    from collections.abc import Iterator


@given(st.integers(0, 30), st.integers(0, 8))
def test_every_item_comes_once_with_all_within_reach(length: int, reach: int) -> None:
    """The order of the stream is kept and exactly the items within reach are shown."""
    seen = list(with_neighbours(range(length), reach))
    assert [item for item, _ in seen] == list(range(length))
    for item, neighbours in seen:
        assert sorted(neighbours) == [n for n in range(length) if n != item and abs(n - item) <= reach]
        distances = [abs(neighbour - item) for neighbour in neighbours]
        assert distances == sorted(distances)


def test_the_stream_is_read_no_further_than_the_reach() -> None:
    """Memory is bounded: the first item is shown before the rest is read."""
    read = []

    def stream() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    next(with_neighbours(stream(), 3))
    assert read == [0, 1, 2, 3]
