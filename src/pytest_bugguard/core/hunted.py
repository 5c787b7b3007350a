"""What has been seen in a hunt so far, and what it says of each test. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.estimates import bound, rate_of
from pytest_bugguard.core.flakes import Flake, judged_by, signatures_of
from pytest_bugguard.core.kinds import Kind, count, diagnosis_of, first_alone, showings_of, when_busy
from pytest_bugguard.core.model import FlakeVerdict, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.kinds import Count, Diagnosis, Showing
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.core.replays import Conditions, Replayed

SMALL = 8
"""A process with no more different tests than this is an experiment on each of them."""
_COUNTED = frozenset({Outcome.PASSED, Outcome.FAILED})
_BESIDE = "only beside other processes of this hunt, which may use the same port, file or database"


class Way(StrEnum):
    """In which way the tests of a process were chosen and ordered."""

    DEFAULT = "in default order"
    TWICE = "each twice"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"
    ALONE = "each alone"
    VARIED = "under other conditions"
    EXPERIMENT = "an experiment"
    GLANCE = "in between others"
    """Again and again in one process: it shows where to look, and is no evidence."""
    BESIDE = "beside other processes"
    """A failure that may be owed to these: no evidence either."""


_HINTS = frozenset({Way.GLANCE, Way.BESIDE})
_OF_ONE = frozenset({Way.EXPERIMENT, Way.GLANCE})
"""In these the last test is the one that is looked at."""


class Context(NamedTuple):
    """What ran before a test in a process of many, and under which conditions."""

    before: tuple[str, ...]
    conditions: Conditions


class Notebook:
    """Every process of a hunt, by what it says of each test."""

    def __init__(self) -> None:
        self.order: tuple[str, ...] = ()
        """All tests, as pytest orders them."""
        self.subjects: tuple[str, ...] = ()
        """Those of them that are hunted for."""
        self.experiments: list[Replayed] = []
        self.uncollected: tuple[str, ...] = ()
        """Files whose tests could not be found."""
        self.were_alone: set[str] = set()
        """The tests that were the first of their process in some experiment: nothing ran before them."""
        self.processes = 0
        self.untypeable: set[tuple[str, ...]] = set()
        """Tests that do not run in this order where pytest is given them on its command line."""
        self._surveys: list[tuple[Way, Replayed]] = []
        self._firsts: dict[str, list[tuple[int, int, Attempt]]] = defaultdict(list)
        """Of each test: survey, place in it, how it ended there the first time."""
        self._showings: dict[str, list[Showing]] = defaultdict(list)
        self._failed: dict[str, list[Attempt]] = defaultdict(list)
        self._beside: Counter[str] = Counter()
        """How often each test failed beside other processes, and may have failed because of them."""
        self._durations: dict[str, float] = {}
        self._endings: Counter[str] = Counter()
        self._times: Counter[str] = Counter()
        """How often each test ran, in whatever way."""

    def add(self, way: Way, done: Replayed) -> None:
        """Note what a process showed."""
        self.processes += 1
        subject = done.asked.tests[-1] if way in _OF_ONE else None
        for one in done.attempts:
            self._times[one.nodeid] += 1
            if one.outcome is Outcome.FAILED and subject in {None, one.nodeid}:
                self._failed[one.nodeid].append(one)
                self._beside[one.nodeid] += way is Way.BESIDE
            self._durations[one.nodeid] = max(one.duration_s, self._durations.get(one.nodeid, 0.0))
        if done.attempts and done.attempts[-1].phase == "crash":
            self._endings[done.attempts[-1].nodeid] += 1
        if way is Way.EXPERIMENT:
            self._note_experiment(done)
        elif way not in _HINTS:
            self._note_survey(way, done)

    def _note_experiment(self, done: Replayed) -> None:
        tests = dict.fromkeys(one.nodeid for one in done.attempts)
        self.were_alone.update(one.nodeid for one in done.attempts[:1])
        if len(tests) <= SMALL:
            self.experiments.append(done)
            if done.asked.is_typed and tuple(tests) != done.asked.tests:
                self.untypeable.add(done.asked.tests)
            for nodeid in tests:
                self._showings[nodeid] += showings_of(nodeid, done.asked.conditions, done.attempts)

    def _note_survey(self, way: Way, done: Replayed) -> None:
        self._surveys.append((way, done))
        for place, one in enumerate(done.attempts):
            if one.number == 1 and one.outcome in _COUNTED:
                self._firsts[one.nodeid].append((len(self._surveys) - 1, place, one))

    def suspects(self) -> tuple[str, ...]:
        """Those of the tests that are hunted for that failed at all, in default order."""
        return tuple(nodeid for nodeid in self.subjects if nodeid in self._failed)

    def is_surprised_by(self, done: Replayed) -> bool:
        """Whether a test failed there that has passed, and of which it is not told why it fails."""
        failed = {one.nodeid for one in done.attempts if one.outcome is Outcome.FAILED}
        return any(self._has_passed(nodeid) and not self.is_told(nodeid) for nodeid in failed)

    def _has_passed(self, nodeid: str) -> bool:
        surveyed = any(one.outcome is Outcome.PASSED for _, _, one in self._firsts[nodeid])
        return surveyed or any(Outcome.PASSED in one.outcomes for one in self._showings[nodeid])

    def is_told(self, nodeid: str) -> bool:
        """Whether it is known in which way a test is flaky; that it does not bear to be run twice explains little."""
        return bool(set(self.diagnosis(nodeid).kinds) - {Kind.NON_IDEMPOTENT})

    def failed_beside(self, nodeid: str) -> bool:
        """Whether each failure of a test may be owed to processes beside it."""
        return 0 < self._beside[nodeid] == len(self._failed[nodeid])

    def picture(self, nodeid: str) -> int:
        """In how many surveys a test failed, where it passed in others; 0 where it did not pass: nothing to compare."""
        surveyed = count(one.outcome for _, _, one in self._firsts[nodeid])
        return surveyed.failed + 1 if surveyed.passed else 0

    def showings(self, nodeid: str) -> tuple[Showing, ...]:
        """What experiments showed of a test."""
        return tuple(self._showings[nodeid])

    def diagnosis(self, nodeid: str) -> Diagnosis:
        """What they come to."""
        return diagnosis_of(nodeid, self._showings[nodeid])

    def telling(self) -> Iterator[Replayed]:
        """The experiments that say something of a test that failed, worth to be kept."""
        failed = frozenset(self._failed)
        return (one for one in self.experiments if not failed.isdisjoint(one.asked.tests))

    def alone(self, nodeid: str) -> Count:
        """How it ended alone so far."""
        return first_alone(self._showings[nodeid])

    def ends_otherwise_again(self, nodeid: str) -> bool:
        """Whether it has ended otherwise the second time in one process than the first time."""
        return any(len(set(one.outcomes)) > 1 for one in self._showings[nodeid] if not one.before)

    def contexts(self, nodeid: str, outcome: Outcome) -> tuple[Context, ...]:
        """The surveys in which it ended so, those with the fewest tests before it first."""
        found = []
        for survey, place, one in self._firsts[nodeid]:
            if one.outcome is outcome:
                _, done = self._surveys[survey]
                before = tuple(before.nodeid for before in done.attempts[:place])
                found.append(Context(before, done.asked.conditions))
        return tuple(sorted(found, key=lambda context: len(context.before)))

    def ends_processes(self, nodeid: str) -> bool:
        """Whether processes die or hang in it time and again: what comes after it would never run."""
        return self._endings[nodeid] > 1

    @property
    def never_alone(self) -> tuple[str, ...]:
        """Those of the tests that are hunted for that were not the first of any process, and can be."""
        return tuple(one for one in self.subjects if one not in self.were_alone and not self.ends_processes(one))

    def files_beside(self, nodeid: str) -> tuple[str, ...]:
        """The files of all tests, but for that of this one."""
        files = dict.fromkeys(one.partition("::")[0] for one in self.order)
        return tuple(one for one in files if one != nodeid.partition("::")[0])

    def duration_s(self, tests: Iterable[str]) -> float:
        """How long these took, at the most."""
        return sum(self._durations.get(nodeid, 0.0) for nodeid in tests)

    def flakes(self) -> tuple[Flake, ...]:
        """The tests that failed and are not known to be sound, with what is known of them."""
        return tuple(map(self._flake, self.suspects()))

    def _flake(self, nodeid: str) -> Flake:
        surveyed = count(one.outcome for _, _, one in self._firsts[nodeid])
        diagnosis = self.diagnosis(nodeid)
        verdict, reason = self._judge(nodeid, diagnosis, surveyed)
        signatures = signatures_of(one.failure for one in self._failed[nodeid] if one.failure is not None)
        rate = rate_of(surveyed.failed, surveyed.total)
        return Flake(nodeid, verdict, reason, "", rate, signatures=signatures, diagnosis=diagnosis)

    def _judge(self, nodeid: str, diagnosis: Diagnosis, surveyed: Count) -> tuple[FlakeVerdict, str]:
        if diagnosis.kinds:
            return judged_by(diagnosis)
        alone = self.alone(nodeid)
        default = count(
            one.outcome for survey, _, one in self._firsts[nodeid] if self._surveys[survey][0] is Way.DEFAULT
        )
        if default.passed and default.failed:
            return FlakeVerdict.FLAKY, f"in default order it failed {default.failed} of {default.total} times"
        if not surveyed.passed and not alone.passed:
            total = surveyed.failed + alone.failed
            if alone.failed and total > 1:
                return FlakeVerdict.FAILING, f"it failed {total} of {total} times, in every way in which it was run"
            return FlakeVerdict.UNDECIDED, f"it failed {total} of {total} times among others, and was not run alone yet"
        seen = f"it failed {len(self._failed[nodeid])} of {self._times[nodeid]} times"
        nothing = "nothing tells why"
        if self.failed_beside(nodeid):
            seen, nothing = f"{seen} ({_BESIDE})", "nothing else tells why"
        if alone.failed or not alone.passed:
            return FlakeVerdict.UNDECIDED, f"{seen}, and was not run alone often enough to tell why"
        excluded = f"which excludes a rate above {bound(rate_of(0, alone.passed).high)} %"
        told = f"{seen}, and {nothing}: alone it passed {alone.passed} times, {excluded}"
        busy = when_busy(self._showings[nodeid])
        tried = f"; on a busy machine it failed {busy.failed} of {busy.total} times" if busy.total else ""
        return FlakeVerdict.UNDECIDED, f"{told}{tried}"


def in_order(tests: Sequence[str], done: Replayed) -> Iterator[str]:
    """What is left of an order after a process that ended before its end."""
    asked = done.asked.tests or done.run.collected
    behind = len(done.attempts)
    last = done.run.running or (done.attempts[-1].nodeid if done.attempts else "")
    yield from (nodeid for nodeid in asked[behind:] if nodeid != last and nodeid in tests)
