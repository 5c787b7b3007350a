"""What are the reruns of a failed test to show next, and what do they come to? Pure; no I/O.

A test that failed is run again in fresh processes, alone and after what ran before it. The rule, with N reruns allowed
each way:

1. Alone, until it has ended both ways or, where it goes on failing, N times.
2. After what ran before it: once where it failed alone each time; at once where it passed alone. While that shows
   something else than alone, until both ways have been seen N times.

It stops at the first two outcomes that differ though nothing did: that is flakiness, and no further run makes it surer.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.commands import quarantine
from pytest_bugguard.core.estimates import bound
from pytest_bugguard.core.kinds import Count, count
from pytest_bugguard.core.model import FlakeVerdict, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_bugguard.core.recorded_runs import Attempt, Failure
    from pytest_bugguard.core.replays import Replayed

LUCK = 0.05
"""Order is blamed where luck would show the same in so many cases at most."""
_CONFIDENCE = 0.95
_NOTHING = Count(0, 0)


class Way(StrEnum):
    """How a test is run again."""

    ALONE = "alone"
    AFTER = "after"
    """After the tests that ran before it in its process."""


class Failed(NamedTuple):
    """A test that failed in a run."""

    nodeid: str
    before: tuple[str, ...] = ()
    """What ran before it in the same process, in order."""
    duration_s: float = 0.0
    """What all of these took."""
    failure: Failure | None = None
    """How it failed; None where that is not known."""


class Seen(Struct, frozen=True):
    """How a test that failed ended in its reruns."""

    has_before: bool
    """Whether anything ran before it; else alone is how it ran."""
    alone: Count = _NOTHING
    after: Count = _NOTHING

    @property
    def is_open(self) -> bool:
        """Whether one of its ways shows nothing."""
        return not self.alone.total or (self.has_before and not self.after.total)

    def also(self, way: Way, outcome: Outcome) -> Seen:
        """With one rerun more."""
        alone, after = (self._more(count, outcome, is_it=way is one) for one, count in self._ways())
        return Seen(self.has_before, alone, after)

    def _ways(self) -> tuple[tuple[Way, Count], ...]:
        return ((Way.ALONE, self.alone), (Way.AFTER, self.after))

    @staticmethod
    def _more(count: Count, outcome: Outcome, *, is_it: bool) -> Count:
        if not is_it:
            return count
        return Count(count.passed + (outcome is Outcome.PASSED), count.failed + (outcome is Outcome.FAILED))


def next_way(seen: Seen, reruns: int) -> Way | None:
    """How to run it next; None where it is told, or there are no more reruns."""
    alone, after = seen.alone, seen.after
    if alone.passed and (alone.failed or not seen.has_before):
        return None  # flaky
    if not alone.passed:
        if alone.total < reruns:
            return Way.ALONE
        is_told = not seen.has_before or after.failed or after.total >= reruns
        return None if is_told else Way.AFTER
    if after.passed:
        return None  # flaky: it failed so before
    if after.total < reruns:
        return Way.AFTER
    return Way.ALONE if alone.total < reruns else None


def luck(one: int, other: int) -> float:
    """How likely so many of one outcome alone and so many of the other after others are at most, if order does nothing.

    The product of the two chances, at the rate that makes it largest.
    """
    share = one / (one + other)
    return float(share**one * (1 - share) ** other)


def judge(seen: Seen) -> tuple[FlakeVerdict, str]:
    """What a test is by its reruns, given that it failed at first; with what was seen, and how sure that makes it."""
    alone, after = seen.alone, seen.after
    if not alone.total and not after.total:
        return FlakeVerdict.UNDECIDED, "it did not come to run again"
    if alone.passed and alone.failed:
        return FlakeVerdict.FLAKY, f"alone, in fresh processes, it failed {_of(alone)}"
    if not seen.has_before:
        return _of_first(alone)
    return _of_failing_alone(alone, after) if alone.failed else _of_passing_alone(alone, after)


def _of_first(alone: Count) -> tuple[FlakeVerdict, str]:
    """Of one that ran first in its process: what is seen alone is what was."""
    if alone.passed:
        return FlakeVerdict.FLAKY, f"failed 1 of {1 + alone.total} times on the same code"
    return FlakeVerdict.FAILING, f"failed again {_of(alone)}{_sure(alone.failed)}"


def _of_failing_alone(alone: Count, after: Count) -> tuple[FlakeVerdict, str]:
    said = f"failed again {_of(alone)} alone"
    if not after.total:
        return FlakeVerdict.UNDECIDED, f"{said}; after what ran before it, it did not come to run again"
    if not after.passed:
        both = alone.failed + after.failed
        return FlakeVerdict.FAILING, f"{said} and {_of(after)} after what ran before it{_sure(both)}"
    said = f"{said}, and {_of(after)} after what ran before it"
    return _of_order(said, alone.failed, after.passed, is_pure=not after.failed)


def _of_passing_alone(alone: Count, after: Count) -> tuple[FlakeVerdict, str]:
    if not after.total:
        said = f"passed {alone.passed} of {alone.total} times alone"
        return FlakeVerdict.UNDECIDED, f"{said}; after what ran before it, it did not come to run again"
    if after.passed:
        runs = 1 + alone.total + after.total
        return FlakeVerdict.FLAKY, f"failed {1 + after.failed} of {runs} times on the same code"
    said = f"passed {alone.passed} of {alone.total} times alone, and failed {_of(after)} after what ran before it"
    return _of_order(said, alone.passed, after.failed, is_pure=True)


def _of_order(said: str, alone: int, after: int, *, is_pure: bool) -> tuple[FlakeVerdict, str]:
    chance = luck(alone, after)
    if is_pure and chance <= LUCK:
        return FlakeVerdict.ORDER_DEPENDENT, f"{said} (by luck in {bound(chance, 1)} % of cases at most)"
    return FlakeVerdict.FLAKY, said


def _of(count: Count) -> str:
    return f"{count.failed} of {count.total} times"


def _sure(failures: int) -> str:
    """``; that it passes in more than 53 % of runs is excluded (95 %)``: by the runs that all failed."""
    return f" (95 %: passes in less than {100 * (1 - (1 - _CONFIDENCE) ** (1 / failures)):.0f} % of runs)"


class Rerun(Struct, frozen=True):
    """What came of the reruns of one test."""

    failed: Failed
    verdict: FlakeVerdict
    reason: str
    processes: tuple[tuple[Way, Replayed], ...] = ()

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Those that repeat what the run did, for the history: of what depends on the order none that changed it."""
        is_of_order = self.verdict is FlakeVerdict.ORDER_DEPENDENT
        return tuple(
            one
            for way, done in self.processes
            for one in done.attempts
            if one.nodeid == self.failed.nodeid and not (is_of_order and way is Way.ALONE)
        )


