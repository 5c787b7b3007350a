"""In which way is a test flaky? By how it ended alone, after others, twice, under other conditions. Pure; no I/O.

A kind is named only where the same few processes show both sides: with what makes the test fail, and without it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import PLAIN, Conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.recorded_runs import Attempt

TWICE = 2
"""Once is chance: so often is shown what a kind needs shown."""
OFTEN = 3
"""So often it has to end one way alone before another way among others means something."""
SURE = 8
"""So often a seed has to show the same before it is the seed."""
RAREST = 0.4
"""What happens after others in a smaller share of the runs would take more of them to be shown than it is worth."""
_LUCK = 0.01
"""How likely it may be that a difference is luck: that a test never ended so alone, had it the rate that it has after
others."""


class Kind(StrEnum):
    """In which way a test is flaky; a test may be so in several."""

    RANDOM = "random"
    """Alone, in fresh processes, it passes and fails."""
    HASH_SEED = "hash-seed"
    """Alone it fails with one seed of string hashes and passes with another, each time."""
    NON_IDEMPOTENT = "non-idempotent"
    """It passes, and fails when it runs once more in the same process."""
    VICTIM = "victim"
    """It passes alone, and fails after its polluters, or fails there far more often."""
    BRITTLE = "brittle"
    """It fails alone, and passes after its setters."""
    IMPORT = "import"
    """It passes alone, and fails where another file is loaded besides, though no test of it runs."""
    LOAD = "load"
    """Alone it passes on a quiet machine, and fails on a busy one, or fails there far more often."""
    TIME_ZONE = "time-zone"
    LOCALE = "locale"


OF_ORDER = frozenset({Kind.NON_IDEMPOTENT, Kind.VICTIM, Kind.BRITTLE, Kind.IMPORT})
"""What depends on the tests that ran before, itself included, or on their files."""
_COUNTED = (Outcome.PASSED, Outcome.FAILED)


class Showing(NamedTuple):
    """What one process showed of a test."""

    conditions: Conditions
    before: tuple[str, ...]
    """The tests that ran in it before this one, in their order."""
    outcomes: tuple[Outcome, ...]
    """How it passed or failed, each time that it ran; other outcomes are left out."""


class Count(NamedTuple):
    """How often something passed and failed."""

    passed: int
    failed: int

    @property
    def total(self) -> int:
        """Both."""
        return self.passed + self.failed


class Diagnosis(Struct, frozen=True):
    """In which ways a test is flaky, and what it depends on."""

    kinds: tuple[Kind, ...] = ()
    reasons: tuple[str, ...] = ()
    """What was seen, one for each kind."""
    polluters: tuple[tuple[str, ...], ...] = ()
    """Each: the tests, in their order, after which it fails; the fewest first."""
    setters: tuple[tuple[str, ...], ...] = ()
    """Each: the tests, in their order, after which it passes; itself where it is its own."""
    conditions: Conditions = PLAIN
    """Under which it fails alone, where that makes the difference."""
    tries: int = 0
    """So often it has to be run, where it fails by chance, to fail in 99 of 100 cases."""


UNKNOWN = Diagnosis()


def showings_of(nodeid: str, conditions: Conditions, attempts: Sequence[Attempt]) -> Iterator[Showing]:
    """What a process showed of a test, by all attempts in their order; nothing where it neither passed nor failed."""
    places = [place for place, one in enumerate(attempts) if one.nodeid == nodeid]
    outcomes = tuple(attempts[place].outcome for place in places if attempts[place].outcome in _COUNTED)
    if outcomes:
        yield Showing(conditions, tuple(one.nodeid for one in attempts[: places[0]]), outcomes)


def count(outcomes: Iterable[Outcome]) -> Count:
    """How many of them passed, and how many failed."""
    seen = list(outcomes)
    return Count(seen.count(Outcome.PASSED), seen.count(Outcome.FAILED))


def first_alone(showings: Iterable[Showing]) -> Count:
    """How a test ended as the first of its process, under plain conditions."""
    return count(one.outcomes[0] for one in showings if not one.before and one.conditions.is_plain)


def when_busy(showings: Iterable[Showing]) -> Count:
    """How a test ended alone on a busy machine."""
    return count(one.outcomes[0] for one in showings if not one.before and one.conditions.busy)


def diagnosis_of(nodeid: str, showings: Sequence[Showing]) -> Diagnosis:
    """All that these processes show of a test."""
    alone = first_alone(showings)
    found = [*_by_chance(showings, alone), *_again(showings, alone)]
    conditions = PLAIN
    polluters: tuple[tuple[str, ...], ...] = ()
    setters: tuple[tuple[str, ...], ...] = ()
    if alone.passed >= OFTEN:
        after = _after(showings)
        polluters = _smallest(before for before, seen in after.items() if _fails_more(seen, alone))
        found += [(Kind.VICTIM, _victim(after[polluters[0]], alone))] if polluters else []
    elif alone.failed >= OFTEN and not alone.passed:
        after = _after(showings)
        setters = _smallest(before for before, seen in after.items() if _is_enough(seen.passed, seen.failed, alone))
        own = ((nodeid,),) if _heals(showings) else ()
        found += [(Kind.BRITTLE, _brittle(after, setters, alone))] if setters or own else []
        setters = (*own, *setters)
    if alone.passed and (alone.failed or alone.passed >= OFTEN):
        around = list(_around(showings, alone))
        found += [(kind, reason) for kind, reason, _ in around]
        conditions = around[0][2] if around else conditions
    if any(kind is Kind.HASH_SEED for kind, _ in found):
        conditions = Conditions(hash_seed=_seeds(showings)[0][0])
    kinds, reasons = tuple(kind for kind, _ in found), tuple(reason for _, reason in found)
    tries = _tries(alone) if Kind.RANDOM in kinds else 0
    return Diagnosis(kinds, reasons, polluters, setters, conditions, tries)


def _tries(alone: Count) -> int:
    return math.ceil(math.log(_LUCK) / math.log(alone.passed / alone.total))


_Found = tuple[Kind, str]


def _by_chance(showings: Sequence[Showing], alone: Count) -> Iterator[_Found]:
    if not (alone.passed and alone.failed):
        return
    failing, passing = _seeds(showings)
    if failing and passing:
        seen = f"failed each time with PYTHONHASHSEED={failing[0]}, passed each time with PYTHONHASHSEED={passing[0]}"
        yield Kind.HASH_SEED, f"alone it {seen}"
    else:
        busy = when_busy(showings)
        seen = f"alone, in fresh processes, it failed {alone.failed} of {alone.total} times"
        always = f", and {busy.failed} of {busy.total} times on a busy machine" if busy.failed == busy.total > 0 else ""
        yield Kind.RANDOM, f"{seen}{always}"


def _seeds(showings: Sequence[Showing]) -> tuple[list[int], list[int]]:
    """The hash seeds with which it failed alone often and always, and those with which it passed so.

    Both are empty where any seed did both: then it is not the seed.
    """
    by_seed: dict[int, list[Outcome]] = defaultdict(list)
    for one in showings:
        if not one.before and one.conditions.is_plain and one.conditions.hash_seed is not None:
            by_seed[one.conditions.hash_seed].append(one.outcomes[0])
    counts = {seed: count(seen) for seed, seen in by_seed.items()}
    if any(seen.passed and seen.failed for seen in counts.values()):
        return [], []
    often = {seed: seen for seed, seen in counts.items() if seen.total >= SURE}
    return [seed for seed in often if often[seed].failed], [seed for seed in often if often[seed].passed]


def _again(showings: Sequence[Showing], alone: Count) -> Iterator[_Found]:
    """Whether it fails after itself, wherever it passed at first, and more often than it fails anyway."""
    seconds = count(
        one.outcomes[1]
        for one in showings
        if not one.before and one.conditions.is_plain and len(one.outcomes) > 1 and one.outcomes[0] is Outcome.PASSED
    )
    anyway = (alone.failed + 0.5) / (alone.total + 1)  # the mean of Jeffreys' posterior
    if seconds.failed >= TWICE and not seconds.passed and anyway**seconds.failed <= _LUCK:
        yield Kind.NON_IDEMPOTENT, f"the second time in one process it failed {seconds.failed} of {seconds.total} times"


def _heals(showings: Sequence[Showing]) -> bool:
    """Whether it passes after itself, wherever it ran once more."""
    seconds = count(one.outcomes[1] for one in showings if not one.before and len(one.outcomes) > 1)
    return seconds.passed >= TWICE and not seconds.failed


def _after(showings: Sequence[Showing]) -> dict[tuple[str, ...], Count]:
    """How it ended after others, by what ran before it."""
    groups: dict[tuple[str, ...], list[Outcome]] = defaultdict(list)
    for one in showings:
        if one.before and one.conditions.is_plain:
            groups[one.before].append(one.outcomes[0])
    return {before: count(seen) for before, seen in groups.items()}


def _is_enough(this_way: int, other_way: int, alone: Count) -> bool:
    """Whether it ended otherwise than alone often enough to mean something."""
    rate = this_way / (this_way + other_way) if this_way else 0.0
    return this_way >= (OFTEN if other_way else TWICE) and rate >= RAREST and (1 - rate) ** alone.total <= _LUCK


def _smallest(found: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Those that do not contain another one, the shortest first."""
    kept: list[tuple[str, ...]] = []
    for one in sorted(found, key=lambda before: (len(before), before)):
        if not any(_is_within(smaller, one) for smaller in kept):
            kept.append(one)
    return tuple(kept)


