"""Runs with and without a fix come to the verdict that a careful reader would give, and never to more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core.model import How, MappedTest, Outcome, RedKind, Verdict
from pytest_bugguard.core.novelty import Novelty
from pytest_bugguard.core.proof import (
    Proof,
    is_all_red,
    judge,
    may_leave_state,
    red_with_fix,
    to_look_at,
    to_repeat,
    unreached,
)
from pytest_bugguard.core.reds import BEHAVIOUR
from pytest_bugguard.core.runs import Began, Case, End, Frame, Loaded, Raised, TestRun, Uncollected, Undressed
from pytest_bugguard.core.trial import Trial
from tests.trials import (
    FILE,
    IN_SOURCE,
    IN_TEST,
    LOADED,
    SOURCE,
    TEST,
    WRONG,
    failed,
    is_source,
    judged,
    mapped,
    passed,
    raised,
    run,
    trial,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = f"{FILE}::test_first"
NEW_NAME = raised("ImportError", "cannot import name 'first_page'", missing="first_page", owner="shop.pager")
NO_YAML = raised("ModuleNotFoundError", "No module named 'yaml'", missing="yaml")
GREEN = run(passed())
LEAK = (Loaded(SOURCE, "/venv/site-packages/shop/pager.py"),)
UNUSED: dict[str, Any] = {"executed": ()}


def one(nodeid: str, proof: Proof) -> MappedTest:
    """The row of a case."""
    return next(test for test in proof.tests if test.nodeid == nodeid)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        pytest.param(WRONG, RedKind.ASSERTION, id="01-assertion"),
        pytest.param(raised("KeyError", "'a'", IN_TEST, IN_SOURCE), RedKind.RAISED, id="02-source-raised"),
        pytest.param(raised("TypeError", "cannot pickle"), RedKind.ERROR, id="07-out-of-c"),
    ],
)
def test_red_over_behaviour_and_green_with_the_fix_is_a_proof(how: Raised, kind: RedKind) -> None:
    """The row tells both outcomes and how it was red."""
    proof = judged(GREEN, run(failed(how=how)))
    assert (proof.verdict, proof.next) == (Verdict.PROVEN, "")
    (test,) = proof.tests
    assert (test.before, test.after, test.counts) == (Outcome.FAILED, Outcome.PASSED, True)
    assert test.red is not None
    assert test.red.kind is kind


@pytest.mark.parametrize(
    ("veiled", "words"),
    [
        pytest.param(run(passed()), "is red over the text of src/shop/pager.py", id="passes"),
        pytest.param(run(), "it was not run to its end", id="not-run"),
        pytest.param(run(failed(how=None), end=End.CRASHED, running=TEST), "red over something else", id="cut-off"),
        pytest.param(
            run(failed(how=raised("OSError", "no file"))), "red over something else (OSError: no file)", id="otherwise"
        ),
        pytest.param(
            run(failed(), undressed=(Undressed(SOURCE, "KeyError: 'x'"),)),
            f"the text of {SOURCE} cannot be told: bugguard failed",
            id="no-dress",
        ),
    ],
)
def test_what_is_not_seen_in_the_dress_of_the_fix_is_no_proof(veiled: TestRun, words: str) -> None:
    """Red over what the code does is red in that dress too, and in the same way; else it is told what to do."""
    proof = judged(GREEN, run(failed()), veiled=veiled)
    assert proof.verdict is Verdict.UNDECIDED
    assert words in proof.reason
    assert proof.next
    assert judged(GREEN, run(failed()), veiled=run(failed())).verdict is Verdict.PROVEN


def test_a_process_that_nobody_sees_is_told_as_one() -> None:
    """It runs the new text itself, where other code should stand behind it: the test does not hang on that text."""
    silent: dict[str, Any] = {"executed": (), "started_process": True}
    red = run(failed(**silent), loaded=())
    proof = judged(run(passed(**silent), loaded=()), red, veiled=run(passed(**silent), loaded=()))
    assert (proof.verdict, "gave no sign of which source" in proof.reason) == (Verdict.UNDECIDED, True)


SLOW = run(end=End.TIMEOUT, running=TEST, duration_s=30.0)
NEXT_RUN = run(passed(OTHER), failed(), end=End.CRASHED, detail="SIGSEGV")


@pytest.mark.parametrize(
    ("after", "before", "verdict", "words"),
    [
        pytest.param(GREEN, GREEN, Verdict.UNPROVEN, "passes without the fix too", id="03-passes-before"),
        pytest.param(
            run(passed(**UNUSED)),
            run(passed(**UNUSED)),
            Verdict.UNPROVEN,
            f"and runs nothing of {SOURCE}",
            id="03-never-runs-it",
        ),
        pytest.param(
            run(passed(**UNUSED), loaded=()),
            run(passed(**UNUSED), loaded=()),
            Verdict.UNPROVEN,
            f"and never loads {SOURCE}",
            id="03-never-loads-it",
        ),
        pytest.param(
            run(passed(**UNUSED, started_process=True), loaded=()),
            run(passed(**UNUSED), loaded=()),
            Verdict.UNDECIDED,
            "no sign of which source",
            id="03-in-silent-processes",
        ),
        pytest.param(
            GREEN,
            run(uncollected=(Uncollected(FILE, NEW_NAME),)),
            Verdict.WEAK,
            "only because the API is new",
            id="05-import-of-a-new-name",
        ),
        pytest.param(
            GREEN,
            run(uncollected=(Uncollected(FILE, NO_YAML),)),
            Verdict.UNDECIDED,
            "lacks what the fix does not add",
            id="06-third-party-missing",
        ),
        pytest.param(
            GREEN,
            run(uncollected=(Uncollected(FILE, raised("SyntaxError", "invalid")),)),
            Verdict.UNDECIDED,
            "cannot be collected",
            id="06-not-collected",
        ),
        pytest.param(
            GREEN, run(failed(how=NEW_NAME)), Verdict.WEAK, "only because the API is new", id="07-new-name-in-the-test"
        ),
        pytest.param(
            GREEN,
            run(end=End.NOT_STARTED, raised=NEW_NAME),
            Verdict.WEAK,
            "only because the API is new",
            id="07-conftest-imports-a-new-name",
        ),
        pytest.param(
            GREEN,
            run(end=End.NOT_STARTED, detail="unknown option --x"),
            Verdict.UNDECIDED,
            "did not run without the fix: the run had ended before it: unknown option --x",
            id="not-started-without-the-fix",
        ),
        pytest.param(
            GREEN,
            run(failed(how=raised("OSError", "no file"), phase="setup")),
            Verdict.UNDECIDED,
            "does not come past its set-up",
            id="08-fixture",
        ),
        pytest.param(
            run(passed(), passed(OTHER)),
            run(failed(), failed(OTHER)),
            Verdict.UNDECIDED,
            f"every test of {FILE} fails",
            id="09-one-same-error",
        ),
        pytest.param(
            run(passed(), passed(OTHER)),
            run(failed(), failed(OTHER, raised("AssertionError", "assert 1 == 2"))),
            Verdict.PROVEN,
            "2 of 2 cases",
            id="09-different-errors",
        ),
        pytest.param(run(failed()), run(failed()), Verdict.BROKEN, "fails with the fix", id="11-red-with-the-fix"),
        pytest.param(
            run(failed(how=raised("OSError", "no server"), phase="setup")),
            run(failed(how=raised("OSError", "no server"), phase="setup")),
            Verdict.UNDECIDED,
            "does not come past its set-up with the fix: OSError: no server",
            id="11-set-up-with-the-fix",
        ),
        pytest.param(
            run(Case(TEST, Outcome.FAILED, phase="setup", reason="it did not come to its end")),
            GREEN,
            Verdict.BROKEN,
            "fails with the fix",
            id="11-no-report-with-the-fix",
        ),
        pytest.param(
            run(Case(TEST, Outcome.FAILED, reason="[XPASS(strict)] known")),
            run(Case(TEST, Outcome.XFAILED)),
            Verdict.BROKEN,
            "fails with the fix",
            id="14-strict-xfail-mark-still-there",
        ),
        pytest.param(run(failed()), GREEN, Verdict.BROKEN, "fails with the fix", id="11-green-without-it"),
        pytest.param(
            run(passed(duration_s=0.1)), SLOW, Verdict.UNDECIDED, "did not come to an end in 30 s (0.1 s", id="12-hang"
        ),
        pytest.param(
            run(passed(), passed(OTHER)),
            run(end=End.TIMEOUT, running=OTHER),
            Verdict.UNDECIDED,
            "the run had ended before it",
            id="12-hang-of-another",
        ),
        pytest.param(
            GREEN,
            run(end=End.CRASHED, running=TEST, detail="SIGSEGV"),
            Verdict.UNDECIDED,
            "kills the run without the fix: SIGSEGV",
            id="12-crash",
        ),
        pytest.param(
            run(passed(), passed(OTHER)), NEXT_RUN, Verdict.PROVEN, "1 of 1 case ", id="12-crash-after-the-proof"
        ),
        pytest.param(
            run(Case(TEST, Outcome.SKIPPED, reason="needs 3.14")),
            GREEN,
            Verdict.UNDECIDED,
            "was skipped with the fix: needs 3.14",
            id="13-skipped-with-the-fix",
        ),
        pytest.param(run(Case(TEST, Outcome.XFAILED)), GREEN, Verdict.UNDECIDED, "expected to fail", id="13-xfailed"),
        pytest.param(
            run(Case(TEST, Outcome.XPASSED)),
            run(Case(TEST, Outcome.XFAILED)),
            Verdict.UNDECIDED,
            "marked as expected to fail",
            id="14-xfail-mark-still-there",
        ),
        pytest.param(
            run(),
            run(passed(f"{TEST}[1]")),
            Verdict.UNDECIDED,
            "was not found in the run with the fix",
            id="not-found-with-the-fix",
        ),
        pytest.param(
            run(deselected=(f"{TEST}[1]",)),
            GREEN,
            Verdict.UNDECIDED,
            "left out by the project's own",
            id="48-deselected",
        ),
        pytest.param(
            run(uncollected=(Uncollected(FILE, NO_YAML),)),
            run(),
            Verdict.UNDECIDED,
            "could not be collected with the fix: ModuleNotFoundError: No module named 'yaml'",
            id="not-collected-with-the-fix",
        ),
        pytest.param(
            run(end=End.NOT_STARTED, detail="bad option"),
            run(),
            Verdict.UNDECIDED,
            "the run with the fix could not start: bad option",
            id="not-started-with-the-fix",
        ),
        pytest.param(
            run(end=End.CRASHED, detail="exit 0"), run(), Verdict.UNDECIDED, "with the fix died: exit 0", id="os-exit"
        ),
        pytest.param(
            GREEN,
            run(Case(TEST, Outcome.SKIPPED, reason="old tree")),
            Verdict.UNDECIDED,
            "does not judge without the fix: skipped: old tree",
            id="skips-itself",
        ),
        pytest.param(
            GREEN, run(Case(TEST, Outcome.FAILED)), Verdict.UNDECIDED, "nothing is known of how", id="no-exception"
        ),
        pytest.param(
            run(passed(**UNUSED)),
            run(failed(**UNUSED)),
            Verdict.UNDECIDED,
            f"ran nothing of {SOURCE}",
            id="uses-nothing",
        ),
        pytest.param(
            run(passed(**UNUSED)),
            run(failed(**UNUSED, read=(SOURCE,))),
            Verdict.UNDECIDED,
            "reads the source as text",
            id="greps-the-source",
        ),
        pytest.param(
            GREEN,
            run(failed(read=(SOURCE,))),
            Verdict.UNDECIDED,
            "reads the source as text",
            id="runs-the-source-and-greps-it",
        ),
        pytest.param(
            GREEN,
            run(failed(how=raised("KeyError", "", IN_SOURCE), read=(SOURCE,))),
            Verdict.PROVEN,
            "1 of 1 case",
            id="reads-the-source-and-sees-it-crash",
        ),
        pytest.param(
            run(passed(**UNUSED, started_process=True)),
            run(failed(**UNUSED)),
            Verdict.UNDECIDED,
            "starts a process that gave no sign",
            id="silent-process",
        ),
        pytest.param(
            run(Case(TEST, Outcome.FAILED), end=End.CRASHED, running=TEST, detail="exit status 0"),
            run(Case(TEST, Outcome.FAILED), end=End.CRASHED, running=TEST),
            Verdict.UNDECIDED,
            "the run with the fix died: exit status 0",
            id="os-exit-in-the-test",
        ),
        pytest.param(
            GREEN,
            run(Case(TEST, Outcome.FAILED), end=End.TIMEOUT, running=TEST, duration_s=30.0),
            Verdict.UNDECIDED,
            "hangs without the fix: did not come to an end in 30 s",
            id="12-hang-in-the-test",
        ),
        pytest.param(
            GREEN, run(failed(), loaded=LEAK), Verdict.UNDECIDED, "was loaded from /venv", id="42-leak-without-the-fix"
        ),
        pytest.param(
            run(passed(), loaded=LEAK), run(failed()), Verdict.UNDECIDED, "was loaded from", id="42-leak-with-the-fix"
        ),
        pytest.param(GREEN, run(passed(), loaded=LEAK), Verdict.UNDECIDED, "was loaded from", id="42-leak-and-green"),
    ],
)
def test_what_falls_short_of_a_proof_is_called_what_it_is(
    after: TestRun, before: TestRun, verdict: Verdict, words: str
) -> None:
    """Each way to fall short has its verdict and its own words, and says what to do next."""
    proof = judged(after, before)
    assert proof.verdict is verdict, proof.reason
    assert words in proof.reason
    assert bool(proof.next) is (verdict is not Verdict.PROVEN)


def test_tests_that_do_not_need_the_fix_are_named() -> None:
    """One red case proves; the verdict says how many of how many, and which are idle."""
    after = run(passed(), passed(OTHER), passed(f"{FILE}::test_third"))
    before = run(failed(), passed(OTHER), passed(f"{FILE}::test_third"))
    proof = judged(after, before, mapped(), mapped(OTHER))
    assert proof.verdict is Verdict.PROVEN
    assert proof.reason == f"1 of 2 cases red without the fix and green with it; not in need of it: {OTHER}"
    assert one(OTHER, proof).reason == "passes without the fix too"
    assert not one(OTHER, proof).counts
    assert len(proof.tests) == 2, "a test that the fix did not touch and that does not flip is no news"


THIRD = f"{FILE}::test_third"
HOW_TO_FAIL = (
    "make it fail on 88d0e12^ (bugguard prove 88d0e12 --keep leaves you that tree); "
    "if the bug shows only on another Python or platform, a receipt of that CI leg settles it"
)
BY_HAND = f"make it run: pytest {TEST}"


@pytest.mark.parametrize(
    ("after", "before", "more", "reason", "then"),
    [
        pytest.param(
            run(passed(), passed(OTHER), passed(THIRD)),
            run(failed(), passed(OTHER), passed(THIRD)),
            {},
            f"1 of 3 cases red without the fix and green with it; not in need of it: {OTHER} and 1 more",
            "",
            id="idle",
        ),
        pytest.param(
            GREEN,
            run(failed()),
            {"changed_now": tuple(f"src/{number}.py" for number in range(31))},
            "1 of 1 case red without the fix and green with it; a broad change, not one bug",
            "",
            id="broad",
        ),
        pytest.param(
            GREEN,
            run(failed()),
            {"changed_now": tuple(f"src/{number}.py" for number in range(30)), "settings_changed": ("a", "b", "c")},
            "1 of 1 case red without the fix and green with it; a, b and c changed with it",
            "",
            id="settings",
        ),
        pytest.param(
            GREEN,
            GREEN,
            {},
            f"{TEST} passes without the fix too",
            HOW_TO_FAIL,
            id="idle-alone",
        ),
        pytest.param(
            run(passed(**UNUSED), passed(OTHER, **UNUSED)),
            run(passed(**UNUSED), passed(OTHER, **UNUSED)),
            {},
            f"{OTHER} and 1 more pass without the fix too, and run nothing of {SOURCE}",
            HOW_TO_FAIL,
            id="idle-and-apart",
        ),
        pytest.param(
            run(passed(**UNUSED), passed(OTHER, **UNUSED), loaded=()),
            run(passed(**UNUSED), passed(OTHER, **UNUSED), loaded=()),
            {},
            f"{OTHER} and 1 more pass without the fix too, and never load {SOURCE}",
            HOW_TO_FAIL,
            id="never-loaded",
        ),
        pytest.param(
            run(passed(**UNUSED), loaded=()),
            run(passed(**UNUSED), loaded=()),
            {"changed": ()},
            f"{TEST} passes without the fix too",
            HOW_TO_FAIL,
            id="only-new-files",
        ),
        pytest.param(
            run(uncollected=(Uncollected(FILE, None),)),
            run(),
            {},
            f"{FILE} could not be collected with the fix: pytest could not read it",
            BY_HAND,
            id="unreadable",
        ),
        pytest.param(
            run(deselected=(TEST,)),
            run(),
            {},
            f"{TEST} is left out by the project's own options (-m, -k or --deselect)",
            "let them take it in, or name another test in a trailer: Regression-Test: NODEID",
            id="deselected",
        ),
        pytest.param(run(end=End.CRASHED), run(), {}, "the run with the fix died", BY_HAND, id="died-in-silence"),
        pytest.param(
            run(end=End.NOT_STARTED, raised=NO_YAML),
            run(),
            {},
            "the run with the fix could not start: No module named 'yaml'",
            BY_HAND,
            id="not-started",
        ),
        pytest.param(
            run(failed(how=NO_YAML, phase="setup")),
            run(),
            {},
            f"{TEST} does not come past its set-up with the fix: ModuleNotFoundError: No module named 'yaml'",
            BY_HAND,
            id="set-up",
        ),
        pytest.param(
            run(Case(TEST, Outcome.SKIPPED)),
            run(),
            {},
            f"{TEST} was skipped with the fix",
            "prove it where it runs: another Python, platform or environment",
            id="skipped",
        ),
        pytest.param(
            run(failed()), GREEN, {}, f"{TEST} fails with the fix in place", f"pytest {TEST}", id="red-with-the-fix"
        ),
        pytest.param(
            run(passed(), loaded=LEAK),
            GREEN,
            {},
            f"{SOURCE} was loaded from /venv/site-packages/shop/pager.py, not from the tree that was to be tested",
            "uninstall that copy, or put the source first: pythonpath in pytest's settings, or pip install -e .",
            id="leak",
        ),
    ],
)
def test_a_reason_says_what_was_seen_to_the_letter(
    after: TestRun, before: TestRun, more: dict[str, Any], reason: str, then: str
) -> None:
    """And the next action is one that can be typed."""
    tests = tuple(mapped(case.nodeid) for case in after.cases) or (mapped(),)
    proof = judged(after, before, *tests, **more)
    assert (proof.reason, proof.next) == (reason, then)


def test_tests_that_came_too_late_are_told_from_a_broken_fix() -> None:
    """Later tests may ask for what a later commit brought."""
    proof = judged(run(failed()), GREEN, tests_are_later=True)
    assert (proof.verdict, TEST in proof.reason) == (Verdict.UNDECIDED, True)
    assert proof.reason != judged(run(failed()), GREEN).reason


@pytest.mark.parametrize(
    ("after", "before", "test", "more", "stands"),
    [
        pytest.param(passed(), failed(), mapped(reason="why"), {}, (True, "why"), id="proof"),
        pytest.param(passed(), failed(), mapped(), {"again": None}, (False, "undecided: no proof"), id="in-doubt"),
        pytest.param(passed(), failed(), mapped(OTHER), {}, (True, ""), id="beside-those-that-are-meant"),
        pytest.param(
            passed(), failed(), mapped(counts=False, reason="is empty"), {}, (True, ""), id="proof-by-one-that-may-not"
        ),
        pytest.param(
            passed(), passed(), mapped(counts=False, reason="is empty"), {}, (False, "is empty"), id="one-that-may-not"
        ),
        pytest.param(
            Case(TEST, Outcome.SKIPPED), failed(), mapped(), {}, (False, "skipped with the fix"), id="not-green"
        ),
        pytest.param(passed(), passed(), mapped(), {}, (False, "passes without the fix too"), id="idle"),
        pytest.param(
            passed(), failed(how=NEW_NAME), mapped(), {}, (True, "red only because the API is new"), id="new-api"
        ),
        pytest.param(
            passed(),
            Case(TEST, Outcome.SKIPPED),
            mapped(),
            {},
            (False, "did not judge without the fix"),
            id="did-not-judge",
        ),
    ],
)
def test_each_case_tells_what_it_stands_for(
    after: Case, before: Case, test: MappedTest, more: dict[str, Any], stands: tuple[bool, str]
) -> None:
    """Whether it guards the fix after what was seen, and why not: that is what others lean on."""
    row = one(TEST, judged(run(after), run(before), test, **more))
    assert (row.counts, row.reason, row.after, row.before) == (*stands, after.outcome, before.outcome)


@pytest.mark.parametrize(
    ("seen", "targets", "expected"),
    [
        pytest.param(run(failed()), (TEST,), True, id="red"),
        pytest.param(run(failed(f"{TEST}[1]"), failed(f"{TEST}[2]")), (TEST,), True, id="all-of-its-cases"),
        pytest.param(run(failed(f"{TEST}[1]"), passed(f"{TEST}[2]")), (TEST,), False, id="a-case-is-green"),
        pytest.param(run(failed()), (TEST, OTHER), False, id="one-did-not-run"),
        pytest.param(run(failed(how=None), end=End.CRASHED, running=TEST), (TEST,), False, id="cut-off"),
    ],
)
def test_all_is_red_where_all_came_to_run_and_failed(seen: TestRun, targets: tuple[str, ...], expected: bool) -> None:
    """What did not come to its end has not failed."""
    assert is_all_red(seen, targets) is expected


def test_a_row_tells_how_it_was_red_also_where_nothing_of_it_ran() -> None:
    """A test that passes with the fix and cannot be collected without it; one that failed with it tells nothing."""
    row = one(TEST, judged(GREEN, run(uncollected=(Uncollected(FILE, NO_YAML),))))
    assert (row.before, row.red is not None) == (None, True)
    assert one(TEST, judged(run(failed()), run())).red is None


def test_a_red_that_comes_and_goes_is_told_before_other_doubts() -> None:
    """Nothing else can be found out until it is steady."""
    after, before = (
        run(passed(), passed(OTHER)),
        run(failed(), failed(OTHER, raised("AssertionError", "assert 1 == 2"))),
    )
    proof = judged(after, before, mapped(), mapped(OTHER), again=run(passed()))
    assert proof.verdict is Verdict.UNSTABLE


def test_a_red_that_comes_and_goes_is_unstable() -> None:
    """Both runs are told; so is how to find out."""
    proof = judged(GREEN, run(failed()), again=run(passed()))
    assert proof.verdict is Verdict.UNSTABLE
    assert "assert 0 == 10" in proof.reason
    assert "passed the next time" in proof.reason
    assert proof.next.endswith("bugguard hunt tests/test_pager.py::test_last")


@pytest.mark.parametrize("again", [None, run(), run(failed(how=NO_YAML)), run(end=End.TIMEOUT)])
def test_a_red_that_was_not_repeated_is_no_proof(again: TestRun | None) -> None:
    """Nothing is proven by one run alone, nor by a repeat that says nothing."""
    proof = judged(GREEN, run(failed()), again=again)
    assert proof.verdict is Verdict.UNDECIDED
    assert "not repeated" in proof.reason


@pytest.mark.parametrize(
    ("control", "verdict"),
    [
        (run(passed()), Verdict.PROVEN),
        (run(failed()), Verdict.UNDECIDED),
        (run(), Verdict.UNDECIDED),
        (run(passed(), loaded=LEAK), Verdict.UNDECIDED),
    ],
)
def test_a_session_of_the_user_is_no_proof_without_a_green_scratch_tree(control: TestRun, verdict: Verdict) -> None:
    """Red in a scratch tree may be the scratch tree's doing: with the fix it has to be green there."""
    after = run(passed(**UNUSED), loaded=())
    assert judged(after, run(failed()), control=control, in_session=True).verdict is verdict


