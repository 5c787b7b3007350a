"""Reports of every kind fold to the one outcome that a reader would name."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.model import How, MappedTest, Outcome
from pytest_bugguard.core.outcomes import Outcomes, PhaseReport, from_top, seen_in_run
from pytest_bugguard.core.runs import Case, End, TestRun

TEST = "tests/test_pager.py::test_last"
PASSED_RUN = (("setup", "passed"), ("call", "passed"), ("teardown", "passed"))


def outcomes_of(*reports: tuple[str, str], nodeid: str = TEST, is_xfail: bool = False) -> Outcomes:
    """The outcomes of one test from its ``(when, outcome)`` reports."""
    outcomes = Outcomes()
    for when, outcome in reports:
        outcomes.add(PhaseReport(nodeid, when, outcome, is_xfail=is_xfail))
    return outcomes


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        pytest.param(PASSED_RUN, Outcome.PASSED, id="all-phases-pass"),
        pytest.param((("setup", "failed"), ("teardown", "passed")), Outcome.FAILED, id="setup-fails"),
        pytest.param((*PASSED_RUN[:2], ("teardown", "failed")), Outcome.FAILED, id="teardown-fails"),
        pytest.param((("setup", "skipped"), ("teardown", "passed")), Outcome.SKIPPED, id="skipped"),
        pytest.param((("setup", "passed"), ("???", "failed")), Outcome.FAILED, id="worker-died"),
        pytest.param((("setup", "passed"),), Outcome.FAILED, id="process-died-after-setup"),
        pytest.param(
            (("setup", "passed"), ("call", "failed"), ("call", "passed"), ("teardown", "passed")),
            Outcome.FAILED,
            id="a-failed-subtest-in-a-passed-container",
        ),
        pytest.param(
            (("setup", "passed"), ("call", "rerun"), *PASSED_RUN), Outcome.PASSED, id="passes-in-the-last-attempt"
        ),
        pytest.param(
            (("setup", "passed"), ("call", "retried"), *PASSED_RUN), Outcome.PASSED, id="passes-when-it-is-retried"
        ),
        pytest.param(
            (("setup", "passed"), ("call", "rerun"), ("setup", "passed"), ("call", "failed")),
            Outcome.FAILED,
            id="fails-in-the-last-attempt",
        ),
    ],
)
def test_the_worst_phase_of_the_last_attempt_decides(reports: tuple[tuple[str, str], ...], expected: Outcome) -> None:
    """A test is what its worst phase was; a plugin's earlier attempts are forgotten."""
    assert outcomes_of(*reports).of(TEST) == {TEST: expected}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("skipped", Outcome.XFAILED), ("passed", Outcome.XPASSED), ("failed", Outcome.FAILED)],
)
def test_an_expected_failure_is_never_a_plain_pass(outcome: str, expected: Outcome) -> None:
    """Xfail and xpass have their own words, so that they guard nothing."""
    assert outcomes_of(("setup", "passed"), ("call", outcome), is_xfail=True).of(TEST) == {TEST: expected}


@pytest.mark.parametrize("parameters", ["even", "a::b", "[x]-[y]", "x]", "\\n"])
def test_cases_are_found_whatever_their_parameters_hold(parameters: str) -> None:
    """Ids are compared as prefixes: brackets and colons inside parameters do not confuse them."""
    case = f"{TEST}[{parameters}]"
    assert outcomes_of(*PASSED_RUN, nodeid=case).of(TEST) == {case: Outcome.PASSED}


def test_a_longer_name_is_another_test() -> None:
    """``test_last_page`` is no case of ``test_last``."""
    assert outcomes_of(*PASSED_RUN, nodeid=f"{TEST}_page").of(TEST) == {}


def test_a_test_that_did_not_run_keeps_its_row() -> None:
    """Nothing is claimed of a test that the run left out."""
    mapped = MappedTest(TEST, How.ADDED, counts=True)
    assert seen_in_run(mapped, Outcomes()) == (mapped,)


@pytest.mark.parametrize(
    ("mapped", "outcome", "seen"),
    [
        pytest.param(
            MappedTest(TEST, How.ADDED, counts=True), "skipped",
            MappedTest(f"{TEST}[1]", How.ADDED, counts=False, reason="skipped in this run", after=Outcome.SKIPPED),
            id="skipped",
        ),
        pytest.param(
            MappedTest(TEST, How.LINKED, counts=True, reason="by a trailer"), "passed",
            MappedTest(f"{TEST}[1]", How.LINKED, counts=True, reason="by a trailer", after=Outcome.PASSED), id="passed",
        ),
        pytest.param(
            MappedTest(TEST, How.MOVED, counts=False, reason="only moved"), "failed",
            MappedTest(f"{TEST}[1]", How.MOVED, counts=False, reason="only moved", after=Outcome.FAILED),
            id="did-not-count-anyway",
        ),
    ],
)  # fmt: skip
def test_what_did_not_pass_does_not_count(mapped: MappedTest, outcome: str, seen: MappedTest) -> None:
    """A mapped test that was skipped guards nothing, and says so; what was known of it before is kept."""
    outcomes = outcomes_of(("setup", "passed"), ("call", outcome), nodeid=f"{TEST}[1]")
    assert seen_in_run(mapped, outcomes) == (seen,)


def test_a_run_gives_a_row_for_each_case() -> None:
    """Parameter ids come from the run."""
    outcomes = Outcomes()
    for case in ("[even]", "[odd]"):
        for when, outcome in PASSED_RUN:
            outcomes.add(PhaseReport(TEST + case, when, outcome, is_xfail=False))
    seen = seen_in_run(MappedTest(TEST, How.CASES_ADDED, counts=True), outcomes)
    assert [(row.nodeid, row.counts) for row in seen] == [(f"{TEST}[even]", True), (f"{TEST}[odd]", True)]


def test_files_of_a_session_are_a_run_of_their_own() -> None:
    """In the order in which they are asked for, with all phases and attempts of a test in its time."""
    outcomes = Outcomes()
    for nodeid, when, outcome in [
        ("a.py::x", "setup", "passed"), ("a.py::x", "call", "failed"), ("b.py::y", "call", "rerun"),
        ("b.py::y", "call", "passed"), ("a.py::z[::]", "setup", "skipped"), ("c.py::w", "call", "failed"),
    ]:  # fmt: skip
        outcomes.add(PhaseReport(nodeid, when, outcome, is_xfail=False, duration_s=0.25))
    y = Case("b.py::y", Outcome.PASSED, duration_s=0.5)
    x, z = Case("a.py::x", Outcome.FAILED, duration_s=0.5), Case("a.py::z[::]", Outcome.SKIPPED, duration_s=0.25)
    assert outcomes.run_of(["b.py", "a.py"]) == TestRun(End.FINISHED, (y, x, z), duration_s=1.25)
    assert outcomes.run_of(["a.py", "gone.py"]) is None


@pytest.mark.parametrize(
    ("nodeid", "prefix", "said"),
    [
        pytest.param("tests/a.py::T::x", "", "tests/a.py::T::x", id="at-the-top"),
        pytest.param("tests/a.py::T::x", "api", "api/tests/a.py::T::x", id="below"),
        pytest.param("../shared/a.py::x[http://a::b]", "api", "shared/a.py::x[http://a::b]", id="beside"),
        pytest.param("./a.py", "api/", "api/a.py", id="a-file"),
    ],
)
def test_node_ids_are_told_from_the_top(nodeid: str, prefix: str, said: str) -> None:
    """Wherever pytest has its root; what stands behind the path is left as it is."""
    assert from_top(nodeid, prefix) == said
