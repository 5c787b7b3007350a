"""The interval on a failure rate: the published numbers, and as often right as it says."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_bugguard.core.estimates import beta_share, bound, jeffreys, quantile, rate_of


@pytest.mark.parametrize(
    ("failures", "runs", "low", "high"),
    [
        pytest.param(0, 5, 0.0, 0.379, id="nothing-in-five"),
        pytest.param(0, 24, 0.0, 0.098, id="nothing-in-24"),
        pytest.param(1, 20, 0.005, 0.210, id="one-in-twenty"),
        pytest.param(5, 5, 0.621, 1.0, id="all"),
        pytest.param(7, 212, 0.0148, 0.0636, id="seven-in-212"),
    ],
)
def test_the_interval_is_that_of_the_literature(failures: int, runs: int, low: float, high: float) -> None:
    """Values that other implementations of Jeffreys' interval give."""
    assert jeffreys(failures, runs) == pytest.approx((low, high), abs=0.001)


def test_without_a_run_nothing_is_known() -> None:
    """The interval is all there is, and no rate was observed."""
    assert jeffreys(0, 0) == (0.0, 1.0)
    assert rate_of(0, 0).observed is None


@given(st.integers(0, 5000).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_an_interval_holds_what_was_seen(counts: tuple[int, int]) -> None:
    """Low, observed and high are in order, and the mirrored counts give the mirrored interval."""
    failures, runs = counts
    low, high = jeffreys(failures, runs)
    assert 0 <= low <= (failures / runs if runs else 0.5) <= high <= 1
    assert jeffreys(runs - failures, runs) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.floats(0.5, 500), st.floats(0.5, 500), st.floats(0.001, 0.999))
def test_a_quantile_is_where_its_share_lies(a: float, b: float, share: float) -> None:
    """The inverse is one."""
    assert beta_share(quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 3), (7, 4)])
def test_whole_numbers_agree_with_the_binomial_sum(a: int, b: int) -> None:
    """For whole a and b the share is a sum of binomial probabilities (DLMF 8.17.5)."""
    n = a + b - 1
    for x in (0.05, 0.3, 0.5, 0.9):
        exact = sum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(a, n + 1))
        assert beta_share(x, a, b) == pytest.approx(exact, abs=1e-12)


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.integers(40, 80), st.integers(0, 2**32))
def test_the_interval_holds_the_truth_as_often_as_it_says(runs: int, seed: int) -> None:
    """In simulated histories, with rates as the prior has them, 95 % +- 1 of the intervals hold the truth.

    Of fewer runs it is a little more: an interval that is closed at 0 or 1 holds more than it has to.
    """
    draw = random.Random(seed)
    intervals = [jeffreys(failures, runs) for failures in range(runs + 1)]
    held = 0
    for _ in range(10_000):
        rate = draw.betavariate(0.5, 0.5)
        low, high = intervals[sum(draw.random() < rate for _ in range(runs))]
        held += low <= rate <= high
    assert held / 10_000 == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        *((0.137, 0, "14"), (0.137, 1, "13.7"), (0.01487, 0, "2"), (0.05, 0, "5"), (0.0722, 1, "7.3")),
        *((0.004, 0, "1"), (0.004, 1, "0.4"), (0.0004, 1, "0.1"), (1.0, 0, "100")),
    ],
)
def test_a_bound_that_is_shown_is_never_nought(share: float, digits: int, said: str) -> None:
    """It is rounded up; more than 0 % of failures is excluded by no number of passes."""
    assert bound(share, digits) == said
