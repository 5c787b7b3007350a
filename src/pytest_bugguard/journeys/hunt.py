"""Looking for flaky tests on purpose: run them in many ways, and find out what those that failed depend on."""

from __future__ import annotations

import itertools
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import orders
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.hunted import Way, in_order
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import PLAIN, Conditions, Replay
from pytest_bugguard.core.runs import End
from pytest_bugguard.journeys.diagnosis import diagnose, fails_by_import
from pytest_bugguard.journeys.lab import OutOfTimeError
from pytest_bugguard.journeys.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.replays import Replayed
    from pytest_bugguard.journeys.lab import Lab

_LEAST_S = 20.0
"""What the diagnosis of a test gets at least."""
_FOR_THE_FIRST = 1 / 3
"""The share of the time that the first run may take."""
_FOR_ISOLATION = 0.5
"""The share of what time is left that running each test alone may take."""
_FOR_MORE = 0.5
"""The share of what time is left that looking for more about what is known may take, where the hunt goes on."""


class NothingToHuntError(BugguardError):
    """pytest ran no test."""

    slug = "nothing-to-hunt"


class Plan(Struct, frozen=True):
    """What a hunt does."""

    paths: tuple[str, ...] = ()
    """Where tests are collected from; none: where the project says."""
    subjects: tuple[str, ...] = ()
    """The tests that are hunted for, among all of those; none: all."""
    runs: int = 10
    """How often all tests are run: in default order, each twice, reversed, and shuffled the other times."""
    goes_on: bool = False
    """Whether it goes on shuffling until its time is over."""
    ends_when_told: bool = False
    """Whether the others are run no more once it is known in which way each of ``subjects`` is flaky."""
    varied: tuple[Conditions, ...] = ()
    """Under these all of them are run, too."""
    busy: int = 2
    """How many processes make the machine busy."""


def hunt(plan: Plan, lab: Lab) -> bool:
    """Fill the notebook of a lab, until all that is planned is done or its time is over; whether all was done.

    Raises:
        NothingToHuntError: There are no tests, or pytest cannot begin.
    """
    is_done = False
    with suppress(OutOfTimeError):
        _first_run(plan, lab)
        hunted = _Hunt(plan, lab)
        for way, batch in _surveys(plan, lab):
            if not (plan.ends_when_told and way in _OF_ALL and hunted.has_told_all):
                hunted.survey(way, batch)
        hunted.sweep(_FOR_MORE * lab.left_s if plan.goes_on else lab.left_s)
        if not plan.goes_on:
            hunted.isolate(1.0)
        is_done = True
        hunted.load_all(_FOR_MORE * lab.left_s)
        for place in itertools.count(plan.runs, lab.jobs) if plan.goes_on else ():
            begun = lab.now()
            hunted.survey(Way.SHUFFLED, _shuffled(lab, range(place, place + lab.jobs)))
            hunted.isolate(_FOR_ISOLATION)
            spent_s = max(_LEAST_S, lab.now() - begun)
            hunted.sweep(spent_s)
            hunted.load_all(spent_s)
    return is_done and not lab.notebook.never_alone


def _first_run(plan: Plan, lab: Lab) -> None:
    """In default order, which tells what there is."""
    lab.doing = Way.DEFAULT
    done = lab.look(Replay((), lab.varied(), paths=plan.paths), _FOR_THE_FIRST)
    if not done.run.collected:
        raise _nothing(done)
    lab.notebook.order = done.run.collected
    lab.notebook.uncollected = tuple(dict.fromkeys(one.path for one in done.run.uncollected if not one.is_skipped))
    lab.notebook.subjects = tuple(one for one in done.run.collected if _is_meant(one, plan.subjects))
    if not lab.notebook.subjects:
        raise NothingToHuntError(
            f"pytest found no {plan.subjects[0]}", hint="give a node id as pytest prints it: pytest --collect-only -q"
        )
    _rest(done, lab)


def _is_meant(nodeid: str, names: tuple[str, ...]) -> bool:
    """Whether a test is one of those that are named, or a case of one, or stands in a class of that name."""
    return not names or any(nodeid == name or nodeid.startswith((f"{name}::", f"{name}[")) for name in names)


def _nothing(done: Replayed) -> NothingToHuntError:
    if done.run.end is End.NOT_STARTED and done.run.detail:
        return NothingToHuntError(
            f"pytest could not begin: {done.run.detail}", hint="make pytest itself run here, then hunt"
        )
    return NothingToHuntError("pytest found no test", hint="name files or folders that hold some")


def _rest(done: Replayed, lab: Lab) -> None:
    """Where a process died or hung in a test, run what was to come after it in the next one."""
    while done.run.end is not End.FINISHED and done.attempts:
        left = tuple(in_order(lab.notebook.order, done))
        if not left:
            return
        done = lab.run(Way.SHUFFLED, lab.replay(left, done.asked.conditions))


_OF_ALL = frozenset({Way.REVERSED, Way.DEFAULT, Way.SHUFFLED})
"""Ways in which all tests are run, to see whether any of them fails."""
_Batch = tuple[tuple[tuple[str, ...], Conditions], ...]
"""Orders in which tests are run side by side, each with its conditions: as many as there are jobs."""


