"""Running the tests that failed again, each in fresh processes, until it is told what they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import reruns
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Replay
from pytest_bugguard.core.reruns import Rerun, Seen, Way
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_bugguard.core.replays import Replayed
    from pytest_bugguard.core.reruns import Failed
    from pytest_bugguard.journeys.ports import Replayer

_START_S, _PATIENCE, _LONGEST_S = 60.0, 5, 3600.0
"""What takes five times as long as it did, and a slow start, hangs."""
_MISSES = 2
"""So often a test that does not come to run is asked for."""


class Limits(Struct, frozen=True):
    """How much may be run."""

    times: int
    """How many reruns each test may have, alone and after others."""
    until: float = math.inf
    """When no further process begins, by the clock of ``now``."""
    now: Callable[[], float] = lambda: 0.0
    """Seconds on a clock that only goes on."""
    watched: tuple[str, ...] = ()
    """Files whose use is told of every process."""

    def patience_s(self, one: Failed) -> float:
        """How long one process may take, before it hangs."""
        return min(_START_S + _PATIENCE * one.duration_s, _LONGEST_S)

    def why_not(self, one: Failed, way: Way) -> str:
        """Why there is no time to run a test so; empty where there is."""
        left_s = self.until - self.now()
        if left_s <= 0:
            return "the time for it is over (flaky.reruns-seconds)"
        if way is Way.AFTER and one.duration_s > left_s:
            return f"that takes {one.duration_s:.0f} s, more than is left of flaky.reruns-seconds"
        return ""


def rerun(
    failed: Sequence[Failed], replayer: Replayer, limits: Limits, *, tell: Callable[[int, int, str], None]
) -> Iterator[Rerun]:
    """What each test is, in their order.

    Args:
        failed: The tests.
        replayer: Runs them.
        limits: How much may be run.
        tell: Told before each rerun how many tests are done, of how many, and which is next.
    """
    for place, one in enumerate(failed):
        tell(place, len(failed), one.nodeid)
        yield _told(one, replayer, limits)


def _told(one: Failed, replayer: Replayer, limits: Limits) -> Rerun:
    seen, misses, detail = Seen(bool(one.before)), 0, ""
    processes: list[tuple[Way, Replayed]] = []
    for _ in range(2 * limits.times + _MISSES):
        way = reruns.next_way(seen, limits.times)
        if way is None or misses == _MISSES:
            break
        if why := limits.why_not(one, way):
            detail = why
            break
        done = replayer.replay(_asked(one, way, limits))
        processes.append((way, done))
        outcome = next(iter(done.outcomes(one.nodeid)), None)
        if outcome in {Outcome.PASSED, Outcome.FAILED}:
            seen = seen.also(way, outcome)
        else:
            misses, detail = misses + 1, _why_missing(done, outcome)
    verdict, reason = reruns.judge(seen)
    return Rerun(one, verdict, f"{reason}: {detail}" if detail and seen.is_open else reason, tuple(processes))


def _asked(one: Failed, way: Way, limits: Limits) -> Replay:
    tests = (one.nodeid,) if way is Way.ALONE else (*one.before, one.nodeid)
    return Replay(tests, limit_s=limits.patience_s(one), watched=limits.watched)


def _why_missing(done: Replayed, outcome: Outcome | None) -> str:
    if outcome is not None:
        return f"it {outcome}"
    if done.run.end is not End.FINISHED:
        return done.run.detail or f"the process {done.run.end}"
    return "pytest does not find it there"