@pytest.mark.parametrize(
    ("control", "verdict"),
    [
        (None, Verdict.PROVEN),
        (run(passed()), Verdict.PROVEN),
        (run(failed()), Verdict.UNSTABLE),
        (run(), Verdict.UNSTABLE),
    ],
)
def test_a_green_that_does_not_come_again_is_no_proof(control: TestRun | None, verdict: Verdict) -> None:
    """Where a run with the fix at the end is red, the order of the runs may have made the difference."""
    proof = judged(GREEN, run(failed()), control=control)
    assert proof.verdict is verdict
    assert verdict is Verdict.PROVEN or "left outside of its tree" in proof.reason


@pytest.mark.parametrize(
    ("before", "may"),
    [
        (run(failed()), False),
        (run(failed(), reached_out=True), True),
        (run(failed(started_process=True)), True),
        (run(failed(), passed(f"{FILE}::test_other", started_process=True)), False),
    ],
)
def test_what_a_run_leaves_may_turn_the_next(before: TestRun, *, may: bool) -> None:
    """Only then the test is worth one more run with the fix."""
    assert may_leave_state(GREEN, before, (TEST,)) is may


def test_a_fix_that_only_adds_files_is_proven_by_what_ran_with_it() -> None:
    """Without the fix nothing of it is there to be run."""
    after, before = GREEN, run(failed(**UNUSED), loaded=())
    assert judged(after, before, changed=()).verdict is Verdict.PROVEN
    assert judged(after, before).verdict is Verdict.UNDECIDED, "what is there without the fix has to be used"


