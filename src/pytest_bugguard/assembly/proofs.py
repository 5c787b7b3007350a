"""Proofs of fixes: planned one by one, looked up among the receipts, run side by side."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import carryover, ci, interrupts, pool
from pytest_bugguard.adapters.scratch import GitScratch
from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.assembly import changes
from pytest_bugguard.assembly.filing import Filing
from pytest_bugguard.assembly.fix_coverage import MAKE_ROOM, FixCoverageDesk
from pytest_bugguard.core import experiment, proof
from pytest_bugguard.core.coverage_verdict import Coverage
from pytest_bugguard.core.errors import BugguardError, ScratchError
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import Sign, Verdict
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.results import Result
from pytest_bugguard.core.trial import Trial
from pytest_bugguard.core.verdict import Judgement
from pytest_bugguard.journeys.attribution import attribute
from pytest_bugguard.journeys.audit import offers_among
from pytest_bugguard.journeys.check import CheckedUnit
from pytest_bugguard.journeys.decay import RECENT, guarded
from pytest_bugguard.journeys.planning import Where, plan_best
from pytest_bugguard.journeys.prove import Bench, Runs, run_both_ways
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.coverage_verdict import Judged
    from pytest_bugguard.core.model import Record, Unit
    from pytest_bugguard.core.outcomes import Outcomes
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.journeys.survey import Seen

Progress = Callable[[int, int, str], None]
"""Told how many fixes are done, of how many, and which one is next."""

_SHORT = 7
_NEIGHBOURS = 20
"""Units before and after a fix that are looked through for its test, where it brought none: as many as in an audit."""


@dataclass(frozen=True, slots=True)
class ProofOptions:
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

    @property
    def runs_anyway(self) -> bool:
        """Whether a receipt is not enough."""
        return self.fresh or self.hunks or self.keep is not None


class Proofs:
    """Makes the proofs of one command or one run of pytest."""

    def __init__(self, workshop: Workshop, space: Workspace, options: ProofOptions) -> None:
        self._workshop = workshop
        self._space = space
        self._options = options
        self._notes: list[str] = []
        self._measured: dict[str, tuple[Experiment, TestRun]] = {}
        """By fix, what its proof measured with the fix in place, for ``coverage_of``."""

    def of_revision(self, revision: str, *, progress: Progress) -> Result:
        """The proof of one commit, which is taken for a fix because somebody asks."""
        workshop = self._workshop
        sha = workshop.resolve(revision)
        asked = Sign("asked", revision, "command line")
        (unit,) = workshop.history.units_of([sha])
        seen = workshop.survey.single(unit, asked=asked)
        one, tip = self._with_neighbours(seen)
        records = self.records([one], tip, progress=progress)
        result = workshop.with_findings(self.noted(workshop.result("prove", map(workshop.settled, records), 1)))
        return self._with_coverage(result, [one], tip, progress)

    def of_change(
        self, revisions: str | None, *, base_option: str | None, reads_work_tree: bool, progress: Progress
    ) -> Result:
        """The proof of each fix in a range, or in what HEAD adds to its base."""
        change = changes.read(self._workshop, revisions, base_option=base_option, reads_work_tree=reads_work_tree)
        if isinstance(change, Result):
            return replace(change, command="prove")
        records = self.records(change.found, change.tip, progress=progress)
        result = changes.judged(self._workshop, change, records, command="prove")
        return self.noted(self._with_coverage(result, change.found, change.tip, progress))

    def of_decay(self, revisions: str | None, *, progress: Progress) -> Result:
        """Whether the tests of fixes still guard them: each is taken out of today's HEAD.

        ``revisions`` is one fix, or a range; without it the newest ``RECENT`` fixes that brought a test.
        """
        workshop = self._workshop
        tip = Snapshot(workshop.history, workshop.resolve("HEAD"))
        wanted = workshop.resolve(revisions) if revisions and ".." not in revisions else None
        units = workshop.units_back(None if wanted else revisions)
        fixes = guarded(workshop.survey.stream(units), workshop.linker(tip), wanted=wanted)
        found = list(islice(fixes, RECENT if revisions is None else None))
        records = self.records(found, tip, where=Where.TIP_ALONE, progress=progress)
        result = workshop.result("prove", map(workshop.settled, map(_decayed, records)), len(records))
        return workshop.with_findings(self.noted(result))

    def after_session(
        self, found: Sequence[CheckedUnit], tip: Snapshot, outcomes: Outcomes, *, progress: Progress
    ) -> list[Record]:
        """The record of each fix after a run of pytest at the tip: that run is the half with the fix."""

        def session(experiment: Experiment) -> TestRun | None:
            at_tip = experiment.commit == tip.commit and {put.path for put in experiment.shared} == set(tip.over)
            return outcomes.run_of(experiment.with_fix.targets) if at_tip else None

        return self.records(found, tip, session=session, where=Where.TIP, progress=progress)

    def noted(self, result: Result) -> Result:
        """A result with what its reader should know of the proofs besides."""
        return replace(result, notes=(*result.notes, *self._notes))

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
        filing = Filing(self._workshop, self._workshop.receipts(self._options.receipts), carried.digest)
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
                if isinstance(said, Proof) and known.get(id(plan)) is None:
                    said = filing.settle(plan, one.record, said)
                records.append(self._with_hunks(_judged(one.record, said), plan, bench))
        return records

    def _with_coverage(self, result: Result, found: Sequence[CheckedUnit], tip: Snapshot, progress: Progress) -> Result:
        if self._workshop.settings.coverage.fixes == "off":
            return result
        rows = self.coverage_of(found, tip, progress=progress)
        return self._workshop.with_coverage(result, Coverage(tuple(rows)))

    def coverage_of(self, found: Sequence[CheckedUnit], tip: Snapshot, *, progress: Progress) -> list[Judged]:
        """How much of each fix its own tests run: by its proof, where one was just made; else they are run alone."""
        planned = [
            (one, *(self._measured.get(one.record.sha) or (self._plan(one, tip, Where.OWN), None))) for one in found
        ]
        rows = []
        with self._open_bench(self._carried([plan for _, plan, _ in planned if isinstance(plan, Experiment)])) as bench:
            desk = FixCoverageDesk(self._workshop, bench)
            for number, (one, plan, seen) in enumerate(planned):
                progress(number, len(planned), one.record.sha)
                if plan is not None:
                    rows.append(desk.judge(one, plan, seen))
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
        carried = carryover.find(self._workshop.repository, packages)
        if carried.note:
            self._notes.append(carried.note)
        return carried

    @contextmanager
    def _open_bench(self, carried: carryover.Carryover) -> Iterator[Bench]:
        repository = self._workshop.repository
        with (
            GitScratch(repository, carry=carried, space=self._space) as scratch,
            PytestRunner(self._space, original=repository.top) as runner,
        ):
            yield Bench(scratch, runner, self._options.keep)

    def _plan(self, one: CheckedUnit, tip: Snapshot, where: Where) -> Experiment | Judgement | None:
        """None where there is nothing to run: what the tests alone say stands."""
        is_guarded = one.record.verdict is Verdict.GUARDED
        if not is_guarded and not (one.record.verdict is Verdict.UNGUARDED and one.record.files.test):
            return None
        plan = plan_best(one, tip, GitScratch(self._workshop.repository, space=self._space).merge, where)
        if isinstance(plan, Experiment):
            plan = replace(plan, with_fix=replace(plan.with_fix, limit_s=self._options.limit_s))
            measures = self._workshop.settings.coverage.fixes != "off" and where is not Where.TIP_ALONE
            return plan.measured if measures else plan
        return plan if is_guarded else None

    def _with_neighbours(self, seen: Seen) -> tuple[CheckedUnit, Snapshot]:
        """A commit with the tests that came with it, or soon before or after it where it brought none."""
        workshop, sha = self._workshop, seen.unit.commit.sha
        own = Snapshot(workshop.history, sha)
        record = workshop.linker(own).link(seen, lambda _: (), is_only_fix=False)
        if record.verdict is not Verdict.UNGUARDED or not seen.issues:
            return CheckedUnit(seen, record), own
        later = tuple(workshop.survey.stream(self._after(sha)))
        earlier = workshop.survey.stream(islice(workshop.history.units(sha), 1, _NEIGHBOURS + 1))
        tip = later[0].diff.snapshot if later else own
        offers = offers_among((*reversed(later), *earlier))
        record = workshop.linker(tip).link(seen, offers, is_only_fix=False, later=later)
        return CheckedUnit(seen, record, later), tip

    def _after(self, sha: str) -> Sequence[Unit]:
        """The units that followed a commit on HEAD's line, the nearest ones; none where it is not on that line."""
        history, head = self._workshop.history, self._workshop.head
        if head is None or history.merge_base(sha, head) != sha:
            return ()
        return deque(history.units(head, since=[sha]), maxlen=_NEIGHBOURS)


