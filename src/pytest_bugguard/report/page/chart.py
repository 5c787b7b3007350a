"""The guarded share over time as marks in a coordinate system: what the chart of the page draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All marks, from the oldest quarter to the newest."""

    quarters: tuple[Quarter, ...]
    line: str
    """The share of the four quarters up to each, as ``x,y`` pairs: single quarters have few fixes, and jump."""
    years: tuple[tuple[str, float], ...]
    grid: tuple[tuple[str, float], ...]
    most: int
    """The fixes of the fullest quarter."""


def of_trend(trend: Mapping[str, Any] | None) -> Chart | None:
    """The chart of a trend; None where there is no quarter."""
    quarters = trend["quarters"] if trend else []
    if not quarters:
        return None
    most = max(1, *(one["judged"] + one["undecided"] for one in quarters))
    step = (WIDTH - LEFT) / len(quarters)
    marks = tuple(_quarter(one, LEFT + step * (place + 0.5), step, most) for place, one in enumerate(quarters))
    smoothed = zip(marks, _smoothed(quarters), strict=True)
    line = " ".join(f"{mark.x:.1f},{y:.1f}" for mark, y in smoothed if y is not None)
    grid = tuple((f"{share} %", TOP + SHARE_HEIGHT * (1 - share / 100)) for share in (0, 50, 100))
    return Chart(marks, line, _years(marks), grid, most)


def _quarter(one: Mapping[str, Any], x: float, step: float, most: int) -> Quarter:
    fixes = one["judged"] + one["undecided"]
    y = _height([one])
    said = f"{one['quarter']}: " + (f"{one['guarded']} of {one['judged']} guarded" if one["judged"] else "no fixes")
    return Quarter(one["quarter"], x, y, COUNT_HEIGHT * fixes / most, max(1.0, min(28.0, step * 0.7)), said)


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
