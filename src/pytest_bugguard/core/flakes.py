"""What is to be said of a test by its history: verdict, rate, since when, at which cost? Pure; no I/O.

Flaky is only what both passed and failed on the same code in the same environment: outcomes that differ from commit to
commit may be a bug and its fix. Rates are taken from natural runs alone, since reruns follow failures.
"""

from __future__ import annotations

import math
import shlex
from collections import Counter, defaultdict
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.commands import Typing, command_of, contrast_of
from pytest_bugguard.core.estimates import CONFIDENCE, LUCK, luck_of, rate_of
from pytest_bugguard.core.kinds import OF_ORDER, UNKNOWN, Diagnosis
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.recorded_runs import Why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_bugguard.core.base_ends import OnBase
    from pytest_bugguard.core.estimates import Rate
    from pytest_bugguard.core.recorded_runs import Failure

STEADY_BELOW = 0.05
"""A test that never failed is steady once its rate is below this; about 50 runs show that."""
FAILING_FROM = 2
"""Failed runs of the newest code, none passed, from which on a test is failing."""
_STRIP = 60


class Trend(StrEnum):
    """How the newer half of the runs compares with the older half."""

    RISING = "rising"
    FALLING = "falling"
    LEVEL = "level"
    """The two intervals overlap, so no difference is shown."""


class Sighting(NamedTuple):
    """One attempt of a test, and what there is to know of the run in which it was made."""

    run: str
    started_s: int
    why: Why
    is_natural: bool
    """Whether the run is, and the attempt is its first."""
    commit: str
    code: str
    """What stands for the code: the id of a tree, or of the run where uncommitted work took part."""
    environment: str
    """A digest."""
    environment_words: str
    branch: str
    number: int
    outcome: Outcome
    failure: Failure | None
    lost_ms: int
    """The run's time, shared among the tests that failed in it; 0 where this one did not."""


class Onset(Struct, frozen=True):
    """Between which commits a test began to fail, with 95 % confidence."""

    after: str
    """The newest commit on which it is known to have been sound; empty: before the history begins."""
    until: str
    """The commit on which it failed first."""


class Group(Struct, frozen=True):
    """A test's rate on one branch, or in one environment."""

    name: str
    rate: Rate


class Flake(Struct, frozen=True):
    """One test by its history."""

    nodeid: str
    verdict: FlakeVerdict
    reason: str
    next: str
    rate: Rate
    lost_s: float = 0.0
    """What its failures cost: the time of the runs that it failed, shared with what else failed in them."""
    signatures: tuple[tuple[str, int], ...] = ()
    """Its failures with how often each was seen, the commonest first: ``TimeoutError at src/shop/net.py:41``."""
    onset: Onset | None = None
    """None where it never failed, or no commit is known."""
    first_failed_s: int | None = None
    last_failed_s: int | None = None
    trend: Trend | None = None
    """None where the runs are too few for halves."""
    strip: str = ""
    """The newest natural runs, oldest first: ``.`` passed, ``F`` failed."""
    branches: tuple[Group, ...] = ()
    environments: tuple[Group, ...] = ()
    diagnosis: Diagnosis = UNKNOWN
    """In which ways it is flaky, as far as experiments told."""
    hints: tuple[str, ...] = ()
    """What may be behind it; never more than a hint."""
    command: str = ""
    """What to type to see it fail; empty where nothing is known to do that."""
    contrast: str = ""
    """What to type to see it pass, for comparison."""
    on_base: OnBase | None = None
    """How one that fails every way ended on the base of the change; None where nobody looked."""
    met_change: bool | None = None
    """Whether it ran what the change touched where it failed again; None where that is not told."""
    alike: tuple[str, ...] = ()
    """Other tests whose commonest failure is the same, of those that were looked at with it."""

    @property
    def signature(self) -> str:
        """The commonest failure; empty where nothing is known of any."""
        return self.signatures[0][0] if self.signatures else ""


class Ranking(Struct, frozen=True):
    """What a history says of some of its tests."""

    flakes: tuple[Flake, ...]
    """The flaky ones first, then by what they cost."""
    runs: int
    """How many runs it holds."""
    tests: int
    failed: int
    """How many of the tests failed at least once."""
    flaky: int
    """How many of them are flaky."""