def test_the_package_around_it_is_not_what_the_fix_changed() -> None:
    """That it came from the tree shows where the source was taken from, and nothing more."""
    package = "src/shop/__init__.py"
    after = run(passed(executed=(package,)), loaded=(Loaded(package),))
    before = run(failed(executed=(package,)), loaded=(Loaded(package),))
    assert judged(after, before).verdict is Verdict.UNDECIDED
    assert f"never loads {SOURCE}" in judged(after, after).reason


def test_data_takes_effect_as_it_is_loaded() -> None:
    """A test of a constant runs no line of the file; it was loaded, and only its data changed."""
    after, before = run(passed(**UNUSED)), run(failed(**UNUSED))
    data = Novelty(at_load=frozenset({SOURCE}))
    assert judged(after, before, novelty=data).verdict is Verdict.PROVEN
    greps = run(failed(**UNUSED, read=(SOURCE,)))
    assert judged(after, greps, novelty=data).verdict is Verdict.UNDECIDED, "reading the source is no use of it"


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        pytest.param("build", Verdict.PROVEN, id="that-the-fix-changed"),
        pytest.param("spare", Verdict.UNDECIDED, id="that-it-did-not"),
    ],
)
def test_a_function_may_take_effect_as_files_are_loaded(function: str, verdict: Verdict) -> None:
    """A test of what it has made then runs no line of it."""
    after, before = run(passed(**UNUSED)), run(failed(**UNUSED), began=(Began(SOURCE, function),))
    changed = Novelty(functions=frozenset({(SOURCE, "build")}))
    assert judged(after, before, novelty=changed).verdict is verdict


