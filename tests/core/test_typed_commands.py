"""A next action that names a test is a command that a shell takes as it is printed, whatever the node id holds."""

from __future__ import annotations

import shlex

import pytest

from pytest_bugguard.core import burning_in, steadiness
from pytest_bugguard.core.burning_in import Burned
from pytest_bugguard.core.model import How, MappedTest, Outcome, Record, Sign, Verdict
from pytest_bugguard.core.recorded_runs import Attempt
from pytest_bugguard.core.verdict import judge_run
from tests.trials import failed, judged, mapped, raised, run

ODD = 'tests/test_a.py::test_a[it\'s "x" $HOME]'
FIX = Record(
    "1c0ffee", (), "fix: it", 0, Sign("subject", "fix"),
    tests=(MappedTest(ODD, How.ADDED, counts=True, after=Outcome.PASSED),), verdict=Verdict.GUARDED,
)  # fmt: skip
RED = Burned(1, Attempt(ODD, 1, Outcome.FAILED, "call", 0.1))
FLAKY = steadiness.Contradiction(ODD, steadiness.Code("tree", "env"), "", passed=1, failed=1, passes_left=5)
BROKEN = MappedTest(ODD, How.ADDED, counts=True, after=Outcome.FAILED)


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(judge_run(Record(*("", (), "", 0, Sign("", "")), tests=(BROKEN,))).next, id="broken-in-the-run"),
        pytest.param(judged(run(failed(ODD)), run(failed(ODD)), mapped(ODD)).next, id="broken-in-the-proof"),
        pytest.param(judged(run(), run(), mapped(ODD)).next, id="not-found-in-the-proof"),
        pytest.param(
            judged(run(failed(ODD, raised(), phase="setup")), run(), mapped(ODD)).next, id="no-further-than-its-set-up"
        ),
        pytest.param(burning_in.judged(FIX, {ODD: RED}).next, id="red-in-its-burn-in"),
        pytest.param(burning_in.judged(FIX, {ODD: Burned()}).next, id="not-seen-in-its-burn-in"),
        pytest.param(steadiness.judged(FIX, FLAKY).next, id="flaky-by-the-history"),
    ],
)
def test_the_node_id_is_one_word(action: str) -> None:
    """Copied from a log into a terminal it names the same test."""
    typed = action[action.index("pytest ") if "pytest " in action else action.index("bugguard hunt ") :]
    assert ODD in shlex.split(typed)
