"""Running the tests that guard fixes many times, within a time, until each is known clean or red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import burning_in
from pytest_bugguard.core.burning_in import Burned
from pytest_bugguard.core.replays import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.journeys.ports import Replayer

_LEAST_S = 5.0


def burn_in(  # noqa: PLR0913 - tests, and a limit for each thing that they may use up
    tests: Sequence[str], ran: Sequence[str], replayer: Replayer, *, runs: int, until: float, now: Callable[[], float]
) -> tuple[dict[str, Burned], list[Attempt]]:
    """What each test showed, and each of its attempts.

    Args:
        tests: Those that guard.
        ran: All that ran, in order.
        replayer: Runs them.
        runs: How often each is run.
        until: When no further process begins, by the clock of ``now``; what runs then has a few seconds more.
        now: Seconds on a clock that only goes on.
    """
    burned = dict.fromkeys(tests, Burned())
    attempts: list[Attempt] = []
    for order in burning_in.orders_of(tests, ran, runs):
        left_s = until - now()
        open_ones = [test for test in tests if burned[test].red is None]
        if left_s <= 0 or not open_ones:
            break
        done = replayer.replay(Replay(order, limit_s=max(left_s, _LEAST_S)))
        burned = burning_in.also(burned, done.attempts)
        attempts += [one for one in done.attempts if one.nodeid in burned]
    return burned, attempts
