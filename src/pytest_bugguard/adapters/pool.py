"""Several pieces of work side by side, their results in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Item = TypeVar("Item")
Made = TypeVar("Made")


def each(work: Callable[[Item], Made], items: Sequence[Item], *, jobs: int, stop: Callable[[], None]) -> Iterator[Made]:
    """The result for each item, in their order, at most ``jobs`` of them worked on at a time.

    Threads, since the work is to wait for processes of its own. ``stop`` ends what is running when the wait is broken
    off, so that nothing is left to wait for.
    """
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="bugguard") as pool:
        running = [pool.submit(work, item) for item in items]
        try:
            for one in running:
                yield one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise
