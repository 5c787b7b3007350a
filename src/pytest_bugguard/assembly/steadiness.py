"""What does the history say of the tests that fixes lean on? Asked by all who judge fixes, with a run or without."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.environment import environment
from pytest_bugguard.assembly.recorded import recorded_of
from pytest_bugguard.assembly.records import OFF, VARIABLE, told
from pytest_bugguard.core import experiments, findings, steadiness
from pytest_bugguard.core.burning_in import guards_of
from pytest_bugguard.core.causes import source_in
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.steadiness import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.kinds import Count
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import RecordedRun
    from pytest_bugguard.core.results import Finding
    from pytest_bugguard.core.steadiness import Contradiction

_HUNTS = 20
"""So many of the newest hunts are asked, as many as a ranking asks."""


class Steadiness:
    """Knows which tests are flaky by the history, and on which code they were."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._recorded = recorded_of(workshop)
        self.doubts: tuple[Finding, ...] = ()
        """That it knows nothing, where it was asked and the history cannot be read."""

    def judged(self, record: Record) -> Record:
        """A record, apart where it leans on a test that was flaky with its fix in place and is what it was then."""
        leant_on = steadiness.leant_on(record) if record.sha else ()
        return self._judged(record, [case for nodeid in leant_on for case in self._cases(nodeid)])

    def passed_now(self, record: Record, tree: str) -> Record:
        """The same of one whose tests have just passed: one failure on that very code is enough."""
        return self._judged(record, guards_of([record]), Code(tree, self._environment))

    def _judged(self, record: Record, cases: Sequence[str], passed: Code | None = None) -> Record:
        if self._recorded is None or not cases or not record.sha:
            return record
        try:
            seen = self._recorded.sightings(cases)
            found = [one for case in cases for one in self._contradictions(case, seen[case], passed)]
        except BugguardError as error:
            self._doubt(error)
            return record
        telling = next((one for one in found if one.code == passed or self._speaks_of(record, one)), None)
        return record if telling is None else steadiness.judged(record, telling)

    def _contradictions(self, case: str, seen: Sequence[Sighting], passed: Code | None) -> Iterator[Contradiction]:
        yield from steadiness.contradictions(case, seen, passed)
        if case in self._hunts:
            yield from steadiness.hunted(case, *self._hunts[case], seen)

    def _cases(self, nodeid: str) -> Sequence[str]:
        """The flaky tests behind a node id, which may name all cases of a test."""
        test, bracket, _ = nodeid.partition("[")
        return [case for case in self._contradicted.get(test, ()) if not bracket or case == nodeid]

    @cached_property
    def _contradicted(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        if self._recorded is None:
            return found
        try:
            for nodeid in sorted(self._recorded.contradicted() | self._hunts.keys()):
                found[nodeid.partition("[")[0]].append(nodeid)
        except BugguardError as error:
            self._doubt(error)
        return found

    @cached_property
    def _hunts(self) -> Mapping[str, tuple[RecordedRun, Count]]:
        """The tests that both passed and failed alone in the newest hunt that looked at them, with that hunt."""
        hunts = self._recorded.experiments(_HUNTS) if self._recorded is not None else ()
        return {
            test: (run, ends) for test, (run, ends) in experiments.alone(hunts).items() if ends.passed and ends.failed
        }

    def _doubt(self, error: BugguardError) -> None:
        """Ask no more: a server out of reach would be waited for each time."""
        self._recorded = None
        reason = told(error, self._workshop.repository.top)
        said = f"whether a test that a fix leans on is known to be flaky cannot be looked up: {reason}"
        self.doubts = (findings.undecided("history", said, f"{error.hint}; to go without a history: {VARIABLE}={OFF}"),)

    @cached_property
    def _environment(self) -> str:
        return environment(self._workshop.repository.top).key

    def _speaks_of(self, record: Record, found: Contradiction) -> bool:
        """Whether the code on which a test was flaky has the fix, and the test as it stands now."""
        workshop = self._workshop
        is_head = found.code.tree == workshop.repository.head[1]
        commit = workshop.head if is_head else workshop.history.resolve(found.commit)
        if commit is None or workshop.history.merge_base(record.sha, commit) != record.sha:
            return False
        path = found.nodeid.partition("::")[0]
        then, now = workshop.history.file_at(commit, path), workshop.need_worktree().text(path)
        if then is None or now is None:
            return False
        one, other = (source_in(text.decode("utf-8", "replace"), found.nodeid) for text in (then, now))
        return then == now or one == other != ""