def _is_within(smaller: tuple[str, ...], larger: tuple[str, ...]) -> bool:
    """Whether one stands in the other, in its order."""
    rest = iter(larger)
    return all(one in rest for one in smaller)


def _around(showings: Sequence[Showing], alone: Count) -> Iterator[tuple[Kind, str, Conditions]]:
    """Conditions under which it fails alone, where it passes without, or at least more often than there."""
    groups: dict[Conditions, list[Outcome]] = defaultdict(list)
    for one in showings:
        if not one.before and not one.conditions.is_plain:
            around = one.conditions
            groups[replace(around, hash_seed=None)].append(one.outcomes[0])
    told: set[Kind] = set()
    for conditions, outcomes in sorted(groups.items(), key=lambda group: len(group[0].beside)):
        seen = count(outcomes)
        kind = _kind_of(conditions)
        if kind not in told and _fails_more(seen, alone):
            told.add(kind)
            where = {
                Kind.LOAD: "on a busy machine",
                Kind.TIME_ZONE: f"with TZ={conditions.time_zone}",
                Kind.LOCALE: f"with LC_ALL={conditions.locale}",
                Kind.IMPORT: f"where {' and '.join(conditions.beside)} is loaded too",
            }[kind]
            often = f"{seen.failed} of {seen.total} times {where}, and {alone.failed} of {alone.total} without"
            yield kind, f"alone it failed {often}", conditions


def _kind_of(conditions: Conditions) -> Kind:
    if conditions.busy:
        return Kind.LOAD
    if conditions.beside:
        return Kind.IMPORT
    return Kind.TIME_ZONE if conditions.time_zone else Kind.LOCALE


def _fails_more(seen: Count, alone: Count) -> bool:
    """Whether it fails more often than without; where it fails there too, each time (and by Fisher's exact test)."""
    if not alone.failed:
        return _is_enough(seen.failed, seen.passed, alone)
    both = math.comb(alone.total + seen.total, alone.passed)
    return not seen.passed and math.comb(alone.total, alone.passed) <= _LUCK * both


def _victim(seen: Count, alone: Count) -> str:
    return (
        f"it failed {seen.failed} of {seen.total} times after its polluters, and {alone.failed} of {alone.total} alone"
    )


def _brittle(after: dict[tuple[str, ...], Count], setters: Sequence[tuple[str, ...]], alone: Count) -> str:
    said = f"alone it failed {alone.failed} of {alone.total} times"
    if not setters:
        return f"{said}, and passes when it runs once more in the same process"
    seen = after[setters[0]]
    return f"{said}, and {seen.failed} of {seen.total} after its setters"