def test_who_ran_nothing_of_the_source_is_looked_at_once_more() -> None:
    """Not where it is known what ran, and not whom the other run has seen run something."""
    after = run(passed(**UNUSED), passed(OTHER))
    before = run(failed(**UNUSED), failed(OTHER, **UNUSED))
    assert to_look_at(after, before, (TEST, OTHER)) == (TEST,)
    assert to_look_at(after, replace(before, began=(Began(SOURCE, "build"),)), (TEST, OTHER)) == ()


def test_parameters_are_judged_one_by_one() -> None:
    """A row that was added proves the fix; the rows beside it do not need it."""
    after = run(passed(f"{TEST}[even]"), passed(f"{TEST}[a::b[1]]"))
    before = run(passed(f"{TEST}[even]"), failed(f"{TEST}[a::b[1]]"))
    proof = judged(after, before, mapped(how=How.CASES_ADDED))
    assert proof.verdict is Verdict.PROVEN
    assert [(test.nodeid, test.counts) for test in proof.tests] == [
        (f"{TEST}[a::b[1]]", True),
        (f"{TEST}[even]", False),
    ]


@pytest.mark.parametrize(
    ("theirs", "ids"),
    [
        pytest.param(("10:31:00", "10:31:01"), [f"{TEST}[09:00:00]", f"{TEST}[09:00:01]"], id="by-place"),
        pytest.param(("10:31:00",), [TEST], id="the-whole-test"),
    ],
)
def test_ids_that_change_from_run_to_run_are_matched_all_the_same(theirs: tuple[str, ...], ids: list[str]) -> None:
    """By place among the cases of the test where there are as many, else the test as a whole."""
    after = run(passed(f"{TEST}[09:00:00]"), passed(f"{TEST}[09:00:01]"))
    before = run(*(failed(f"{TEST}[{name}]") for name in theirs))
    again = run(*(failed(f"{TEST}[1{name}]") for name in theirs))
    proof = judged(after, before, again=again)
    assert proof.verdict is Verdict.PROVEN
    assert [test.nodeid for test in proof.tests] == ids
    assert to_repeat(after, before) == (TEST,)


