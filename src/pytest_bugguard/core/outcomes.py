"""How each test ended: pytest's reports, phase by phase and repeat by repeat, folded to one outcome. Pure; no I/O."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pytest_bugguard.core.model import MappedTest, Outcome
from pytest_bugguard.core.runs import Case, End, TestRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.core.recorded_runs import Failure

_WORST_FIRST = (Outcome.FAILED, Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED, Outcome.PASSED)


class PhaseReport(Struct, frozen=True):
    """What one pytest report says."""

    nodeid: str
    when: str
    """``setup``, ``call``, ``teardown``; ``???`` where an xdist worker died."""
    outcome: str
    """``passed``, ``failed``, ``skipped``; ``rerun`` or ``retried`` from plugins that repeat tests."""
    is_xfail: bool
    duration_s: float = 0.0
    worker: str = ""
    """The xdist worker that sent it; empty without xdist."""
    failure: Failure | None = None
    """Where it failed: how."""
    excuse: str = ""
    """Where it failed as a test in quarantine is known to: that failure's signature."""


class Outcomes(Struct, dict=True):
    """The outcomes of one session, filled report by report."""

    _by_file: dict[str, dict[str, list[Outcome]]] = field(default_factory=dict)
    _taken_s: dict[str, float] = field(default_factory=dict)

    def add(self, report: PhaseReport) -> None:
        """Take in a report. A repeated test is judged by its last attempt; the attempts before it only count as run."""
        cases = self._by_file.setdefault(_file(report.nodeid), {})
        seen = cases.setdefault(report.nodeid, [])
        self._taken_s[report.nodeid] = self._taken_s.get(report.nodeid, 0.0) + report.duration_s
        if report.outcome in {"rerun", "retried"}:
            seen.clear()
        else:
            seen.extend(outcomes_of_phase(report))

    def of(self, nodeid: str) -> dict[str, Outcome]:
        """Each case of a test that was run, by full node id; a test without parameters is its own only case.

        Node ids are compared as prefixes and never split: parameter ids may hold ``::`` and brackets.
        """
        reports = self._by_file.get(_file(nodeid), {})
        return {case: worst(seen) for case, seen in reports.items() if case == nodeid or case.startswith(f"{nodeid}[")}

    def run_of(self, files: Sequence[str]) -> TestRun | None:
        """What the session saw of these test files, as a run of its own; None where it has nothing of one of them."""
        if not all(path in self._by_file for path in files):
            return None
        cases = tuple(
            Case(nodeid, worst(seen), duration_s=self._taken_s[nodeid])
            for path in files
            for nodeid, seen in self._by_file[path].items()
        )
        return TestRun(End.FINISHED, cases, duration_s=sum(case.duration_s for case in cases))


def from_top(nodeid: str, prefix: str) -> str:
    """A node id relative to a folder of the repository (pytest's rootdir), as one relative to the repository's top."""
    path, colons, rest = nodeid.partition("::")
    return f"{_joined(prefix, path)}{colons}{rest}"


@lru_cache(maxsize=10_000)
def _joined(prefix: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(prefix, path))


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def outcomes_of_phase(report: PhaseReport) -> tuple[Outcome, ...]:
    """What one report alone says of its test; nothing where a phase around the call went well."""
    match report.outcome, report.when:
        case "passed", "call":
            return (Outcome.XPASSED if report.is_xfail else Outcome.PASSED,)
        case "passed", _:
            return ()
        case "skipped", _:
            return (Outcome.XFAILED if report.is_xfail else Outcome.SKIPPED,)
        case _:
            return (Outcome.FAILED,)


def worst(seen: Sequence[Outcome]) -> Outcome:
    """What stands for several outcomes of one test."""
    # Set-up alone may have passed before the process died: missing is not green.
    return next((outcome for outcome in _WORST_FIRST if outcome in seen), Outcome.FAILED)


def seen_in_run(test: MappedTest, outcomes: Outcomes) -> tuple[MappedTest, ...]:
    """The test as the run showed it: a row for each case, with how it ended; unchanged where it was not run."""
    cases = outcomes.of(test.nodeid)
    return tuple(_with_outcome(test, case, outcome) for case, outcome in cases.items()) or (test,)


def _with_outcome(test: MappedTest, nodeid: str, outcome: Outcome) -> MappedTest:
    if not test.counts or outcome is Outcome.PASSED:
        return MappedTest(nodeid, test.change, test.counts, test.reason, outcome)
    return MappedTest(nodeid, test.change, counts=False, reason=f"{outcome} in this run", after=outcome)
