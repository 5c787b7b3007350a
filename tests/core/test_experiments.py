"""Experiments that are kept in a history say the same later as they said when they were made."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_bugguard.core.experiments import alone, diagnoses, kept
from pytest_bugguard.core.kinds import Count, Kind
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import RecordedRun, Why
from pytest_bugguard.core.replays import PLAIN, Conditions, Replay, Replayed
from pytest_bugguard.core.run_files import from_bytes, to_text
from pytest_bugguard.core.runs import Case, End, Raised, TestRun
from tests.histories import run_of

RAISED = Raised("builtins.ValueError", (), "no")
ENDS = {".": Outcome.PASSED, "F": Outcome.FAILED}


def process(words: str, conditions: Conditions = PLAIN) -> Replayed:
    """``a. vF``: a process in which ``a`` passed, and then ``v`` failed."""
    cases = tuple(Case(word[0], ENDS[word[1]], raised=RAISED if word[1] == "F" else None) for word in words.split())
    tests = tuple(case.nodeid for case in cases)
    return Replayed(Replay(tests, conditions), TestRun(End.FINISHED, cases, tests))


def recorded(number: int, *processes: Replayed) -> RecordedRun:
    """As it comes out of a run file that was handed on."""
    run = replace(run_of(number=number), why=Why.EXPERIMENT, attempts=tuple(kept(processes)))
    return from_bytes(to_text(run).encode(), "run.jsonl")


VICTIM = [process("v. v."), process("v. v."), process("v. v."), process("a. vF"), process("a. vF")]


def test_kinds_and_polluters_come_back() -> None:
    """And a test that was only tried as a polluter is not told of."""
    busy = Conditions(hash_seed=7, busy=4)
    loaded = [process("l."), process("l."), process("l."), process("lF", busy), process("lF", busy)]
    found = diagnoses([recorded(1, *VICTIM, *loaded)])
    assert {nodeid: one.kinds for nodeid, one in found.items()} == {"v": (Kind.VICTIM,), "l": (Kind.LOAD,)}
    assert found["v"].polluters == (("a",),)
    assert found["l"].conditions == Conditions(busy=4)


def test_the_newest_experiments_on_a_test_decide() -> None:
    """Where it was mended since, nothing is told; where it was only somebody's polluter since, that changes nothing."""
    sound = recorded(2, *[process("v. v.")] * 5)
    polluter = recorded(3, process("v. b."), process("v. bF"))
    assert diagnoses([sound, recorded(1, *VICTIM)]) == {}
    assert diagnoses([polluter, recorded(1, *VICTIM)])["v"].kinds == (Kind.VICTIM,)


def test_how_a_test_ends_by_itself_is_told_by_the_newest_of_them() -> None:
    """First of its process, and on no busy machine: nobody made it fail there."""
    wavers = recorded(1, *[process("v.")] * 2, process("vF"), process("a. vF"), process("vF", Conditions(busy=4)))
    sound, polluter = recorded(2, *[process("v. v.")] * 5), recorded(3, process("v. b."))
    assert alone([polluter, wavers]) == {"v": (wavers, Count(2, 1))}
    assert alone([polluter, sound, wavers]) == {"v": (sound, Count(5, 0))}
