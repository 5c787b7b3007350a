"""A run that another one has continued tells of both."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.runs import End, Loaded, TestRun, Uncollected
from tests.trials import failed, passed, raised, run

BROKEN = Uncollected("tests/test_bad.py", raised("SyntaxError"))


def test_a_continued_run_adds_up() -> None:
    """Cases in their order, time and what was left behind; what both have seen is there once, and its own end stays."""
    first = run(failed("t.py::a"), end=End.TIMEOUT, duration_s=3.0, survivors=2, uncollected=(BROKEN,))
    rest = run(passed("t.py::b"), duration_s=2.0, survivors=1, uncollected=(BROKEN,), loaded=(Loaded("src/b.py"),))
    whole = first.continued_by(rest)
    assert [case.nodeid for case in whole.cases] == ["t.py::a", "t.py::b"]
    assert (whole.end, whole.duration_s, whole.survivors) == (End.TIMEOUT, 5.0, 3)
    assert whole.uncollected == (BROKEN,)
    assert whole.loaded == (*first.loaded, Loaded("src/b.py"))


@pytest.mark.parametrize(("first", "rest"), [(True, False), (False, True), (True, True), (False, False)])
def test_a_continued_run_has_reached_out_as_soon_as_one_part_has(first: bool, rest: bool) -> None:
    """What one wrote elsewhere the other may have found."""
    whole = TestRun(End.FINISHED, reached_out=first).continued_by(TestRun(End.FINISHED, reached_out=rest))
    assert whole.reached_out is (first or rest)