def ranking_of(flakes: tuple[Flake, ...], *, runs: int, tests: int) -> Ranking:
    """What was just found out of tests that failed, without any history: in so many processes, over so many tests."""
    unsteady = sum(one.verdict.is_unsteady for one in flakes)
    return Ranking(flakes, runs, tests, len(flakes), unsteady)


def judged_by(diagnosis: Diagnosis) -> tuple[FlakeVerdict, str]:
    """What a test is, where it is known in which way: only what depends on the order alone is order-dependent."""
    is_of_order = OF_ORDER.issuperset(diagnosis.kinds)
    return FlakeVerdict.ORDER_DEPENDENT if is_of_order else FlakeVerdict.FLAKY, "; ".join(diagnosis.reasons)


_COUNTED = frozenset({Outcome.PASSED, Outcome.FAILED})


def flake_of(nodeid: str, sightings: Iterable[Sighting], diagnosis: Diagnosis = UNKNOWN) -> Flake:
    """What all sightings of a test come to, in whatever order they are given; what experiments told outweighs them."""
    seen = sorted((one for one in sightings if one.outcome in _COUNTED), key=_order)
    natural = [one for one in seen if one.is_natural]
    rate = _rate(natural)
    verdict, reason = judged_by(diagnosis) if diagnosis.kinds else _judge(seen, natural, rate)
    failed = [one for one in seen if one.outcome is Outcome.FAILED]
    onset = _onset(natural)
    return Flake(
        nodeid=nodeid,
        verdict=verdict,
        reason=reason,
        next=_left_alone(natural, diagnosis) or _next(verdict, nodeid, onset, _signatures(failed)),
        rate=rate,
        lost_s=sum(one.lost_ms for one in natural) / 1000,
        signatures=_signatures(failed),
        onset=onset,
        first_failed_s=failed[0].started_s if failed else None,
        last_failed_s=failed[-1].started_s if failed else None,
        trend=_trend(natural),
        strip="".join("F" if one.outcome is Outcome.FAILED else "." for one in natural[-_STRIP:]),
        branches=_groups(natural, lambda one: one.branch),
        environments=_groups(natural, lambda one: one.environment_words),
        diagnosis=diagnosis,
        command=command_of(nodeid, diagnosis, Typing()),
        contrast=contrast_of(nodeid, diagnosis, Typing()),
    )


def _order(one: Sighting) -> tuple[int, str, int]:
    return one.started_s, one.run, one.number


def _rate(natural: Sequence[Sighting]) -> Rate:
    return rate_of(sum(one.outcome is Outcome.FAILED for one in natural), len(natural))


def _judge(seen: Sequence[Sighting], natural: Sequence[Sighting], rate: Rate) -> tuple[FlakeVerdict, str]:
    comparable = [one for one in seen if one.why is not Why.EXPERIMENT]
    mixed = _mixed(comparable)
    if mixed is not None:
        return FlakeVerdict.FLAKY, f"passed {mixed.passed} and failed {mixed.failed} times on the same code"
    if not natural:
        return FlakeVerdict.UNDECIDED, "no first run of it is recorded"
    newest = [one for one in comparable if _same(one) == _same(natural[-1])]
    if newest[-1].outcome is Outcome.FAILED:
        return _of_failing(len(newest))
    since = len(list(takewhile(lambda one: one.outcome is Outcome.PASSED, reversed(natural))))
    return _of_passing(rate, since)


def _of_failing(runs: int) -> tuple[FlakeVerdict, str]:
    if runs >= FAILING_FROM:
        return FlakeVerdict.FAILING, f"failed {runs} of {runs} times on the newest code"
    return FlakeVerdict.UNDECIDED, "failed on the newest code, which was run once"


def _of_passing(rate: Rate, since: int) -> tuple[FlakeVerdict, str]:
    if rate.failures:
        said = "never both on code known to be the same, so it may have been a bug and its fix"
        return FlakeVerdict.UNDECIDED, f"{said}; passed {since} times since it last failed"
    if rate.high > STEADY_BELOW:
        return FlakeVerdict.UNDECIDED, f"too few runs: its rate may be up to {100 * rate.high:.1f} %"
    return FlakeVerdict.STEADY, f"never failed in {rate.runs} runs"


class _Mixed(NamedTuple):
    passed: int
    failed: int


