"""A hunt over tests that are acted: each kind of flaky test is found and told apart, and nothing else is called so."""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import pytest
from msgspec.structs import replace

from pytest_bugguard.adapters import pool
from pytest_bugguard.core.commands import Typing, command_of, contrast_of
from pytest_bugguard.core.kinds import Kind
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.replays import Conditions, Replay, Replayed
from pytest_bugguard.core.runs import Case, End, Raised, TestRun
from pytest_bugguard.journeys.hunt import NothingToHuntError, Plan, hunt
from pytest_bugguard.journeys.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake

RAISED = Raised("builtins.AssertionError", (), "no")
PLAN = Plan()


@dataclass
class Process:
    """What acted tests may look at."""

    conditions: Conditions
    chance: random.Random
    beside: int = 0
    """So many others run at the same time."""
    state: set[str] = field(default_factory=set)
    ran: list[str] = field(default_factory=list)


Act: TypeAlias = "Callable[[Process], bool | None]"
"""Whether it passes; None: the process dies in it."""


def sound(_: Process) -> bool:
    return True


def broken(_: Process) -> bool:
    return False


def leaves(*names: str) -> Act:
    def act(process: Process) -> bool:
        process.state.update(names)
        return True

    return act


def cleans(process: Process) -> bool:
    process.state.clear()
    return True


def needs(*names: str) -> Act:
    return lambda process: process.state.issuperset(names)


def suffers(*names: str, rate: float = 1.0) -> Act:
    return lambda process: not (process.state.issuperset(names) and process.chance.random() < rate)


def fails_at(rate: float) -> Act:
    return lambda process: process.chance.random() >= rate


def follows(before: str, name: str) -> Act:
    """Leaves something behind only where something else lies there already: the second of an ordered pair."""

    def act(process: Process) -> bool:
        if before in process.state:
            process.state.add(name)
        return True

    return act


def once(process: Process) -> bool:
    return process.ran.count("t.py::once") == 1


def second_time(process: Process) -> bool:
    return process.ran.count("t.py::second_time") > 1


def has_time(process: Process) -> bool:
    """Seldom, on a busy machine."""
    return not process.conditions.busy or process.chance.random() < 0.4


class Stage:
    """Acts tests instead of running them."""

    def __init__(self, tests: dict[str, Act], *, seed: int = 1, duration_s: float = 0.0) -> None:
        self.tests = {name if "::" in name else f"t.py::{name}": act for name, act in tests.items()}
        self.chance = random.Random(seed)
        self.asked: list[Replay] = []
        self.duration_s = duration_s
        """Of the last test."""
        self.is_slow = False
        """Whether each other test takes as long."""
        self.spent_s = 0.0
        """With a second for the start of each process."""
        self.beside = 0
        """How many other processes there are beside the next one."""

    def replay(self, asked: Replay) -> Replayed:
        self.asked.append(asked)
        self.spent_s += 1
        process = Process(asked.conditions, self.chance, self.beside)
        order = asked.tests or tuple(self.tests)
        files = {*asked.conditions.beside, *(nodeid.partition("::")[0] for nodeid in order)}
        process.state.update(f"loaded {path}" for path in files)
        cases = []
        for nodeid in order:
            process.ran.append(nodeid)
            passes = self.tests[nodeid](process)
            number = process.ran.count(nodeid)
            if passes is None:
                cases.append(Case(nodeid, Outcome.FAILED, number=number))
                return Replayed(asked, TestRun(End.CRASHED, tuple(cases), order, running=nodeid, detail="SIGSEGV"))
            raised = None if passes else RAISED
            outcome = Outcome.PASSED if passes else Outcome.FAILED
            duration_s = self.duration_s if self.is_slow or nodeid == list(self.tests)[-1] else 0.0
            self.spent_s += duration_s
            cases.append(Case(nodeid, outcome, raised=raised, number=number, duration_s=duration_s))
        return Replayed(asked, TestRun(End.FINISHED, tuple(cases), order))

    def stop(self) -> None:
        """Nothing runs."""


