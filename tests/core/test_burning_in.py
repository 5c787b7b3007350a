"""How a test is tried before it may guard a fix, and what that shows."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core import burning_in
from pytest_bugguard.core.burning_in import Burned
from pytest_bugguard.core.model import Files, How, MappedTest, Outcome, Record, Sign, Verdict
from pytest_bugguard.core.recorded_runs import Attempt, Failure
from pytest_bugguard.core.replays import Replay, Replayed
from pytest_bugguard.core.runs import Case, End, TestRun
from pytest_bugguard.journeys.burn_in import Limits, burn_in

if TYPE_CHECKING:
    from collections.abc import Sequence

NEW = ("tests/a.py::new[1]", "tests/a.py::new[2]")
RAN = ("tests/b.py::far", "tests/a.py::old", *NEW, "tests/a.py::last")


def record(verdict: Verdict = Verdict.GUARDED, *tests: str) -> Record:
    mapped = tuple(MappedTest(test, How.ADDED, counts=True, after=Outcome.PASSED) for test in tests or NEW)
    return Record("1c0ffee", (), "fix: it", 0, Sign("subject", "fix"), (), Files(("src/a.py",)), mapped,
                  verdict=verdict, reason="1 test came with it")  # fmt: skip


def attempt(nodeid: str, outcome: Outcome, number: int = 1) -> Attempt:
    failure = Failure("Gone", "src/a.py:3", "") if outcome is Outcome.FAILED else None
    return Attempt(nodeid, number, outcome, "call", 0.1, failure=failure)


@given(st.integers(1, 100))
def test_each_new_test_runs_so_often_in_all(runs: int) -> None:
    """Over at least five processes where that is possible, four times in one at most; its neighbours once."""
    orders = list(burning_in.orders_of(NEW, RAN, runs))
    counts = Counter(test for order in orders for test in order)
    assert [counts[test] for test in NEW] == [runs, runs]
    assert len(orders) >= min(runs, burning_in.PROCESSES)
    assert max(Counter(order)[NEW[0]] for order in orders) <= 4
    assert counts["tests/b.py::far"] == 0
    assert counts["tests/a.py::old"] == len(orders)


def test_what_only_the_beginning_of_a_process_shows_is_seen() -> None:
    """Each test function is the first of a process, so nothing that others leave can help it; and again in a row."""
    new = [*NEW, "tests/a.py::other", "tests/b.py::third"]
    orders = list(burning_in.orders_of(new, RAN, 20))
    assert [order[0] for order in orders[:3]] == [NEW[0], *new[2:]]
    for test in new:
        assert all(order[-3 * len(new) :].index(test) % 3 == 0 for order in orders)
        assert all(order.count(test) == 4 for order in orders)


@pytest.mark.parametrize(
    ("took_s", "share_s", "kept"),
    [
        pytest.param({}, 6.0, "n1 old n2 last n1 n1 n2 n2", id="nothing-known-costs-nothing"),
        pytest.param({"n1": 2.5}, 6.0, "n1 old n2 last n1 n2 n2", id="what-is-dear-is-repeated-less"),
        pytest.param({"n1": 9.0}, 6.0, "n1 n2", id="once-it-runs-in-any-case"),
        pytest.param({"old": 9.0}, 6.0, "n1 n2 last n1 n1 n2 n2", id="a-dear-neighbour-is-left-out"),
        pytest.param({"old": 6.0}, 6.0, "n1 old n2 last n1 n1 n2 n2", id="what-just-fits"),
        pytest.param({"old": 0.5}, 0.1, "n1 n2 last n1 n1 n2 n2", id="what-is-not-known-comes-before-what-is-dear"),
    ],
)
def test_a_dear_test_costs_a_cheap_one_no_run(took_s: dict[str, float], share_s: float, kept: str) -> None:
    """Of what does not fit, the dearest is left out; each new test runs once."""
    order = ["n1", "old", "n2", "last", "n1", "n1", "n2", "n2"]
    assert burning_in.fitting(order, ["n1", "n2"], took_s, share_s) == tuple(kept.split())


def test_the_last_process_is_left_to_chance() -> None:
    """And so is what comes behind the first: each of the others only says which one begins."""
    new = [f"tests/a.py::new{number}" for number in range(9)]
    orders = list(burning_in.orders_of(new, new, 20))
    assert [order[0] for order in orders[:4]] == new[:4]
    assert orders[4][0] != new[4]
    assert [order[1] for order in orders[:3]] != new[1:4]


def test_the_tests_of_a_class_run_among_those_of_their_file() -> None:
    """A neighbour is who stands in the same file, in whichever class."""
    new = ["tests/a.py::TestOne::new"]
    ran = ["tests/a.py::TestOther::old", *new, "tests/a.py::plain", "tests/b.py::TestOne::far"]
    assert {test for order in burning_in.orders_of(new, ran, 20) for test in order} == {*ran[:3]}


def test_every_other_process_keeps_files_whole() -> None:
    """As most runs do; the others throw all together, as a run with workers may."""
    new = [f"tests/{file}.py::new" for file in "abc"]
    ran = [*new, *(f"tests/{file}.py::old{number}" for file in "abc" for number in range(6))]
    orders = [order[1 : len(ran)] for order in burning_in.orders_of(new, ran, 20)]
    files = [[test.partition("::")[0] for test in order] for order in orders]
    changes = [sum(one != other for one, other in pairwise(order)) for order in files]
    assert [times <= 3 for times in changes] == [True, False, True, False, True]


def test_the_orders_differ_and_are_the_same_each_time() -> None:
    """Chance that nobody can repeat would be no evidence."""
    orders = list(burning_in.orders_of(NEW, RAN, 20))
    assert len(set(orders)) > 2
    assert orders == list(burning_in.orders_of(NEW, RAN, 20))


@pytest.mark.parametrize(
    ("runs", "excluded"), [(20, 14), (5, 45), (59, 5), (1, 95), (0, 100)]
)  # the rule of three, exactly
def test_so_many_clean_runs_exclude_so_much(runs: int, excluded: int) -> None:
    """At 95 %, and nothing below."""
    assert round(100 * Burned(runs).excluded) == excluded


@pytest.mark.parametrize(
    ("attempts", "reason"),
    [
        pytest.param([attempt(NEW[0], Outcome.FAILED)],
                     "failed in run 1 of its burn-in with Gone at src/a.py:3, as the first of its process", id="first"),
        pytest.param([attempt("x::y", Outcome.PASSED), attempt(NEW[0], Outcome.FAILED)],
                     "failed in run 1 of its burn-in with Gone at src/a.py:3, after x::y", id="after"),
        pytest.param([attempt(NEW[0], Outcome.PASSED), *2 * [attempt(NEW[0], Outcome.FAILED, 2)]], "failed in run 2 "
                     "of its burn-in with Gone at src/a.py:3, the second time in one process", id="twice"),
        pytest.param([attempt(NEW[0], Outcome.FAILED, 3)], "failed in run 1 of its burn-in with Gone at src/a.py:3, "
                     "the third time in one process", id="thrice"),
        pytest.param([attempt(NEW[0], Outcome.FAILED, 4)], "failed in run 1 of its burn-in with Gone at src/a.py:3, "
                     "the 4th time in one process", id="more-often"),
        pytest.param([replace(attempt(NEW[0], Outcome.FAILED), failure=None)],
                     "failed in run 1 of its burn-in, as the first of its process", id="nothing-is-known"),
    ],
)  # fmt: skip
def test_one_red_makes_a_fix_unstable(attempts: Sequence[Attempt], reason: str) -> None:
    """With what it ran after: that is where to look."""
    burned = burning_in.also(dict.fromkeys(NEW, Burned(0)), attempts)
    burned[NEW[1]] = Burned(20)
    said = burning_in.judged(record(), burned)
    assert (said.verdict, said.reason) == (Verdict.UNSTABLE, f"{NEW[0]} {reason}")
    assert said.next == f"mend the test: bugguard hunt '{NEW[0]}' tells what it depends on"
    assert burning_in.judged(record(Verdict.PROVEN), burned).verdict is Verdict.UNSTABLE
    for other in (Verdict.UNGUARDED, Verdict.WAIVED):
        assert burning_in.judged(record(other), burned) == record(other)
    assert burning_in.judged(record(Verdict.GUARDED, NEW[1]), burned) == record(Verdict.GUARDED, NEW[1])


def test_what_did_not_come_to_run_guards_nothing_yet() -> None:
    """Not looked at is not clean."""
    said = burning_in.judged(record(), {NEW[0]: Burned(20), NEW[1]: Burned(0)})
    assert (said.verdict, said.reason, said.next) == (
        Verdict.UNDECIDED,
        f"whether {NEW[1]} may guard is not known: it did not come to run again (flaky.burn-in)",
        f"see why: pytest '{NEW[1]}'",
    )
    over = burning_in.judged(record(), dict.fromkeys(NEW, Burned(is_cut_off=True)))
    why = "before it had run once more, the time for its burn-in was over"
    assert (over.verdict, over.reason, over.next) == (
        Verdict.UNDECIDED,
        f"whether {NEW[0]} may guard is not known: {why} (flaky.burn-in)",
        "give it more: flaky.burn-in-seconds",
    )


def test_only_a_test_that_counts_and_was_tried_is_looked_at() -> None:
    """One that guards nothing may be as red as it likes; of one that was not tried nothing is said."""
    lame = MappedTest("tests/a.py::lame", How.ADDED, counts=False, after=Outcome.PASSED)
    guarded = replace(record(), tests=(lame, *record().tests))
    red = Burned(1, attempt(lame.nodeid, Outcome.FAILED))
    assert burning_in.judged(guarded, {lame.nodeid: red, NEW[0]: Burned(20)}) == guarded


def test_only_what_fixes_lean_on_is_tried() -> None:
    """Each once, and nothing that failed, does not count, or guards no fix."""
    lame = MappedTest("tests/a.py::lame", How.ADDED, counts=False, after=Outcome.PASSED)
    records = [record(), record(Verdict.UNGUARDED, "tests/c.py::c"), record(Verdict.PROVEN, *NEW[:1])]
    records[0] = Record("2c0ffee", (), "fix", 0, Sign("subject", "fix"), tests=(*records[0].tests, lame),
                        verdict=Verdict.GUARDED)  # fmt: skip
    assert burning_in.guards_of(records) == NEW


@pytest.mark.parametrize(
    ("duration_s", "does_hang"),
    [
        pytest.param(20.0, False, id="a-slow-start"),
        pytest.param(21.0, True, id="no-start-is-so-slow"),
    ],
)
def test_a_test_that_nobody_knows_is_given_the_time_of_a_slow_start(duration_s: float, *, does_hang: bool) -> None:
    """How long it takes else is not known, and then nothing is added for it."""
    run = TestRun(End.TIMEOUT, (Case(NEW[0], Outcome.FAILED),), running=NEW[0], duration_s=duration_s)
    assert burning_in.hangs(run, {NEW[1]: 100.0}) is does_hang


def test_each_process_of_a_burn_in_has_a_seed_of_its_own() -> None:
    """The same again each time: what depends on the order of a set shows up, and can be shown again."""
    seeds = [burning_in.hash_seed(place) for place in range(burning_in.PROCESSES)]
    assert len({*seeds}) == burning_in.PROCESSES
    assert seeds == [burning_in.hash_seed(place) for place in range(burning_in.PROCESSES)]
    assert all(0 <= seed < 2**32 for seed in seeds)


class Acted:
    """A replayer in whose processes everything passes, but for the third run of one test."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, ...]] = []

    def replay(self, asked: Replay) -> Replayed:
        self.orders.append(asked.tests)
        red = len(self.orders) == 3
        cases = tuple(Case(one, Outcome.FAILED if red and one == NEW[0] else Outcome.PASSED) for one in asked.tests)
        return Replayed(asked, TestRun(End.FINISHED, cases))

    def stop(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(("time_s", "processes"), [(100, 5), (2, 2), (0, 0)])
def test_a_burn_in_keeps_to_its_time(time_s: float, processes: int) -> None:
    """No process begins after it; what is said then is what was seen."""
    acted, ticks = Acted(), iter(range(100))
    burned, attempts = burn_in(NEW, dict.fromkeys(RAN, 0.001), acted, Limits(20, time_s, lambda: next(ticks)))
    assert len(acted.orders) == processes
    assert burned[NEW[1]].runs == 4 * processes
    assert burned[NEW[1]].is_cut_off is (processes < 5)
    assert {one.nodeid for one in attempts} <= set(NEW)
    said = " ".join(burning_in.summary(burned, 20))
    assert ("of 20, the time for it being over" in said) == (processes == 2)
    judged = burning_in.judged(record(Verdict.GUARDED, NEW[1]), burned)
    assert (judged.verdict, judged.next) == (
        (Verdict.GUARDED, "") if processes else (Verdict.UNDECIDED, "give it more: flaky.burn-in-seconds")
    )


class CutOff:
    """A replayer that is cut off in a test that it runs again, after so many seconds."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s

    def replay(self, asked: Replay) -> Replayed:
        cases = (Case(NEW[0], Outcome.PASSED, duration_s=4.0), Case(NEW[0], Outcome.FAILED, "call", number=2))
        return Replayed(asked, TestRun(End.TIMEOUT, cases, running=NEW[0], duration_s=self._after_s))

    def stop(self) -> None:
        raise AssertionError


@pytest.mark.parametrize(
    ("after_s", "verdict"),
    [
        pytest.param(30.0, Verdict.GUARDED, id="it-was-given-no-more-time"),
        pytest.param(50.0, Verdict.UNSTABLE, id="it-hangs"),
    ],
)
def test_what_is_cut_off_has_not_failed(after_s: float, verdict: Verdict) -> None:
    """A test of four seconds is not unsteady since the time for all is over; one that never ends is."""
    ticks = iter([0.0, *[100.0] * 9])
    burned, _ = burn_in(NEW[:1], {NEW[0]: 4.0}, CutOff(after_s), Limits(20, 30.0, lambda: next(ticks)))
    assert burning_in.judged(record(Verdict.GUARDED, NEW[0]), burned).verdict is verdict
    assert burned[NEW[0]].runs == (1 if verdict is Verdict.GUARDED else 2)


def test_the_summary_says_what_is_not_excluded() -> None:
    """Of those that ran as often as they were to, and of the others, by the one that was seen least."""
    assert burning_in.summary({NEW[0]: Burned(20), NEW[1]: Burned(30)}, 20) == (
        "burn-in: 2 tests that guard passed 20 times: a failure rate above 14 % is excluded (95 %), a lower one is not",
    )
    assert burning_in.summary({NEW[0]: Burned(3, attempt(NEW[0], Outcome.FAILED))}, 20) == ()
    full, short = burning_in.summary({"a": Burned(20), "b": Burned(6), "c": Burned(5)}, 20)
    assert full.startswith("burn-in: 1 test that guards passed 20 times: ")
    assert short == (
        "burn-in: 2 tests that guard passed 5 times of 20, the time for it being over (flaky.burn-in-seconds), c the "
        "fewest: a failure rate above 46 % is excluded (95 %), a lower one is not"
    )
    (many,) = burning_in.summary({"a": Burned(2000)}, 2000)
    assert "a failure rate above 1 % is excluded" in many
    (only,) = burning_in.summary({"a": Burned(5)}, 20)
    assert "(flaky.burn-in-seconds): a failure rate above 46 %" in only
