"""May a new test guard a fix? Run it many times before that, in ways that show what one green run hides. No I/O.

Over at least five fresh processes, since all that stands on the process (hash seed, first use of a cache) is one sample
in each; with nothing before it, and shuffled among the tests of its file; and several times in a row in a process.
Where time is short, what is dear runs less often, so that it costs what is cheap none of its runs.
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.estimates import bound
from pytest_bugguard.core.model import Outcome, Verdict
from pytest_bugguard.core.orders import number, shuffled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.core.runs import TestRun

IN_A_RUN = 20
"""So often a new test is run where nobody says how often; it is what can be had for five processes."""
PROCESSES = 5
_IN_ONE = 4
"""So often at most it runs in one process."""
_NEIGHBOURS = 50
_START_S, _PATIENCE = 20.0, 5
"""What is cut off when the time is over hangs if it ran five times as long as it does, and a slow start."""
LEANING = frozenset({Verdict.GUARDED, Verdict.PROVEN})
"""The verdicts that would not stand without the tests of the fix."""
_CONFIDENCE = 0.95


class Burned(Struct, frozen=True):
    """What a test showed."""

    runs: int = 0
    red: Attempt | None = None
    """The first time that it failed."""
    before: str = ""
    """What ran right before it then; empty where nothing did."""
    is_cut_off: bool = False
    """Whether the time was over before it had run as often as it was to."""

    @property
    def excluded(self) -> float:
        """The failure rate above which so many clean runs are luck in 5 % of cases at most; 1 without a run."""
        return 1 - (1 - _CONFIDENCE) ** (1 / self.runs) if self.runs else 1.0


def guards_of(records: Iterable[Record]) -> tuple[str, ...]:
    """The test cases that fixes lean on, each once."""
    return tuple(
        dict.fromkeys(
            test.nodeid
            for record in records
            if record.verdict in LEANING
            for test in record.tests
            if test.counts and test.after is Outcome.PASSED
        )
    )


def orders_of(tests: Sequence[str], ran: Sequence[str], runs: int) -> Iterator[tuple[str, ...]]:
    """For each process the tests in their order, so that each of ``tests`` runs so often in all.

    Where nearly every other test sets up what one needs, only the beginning of a process shows that. So each test
    function begins one, as long as there are processes, and the last one is left to chance.

    Args:
        tests: The new ones.
        ran: All that ran, in order: those of the same files run with them.
        runs: How often each is run.
    """
    files = {test.partition("::")[0] for test in tests}
    near = [one for one in dict.fromkeys(ran) if one.partition("::")[0] in files and one not in tests]
    processes = processes_of(runs)
    begin = list({test.partition("[")[0]: test for test in reversed(tests)}.values())[::-1][: processes - 1]
    for place in range(processes):
        times = runs // processes + (place < runs % processes)
        seed = number("burn-in", place) // 2 * 2 + place % 2  # every other one keeps files and classes whole
        first = begin[place : place + 1]
        mixed = [one for one in shuffled([*tests, *near[:_NEIGHBOURS]], seed) if one not in first]
        again = [test for test in tests for _ in range(times - 1)]  # in a row, so that nothing heals it in between
        yield (*first, *mixed, *again)


def processes_of(runs: int) -> int:
    """How many processes so many runs of a test take."""
    return min(runs, max(PROCESSES, math.ceil(runs / _IN_ONE)))


def fitting(order: Sequence[str], tests: Sequence[str], took_s: Mapping[str, float], share_s: float) -> tuple[str, ...]:
    """What of an order there is time for: each of ``tests`` once, and of all else what takes the least.

    Args:
        order: What is to run in a process.
        tests: The new ones.
        took_s: How long each test took the last time, as far as that is known.
        share_s: How long the process may take.
    """
    firsts = [order.index(test) for test in tests if test in order]
    others = sorted(set(range(len(order))).difference(firsts), key=lambda place: took_s.get(order[place], 0.0))
    kept, left_s = set(firsts), share_s - sum(took_s.get(order[place], 0.0) for place in firsts)
    for place in others:
        left_s -= took_s.get(order[place], 0.0)
        if left_s < 0:
            break
        kept.add(place)
    return tuple(test for place, test in enumerate(order) if place in kept)


def hangs(run: TestRun, took_s: Mapping[str, float]) -> bool:
    """Whether the test that was running when a process was cut off hangs: its time was over, and that says nothing."""
    return run.left_s > _START_S + _PATIENCE * took_s.get(run.running, 0.0)


def hash_seed(place: int) -> int:
    """The seed of string hashes for a process of a burn-in, by its place among them."""
    return number("burn-in seed", place)


def also(known: Mapping[str, Burned], attempts: Sequence[Attempt]) -> dict[str, Burned]:
    """What is known of each test, with one process more; after its first red nothing of it counts."""
    found = dict(known)
    for place, one in enumerate(attempts):
        burned = found.get(one.nodeid)
        if burned is None or burned.red is not None or one.outcome not in {Outcome.PASSED, Outcome.FAILED}:
            continue
        is_red = one.outcome is Outcome.FAILED
        before = attempts[place - 1].nodeid if is_red and place else ""
        found[one.nodeid] = Burned(burned.runs + 1, one if is_red else None, before)
    return found


def judged(record: Record, burned: Mapping[str, Burned]) -> Record:
    """A record that leans on tests, judged by what these showed: one red is enough."""
    if record.verdict not in LEANING:
        return record
    leant_on = [test.nodeid for test in record.tests if test.counts and test.nodeid in burned]
    for nodeid in leant_on:
        if burned[nodeid].red is not None:
            return replace(
                record,
                verdict=Verdict.UNSTABLE,
                reason=f"{nodeid} {_told(burned[nodeid])}",
                next=f"mend the test: bugguard hunt {shlex.quote(nodeid)} tells what it depends on",
            )
    unseen = [nodeid for nodeid in leant_on if not burned[nodeid].runs]
    if unseen:
        is_over = burned[unseen[0]].is_cut_off
        why = (
            "before it had run once more, the time for its burn-in was over"
            if is_over
            else "it did not come to run again"
        )
        how = "give it more: flaky.burn-in-seconds" if is_over else f"see why: pytest {shlex.quote(unseen[0])}"
        return replace(
            record,
            verdict=Verdict.UNDECIDED,
            reason=f"whether {unseen[0]} may guard is not known: {why} (flaky.burn-in)",
            next=how,
        )
    return record


def _told(burned: Burned) -> str:
    assert burned.red is not None
    failure = burned.red.failure
    how = " at ".join(filter(None, [failure.kind, failure.place])) if failure is not None else ""
    said = f"failed in run {burned.runs} of its burn-in" + (f" with {how}" if how else "")
    if burned.red.number > 1:
        return f"{said}, the {_ordinal(burned.red.number)} time in one process"
    return f"{said}, after {burned.before}" if burned.before else f"{said}, as the first of its process"


def _ordinal(count: int) -> str:
    return {2: "second", 3: "third"}.get(count, f"{count}th")


def summary(burned: Mapping[str, Burned], wanted: int) -> tuple[str, ...]:
    """What the clean ones show, a sentence for those that ran as often as they were to and one for the others."""
    clean = {nodeid: one.runs for nodeid, one in burned.items() if one.red is None and one.runs}
    enough = {nodeid: runs for nodeid, runs in clean.items() if runs >= wanted}
    short = {nodeid: runs for nodeid, runs in clean.items() if nodeid not in enough}
    over = f" of {wanted}, the time for it being over (flaky.burn-in-seconds)"
    return tuple(f"burn-in: {_excluded(found, said)}" for found, said in ((enough, ""), (short, over)) if found)


def _excluded(runs: Mapping[str, int], over: str) -> str:
    least = min(runs, key=lambda nodeid: runs[nodeid])
    tests = "1 test that guards" if len(runs) == 1 else f"{len(runs)} tests that guard"
    which = f", {least} the fewest" if over and len(runs) > 1 else ""
    excluded = f"a failure rate above {bound(Burned(runs[least]).excluded)} % is excluded (95 %), a lower one is not"
    return f"{tests} passed {runs[least]} times{over}{which}: {excluded}"
