"""Thresholds: whole numbers, never rounded up, and words that say how much is missing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.thresholds import Count, Metric, Threshold, rate

_COUNTS = st.integers(1, 10**7).flatmap(lambda total: st.builds(Count, st.integers(0, total), st.just(total)))
_PERCENTS = st.decimals("0.01", "100", places=2)


@pytest.mark.parametrize(
    ("count", "value", "is_met", "shown"),
    [
        pytest.param(Count(8, 9), "100", False, "line 88.8 % (8 of 9), needs 100; 1 more to run", id="under"),
        pytest.param(Count(17_999, 20_000), "90", False, "line 89.9 % (17999 of 20000), needs 90; 1 more to run",
                     id="89.995-is-not-90"),
        pytest.param(Count(19_999, 20_000), "100", False, "line 99.9 % (19999 of 20000), needs 100; 1 more to run",
                     id="99.995-is-not-100"),
        pytest.param(Count(9_996, 10_000), "100", False, "line 99.9 % (9996 of 10000), needs 100; 4 more to run",
                     id="99.96-is-not-100"),
        pytest.param(Count(9_995, 10_000), "99.95", True, "line 99.95 % (9995 of 10000), needs 99.95",
                     id="to-the-digit"),
        pytest.param(Count(9, 10), "90", True, "line 90 % (9 of 10), needs 90", id="just"),
        pytest.param(Count(0, 0), "100", True, "no statements", id="nothing-to-run"),
        pytest.param(Count(0, 7), "0.5", False, "line 0 % (0 of 7), needs 0.5; 1 more to run", id="nothing-run"),
    ],
)  # fmt: skip
def test_a_share_is_compared_in_whole_numbers(count: Count, value: str, is_met: bool, shown: str) -> None:
    """No share that is under its threshold passes, however close; and none reads as if it did."""
    threshold = Threshold(Metric.LINE, Decimal(value))
    assert threshold.is_met(count) is is_met
    assert threshold.shown(count) == shown


def test_a_branch_is_taken_and_a_statement_run() -> None:
    """The line that branches off was run all the same."""
    shown = [Threshold(metric, Decimal(60)).shown(Count(1, 2)).rpartition("; ")[2] for metric in Metric][:2]
    assert shown == ["1 more to run", "1 more to take"]


@pytest.mark.parametrize(
    ("count", "allowed", "is_met"),
    [(Count(5, 9), 4, True), (Count(5, 9), 3, False), (Count(9, 9), 0, True), (Count(8, 9), 0, False)],
)
def test_a_number_of_missing_statements_is_a_threshold_too(count: Count, allowed: int, is_met: bool) -> None:
    """At most so many may be missing, and 0 can be said."""
    threshold = Threshold(Metric.MISSING, Decimal(allowed))
    assert threshold.is_met(count) is is_met
    assert threshold.lacking(count) == max(count.missing - allowed, 0)


@given(_COUNTS, _PERCENTS)
def test_it_is_met_exactly_where_the_fraction_is(count: Count, value: Decimal) -> None:
    """As if computed with fractions of any length."""
    threshold = Threshold(Metric.LINE, value)
    assert threshold.is_met(count) == (Fraction(count.covered * 100, count.total) >= Fraction(value))


@given(_COUNTS, _PERCENTS)
def test_what_is_lacking_is_just_enough(count: Count, value: Decimal) -> None:
    """With so many more it would be met, with one less not."""
    threshold = Threshold(Metric.LINE, value)
    lacking = threshold.lacking(count)
    assert threshold.is_met(Count(count.covered + lacking, count.total))
    assert (lacking == 0) == threshold.is_met(count)
    if lacking:
        assert not threshold.is_met(Count(count.covered + lacking - 1, count.total))


@given(_COUNTS, st.integers(1, 4))
def test_a_rate_is_cut_off(count: Count, digits: int) -> None:
    """Never more than it is, never less by a whole last digit; 100 is said of all alone."""
    shown = Fraction(rate(count, digits=digits))
    exact = Fraction(count.covered * 100, count.total)
    assert shown <= exact < shown + Fraction(1, 10**digits)
    assert (shown == 100) == (count.covered == count.total)


def test_a_share_has_as_many_digits_as_were_asked_for() -> None:
    """One by default; none at all where only whole per cent are wanted."""
    assert [rate(Count(1, 3)), rate(Count(1, 3), digits=2), rate(Count(2, 3), digits=0)] == ["33.3", "33.33", "66"]