def _work(bench: Bench, session: Callable[[Experiment], TestRun | None]) -> Callable[[Experiment], Runs | Judgement]:
    """What is done for one fix, in a thread of its own."""

    def work(plan: Experiment) -> Runs | Judgement:
        try:
            return run_both_ways(plan, bench, session=session(plan))
        except ScratchError as error:
            return Judgement(Verdict.UNDECIDED, str(error), error.hint)
        except OSError as error:
            return Judgement(Verdict.UNDECIDED, f"the tests could not be run: {error}", MAKE_ROOM)

    return work


def _judgement(one: CheckedUnit, plan: Experiment, runs: Runs) -> Proof | Judgement:
    trial = Trial(
        fix=one.record.sha[:_SHORT],
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
    )
    return proof.judge(trial)


def _judged(record: Record, said: Proof | Judgement) -> Record:
    judged = replace(record, verdict=said.verdict, reason=said.reason, next=said.next)
    return replace(judged, tests=said.tests) if isinstance(said, Proof) else judged


def _decayed(record: Record) -> Record:
    """In the words of somebody who asks whether a guard still holds."""
    if record.verdict not in {Verdict.UNPROVEN, Verdict.UNGUARDED}:
        return record
    return replace(record, reason=f"no longer guarded: {record.reason}")


@contextmanager
def open_proofs(workshop: Workshop, options: ProofOptions) -> Iterator[Proofs]:
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
            stack.enter_context(interrupts.unwinding())
        space = Workspace()
        stack.callback(space.close)
        yield Proofs(workshop, space, options)
