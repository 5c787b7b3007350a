"""The delivery baseline of an open repository, with what was traced before and what its clone lacks."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import audit_cache, trace_cache
from pytest_bugguard.adapters.timeline import GRAPH_CAP, GitTimeline
from pytest_bugguard.journeys.delivery import Sources, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_bugguard.adapters.crew import Crew
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.delivery import Baseline
    from pytest_bugguard.core.faults import Traced
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.journeys.delivery import Layout


class Delivery:
    """How the history that leads to a commit is delivered.

    Where the faults of its fixes came from takes git and one processor a while, and only the fixes of late are asked
    for: it can begin as soon as these are known.
    """

    def __init__(self, workshop: Workshop, tip: str, crew: Crew, *, uses_cache: bool) -> None:
        self._workshop = workshop
        self._tip = tip
        self._crew = crew
        repository = workshop.repository
        self._uses_cache = uses_cache and not repository.is_partial
        boundary = ",".join(sorted(repository.boundary))
        self._key = audit_cache.key(audit_cache.own_code(), str(repository.common_dir), boundary, *workshop.skipped)
        self._records: list[Record] = []
        self._ahead: Callable[[], dict[str, Traced] | None] | None = None

    def prepare(self) -> None:
        """Lay the history out: what can be done before any fix is known."""
        _ = self._layout

    def look_ahead(self, records: Iterable[Record], following: str | None) -> None:
        """Told the fixes of the history piece by piece, newest first: trace those of late beside all else.

        Args:
            records: The fixes of a piece.
            following: The newest commit of the next piece; None where there is none.
        """
        if self._ahead is not None or self._layout is None:
            return
        self._records += records
        if following is not None and self._layout.is_older(following):
            self._workshop.history.close()  # a copy of this process has gits of its own
            self._ahead = self._crew.aside(partial(self._trace, self._layout))

    def baseline(
        self, records: Sequence[Record], progress: Callable[[int], None]
    ) -> tuple[Baseline | None, tuple[str, ...]]:
        """The figures, and what a reader has to know of them.

        Args:
            records: All fixes of the history, newest first.
            progress: Told the number of fixes traced so far.
        """
        if self._layout is None:
            return None, (f"no delivery figures: the history has more than {GRAPH_CAP:,} commits",)
        known = (self._ahead() if self._ahead else None) or self._known
        found = self._layout.baseline(records, self._layout.trace(records, known, progress=progress))
        if self._uses_cache:
            trace_cache.save(self._key, found.faults)
        return found, ()

    @cached_property
    def _layout(self) -> Layout | None:
        history = self._workshop.history
        ignored = frozenset(sha for sha in history.resolve_all(self._workshop.skipped) if sha is not None)
        timeline = GitTimeline(self._workshop.repository, history)
        return lay_out(self._tip, Sources(timeline, history, ignored), self._workshop.settings.delivery)

    @cached_property
    def _known(self) -> dict[str, Traced]:
        return trace_cache.load(self._key) if self._uses_cache else {}

    def _trace(self, layout: Layout) -> dict[str, Traced]:
        try:
            return layout.trace(self._records, self._known, progress=lambda _: None)
        finally:
            self._workshop.history.close()