def each(work: Callable[[Replay], Replayed], asked: Sequence[Replay]) -> Iterator[Replayed]:
    yield from map(work, asked)


def hunted(
    tests: dict[str, Act], plan: Plan = PLAN, *, seed: int = 1, time: float = 1e9, duration_s: float = 0.0
) -> tuple[Stage, dict[str, Flake]]:
    stage = Stage(tests, seed=seed, duration_s=duration_s)
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=time, limit_s=60.0, seed=seed)
    hunt(plan, lab)
    return stage, {flake.nodeid.removeprefix("t.py::"): flake for flake in lab.notebook.flakes()}


CROWD: dict[str, Act] = {f"sound_{n}": sound for n in range(20)}


class SlowStage(Stage):
    """Every process takes longer than it may, but for the first."""

    def replay(self, asked: Replay) -> Replayed:
        done = super().replay(asked)
        if len(self.asked) == 1:
            return done
        first = Case(done.run.collected[0], Outcome.FAILED)
        run = TestRun(End.TIMEOUT, (first,), done.run.collected, running=first.nodeid, duration_s=asked.limit_s)
        return Replayed(asked, run)


@pytest.mark.parametrize(("time", "hangs"), [(20.0, False), (1e9, True)], ids=["cut", "hangs"])
def test_what_the_end_of_the_hunt_cuts_off_does_not_hang(time: float, *, hangs: bool) -> None:
    """There was no more time for it: it says nothing of the test that was running."""
    stage = SlowStage(CROWD)
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=time, limit_s=60.0, seed=1)
    hunt(PLAN, lab)
    assert bool(lab.notebook.flakes()) == hangs


class CutStage(Stage):
    """The first process comes no further than to its third test."""

    def replay(self, asked: Replay) -> Replayed:
        done = super().replay(asked)
        if len(self.asked) > 1:
            return done
        third = Case(done.run.collected[2], Outcome.FAILED)
        seen = (*done.run.cases[:2], third)
        run = TestRun(End.TIMEOUT, seen, done.run.collected, running=third.nodeid, duration_s=asked.limit_s)
        return Replayed(asked, run)


def test_a_suite_that_takes_longer_than_the_first_look_may_does_not_hang() -> None:
    """What ran when it was cut off has not failed; all that was left runs in the next process."""
    stage = CutStage(CROWD)
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=90.0, limit_s=60.0, seed=1)
    assert hunt(PLAN, lab)
    assert lab.notebook.flakes() == ()
    assert stage.asked[1].tests == tuple(f"t.py::sound_{n}" for n in range(3, 20))
    patient = Lab(CutStage(CROWD), each, now=lambda: 0.0, until=1e9, limit_s=60.0, seed=1)
    hunt(PLAN, patient)
    assert [flake.nodeid for flake in patient.notebook.flakes()] == ["t.py::sound_2"]


class CrowdedStage(Stage):
    """A machine on which all takes twice as long from the second process on, where a process is given the time."""

    def replay(self, asked: Replay) -> Replayed:
        done = super().replay(asked)
        pace = 1.0 if len(self.asked) == 1 else 1.9
        cases = [replace(case, duration_s=pace * case.duration_s) for case in done.run.cases]
        fit = next((n for n in range(len(cases)) if sum(c.duration_s for c in cases[: n + 1]) > asked.limit_s), None)
        if fit is None:
            return Replayed(asked, replace(done.run, cases=tuple(cases)))
        cut = Case(cases[fit].nodeid, Outcome.FAILED)
        run = TestRun(
            End.TIMEOUT, (*cases[:fit], cut), done.run.collected, running=cut.nodeid, duration_s=asked.limit_s
        )
        return Replayed(asked, run)


