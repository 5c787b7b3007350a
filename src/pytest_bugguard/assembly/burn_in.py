"""The burn-in of the tests that guard the fixes of a change, after a run of pytest."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.assembly.replays import home_of, open_replayer, start_of
from pytest_bugguard.core import burning_in
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.journeys.burn_in import Limits, burn_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.recorded_runs import Attempt


class BurnedIn(Struct, frozen=True):
    """What came of it."""

    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()


def after_run(  # noqa: PLR0913 - what a run is known by
    workshop: Workshop,
    records: Iterable[Record],
    ran: Mapping[str, float],
    *,
    folder: Path,
    words: Sequence[str],
    runs: int,
) -> BurnedIn:
    """The records of fixes, judged by the burn-in of what guards them.

    Args:
        workshop: The repository.
        records: As the run left them.
        ran: How many seconds each test of the run took, by node ids of the repository's top, in order.
        folder: Where pytest was started.
        words: Its options, as they were typed.
        runs: How often each test is run.
    """
    found = tuple(records)
    tests, top = burning_in.guards_of(found), workshop.repository.top
    if not (tests and runs and top is not None):
        return BurnedIn(found)
    until = time.monotonic() + workshop.settings.flaky.burn_in_seconds
    files = sorted({test.partition("::")[0] for test in tests})
    try:
        with open_replayer(top, home_of(top, start_of(workshop, folder), files, words)) as replayer:
            burned, attempts = burn_in(tests, ran, replayer, Limits(runs, until, time.monotonic))
    except (BugguardError, OSError) as error:
        burned, attempts = dict.fromkeys(tests, burning_in.Burned()), []
        notes: tuple[str, ...] = (f"the burn-in could not be made: {error}",)
    else:
        notes = burning_in.summary(burned, runs)
    numbers: Counter[str] = Counter()
    numbered = []
    for one in attempts:
        numbers[one.nodeid] += 1
        numbered.append(replace(one, number=numbers[one.nodeid]))
    return BurnedIn(tuple(burning_in.judged(record, burned) for record in found), notes, tuple(numbered))
