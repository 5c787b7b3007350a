"""How often does a test fail, and how sure is that? Jeffreys' interval from counts. Pure; no I/O.

The prior is Beta(1/2, 1/2), so the posterior after k failures in n runs is Beta(k + 1/2, n - k + 1/2); the interval
lies between its quantiles (Brown, Cai, DasGupta 2001, "Interval Estimation for a Binomial Proportion"). It is closed
at 0 where nothing failed and at 1 where everything did, as they recommend.
"""

from __future__ import annotations

import math
from functools import lru_cache

from msgspec import Struct

CONFIDENCE = 0.95
LUCK = 0.05
"""How likely a row of passes may be that is told from luck."""
_STEPS = 45
"""Halvings of [0, 1]: to less than 1e-13."""
_TERMS = 400
_CLOSE_STEP = 1e-9
"""What a product of floats may be off."""
_TINY = 1e-300
_CLOSE = 1e-14


class Rate(Struct, frozen=True):
    """How often something failed."""

    failures: int
    runs: int
    low: float
    """Lower end of the 95 % interval, from 0 to 1."""
    high: float

    @property
    def observed(self) -> float | None:
        """The share of runs that failed; None without a run."""
        return self.failures / self.runs if self.runs else None


def rate_of(failures: int, runs: int) -> Rate:
    """The rate behind so many failures in so many runs."""
    low, high = jeffreys(failures, runs)
    return Rate(failures, runs, low, high)


def luck_of(passes: int, failures: int, runs: int) -> float:
    """How likely so many passes in a row are, if nothing has changed since so many failures in so many runs.

    The prediction of Jeffreys' posterior Beta(failures + 1/2, runs - failures + 1/2): the rate itself is not known, so
    more passes are needed than at the rate that was observed.
    """
    a, b = failures + 0.5, runs - failures + 0.5
    chance = 1.0
    for place in range(passes):
        chance *= (b + place) / (a + b + place)
    return chance


def bound(share: float, digits: int = 0) -> str:
    """What a share from 0 to 1 does not exceed, in percent: rounded up, and so never 0."""
    steps = max(1, math.ceil(100 * share * 10**digits - _CLOSE_STEP))
    return f"{steps / 10**digits:.{digits}f}"


@lru_cache(maxsize=4096)
def jeffreys(failures: int, runs: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The interval in which the failure rate lies, from 0 to 1; all of it without a run."""
    if not runs:
        return 0.0, 1.0
    a, b = failures + 0.5, runs - failures + 0.5
    tail = (1 - confidence) / 2
    low = quantile(tail, a, b) if failures else 0.0
    high = quantile(1 - tail, a, b) if failures < runs else 1.0
    return low, high


def quantile(share: float, a: float, b: float) -> float:
    """The value below which Beta(a, b) has this share of its mass."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if beta_share(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The share of the mass of Beta(a, b) that lies below x: the regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return float(x > 0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The fraction converges quickly on this side alone (DLMF 8.17.22); the other side is its mirror.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """``1 / (1 + d1 / (1 + d2 / (1 + ...)))`` of DLMF 8.17.22, by Lentz's method."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, _TERMS):
        numerator = _numerator(term, x, a, b)
        d = 1 / _off_zero(1 + numerator * d)
        c = _off_zero(1 + numerator / c)
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return 1 / value


def _numerator(term: int, x: float, a: float, b: float) -> float:
    m, is_odd = divmod(term, 2)
    if is_odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
