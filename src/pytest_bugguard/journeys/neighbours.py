"""Each item of a stream together with those just before and after it, in bounded memory."""

from __future__ import annotations

from collections import deque
from itertools import islice
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
        yield item, (*_nearest_first(behind, ahead),)
        behind.append(item)
        ahead.extend(islice(stream, 1))


def _nearest_first(behind: deque[T], ahead: deque[T]) -> Iterator[T]:
    backwards = list(reversed(behind))
    forwards = list(ahead)
    for distance in range(max(len(backwards), len(forwards))):
        yield from backwards[distance : distance + 1]
        yield from forwards[distance : distance + 1]
