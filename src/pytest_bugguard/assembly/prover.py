"""Makes proofs of fixes: planned one by one, looked up among the receipts, run side by side."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.adapters import carryover, ci, dressing, interrupts, orphans, pool
from pytest_bugguard.adapters.scratch import GitScratch
from pytest_bugguard.adapters.testrun import Folder, PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.assembly.filing import Filing
from pytest_bugguard.assembly.fix_coverage import MAKE_ROOM, FixCoverageDesk
from pytest_bugguard.core import burning_in, experiment, proof
from pytest_bugguard.core.errors import BugguardError, ScratchError
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import Verdict, short
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.trial import Trial
from pytest_bugguard.core.verdict import Judgement
from pytest_bugguard.journeys.attribution import attribute
from pytest_bugguard.journeys.fix_coverage import Checkout
from pytest_bugguard.journeys.planning import Where, plan_best
from pytest_bugguard.journeys.prove import Bench, Runs, run_both_ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.burning_in import Burned
    from pytest_bugguard.core.coverage_verdict import Judged
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.journeys.check import CheckedUnit
    from pytest_bugguard.journeys.snapshot import Snapshot

Progress = Callable[[int, int, str], None]
"""Told how many fixes are done, of how many, and which one is next."""


class ProofOptions(Struct, frozen=True):
    """How proofs are made."""

    jobs: int = 1
    """How many fixes are worked on side by side."""
    limit_s: float = 600.0
    """How long the tests of a fix may take with the fix in place."""
    keep: Callable[[str], None] | None = None
    """Told how to run the tests by hand in each tree without a fix, which then stays."""
    receipts: tuple[Path, ...] = ()
    """Folders of receipts, the first one to be written to; none: where the settings say."""
    fresh: bool = False
    """Whether to run what a receipt could tell."""
    hunks: bool = False
    """Whether each part of a proven fix is also taken out alone."""
    owns_process: bool = False
    """Whether a signal that asks for an end may become an exception here: never inside pytest."""

    trusts_event: bool = False
    """Whether to run even where a CI's event has secrets beside a stranger's code."""
    burns_in: bool = False
    """Whether the tests of what is proven are run more often, where the settings say so."""

    @property
    def runs_anyway(self) -> bool:
        """Whether a receipt is not enough."""
        return self.fresh or self.hunks or self.keep is not None


class Prover:
    """Makes the proofs of one command or one run of pytest."""

    def __init__(self, workshop: Workshop, space: Workspace, options: ProofOptions) -> None:
        self.workshop = workshop
        self._space = space
        self._options = options
        self._notes: list[str] = []
        self._burn_in = (workshop.settings.flaky.burn_in or 0) if options.burns_in else 0
        self._burned: dict[str, Burned] = {}
        self._measured: dict[str, tuple[Experiment, TestRun]] = {}
        """By fix, what its proof measured with the fix in place, for ``coverage_of``."""
        self._proven: dict[str, Record] = {}
        """By fix, what was found proven, whether by a run or by a receipt, for the same."""

    def noted(self, result: Result) -> Result:
        """A result with what its reader should know of the proofs besides."""
        clean = burning_in.summary(self._burned, self._burn_in)
        return replace(result, notes=(*result.notes, *self._notes, *clean))

    def records(
        self,
        found: Sequence[CheckedUnit],
        tip: Snapshot,
        *,
        session: Callable[[Experiment], TestRun | None] = lambda _: None,
        where: Where = Where.OWN,
        progress: Progress,
    ) -> list[Record]:
        """The record of each fix, proven where it can be.

        Args:
            found: The fixes of a change.
            tip: The state at its end.
            session: What pytest has just seen of an experiment's tests with the fix; None where it did not run them.
            where: In which tree they are looked at.
            progress: Told of each fix that is done.
        """
        planned = [(one, self._plan(one, tip, where)) for one in found]
        plans = [plan for _, plan in planned if isinstance(plan, Experiment)]
        carried = self._carried(plans)
        filing = Filing(self.workshop, self.workshop.receipts(self._options.receipts), carried.digest, self._burn_in)
        known = {} if self._options.runs_anyway else {id(plan): filing.find(plan) for plan in plans}
        todo = [plan for plan in plans if known.get(id(plan)) is None]
        with self._open_bench(carried) as bench:
            done = pool.each(_work(bench, session), todo, jobs=self._options.jobs, stop=bench.runner.stop)
            records = []
            for count, (one, plan) in enumerate(planned):
                progress(count, len(planned), one.record.sha)
                if not isinstance(plan, Experiment):
                    records.append(one.record if plan is None else _judged(one.record, plan))
                    continue
                said = known.get(id(plan)) or self._judgement(one, plan, next(done))
                record = _judged(one.record, said)
                if isinstance(said, Proof) and known.get(id(plan)) is None:
                    record = self._burned_in(record, plan, bench)
                    if record.verdict is said.verdict:
                        record = _judged(one.record, filing.settle(plan, one.record, said))
                if record.verdict is Verdict.PROVEN:
                    self._proven[record.sha] = record
                records.append(self._with_hunks(record, plan, bench))
        return records

    def _burned_in(self, record: Record, plan: Experiment, bench: Bench) -> Record:
        """The record of a proven fix, judged by what more runs of its tests show, where they are asked for."""
        tests = burning_in.guards_of([self.workshop.settled(record)]) if self._burn_in else ()
        if not tests:
            return record
        from pytest_bugguard.journeys.burn_in import Limits, burn_in_proven  # noqa: PLC0415 - few proofs need one

        until = time.monotonic() + self.workshop.settings.flaky.burn_in_seconds
        limits = Limits(self._burn_in, until, time.monotonic)
        varies_hash = not os.environ.get("PYTHONHASHSEED", "").isdecimal()
        try:
            burned = burn_in_proven(plan, tests, bench, limits, varies_hash=varies_hash)
        except (ScratchError, OSError) as error:
            self._notes.append(f"the burn-in could not be made: {error}")
            burned = dict.fromkeys(tests, burning_in.Burned())
        self._burned |= burned
        return burning_in.judged(record, burned)

    def coverage_of(
        self, found: Sequence[CheckedUnit], tip: Snapshot, *, is_checked_out: bool = False, progress: Progress
    ) -> list[Judged]:
        """How much of each fix its own tests run: by its proof, where one was just made; else they are run alone.

        Args:
            found: The fixes of a change.
            tip: The state at its end.
            is_checked_out: Whether that is the user's checkout, as his own run of pytest has just seen it.
            progress: Told of each fix that is done.
        """
        where = Where.TIP if is_checked_out else Where.OWN
        planned = [(one, *(self._measured.get(one.record.sha) or (self._plan(one, tip, where), None))) for one in found]
        rows = []
        carried = self._carried([plan for _, plan, _ in planned if isinstance(plan, Experiment)])
        with self._open_bench(carried) as bench, self._checked_out(tip if is_checked_out else None) as checkout:
            desk = FixCoverageDesk(self.workshop, bench, checkout)
            for number, (one, plan, seen) in enumerate(planned):
                progress(number, len(planned), one.record.sha)
                if plan is not None:
                    judged = replace(one, record=self._proven.get(one.record.sha, one.record))
                    rows.append(desk.judge(judged, plan, seen))
        return rows

    def _judgement(self, one: CheckedUnit, plan: Experiment, runs: Runs | Judgement) -> Proof | Judgement:
        if isinstance(runs, Judgement):
            return runs
        if runs.measured is not None:
            self._measured[one.record.sha] = plan, runs.measured
        return _judgement(one, plan, runs)

    def _with_hunks(self, record: Record, plan: Experiment, bench: Bench) -> Record:
        """The record of a proven fix with what holds its parts, where somebody asks."""
        if not self._options.hunks or record.verdict is not Verdict.PROVEN:
            return record
        reds = [test.nodeid for test in record.tests if test.counts and test.red is not None]
        return replace(record, hunks=attribute(plan, reds, bench))

    def _carried(self, plans: Sequence[Experiment]) -> carryover.Carryover:
        """What the packages under test need besides their commits."""
        packages = sorted({package for plan in plans for package in plan.packages})
        carried = carryover.find(self.workshop.repository, packages)
        if carried.note:
            self._notes.append(carried.note)
        return carried

    @contextmanager
    def _checked_out(self, state: Snapshot | None) -> Iterator[Checkout | None]:
        """The user's checkout, where it is known to hold a state."""
        top = self.workshop.repository.top
        if state is None or top is None:
            yield None
            return
        with PytestRunner(self._space, original=None, is_at_home=True) as runner:
            yield Checkout(Folder(str(top)), state, runner)

    @contextmanager
    def _open_bench(self, carried: carryover.Carryover) -> Iterator[Bench]:
        repository = self.workshop.repository
        with (
            GitScratch(repository, carry=carried, space=self._space) as scratch,
            PytestRunner(self._space, original=repository.top) as runner,
        ):
            # Several jobs keep the machine busy anyway; and what is kept is told once.
            starts_early = self._options.jobs == 1 and self._options.keep is None
            yield Bench(scratch, runner, dressing.dressed, self._options.keep, starts_early=starts_early)

    def _plan(self, one: CheckedUnit, tip: Snapshot, where: Where) -> Experiment | Judgement | None:
        """None where there is nothing to run: what the tests alone say stands."""
        is_guarded = one.record.verdict is Verdict.GUARDED
        if not is_guarded and not _may_hold_tests(one.record):
            return None
        plan = plan_best(one, tip, GitScratch(self.workshop.repository, space=self._space).merge, where)
        if isinstance(plan, Experiment):
            plan = replace(plan, with_fix=replace(plan.with_fix, limit_s=self._options.limit_s))
            measures = self.workshop.settings.coverage.fixes != "off" and where is not Where.TIP_ALONE
            return plan.measured if measures else plan
        return plan if is_guarded else None


