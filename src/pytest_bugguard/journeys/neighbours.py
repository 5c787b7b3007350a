"""Each item of a stream together with those just before and after it, in bounded memory."""

from __future__ import annotations

from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")


def with_neighbours(items: Iterable[T], reach: int) -> Iterator[tuple[T, tuple[T, ...]]]:
    """``(item, neighbours)`` in the order of the stream; at most ``reach`` neighbours on each side, nearest first."""
    stream = iter(items)
    behind: deque[T] = deque(maxlen=reach)
    ahead: deque[T] = deque(islice(stream, reach + 1))
    while ahead:
        item = ahead.popleft()
        yield item, _nearest_first(behind, ahead)
        behind.append(item)
        ahead.extend(islice(stream, 1))


def _nearest_first(behind: deque[T], ahead: deque[T]) -> tuple[T, ...]:
    backwards, forwards = list(reversed(behind)), list(ahead)
    on_both_sides = min(len(backwards), len(forwards))
    pairs = zip(backwards, forwards, strict=False)
    return (*chain.from_iterable(pairs), *backwards[on_both_sides:], *forwards[on_both_sides:])