def test_the_test_that_runs_when_a_crowded_process_is_ended_does_not_hang() -> None:
    """A suite of nine minutes takes seventeen on a busy machine: its tests are given the time, and none is blamed."""
    stage = CrowdedStage({f"slow_{n}": sound for n in range(60)}, duration_s=9.0)
    stage.is_slow = True
    lab = Lab(stage, each, now=lambda: 0.0, until=1e9, limit_s=600.0, seed=1)
    hunt(Plan(runs=5), lab)
    assert lab.notebook.flakes() == ()
    assert min(asked.limit_s for asked in stage.asked if len(asked.tests) == 60) > 1.9 * 60 * 9.0


@pytest.mark.parametrize(
    ("tests", "name", "kinds", "guilty"),
    [
        pytest.param({**CROWD, "random": fails_at(0.3)}, "random", {Kind.RANDOM}, (), id="random"),
        pytest.param(
            {"leaves": leaves("x"), **CROWD, "victim": suffers("x")},
            "victim", {Kind.VICTIM}, (("leaves",),), id="victim",
        ),
        pytest.param(
            {"victim": suffers("x"), **CROWD, "leaves": leaves("x")},
            "victim", {Kind.VICTIM}, (("leaves",),), id="victim-that-stands-first",
        ),
        pytest.param(
            {"a": leaves("x"), "cleans": cleans, **CROWD, "victim": suffers("x"), "b": leaves("x")},
            "victim", {Kind.VICTIM}, (("a",), ("b",)), id="two-polluters-and-a-cleaner",
        ),
        pytest.param(
            {"one": leaves("x"), **CROWD, "two": follows("x", "y"), "victim": suffers("y")},
            "victim", {Kind.VICTIM}, (("one", "two"),), id="ordered-pair",
        ),
        pytest.param(
            {"leaves": leaves("x"), **CROWD, "victim": suffers("x", rate=0.5)},
            "victim", {Kind.VICTIM}, (("leaves",),), id="noisy-polluter",
        ),
        pytest.param(
            {"leaves": leaves("x"), **CROWD, "watches": lambda process: suffers("x")(process) and has_time(process)},
            "watches", {Kind.VICTIM, Kind.LOAD}, (("leaves",),), id="victim-that-watches-the-clock",
        ),
        pytest.param(
            {"sets": leaves("x"), **CROWD, "brittle": needs("x"), "sets_too": leaves("x", "z")},
            "brittle", {Kind.BRITTLE}, (("sets",), ("sets_too",)), id="brittle",
        ),
        pytest.param({**CROWD, "once": once}, "once", {Kind.NON_IDEMPOTENT}, (), id="non-idempotent"),
        pytest.param(
            {"leaves": leaves("x"), **CROWD, "once": lambda process: once(process) and "x" not in process.state},
            "once", {Kind.NON_IDEMPOTENT, Kind.VICTIM}, (("leaves",),), id="victim-and-non-idempotent",
        ),
        pytest.param(
            {**CROWD, "second_time": second_time},
            "second_time", {Kind.BRITTLE}, (("second_time",),), id="first-run-only",
        ),
        pytest.param(
            {**CROWD, "hash": lambda process: (process.conditions.hash_seed or 0) % 2 == 0},
            "hash", {Kind.HASH_SEED}, (), id="hash-seed",
        ),
        pytest.param(
            {**CROWD, "load": lambda process: not process.conditions.busy},
            "load", {Kind.LOAD}, (), id="load-on-request",
        ),
        pytest.param(
            {**CROWD, "slow": lambda process: not process.conditions.busy and process.chance.random() < 0.8},
            "slow", {Kind.LOAD, Kind.RANDOM}, (), id="load-on-a-machine-that-is-busy-anyway",
        ),
        pytest.param(
            {**CROWD, "zone": lambda process: process.conditions.time_zone != "Pacific/Apia"},
            "zone", {Kind.TIME_ZONE}, (), id="time-zone",
        ),
        pytest.param(
            {**CROWD, "dies": lambda process: None if process.chance.random() < 0.4 else True},
            "dies", {Kind.RANDOM}, (), id="crash-now-and-then",
        ),
    ],
)  # fmt: skip
def test_each_kind_is_found(
    tests: dict[str, Act], name: str, kinds: set[Kind], guilty: tuple[tuple[str, ...], ...]
) -> None:
    """With its polluters or setters, all of them, and no other test is called flaky."""
    varied = (Conditions(busy=4), Conditions(time_zone="UTC"), Conditions(time_zone="Pacific/Apia"))
    _, found = hunted(tests, Plan(varied=varied))
    assert list(found) == [name]
    diagnosis = found[name].diagnosis
    assert set(diagnosis.kinds) == kinds
    named = tuple(tuple(f"t.py::{one}" for one in tests) for tests in guilty)
    assert {*diagnosis.polluters, *diagnosis.setters} == set(named)
    is_of_order = kinds <= {Kind.VICTIM, Kind.BRITTLE, Kind.NON_IDEMPOTENT}
    assert found[name].verdict is (FlakeVerdict.ORDER_DEPENDENT if is_of_order else FlakeVerdict.FLAKY)


