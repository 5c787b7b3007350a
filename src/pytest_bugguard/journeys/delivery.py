"""How this repository delivers: its releases, which commits each carried, and what the fixes of late mended."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import faults, releases
from pytest_bugguard.core.delivery import Delivered, Repair, baseline_of, period_of
from pytest_bugguard.core.faults import Lines, Traced
from pytest_bugguard.core.model import Unavailable, Verdict
from pytest_bugguard.journeys.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.delivery import Baseline, Period
    from pytest_bugguard.core.model import FileChange, Record, Unit
    from pytest_bugguard.core.releases import Graph, Tag
    from pytest_bugguard.core.settings import DeliverySettings
    from pytest_bugguard.journeys.ports import History, Timeline

FIXES_CAP = 200
"""Fixes that are traced, the newest ones of the period; the others are counted as not traced."""
FILES_CAP = 3
"""Files of a fix whose lines are looked up."""
_OVER = f"only the newest {FIXES_CAP} fixes are traced"


class Sources(NamedTuple):
    """Where the figures are read from."""

    timeline: Timeline
    history: History
    ignored: frozenset[str] = frozenset()
    """Commits that only lay the code out anew."""


def lay_out(tip: str, sources: Sources, settings: DeliverySettings) -> Layout | None:
    """The history that leads to a commit; None where it is too long for that.

    Args:
        tip: The newest commit.
        sources: Tags, graph, and the files of fixes.
        settings: What counts as a release, and which time is looked at.
    """
    tags = releases.of_tags(sources.timeline.tags(), settings.releases)
    graph = sources.timeline.graph([tip, *(tag.commit for tag in tags)])
    if graph is None:
        return None
    shipped = _until(tip, tags, graph)
    period = period_of(tip, shipped, graph, days=settings.days, failure_days=settings.failure_days)
    return Layout(tip, sources, graph, shipped, period)


class Layout:
    """The releases of a history, how its commits hang together, and the time that is looked at."""

    def __init__(self, tip: str, sources: Sources, graph: Graph, shipped: Sequence[Tag], period: Period) -> None:
        self._tip = tip
        self._sources = sources
        self._graph = graph
        self._shipped = shipped
        self._period = period

    def is_older(self, commit: str) -> bool:
        """Whether a commit was made before the time that is looked at."""
        return self._graph[commit].committed_s < self._period.first_s

    def trace(
        self, records: Iterable[Record], known: Mapping[str, Traced], *, progress: Callable[[int], None]
    ) -> dict[str, Traced]:
        """Where the faults of the fixes among these records came from, newest first.

        Args:
            records: Fixes, newest first; those of another time are left out.
            known: What was traced before, by fix.
            progress: Told the number of fixes traced so far.
        """
        fixes = self._fixes(records)
        traced = {fix: known[fix] for fix in (record.sha for record in fixes) if fix in known}
        missing = [record for record in fixes[:FIXES_CAP] if record.sha not in traced]
        for count, found in enumerate(_traced(missing, self._sources), start=1):
            traced[found.fix] = found
            progress(count)
        return traced

    def baseline(self, records: Iterable[Record], traced: Mapping[str, Traced]) -> Baseline:
        """The figures of the history.

        Args:
            records: Its fixes, newest first.
            traced: Where their faults came from, by fix.
        """
        beside = self._sources.timeline.messages([tag.commit for tag in self._shipped], without=self._tip)
        carriers = releases.carriers(self._shipped, self._graph, releases.copies_of(beside))
        repairs = [_repair(record, traced) for record in self._fixes(records)]
        return baseline_of(Delivered(self._period, self._shipped, self._graph, carriers, repairs))

    def _fixes(self, records: Iterable[Record]) -> list[Record]:
        return [record for record in records if _needs_restoring(record) and self._period.holds(record.committed_s)]


def _until(tip: str, tags: Sequence[Tag], graph: Graph) -> tuple[Tag, ...]:
    """The releases that are in this history, or were made beside it while it went on."""
    own = releases.reached(tip, graph)
    return tuple(tag for tag in tags if tag.commit in own or tag.made_s <= graph[tip].committed_s)


def _needs_restoring(record: Record) -> bool:
    return record.is_fix and record.verdict is not Verdict.NOT_APPLICABLE


def _repair(record: Record, traced: Mapping[str, Traced]) -> Repair:
    found = traced.get(record.sha) or Traced(record.sha, None, _OVER)
    return Repair(record.sha, record.committed_s, found)


def _traced(records: Sequence[Record], sources: Sources) -> Iterator[Traced]:
    """Where the fault of each fix came from; those that name no line first."""
    units = sources.history.units_of([record.sha for record in records], with_inner=False)
    asked: dict[str, tuple[Lines, ...]] = {}
    for record, unit in zip(records, units, strict=True):
        said = _questions(record, unit, sources.history)
        if isinstance(said, str):
            yield Traced(record.sha, None, said)
        else:
            asked[record.sha] = said
    yield from trace(asked, sources.history, boundary=sources.timeline.boundary, ignored=sources.ignored)


def _questions(record: Record, unit: Unit, history: History) -> tuple[Lines, ...] | str:
    """The lines that were mended; where there are none: why."""
    if unit.is_boundary or not record.parents:
        return faults.OUT_OF_SIGHT
    source = set(record.files.source)
    found: list[Lines] = []
    reason = faults.ADDS_ONLY
    for change in islice((change for change in unit.changes if change.path in source), FILES_CAP):
        lines = _mended(change, history)
        if lines is None:
            reason = faults.UNREAD
        elif len(lines) > faults.LINES_CAP:
            reason = faults.TOO_LARGE
        elif lines and change.old_path is not None:
            found.append(Lines(record.parents[0], change.old_path, lines))
    return tuple(found) or reason


def _mended(change: FileChange, history: History) -> tuple[int, ...] | None:
    old = history.blob(change.old_blob) if change.old_blob else b""
    new = history.blob(change.new_blob) if change.new_blob else b""
    if isinstance(old, Unavailable) or isinstance(new, Unavailable):
        return None
    return faults.mended(old, new)
