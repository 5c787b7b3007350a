"""How much of a fix its own tests run: where they are run, and by whose count of statements."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_bugguard.core.errors import ScratchError
from pytest_bugguard.core.measured import Doubt
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.verdict import Judgement
from pytest_bugguard.journeys import fix_coverage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.coverage_verdict import Judged
    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.measured import FileCoverage, Wanted
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.journeys.check import CheckedUnit
    from pytest_bugguard.journeys.fix_coverage import Checkout
    from pytest_bugguard.journeys.prove import Bench

MAKE_ROOM = "make room in the folder for temporary files, or let TMPDIR name another one"


class FixCoverageDesk:
    """Judges fix after fix of one repository."""

    def __init__(self, workshop: Workshop, bench: Bench, checkout: Checkout | None) -> None:
        chosen = workshop.settings.coverage
        assert chosen.fixes != "off"
        self._history = workshop.history
        self._alone = partial(fix_coverage.run_alone, bench=bench, checkout=checkout)
        self._asked = fix_coverage.Asked(chosen.fixes, chosen.places.fixes, self._counted)

    def judge(self, one: CheckedUnit, plan: Experiment | Judgement, proof: TestRun | None) -> Judged:
        """The row of one fix; ``proof`` is what its proof measured with the fix in place, None where it did not."""
        if isinstance(plan, Judgement):
            return self._undecided(one, Doubt(plan.reason, plan.next))
        try:
            row = fix_coverage.judge(one, plan, self._asked, self._alone, proof)
            plugins = self._plugins(plan.commit) if row.verdict is RuleVerdict.UNMET else ()
            return self._undecided(one, _by_plugins(plugins)) if plugins else row
        except ScratchError as error:
            return self._undecided(one, Doubt(str(error), error.hint))
        except OSError as error:
            return self._undecided(one, Doubt(f"the tests could not be run: {error.strerror or error}", MAKE_ROOM))

    def _undecided(self, one: CheckedUnit, doubt: Doubt) -> Judged:
        return fix_coverage.undecided(one.record.sha, doubt, self._asked.place)

    def _counted(self, commit: str, wanted: Mapping[str, Wanted]) -> Mapping[str, FileCoverage]:
        from pytest_bugguard.adapters import coverage_data  # noqa: PLC0415 - brings coverage.py

        return coverage_data.counted(self._configuration(commit, coverage_data.CONFIGURATION), wanted)

    def _plugins(self, commit: str) -> tuple[str, ...]:
        from pytest_bugguard.adapters import coverage_data  # noqa: PLC0415 - brings coverage.py

        return coverage_data.plugins_in(self._configuration(commit, coverage_data.CONFIGURATION))

    def _configuration(self, commit: str, names: Sequence[str]) -> dict[str, bytes]:
        found = {name: self._history.file_at(commit, name) for name in names}
        return {name: text for name, text in found.items() if text is not None}


def _by_plugins(plugins: Sequence[str]) -> Doubt:
    """What plugins leave out never runs, and they are code of the project's: none is asked."""
    said = f"coverage.py's plugins may leave out what its tests did not run, and are not loaded: {', '.join(plugins)}"
    return Doubt(said, "let a test of the fix run it, or leave it out by exclude_also, for which no plugin is needed")
