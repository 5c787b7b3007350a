"""A test that failed before on this very code guards nothing, however green it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_bugguard.core.flakes import Sighting
from pytest_bugguard.core.model import How, MappedTest, Outcome, Record, Sign, Verdict
from pytest_bugguard.core.recorded_runs import Why
from pytest_bugguard.core.steadiness import Code, judged, reds_on

HERE = Code("tree", "env")
RED = Sighting("r", 0, Why.FIRST, True, "c", "tree", "env", "env", "main", 1, Outcome.FAILED, None, 0)
GUARD = MappedTest("tests/test_a.py::test_a", How.ADDED, counts=True, after=Outcome.PASSED)
FIX = Record(
    sha="1c0ffee" + "0" * 33,
    parents=("9d01c2e",),
    subject="fix: clock drift",
    committed_s=0,
    recognition=Sign("conventional", "fix: clock drift", "subject"),
    tests=(GUARD,),
    verdict=Verdict.GUARDED,
    reason="1 test came with it",
)


@pytest.mark.parametrize(
    ("sighting", "count"),
    [
        pytest.param(RED, (1, 1), id="failed-here"),
        pytest.param(RED._replace(why=Why.RERUN, number=2), (1, 1), id="in-a-rerun"),
        pytest.param(RED._replace(outcome=Outcome.PASSED), (0, 1), id="passed-here"),
        pytest.param(RED._replace(outcome=Outcome.SKIPPED), (0, 0), id="skipped"),
        pytest.param(RED._replace(code="other"), (0, 0), id="other-code"),
        pytest.param(RED._replace(environment="other"), (0, 0), id="another-environment"),
        pytest.param(RED._replace(why=Why.EXPERIMENT), (0, 0), id="made-to-fail"),
    ],
)
def test_only_this_code_here_is_compared(sighting: Sighting, count: tuple[int, int]) -> None:
    """Whatever failed on other code may have been the bug."""
    assert reds_on(HERE, [sighting]) == count


@pytest.mark.parametrize(
    ("record", "known", "verdict"),
    [
        pytest.param(FIX, (1, 4), Verdict.UNSTABLE, id="guarded"),
        pytest.param(replace(FIX, verdict=Verdict.PROVEN), (1, 4), Verdict.UNSTABLE, id="proven"),
        pytest.param(FIX, (0, 4), Verdict.GUARDED, id="always-passed"),
        pytest.param(replace(FIX, tests=(replace(GUARD, counts=False),)), (1, 4), Verdict.GUARDED, id="not-leant-on"),
        pytest.param(replace(FIX, verdict=Verdict.BROKEN), (1, 4), Verdict.BROKEN, id="broken"),
    ],
)
def test_a_guard_that_failed_is_unstable(record: Record, known: tuple[int, int], verdict: Verdict) -> None:
    """The numbers are told, and what to do."""
    told = judged(record, {GUARD.nodeid: known})
    assert told.verdict is verdict
    assert ("failed in 1 of 4 earlier runs of this very code" in told.reason) == (verdict is Verdict.UNSTABLE)
