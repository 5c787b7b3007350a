"""Pieces of one work in processes beside this one, as many as there are processors: their results, in order.

For work that keeps Python itself busy; what waits for processes of its own needs no more than threads (``pool``).
Each is a copy of this process (fork): it begins at once, and is told no more than the number of a piece.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Made = TypeVar("Made")
if TYPE_CHECKING:
    Work = Callable[[Item, Callable[[int], None]], Made]
    Opens = Callable[[], AbstractContextManager[Work[Item, Made]]]

_MOST = 4
"""Processes at most: each needs memory of its own."""
_TOLD_EVERY = 20
"""Steps from one message about progress to the next."""
_AHEAD = 2
"""Pieces that a copy has in hand: it need not wait while this process is busy with something else."""


def hands() -> int:
    """How many processes are worth having: one for each processor that is ours, where a copy costs next to nothing.

    A copy of a process with threads may wait for ever: it has the locks that they held, and not the threads.
    """
    if not hasattr(os, "sched_getaffinity") or threading.active_count() > 1:
        return 1
    return min(_MOST, len(os.sched_getaffinity(0)))


@contextmanager
def crew(hands: int) -> Iterator[Crew]:
    """So many copies of this process to work with: when this ends, none of them is left."""
    copies = Crew(hands)
    try:
        yield copies
    except BaseException:
        copies.stop()
        raise
    finally:
        copies.close()


class Crew:
    """Copies of this process, made when there is something to do; with one hand all of it is done here."""

    def __init__(self, hands: int) -> None:
        self._hands = hands
        self._copies: list[int] = []
        self._lines: list[Connection] = []

    def each(
        self, opens: Opens[Item, Made], items: Sequence[Item], *, progress: Callable[[int], None]
    ) -> Iterator[Made]:
        """Begin; the result for each item, in their order, as they are asked for.

        What a copy could not do is done here, where its fault can be told.

        Args:
            opens: Makes ready for work, once in each process. The work is told an item, and tells how many steps
                it made.
            items: The pieces of work.
            progress: Told the number of steps that were made so far.
        """
        steps = [0] * len(items)

        def count(number: int, made: int) -> None:
            steps[number] = made
            progress(sum(steps))

        hands = min(self._hands, len(items))
        lines = self._copied(partial(_serve, opens, items), hands) if hands > 1 else []
        return _in_order(_Share(lines, len(items), count), opens, items, count)

    def aside(self, work: Callable[[], Made]) -> Callable[[], Made | None]:
        """Begin something beside all else; what is given back waits for its result: None where it came to nothing."""
        lines = self._copied(partial(_tell_result, work), 1) if self._hands > 1 else []

        def result() -> Made | None:
            made: Made | None = None
            with suppress(EOFError, OSError, IndexError):  # it ended before it was done, or never began
                made = lines[0].recv()
            return made

        return result

    def stop(self) -> None:
        """Do not wait for what is being done."""
        for copy in self._copies:
            os.kill(copy, signal.SIGTERM)

    def close(self) -> None:
        """No copy is left."""
        for line in self._lines:
            line.close()
        for copy in self._copies:
            os.waitpid(copy, 0)

    def _copied(self, serve: Callable[[Connection], None], number: int) -> list[Connection]:
        """The lines to new copies, as many as are to be had."""
        from multiprocessing.connection import Pipe  # noqa: PLC0415 - seldom needed, and dear to load

        lines: list[Connection] = []
        with suppress(OSError):  # no more processes or files are to be had: fewer do it too
            for _ in range(number):
                here, there = Pipe()
                self._lines.append(here)
                self._copies.append(_copy(serve, there, self._lines))
                there.close()
                lines.append(here)
        return lines


def _in_order(
    share: _Share[Made], opens: Opens[Item, Made], items: Sequence[Item], count: Callable[[int, int], None]
) -> Iterator[Made]:
    with ExitStack() as stack:
        own: Work[Item, Made] | None = None
        for number, item in enumerate(items):
            while share.is_awaited(number):
                share.wait()
            if number in share.done:
                yield share.done.pop(number)
                continue
            own = own or stack.enter_context(opens())
            yield own(item, partial(count, number))


class _Share(Generic[Made]):
    """Who does which piece: each copy has some in hand, and is given the next when it has done one.

    A copy that ends is given no more, and what it had in hand stays undone.
    """

    def __init__(self, lines: Sequence[Connection], pieces: int, count: Callable[[int, int], None]) -> None:
        self.done: dict[int, Made] = {}
        self._count = count
        self._pieces = pieces
        self._next = 0
        self._in_hand: dict[Connection, set[int]] = {line: set() for line in lines}
        for line in [*lines] * _AHEAD:
            self._hand_on(line)

    def is_awaited(self, number: int) -> bool:
        """Whether a piece is not done, and somebody may still do it."""
        is_to_come = number >= self._next and bool(self._in_hand)
        return is_to_come or any(number in pieces for pieces in self._in_hand.values())

    def wait(self) -> None:
        """Until a copy tells something."""
        from multiprocessing.connection import wait  # noqa: PLC0415 - as above

        ready = wait([*self._in_hand])
        for line in [line for line in self._in_hand if line in ready]:
            self._hear(line)

    def _hear(self, line: Connection) -> None:
        try:
            number, steps, is_done, made = line.recv()
        except (EOFError, OSError):
            del self._in_hand[line]
            return
        if not is_done:
            self._count(number, steps)
            return
        self.done[number] = made
        self._in_hand[line].remove(number)
        self._hand_on(line)

    def _hand_on(self, line: Connection) -> None:
        if self._next < self._pieces:
            self._in_hand[line].add(self._next)
            with suppress(OSError):  # it has ended: reading from it will tell
                line.send(self._next)
            self._next += 1


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


def _serve(opens: Opens[Item, Made], items: Sequence[Item], line: Connection) -> None:
    """Do one piece after the other, as they are asked for."""
    with suppress(BaseException), opens() as work:
        while True:
            number: int = line.recv()
            made = work(items[number], partial(_tell, line, number))
            line.send((number, 0, True, made))


def _tell(line: Connection, number: int, steps: int) -> None:
    if steps % _TOLD_EVERY == 0:
        line.send((number, steps, False, None))


def _tell_result(work: Callable[[], object], line: Connection) -> None:
    with suppress(BaseException):
        line.send(work())
