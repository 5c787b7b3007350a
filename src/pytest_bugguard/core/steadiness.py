"""Has a test that a fix leans on failed before, on this very code? Then it is no guard until it is mended. No I/O.

In an earlier run, or in this one, where another plugin has repeated it.
To run a failed job once more until it is green is the way in which a flaky test gets into the main branch.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.burning_in import guards_of
from pytest_bugguard.core.model import Outcome, Verdict
from pytest_bugguard.core.recorded_runs import Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import Attempt


class Code(NamedTuple):
    """What is run, and where: outcomes may be compared only within one."""

    tree: str
    """Its id; empty where work is not committed: then it is nobody else's code."""
    environment: str
    """A digest."""


def reds_on(code: Code, sightings: Iterable[Sighting]) -> tuple[int, int]:
    """How often a test failed in earlier runs of this code, and of how many; experiments apart: they make it fail."""
    seen = [
        one.outcome
        for one in sightings
        if (one.code, one.environment) == code
        and one.why is not Why.EXPERIMENT
        and one.outcome in {Outcome.PASSED, Outcome.FAILED}
    ]
    return seen.count(Outcome.FAILED), len(seen)


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


def judged(record: Record, known: Mapping[str, tuple[int, int]]) -> Record:
    """A record that leans on tests which passed now, judged by how they did before (``reds_on``)."""
    for nodeid in guards_of([record]):
        failed, runs = known.get(nodeid, (0, 0))
        if failed:
            return replace(
                record,
                verdict=Verdict.UNSTABLE,
                reason=f"{nodeid} passed now, and failed in {failed} of {runs} earlier runs of this very code",
                next=f"mend the test (bugguard hunt {shlex.quote(nodeid)} tells what it depends on); "
                "was the machine at fault, run it on a new commit",
            )
    return record
