"""Tests by their history, as lines for a terminal: what a team loses to them, and the story of each."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_bugguard.core import dates
from pytest_bugguard.core.alike import gathered
from pytest_bugguard.core.excuses import entry_of
from pytest_bugguard.core.flakes import Trend
from pytest_bugguard.core.model import FlakeVerdict
from pytest_bugguard.report import words
from pytest_bugguard.report.spans import OF_VERDICT, Style, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.estimates import Rate
    from pytest_bugguard.core.flakes import Flake, Group, Ranking
    from pytest_bugguard.core.results import Held
    from pytest_bugguard.report.spans import Line

INDENT = " " * 13
_TRENDS = {Trend.RISING: "fails more often lately", Trend.FALLING: "fails less often lately", Trend.LEVEL: ""}
_GROUPS = 8
_HOUR_S, _MINUTE_S = 3600, 60
_TINY = 0.1
"""Per cent below which a rate is not rounded further."""


def ranking(found: Ranking, quarantine: Sequence[Held] = (), *, shows_all: bool) -> Iterator[Line]:
    """The dearest tests, each with what it costs and the command that tells its story; then who may leave."""
    yield line(span(headline(found), Style.STRONG))
    more = found.failed - len(found.flakes)
    for first, *others in gathered(found.flakes):
        yield from _short(first, others, quarantine, is_cut=goes_on(found, first))
    if more > 0:
        cheaper = "" if shows_all else ": bugguard flaky list --all"
        yield line(span(f"{words.counted(more, 'test')} more failed, and cost less{cheaper}", Style.FAINT))
    if found.flakes:
        yield line(span(CAPTION, Style.FAINT))
    for one in quarantine:
        yield from recovered(one)


def goes_on(found: Ranking, flake: Flake) -> bool:
    """Whether tests behind the end of a ranking may fail as this one does: those that are flaky stand before it."""
    shown = len(found.flakes)
    is_flaky = flake.verdict in {FlakeVerdict.FLAKY, FlakeVerdict.ORDER_DEPENDENT}
    return found.failed > shown and (found.flaky > shown or not is_flaky)


def doubted(flakes: Sequence[Flake], limit: int | None) -> Iterator[Line]:
    """The tests of a survey that cannot be trusted, and what is behind several of them once."""
    for first, *others in gathered(flakes[:limit]):
        yield from _short(first, others, is_cut=limit is not None and len(flakes) > limit)
    if limit is not None and len(flakes) > limit:
        yield line(span(f"{words.counted(len(flakes) - limit, 'test')} more: bugguard flaky list --all", Style.FAINT))


def recovered(held: Held) -> Iterator[Line]:
    """A test that has been steady long enough to leave its quarantine, with the command; nothing of any other."""
    if held.recovery:
        yield line(span("RECOVERED ", Style.GOOD), " ", span(held.entry.test, Style.STRONG), f"   {held.recovery}")
        yield line(INDENT, span("next: ", Style.STRONG), f"bugguard flaky release {shlex.quote(held.entry.test)}")


CAPTION = "cost: the time of the runs that a test failed, shared with what else failed there; 95 %: Jeffreys' interval"


def headline(found: Ranking) -> str:
    """The sentence that a ranking comes down to."""
    if not found.tests:
        known = f"{words.counted(found.flaky, 'flaky test')} known from experiments"
        return f"{known}; no run of all tests is recorded yet, so there are no rates"
    of_runs = f"in {words.counted(found.runs, 'run')} of {words.counted(found.tests, 'test')}"
    return f"{words.counted(found.flaky, 'flaky test')}, {found.failed} that failed at least once, {of_runs}"


def label(flake: Flake) -> Line:
    return line(span(f"{flake.verdict.upper():<10} ", OF_VERDICT[flake.verdict]), span(flake.nodeid, Style.STRONG))


def _short(
    flake: Flake, others: Sequence[Flake], quarantine: Sequence[Held] = (), *, is_cut: bool = False
) -> Iterator[Line]:
    """A test, and those that fail alike: one thing to mend."""
    yield label(flake)
    last = f"last failed {_day(flake.last_failed_s)}"
    cost = f"failed {rate(flake.rate)}   cost {duration(flake.lost_s)}   " if flake.rate.runs else ""
    yield line(INDENT, f"{cost}{last}")
    about = [flake.signature, began(flake), _TRENDS[flake.trend] if flake.trend else ""]
    if any(about):
        yield line(INDENT, "   ".join(filter(None, about)))
    if flake.verdict is not FlakeVerdict.FLAKY or flake.diagnosis.kinds:
        yield line(INDENT, why(flake))
    for text in guilty(flake):
        yield line(INDENT, text)
    excused = held(flake, quarantine)
    if excused:
        yield line(INDENT, excused)
    for text in alike(flake, others, is_cut=is_cut):
        yield line(INDENT, text)
    yield line(INDENT, span("next: ", Style.STRONG), f"bugguard flaky show {shlex.quote(flake.nodeid)}")


def held(flake: Flake, quarantine: Sequence[Held]) -> str:
    """Who mends a test that is in quarantine, until when, and whether that day is over; empty where it is in none."""
    entry = entry_of(flake.nodeid, [one.entry for one in quarantine])
    if entry is None:
        return ""
    is_overdue = any(one.is_overdue for one in quarantine if one.entry is entry)
    told = f"its quarantine ended on {entry.expires}" if is_overdue else f"in quarantine until {entry.expires}"
    return f"{told}, owner {entry.owner}: {entry.reason}"


def alike(first: Flake, others: Sequence[Flake], *, is_cut: bool) -> Iterator[str]:
    """The tests that fail as another one does, and what all of them cost; nothing where there are none.

    Where a list was cut off there may be more of them behind its end.
    """
    if not others:
        return
    cost = duration(sum(one.lost_s for one in (first, *others)))
    least = "at least " if is_cut else ""
    yield f"{least}{words.counted(len(others), 'test')} more with the same failure, {cost} in all:"
    for one in others[:_GROUPS]:
        yield f"  {one.nodeid}   {rate(one.rate)}".rstrip()
    if len(others) > _GROUPS:
        yield f"  and {len(others) - _GROUPS} more"


def story(found: Ranking, quarantine: Sequence[Held] = ()) -> Iterator[Line]:
    """All that the history says of each test, and who mends it."""
    for place, flake in enumerate(found.flakes):
        if place:
            yield ()
        yield from _long(flake, held(flake, quarantine))


def _long(flake: Flake, excused: str) -> Iterator[Line]:
    yield label(flake)
    yield line(INDENT, why(flake))
    trend = _TRENDS[flake.trend] if flake.trend else ""
    facts = {
        "failed": rate(flake.rate) + (f"   {trend}" if trend else ""),
        "newest": flake.strip and f"{flake.strip}   . passed, F failed, oldest first",
        "cost": duration(flake.lost_s) if flake.lost_s else "",
        "when": flake.first_failed_s is not None
        and f"first failed {_day(flake.first_failed_s)}, last {_day(flake.last_failed_s)}",
        "began": began(flake).removeprefix("began "),
        "owner": excused,
    }
    for name, text in facts.items():
        if text:
            yield _fact(name, text)
    for place, text in enumerate(guilty(flake)):
        yield _fact("" if place else "depends", text)
    yield from _listed("fails", list(filter(None, [flake.command])))
    yield from _listed("passes", list(filter(None, [flake.contrast])))
    yield from _listed("failures", [f"{count} x {text}" for text, count in flake.signatures])
    yield from _listed("alike", list(flake.alike))
    yield from _listed("branches", [_group(one) for one in flake.branches])
    yield from _listed("where", [_group(one) for one in flake.environments])
    if flake.next:
        yield line(INDENT, span("next: ", Style.STRONG), flake.next)


def _fact(name: str, text: str) -> Line:
    return line("  ", span(f"{name:<11}", Style.FAINT), text)


def _listed(name: str, texts: list[str]) -> Iterator[Line]:
    for place, text in enumerate(texts[:_GROUPS]):
        yield _fact(name if not place else "", text)
    if len(texts) > _GROUPS:
        yield _fact("", f"and {len(texts) - _GROUPS} more")


def _group(group: Group) -> str:
    return f"{group.name}   {rate(group.rate)}"


def why(flake: Flake) -> str:
    """``victim, non-idempotent: ...``: its kinds, where they are known, and what speaks for them."""
    kinds = ", ".join(flake.diagnosis.kinds)
    return f"{kinds}: {flake.reason}" if kinds else flake.reason


def guilty(flake: Flake) -> Iterator[str]:
    """Its polluters and setters, a text for each set: one of them is enough."""
    one_of = (("polluted by", "or by", flake.diagnosis.polluters), ("needs", "or", flake.diagnosis.setters))
    for name, other, sets in one_of:
        for place, tests in enumerate(sets[:_GROUPS]):
            what = "a first run of its own" if tests == (flake.nodeid,) else " and then ".join(tests)
            yield f"{other if place else name} {what}"
        if len(sets) > _GROUPS:
            yield f"{other} any of {len(sets) - _GROUPS} more"


def rate(value: Rate) -> str:
    """``7 of 212 (95 %: 1.6-6.7 %)``; empty where no run is recorded."""
    if not value.runs:
        return ""
    return f"{value.failures} of {value.runs} (95 %: {_percent(value.low)}-{_percent(value.high)} %)"


def _percent(share: float) -> str:
    """One digit behind the point, never 0 or 100 for what is not."""
    value = 100 * share
    if 0 < value < _TINY:
        return "<0.1"
    return f"{value:.1f}".removesuffix(".0") if value < 100 - _TINY or value == 100 else ">99.9"  # noqa: PLR2004 - all


def began(flake: Flake) -> str:
    """``began in 1c0ffee..9d01c2e``."""
    if flake.onset is None:
        return ""
    until = words.short(flake.onset.until)
    return f"began in {words.short(flake.onset.after)}..{until}" if flake.onset.after else f"began in {until} or before"


def duration(seconds: float) -> str:
    """``3 h 12 min``, ``4 min 5 s``, ``17 s``."""
    whole = round(seconds)
    hours, minutes, rest = whole // _HOUR_S, whole % _HOUR_S // _MINUTE_S, whole % _MINUTE_S
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _day(moment_s: int | None) -> str:
    return dates.day(moment_s) if moment_s is not None else "never"
