"""What was tried to prove a fix, and what did each test case do with it and without it? Frozen values; no I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core import pairing
from pytest_bugguard.core.model import Outcome, Red, RedKind
from pytest_bugguard.core.novelty import Novelty
from pytest_bugguard.core.reds import BEHAVIOUR, Grounds, one_line
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_bugguard.core.model import MappedTest
    from pytest_bugguard.core.runs import Case, Loaded, TestRun


class Trial(Struct, frozen=True):
    """The runs that were made for one fix, and what they are judged by."""

    fix: str
    """How the fix is called in a command: an abbreviated commit id."""
    tests: tuple[MappedTest, ...]
    after: TestRun
    """The files of the mapped tests, run with the fix."""
    before: TestRun
    """The same without it."""
    again: TestRun | None = None
    """What ``proof.to_repeat`` named, once more without the fix."""
    veiled: TestRun | None = None
    """The same with the old code in the dress of the new one, which shows what is red over more than its words; None
    where the fix has no Python file on both sides."""
    control: TestRun | None = None
    """The same with the fix, after all others; needed where ``after`` was the user's own session, and where a run may
    have left something for the next."""
    in_session: bool = False
    """Whether ``after`` was the user's own session."""
    novelty: Novelty = field(default_factory=Novelty)
    changed: tuple[str, ...] = ()
    """The source files that the fix changed, as the tree without it names them; none where it only adds files."""
    changed_now: tuple[str, ...] = ()
    """The same as the tree with it names them; none where it only takes files away."""
    settings_changed: tuple[str, ...] = ()
    """Conftests and pytest's settings that the fix changed too: they are the same on both sides."""
    is_source: Callable[[str], bool] = bool
    """Whether a path of a tree lies on the source side."""
    tests_are_later: bool = False
    """Whether the tests came with later commits, and were laid over that of the fix."""

    @property
    def leaks(self) -> tuple[Loaded, ...]:
        """Changed source that some run took from elsewhere than its own tree."""
        runs = (self.before, self.again, self.veiled, self.control, self.after)
        return tuple(one for run in runs if run is not None for one in run.loaded if one.place)

    @property
    def loaded(self) -> frozenset[str]:
        """What was loaded from the tree without the fix: changed source files, and packages that they lie in."""
        return frozenset(one.path for one in self.before.loaded if not one.place)


class Use(StrEnum):
    """What is known of a test case's use of the changed source."""

    RAN = "ran"
    """It ran some of its code, or opened its data."""
    LOADED = "loaded"
    """It ran none of it, but what changed took effect as files were loaded: a constant, a function that ran then."""
    NONE = "none"


class Row(Struct, frozen=True):
    """One test case over all runs."""

    nodeid: str
    after: Case
    before: Case | None
    red: Red | None
    """How it was red without the fix; also where it did not come to run."""
    again: Case | None
    again_red: Red | None
    veiled: Case | None
    veiled_red: Red | None
    control: Case | None
    mapped: MappedTest | None
    """None: a test of the same file that the fix did not touch."""
    use: Use
    has_read: bool
    """Whether the test read changed Python source, as text or as it is compiled, itself or by a helper."""

    @property
    def test(self) -> str:
        """The id of the test that it is a case of."""
        return pairing.test_of(self.nodeid)

    @property
    def is_green(self) -> bool:
        """Whether it passed with the fix."""
        return self.after.outcome is Outcome.PASSED

    @property
    def flips(self) -> bool:
        """Whether it passed with the fix and failed without it over behaviour."""
        return self.is_green and self.before is not None and self.red is not None and self.red.kind in BEHAVIOUR

    @property
    def is_red_again(self) -> bool:
        """Whether it failed over behaviour in the repeat too."""
        return self.again_red is not None and self.again_red.kind in BEHAVIOUR

    @property
    def is_red_alike(self) -> bool:
        """Whether the old code in the dress of the new one made it fail in the way in which it failed without."""
        red, other = self.red, self.veiled_red
        if red is None or other is None or red.kind is not other.kind:
            return False
        return red.kind is RedKind.ASSERTION or _type(self.before) == _type(self.veiled)


def _type(case: Case | None) -> str:
    """The class of what it raised; empty where it raised nothing."""
    return case.raised.type if case is not None and case.raised is not None else ""


class _Others(NamedTuple):
    """The cases of the runs besides the first two, by the node ids that they have with the fix."""

    again: dict[str, Case]
    veiled: dict[str, Case]
    control: dict[str, Case]


