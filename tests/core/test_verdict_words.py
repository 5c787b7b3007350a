"""What each judgement says, to the letter: reason and next action are all that a reader of a failed run has."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.doctests import SHARES_FILE
from pytest_bugguard.core.model import (
    Files,
    NotAFix,
    Outcome,
    Quarantine,
    Record,
    Red,
    RedKind,
    Unreadable,
    Verdict,
    Waiver,
)
from pytest_bugguard.core.verdict import (
    NO_SUCH_TEST,
    Judgement,
    Scope,
    judge,
    judge_run,
    waive,
    weak,
    without_quarantined,
)
from tests.core.test_verdict import EMPTY, FIX, GUARD, SHARING, TODAY

ADD = "add a test that fails without it, or name one in a trailer: Regression-Test: tests/...::..."
MEND = f"mend {EMPTY.nodeid} so that it fails without the fix, or add another test"
IDLE = f"its test does not count: {EMPTY.nodeid} has no assertion"


@pytest.mark.parametrize(
    ("record", "scope", "said"),
    [
        pytest.param(
            FIX,
            Scope(is_boundary=True),
            Judgement(
                Verdict.UNDECIDED,
                "the clone ends here: what this commit changed is not known",
                "fetch the whole history: git fetch --unshallow (in CI: fetch-depth: 0)",
            ),
            id="boundary",
        ),
        pytest.param(
            FIX,
            Scope(is_root=True),
            Judgement(Verdict.NOT_APPLICABLE, "the first commit repairs nothing that was there before"),
            id="root",
        ),
        pytest.param(
            replace(FIX, recognition=NotAFix("bot")),
            Scope(),
            Judgement(Verdict.NOT_APPLICABLE, "not a fix by bot"),
            id="no-fix-without-a-word",
        ),
        pytest.param(
            replace(FIX, unreadable=(Unreadable("a.py", "is no Python"), Unreadable("b.py", "is gone"))),
            Scope(),
            Judgement(
                Verdict.UNDECIDED,
                "could not look into a.py: is no Python; b.py: is gone",
                "name its test in a trailer: Regression-Test: NODEID",
            ),
            id="unreadable",
        ),
        pytest.param(
            replace(FIX, tests=(SHARING,)),
            Scope(),
            Judgement(
                Verdict.UNDECIDED,
                f"{SHARING.nodeid} {SHARES_FILE}: whether it fails without the fix cannot be told",
                "put the example into a test file, or name a test in a trailer: Regression-Test: NODEID",
            ),
            id="doctest",
        ),
        pytest.param(
            replace(FIX, files=Files(("src/a.py",), ("tests/data.txt",))),
            Scope(),
            Judgement(Verdict.UNGUARDED, "changes tests/data.txt but no test in it", ADD),
            id="no-test-in-it",
        ),
        pytest.param(FIX, Scope(), Judgement(Verdict.UNGUARDED, "brings no test", ADD), id="no-test"),
        pytest.param(
            replace(FIX, tests=(replace(EMPTY, reason=NO_SUCH_TEST),)),
            Scope(),
            Judgement(
                Verdict.UNGUARDED,
                f"its test does not count: {EMPTY.nodeid} {NO_SUCH_TEST}",
                "add that test, or name one that is there: Regression-Test: tests/...::...",
            ),
            id="no-such-test",
        ),
        pytest.param(
            replace(FIX, tests=(replace(EMPTY, reason="is never collected: it is outside of testpaths (tests)"),)),
            Scope(),
            Judgement(
                Verdict.UNGUARDED,
                f"its test does not count: {EMPTY.nodeid} is never collected: it is outside of testpaths (tests)",
                "let tests = [...] in the settings name its folder if another run collects it, else add a test inside",
            ),
            id="beside-testpaths",
        ),
        pytest.param(replace(FIX, tests=(EMPTY,)), Scope(), Judgement(Verdict.UNGUARDED, IDLE, MEND), id="idle"),
        pytest.param(
            replace(FIX, tests=(EMPTY, EMPTY)),
            Scope(),
            Judgement(Verdict.UNGUARDED, f"{IDLE} (nor does 1 test more)", MEND),
            id="two-idle",
        ),
        pytest.param(
            replace(FIX, tests=(EMPTY, EMPTY, EMPTY)),
            Scope(),
            Judgement(Verdict.UNGUARDED, f"{IDLE} (nor do 2 tests more)", MEND),
            id="three-idle",
        ),
    ],
)
def test_a_judgement_says_why_and_what_to_do(record: Record, scope: Scope, said: Judgement) -> None:
    """Before any test is run."""
    assert judge(record, scope) == said


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        pytest.param([Outcome.PASSED], Judgement(Verdict.GUARDED, "1 test came with it"), id="passed"),
        pytest.param(
            [Outcome.SKIPPED, Outcome.FAILED],
            Judgement(Verdict.BROKEN, "t.py::t[1] fails with the fix in place", "pytest 't.py::t[1]'"),
            id="failed",
        ),
        pytest.param(
            [Outcome.SKIPPED, None],
            Judgement(
                Verdict.UNDECIDED, "t.py::t[1] was not run", "run it too: no -k, -m, --lf or path that leaves it out"
            ),
            id="not-run",
        ),
        pytest.param(
            [Outcome.SKIPPED],
            Judgement(Verdict.UNGUARDED, "its test guards nothing here: t.py::t[0] skipped", "make t.py::t[0] run"),
            id="skipped",
        ),
    ],
)
def test_a_run_says_which_test_and_what_to_do(ends: list[Outcome | None], said: Judgement) -> None:
    """The test is named that made the difference."""
    tests = tuple(
        replace(GUARD, nodeid=f"t.py::t[{number}]", counts=end in {None, Outcome.PASSED}, after=end)
        for number, end in enumerate(ends)
    )
    assert judge_run(replace(FIX, tests=tests, reason="1 test came with it")) == said


def test_a_test_that_does_not_count_is_not_missed() -> None:
    """What decides is the one that counts: whether another was run is nothing to tell."""
    idle, skipped = replace(EMPTY, after=None), replace(GUARD, after=Outcome.SKIPPED)
    said = judge_run(replace(FIX, tests=(idle, skipped)))
    assert (said.verdict, said.next) == (Verdict.UNGUARDED, f"make {GUARD.nodeid} run")


def test_a_quarantine_says_what_is_left_to_do() -> None:
    """Nothing new where another test proves the fix; else the test is mended, or another one written."""
    red = Red(RedKind.ASSERTION, "assert 1 == 2")
    other = replace(GUARD, nodeid="tests/test_a.py::test_b", red=red)
    record = replace(FIX, verdict=Verdict.PROVEN, reason="told", next="act", tests=(replace(GUARD, red=red), other))
    entries = [Quarantine(GUARD.nodeid, "platform", "real clock", TODAY)]
    assert without_quarantined(record, entries).next == "act"
    alone = without_quarantined(replace(record, tests=record.tests[:1]), entries)
    assert alone.next == "mend it and take it out of quarantine, or add another test"


def test_a_weak_proof_says_how_to_make_it_a_strong_one() -> None:
    """It names the test and what it failed with."""
    assert weak("t.py::t", Red(RedKind.NEW_API, "ImportError: no a")) == Judgement(
        Verdict.WEAK,
        "t.py::t is red without the fix only because the API is new: ImportError: no a",
        "test it through a name that was there before the fix; if the fix also renames, split it",
    )


def test_a_waiver_stands_in_the_record_that_it_excuses() -> None:
    """With its reason in place of the fault's, and nothing to do; without a reason it is shown and excuses nothing."""
    bare = replace(FIX, verdict=Verdict.UNGUARDED, reason="brings no test", next="add a test")
    waiver = Waiver("1c0ffee", "payments", "needs the simulator", TODAY)
    excused = replace(bare, verdict=Verdict.WAIVED, reason="needs the simulator", next="", waiver=waiver)
    assert waive(bare, [waiver], today=TODAY) == excused
    silent = replace(waiver, reason="")
    said = "say why in the trailer: Bugguard: waive REASON"
    shown = replace(bare, reason="brings no test; its waiver gives no reason", next=said, waiver=silent)
    assert waive(bare, [silent], today=TODAY) == shown
    guarded = replace(FIX, verdict=Verdict.GUARDED, waiver=waiver)
    assert waive(guarded, [waiver], today=TODAY) == replace(guarded, waiver=None)
