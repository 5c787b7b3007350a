"""How does this repository deliver: how often, how soon, how safely? DORA's figures as far as history holds them.

Each figure carries its rule, its sample and what it cannot know. They speak of a repository: there is none of a
person. Pure; no I/O: the present is the newest commit, not the clock.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import dates
from pytest_bugguard.core.bands import band_of, bands_within, events_a_day, of_median
from pytest_bugguard.core.estimates import rate_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.bands import Band, Limits
    from pytest_bugguard.core.faults import Traced
    from pytest_bugguard.core.releases import Graph, Tag

DAY_S = 86_400
_HOUR_S = 3_600
_WEEK_S = 7 * DAY_S
_MONTH_S = 30 * DAY_S
_RELEASED_EVERY_DAYS = (1, 7, 30)
_FAILED_SHARE = (0.05, 0.10, 0.15)
LEADS_CAP = 2_000
"""Commits whose lead times are listed, those of the newest releases; the figure counts all."""


class Unit(StrEnum):
    """What a figure's value is counted in."""

    PER_DAY = "per-day"
    SECONDS = "s"
    RATIO = "ratio"


class Figure(Struct, frozen=True):
    """One figure."""

    name: str
    """``deployment-frequency``, ``lead-time``, ``change-failure-rate``, ``restore-from-release`` or
    ``restore-from-commit``."""
    unit: Unit
    value: float | None
    """None: it cannot be told; ``reason`` says why."""
    band: Band | None
    """That of the value; None: there is no value, or there are no bands."""
    sample: int
    counted: str
    """What the sample counts: ``releases``."""
    rule: str
    """How it is worked out, one sentence."""
    cannot_know: tuple[str, ...]
    """What it leaves out, a sentence each."""
    low: float | None = None
    """The lower end of the 95 % interval. Of a time: the lower quartile."""
    high: float | None = None
    """As ``low``: the other end, the upper quartile."""
    reason: str = ""
    bands: tuple[Band, ...] = ()
    """Those that the value may lie in, best first; none, if there is one of the value: the sample is too small."""


class Period(Struct, frozen=True):
    """What the figures look at."""

    first_s: int
    last_s: int
    """The newest commit or release."""
    failure_days: int
    """For how long after a release a fix of what it changed makes it a failed one."""

    @property
    def days(self) -> float:
        """Its length."""
        return max(self.last_s - self.first_s, DAY_S) / DAY_S

    def holds(self, time_s: int) -> bool:
        """Whether something happened in it."""
        return self.first_s <= time_s <= self.last_s


class Repair(Struct, frozen=True):
    """A fix with its time, and where its fault came from."""

    fix: str
    made_s: int
    traced: Traced


class Release(Struct, frozen=True):
    """A release of the period, and what became of it."""

    tag: str
    commit: str
    made_s: int
    failed_by: tuple[str, ...]
    """The fixes that make it a failed one; none: it is not."""
    is_judged: bool
    """Whether it is old enough to be held sound."""


class Lead(NamedTuple):
    """A commit, and how long it waited for a release."""

    commit: str
    release: str
    """The commit of the first release that has it."""
    lead_s: int


class Restored(NamedTuple):
    """A fix that was released in the period, and how long its fault was there."""

    fix: str
    from_release_s: int | None
    """None: it is not known which release brought the fault."""
    from_commit_s: int | None


class Baseline(Struct, frozen=True):
    """All figures of a repository, and what they rest on."""

    period: Period
    figures: tuple[Figure, ...]
    releases: tuple[Release, ...]
    """Those of the period, oldest first."""
    faults: tuple[Traced, ...]
    """Of each fix of the period, newest first."""
    leads: tuple[Lead, ...]
    """What the lead time is the median of, up to ``LEADS_CAP``: the newest release first, and in it the longest."""
    restored: tuple[Restored, ...]
    """What the times to restore are the medians of, newest fix first."""

    @property
    def traced(self) -> int:
        """Fixes of which the commit that brought the fault was found."""
        return sum(fault.origin is not None for fault in self.faults)

    @property
    def untraced(self) -> tuple[tuple[str, int], ...]:
        """Why the others were not, and how many of each, most first."""
        reasons = Counter(fault.reason for fault in self.faults if fault.origin is None)
        return tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))