def test_a_case_that_is_only_there_with_the_fix_is_not_red() -> None:
    """Missing is neither red nor green."""
    proof = judged(run(passed(f"{TEST}[1]"), passed(f"{TEST}[2]")), run(passed(f"{TEST}[1]")))
    assert proof.verdict is Verdict.UNDECIDED
    assert f"{TEST}[2] did not run without the fix: there is no such case" in proof.reason


def test_a_test_that_flips_though_its_text_is_the_same_proves_too() -> None:
    """A constant or a conftest may have changed beside it; it is listed as such."""
    proof = judged(run(passed(), passed(OTHER)), run(passed(), failed(OTHER)))
    assert proof.verdict is Verdict.PROVEN
    assert one(OTHER, proof).change is How.HELPER_CHANGED


def test_a_crash_of_a_test_that_the_fix_did_not_touch_is_no_proof_by_itself() -> None:
    """The old source may not fit the data or the conftest that came with the fix."""
    crash = raised("KeyError", "'size'", IN_TEST, IN_SOURCE)
    proof = judged(run(passed(), passed(OTHER)), run(passed(), failed(OTHER, crash)))
    assert proof.verdict is Verdict.UNDECIDED
    assert "which did not touch it (KeyError: 'size')" in proof.reason
    assert judged(run(passed(), passed(OTHER)), run(failed(), failed(OTHER, crash))).verdict is Verdict.PROVEN


