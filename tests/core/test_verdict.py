"""Each state of a fix gets the verdict, the reason and the next action that fit it."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.doctests import SHARES_FILE
from pytest_bugguard.core.findings import of_records
from pytest_bugguard.core.model import (
    Files,
    How,
    MappedTest,
    NotAFix,
    Outcome,
    Quarantine,
    Record,
    Red,
    RedKind,
    Sign,
    Unreadable,
    Verdict,
    Waiver,
)
from pytest_bugguard.core.verdict import NO_SUCH_TEST, Scope, judge, judge_run, waive, without_quarantined

TODAY = dt.date(2026, 11, 24)
GUARD = MappedTest("tests/test_a.py::test_a", How.ADDED, counts=True)
EMPTY = MappedTest("tests/test_a.py::test_a", How.ADDED, counts=False, reason="has no assertion")
FIX = Record(
    sha="1c0ffee" + "0" * 33,
    parents=("9d01c2e",),
    subject="fix: clock drift",
    committed_s=0,
    recognition=Sign("conventional", "fix: clock drift", "subject"),
    files=Files(source=("src/a.py",)),
)


SHARING = MappedTest("src/a.py::a.f", How.ADDED, counts=False, reason=SHARES_FILE)


@pytest.mark.parametrize(
    ("record", "scope", "verdict", "reason"),
    [
        pytest.param(
            replace(FIX, tests=(EMPTY, SHARING)),
            Scope(),
            Verdict.UNDECIDED,
            "src/a.py::a.f shares its file with the fix",
            id="doctest-in-the-repaired-file",
        ),
        pytest.param(FIX, Scope(is_boundary=True), Verdict.UNDECIDED, "the clone ends here", id="boundary"),
        pytest.param(
            replace(FIX, recognition=NotAFix("none")), Scope(), Verdict.NOT_APPLICABLE, "no sign", id="no-fix"
        ),
        pytest.param(
            replace(FIX, recognition=NotAFix("none")),
            Scope(is_cut_short=True),
            Verdict.UNDECIDED,
            "the clone ends within what it merges",
            id="a-fix-may-be-cut-off",
        ),
        pytest.param(
            replace(FIX, recognition=NotAFix("none"), tests=(GUARD,)),
            Scope(is_cut_short=True),
            Verdict.NOT_APPLICABLE,
            "no sign",
            id="whatever-is-cut-off-has-its-test",
        ),
        pytest.param(
            FIX,
            Scope(is_cut_short=True, behaviour_changed=False),
            Verdict.NOT_APPLICABLE,
            "only comments",
            id="whatever-is-cut-off-changed-nothing",
        ),
        pytest.param(
            replace(FIX, recognition=NotAFix("revert", "Revert x")),
            Scope(),
            Verdict.NOT_APPLICABLE,
            "not a fix by revert: Revert x",
            id="excluded",
        ),
        pytest.param(FIX, Scope(is_root=True), Verdict.NOT_APPLICABLE, "the first commit", id="root"),
        pytest.param(
            replace(FIX, files=Files(test=("tests/a.py",))),
            Scope(),
            Verdict.NOT_APPLICABLE,
            "no source",
            id="no-source",
        ),
        pytest.param(FIX, Scope(behaviour_changed=False), Verdict.NOT_APPLICABLE, "only comments", id="comments-only"),
        pytest.param(replace(FIX, tests=(EMPTY, GUARD)), Scope(), Verdict.GUARDED, "1 test came", id="guarded"),
        pytest.param(FIX, Scope(), Verdict.UNGUARDED, "brings no test", id="no-test"),
        pytest.param(replace(FIX, tests=(EMPTY,)), Scope(), Verdict.UNGUARDED, "has no assertion", id="empty-test"),
        pytest.param(
            replace(FIX, files=Files(("src/a.py",), ("tests/data.txt",))),
            Scope(),
            Verdict.UNGUARDED,
            "changes tests/data.txt but no test in it",
            id="test-side-without-a-test",
        ),
        pytest.param(
            replace(FIX, tests=(EMPTY,), unreadable=(Unreadable("tests/b.py", "does not parse"),)),
            Scope(),
            Verdict.UNDECIDED,
            "could not look into tests/b.py: does not parse",
            id="unreadable-test-file",
        ),
    ],
)
def test_a_unit_is_judged_by_what_it_is_and_brought(
    record: Record, scope: Scope, verdict: Verdict, reason: str
) -> None:
    """The verdict, and words that say why."""
    said = judge(record, scope)
    assert (said.verdict, reason in said.reason) == (verdict, True), said.reason


@pytest.mark.parametrize("record", [FIX, replace(FIX, unreadable=(Unreadable("tests/b.py", "does not parse"),))])
def test_whatever_fails_names_the_next_action(record: Record) -> None:
    """A failure without a cure is half a message."""
    assert judge(record, Scope()).next


def test_a_test_that_is_not_there_cannot_be_mended() -> None:
    """A trailer that names nothing has a cure of its own."""
    named = replace(EMPTY, reason=NO_SUCH_TEST)
    assert judge(replace(FIX, tests=(named,)), Scope()).next.startswith("add that test, or name one")


def test_a_subject_of_a_megabyte_is_cut() -> None:
    """In the annotation as in the section; the file has it whole."""
    long = replace(unguarded(), subject="fix: " + "a" * 1_000_000)
    (finding,) = of_records([long], undecided_fails=True)
    assert len(finding.message) < 300


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        pytest.param((Outcome.PASSED,), Verdict.GUARDED, id="passes"),
        pytest.param((Outcome.SKIPPED, Outcome.PASSED), Verdict.GUARDED, id="one-case-passes"),
        pytest.param((Outcome.SKIPPED,), Verdict.UNGUARDED, id="skipped"),
        pytest.param((Outcome.XFAILED,), Verdict.UNGUARDED, id="expected-to-fail"),
        pytest.param((Outcome.FAILED,), Verdict.BROKEN, id="fails"),
        pytest.param((None,), Verdict.UNDECIDED, id="not-run"),
    ],
)
def test_a_run_confirms_or_takes_the_guard_away(outcomes: tuple[Outcome | None, ...], verdict: Verdict) -> None:
    """Only a test that ran and passed guards."""
    tests = tuple(
        MappedTest(f"t.py::t[{number}]", How.ADDED, counts=outcome in {None, Outcome.PASSED}, after=outcome)
        for number, outcome in enumerate(outcomes)
    )
    assert judge_run(replace(FIX, tests=tests)).verdict is verdict


def waiver(expires: dt.date | None, fix: str = "1c0ffee") -> Waiver:
    """The payments team's waiver."""
    return Waiver(fix, "payments", "needs the simulator", expires)


