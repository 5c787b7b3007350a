"""The guarded share over time as marks in a coordinate system: what the chart of the page draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from pytest_bugguard.report.page.evidence import GUARDED, JUDGED, TO_JUDGE, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.report.page.evidence import Evidence, Step

WIDTH, HEIGHT, LEFT = 720, 216, 40
TOP, SHARE_HEIGHT = 10, 120
BASE = 190
"""Where the columns stand that count fixes."""
COUNT_HEIGHT = 44
_YEARS_SHOWN = 9


class Quarter(NamedTuple):
    """One quarter: its share as a point, its fixes as a column."""

    name: str
    x: float
    y: float | None
    """None: no fix was judged."""
    height: float
    width: float
    room: float
    """What it has of the chart's width."""
    step: Step


class Chart(Struct, frozen=True):
    """All marks, from the oldest quarter to the newest."""

    quarters: tuple[Quarter, ...]
    line: str
    """The share of the four quarters up to each, as ``x,y`` pairs: single quarters have few fixes, and jump."""
    years: tuple[tuple[str, float], ...]
    grid: tuple[tuple[str, float], ...]
    most: int
    """The fixes of the fullest quarter."""


def of_trend(trend: Mapping[str, Any] | None, evidence: Evidence) -> Chart | None:
    """The chart of a trend; None where there is no quarter."""
    quarters = trend["quarters"] if trend else []
    if not quarters:
        return None
    most = max(1, *(one["judged"] + one["undecided"] for one in quarters))
    step = (WIDTH - LEFT) / len(quarters)
    marks = tuple(
        _quarter(one, evidence, LEFT + step * (place + 0.5), step, most) for place, one in enumerate(quarters)
    )
    smoothed = zip(marks, _smoothed(quarters), strict=True)
    line = " ".join(f"{mark.x:.1f},{y:.1f}" for mark, y in smoothed if y is not None)
    grid = tuple((f"{share} %", TOP + SHARE_HEIGHT * (1 - share / 100)) for share in (0, 50, 100))
    return Chart(marks, line, _years(marks), grid, most)


def _quarter(one: Mapping[str, Any], evidence: Evidence, x: float, room: float, most: int) -> Quarter:
    fixes = one["judged"] + one["undecided"]
    name = one["quarter"]
    said = [f"{one['guarded']} of {one['judged']} guarded"] if one["judged"] else []
    said += [f"{one['undecided']} undecided"] if one["undecided"] else []
    step = evidence.step(f"{name}: {', '.join(said)}", fixes, TO_JUDGE, (name, name))
    return Quarter(name, x, _height([one]), COUNT_HEIGHT * fixes / most, max(1.0, min(28.0, room * 0.7)), room, step)


def table_of(trend: Mapping[str, Any] | None, evidence: Evidence) -> list[list[Step]]:
    """The same as rows of a table: the quarter, and how many of its fixes are guarded, judged, undecided."""
    return [_row(one, evidence) for one in (trend["quarters"] if trend else ())]


def _row(one: Mapping[str, Any], evidence: Evidence) -> list[Step]:
    name = one["quarter"]
    counts = ((one["guarded"], GUARDED), (one["judged"], JUDGED), (one["undecided"], UNDECIDED))
    return [
        evidence.step(name, one["judged"] + one["undecided"], TO_JUDGE, (name, name)),
        *(evidence.step(str(count), count, view, (name, name)) for count, view in counts),
    ]


def _smoothed(quarters: Sequence[Mapping[str, Any]]) -> list[float | None]:
    return [_height(quarters[max(0, place - 3) : place + 1]) for place in range(len(quarters))]


def _height(quarters: Sequence[Mapping[str, Any]]) -> float | None:
    """Where the share of some quarters stands; None where nothing was judged in them."""
    guarded, judged = (sum(one[key] for one in quarters) for key in ("guarded", "judged"))
    return TOP + SHARE_HEIGHT * (1 - guarded / judged) if judged else None


def _years(marks: tuple[Quarter, ...]) -> tuple[tuple[str, float], ...]:
    """The first quarter of each year, or of every second or third where there are many."""
    first = {mark.name[:4]: mark.x for mark in reversed(marks)}
    years = sorted(first.items())
    return tuple(years[:: max(1, -(-len(years) // _YEARS_SHOWN))])