BY_IMPORT: dict[str, Act] = {
    "cleans": cleans,
    **CROWD,
    "victim": suffers("loaded v.py"),
    **{f"{letter}.py::sound": sound for letter in "uvw"},
    "w.py::cleans": cleans,
}
"""No test of its file is guilty, and in default order, reversed and alone nothing is to be seen."""


@pytest.mark.parametrize(
    "plan", [pytest.param(Plan(runs=30), id="all"), pytest.param(Plan(subjects=("t.py::victim",), runs=5), id="named")]
)
def test_what_a_file_does_when_it_is_loaded_is_found(plan: Plan) -> None:
    """Riemann's tests of the one network fail before all others, wherever a file of the other one is collected."""
    _, found = hunted(BY_IMPORT, plan)
    assert list(found) == ["victim"]
    diagnosis = found["victim"].diagnosis
    assert (diagnosis.kinds, diagnosis.conditions) == ((Kind.IMPORT,), Conditions(beside=("v.py",)))
    assert diagnosis.reasons[0].startswith("alone it failed 4 of 4 times where v.py is loaded too, and 0 of ")
    assert found["victim"].verdict is FlakeVerdict.ORDER_DEPENDENT
    typing = Typing("sub")
    assert command_of("t.py::victim", diagnosis, typing) == (
        "python -m pytest ../v.py ../t.py::victim --deselect ../v.py"
    )
    assert contrast_of("t.py::victim", diagnosis, typing) == "python -m pytest ../t.py::victim"


@pytest.mark.parametrize("plan", [Plan(runs=4), Plan(runs=4, goes_on=True)], ids=["runs", "budget"])
def test_what_a_file_does_when_it_is_loaded_is_found_where_most_tests_undo_it(plan: Plan) -> None:
    """Of riemann's 228 tests 190 do: before all of them a test hardly ever stands, in whatever order."""
    undone: dict[str, Act] = {f"cleans_{n}": cleans for n in range(40)}
    _, found = hunted({**undone, "victim": suffers("loaded v.py"), "v.py::cleans": cleans}, plan, time=400.0)
    assert [(name, flake.diagnosis.kinds) for name, flake in found.items()] == [("victim", (Kind.IMPORT,))]
    assert found["victim"].diagnosis.conditions == Conditions(beside=("v.py",))


class DriftingStage(Stage):
    """A machine that is busy at first, and quiet once the diagnosis has come so far."""

    def __init__(self, is_quiet: Callable[[list[Replay]], bool]) -> None:
        super().__init__({**CROWD, "drifts": lambda process: process.conditions.busy == 0 and self.passes})
        self._is_quiet = is_quiet
        self.passes = True

    def replay(self, asked: Replay) -> Replayed:
        self.passes = (len(asked.tests) != 2 and len(asked.tests) != 1) or self._is_quiet([*self.asked, asked])
        return super().replay(asked)


def after_others(asked: list[Replay]) -> bool:
    """Since it was run after another one."""
    return any(len(set(one.tests)) == 2 for one in asked)


