"""Several pieces of work side by side, their results in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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


def lazily(
    work: Callable[[Item], Made], items: Iterable[Item], *, jobs: int, stop: Callable[[], None]
) -> Iterator[Made]:
    """The result for each item, in their order, none begun long before it is asked for.

    Where one of them raises, what runs by then comes to its end first. ``stop`` ends it where the wait is broken off:
    by Ctrl-C, here or where the results are made use of.
    """
    rest = iter(items)
    if jobs == 1:
        yield from map(work, rest)
        return
    running: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="bugguard") as pool:
        try:
            running.extend(pool.submit(work, item) for item in islice(rest, jobs))
            while running:
                done = running.popleft().result()
                running.extend(pool.submit(work, item) for item in islice(rest, 1))
                yield done
        except (KeyboardInterrupt, GeneratorExit):
            stop()
            raise
        finally:
            for one in running:
                one.cancel()
