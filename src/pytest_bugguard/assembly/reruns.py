"""The tests that failed in a run of pytest, run again: what each is, what that means for the run, what is recorded."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.assembly import base_ends, changes, records
from pytest_bugguard.assembly.replays import home_of, open_replayer, start_of
from pytest_bugguard.core import findings, meeting, reruns, steadiness
from pytest_bugguard.core.alike import with_alike
from pytest_bugguard.core.attempts import attempts_of
from pytest_bugguard.core.base_ends import with_base
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.flakes import flake_of, ranking_of, signatures_of
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.outcomes import from_top
from pytest_bugguard.journeys.reruns import Limits, rerun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.base_ends import BaseEnd
    from pytest_bugguard.core.flakes import Flake, Sighting
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.core.reruns import Rerun
    from pytest_bugguard.core.results import RepositoryFacts, Result


class RerunOptions(Struct, frozen=True):
    """How the tests that failed are run again."""

    times: int
    folder: Path
    """Where pytest was started."""
    words: Sequence[str]
    """Its options, as they were typed."""
    base: str | None
    """What they say of the base."""
    tell: Callable[[int, int, str], None]
    """Told before each test how many are done, of how many, and which is next."""


class Reruns:
    """Runs again what failed in one run of pytest."""

    def __init__(self, workshop: Workshop, reports: Iterable[PhaseReport]) -> None:
        """Look at a run.

        Args:
            workshop: The repository.
            reports: All of the run; node ids are relative to pytest's rootdir.
        """
        prefix = workshop.repository.prefix
        own = [replace(one, nodeid=from_top(one.nodeid, prefix)) for one in reports]
        excused = {one.nodeid for one in own if one.excuse}
        refused = {one.nodeid for one in own if one.outcome == "failed" and not one.excuse}
        attempts = attempts_of(own)
        self._workshop = workshop
        self._failed, self._repeated = reruns.sorted_out(attempts, excused - refused)
        self._first = {one.nodeid: one.failure for one in attempts if one.failure is not None and one.number == 1}
        self._red = {one.nodeid for one in attempts if one.outcome is Outcome.FAILED} - (excused - refused)
        self._told: list[Rerun] = []
        self._ends: dict[str, BaseEnd] = {}
        """Of those that fail every way: how each ended on the base."""

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What the reruns add to the history."""
        return tuple(
            replace(attempt, number=place) for one in self._told for place, attempt in enumerate(one.attempts, start=1)
        )

    @property
    def are_all_flaky(self) -> bool:
        """Whether each test that failed has been shown to be flaky, in whichever way."""
        told = {one.failed.nodeid for one in (*self._told, *self._repeated) if one.verdict.is_unsteady}
        return self._red <= told

    def judged(self, result: Result, options: RerunOptions) -> Result:
        """A result with what each test is that failed."""
        notes = []
        most = self._workshop.settings.flaky.max_failures
        if len(self._failed) > most:
            notes.append(
                f"{len(self._failed)} tests failed: of more than {most} none is run again (flaky.max-failures)"
            )
        elif self._failed and options.times:
            try:
                self._run(options, result.repository)
            except (BugguardError, OSError) as error:
                notes.append(f"what failed was not run again: {error}")
            except KeyboardInterrupt:
                notes.append("what failed was not all run again: it was broken off")
        flakes = with_alike(self._flakes())
        if flakes:
            processes = sum(len(one.processes) for one in self._told)
            result = replace(result, ranking=ranking_of(flakes, runs=processes, tests=len(flakes)))
            result = findings.rejudged(result, [steadiness.rerun(record, flakes) for record in result.records])
        result = replace(result, notes=(*result.notes, *notes))
        if self._workshop.settings.flaky.on_flaky == "warn":
            return result
        return self._workshop.with_loose(result, findings.of_flakes(flakes))

    def _run(self, options: RerunOptions, facts: RepositoryFacts) -> None:
        top = self._workshop.repository.top
        assert top is not None  # pytest runs nothing in a bare repository
        folder = start_of(self._workshop, options.folder)
        files = sorted({one.nodeid.partition("::")[0] for one in self._failed})
        until = time.monotonic() + self._workshop.settings.flaky.reruns_seconds
        begin = changes.begin_of(self._workshop, facts, options.base)
        changed = changes.since(self._workshop, begin) if isinstance(begin, str) else ()
        limits = Limits(options.times, until, time.monotonic, meeting.watched(changed))
        with open_replayer(top, home_of(top, folder, files, options.words)) as replayer:
            for one in rerun(self._failed, replayer, limits, tell=options.tell):
                self._told.append(one)
        failing = [one.failed for one in self._told if one.verdict is FlakeVerdict.FAILING]
        self._ends = base_ends.ends_of(self._workshop, failing, begin, changed, options.words, limits)

    def _flakes(self) -> tuple[Flake, ...]:
        found = [*self._told, *self._repeated]
        seen: dict[str, tuple[Sighting, ...]] = {}
        history = records.history_of(self._workshop) if found else None
        if history is not None:
            with suppress(BugguardError):  # whoever records says that it cannot be read
                seen = history.sightings([one.failed.nodeid for one in found])
        return tuple(self._flake(one, seen.get(one.failed.nodeid, ())) for one in found)

    def _flake(self, one: Rerun, sightings: Sequence[Sighting]) -> Flake:
        """What its reruns say, and its rate by the history."""
        nodeid = one.failed.nodeid
        known = flake_of(nodeid, sightings)
        first = self._first.get(nodeid)
        flake = replace(
            known,
            verdict=one.verdict,
            reason=one.reason,
            next=reruns.next_of(nodeid, one.verdict),
            signatures=known.signatures or signatures_of([first] if first is not None else ()),
        )
        found = meeting.met(nodeid, [done for _, done in one.processes])
        return with_base(meeting.with_met(flake, found), self._ends)