def after_eight(asked: list[Replay]) -> bool:
    """It failed alone, passed once, failed eight times more, and passes since."""
    alone = sum(set(one.tests) == {"t.py::drifts"} for one in asked)
    return alone == 2 or alone > 10


@pytest.mark.parametrize("is_quiet", [after_others, after_eight])
def test_what_the_machine_does_meanwhile_is_no_setter_and_no_seed(is_quiet: Callable[[list[Replay]], bool]) -> None:
    """With and without are tried by turns: it failed alone while the machine was busy, and later it was not."""
    stage = DriftingStage(is_quiet)
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=1e9, limit_s=60.0, seed=1)
    hunt(PLAN, lab)
    (flake,) = lab.notebook.flakes()
    assert Kind.RANDOM in flake.diagnosis.kinds
    assert not {Kind.BRITTLE, Kind.VICTIM, Kind.HASH_SEED}.intersection(flake.diagnosis.kinds)


@pytest.mark.parametrize("act", [pytest.param(broken, id="fails"), pytest.param(lambda _: None, id="dies")])
def test_what_always_fails_is_never_called_flaky(act: Act) -> None:
    """Nor is anything that stands behind it, and what it takes down with it is run all the same."""
    _, found = hunted({"sound": sound, "bad": act, **CROWD, "random": fails_at(0.5)})
    assert {name: flake.verdict for name, flake in found.items()} == {
        "bad": FlakeVerdict.FAILING,
        "random": FlakeVerdict.FLAKY,
    }
    assert found["bad"].diagnosis.kinds == ()


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
def test_what_fails_by_chance_is_hardly_ever_blamed_on_something(rate: float) -> None:
    """However lucky it was alone: not on others, on load or on itself; in 1 hunt of 40 at most."""
    blamed = 0
    for seed in range(40):
        _, found = hunted({"leaves": leaves("x"), **CROWD, "random": fails_at(rate)}, seed=seed)
        assert found.keys() <= {"random"}
        blamed += any(set(flake.diagnosis.kinds) - {Kind.RANDOM} for flake in found.values())
    assert blamed <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_sound_suite_has_no_flaky_test(seed: int) -> None:
    """Whatever the chance."""
    _, found = hunted({**CROWD, "leaves": leaves("x"), "cleans": cleans, "needs_not": suffers("y")}, seed=seed)
    assert found == {}


def test_what_failed_once_and_never_again_is_undecided() -> None:
    """It is told, with what was tried; it is not called flaky over a disk that was fresh the first time."""
    seen: list[int] = []

    def first_on_this_machine(_: Process) -> bool:
        seen.append(1)
        return len(seen) != 4

    _, found = hunted({**CROWD, "first": first_on_this_machine})
    assert found["first"].verdict is FlakeVerdict.UNDECIDED
    assert "1 of " in found["first"].reason
    assert found["first"].reason.endswith("; on a busy machine it failed 0 of 8 times")


@pytest.mark.parametrize("tests", [40, 110])
def test_a_slow_suite_does_not_keep_load_from_being_tried(tests: int) -> None:
    """A failure among others that does not come again: whether the machine was busy is asked before time is over."""
    calls = itertools.count()
    hurried: Act = lambda process: next(calls) != 1 and not process.conditions.busy  # noqa: E731 - as acts are written
    stage = Stage({f"sound-{place}": sound for place in range(tests)} | {"hurried": hurried}, duration_s=1.0)
    stage.is_slow = True
    lab = Lab(stage, each, now=lambda: stage.spent_s, until=600.0, limit_s=600.0, seed=1)
    hunt(PLAN, lab)
    (flake,) = lab.notebook.flakes()
    assert set(flake.diagnosis.kinds) == {Kind.LOAD}


