"""Which of DORA's bands may a figure lie in, as far as its sample can tell? Pure; no I/O.

The bands are those of the "Accelerate State of DevOps Report" of 2023, whose limits rise from one to the next; what
lies beyond ``medium`` is ``low``. A figure of few releases is one draw of many that the same team could have made, so
it is told which bands its 95 % interval touches. One that touches all of them tells none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_bugguard.core.estimates import CONFIDENCE, beta_share, jeffreys

if TYPE_CHECKING:
    from collections.abc import Sequence

Limits = tuple[float, float, float]
"""The worst value that is still elite, high and medium."""
Interval = tuple[float, float]
_MOMENTS_A_DAY = 1_440


class Band(StrEnum):
    """How teams compare, in DORA's words."""

    ELITE = "elite"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def band_of(value: float, limits: Limits) -> Band:
    """The first band whose limit is not passed."""
    bands = zip((Band.ELITE, Band.HIGH, Band.MEDIUM), limits, strict=True)
    return next((band for band, limit in bands if value <= limit), Band.LOW)


def bands_within(interval: Interval | None, limits: Limits) -> tuple[Band, ...]:
    """The bands that an interval touches, best first; none where that is all of them, or there is no interval."""
    if interval is None:
        return ()
    bands = list(Band)
    best, worst = (bands.index(band_of(value, limits)) for value in interval)
    touched = tuple(bands[best : worst + 1])
    return () if len(touched) == len(bands) else touched


def events_a_day(count: int, days: float) -> Interval:
    """The 95 % interval of how many events there are in a day, if so many were seen in some days.

    That of a share (Jeffreys) of the minutes which have an event: with far more minutes than events, it is that of
    events which come by chance (Poisson).
    """
    minutes = max(round(days * _MOMENTS_A_DAY), count)
    low, high = jeffreys(count, minutes)
    return low * minutes / days, high * minutes / days


def of_median(values: Sequence[float]) -> Interval | None:
    """The 95 % interval of a median, from the values in order: between two of them, whatever their distribution.

    The counts below the true median are binomial with 1/2 (Conover, "Practical Nonparametric Statistics", 3.2).
    None: fewer than six values tell none.
    """
    tail = (1 - CONFIDENCE) / 2
    skipped = 0
    step = len(values) // 2
    while step:  # the most values that can be left out at either end
        if skipped + step <= len(values) // 2 and _at_most(skipped + step - 1, len(values)) <= tail:
            skipped += step
        else:
            step //= 2
    return (values[skipped - 1], values[-skipped]) if skipped else None


def _at_most(count: int, draws: int) -> float:
    """How likely so few heads are in fair draws."""
    return 1 - beta_share(0.5, count + 1, draws - count)