def _surveys(plan: Plan, lab: Lab) -> Iterator[tuple[Way, _Batch]]:
    """The ways in which all tests are run, after the first: what finds most at the least price comes first."""
    order = lab.notebook.order
    subjects = lab.notebook.subjects
    yield Way.TWICE, ((orders.each_twice(subjects), PLAIN),)
    yield Way.REVERSED, ((order[::-1], PLAIN),)
    yield Way.DEFAULT, ((order, PLAIN),)
    yield Way.ALONE, ((subjects, PLAIN),)
    for conditions in plan.varied:
        yield Way.VARIED, ((order, conditions),)
    if plan.subjects:
        yield Way.SHUFFLED, (((*subjects, *(one for one in order if one not in subjects)), PLAIN),)
    shuffled = range(max(0, plan.runs - 4 - bool(plan.subjects)))
    for first in shuffled[:: lab.jobs]:
        yield Way.SHUFFLED, _shuffled(lab, shuffled[first : first + lab.jobs])


def _shuffled(lab: Lab, places: Iterable[int]) -> _Batch:
    return tuple((orders.shuffled(lab.notebook.order, lab.seed + place), lab.varied_by(place)) for place in places)


class _Hunt:
    """Surveys, and after each of them a diagnosis of what it brought to light."""

    def __init__(self, plan: Plan, lab: Lab) -> None:
        self._plan = plan
        self._lab = lab
        self._known: dict[str, int] = {}
        """Of tests that were diagnosed: the picture that there was of them then."""
        self._loaded: set[str] = set()
        """Tests that were run alone where all files were loaded."""
        self._turned: list[str] = []
        """Those of them that failed there, and are to be told why."""
        self._sweep = Sweep(lab, busy=plan.busy, looks_at_load=not plan.ends_when_told)

    def survey(self, way: Way, batch: _Batch) -> None:
        lab = self._lab
        lab.doing = way
        if way is Way.ALONE:
            self.isolate(_FOR_ISOLATION)
            return
        left = [([one for one in tests if not lab.notebook.ends_processes(one)], around) for tests, around in batch]
        asked = [lab.replay(tests, around) for tests, around in left if tests]
        for done in list(lab.run_beside(way, asked)):  # all of them first: what looks into one has one process
            _rest(done, lab)
        self._diagnose()

    def isolate(self, share: float) -> None:
        """Each by itself, and twice there: a test that needs others to pass hardly shows otherwise.

        Args:
            share: So much of the time that is left may be taken for those that were not alone yet.
        """
        lab = self._lab
        lab.doing = Way.ALONE
        # Where there are more than there is time for, each hunt begins with others.
        unknown = orders.shuffled(lab.notebook.never_alone, lab.seed)
        with _within(lab, share * lab.left_s):
            for _ in lab.run_beside(Way.EXPERIMENT, [lab.replay((one, one)) for one in unknown]):
                pass
        self._diagnose()

    def load_all(self, seconds: float) -> None:
        """Each by itself once more, with all files loaded: what these do to it, most other tests may undo."""
        lab = self._lab
        lab.doing = "each alone, all files loaded"
        steady = [one for one in lab.notebook.subjects if lab.notebook.files_beside(one) and one not in self._loaded]
        left = [one for one in steady if one not in lab.notebook.suspects()]
        asked = [
            lab.replay((one,), Conditions(beside=lab.notebook.files_beside(one)))
            for one in orders.shuffled(left, lab.seed)
        ]
        with _within(lab, seconds):
            self._tell_loaded()
            for done in lab.run_beside(Way.EXPERIMENT, asked):
                (nodeid,) = done.asked.tests
                self._loaded.add(nodeid)
                self._turned += [nodeid] if Outcome.FAILED in done.outcomes(nodeid) else []
            self._tell_loaded()

    def _tell_loaded(self) -> None:
        while self._turned:
            fails_by_import(self._turned[0], self._lab)
            del self._turned[0]

    def _diagnose(self) -> None:
        lab = self._lab
        pending = [one for one in lab.notebook.suspects() if self._is_open(one)]
        for place, nodeid in enumerate(pending):
            lab.doing = f"looking into {nodeid}"
            self._known[nodeid] = lab.notebook.picture(nodeid)
            with _within(lab, max(_LEAST_S, lab.left_s / 2 / (len(pending) - place))):
                diagnose(nodeid, lab, busy=self._plan.busy)

    def _is_open(self, nodeid: str) -> bool:
        """Whether a failure of a test is still to be explained, and there is something new to go by."""
        notebook = self._lab.notebook
        return not notebook.is_told(nodeid) and self._known.get(nodeid) != notebook.picture(nodeid)

    @property
    def has_told_all(self) -> bool:
        """Whether it is known of each test that is hunted for in which way it is flaky."""
        return all(map(self._lab.notebook.is_told, self._lab.notebook.subjects))

    def sweep(self, seconds: float) -> None:
        """Look for more that matters to tests of which something is known: load, more polluters, more setters."""
        with _within(self._lab, seconds):
            self._sweep.go_on()


@contextmanager
def _within(lab: Lab, seconds: float) -> Iterator[None]:
    """So much of the time and no more; what is left of it stays for others."""
    until = lab.until
    lab.until = min(until, lab.now() + seconds)
    try:
        with suppress(OutOfTimeError):
            yield
    finally:
        lab.until = until
    if lab.left_s <= 0:
        raise OutOfTimeError
