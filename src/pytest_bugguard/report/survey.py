"""A result as lines for a terminal: a whole history worth reading, for ``bugguard audit``."""

from __future__ import annotations

from collections import Counter, defaultdict
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from pytest_bugguard.core import dates
from pytest_bugguard.core.hotspots import HALF_LIFE_DAYS
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.trend import GUARDED, Share
from pytest_bugguard.report import coverage, delivery, flaky, text, words
from pytest_bugguard.report.spans import OF_VERDICT, Line, Style, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.coverage_verdict import Coverage
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.hotspots import Hotspot, Hotspots
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.core.trend import Quarter, Trend

_QUARTERS_SHOWN = 12
_FOLDERS_SHOWN = 5
_BAR = 20
_INDENT = " " * 4
_TO_LIST = (
    Verdict.BROKEN,
    Verdict.UNGUARDED,
    Verdict.UNPROVEN,
    Verdict.UNSTABLE,
    Verdict.WEAK,
    Verdict.WAIVED,
)
"""The verdicts whose fixes are named; the rest is counted."""


def audit(result: Result, *, width: int = 80, limit: int | None = 20, is_verbose: bool = False) -> tuple[Line, ...]:
    """The whole survey, paragraph by paragraph.

    Args:
        result: What the audit found.
        width: Subjects are cut to it; ids and paths never are.
        limit: How many fixes to name of each verdict, the newest ones; None for all.
        is_verbose: Whether the guarded ones are named too.
    """
    named = (*_TO_LIST, *(verdict for verdict in Verdict if is_verbose and verdict in GUARDED))
    return (
        *_opening(result),
        *(_trend(result.trend) if result.trend else ()),
        *(shown for verdict in named for shown in _fixes(result.records, verdict, width, limit)),
        *_undecided(result.records, width, limit),
        *_doubted(words.doubted(result), limit),
        *_excused(words.excuses(result)),
        *(_coverage(result.coverage, width) if result.coverage and result.coverage.judged else ()),
        *(_hotspots(result.hotspots) if result.hotspots else ()),
        *(delivery.rows(result.delivery, is_verbose=is_verbose) if result.delivery else ()),
        *_signs(result.records),
        *_notes(result),
    )


def _opening(result: Result) -> Iterator[Line]:
    facts = result.repository
    since = f" since {words.revision(facts.base)}" if facts.base is not None else ""
    yield line(span(words.headline(result), Style.STRONG))
    read = f"{words.counted(result.summary.units, 'commit', 'commits and merges')}{since}"
    yield line(f"{read}: {', '.join(words.counts(result.summary)) or 'no fixes'}")


def _headed(title: str) -> tuple[Line, Line]:
    return line(), line(span(title, Style.STRONG))


def _trend(trend: Trend) -> Iterator[Line]:
    if not trend.quarters:
        return
    yield from _headed("Guarded share by quarter")
    older, shown = trend.quarters[:-_QUARTERS_SHOWN], trend.quarters[-_QUARTERS_SHOWN:]
    if older:
        yield _bar("before", _sum(older))
    for quarter in shown:
        yield _bar(quarter.name, quarter.share)


def _sum(quarters: Sequence[Quarter]) -> Share:
    shares = [quarter.share for quarter in quarters]
    return Share(
        sum(share.guarded for share in shares),
        sum(share.judged for share in shares),
        sum(share.undecided for share in shares),
    )


def _bar(label: str, share: Share) -> Line:
    filled = _BAR * share.guarded // share.judged if share.judged else 0
    empty = _BAR - filled if share.judged else 0
    bar = (span("#" * filled, Style.GOOD), span("." * empty, Style.FAINT), " " * (_BAR - filled - empty))
    return line(f"  {label:<9}", *bar, f"  {words.share(share)}")