def test_a_test_that_asserts_nothing_proves_a_crash() -> None:
    """What counts after a run is what the run showed."""
    idle = mapped(counts=False, reason="asserts nothing")
    crash = run(failed(how=raised("KeyError", "", IN_TEST, IN_SOURCE)))
    assert judged(GREEN, crash, idle).verdict is Verdict.PROVEN
    proof = judged(GREEN, GREEN, idle)
    assert (proof.verdict, proof.reason) == (
        Verdict.UNGUARDED,
        f"its test does not count: {TEST} asserts nothing",
    )


def test_a_fix_without_a_test_is_unguarded() -> None:
    """Nothing was mapped: nothing is claimed."""
    assert judge(replace(trial(GREEN, GREEN), tests=())).verdict is Verdict.UNGUARDED


def test_what_is_known_of_a_test_is_told_with_its_proof() -> None:
    """That it was linked, or that its known bug is gone, stays with the row."""
    proof = judged(GREEN, run(failed()), mapped(how=How.LINKED, reason="names #12"))
    assert one(TEST, proof).reason == "names #12"


@pytest.mark.parametrize(("flips", "files", "is_broad"), [(50, 1, False), (51, 1, True), (1, 31, True)])
def test_a_broad_change_is_proven_and_called_so(flips: int, files: int, is_broad: bool) -> None:
    """More than fifty flips, or more than thirty files, are not about one bug."""
    ids = [f"{TEST}[{number}]" for number in range(flips)]
    changed = (SOURCE, *(f"src/shop/{number}.py" for number in range(1, files)))
    proof = judged(run(*map(passed, ids)), run(*map(failed, ids)), changed=changed)
    assert proof.verdict is Verdict.PROVEN
    assert ("broad change" in proof.reason) is is_broad


