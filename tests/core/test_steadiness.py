"""A test that is known to be flaky guards nothing, however green it is now."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.findings import of_records, rejudged
from pytest_bugguard.core.flakes import Flake, Sighting
from pytest_bugguard.core.kinds import Count
from pytest_bugguard.core.model import FlakeVerdict, How, MappedTest, Outcome, Record, Sign, Verdict
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, RecordedRun, Why
from pytest_bugguard.core.results import RepositoryFacts, Result, Summary
from pytest_bugguard.core.steadiness import (
    Code,
    Contradiction,
    contradictions,
    hunted,
    judged,
    leant_on,
    rerun,
    rescued,
    sightings_in,
)
from tests.histories import FAILURE, START_S, run_of

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


GREEN = RED._replace(outcome=Outcome.PASSED)


@pytest.mark.parametrize(
    ("sightings", "codes"),
    [
        pytest.param([RED, GREEN], ["tree"], id="both"),
        pytest.param([RED, GREEN._replace(why=Why.RERUN)], ["tree"], id="in-a-rerun"),
        pytest.param([RED, RED], [], id="failing"),
        pytest.param([GREEN, GREEN], [], id="steady"),
        pytest.param([RED, GREEN._replace(code="other")], [], id="bug-and-fix"),
        pytest.param([RED, GREEN._replace(environment="other")], [], id="another-environment"),
        pytest.param([RED._replace(why=Why.EXPERIMENT), GREEN], [], id="made-to-fail"),
        pytest.param([RED._replace(code="r"), GREEN._replace(code="r")], [], id="uncommitted"),
        pytest.param(
            [RED, GREEN, RED._replace(code="later", started_s=1), GREEN._replace(code="later", started_s=1)],
            ["later", "tree"],
            id="newest-first",
        ),
        pytest.param([RED, *[GREEN._replace(started_s=place) for place in range(40)]], [], id="recovered"),
        pytest.param([RED, *[GREEN._replace(started_s=place) for place in range(4)]], ["tree"], id="not-yet"),
        pytest.param(
            [RED._replace(run="z"), *[GREEN._replace(run="a", started_s=1 + place) for place in range(40)]], [],
            id="recovered-whatever-the-runs-are-called",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_told_until_the_test_has_recovered(sightings: list[Sighting], codes: list[str]) -> None:
    """Both on one code in one environment, however the runs are ordered; not what luck hardly explains any more."""
    assert [one.code.tree for one in contradictions(GUARD.nodeid, sightings[::-1])] == codes


@pytest.mark.parametrize(
    ("sighting", "is_flaky"),
    [
        pytest.param(RED, True, id="failed-here"),
        pytest.param(RED._replace(why=Why.RERUN, number=2), True, id="in-a-rerun"),
        pytest.param(GREEN, False, id="passed-here"),
        pytest.param(RED._replace(outcome=Outcome.SKIPPED), False, id="skipped"),
        pytest.param(RED._replace(code="other"), False, id="other-code"),
        pytest.param(RED._replace(environment="other"), False, id="another-environment"),
        pytest.param(RED._replace(why=Why.EXPERIMENT), False, id="made-to-fail"),
    ],
)
def test_who_passes_now_and_failed_before_contradicts_itself(sighting: Sighting, *, is_flaky: bool) -> None:
    """Only on this code in this environment."""
    assert bool([*contradictions(GUARD.nodeid, [sighting], Code("tree", "env"))]) == is_flaky


@pytest.mark.parametrize(
    ("alone", "tree", "later", "is_flaky"),
    [
        pytest.param(Count(3, 1), "tree", 0, True, id="both-alone"),
        pytest.param(Count(3, 0), "tree", 0, False, id="made-to-fail"),
        pytest.param(Count(0, 3), "tree", 0, False, id="brittle"),
        pytest.param(Count(3, 1), "", 0, False, id="uncommitted"),
        pytest.param(Count(3, 1), "tree", 60, False, id="recovered"),
    ],
)
def test_who_fails_alone_now_and_then_in_a_hunt_is_flaky(
    alone: Count, tree: str, later: int, *, is_flaky: bool
) -> None:
    """What was made to fail by its order or by a busy machine is not."""
    run = RecordedRun("hunt", Why.EXPERIMENT, 5, 1.0, Circumstances("c", tree, "main", "env"), ())
    passes = [GREEN._replace(started_s=6 + place) for place in range(later)]
    told = [*hunted(GUARD.nodeid, run, alone, passes)]
    assert [one[:5] for one in told] == [(GUARD.nodeid, Code("tree", "env"), "c", 3, 1)] * is_flaky
    assert all(one.passes_left > 0 for one in told)


def test_a_contradiction_is_told_with_what_was_seen() -> None:
    """On which code, in which commit, how often; a pass of right now counts, and is one less to come."""
    seen = [RED, RED, GREEN._replace(commit="later", started_s=1)]
    (told,) = contradictions(GUARD.nodeid, seen)
    assert told == Contradiction(GUARD.nodeid, Code("tree", "env"), "later", 1, 2, told.passes_left)
    (now,) = contradictions(GUARD.nodeid, seen, Code("tree", "env"))
    assert now == told._replace(passed=2, passes_left=told.passes_left - 1)
    (elsewhere,) = contradictions(GUARD.nodeid, seen, Code("other", "env"))
    assert elsewhere == now._replace(passed=1)


def test_how_often_it_has_to_pass_is_told_and_true() -> None:
    """So that somebody who cannot mend it knows what else helps."""
    seen = [RED, RED, GREEN._replace(started_s=1)]
    (told,) = contradictions(GUARD.nodeid, seen)
    assert told.passes_left > 0
    more = [GREEN._replace(started_s=2 + place) for place in range(told.passes_left)]
    assert [*contradictions(GUARD.nodeid, [*seen, *more[1:]])] != []
    assert [*contradictions(GUARD.nodeid, [*seen, *more])] == []
    assert judged(FIX, told).verdict is Verdict.UNSTABLE
    assert f"counts again once it has passed {told.passes_left} times more" in judged(FIX, told).next


BROKEN = replace(FIX, verdict=Verdict.BROKEN, tests=(replace(GUARD, after=Outcome.FAILED),))


@pytest.mark.parametrize(
    ("record", "told", "verdict"),
    [
        pytest.param(BROKEN, {GUARD.nodeid: FlakeVerdict.FLAKY}, Verdict.UNSTABLE, id="flaky"),
        pytest.param(BROKEN, {GUARD.nodeid: FlakeVerdict.ORDER_DEPENDENT}, Verdict.UNSTABLE, id="order-dependent"),
        pytest.param(BROKEN, {GUARD.nodeid: FlakeVerdict.FAILING}, Verdict.BROKEN, id="failing"),
        pytest.param(BROKEN, {GUARD.nodeid: FlakeVerdict.UNDECIDED}, Verdict.BROKEN, id="undecided"),
        pytest.param(BROKEN, {}, Verdict.BROKEN, id="not-run-again"),
        pytest.param(
            replace(BROKEN, tests=(*BROKEN.tests, replace(BROKEN.tests[0], nodeid="tests/test_a.py::test_b"))),
            {GUARD.nodeid: FlakeVerdict.FLAKY}, Verdict.BROKEN, id="another-one-is-red-too",
        ),
        pytest.param(FIX, {GUARD.nodeid: FlakeVerdict.FLAKY}, Verdict.GUARDED, id="guarded-by-others"),
        pytest.param(
            replace(BROKEN, verdict=Verdict.WAIVED), {GUARD.nodeid: FlakeVerdict.FLAKY}, Verdict.WAIVED, id="waived",
        ),
        pytest.param(
            replace(BROKEN, tests=()), {GUARD.nodeid: FlakeVerdict.FLAKY}, Verdict.BROKEN, id="by-none-of-its-tests",
        ),
    ],
)  # fmt: skip
def test_what_is_red_by_chance_breaks_no_fix(record: Record, told: dict[str, FlakeVerdict], verdict: Verdict) -> None:
    """To be sent to a command under which the test passes helps nobody; and the gate is as red as it was."""
    flakes = [Flake(nodeid, kind, "alone it failed 1 of 2 times", "", rate_of(1, 2)) for nodeid, kind in told.items()]
    before = Result("pytest", RepositoryFacts(None), Summary(), (record,), of_records([record], undecided_fails=True))
    after = rejudged(before, [rerun(record, flakes)])
    assert [one.verdict for one in after.records] == [verdict]
    assert [one.verdict for one in after.findings] == [verdict] * len(before.findings)
    assert [one.id for one in after.findings] == [one.id for one in before.findings]
    assert after.summary.count(verdict) == 1
    if verdict is Verdict.UNSTABLE:
        kind = told[GUARD.nodeid]
        said = f"{GUARD.nodeid} failed in this run, and is {kind}: alone it failed 1 of 2 times"
        assert (after.records[0].reason, said in after.findings[0].message) == (said, True)
        assert after.records[0].next == f"mend the test: bugguard hunt {GUARD.nodeid} tells what it depends on"


@pytest.mark.parametrize(
    ("record", "tests"),
    [
        pytest.param(FIX, 1, id="passed"),
        pytest.param(replace(FIX, tests=(replace(GUARD, after=None),)), 1, id="not-run"),
        pytest.param(replace(FIX, tests=(replace(GUARD, after=Outcome.FAILED),)), 0, id="failed"),
        pytest.param(replace(FIX, tests=(replace(GUARD, counts=False),)), 0, id="not-counted"),
        pytest.param(replace(FIX, verdict=Verdict.UNGUARDED), 0, id="unguarded"),
    ],
)
def test_a_fix_leans_on_tests_that_were_not_run_too(record: Record, tests: int) -> None:
    """The check runs none."""
    assert len(leant_on(record)) == tests


@pytest.mark.parametrize(
    ("commit", "left", "where", "times"),
    [
        pytest.param("1c0ffee" + "0" * 33, 5, ", commit 1c0ffee00000,", "5 times", id="commit-is-known"),
        pytest.param("", 1, "", "1 time", id="no-commit-and-one-pass"),
    ],
)
def test_a_flaky_test_is_told_with_what_it_did_where(commit: str, left: int, where: str, times: str) -> None:
    """And with the two ways out: to mend it, and to wait."""
    said = judged(FIX, Contradiction(GUARD.nodeid, Code("tree", "env"), commit, 3, 2, left))
    assert said.reason == (
        f"tests/test_a.py::test_a is flaky: on the same code{where} with the fix in place, "
        "it passed 3 and failed 2 times"
    )
    assert said.next == (
        "mend the test: bugguard hunt tests/test_a.py::test_a tells what it depends on; "
        f"unchanged, it counts again once it has passed {times} more"
    )


def ends(*signs: str) -> list[Attempt]:
    """``a.``, ``bF``: a test of one letter, and how it ended; the fix leans on ``a`` and on ``b``."""
    outcomes = {".": Outcome.PASSED, "F": Outcome.FAILED}
    return [Attempt(f"tests/test_a.py::test_{one[0]}", 1, outcomes[one[1]], "call", 0.1) for one in signs]


TWO = replace(FIX, tests=(GUARD, replace(GUARD, nodeid="tests/test_a.py::test_b")))


@pytest.mark.parametrize(
    ("record", "attempts", "said"),
    [
        pytest.param(TWO, ends("a.", "b."), "", id="passed-at-once"),
        pytest.param(TWO, ends("cF", "c."), "", id="another-test"),
        pytest.param(TWO, ends("a.", "bF", "bF", "b."), "test_b failed 2 of 3 times", id="repeated-until-green"),
        pytest.param(TWO, ends("bF", "b.", "aF", "a."), "test_a failed 1 of 2 times", id="first-of-the-record"),
        pytest.param(replace(TWO, verdict=Verdict.UNGUARDED), ends("aF", "a."), "", id="leans-on-none"),
        pytest.param(BROKEN, ends("aF"), "", id="red-in-the-end"),
    ],
)
def test_a_repeat_that_passed_does_not_make_a_guard(record: Record, attempts: list[Attempt], said: str) -> None:
    """What failed first on the code that has the fix may fail again, and then nobody knows why."""
    told = rescued(record, attempts)
    if not said:
        assert told == record
        return
    name = said.partition(" ")[0]
    assert told == replace(
        record,
        verdict=Verdict.UNSTABLE,
        reason=f"tests/test_a.py::{said} in this run, and passed when another plugin repeated it",
        next=f"mend the test: bugguard hunt tests/test_a.py::{name} tells what it depends on",
    )


def test_runs_that_are_in_no_history_are_seen_as_those_in_one_are() -> None:
    """Uncommitted work has no code but its own run; only the first attempt of a run that nobody forced is natural."""
    first = run_of("aF.", "b.")
    forced = run_of("a.", number=2, why=Why.RERUN, tree="", commit="", branch="topic")
    found = sightings_in([first, forced])
    natural = Sighting(
        "run-1", START_S + 3600, Why.FIRST, True, f"{1:040x}", f"{1:040x}", "e" * 64, "CPython 3.11.7 on linux x86_64",
        "main", 1, Outcome.FAILED, FAILURE, 0,
    )  # fmt: skip
    repeat = natural._replace(is_natural=False, number=2, outcome=Outcome.PASSED, failure=None)
    later = repeat._replace(
        run="run-2", started_s=START_S + 7200, why=Why.RERUN, commit="", code="run-2", branch="topic", number=1
    )
    assert found == {
        "tests/test_a.py::test": [natural, repeat, later],
        "tests/test_b.py::test": [natural._replace(outcome=Outcome.PASSED, failure=None)],
    }
    assert sightings_in([]) == {}