def _same(one: Sighting) -> tuple[str, str]:
    """What has to be the same before two outcomes contradict each other."""
    return one.code, one.environment


def _mixed(seen: Iterable[Sighting]) -> _Mixed | None:
    """The code on which a test did both, and most often."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in seen:
        counts[_same(one)][one.outcome is Outcome.FAILED] += 1
    both = [_Mixed(passed, failed) for passed, failed in counts.values() if passed and failed]
    return max(both, key=min, default=None)


def _steady_since(natural: Sequence[Sighting]) -> int:
    """How often it has passed since it last failed, where luck hardly explains that; else 0."""
    passes = len(list(takewhile(lambda one: one.outcome is Outcome.PASSED, reversed(natural))))
    before = _rate(natural[: len(natural) - passes])
    return passes if before.failures and luck_of(passes, before.failures, before.runs) <= LUCK else 0


def _left_alone(natural: Sequence[Sighting], diagnosis: Diagnosis) -> str:
    """That there is nothing to do; empty where there may be."""
    passes = 0 if diagnosis.kinds else _steady_since(natural)
    return f"nothing, unless it fails again: it has passed {passes} times since, which is hardly luck" if passes else ""


def _next(verdict: FlakeVerdict, nodeid: str, onset: Onset | None, signatures: Sequence[tuple[str, int]]) -> str:
    match verdict:
        case FlakeVerdict.STEADY:
            return ""
        case FlakeVerdict.UNDECIDED if onset is not None and onset.after:
            return f"see what broke it: git log {onset.after[:12]}..{onset.until[:12]}"
        case FlakeVerdict.UNDECIDED:
            return "record more runs of the same code"
        case FlakeVerdict.FAILING:
            return f"mend it, or what it tests: pytest {shlex.quote(nodeid)}"
        case FlakeVerdict.FLAKY | FlakeVerdict.ORDER_DEPENDENT:
            if onset is not None and onset.after:
                return f"see what began it: git log {onset.after[:12]}..{onset.until[:12]}"
            return f"mend it, beginning with {signatures[0][0]}" if signatures else "mend it"


def _signatures(failed: Sequence[Sighting]) -> tuple[tuple[str, int], ...]:
    return signatures_of(one.failure for one in failed if one.failure is not None)


def signatures_of(failures: Iterable[Failure]) -> tuple[tuple[str, int], ...]:
    """Failures with how often each was seen, the commonest first: ``TimeoutError at src/shop/net.py:41``."""
    known = Counter(" at ".join(filter(None, [one.kind, one.place])) for one in failures)
    return tuple(sorted(((text, count) for text, count in known.items() if text), key=lambda one: (-one[1], one[0])))


def _onset(natural: Sequence[Sighting]) -> Onset | None:
    """The range by the runs that would all have passed by luck in 5 % of cases, had it failed as often as since."""
    failed = [place for place, one in enumerate(natural) if one.outcome is Outcome.FAILED]
    if not failed or not natural[failed[0]].commit:
        return None
    first = failed[0]
    share = min(len(failed) / (len(natural) - first), 1 - 1e-9)
    needed = math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - share))
    sound = natural[first - needed].commit if needed <= first else ""
    return Onset("" if sound == natural[first].commit else sound, natural[first].commit)


def _trend(natural: Sequence[Sighting]) -> Trend | None:
    half = len(natural) // 2
    if not half:
        return None
    if _steady_since(natural):
        return Trend.FALLING
    older, newer = _rate(natural[:half]), _rate(natural[-half:])
    if newer.low > older.high:
        return Trend.RISING
    return Trend.FALLING if newer.high < older.low else Trend.LEVEL


def _groups(natural: Sequence[Sighting], name: Callable[[Sighting], str]) -> tuple[Group, ...]:
    found: dict[str, list[Sighting]] = defaultdict(list)
    for one in natural:
        found[name(one)].append(one)
    groups = [Group(key, _rate(found[key])) for key in found if key]
    return tuple(sorted(groups, key=lambda group: (-group.rate.failures, group.name)))


def ranked(flakes: Iterable[Flake]) -> tuple[Flake, ...]:
    """The flaky ones first; of those, and of the others, the dearest first, then the most surely frequent."""
    return tuple(sorted(flakes, key=lambda one: (not one.verdict.is_unsteady, -one.lost_s, -one.rate.low, one.nodeid)))
