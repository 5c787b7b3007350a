"""Questions about a whole history: its audit, what single commits are taken for, a first look."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import audit_cache, crew, garbage
from pytest_bugguard.assembly import around
from pytest_bugguard.assembly.delivery import Delivery
from pytest_bugguard.core import findings, settings
from pytest_bugguard.core.hotspots import hotspots_of
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.stretches import cut
from pytest_bugguard.core.trend import Share, trend_of
from pytest_bugguard.journeys import audit as journey
from pytest_bugguard.journeys.init import look
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pytest_bugguard.adapters.crew import Crew
    from pytest_bugguard.adapters.history import Unread
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.first_look import FirstLook
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.results import Audited, Finding, Result
    from pytest_bugguard.core.stretches import Stretch
    from pytest_bugguard.journeys.audit import Part
    from pytest_bugguard.journeys.survey import Seen

_SHALLOW = "the clone is shallow, older fixes are not in it: git fetch --unshallow (in CI: fetch-depth: 0)"


def audit(  # noqa: PLR0913 - what may be asked of an audit
    workshop: Workshop,
    revisions: str,
    *,
    fail_under: float | None = None,
    uses_cache: bool = True,
    proven: Callable[[Record], Record] = lambda record: record,
    progress: Callable[[int], None],
) -> Result:
    """Every fix of a history: all that leads to ``REV``, or what ``BASE..REV`` spans.

    Args:
        workshop: The open repository.
        revisions: Which history.
        fail_under: The guarded share, from 0 to 1, without which there is a finding.
        uses_cache: Whether the same question may be answered from a file.
        proven: What is known of a fix from elsewhere.
        progress: Told how many commits were looked at.
    """
    since, tip = workshop.span(revisions)
    if tip is None:
        empty = workshop.result("audit", (), 0, notes=("there are no commits yet",))
        return _with_share(workshop, empty, Share(), fail_under, is_whole=True)
    key = _cache_key(workshop, since or "", tip) if uses_cache else ""
    with _crew(workshop) as copies:
        delivery = Delivery(workshop, tip, copies, uses_cache=uses_cache) if since is None else None
        found = _kept(key, lambda: _found(workshop, (since, tip), copies, delivery, progress))
        records = tuple(workshop.settled(proven(record)) for record in found.records)
        figures, said = (
            delivery.baseline(records, lambda count: progress(found.units + count)) if delivery else (None, ())
        )
    warned = _told(
        [*workshop.unfounded(Snapshot(workshop.history, tip)), *(workshop.doubts if fail_under is None else ())]
    )
    trend = trend_of(records)
    is_whole = since is not None or not workshop.history.is_shallow
    result = workshop.result("audit", records, found.units, notes=(*workshop.history.warnings, *warned, *said))
    result = replace(result, hotspots=hotspots_of(records, today=found.renamed), trend=trend, delivery=figures)
    if not is_whole:
        result = replace(result, notes=(*result.notes, _SHALLOW))
    return _with_share(workshop, result, trend.whole, fail_under, is_whole=is_whole)


def explain(workshop: Workshop, revisions: Sequence[str]) -> Result:
    """What each revision is taken for, and why."""
    shas = [workshop.resolve(revision) for revision in revisions]
    records = []
    for seen in map(workshop.survey.single, workshop.history.units_of(shas)):
        record = workshop.settled(_linked(workshop, seen))
        records.append(replace(record, other_signs=seen.signs[1:]))
    return workshop.result("explain", records, len(records), notes=_told(workshop.doubts))


def _linked(workshop: Workshop, seen: Seen) -> Record:
    """A commit as it was left; one without a test as an audit of HEAD sees it."""
    sha = seen.unit.commit.sha
    record = workshop.linker(Snapshot(workshop.history, sha)).link(seen, lambda _: (), is_only_fix=False)
    if record.verdict not in {Verdict.UNGUARDED, Verdict.UNDECIDED} or not seen.issues:
        return record
    offers, later = around.offers(workshop, sha)
    tip = Snapshot(workshop.history, workshop.head if later else sha)
    return workshop.linker(tip).link(seen, offers, is_only_fix=False)


def first_look(workshop: Workshop, *, progress: Callable[[int], None]) -> FirstLook:
    """What there is to see before the first settings."""
    tip = Snapshot(workshop.history, workshop.head)
    return look(
        workshop.line(workshop.head, None) if workshop.head else (),
        tip,
        workshop.survey,
        workshop.linker(tip),
        compared_with=workshop.choose_base(None) if workshop.head else None,
        progress=progress,
    )


def _kept(key: str, find: Callable[[], Audited]) -> Audited:
    """What an audit finds, from the cache where the same question was asked before; without a key nothing is kept."""
    found = audit_cache.load(key) if key else None
    if found is None:
        found = find()
        if key:
            audit_cache.save(key, found)
    return found


def _found(
    workshop: Workshop,
    span: tuple[str | None, str],
    copies: Crew,
    delivery: Delivery | None,
    progress: Callable[[int], None],
) -> Audited:
    """What an audit finds, stretch by stretch, on every processor where there are several stretches."""
    since, tip = span
    line = workshop.history.first_parents(tip, since=[since] if since else [])
    stretches = cut(line, margin=journey.REACH, since=since)
    workshop.history.close()  # copies of this process have gits of their own
    parts: list[Part] = []
    with garbage.seldom_sought():
        found = copies.each(partial(_auditor, workshop, tip), stretches, progress=progress)
        if delivery is not None:
            delivery.prepare()
        for stretch, (part, unread) in zip(stretches, found, strict=True):
            parts.append(part)
            workshop.history.leave_out(unread)
            if delivery is not None:
                delivery.look_ahead(part.records, stretch.end)
    return journey.joined(parts)


def _crew(workshop: Workshop) -> AbstractContextManager[Crew]:
    """One process for guests, as anything may that a guest keeps in mind."""
    workshop.history.close()  # with threads to its gits no process can be copied
    return crew.crew(1 if workshop.guests.names else crew.hands())


@contextmanager
def _auditor(workshop: Workshop, tip: str) -> Iterator[Callable[[Stretch, Callable[[int], None]], tuple[Part, Unread]]]:
    """What audits a stretch of a history, with gits of its own; told with the files that could not be read."""
    with workshop.beside() as own:
        linker = own.linker(Snapshot(own.history, tip))

        def audit(stretch: Stretch, progress: Callable[[int], None]) -> tuple[Part, Unread]:
            units = own.line(stretch.tip, stretch.since)
            part = journey.audit(units, own.survey, linker, stretch=stretch, progress=progress)
            return part, own.history.unread

        yield audit


def _cache_key(workshop: Workshop, since: str, tip: str) -> str:
    """Commits name all that the history holds; the rest is how we look at it, our own code included.

    Empty where nobody can name it all: guests answer as they like, and a partial clone may hold more tomorrow.
    """
    if workshop.guests.names or workshop.repository.is_partial:
        return ""
    boundary = ",".join(sorted(workshop.repository.boundary))
    idle = settings.Settings()
    how = replace(
        workshop.settings,
        waivers=(),
        coverage=idle.coverage,
        flaky=idle.flaky,
        quarantine=idle.quarantine,
        delivery=idle.delivery,
    ).digest()
    return audit_cache.key(audit_cache.own_code(), sys.version, since, tip, boundary, how, *workshop.skipped)


def _with_share(
    workshop: Workshop, result: Result, share: Share, fail_under: float | None, *, is_whole: bool
) -> Result:
    if fail_under is None:
        return result
    found = findings.of_share(share, fail_under, is_whole=is_whole)
    return workshop.with_loose(result, [*found, *workshop.doubts])


def _told(found: Iterable[Finding]) -> list[str]:
    """As notes: a survey fails by none of them."""
    return [f"{finding.message}; {finding.next}" for finding in found]