def unguarded() -> Record:
    """The fix, judged."""
    return replace(FIX, verdict=Verdict.UNGUARDED, reason="brings no test", next="add a test")


def test_a_waiver_in_date_is_listed_and_fails_nothing() -> None:
    """It holds through its last day."""
    waived = waive(unguarded(), [waiver(TODAY)], today=TODAY)
    assert (waived.verdict, waived.reason) == (Verdict.WAIVED, "needs the simulator")
    assert of_records([waived], undecided_fails=True) == ()


def test_an_overdue_waiver_fails_and_names_owner_and_date() -> None:
    """The day after, it fails the run and says whose it is."""
    overdue = waive(unguarded(), [waiver(TODAY - dt.timedelta(days=1))], today=TODAY)
    (finding,) = of_records([overdue], undecided_fails=True)
    assert finding.gate == "waivers"
    assert "payments" in finding.message
    assert "2026-11-23" in finding.message
    assert finding.next.startswith("payments:")


def test_a_trailer_waives_its_own_commit() -> None:
    """``Bugguard: waive REASON`` is a waiver without an end."""
    assert (
        waive(replace(unguarded(), waiver=Waiver(FIX.sha, "", "hardware", None)), [], today=TODAY).verdict
        is Verdict.WAIVED
    )


def test_a_trailer_without_a_reason_waives_nothing() -> None:
    """``Bugguard: waive`` alone: the one who reads it later would not know why."""
    bare = waive(replace(unguarded(), waiver=Waiver(FIX.sha, "", "", None)), [], today=TODAY)
    assert (bare.verdict, bare.next) == (Verdict.UNGUARDED, "say why in the trailer: Bugguard: waive REASON")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(replace(FIX, verdict=Verdict.GUARDED), id="guarded"),
        pytest.param(replace(unguarded(), sha="f" * 40), id="another-fix"),
    ],
)
def test_a_waiver_touches_nothing_else(record: Record) -> None:
    """A guarded fix keeps its verdict, and so does every other fix."""
    assert waive(record, [waiver(TODAY)], today=TODAY) == record


