"""The delivery baseline of an open repository, with what was traced before and what its clone lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters import audit_cache, trace_cache
from pytest_bugguard.adapters.timeline import GRAPH_CAP, GitTimeline
from pytest_bugguard.journeys.delivery import Sources, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.delivery import Baseline
    from pytest_bugguard.core.model import Record


def baseline(
    workshop: Workshop, tip: str, records: Sequence[Record], *, uses_cache: bool, progress: Callable[[int], None]
) -> tuple[Baseline | None, tuple[str, ...]]:
    """The figures of the history that leads to a commit, and what a reader has to know of them."""
    repository = workshop.repository
    timeline = GitTimeline(repository, workshop.history)
    ignored = frozenset(sha for sha in workshop.history.resolve_all(workshop.skipped) if sha is not None)
    uses_cache = uses_cache and not repository.is_partial
    boundary = ",".join(sorted(repository.boundary))
    key = audit_cache.key(audit_cache.own_code(), str(repository.common_dir), boundary, *workshop.skipped)
    found = measure(
        tip,
        records,
        Sources(timeline, workshop.history, trace_cache.load(key) if uses_cache else {}, ignored),
        workshop.settings.delivery,
        progress=progress,
    )
    if found is None:
        return None, (f"no delivery figures: the history has more than {GRAPH_CAP:,} commits",)
    if uses_cache:
        trace_cache.save(key, found.faults)
    return found, ()