def test_what_flipped_is_to_be_repeated() -> None:
    """Only what passed with the fix and failed without it is run again."""
    after = run(passed(), passed(OTHER), failed(f"{FILE}::test_bad"))
    before = run(failed(), passed(OTHER), failed(f"{FILE}::test_bad"))
    assert to_repeat(after, before) == (TEST,)


def test_what_a_dead_run_did_not_come_to_is_run_by_itself() -> None:
    """A test that hangs or kills the run leaves the others without a turn."""
    after = run(passed(), passed(OTHER), failed(f"{FILE}::test_bad"))
    before = run(Case(OTHER, Outcome.FAILED), end=End.TIMEOUT, running=OTHER)
    assert unreached(after, before) == (TEST,)
    assert unreached(after, run(passed(OTHER))) == ()
    whole = before.continued_by(run(failed()))
    assert judged(after, whole).verdict is Verdict.PROVEN
    assert to_repeat(after, whole) == (TEST,)


@pytest.mark.parametrize(
    ("tests", "reds"),
    [
        pytest.param((), (TEST, OTHER), id="none-mapped"),
        pytest.param((mapped(),), (TEST,), id="one-mapped"),
        pytest.param((mapped(f"{FILE}::test_else"),), (), id="another-mapped"),
    ],
)
def test_what_is_red_with_the_fix_is_asked_again(tests: tuple[MappedTest, ...], reds: tuple[str, ...]) -> None:
    """Of the tests that came to judge it; of all, where none is known."""
    after = run(failed(), failed(OTHER), passed(f"{FILE}::test_third"))
    assert red_with_fix(tests, after) == reds