def test_one_polluter_among_many_takes_few_runs() -> None:
    """Two for each halving, and eight."""
    tests = {**{f"sound_{n}": sound for n in range(1000)}, "leaves": leaves("x")}
    tests |= {f"more_{n}": sound for n in range(998)} | {"victim": suffers("x")}
    stage, found = hunted(tests, Plan(runs=1), time=2200.0)
    assert found["victim"].diagnosis.polluters == (("t.py::leaves",),)
    partial = [asked for asked in stage.asked if asked.tests[-1:] == ("t.py::victim",) and 2 < len(asked.tests) < 1998]
    assert len(partial) <= 2 * 11 + 8
    named, found = hunted(tests, Plan(subjects=("t.py::victim",), ends_when_told=True))
    assert found["victim"].diagnosis.polluters == (("t.py::leaves",),)
    # All once; twice, and five times alone; two glances; three confirm it, by turns with two alone; no other one.
    assert len(named.asked) == 15


def test_victims_that_share_polluters_are_looked_into_together() -> None:
    """Crom has 38 among 84 tests: each after each other one by itself takes 38 x 84 processes, and they all wait."""
    victims: dict[str, Act] = {f"victim_{n}": suffers("x" if n % 2 else "y") for n in range(30)}
    guilty = {"x": leaves("x"), "y": leaves("y"), "both": leaves("x", "y")}
    spiteful: dict[str, Act] = {"spiteful": lambda process: suffers("x")(process) and leaves("y")(process)}
    tests = {**CROWD, **victims, **spiteful, "once": once, **guilty}
    stage, found = hunted(tests)
    assert found.keys() == {*victims, "spiteful", "once"}
    for n in range(30):
        polluters = {("t.py::both",), ("t.py::x",)} if n % 2 else {("t.py::both",), ("t.py::spiteful",), ("t.py::y",)}
        assert set(found[f"victim_{n}"].diagnosis.polluters) == polluters
    assert len(stage.asked) < 1000
    _, soon = hunted(tests, Plan(goes_on=True), time=400.0)
    assert soon.keys() == found.keys()
    assert all(flake.diagnosis.kinds for flake in soon.values())


def test_a_slow_test_is_not_run_in_between_others() -> None:
    """Halving takes more processes, and less time."""
    tests = {"leaves": leaves("x"), **CROWD, "victim": suffers("x")}
    for duration_s, is_run in ((0.1, True), (10.0, False)):
        stage, found = hunted(tests, Plan(runs=1), duration_s=duration_s)
        assert found["victim"].diagnosis.polluters == (("t.py::leaves",),)
        assert is_run == any(asked.tests.count("t.py::victim") > 2 for asked in stage.asked)


def test_one_test_can_be_hunted_for_among_all_others() -> None:
    """They are run with it, and only it is told of."""
    tests = {"leaves": leaves("x"), **CROWD, "other": suffers("x"), "victim": suffers("x")}
    stage, found = hunted(tests, Plan(subjects=("t.py::victim",)))
    assert [(name, flake.diagnosis.polluters) for name, flake in found.items()] == [("victim", (("t.py::leaves",),))]
    assert {asked.tests[-1] for asked in stage.asked if 0 < len(asked.tests) < 20} == {"t.py::victim"}
    with pytest.raises(NothingToHuntError, match=r"no t\.py::gone"):
        hunted(tests, Plan(subjects=("t.py::gone",)))


def test_a_hunt_for_one_test_runs_all_others_until_that_one_is_told() -> None:
    """Once it is known in which way it is flaky; as often as ever where that is not known, or more is asked for."""
    tests = {"leaves": leaves("x"), **CROWD, "victim": suffers("x"), "sound": sound}

    def of_all(name: str, *, ends: bool) -> int:
        plan = Plan(subjects=(f"t.py::{name}",), ends_when_told=ends)
        stage, found = hunted(tests, plan)
        assert ([flake.diagnosis.polluters for flake in found.values()] == [(("t.py::leaves",),)]) == (name == "victim")
        return sum(len(asked.tests) in {0, len(tests)} for asked in stage.asked)

    assert of_all("victim", ends=True) == 1
    assert of_all("victim", ends=False) == of_all("sound", ends=True) == 9


