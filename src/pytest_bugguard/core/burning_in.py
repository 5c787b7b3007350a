"""May a new test guard a fix? Run it many times before that, in ways that show what one green run hides. No I/O.

Over at least five fresh processes, since all that stands on the process (hash seed, first use of a cache) is one sample
in each; shuffled among the tests of its file; and several times in a process.
"""

from __future__ import annotations

import math
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome, Verdict
from pytest_bugguard.core.orders import number, shuffled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import Attempt

IN_A_RUN = 20
"""So often a new test is run where nobody says how often; it is what can be had for five processes."""
PROCESSES = 5
_IN_ONE = 4
"""So often at most it runs in one process."""
_NEIGHBOURS = 50
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

    Args:
        tests: The new ones.
        ran: All that ran, in order: those of the same files run with them.
        runs: How often each is run.
    """
    files = {test.partition("::")[0] for test in tests}
    near = [one for one in dict.fromkeys(ran) if one.partition("::")[0] in files and one not in tests]
    processes = min(runs, max(PROCESSES, math.ceil(runs / _IN_ONE)))
    for place in range(processes):
        times = runs // processes + (place < runs % processes)
        seed = number("burn-in", place) // 2 * 2 + place % 2  # every other one keeps files and classes whole
        yield (*shuffled([*tests, *near[:_NEIGHBOURS]], seed), *([*tests] * (times - 1)))


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
        return replace(
            record,
            verdict=Verdict.UNDECIDED,
            reason=f"{unseen[0]} did not come to run again before it may guard (flaky.burn-in)",
            next=f"see why: pytest {shlex.quote(unseen[0])}",
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


def summary(burned: Mapping[str, Burned], wanted: int) -> str:
    """What the clean ones show, in a sentence; empty where none is clean."""
    clean = [one for one in burned.values() if one.red is None and one.runs]
    if not clean:
        return ""
    least = min(clean, key=lambda one: one.runs)
    tests = "1 test that guards" if len(clean) == 1 else f"{len(clean)} tests that guard"
    short = "" if least.runs >= wanted else f" of {wanted}, the time for it being over (flaky.burn-in-seconds)"
    excluded = f"a failure rate above {100 * least.excluded:.0f} % is excluded (95 %), a lower one is not"
    return f"burn-in: {tests} passed {least.runs} times{short}: {excluded}"