def sorted_out(attempts: Sequence[Attempt], spared: Collection[str]) -> tuple[list[Failed], list[Rerun]]:
    """What is to be run again, each once; and what another plugin has run again already, with what that shows.

    Args:
        attempts: All of the run.
        spared: Tests that are not run again, though they failed.
    """
    by_worker: dict[str, list[Attempt]] = defaultdict(list)
    by_test: dict[str, list[Attempt]] = defaultdict(list)
    for one in sorted(attempts, key=lambda one: one.place):
        by_test[one.nodeid].append(one)
        if one.number == 1:
            by_worker[one.worker].append(one)
    failed: list[Failed] = []
    repeated: list[Rerun] = []
    for nodeid, tries in by_test.items():
        if nodeid in spared or all(one.outcome is not Outcome.FAILED for one in tries):
            continue
        if len(tries) > 1:
            repeated.append(_of_repeats(tries))
            continue
        earlier = [one for one in by_worker[tries[0].worker] if one.place < tries[0].place]
        known_s = sum(one.duration_s for one in (*earlier, tries[0]))
        failed.append(Failed(nodeid, tuple(one.nodeid for one in earlier), known_s, tries[0].failure))
    return failed, repeated


def _of_repeats(tries: Sequence[Attempt]) -> Rerun:
    """Of a test that another plugin has run again: in the same process, but where that had died."""
    ends = count(one.outcome for one in tries)
    was_one = len({one.worker for one in tries}) == 1 and all(one.phase != "crash" for one in tries[:-1])
    said = f"failed {_of(ends)} in {'one process' if was_one else 'several processes'}, where another plugin repeats it"
    verdict = FlakeVerdict.FLAKY if ends.passed else FlakeVerdict.UNDECIDED
    return Rerun(Failed(tries[0].nodeid), verdict, said)


def next_of(nodeid: str, verdict: FlakeVerdict) -> str:
    """What to do about it."""
    named = shlex.quote(nodeid)
    match verdict:
        case FlakeVerdict.FLAKY | FlakeVerdict.ORDER_DEPENDENT:
            return f"bugguard hunt {named} tells why; or quarantine it: {quarantine(nodeid)}"
        case FlakeVerdict.FAILING:
            return f"mend it, or what it tests: pytest {named}"
        case _:
            return f"look at it by hand: pytest {named}"