def _may_hold_tests(record: Record) -> bool:
    """Whether a fix without a test that can be named may still bring one: a run of its test files tells."""
    match record.verdict:
        case Verdict.UNGUARDED:
            return bool(record.files.test)
        case Verdict.UNDECIDED:
            return any(file.holds_tests for file in record.unreadable)
        case _:
            return False


def _work(bench: Bench, session: Callable[[Experiment], TestRun | None]) -> Callable[[Experiment], Runs | Judgement]:
    """What is done for one fix, in a thread of its own."""

    def work(plan: Experiment) -> Runs | Judgement:
        try:
            return run_both_ways(plan, bench, session=session(plan))
        except ScratchError as error:
            return Judgement(Verdict.UNDECIDED, str(error), error.hint)
        except OSError as error:
            return Judgement(Verdict.UNDECIDED, f"the tests could not be run: {error.strerror or error}", MAKE_ROOM)

    return work


def _judgement(one: CheckedUnit, plan: Experiment, runs: Runs) -> Proof | Judgement:
    trial = Trial(
        fix=short(one.record.sha),
        tests=plan.tests,
        after=runs.after,
        before=runs.before,
        again=runs.again,
        veiled=runs.veiled,
        control=runs.control,
        in_session=runs.in_session,
        novelty=plan.novelty,
        changed=plan.changed,
        changed_now=plan.changed_now,
        settings_changed=experiment.settings_among(one.record.files),
        is_source=one.seen.diff.is_source,
        tests_are_later=plan.tests_are_later,
    )
    return proof.judge(trial)


def _judged(record: Record, said: Proof | Judgement) -> Record:
    if record.verdict is Verdict.UNDECIDED and said.verdict is Verdict.UNGUARDED:
        return record  # no test by name is not more than was known of it
    judged = replace(record, verdict=said.verdict, reason=said.reason, next=said.next)
    return replace(judged, tests=said.tests) if isinstance(said, Proof) else judged


@contextmanager
def open_prover(workshop: Workshop, options: ProofOptions) -> Iterator[Prover]:
    """Get ready to make proofs; every process and every scratch tree is gone at the end.

    Raises:
        BugguardError: A stranger's code would be run beside secrets.
    """
    event = ci.privileged_event(os.environ) if options.owns_process and not options.trusts_event else ""
    if event:
        raise BugguardError(
            f"prove runs the tests of the commits that it proves, and a job on {event} has the secrets of the base",
            hint="run it in a job on pull_request; where nobody else can push what is checked out: --i-know",
        )
    with ExitStack() as stack:
        if options.owns_process:
            stack.enter_context(orphans.adopted())
            stack.enter_context(interrupts.unwinding())
        space = Workspace()
        stack.callback(space.close)
        yield Prover(workshop, space, options)
