"""Is a test that a fix leans on known to be flaky? Then it is no guard until it is mended. Pure; no I/O.

It is where it both passed and failed on code that has the fix: in earlier runs, or now and in an earlier one, or in one
run, where another plugin has repeated it. What it did before the fix may have been the bug.
To run a failed job once more until it is green is the way in which a flaky test gets into the main branch.
"""

from __future__ import annotations

import itertools
import shlex
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from pytest_bugguard.core.burning_in import LEANING, guards_of
from pytest_bugguard.core.estimates import LUCK, luck_of
from pytest_bugguard.core.flakes import Flake, Sighting
from pytest_bugguard.core.kinds import count
from pytest_bugguard.core.model import Outcome, Verdict
from pytest_bugguard.core.recorded_runs import Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.kinds import Count
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import Attempt, RecordedRun


class Code(NamedTuple):
    """What is run, and where: outcomes may be compared only within one."""

    tree: str
    """Its id."""
    environment: str
    """A digest."""


class Contradiction(NamedTuple):
    """A test that both passed and failed on one code, in one environment."""

    nodeid: str
    code: Code
    commit: str
    """Of one of the runs; empty where none of them tells."""
    passed: int
    failed: int
    passes_left: int
    """How often it has to pass, as it is, before luck hardly explains that it does."""


def leant_on(record: Record) -> tuple[str, ...]:
    """The tests that a fix leans on, whether or not they have been run now."""
    if record.verdict not in LEANING:
        return ()
    return tuple(test.nodeid for test in record.tests if test.counts and test.after in {None, Outcome.PASSED})


def contradictions(nodeid: str, sightings: Iterable[Sighting], passed: Code | None = None) -> Iterator[Contradiction]:
    """On which code a test did both, the newest first; none where it has passed since more often than luck explains.

    Uncommitted work is nobody else's code.

    Args:
        nodeid: The test.
        sightings: All that is recorded of it, in any order.
        passed: Where it has passed right now, if it has.
    """
    seen = _natural(sightings)
    left = _passes_left([*(one.outcome for one in seen), *([Outcome.PASSED] if passed is not None else [])])
    codes: dict[Code, list[Sighting]] = defaultdict(list)
    for one in reversed(seen if left else ()):
        if one.code != one.run:
            codes[Code(one.code, one.environment)].append(one)
    for code, found in codes.items():
        ends = count(one.outcome for one in found)
        passes = ends.passed + (code == passed)
        if passes and ends.failed:
            yield Contradiction(nodeid, code, found[0].commit, passes, ends.failed, left)


def sightings_in(runs: Iterable[RecordedRun]) -> dict[str, list[Sighting]]:
    """What runs that are in no history say of each test; the time that they cost is left at 0."""
    found: dict[str, list[Sighting]] = defaultdict(list)
    for run in runs:
        where = run.circumstances
        for one in run.attempts:
            seen = Sighting(
                run.id, run.started_s, run.why, run.is_natural and one.number == 1, where.commit, where.tree or run.id,
                where.environment, where.environment_words, where.branch, one.number, one.outcome, one.failure, 0,
            )  # fmt: skip
            found[one.nodeid].append(seen)
    return found


def hunted(nodeid: str, run: RecordedRun, alone: Count, sightings: Iterable[Sighting]) -> Iterator[Contradiction]:
    """The same by a hunt: where it ran alone and under no other conditions, nobody made it fail.

    Args:
        nodeid: The test.
        run: The hunt.
        alone: How it ended there alone.
        sightings: All that is recorded of it besides.
    """
    where = run.circumstances
    then = [Outcome.PASSED] * alone.passed + [Outcome.FAILED] * alone.failed
    left = _passes_left([*then, *(one.outcome for one in _natural(sightings) if one.started_s > run.started_s)])
    code = Code(where.tree, where.environment)
    if left and where.tree and alone.passed and alone.failed:
        yield Contradiction(nodeid, code, where.commit, alone.passed, alone.failed, left)


def _natural(sightings: Iterable[Sighting]) -> list[Sighting]:
    """What counts, the oldest first: experiments make tests fail."""
    return [
        one
        for one in sorted(sightings, key=lambda one: (one.started_s, one.run, one.number))
        if one.outcome in {Outcome.PASSED, Outcome.FAILED} and one.why is not Why.EXPERIMENT
    ]


def _passes_left(outcomes: Sequence[Outcome]) -> int:
    """How often it has to pass yet, until all its passes since it last failed are luck in 5 % of cases at most."""
    passes = len(list(itertools.takewhile(lambda one: one is Outcome.PASSED, reversed(outcomes))))
    before = count(outcomes[: len(outcomes) - passes])
    enough = next(more for more in itertools.count() if luck_of(more, before.failed, before.total) <= LUCK)
    return max(0, enough - passes)


def judged(record: Record, found: Contradiction) -> Record:
    """A record that leans on a test which is flaky with the fix in place."""
    named = shlex.quote(found.nodeid)
    where = f", commit {found.commit[:12]}," if found.commit else ""
    times = "time" if found.passes_left == 1 else "times"
    return replace(
        record,
        verdict=Verdict.UNSTABLE,
        reason=f"{found.nodeid} is flaky: on the same code{where} with the fix in place, "
        f"it passed {found.passed} and failed {found.failed} times",
        next=f"mend the test: bugguard hunt {named} tells what it depends on; "
        f"unchanged, it counts again once it has passed {found.passes_left} {times} more",
    )


def rerun(record: Record, flakes: Iterable[Flake]) -> Record:
    """A record whose tests failed now and are flaky, as their reruns show: that says nothing of the fix."""
    unsteady = {flake.nodeid: flake for flake in flakes if flake.verdict.is_unsteady}
    red = [test.nodeid for test in record.tests if test.after is Outcome.FAILED]
    if record.verdict is not Verdict.BROKEN or not red or not unsteady.keys() >= set(red):
        return record
    told = unsteady[red[0]]
    return replace(
        record,
        verdict=Verdict.UNSTABLE,
        reason=f"{told.nodeid} failed in this run, and is {told.verdict}: {told.reason}",
        next=f"mend the test: bugguard hunt {shlex.quote(told.nodeid)} tells what it depends on",
    )


def rescued(record: Record, attempts: Iterable[Attempt]) -> Record:
    """A record that leans on tests which passed at last, judged by how they did before another plugin repeated them."""
    guards = guards_of([record])
    tries: dict[str, list[Outcome]] = {nodeid: [] for nodeid in guards}
    for one in attempts:
        tries.get(one.nodeid, []).append(one.outcome)
    for nodeid, seen in tries.items():
        if Outcome.FAILED in seen:
            often = f"{seen.count(Outcome.FAILED)} of {len(seen)} times"
            return replace(
                record,
                verdict=Verdict.UNSTABLE,
                reason=f"{nodeid} failed {often} in this run, and passed when another plugin repeated it",
                next=f"mend the test: bugguard hunt {shlex.quote(nodeid)} tells what it depends on",
            )
    return record
