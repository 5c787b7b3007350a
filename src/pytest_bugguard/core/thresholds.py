"""Is a count high enough? Whole numbers, never rounded up. Pure; no I/O."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

_WHOLE = 100


class Metric(StrEnum):
    """What a rule counts."""

    LINE = "line"
    """Statements, as coverage.py counts them."""
    BRANCH = "branch"
    """Exits of the statements that have several."""
    MISSING = "missing"
    """Statements that were not run: a number, no share."""


UNITS = {Metric.LINE: "statements", Metric.BRANCH: "branches", Metric.MISSING: "statements"}
_UNIT = {Metric.LINE: "statement", Metric.BRANCH: "branch", Metric.MISSING: "statement"}


def numbered(number: int, metric: Metric) -> str:
    """``1 branch``, ``2 branches``."""
    return f"{number} {(_UNIT if number == 1 else UNITS)[metric]}"


class Count(NamedTuple):
    """How many of how many were run."""

    covered: int
    total: int

    @property
    def missing(self) -> int:
        """How many were not."""
        return self.total - self.covered

    def __add__(self, other: object) -> Count:
        """Both together."""
        if not isinstance(other, Count):
            return NotImplemented
        return Count(self.covered + other.covered, self.total + other.total)


class Threshold(Struct, frozen=True):
    """What a count has to reach."""

    metric: Metric
    value: Decimal
    """Per cent; for ``missing`` the number that is allowed."""

    def is_met(self, count: Count) -> bool:
        """Whether the count is high enough: 100 means all of them. Of nothing nothing is missing."""
        if self.metric is Metric.MISSING:
            return count.missing <= self.value
        return count.covered * _WHOLE >= self.value * count.total

    def lacking(self, count: Count) -> int:
        """How many more have to run until it is met."""
        if self.metric is Metric.MISSING:
            return max(count.missing - int(self.value), 0)
        needed = (self.value * count.total / _WHOLE).to_integral_value(ROUND_CEILING)
        return max(int(needed) - count.covered, 0)

    def shown(self, count: Count) -> str:
        """``line 88.8 % (8 of 9), needs 100; 1 more to run``; what comes after the semicolon only where it is not met.

        The share is cut off, not rounded, after one digit or as many as the threshold has: so one that is not
        reached never reads as if it were.
        """
        unit = UNITS[self.metric]
        if not count.total:
            return f"no {unit}"
        if self.metric is Metric.MISSING:
            return f"{count.missing} of {count.total} statements missing, at most {self.value} may be"
        deed = "take" if self.metric is Metric.BRANCH else "run"
        more = f"; {lacking} more to {deed}" if (lacking := self.lacking(count)) else ""
        share = rate(count, digits=max(_digits(self.value), 1))
        return f"{self.metric} {share} % ({count.covered} of {count.total}), needs {self.value}{more}"


def rate(count: Count, *, digits: int = 1) -> str:
    """A share in per cent, cut off after so many digits: 89.9 is less than 90, and 100 is said of all alone."""
    scale = 10**digits
    whole, rest = divmod(count.covered * _WHOLE * scale // count.total, scale)
    return f"{whole}.{rest:0{digits}d}".removesuffix(f".{'0' * digits}") if digits else str(whole)


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