class Delivered(Struct, frozen=True):
    """What the figures are worked out from."""

    period: Period
    releases: Sequence[Tag]
    """All that there are, oldest first."""
    graph: Graph
    carriers: Mapping[str, Tag]
    repairs: Sequence[Repair]


def period_of(tip: str, releases: Iterable[Tag], graph: Graph, *, days: int, failure_days: int) -> Period:
    """So many days up to the newest commit, or as many as the history has; absurd times are clamped."""
    times = [node.committed_s for node in graph.values() if dates.is_plausible(node.committed_s)]
    made = [release.made_s for release in releases if dates.is_plausible(release.made_s)]
    newest = graph[tip].committed_s
    last_s = max([newest if dates.is_plausible(newest) else max(times, default=0), *made])
    return Period(max(min(times, default=last_s), last_s - days * DAY_S), last_s, failure_days)


def baseline_of(found: Delivered) -> Baseline:
    """Every figure, in DORA's order."""
    releases = _releases(found)
    leads = _leads(found)
    restored = tuple(_restored(found))
    figures = (
        _frequency(found.period, releases),
        _lead_time(leads, releases),
        _failure_rate(found.period, releases),
        _restore_from_release(restored),
        _restore_from_commit(restored),
    )
    faults = tuple(repair.traced for repair in found.repairs)
    return Baseline(found.period, figures, releases, faults, tuple(leads[:LEADS_CAP]), restored)


def _releases(found: Delivered) -> tuple[Release, ...]:
    """The releases of the period, each with the fixes that came soon after it for what it was the first to carry."""
    allowed_s = found.period.failure_days * DAY_S
    failed: defaultdict[str, list[str]] = defaultdict(list)
    for repair in found.repairs:
        carrier = _carrier_of_fault(repair, found)
        if carrier is not None and repair.made_s <= carrier.made_s + allowed_s:
            failed[carrier.commit].append(repair.fix)
    return tuple(
        Release(
            tag.name,
            tag.commit,
            tag.made_s,
            failed_by=tuple(failed[tag.commit]),
            is_judged=tag.made_s + allowed_s <= found.period.last_s,
        )
        for tag in found.releases
        if found.period.holds(tag.made_s)
    )


NO_RELEASE = "no release in this time: delivery.days looks further back, delivery.releases names other tags"


def _frequency(period: Period, recent: Sequence[Release]) -> Figure:
    value = len(recent) / period.days if recent else None
    low, high = events_a_day(len(recent), period.days)
    return Figure(
        "deployment-frequency",
        Unit.PER_DAY,
        value,
        band_of(1 / value, _RELEASED_EVERY_DAYS) if value else None,
        len(recent),
        "releases",
        "releases in the period, by their tags",
        ("whether a release was deployed, and how often the same one was", "deployments that nobody tagged"),
        low=low if recent else None,
        high=high if recent else None,
        reason="" if recent else NO_RELEASE,
        bands=bands_within((1 / high, 1 / low), _RELEASED_EVERY_DAYS) if recent else (),
    )


def _leads(found: Delivered) -> list[Lead]:
    leads = [
        (release.made_s, Lead(commit, release.commit, max(0, release.made_s - node.authored_s)))
        for commit, release in found.carriers.items()
        if (node := found.graph.get(commit)) is not None
        and len(node.parents) < 2  # noqa: PLR2004 - a merge is what has two parents or more
        and found.period.holds(release.made_s)
        and dates.is_plausible(node.authored_s)
    ]
    return [lead for _, lead in sorted(leads, key=lambda one: (-one[0], one[1].release, -one[1].lead_s, one[1].commit))]