def test_undecided_fails_unless_it_is_softened() -> None:
    """A gate never passes because it could not look."""
    undecided = replace(FIX, verdict=Verdict.UNDECIDED, reason="could not look")
    assert len(of_records([undecided], undecided_fails=True)) == 1
    assert of_records([undecided], undecided_fails=False) == ()


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        pytest.param("tests/test_a.py::test_a", Verdict.UNGUARDED, id="the-test"),
        pytest.param("tests/test_a.py::test_a[x::y]", Verdict.UNGUARDED, id="a-case-of-it"),
        pytest.param("tests/test_a.py::test_ab", Verdict.GUARDED, id="another"),
    ],
)
def test_a_test_in_quarantine_guards_nothing(held: str, verdict: Verdict) -> None:
    """Whoever distrusts it cannot lean on it; the reason names the owner."""
    record = replace(unguarded(), tests=(GUARD, EMPTY), verdict=Verdict.GUARDED, reason="1 test came with it")
    judged = without_quarantined(record, [Quarantine(held, "platform", "real clock", dt.date(2027, 1, 31))])
    assert judged.verdict is verdict
    assert ("is in quarantine (platform: real clock)" in judged.reason) == (verdict is Verdict.UNGUARDED)
    assert ("take it out of quarantine" in judged.next) == (verdict is Verdict.UNGUARDED)


def test_another_test_goes_on_guarding() -> None:
    """A quarantine takes one test away, not the fix's guard."""
    other = replace(GUARD, nodeid="tests/test_a.py::test_b")
    record = replace(unguarded(), tests=(GUARD, other), verdict=Verdict.GUARDED, reason="2 tests came with it")
    entry = Quarantine(GUARD.nodeid, "platform", "real clock", dt.date(2027, 1, 31))
    judged = without_quarantined(record, [entry])
    assert (judged.verdict, judged.reason) == (Verdict.GUARDED, "1 test came with it")
    assert [test.counts for test in judged.tests] == [False, True]


RED = Red(RedKind.ASSERTION, "assert 1 == 2")
NEW = Red(RedKind.NEW_API, "AttributeError: no round_up")


@pytest.mark.parametrize(
    ("before", "other", "verdict", "reason"),
    [
        pytest.param(Verdict.PROVEN, None, Verdict.UNGUARDED, "its test does not count: {held}", id="proven-by-it"),
        pytest.param(Verdict.PROVEN, RED, Verdict.PROVEN, "told; not counted: what is in quarantine", id="and-another"),
        pytest.param(Verdict.PROVEN, NEW, Verdict.WEAK, "only because the API is new: AttributeError", id="weak-left"),
        pytest.param(Verdict.WEAK, None, Verdict.UNGUARDED, "its test does not count: {held}", id="weak-by-it"),
        pytest.param(Verdict.WEAK, NEW, Verdict.WEAK, "tests/test_a.py::test_b is red without the fix only", id="weak"),
        pytest.param(Verdict.BROKEN, None, Verdict.BROKEN, "told", id="broken"),
        pytest.param(Verdict.UNSTABLE, RED, Verdict.UNSTABLE, "told", id="unstable"),
    ],
)
def test_a_proof_by_a_test_in_quarantine_is_none(
    before: Verdict, other: Red | None, verdict: Verdict, reason: str
) -> None:
    """What is left decides: another proof, a weak one, or nothing."""
    held = replace(GUARD, nodeid="tests/test_a.py::test_a[1]", red=RED)
    idle = replace(GUARD, nodeid="tests/test_a.py::test_b", counts=other is not None, reason="passes too", red=other)
    entry = Quarantine(GUARD.nodeid, "platform", "real clock", dt.date(2027, 1, 31))
    judged = without_quarantined(
        replace(unguarded(), tests=(held, idle), verdict=before, reason="told", next="act"), [entry]
    )
    assert judged.verdict is verdict
    assert reason.format(held=f"{held.nodeid} is in quarantine (platform: real clock)") in judged.reason
    assert [test.counts for test in judged.tests] == [False, other is not None]
