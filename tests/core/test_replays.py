"""What came of tests that were run again: a process that ends is an outcome of the test that was running."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions, Home, Replay, Replayed, attempts_of, conditions_of
from pytest_bugguard.core.runs import Case, End, Raised, RunRequest, TestRun

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


HOME = Home("api", ("-q",), roots=("src", ""))
BUSY = Conditions(hash_seed=7, busy=4)
BESIDE = Conditions(beside=("api/b.py", "api/c.py"))
TESTS = ("api/c.py::z", "api/a.py::T::x[::]", "api/c.py::y")


@pytest.mark.parametrize(
    ("asked", "targets", "order"),
    [
        pytest.param(Replay(TESTS), ("api/c.py", "api/a.py"), TESTS, id="each-file-once"),
        pytest.param(Replay(TESTS[:2] * 2), ("api/c.py", "api/a.py"), TESTS[:2] * 2, id="each-test-twice"),
        pytest.param(Replay(TESTS[:1], BESIDE), ("api/c.py", "api/b.py"), TESTS[:1], id="beside-other-files"),
        pytest.param(Replay(TESTS[:1], BUSY, paths=("api/d.py",)), ("api/c.py",), TESTS[:1], id="tests-before-paths"),
        pytest.param(Replay((), paths=("api/d.py::w",)), ("api/d.py::w",), (), id="all-of-some-paths"),
        pytest.param(Replay(()), (), (), id="all"),
        pytest.param(Replay(TESTS, BESIDE, is_typed=True), TESTS, (), id="typed"),
    ],
)
def test_a_replay_collects_no_more_than_it_runs(
    asked: Replay, targets: tuple[str, ...], order: tuple[str, ...]
) -> None:
    """The files of its tests, in whose order pytest has no say; where they are typed, pytest alone orders them."""
    request = asked.request(HOME)
    assert (request.targets, request.order, request.names_tests) == (targets, order, asked.is_typed)


def test_a_replay_is_run_as_the_project_is() -> None:
    """In its folder, with its options, and with all that the replay itself asks for."""
    asked = Replay(TESTS[:1], BUSY, limit_s=9.0, watched=("src/shop.py",))
    assert asked.request(HOME) == RunRequest(
        ("api/c.py",), ("src/shop.py",), roots=("src", ""), folder="api", options=("-q",), limit_s=9.0,
        order=TESTS[:1], variables=(("PYTHONHASHSEED", "7"),), busy=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "conditions"),
    [
        pytest.param("", Conditions(), id="nothing"),
        pytest.param("seed=0", Conditions(hash_seed=0), id="seed-of-zero"),
        pytest.param("seed=random busy= zone=UTC", Conditions(time_zone="UTC"), id="no-numbers"),
        pytest.param("seed busy=4 moon=full zone=a=b", Conditions(time_zone="a=b", busy=4), id="unknown-words"),
        pytest.param("beside=a%20;b.py,,c%2c;.py", Conditions(beside=("a b.py", "c,.py")), id="odd-paths"),
        pytest.param("locale=C.UTF-8", Conditions(locale="C.UTF-8"), id="locale"),
    ],
)
def test_conditions_are_read_from_words(words: str, conditions: Conditions) -> None:
    """What another version, or nobody, has written is passed over."""
    assert conditions_of(words) == conditions


@pytest.mark.parametrize(
    ("conditions", "is_plain", "variables"),
    [
        pytest.param(Conditions(), True, (), id="nothing"),
        pytest.param(Conditions(hash_seed=0), True, (("PYTHONHASHSEED", "0"),), id="a-seed-is-there-anyway"),
        pytest.param(Conditions(time_zone="UTC", locale="C"), False, (("TZ", "UTC"), ("LC_ALL", "C")), id="place"),
        pytest.param(Conditions(locale="C"), False, (("LC_ALL", "C"),), id="locale"),
        pytest.param(Conditions(busy=1), False, (), id="busy"),
        pytest.param(Conditions(beside=("a.py",)), False, (), id="beside"),
    ],
)
def test_conditions_stand_in_the_environment(
    conditions: Conditions, variables: tuple[tuple[str, str], ...], *, is_plain: bool
) -> None:
    """What has no variable is done otherwise, and is no plain run either."""
    assert (conditions.is_plain, conditions.variables) == (is_plain, variables)


def test_a_test_that_was_given_no_time_has_not_failed() -> None:
    """One that hung stands for nothing where the time for all was over; one that failed by itself stays."""
    cases = (Case("t.py::a", Outcome.PASSED), Case("t.py::b", Outcome.FAILED, "call"))
    cut_off = Replayed(Replay(()), TestRun(End.TIMEOUT, cases, ("t.py::a", "t.py::b"), running="t.py::b"))
    assert cut_off.without_hang.run.cases == cases[:1]
    assert cut_off.without_hang.missing == {"t.py::b"}
    assert cut_off.outcomes("t.py::b") == (Outcome.FAILED,)
    died = Replayed(cut_off.asked, replace(cut_off.run, end=End.CRASHED))
    assert died.without_hang == died
    failed = Replayed(cut_off.asked, replace(cut_off.run, running="t.py::c"))
    assert failed.without_hang == failed


@pytest.mark.parametrize(
    ("end", "how", "kind"),
    [
        pytest.param(End.CRASHED, None, "crash", id="died"),
        pytest.param(End.TIMEOUT, None, "hang", id="hung"),
        pytest.param(End.FINISHED, None, "", id="nothing-is-known"),
        pytest.param(End.CRASHED, RAISED, "ValueError", id="failed-and-died"),
    ],
)
def test_what_stands_for_the_exception_tells_how_the_process_ended(end: End, how: Raised | None, kind: str) -> None:
    """By what its last words were; times are told to the microsecond."""
    case = Case("t.py::a", Outcome.FAILED, raised=how, duration_s=0.1234567, number=2)
    first, second = (
        attempts_of(TestRun(end, (case,), running="t.py::a", detail=detail))[0] for detail in ("SIGSEGV", "SIGABRT")
    )
    assert first.failure is not None
    assert (first.failure.kind, first.failure.place) == (kind, "")
    assert (first.duration_s, first.number) == (0.123457, 2)
    assert (first.failure == second.failure) == (kind not in {"crash", "hang"})
    (passed,) = attempts_of(TestRun(end, (replace(case, outcome=Outcome.PASSED),), running="t.py::a"))
    assert passed.failure is None
