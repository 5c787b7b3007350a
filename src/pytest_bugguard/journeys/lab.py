"""Where the experiments of a hunt are made: within its time, each noted down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_bugguard.core import orders
from pytest_bugguard.core.hunted import Notebook, Way
from pytest_bugguard.core.replays import PLAIN, Conditions, Replay
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_bugguard.core.replays import Replayed
    from pytest_bugguard.journeys.ports import Replayer

_START_S = 30.0
"""What a process may take besides its tests: a slow start on a busy machine is no hang."""
_PATIENCE = 5
"""What takes five times as long as it did at the most hangs."""


class OutOfTimeError(Exception):
    """The time for this is over; what has been seen stands."""


class Lab(Struct):
    """Makes experiments."""

    replayer: Replayer
    each: Callable[[Callable[[Replay], Replayed], Sequence[Replay]], Iterator[Replayed]]
    """Does the same for several, perhaps side by side; results in their order."""
    now: Callable[[], float]
    """Seconds on a clock that only goes on."""
    until: float
    """When the time is over, by that clock."""
    limit_s: float
    """How long one process may take, where nothing better is known."""
    seed: int
    """Stands for all chance in the hunt."""
    jobs: int = 1
    """How many processes ``each`` has side by side."""
    varies_hash: bool = True
    """Whether each process gets a seed of string hashes of its own; else that of the user holds."""
    tell: Callable[[str, Notebook], None] = lambda *_: None
    """Told what is being done, after each process."""
    notebook: Notebook = field(default_factory=Notebook)
    doing: str = ""
    _asked: int = 0

    @property
    def left_s(self) -> float:
        """How much time there is."""
        return self.until - self.now()

    def varied(self, conditions: Conditions = PLAIN) -> Conditions:
        """The same conditions with the next seed of string hashes, unless they have one."""
        if not self.varies_hash or conditions.hash_seed is not None:
            return conditions
        self._asked += 1
        return replace(conditions, hash_seed=orders.number(self.seed, self._asked))

    def varied_by(self, place: int) -> Conditions:
        """Plain, with the seed of string hashes of the shuffle in this place, whatever was asked for before it."""
        return Conditions(hash_seed=orders.number(self.seed, "shuffled", place)) if self.varies_hash else PLAIN

    def run(self, way: Way, asked: Replay) -> Replayed:
        """One process, noted.

        Raises:
            OutOfTimeError: There is no time for it.
        """
        return next(iter(self.run_all(way, [asked])))

    def look(self, asked: Replay, share: float) -> Replayed:
        """The first process, which may take a share of the time: what it cuts off then has not failed.

        Raises:
            OutOfTimeError: There is no time for it.
        """
        limit_s = min(self.limit_s, share * self.left_s)  # a hang in it must not cost all of the time
        done = self._in_time(replace(asked, limit_s=limit_s))
        if limit_s < self.limit_s:
            done = done.without_hang
        self.notebook.add(Way.DEFAULT, done)
        self.tell(self.doing, self.notebook)
        return done

    def run_all(self, way: Way, asked: Sequence[Replay]) -> Iterator[Replayed]:
        """Several processes, one after the other with nothing beside it, each noted as it is handed out.

        Raises:
            OutOfTimeError: There is no time for the next one.
        """
        for done in map(self._in_time, asked):
            self._note(way, done)
            yield done

    def run_beside(self, way: Way, asked: Sequence[Replay]) -> Iterator[Replayed]:
        """Several processes side by side, each noted; handed out in no special order.

        They share a checkout and a machine, and two of them may be of the same test: what fails there for a reason that
        is not known is no evidence. It is made again with nothing beside it, and that is handed out.

        Raises:
            OutOfTimeError: There is no time for the next one. What has come to its end by then is noted.
        """
        if self.jobs == 1 or len(asked) == 1:
            yield from self.run_all(way, asked)
            return
        finished: list[Replayed] = []

        def work(one: Replay) -> Replayed:
            done = self._in_time(one)
            finished.append(done)
            return done

        noted: list[Replayed] = []
        doubtful = []
        try:
            for one, done in zip(asked, self.each(work, asked), strict=True):
                noted.append(done)
                if self._note_beside(way, done):
                    yield done
                else:
                    doubtful.append(one)
        except BaseException:
            for done in finished:
                if not any(done is one for one in noted):
                    self._note_beside(way, done)
            raise
        yield from self.run_all(way, doubtful)

    def _note_beside(self, way: Way, done: Replayed) -> bool:
        """Note what ran beside others; whether it is evidence."""
        is_evidence = not self.notebook.is_surprised_by(done)
        self._note(way if is_evidence else Way.BESIDE, done)
        return is_evidence

    def _note(self, way: Way, done: Replayed) -> None:
        self.notebook.add(way, done)
        self.tell(self.doing, self.notebook)

    def _in_time(self, asked: Replay) -> Replayed:
        left_s = self.left_s
        if left_s <= 0:
            raise OutOfTimeError
        limit_s = min(asked.limit_s, left_s + _START_S)
        done = self.replayer.replay(replace(asked, limit_s=limit_s))
        if done.run.end is End.TIMEOUT and limit_s < asked.limit_s:
            raise OutOfTimeError  # not the test that was running took too long, but the hunt
        known_s = self.notebook.duration_s([done.run.running])
        is_slow = done.run.left_s > min(_START_S + _PATIENCE * known_s, limit_s / 2)
        return done if is_slow else done.without_hang  # the others may have left it no time

    def replay(self, tests: Sequence[str], conditions: Conditions = PLAIN) -> Replay:
        """What to ask for, with a limit by what these tests have taken so far: never less than twice that."""
        known_s = self.notebook.duration_s(tests)
        limit_s = min(self.limit_s, _START_S + _PATIENCE * known_s) if known_s else self.limit_s
        return Replay(tuple(tests), self.varied(conditions), max(limit_s, _START_S + 2 * known_s))
