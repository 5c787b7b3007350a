"""Pieces of one work in processes beside this one, as many as there are processors: their results, in order.

For work that keeps Python itself busy; what waits for processes of its own needs no more than threads (``pool``).
Each is a copy of this process (fork): it begins at once, and is told no more than the number of a piece.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Made = TypeVar("Made")

_MOST = 4
"""Processes at most: each needs memory of its own."""
_TOLD_EVERY = 20
"""Steps from one message about progress to the next."""


def hands() -> int:
    """How many processes are worth having: one for each processor that is ours, where a copy costs next to nothing.

    A copy of a process with threads may wait for ever: it has the locks that they held, and not the threads.
    """
    if not hasattr(os, "sched_getaffinity") or threading.active_count() > 1:
        return 1
    return min(_MOST, len(os.sched_getaffinity(0)))


def each(
    opens: Callable[[], AbstractContextManager[Callable[[Item, Callable[[int], None]], Made]]],
    items: Sequence[Item],
    *,
    hands: int,
    progress: Callable[[int], None],
) -> list[Made]:
    """The result for each item, in their order; what a copy could not do is done here, where its fault can be told.

    Args:
        opens: Makes ready for work, once in each process. The work is told an item, and tells how many steps it made.
        items: The pieces of work.
        hands: How many processes work side by side; with one the work is done here.
        progress: Told the number of steps that were made so far.
    """
    steps = [0] * len(items)

    def count(number: int, made: int) -> None:
        steps[number] = made
        progress(sum(steps))

    done: dict[int, Made] = {}
    if min(hands, len(items)) > 1:
        with _copies(partial(_serve, opens, items), min(hands, len(items))) as lines:
            _share(lines, len(items), done, count)
    left = [number for number in range(len(items)) if number not in done]
    if left:
        with opens() as work:
            for number in left:
                done[number] = work(items[number], partial(count, number))
    return [done[number] for number in range(len(items))]


def _share(lines: Sequence[Connection], pieces: int, done: dict[int, Made], count: Callable[[int, int], None]) -> None:
    """Give each copy a piece, and the next one when it is done; a copy that ends before that is given no more."""
    from multiprocessing.connection import wait  # noqa: PLC0415 - seldom needed, and dear to load

    rest = iter(range(pieces))
    busy = [line for line in lines if _has_more(line, rest)]
    while busy:
        ready = wait(busy)
        for line in [line for line in busy if line in ready]:
            try:
                number, steps, is_done, made = line.recv()
            except (EOFError, OSError):
                busy.remove(line)
                continue
            if not is_done:
                count(number, steps)
                continue
            done[number] = made
            if not _has_more(line, rest):
                busy.remove(line)


def _has_more(line: Connection, rest: Iterator[int]) -> bool:
    """Hand on the next piece, if there is one."""
    number = next(rest, None)
    if number is not None:
        with suppress(OSError):  # it has ended: reading from it will tell
            line.send(number)
    return number is not None


@contextmanager
def _copies(serve: Callable[[Connection], None], number: int) -> Iterator[list[Connection]]:
    """Copies of this process, each with a line to it: when this ends, none of them is left."""
    from multiprocessing.connection import Pipe  # noqa: PLC0415 - seldom needed, and dear to load

    lines: list[Connection] = []
    copies: list[int] = []
    try:
        with suppress(OSError):  # no more processes or files are to be had: fewer do it too
            for _ in range(number):
                here, there = Pipe()
                lines.append(here)
                copies.append(_copy(serve, there, lines))
                there.close()
        yield lines[: len(copies)]
    except BaseException:
        for copy in copies:
            os.kill(copy, signal.SIGTERM)
        raise
    finally:
        for line in lines:
            line.close()
        for copy in copies:
            os.waitpid(copy, 0)


def _copy(serve: Callable[[Connection], None], line: Connection, others: Sequence[Connection]) -> int:
    """The process id of a copy, which serves a line until it is closed, and keeps silent whatever happens."""
    copy = os.fork()
    if copy:
        return copy
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of us: who was copied tells the copies
        signal.signal(signal.SIGTERM, _leave)
        for other in others:  # with one of them open, nobody's line would be seen to end
            other.close()
        serve(line)
    finally:
        os._exit(0)


def _leave(*_: object) -> NoReturn:
    """Close on the way out what was opened."""
    raise SystemExit


def _serve(
    opens: Callable[[], AbstractContextManager[Callable[[Item, Callable[[int], None]], Made]]],
    items: Sequence[Item],
    line: Connection,
) -> None:
    """Do one piece after the other, as they are asked for."""
    with suppress(BaseException), opens() as work:
        while True:
            number: int = line.recv()
            made = work(items[number], partial(_tell, line, number))
            line.send((number, 0, True, made))


def _tell(line: Connection, number: int, steps: int) -> None:
    if steps % _TOLD_EVERY == 0:
        line.send((number, steps, False, None))