IDS = st.sampled_from([TEST, OTHER, f"{TEST}[1]", f"{TEST}[2::x]", "tests/test_b.py::test_x", "", "::", "[", "a::b["])
FRAMES = st.sampled_from([IN_TEST, IN_SOURCE, Frame("x.py", 0, "", is_inside=False)])
NAMES = st.sampled_from(["AssertionError", "Failed", "KeyError", "TypeError", "ModuleNotFoundError", "a.B", "."])
MESSAGES = st.sampled_from(["", "a\nb", "f() takes 1", "No module named 'x'", "first_page() takes 2", "\x00\udc80"])


def raisings(inner: st.SearchStrategy[Raised] | None = None) -> st.SearchStrategy[Raised]:
    """Exceptions of every shape."""
    deeper = inner if inner is not None else st.nothing()
    return st.builds(
        lambda name, message, frames, missing, owner, cause, group: raised(
            name, message, *frames, missing=missing, owner=owner, cause=cause, inner=tuple(group)
        ),
        NAMES,
        MESSAGES,
        st.lists(FRAMES, max_size=3),
        st.sampled_from(["", "first_page", "x"]),
        st.sampled_from(["", "shop.pager", "builtins.NoneType"]),
        st.none() | deeper,
        st.lists(deeper, max_size=2) if inner is not None else st.just([]),
    )


def made(
    kind: Callable[..., Any], *parts: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """``st.builds`` without a look at the annotations, which name what is imported for the type checker alone."""

    def make(*given: object, **said: object) -> object:
        return kind(*given, **said)

    return st.builds(make, *parts, **named)


EXCEPTIONS = raisings(raisings())
FILES = st.sampled_from([(), (SOURCE,)])
CASES = made(
    Case,
    IDS,
    st.sampled_from(Outcome),
    phase=st.sampled_from(["setup", "call", "teardown"]),
    raised=st.none() | EXCEPTIONS,
    executed=FILES,
    read=FILES,
    started_process=st.booleans(),
    subtests=st.lists(st.tuples(st.just("n=1"), EXCEPTIONS), max_size=1).map(tuple),
)
RUNS = made(
    TestRun,
    st.sampled_from([End.FINISHED, *End]),
    st.lists(CASES, max_size=5).map(tuple),
    uncollected=st.lists(made(Uncollected, st.just(FILE), st.none() | EXCEPTIONS), max_size=1).map(tuple),
    deselected=st.lists(IDS, max_size=1).map(tuple),
    loaded=st.sampled_from([LOADED, LOADED, (), LEAK]),
    running=IDS,
    raised=st.none() | EXCEPTIONS,
)
TRIALS = made(
    Trial,
    fix=st.just("88d0e12"),
    tests=st.lists(made(MappedTest, IDS, st.sampled_from(How), st.booleans()), max_size=3).map(tuple),
    after=RUNS,
    before=RUNS,
    again=st.none() | RUNS,
    veiled=st.none() | RUNS,
    control=st.none() | RUNS,
    novelty=st.just(Novelty(names=frozenset({"first_page"}), at_load=frozenset({SOURCE}))),
    changed=FILES,
    changed_now=FILES,
    is_source=st.just(is_source),
)


@given(TRIALS)
def test_every_trial_comes_to_a_verdict_with_a_reason(tried: Trial) -> None:
    """Whatever the runs look like, there is a verdict, why, and what to do; the rows are in order."""
    proof = judge(tried)
    assert proof.reason
    assert proof.next or proof.verdict is Verdict.PROVEN
    ids = [test.nodeid for test in proof.tests]
    assert ids == sorted(ids)


@given(TRIALS)
def test_nothing_is_proven_without_evidence(tried: Trial) -> None:
    """A proof has a case that passed with the fix, was red over behaviour twice without it, and no run leaked."""
    proof = judge(tried)
    if proof.verdict is not Verdict.PROVEN:
        return
    assert not tried.leaks
    assert tried.again is not None
    red = [test for test in proof.tests if test.counts and test.red is not None and test.red.kind in BEHAVIOUR]
    assert any(test.before is Outcome.FAILED and test.after is Outcome.PASSED for test in red)
    assert any(case.outcome is Outcome.FAILED for case in tried.again.cases)
    used = [case for one in (tried.after, tried.before, tried.again, tried.control) if one for case in one.cases]
    assert any(case.executed for case in used) or SOURCE in {file.path for file in tried.before.loaded}


@given(st.lists(CASES, max_size=4, unique_by=lambda case: case.nodeid), st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(cases: list[Case], shuffle: object) -> None:
    """Cases are known by their ids, in whatever order they ran."""
    after = run(*(passed(case.nodeid) for case in cases))
    shuffled = list(cases)
    shuffle.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    tests = tuple(mapped(case.nodeid) for case in cases)
    assert judged(after, run(*cases), *tests) == judged(after, run(*shuffled), *tests)