def _lead_time(leads: Sequence[Lead], recent: Sequence[Release]) -> Figure:
    figure = _open(
        "lead-time",
        "commits",
        "from a commit (its author time; no merges) to the first release of the period that has it, the median",
        "work before the commit, and before a squash: that has the time of the squash",
        "how long the release took to reach its users",
    )
    times = [lead.lead_s for lead in leads]
    none = "no release in this time is the first one with a commit of which it is known when it was made"
    return _timed(figure, times, (DAY_S, _WEEK_S, _MONTH_S)) or replace(figure, reason=none if recent else NO_RELEASE)


def _failure_rate(period: Period, recent: Sequence[Release]) -> Figure:
    ripe = [release for release in recent if release.is_judged]
    rate = rate_of(sum(bool(release.failed_by) for release in ripe), len(ripe))
    value = rate.observed
    days = period.failure_days
    return Figure(
        "change-failure-rate",
        Unit.RATIO,
        value,
        None if value is None else band_of(value, _FAILED_SHARE),
        len(ripe),
        "releases",
        f"releases of which a fix, made within {days} days, mended lines that they were the first to carry; "
        f"releases younger than {days} days are not judged",
        (
            "failures that were rolled back or mended outside of this repository",
            "faults of fixes that only add lines: they are traced to nothing",
            "how much a fault hurt: every fix counts the same",
        ),
        low=rate.low if ripe else None,
        high=rate.high if ripe else None,
        reason="" if ripe else f"no release of the period is {days} days old",
        bands=bands_within((rate.low, rate.high), _FAILED_SHARE) if ripe else (),
    )


def _carrier_of_fault(repair: Repair, found: Delivered) -> Tag | None:
    """The release that brought a fault to users, if the fix came later; else nobody was hurt."""
    origin = repair.traced.origin
    carrier = found.carriers.get(origin) if origin is not None else None
    mended_in = found.carriers.get(repair.fix)
    if carrier is None or (mended_in is not None and mended_in.made_s <= carrier.made_s):
        return None
    return carrier


def _restored(found: Delivered) -> Iterator[Restored]:
    for repair in found.repairs:
        release = found.carriers.get(repair.fix)
        if release is None or not found.period.holds(release.made_s):
            continue
        carrier, origin = _carrier_of_fault(repair, found), repair.traced.origin
        starts = (carrier and carrier.made_s, None if origin is None else found.graph[origin].committed_s)
        times = [
            max(0, release.made_s - start_s) if start_s is not None and dates.is_plausible(start_s) else None
            for start_s in starts
        ]
        if times != [None, None]:
            yield Restored(repair.fix, *times)


def _restore_from_release(restored: Iterable[Restored]) -> Figure:
    figure = _open(
        "restore-from-release",
        "fixes",
        "from the first release with the fault to the first one with its fix, the median of what was traced",
        "when somebody noticed: a fault may sleep for years, so this is an upper limit",
        "service that was restored by going back to an older release",
    )
    none = "no fix that was released in the period mends what a release before it brought"
    times = [one.from_release_s for one in restored if one.from_release_s is not None]
    return _timed(figure, times, (_HOUR_S, DAY_S, _WEEK_S)) or replace(figure, reason=none)


def _restore_from_commit(restored: Iterable[Restored]) -> Figure:
    figure = _open(
        "restore-from-commit",
        "fixes",
        "from the commit that wrote the fault to the first release with its fix, the median of what was traced; "
        "DORA, who count from the release, draw no bands for it",
        "whether the lines were wrong when they were written: blame names the commit that touched them last",
    )
    none = "no fix that was released in the period could be traced"
    times = [one.from_commit_s for one in restored if one.from_commit_s is not None]
    return _timed(figure, times, None) or replace(figure, reason=none)


def _open(name: str, counted: str, rule: str, *cannot_know: str) -> Figure:
    """A time that is not known yet."""
    return Figure(name, Unit.SECONDS, None, None, 0, counted, rule, cannot_know)


def _timed(figure: Figure, times: list[int], limits: Limits | None) -> Figure | None:
    """The figure with the median of some times; None where there are none."""
    if not times:
        return None
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    known = replace(figure, value=middle, sample=len(times), low=low, high=high)
    if limits is None:
        return known
    return replace(known, band=band_of(middle, limits), bands=bands_within(of_median(sorted(times)), limits))
