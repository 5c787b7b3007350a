"""The delivery baseline in words, for a terminal and for Markdown: one sentence a figure, with what it cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import dates
from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.delivery import DAY_S, NO_RELEASE, Unit
from pytest_bugguard.report import words
from pytest_bugguard.report.escape import markdown
from pytest_bugguard.report.spans import Line, Style, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.delivery import Baseline, Figure

TITLES = {
    "deployment-frequency": "deployment frequency",
    "lead-time": "lead time for changes",
    "change-failure-rate": "change failure rate",
    "restore-from-release": "time to restore, from the release",
    "restore-from-commit": "time to restore, from the commit",
}
TOO_FEW = "too few"
_STYLES = {Band.ELITE: Style.GOOD, Band.HIGH: Style.GOOD, Band.MEDIUM: Style.DOUBT, Band.LOW: Style.BAD}
_HOUR_S = 3_600
_MINUTE_S = 60


def headline(baseline: Baseline) -> str:
    """What time it speaks of, and whose bands."""
    period = baseline.period
    return f"How it is delivered, {dates.day(period.first_s)} to {dates.day(period.last_s)} (bands: DORA 2023)"


def band(figure: Figure) -> str:
    """``high``, ``elite to medium``, ``too few`` where the sample cannot tell, ``no band`` where there are none."""
    if figure.band is None:
        return "no band" if figure.value is not None else ""
    return " to ".join(dict.fromkeys((figure.bands[0], figure.bands[-1]))) if figure.bands else TOO_FEW


def value(figure: Figure) -> str:
    """The figure itself, or why there is none."""
    if figure.value is None:
        return f"not known: {figure.reason}"
    match figure.unit:
        case Unit.PER_DAY:
            every = duration(DAY_S / figure.value)
            said = f"{words.counted(figure.sample, 'release')}, one in {every} on average"
            if not (figure.low and figure.high):
                return said
            return f"{said} (95 %: {duration(DAY_S / figure.high)} to {duration(DAY_S / figure.low)})"
        case Unit.RATIO:
            count = round(figure.value * figure.sample)
            said = f"{words.percent(count, figure.sample)} %, {count} of {words.counted(figure.sample, 'release')}"
            return f"{said} (95 %: {_percent(figure.low)}-{_percent(figure.high)} %)"
        case Unit.SECONDS:
            said = f"{duration(figure.value)}, the median of {figure.sample} {figure.counted}"
            return f"{said} (half of them: {duration(figure.low or 0)} to {duration(figure.high or 0)})"


def _percent(ratio: float | None) -> int:
    return round(100 * (ratio or 0))


def duration(seconds: float) -> str:
    """``4 days``, ``3 hours``, ``12 minutes``: rounded, since no more is known."""
    for unit, length in (("day", DAY_S), ("hour", _HOUR_S), ("minute", _MINUTE_S)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}s"
    return "under 2 minutes"


def traced(baseline: Baseline) -> str:
    """How many fixes the last three figures rest on."""
    of = f"the commit that brought the fault was found for {baseline.traced} of {words.fixes(len(baseline.faults))}"
    missing = "; ".join(f"{count}: {reason}" for reason, count in baseline.untraced)
    return f"{of} ({missing})" if missing else of


def failures(baseline: Baseline) -> Iterator[str]:
    """Which releases were followed by fixes of what they changed, and by which."""
    for release in baseline.releases:
        if release.failed_by:
            yield f"{release.tag}: {', '.join(map(words.short, release.failed_by))}"


def rows(baseline: Baseline, *, is_verbose: bool) -> Iterator[Line]:
    """For a terminal; ``is_verbose``: with each figure's rule and limits."""
    yield line()
    yield line(span(headline(baseline), Style.STRONG))
    if not baseline.releases:
        yield line("  ", NO_RELEASE)
        return
    room = max(map(len, TITLES.values())) + 2
    band_room = max((len(band(figure)) for figure in baseline.figures), default=0) + 2
    for figure in baseline.figures:
        said = f"{band(figure):<{band_room}}"
        shown = span(said, _STYLES[figure.bands[-1]]) if figure.bands else said
        yield line(f"  {TITLES[figure.name]:<{room}}", shown, value(figure))
        for said in (figure.rule, *(f"cannot know: {limit}" for limit in figure.cannot_know)) if is_verbose else ():
            yield line("      ", span(said, Style.FAINT))
    yield line("  ", traced(baseline))
    for number, said in enumerate(failures(baseline)):
        yield line(f"  {'followed by fixes of what they changed:' if not number else '':<40}", said)
    if not is_verbose:
        yield line(
            "  ", span("next: ", Style.STRONG), "bugguard audit --all tells each figure's rule, and what it cannot know"
        )


def paragraphs(baseline: Baseline) -> Iterator[str]:
    """For Markdown."""
    if not baseline.releases:
        yield f"### {markdown(headline(baseline))}\n\n{markdown(NO_RELEASE)}.\n"
        return
    yield f"### {markdown(headline(baseline))}\n\n| figure | band | value |\n|---|---|---|"
    for figure in baseline.figures:
        yield f"| {TITLES[figure.name]} | {band(figure)} | {markdown(value(figure))} |"
    yield ""
    for figure in baseline.figures:
        limits = "; ".join(figure.cannot_know)
        yield f"- **{TITLES[figure.name]}**: {markdown(figure.rule)}. It cannot know: {markdown(limits)}."
    yield f"- {markdown(traced(baseline))}."
    yield from (f"- Followed by fixes of what it changed: {markdown(said)}." for said in failures(baseline))
    yield ""