def rows(trial: Trial) -> tuple[Row, ...]:
    """A row for each case that ran with the fix, ordered by node id."""
    grounds = Grounds(trial.novelty, trial.is_source, frozenset({*trial.changed, *trial.changed_now}))
    others = _Others(*(_partners(trial.after, run) for run in (trial.again, trial.veiled, trial.control)))
    return tuple(_row(trial, grounds, pair, others) for pair in pairing.pairs(trial.after.cases, trial.before.cases))


def _row(trial: Trial, grounds: Grounds, pair: pairing.Pair, others: _Others) -> Row:
    again, control = others.again.get(pair.nodeid), others.control.get(pair.nodeid)
    veiled = others.veiled.get(pair.nodeid)
    again_red, veiled_red = (grounds.of_case(case) if case is not None else None for case in (again, veiled))
    return Row(
        nodeid=pair.nodeid,
        after=pair.one,
        before=pair.other,
        red=_known_better(_red(trial.before, pair, grounds), again_red, veiled_red),
        again=again,
        again_red=again_red,
        veiled=veiled,
        veiled_red=veiled_red,
        control=control,
        mapped=_mapped(trial.tests, pair.nodeid),
        use=_use(trial, without=_there(pair.other, again), with_fix=_there(pair.one, control)),
        has_read=any(
            case.read or any(not grounds.is_of_source(taker) for taker in case.takers)
            for case in _there(pair.one, pair.other, again, veiled, control)
        ),
    )


def _known_better(red: Red | None, *later: Red | None) -> Red | None:
    """Behind a veil it is seen who misses a new method; before that it looks like behaviour."""
    if red is None or red.kind not in BEHAVIOUR:
        return red
    return next((one for one in later if one is not None and one.kind is RedKind.NEW_API), red)


def _partners(after: TestRun, run: TestRun | None) -> dict[str, Case]:
    if run is None:
        return {}
    paired = pairing.pairs(after.cases, run.cases)
    return {pair.nodeid: pair.other for pair in paired if pair.other is not None}


def _there(*cases: Case | None) -> tuple[Case, ...]:
    return tuple(case for case in cases if case is not None)


def _mapped(tests: Iterable[MappedTest], nodeid: str) -> MappedTest | None:
    # The longest id that fits: a class may be called like the test of another one with something in brackets.
    fitting = [test for test in tests if pairing.is_case_of(nodeid, test.nodeid)]
    return max(fitting, key=lambda test: len(test.nodeid), default=None)


def _red(run: TestRun, pair: pairing.Pair, grounds: Grounds) -> Red | None:
    if pair.other is None:
        return _absent(run, pair.nodeid, grounds)
    if run.has_cut_off(pair.other):
        return _absent(run, run.running, grounds)
    return grounds.of_case(pair.other)


def _absent(run: TestRun, nodeid: str, grounds: Grounds) -> Red:
    """Why a case that ran with the fix did not come to its end without it: not there is neither red nor green."""
    path = nodeid.partition("::")[0]
    uncollected = next((file for file in run.uncollected if file.path == path), None)
    if uncollected is not None:
        return grounds.of_uncollected(uncollected.raised)
    if run.end is End.NOT_STARTED and run.raised is not None:
        return grounds.of_uncollected(run.raised)
    if run.running == nodeid and run.end is End.TIMEOUT:
        return Red(RedKind.TIMEOUT, f"did not come to an end in {run.duration_s:.0f} s")
    if run.running == nodeid and run.end is End.CRASHED:
        return Red(RedKind.CRASH, one_line(run.detail) or "the process died")
    return Red(RedKind.NOT_RUN, _why_not_run(run, nodeid))


def _why_not_run(run: TestRun, nodeid: str) -> str:
    if nodeid in run.deselected:
        return "left out by the project's own options"
    if run.end is not End.FINISHED:
        return one_line(f"the run had ended before it: {run.detail or run.end}")
    return "there is no such case"


def _use(trial: Trial, *, without: tuple[Case, ...], with_fix: tuple[Case, ...]) -> Use:
    # What a run with the fix executed is evidence of the other run too only where that one loaded something of the
    # same tree, or where all that the fix changed is not there without it.
    counts_with_fix = bool(trial.loaded) or not trial.changed
    if _ran(without, trial.changed) or (counts_with_fix and _ran(with_fix, trial.changed_now)):
        return Use.RAN
    took_effect = bool(trial.loaded & trial.novelty.at_load) or any(
        trial.novelty.changes(one.path, one.function) for one in trial.before.began
    )
    return Use.LOADED if took_effect else Use.NONE


def _ran(cases: Iterable[Case], changed: Iterable[str]) -> bool:
    return any(not set(changed).isdisjoint(case.executed) for case in cases)
