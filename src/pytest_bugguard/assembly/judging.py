"""What does one run of pytest say of the change? Its fixes, the quarantine, the reruns and the coverage, in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.assembly import changes
from pytest_bugguard.core import burning_in, findings, selection, steadiness
from pytest_bugguard.core.attempts import attempts_of
from pytest_bugguard.core.coverage_verdict import Coverage
from pytest_bugguard.core.duty import Run
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.outcomes import Outcomes, from_top
from pytest_bugguard.core.recorded_runs import Why
from pytest_bugguard.core.results import Result
from pytest_bugguard.journeys.gate import after_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.assembly.changes import Change
    from pytest_bugguard.assembly.prover import Progress
    from pytest_bugguard.assembly.reruns import Reruns
    from pytest_bugguard.assembly.session import SessionCoverage
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.core.selection import SessionFacts


class JudgeOptions(Struct, frozen=True):
    """What the command line of pytest says of the judgement."""

    folder: Path
    """Where pytest was started."""
    base: str | None = None
    proves: bool = False
    reruns: int | None = None
    """None: as the settings say."""
    burn_in: int | None = None
    """None: as the settings say."""
    tell: Callable[[int, int, str], None] = lambda *_: None
    """Told of the reruns: how many tests are done, of how many, and which is next."""


class Ran(Struct, frozen=True):
    """One run of pytest that has ended."""

    reports: Sequence[PhaseReport]
    """What pytest said of each test and phase; node ids are relative to its rootdir."""
    facts: SessionFacts
    coverage: SessionCoverage | None
    """What listened to the one who measures; None where coverage is not asked for."""


class Judge:
    """Judges one run of pytest, and keeps what it ran besides."""

    def __init__(self, workshop: Workshop, ran: Ran, options: JudgeOptions) -> None:
        self._workshop = workshop
        self._ran = ran
        self._options = options
        self._burned: tuple[Attempt, ...] = ()
        self._reruns: Reruns | None = None

    @property
    def repository(self) -> Repository:
        """What was judged, and the state in which it was."""
        return self._workshop.repository

    @property
    def attempts(self) -> dict[Why, tuple[Attempt, ...]]:
        """What was run besides pytest's own run, by why."""
        return {Why.BURN_IN: self._burned, Why.RERUN: () if self._reruns is None else self._reruns.attempts}

    @property
    def are_all_flaky(self) -> bool:
        """Whether tests failed, and each of them was told to be flaky."""
        return self._reruns is not None and self._reruns.are_all_flaky

    def judged(self, progress: Progress) -> Result:
        """The result of the run.

        Args:
            progress: Told of each fix that is being proven: that takes a run of its tests.

        Raises:
            BugguardError: Something that the judgement needs could not be read.
            OSError: So says the system.
        """
        result = replace(self._with_quarantine(self._of_change(progress)), command="pytest")
        return self._with_coverage(self._with_reruns(result))

    def _of_change(self, progress: Progress) -> Result:
        """The fix gate after a run of pytest: a mapped test guards only if it ran here and passed."""
        read = self._workshop.settings
        is_asked, measures = read.fixes.require != "off", read.coverage.fixes != "off"
        if not (is_asked or measures):
            return changes.check(self._workshop, None, base_option=self._options.base)
        proves = is_asked and (self._options.proves or read.fixes.require == "proof")
        change = changes.read(self._workshop, None, base_option=self._options.base, needs_proof=proves)
        if isinstance(change, Result):
            return change
        outcomes = self._outcomes()
        change = replace(change, run=Run(outcomes, self._is_whole))
        if is_asked and not change.found:
            return changes.judged(self._workshop, change, ())
        found = [replace(one, record=after_run(one.record, outcomes)) for one in change.found]
        records = [one.record for one in found]
        if not (proves or measures):
            return self._steadied(change, records)
        from pytest_bugguard.assembly.proofs import after_session  # noqa: PLC0415 - brings what runs tests
        from pytest_bugguard.assembly.prover import ProofOptions, open_prover  # noqa: PLC0415 - the same

        with open_prover(self._workshop, ProofOptions()) as prover:
            if proves:
                records = after_session(prover, found, change.tip, outcomes, progress=progress)
            result = (
                self._steadied(change, records)
                if is_asked
                else changes.check(self._workshop, None, base_option=self._options.base)
            )
            if measures:
                rows = prover.coverage_of(found, change.tip, is_checked_out=True, progress=progress)
                result = self._workshop.with_coverage(result, Coverage(tuple(rows)))
            return prover.noted(result)

    def _steadied(self, change: Change, records: Sequence[Record]) -> Result:
        """The result of a change, once what guards its fixes is known as steady: by the history, and by a burn-in."""
        reports, guards = self._own_reports(), frozenset(burning_in.guards_of(records))
        attempts = attempts_of(one for one in reports if one.nodeid in guards)
        records = [self._as_before(steadiness.rescued(record, attempts)) for record in records]
        said = (self._options.burn_in, self._workshop.settings.flaky.burn_in, burning_in.IN_A_RUN)
        runs = next(number for number in said if number is not None)
        if not (runs and burning_in.guards_of(records)):
            return changes.judged(self._workshop, change, records)
        from pytest_bugguard.assembly import burn_in  # noqa: PLC0415 - brings what runs tests

        ran: dict[str, float] = {}
        for one in reports:
            ran[one.nodeid] = ran.get(one.nodeid, 0.0) + one.duration_s
        trusted = [self._workshop.settled(record) for record in records]
        done = burn_in.after_run(
            self._workshop, trusted, ran, folder=self._options.folder, words=self._ran.facts.asked.words, runs=runs
        )
        self._burned = done.attempts
        result = changes.judged(self._workshop, change, done.records)
        return replace(result, notes=(*result.notes, *done.notes))

    def _as_before(self, record: Record) -> Record:
        """A record whose tests have passed now: did they fail before, on this very code?"""
        repository = self._workshop.repository
        if not steadiness.leant_on(record) or repository.worktree.changes:
            return record
        return self._workshop.steadiness.passed_now(record, repository.head[1])

    def _with_quarantine(self, result: Result) -> Result:
        if not self._workshop.settings.quarantine:
            return result
        from pytest_bugguard.assembly import quarantine  # noqa: PLC0415 - brings SQLite

        return quarantine.after_run(self._workshop, result, self._ran.reports, base_option=self._options.base)

    def _with_reruns(self, result: Result) -> Result:
        asked = self._options.reruns
        times = self._workshop.settings.flaky.reruns if asked is None else asked
        if all(one.outcome in {"passed", "skipped"} for one in self._ran.reports) or (times == 0 and asked is not None):
            return result
        from pytest_bugguard.assembly.reruns import RerunOptions, Reruns  # noqa: PLC0415 - brings what runs tests

        self._reruns = Reruns(self._workshop, self._ran.reports)
        words, folder = self._ran.facts.asked.words, self._options.folder
        return self._reruns.judged(result, RerunOptions(times, folder, words, self._options.base, self._options.tell))

    def _with_coverage(self, result: Result) -> Result:
        coverage = self._ran.coverage
        if coverage is None:
            return result
        try:
            return coverage.judged(self._workshop, result, self._ran.facts, base_option=self._options.base)
        except BugguardError as error:
            return self._workshop.with_loose(result, [findings.undecided("coverage", str(error), error.hint)])

    @property
    def _is_whole(self) -> bool:
        """Whether the run was to come to all tests, and did; what a conftest leaves out by itself nobody asked for."""
        facts = self._ran.facts
        is_all = not selection.left_out(facts.asked._replace(deselected=0))
        return is_all and not (facts.stopped or facts.lost_workers or self._workshop.repository.prefix)

    def _outcomes(self) -> Outcomes:
        """What the session saw, by node ids of the repository's top."""
        outcomes = Outcomes()
        for one in self._own_reports():
            outcomes.add(one)
        return outcomes

    def _own_reports(self) -> Sequence[PhaseReport]:
        """What pytest said, by node ids of the repository's top."""
        prefix = self._workshop.repository.prefix
        if not prefix:
            return self._ran.reports
        return [replace(one, nodeid=from_top(one.nodeid, prefix)) for one in self._ran.reports]
