"""What can a run of pytest say of coverage? By what measured it, and how much of the tests it ran."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pytest_bugguard.adapters.pytest_cov import PytestCov
from pytest_bugguard.assembly.coverage import CoverageDesk
from pytest_bugguard.core import findings, selection
from pytest_bugguard.core.coverage_verdict import Coverage, Standing
from pytest_bugguard.core.measured import Doubt

if TYPE_CHECKING:
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.core.selection import SessionFacts


class SessionCoverage:
    """The coverage of one run of pytest: listens while others measure, and measures nothing itself."""

    def __init__(self, plugin: Any, *, is_switched_off: bool) -> None:  # noqa: ANN401 - a class of pytest-cov's own
        """Begin to listen, before the tests run; the plugin is None where pytest-cov takes no part."""
        self._is_switched_off = is_switched_off
        self._tracer = None if plugin is None or is_switched_off else PytestCov(plugin)

    def judged(self, workshop: Workshop, result: Result, facts: SessionFacts, *, base_option: str | None) -> Result:
        """A result with the coverage gates of this run."""
        if self._tracer is not None and self._tracer.is_measuring:
            desk = CoverageDesk(workshop, base_option=base_option)
            measured = desk.told_apart(self._tracer.measured(desk.known))
            found = desk.judge(measured, _standing(facts, self._tracer.failed_workers))
            return workshop.with_coverage(result, found)
        if self._is_switched_off:
            return workshop.with_coverage(result, Coverage(notes=("coverage is not judged: --no-cov",)))
        if _is_measured_by_others():
            said = "coverage.py measures this run from outside: bugguard coverage check judges it afterwards"
            return workshop.with_coverage(result, Coverage(notes=(said,)))
        cure = "pytest --cov (with pytest-cov), or coverage run -m pytest and then bugguard coverage check"
        nothing = findings.undecided("coverage", "there are coverage gates, and nothing measures this run", cure)
        return workshop.with_loose(result, [nothing])


def _standing(facts: SessionFacts, failed_workers: int) -> Standing:
    """What the run can prove: what it did not come to can only add to what it covered."""
    left_out = selection.left_out(facts.asked)
    lost = max(facts.lost_workers, failed_workers)
    if left_out:
        return Standing(
            Doubt(
                f"only some of the tests ran ({left_out})",
                "run all of them; what no run shall include is left out by addopts",
            )
        )
    if lost:
        workers = "worker was" if lost == 1 else "workers were"
        return Standing(Doubt(f"{lost} xdist {workers} lost, with what it had measured", "run again"))
    if facts.stopped:
        return Standing(Doubt(f"the run ended early: {facts.stopped}", "let it run to its end"))
    if facts.failed:
        tests = "1 test" if facts.failed == 1 else f"{facts.failed} tests"
        return Standing(Doubt(f"{tests} failed", "mend what fails first"))
    return Standing()


def _is_measured_by_others() -> bool:
    """Whether ``coverage run`` or the like is at work in this process."""
    coverage = sys.modules.get("coverage")
    return coverage is not None and coverage.Coverage.current() is not None