def _fixes(records: Sequence[Record], verdict: Verdict, width: int, limit: int | None) -> Iterator[Line]:
    found = [record for record in records if record.is_fix and record.verdict is verdict]
    # Those of a branch that was merged stand behind its merge, however old they are.
    found.sort(key=attrgetter("committed_s"), reverse=True)
    if not found:
        return
    yield from _headed(f"{verdict.capitalize()}, newest first ({len(found)})")
    shared = _shared_action(found[:limit])
    if shared:
        yield _next("  ", shared)
    for record in found[:limit]:
        yield from _fix(record, width)
        if record.next not in {"", shared}:
            yield _next(_INDENT, record.next)
    yield from _rest(len(found), limit)


def _shared_action(records: Sequence[Record]) -> str:
    """What is to be done for most of them, to be said once; empty where each has an action of its own."""
    actions = Counter(record.next for record in records if record.next)
    action, count = max(actions.items(), key=itemgetter(1), default=("", 0))
    return action if count > 1 else ""


def _next(indent: str, action: str) -> Line:
    return line(indent, span("next: ", Style.STRONG), action)


def _fix(record: Record, width: int) -> Iterator[Line]:
    prefix = f"  {words.short(record.sha)}  {dates.day(record.committed_s)}  "
    subject = words.cut(record.subject, width - len(prefix))
    style = OF_VERDICT[record.verdict]
    yield line("  ", span(words.short(record.sha), style), f"  {dates.day(record.committed_s)}  ", subject)
    yield line(_INDENT, "; ".join(filter(None, (words.changed(record), words.why(record)))))


def _rest(count: int, limit: int | None) -> Iterator[Line]:
    if limit is not None and count > limit:
        yield line(f"  {count - limit} more: bugguard audit --all")


def _undecided(records: Sequence[Record], width: int, limit: int | None) -> Iterator[Line]:
    by_cure: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.verdict is Verdict.UNDECIDED:
            by_cure[record.next].append(record)
    if not by_cure:
        return
    yield from _headed("What could not be told, and what cures it")
    for cure, found in by_cure.items():
        yield _next("  ", cure)
        for record in found[:limit]:
            subject = words.cut(record.subject, width - 13)
            yield line(_INDENT, span(words.short(record.sha), Style.DOUBT), "  ", subject)
            yield line(_INDENT * 2, record.reason)
        yield from _rest(len(found), limit)


def _doubted(flakes: Sequence[Flake], limit: int | None) -> Iterator[Line]:
    if flakes:
        yield from _headed(f"Tests that cannot be trusted ({len(flakes)})")
        yield from flaky.doubted(flakes, limit)


def _excused(excuses: Sequence[tuple[str, str, str, str]]) -> Iterator[Line]:
    if excuses:
        yield from _headed(f"Excused for a time, by the last day ({len(excuses)})")
    for until, what, owner, reason in excuses:
        yield line(f"  {until or 'no day':<10}  {what}   {owner}: {reason}")


def _coverage(found: Coverage, width: int) -> Iterator[Line]:
    yield from _headed("Coverage")
    yield from coverage.section(found, width)


def _hotspots(hotspots: Hotspots) -> Iterator[Line]:
    if not hotspots.files:
        return
    yield from _headed(f"Where fixes cluster (a fix of {HALF_LIFE_DAYS} days before the newest one weighs half)")
    yield line(span("  weight  fixes  guarded  newest   place", Style.FAINT))
    for place in (*hotspots.files, *hotspots.folders[:_FOLDERS_SHOWN]):
        yield line(_place(place))


def _place(place: Hotspot) -> str:
    guarded = f"{words.percent(place.share.guarded, place.share.judged)} %" if place.share.judged else "-"
    return f"  {place.weight:6.2f}  {place.fixes:5}  {guarded:>7}  {words.short(place.newest)}  {place.path}"


def _signs(records: Sequence[Record]) -> Iterator[Line]:
    rules = words.rules(records)
    if rules:
        yield from _headed("How the fixes were recognised")
        yield line(f"  {', '.join(f'{rule} {count}' for rule, count in rules)}")


def _notes(result: Result) -> Iterator[Line]:
    found = words.loose_findings(result)
    if found or result.notes:
        yield line()
    for finding in found:
        yield from text.loose(finding)
    for note in result.notes:
        yield line(span("note: ", Style.FAINT), note)
