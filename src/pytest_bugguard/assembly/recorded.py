"""What is recorded of tests? By the history, and by what waits beside it to get in."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.history_store import NoRunsError
from pytest_bugguard.assembly.records import Spool, history_of
from pytest_bugguard.core import steadiness
from pytest_bugguard.core.recorded_runs import Why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.recorded_runs import RecordedRun
    from pytest_bugguard.journeys.ports import RunHistory


def recorded_of(workshop: Workshop) -> Recorded | None:
    """What is recorded for an open repository; None where there is to be no history."""
    history, top = history_of(workshop), workshop.repository.top
    return None if history is None or top is None else Recorded(history, Spool(top))


class Recorded:
    """What there is to know of tests: by the history, and by what waits to get into it.

    Where nothing was recorded yet there is nothing to know. Every question may raise ``BugguardError``: the history
    cannot be read.
    """

    def __init__(self, history: RunHistory, spool: Spool) -> None:
        self._history = history
        self._spool = spool

    @cached_property
    def _waiting(self) -> Sequence[RecordedRun]:
        return sorted(self._spool.waiting().values(), key=lambda run: run.started_s, reverse=True)

    @cached_property
    def _seen_waiting(self) -> Mapping[str, Sequence[Sighting]]:
        return steadiness.sightings_in(self._waiting)

    def sightings(self, nodeids: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
        """All that is recorded of some tests, each in no special order."""
        kept: Mapping[str, Sequence[Sighting]] = {}
        with suppress(NoRunsError):
            kept = self._history.sightings(nodeids)
        return {nodeid: self._together(kept.get(nodeid, ()), self._seen_waiting.get(nodeid, ())) for nodeid in nodeids}

    @staticmethod
    def _together(kept: Sequence[Sighting], waiting: Sequence[Sighting]) -> tuple[Sighting, ...]:
        """Each run once: one that has got in may still lie where it waited."""
        there = {one.run for one in kept}
        return (*kept, *(one for one in waiting if one.run not in there))

    def contradicted(self) -> frozenset[str]:
        """The tests that may have both passed and failed on the same code: all of them, and of what waits any."""
        kept: frozenset[str] = frozenset()
        with suppress(NoRunsError):
            kept = self._history.contradicted()
        return kept | self._seen_waiting.keys()

    def experiments(self, limit: int) -> tuple[RecordedRun, ...]:
        """Runs that were made to find out something, the newest first; so many of those in the history."""
        kept: Sequence[RecordedRun] = ()
        with suppress(NoRunsError):
            kept = self._history.experiments(limit)
        return (*(run for run in self._waiting if run.why is Why.EXPERIMENT), *kept)
