"""Reports of every kind fold to the one outcome that a reader would name."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.model import How, MappedTest, Outcome
from pytest_bugguard.core.outcomes import Outcomes, PhaseReport, seen_in_run

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


def test_what_did_not_pass_does_not_count() -> None:
    """A mapped test that was skipped guards nothing, and says so."""
    mapped = MappedTest(TEST, How.ADDED, counts=True)
    (seen,) = seen_in_run(mapped, outcomes_of(("setup", "skipped")))
    assert (seen.counts, seen.reason, seen.after) == (False, "skipped in this run", Outcome.SKIPPED)


def test_a_run_gives_a_row_for_each_case() -> None:
    """Parameter ids come from the run."""
    outcomes = Outcomes()
    for case in ("[even]", "[odd]"):
        for when, outcome in PASSED_RUN:
            outcomes.add(PhaseReport(TEST + case, when, outcome, is_xfail=False))
    seen = seen_in_run(MappedTest(TEST, How.CASES_ADDED, counts=True), outcomes)
    assert [(row.nodeid, row.counts) for row in seen] == [(f"{TEST}[even]", True), (f"{TEST}[odd]", True)]
