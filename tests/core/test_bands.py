"""Which bands a figure may lie in, as far as its sample can tell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.bands import Band, band_of, bands_within, events_a_day, of_median

LIMITS = (1.0, 7.0, 30.0)


@pytest.mark.parametrize(
    ("interval", "bands"),
    [
        pytest.param((0.1, 1.0), (Band.ELITE,), id="one"),
        pytest.param((0.9, 1.1), (Band.ELITE, Band.HIGH), id="over-a-limit"),
        pytest.param((2.0, 31.0), (Band.HIGH, Band.MEDIUM, Band.LOW), id="three"),
        pytest.param((1.0, 30.1), (), id="all-of-them-tell-nothing"),
        pytest.param((31.0, math.inf), (Band.LOW,), id="no-end"),
        pytest.param(None, (), id="no-interval"),
    ],
)
def test_an_interval_touches_bands(interval: tuple[float, float] | None, bands: tuple[Band, ...]) -> None:
    """Best first; a value on a limit has not passed it."""
    assert bands_within(interval, LIMITS) == bands


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        # Jeffreys' interval of a Poisson rate: chi-squared quantiles with 2k + 1 degrees, halved.
        pytest.param(1, 0.1079, 4.6742, id="one"),
        pytest.param(4, 1.3502, 9.5113, id="four"),
        pytest.param(100, 81.711, 120.98, id="hundred"),
    ],
)
def test_events_come_by_chance(count: int, low: float, high: float) -> None:
    """The interval is that of a Poisson rate, whatever the days are split into."""
    found = events_a_day(count, 365)
    assert [365 * end for end in found] == pytest.approx([low, high], rel=2e-3)


@pytest.mark.parametrize(
    ("count", "places"),
    [(0, None), (5, None), (6, (1, 6)), (9, (2, 8)), (20, (6, 15)), (100, (40, 61)), (1000, (469, 532))],
)
def test_a_median_lies_between_two_of_its_values(count: int, places: tuple[int, int] | None) -> None:
    """The ranks that tables of the sign test give for 95 %; five values tell none."""
    assert of_median(range(1, count + 1)) == places


@given(st.lists(st.integers(0, 10**9), min_size=6).map(sorted))
def test_the_median_lies_in_its_own_interval(values: list[int]) -> None:
    """And so the band of the value is among those that it may lie in, unless all are."""
    found = of_median(values)
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    assert found is not None
    assert found[0] <= middle <= found[1]
    assert band_of(middle, LIMITS) in (bands_within(found, LIMITS) or Band)
