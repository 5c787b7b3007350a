"""Has a test in quarantine been steady for so long that it can be let out? By its natural runs. Pure; no I/O."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from pytest_bugguard.core.estimates import LUCK, bound, luck_of, rate_of
from pytest_bugguard.core.flakes import STEADY_BELOW
from pytest_bugguard.core.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.core.flakes import Sighting

_LEAST = 0.1
"""The smallest luck that is told by its number, in percent."""


def recovery_of(sightings: Iterable[Sighting]) -> str:
    """What speaks for letting a test out, in a sentence; empty where too little does.

    It passed so often since it last failed that luck explains it in 5 % of cases at most; or it never failed on record,
    in so many runs that it is steady.
    """
    natural = sorted((one for one in sightings if one.is_natural), key=lambda one: (one.started_s, one.run))
    natural = [one for one in natural if one.outcome in {Outcome.PASSED, Outcome.FAILED}]
    passes = len(list(takewhile(lambda one: one.outcome is Outcome.PASSED, reversed(natural))))
    before = natural[: len(natural) - passes]
    failures = sum(one.outcome is Outcome.FAILED for one in before)
    if not failures:
        high = rate_of(0, passes).high
        return f"never failed in {passes} runs: its rate is below {bound(high, 1)} %" if high < STEADY_BELOW else ""
    chance = luck_of(passes, failures, len(before))
    if chance > LUCK:
        return ""
    rate = f"{failures} of {len(before)}"
    share = f"{100 * chance:.1f}" if 100 * chance >= _LEAST else f"less than {_LEAST}"
    return f"passed {passes} times in a row, after it had failed {rate}: by luck in {share} % of cases"
