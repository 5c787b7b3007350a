"""How a failed test is run again, when that ends, and what it shows."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core import reruns
from pytest_bugguard.core.kinds import Count
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Failure
from pytest_bugguard.core.replays import Replay, Replayed
from pytest_bugguard.core.reruns import Failed, Seen, Way, judge, next_way, sorted_out
from pytest_bugguard.core.runs import Case, End, TestRun
from pytest_bugguard.journeys.reruns import Limits, rerun

if TYPE_CHECKING:
    from collections.abc import Callable

PASSED, FAILED = Outcome.PASSED, Outcome.FAILED


class Acted:
    """A replayer whose tests are acted: a test is a function of whether others ran before it."""

    def __init__(self, passes: Callable[[bool], bool | None]) -> None:
        self._passes = passes
        self.asked: list[int] = []

    def replay(self, asked: Replay) -> Replayed:
        self.asked.append(len(asked.tests))
        passes = self._passes(len(asked.tests) > 1)
        last = asked.tests[-1]
        cases = () if passes is None else (Case(last, PASSED if passes else FAILED),)
        return Replayed(asked, TestRun(End.FINISHED, cases))

    def stop(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("before", "alone", "after", "verdict", "asked"),
    [
        pytest.param(False, "FFF", "", "failing", [1, 1, 1], id="first-and-broken"),
        pytest.param(False, "P", "", "flaky", [1], id="first-and-passes"),
        pytest.param(False, "FFP", "", "flaky", [1, 1, 1], id="first-and-passes-late"),
        pytest.param(True, "FFF", "F", "failing", [1, 1, 1, 3], id="broken-every-way"),
        pytest.param(True, "FP", "", "flaky", [1, 1], id="both-alone"),
        pytest.param(True, "P", "P", "flaky", [1, 3], id="passes-as-it-failed"),
        pytest.param(True, "PPP", "FFF", "order-dependent", [1, 3, 3, 3, 1, 1], id="victim"),
        pytest.param(True, "P", "FFP", "flaky", [1, 3, 3, 3], id="noisy-victim"),
        pytest.param(True, "PF", "FFF", "flaky", [1, 3, 3, 3, 1], id="both-alone-late"),
        pytest.param(True, "FFF", "PPP", "order-dependent", [1, 1, 1, 3, 3, 3], id="brittle"),
        pytest.param(True, "FFF", "PF", "flaky", [1, 1, 1, 3, 3], id="brittle-or-not"),
        pytest.param(True, "FFF", "--", "undecided", [1, 1, 1, 3, 3], id="cannot-run-in-its-order"),
        pytest.param(True, "P", "--", "undecided", [1, 3, 3], id="cannot-run-in-its-order-passes"),
        pytest.param(False, "--", "", "undecided", [1, 1], id="gone"),
    ],
)
def test_a_failed_test_is_told_apart(before: bool, alone: str, after: str, verdict: str, asked: list[int]) -> None:
    """In as few processes as show it."""
    acts = {False: iter(alone), True: iter(after)}
    acted = Acted(lambda is_after: {"P": True, "F": False, "-": None}[next(acts[is_after])])
    failed = Failed("a::t", ("a::x", "a::y") if before else ())
    (told,) = rerun([failed], acted, Limits(3), tell=lambda *_: None)
    assert (told.verdict, acted.asked) == (verdict, asked)
    assert ("run again" in told.reason) == ("-" in alone + after)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        pytest.param(Seen(True, Count(0, 3), Count(0, 1)),
                     "failed again 3 of 3 times alone and 1 of 1 times after what ran before it "
                     "(95 %: passes in less than 53 % of runs)", id="failing"),
        pytest.param(Seen(True, Count(3, 0), Count(0, 3)),
                     "passed 3 of 3 times alone, and failed 3 of 3 times after what ran before it "
                     "(by luck in 1.6 % of cases at most)", id="victim"),
        pytest.param(Seen(True, Count(2, 0), Count(0, 2)),
                     "passed 2 of 2 times alone, and failed 2 of 2 times after what ran before it", id="too-few"),
        pytest.param(Seen(True, Count(1, 0), Count(1, 0)), "failed 1 of 3 times on the same code", id="flaky"),
    ],
)  # fmt: skip
def test_the_reason_says_what_was_seen_and_how_sure_that_is(seen: Seen, reason: str) -> None:
    """Counts first; a bound where there is one."""
    assert judge(seen)[1] == reason


@pytest.mark.parametrize(
    ("took_s", "time_s", "asked", "reason"),
    [
        pytest.param(50, 40, [1, 1, 1], "failed again 3 of 3 times alone; after what ran before it, it did not come to "
                     "run again: that takes 50 s, more than is left of flaky.reruns-seconds", id="whole-suite"),
        pytest.param(1, 2, [1, 1], "did not come to run again: the time for it is over", id="over"),
        pytest.param(1, 40, [1, 1, 1, 3], "failed again 3 of 3 times alone and 1 of 1 times after", id="enough"),
    ],
)  # fmt: skip
def test_the_reruns_keep_to_their_time(took_s: float, time_s: float, asked: list[int], reason: str) -> None:
    """What ran before a test may be the whole suite: then it is said that it was not run again."""
    acted, ticks = Acted(lambda _: False), iter(range(100))
    limits = Limits(3, until=time_s, now=lambda: next(ticks))
    (told,) = rerun([Failed("a::t", ("a::x", "a::y"), took_s)], acted, limits, tell=lambda *_: None)
    assert acted.asked == asked
    assert reason in told.reason


@given(st.integers(1, 8), st.booleans(), st.floats(0, 1), st.floats(0, 1), st.integers())
def test_the_rule_comes_to_an_end(times: int, has_before: bool, alone: float, after: float, seed: int) -> None:
    """Within the reruns of each way; and it never calls flaky what only ever failed, or failing what ever passed."""
    chance, seen, asked = random.Random(seed), Seen(has_before), []
    while (way := next_way(seen, times)) is not None:
        asked.append(way)
        rate = alone if way is Way.ALONE else after
        seen = seen.also(way, FAILED if chance.random() < rate else PASSED)
    assert max(asked.count(way) for way in Way) <= times
    has_passed = seen.alone.passed + seen.after.passed > 0
    assert (judge(seen)[0] is FlakeVerdict.FAILING) == (not has_passed)


def test_the_blame_of_order_keeps_its_error() -> None:
    """A test to which order does nothing is blamed on it in 5 % of cases at most, whatever its rate."""
    chance = random.Random(7)
    for rate in (0.2, 0.5, 0.8):
        blamed = 0
        for _ in range(4000):
            seen = Seen(has_before=True)
            while (way := next_way(seen, 3)) is not None:
                seen = seen.also(way, FAILED if chance.random() < rate else PASSED)
            blamed += judge(seen)[0] is FlakeVerdict.ORDER_DEPENDENT
        assert blamed / 4000 <= reruns.LUCK


def attempt(nodeid: str, place: int, outcome: Outcome, *, number: int = 1, worker: str = "") -> Attempt:
    failure = Failure("E", "", "") if outcome is FAILED else None
    return Attempt(nodeid, number, outcome, "call", 0.5, worker, failure, place)


@pytest.mark.parametrize(
    ("phase", "worker", "where"),
    [
        pytest.param("call", "gw0", "one process", id="within"),
        pytest.param("crash", "gw0", "several processes", id="after-a-crash"),
        pytest.param("call", "gw1", "several processes", id="by-another-worker"),
    ],
)
def test_where_another_plugin_repeated_it_is_told(phase: str, worker: str, where: str) -> None:
    """A process that died repeats nothing: pytest-rerunfailures goes on in a new one, under xdist."""
    first = replace(attempt("a::1", 1, FAILED, worker="gw0"), phase=phase)
    _, (told,) = sorted_out([first, attempt("a::1", 1, PASSED, worker=worker, number=2)], ())
    assert told.reason == f"failed 1 of 2 times in {where}, where another plugin repeats it"


@pytest.mark.parametrize(
    ("phases", "where"),
    [
        pytest.param(("call", "call", "crash"), "one process", id="nothing-came-after-it"),
        pytest.param(("call", "crash", "call"), "several processes", id="in-between"),
    ],
)
def test_only_a_crash_that_a_repeat_follows_makes_another_process(phases: tuple[str, ...], where: str) -> None:
    """The last one ends the last process."""
    tries = [
        replace(attempt("a::1", 1, FAILED, number=number), phase=phase) for number, phase in enumerate(phases, start=1)
    ]
    _, (told,) = sorted_out(tries, ())
    assert told.reason == f"failed 3 of 3 times in {where}, where another plugin repeats it"
    assert told.verdict is FlakeVerdict.UNDECIDED


def test_what_the_history_learns_repeats_what_the_run_did() -> None:
    """A test that depends on the order has passed alone since its order was changed: that is no evidence of chance."""
    alone, after = (
        Replayed(Replay(tests), TestRun(End.FINISHED, tuple(Case(one, ended) for one in tests)))
        for tests, ended in ((("a::t",), PASSED), (("a::x", "a::t"), FAILED))
    )
    processes = ((Way.ALONE, alone), (Way.AFTER, after))
    for verdict, outcomes in ((FlakeVerdict.FLAKY, [PASSED, FAILED]), (FlakeVerdict.ORDER_DEPENDENT, [FAILED])):
        told = reruns.Rerun(Failed("a::t", ("a::x",)), verdict, "", processes)
        assert [(one.nodeid, one.outcome) for one in told.attempts] == [("a::t", outcome) for outcome in outcomes]


ODD = "a.py::t[a b]"
QUARANTINE = f"bugguard flaky quarantine '{ODD}' --owner ... --reason ... --expires ..."


@pytest.mark.parametrize(
    ("verdict", "step"),
    [
        (FlakeVerdict.FLAKY, f"bugguard hunt '{ODD}' tells why; or quarantine it: {QUARANTINE}"),
        (FlakeVerdict.ORDER_DEPENDENT, f"bugguard hunt '{ODD}' tells why; or quarantine it: {QUARANTINE}"),
        (FlakeVerdict.FAILING, f"mend it, or what it tests: pytest '{ODD}'"),
        (FlakeVerdict.UNDECIDED, f"look at it by hand: pytest '{ODD}'"),
    ],
)
def test_each_verdict_of_the_reruns_has_its_next_step(verdict: FlakeVerdict, step: str) -> None:
    """With commands that a shell takes as they are printed."""
    assert reruns.next_of(ODD, verdict) == step


def test_what_ran_before_is_what_its_own_worker_ran() -> None:
    """In order; what another plugin has repeated is told by that, and what is spared is left."""
    attempts = [
        attempt("a::1", 1, PASSED, worker="gw0"),
        attempt("a::2", 1, FAILED, worker="gw1"),
        attempt("a::3", 2, FAILED, worker="gw0"),
        attempt("a::3", 2, PASSED, worker="gw0", number=2),
        attempt("a::4", 3, Outcome.SKIPPED, worker="gw0"),
        attempt("a::5", 4, FAILED, worker="gw0"),
        attempt("a::6", 2, FAILED, worker="gw1"),
        attempt("a::7", 3, FAILED, worker="gw1"),
        attempt("a::7", 3, FAILED, worker="gw1", number=2),
    ]
    failed, repeated = sorted_out(attempts, {"a::6"})
    how = attempts[1].failure
    assert failed == [Failed("a::2", (), 0.5, how), Failed("a::5", ("a::1", "a::3", "a::4"), 2.0, how)]
    assert [(one.failed.nodeid, one.verdict) for one in repeated] == [("a::3", "flaky"), ("a::7", "undecided")]