def test_a_failure_that_was_not_seen_alone_is_undecided() -> None:
    """The time was over before it could be told from a test that always fails."""
    _, found = hunted({"bad": broken, **CROWD}, time=1.0)
    assert found["bad"].verdict is FlakeVerdict.UNDECIDED


def test_what_was_found_by_the_end_of_the_time_stands() -> None:
    """The time is kept, to one process."""
    stage, found = hunted({"leaves": leaves("x"), **CROWD, "victim": suffers("x"), "late": fails_at(0.01)}, time=40.0)
    assert found["victim"].diagnosis.kinds == (Kind.VICTIM,)
    assert len(stage.asked) <= 41


def test_a_hunt_for_a_time_goes_on_shuffling_when_all_else_is_done() -> None:
    """And what comes to light then is looked into as well, to the last polluter."""
    rare = {"cleans": cleans, "leaves": leaves("x"), "leaves_too": leaves("x"), **CROWD}
    tests = {"cleans_too": cleans, **rare, "cleans_again": cleans, "victim": suffers("x")}
    stage, found = hunted(tests, Plan(runs=4, goes_on=True), time=600.0)
    assert set(found["victim"].diagnosis.polluters) == {("t.py::leaves",), ("t.py::leaves_too",)}
    assert 590 < len(stage.asked) <= 601
    assert len({asked.tests for asked in stage.asked if len(asked.tests) == len(tests)}) > 50


class Pairs(Stage):
    """Shuffled runs of all tests end in pairs: one waits for the other."""

    def __init__(self, tests: dict[str, Act]) -> None:
        super().__init__(tests)
        self.meeting = threading.Barrier(2)

    def replay(self, asked: Replay) -> Replayed:
        usual = tuple(self.tests)
        if len(asked.tests) == len(usual) and asked.tests not in {usual, usual[::-1]}:
            self.meeting.wait(timeout=30)
        return super().replay(asked)


@pytest.mark.parametrize("plan", [Plan(runs=8), Plan(runs=4, goes_on=True)], ids=["runs", "budget"])
def test_shuffled_runs_of_all_tests_are_made_side_by_side(plan: Plan) -> None:
    """They are what a hunt of a large suite takes its time for."""
    stage = Pairs(CROWD)
    each = partial(pool.lazily, jobs=2, stop=stage.stop)
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=100.0, limit_s=60.0, seed=1, jobs=2)
    hunt(plan, lab)
    shuffled = [asked.tests for asked in stage.asked if len(asked.tests) == len(CROWD)][2:]
    assert len(shuffled) == len(set(shuffled))
    assert len(shuffled) > 50 if plan.goes_on else len(shuffled) == 4


def beside(stage: Stage, *, jobs: int, time: float = 1e9, seed: int = 1) -> Lab:
    """Where so many processes run side by side, those of a batch at once."""

    def each(work: Callable[[Replay], Replayed], asked: Sequence[Replay]) -> Iterator[Replayed]:
        for first in range(0, len(asked), jobs):
            batch = asked[first : first + jobs]
            stage.beside = len(batch) - 1
            done = list(map(work, batch))
            stage.beside = 0
            yield from done

    return Lab(stage, each, now=lambda: float(len(stage.asked)), until=time, limit_s=60.0, seed=seed, jobs=jobs)


@pytest.mark.parametrize("plan", [Plan(runs=8), Plan(runs=4, goes_on=True)], ids=["runs", "budget"])
def test_what_fails_only_beside_other_processes_is_never_called_flaky(plan: Plan) -> None:
    """It binds a port, or writes a file of the checkout: with nothing beside it, it is sound. What is flaky is told."""
    tests: dict[str, Act] = {**CROWD, "binds": lambda process: not process.beside, "leaves": leaves("x")}
    stage = Stage({**tests, "victim": suffers("x"), "random": fails_at(0.3)})
    lab = beside(stage, jobs=2, time=600.0)
    hunt(plan, lab)
    found = {flake.nodeid.removeprefix("t.py::"): flake for flake in lab.notebook.flakes()}
    assert {name: flake.diagnosis.kinds for name, flake in found.items()} == {
        "binds": (), "victim": (Kind.VICTIM,), "random": (Kind.RANDOM,)
    }  # fmt: skip
    assert found["binds"].verdict is FlakeVerdict.UNDECIDED
    assert "only beside other processes of this hunt" in found["binds"].reason
    assert lab.notebook.failed_beside("t.py::binds")


