"""How are the processes of a hunt kept in a history, and what do they say of a test later? Pure; no I/O.

What is kept is the evidence, not what was concluded from it: each process is a worker of one recorded run, named by a
number and by its conditions. So it is handed on, imported and judged like any other run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core.kinds import OFTEN, UNKNOWN, diagnosis_of, first_alone, showings_of
from pytest_bugguard.core.replays import conditions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.kinds import Count, Diagnosis, Showing
    from pytest_bugguard.core.recorded_runs import Attempt, RecordedRun
    from pytest_bugguard.core.replays import Replayed


def kept(processes: Iterable[Replayed]) -> Iterator[Attempt]:
    """The attempts of these processes, as those of one run."""
    numbers: Counter[str] = Counter()
    for place, done in enumerate(processes, start=1):
        worker = f"{place} {done.asked.conditions.words}".strip()
        for one in done.attempts:
            numbers[one.nodeid] += 1
            yield replace(one, worker=worker, number=numbers[one.nodeid])


def diagnoses(newest_first: Iterable[RecordedRun]) -> dict[str, Diagnosis]:
    """What recorded experiments say of each test that they were made for: of each the newest ones that were."""
    found = {nodeid: diagnosis_of(nodeid, showings) for nodeid, (_, showings) in _newest(newest_first).items()}
    return {nodeid: diagnosis for nodeid, diagnosis in found.items() if diagnosis != UNKNOWN}


def alone(newest_first: Iterable[RecordedRun]) -> dict[str, tuple[RecordedRun, Count]]:
    """How the same tests ended where nothing was changed on purpose, first of their process; and in which run."""
    return {nodeid: (run, first_alone(showings)) for nodeid, (run, showings) in _newest(newest_first).items()}


def _newest(newest_first: Iterable[RecordedRun]) -> dict[str, tuple[RecordedRun, list[Showing]]]:
    found: dict[str, tuple[RecordedRun, list[Showing]]] = {}
    for run in newest_first:
        for nodeid, showings in _showings(run).items():
            # As a polluter that was tried, a test shows itself alone once; who is asked for is asked more often.
            if nodeid not in found and first_alone(showings).total >= OFTEN:
                found[nodeid] = run, showings
    return found


def _showings(run: RecordedRun) -> dict[str, list[Showing]]:
    by_worker: dict[str, list[Attempt]] = defaultdict(list)
    for one in run.attempts:
        by_worker[one.worker].append(one)
    found: dict[str, list[Showing]] = defaultdict(list)
    for worker, attempts in by_worker.items():
        ordered = sorted(attempts, key=lambda one: one.place)
        for nodeid in dict.fromkeys(one.nodeid for one in ordered):
            found[nodeid] += showings_of(nodeid, conditions_of(worker.partition(" ")[2]), ordered)
    return found
