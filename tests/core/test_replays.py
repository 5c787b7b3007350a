"""What came of tests that were run again: a process that ends is an outcome of the test that was running."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Replay, Replayed
from pytest_bugguard.core.runs import Case, End, Raised, TestRun

RAISED = Raised("builtins.ValueError", (), "no")


@pytest.mark.parametrize(
    ("end", "last", "phase"),
    [
        pytest.param(End.CRASHED, Case("t.py::b", Outcome.FAILED, "call"), "crash", id="died-in-it"),
        pytest.param(End.TIMEOUT, Case("t.py::b", Outcome.FAILED, "call"), "crash", id="hung-in-it"),
        pytest.param(End.CRASHED, Case("t.py::b", Outcome.PASSED), "call", id="died-after-it"),
        pytest.param(End.CRASHED, Case("t.py::b", Outcome.FAILED, "call", RAISED), "call", id="failed-and-died"),
        pytest.param(End.FINISHED, Case("t.py::b", Outcome.FAILED, "setup"), "setup", id="finished"),
    ],
)
def test_only_a_test_without_an_end_of_its_own_is_ended_with_the_process(end: End, last: Case, phase: str) -> None:
    """Whatever it has told of itself before stands."""
    run = TestRun(end, (Case("t.py::a", Outcome.PASSED), last), running="t.py::b")
    done = Replayed(Replay(("t.py::a", "t.py::b", "t.py::c")), run)
    assert [(one.nodeid, one.phase, one.place) for one in done.attempts] == [
        ("t.py::a", "call", 1),
        ("t.py::b", phase, 2),
    ]
    assert done.missing == {"t.py::c"}