def test_what_fails_beside_others_since_they_keep_the_machine_busy_is_told() -> None:
    """It watches the clock: a busy machine shows it too."""
    stage = Stage({**CROWD, "hurried": lambda process: not (process.beside or process.conditions.busy)})
    lab = beside(stage, jobs=2)
    hunt(Plan(runs=8), lab)
    (flake,) = lab.notebook.flakes()
    assert flake.diagnosis.kinds == (Kind.LOAD,)


def test_a_run_that_has_ended_when_the_hunt_is_broken_off_counts() -> None:
    """Ctrl-C while the first of two is still running: what the second has found is not lost."""
    stage = Stage({**CROWD, "rare": lambda process: not process.beside})

    def each(work: Callable[[Replay], Replayed], asked: Sequence[Replay]) -> Iterator[Replayed]:
        if len(asked[0].tests) < len(stage.tests):
            yield from map(work, asked)
            return
        stage.beside = 1
        work(asked[1])
        raise KeyboardInterrupt

    lab = Lab(stage, each, now=lambda: 0.0, until=1e9, limit_s=60.0, seed=1, jobs=2)
    with pytest.raises(KeyboardInterrupt):
        hunt(Plan(runs=8), lab)
    assert lab.notebook.suspects() == ("t.py::rare",)


def shuffled(stage: Stage, jobs: int, seed: int = 1) -> list[tuple[tuple[str, ...], Conditions]]:
    """The shuffled runs of all tests in a hunt."""
    hunt(Plan(runs=10), beside(stage, jobs=jobs, seed=seed))
    usual = tuple(stage.tests)
    whole = [one for one in stage.asked if len(one.tests) == len(usual) and one.tests not in {usual, usual[::-1]}]
    return [(one.tests, one.conditions) for one in whole]


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffle_has_the_same_seed_of_string_hashes_whatever_runs_beside_it(seed: int) -> None:
    """All chance stands on one seed, also where what only a shuffle shows is looked into in between."""
    pair = {"one": leaves("x"), **CROWD, "victim": suffers("y"), "two": follows("x", "y")}
    said = shuffled(Stage(pair), 1, seed)
    assert len({conditions.hash_seed for _, conditions in said}) >= 6
    for jobs in (2, 3):
        assert set(shuffled(Stage(pair), jobs, seed)) == set(said)


def test_a_failure_that_is_no_surprise_costs_no_other_run() -> None:
    """What always fails does so beside others, too."""
    tests = {**CROWD, "bad": broken}
    assert shuffled(Stage(tests), 2) == shuffled(Stage(tests), 1)


@pytest.mark.parametrize("goes_on", [False, True], ids=["runs", "budget"])
@pytest.mark.parametrize(("time", "is_done"), [(100.0, True), (60.0, False)])
def test_what_was_not_run_alone_at_first_is_in_the_end(time: float, *, goes_on: bool, is_done: bool) -> None:
    """Half of the time is for other ways; what is left of it is not left, and else there is something to resume."""
    stage = Stage({f"sound-{place}": sound for place in range(60)})
    lab = Lab(stage, each, now=lambda: float(len(stage.asked)), until=time, limit_s=60.0, seed=1)
    assert hunt(Plan(runs=4, goes_on=goes_on), lab) is is_done
    assert bool(lab.notebook.never_alone) is not is_done


def test_nothing_to_hunt_is_said() -> None:
    """Where pytest finds no test."""
    with pytest.raises(NothingToHuntError, match="no test"):
        hunted({})
