"""Running the tests that guard fixes many times, within a time, until each is known clean or red."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import burning_in
from pytest_bugguard.core.burning_in import Burned
from pytest_bugguard.core.replays import PLAIN, Conditions, Home, Replay, Replayed
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.journeys.ports import Replayer, Tree
    from pytest_bugguard.journeys.prove import Bench

_LEAST_S = 5.0
_FOR_A_LOOK = 1 / 3
"""The share of the time that the files of the tests may take as a whole."""


class Limits(Struct, frozen=True):
    """How often, and for how long."""

    runs: int
    """How often each test is run."""
    until: float
    """When no further process begins, by the clock of ``now``; what runs then has a few seconds more."""
    now: Callable[[], float]
    """Seconds on a clock that only goes on."""


def burn_in(
    tests: Sequence[str], ran: Mapping[str, float], replayer: Replayer, limits: Limits, *, varies_hash: bool = False
) -> tuple[dict[str, Burned], list[Attempt]]:
    """What each test showed, and each of its attempts.

    Args:
        tests: Those that guard.
        ran: How many seconds each test took that ran, in order; nothing where that is not known: then their files are
            run first, to see.
        replayer: Runs them.
        limits: How often, and for how long.
        varies_hash: Whether each process is given a seed of string hashes, another one each time.
    """
    burned = dict.fromkeys(tests, Burned())
    took_s = dict(ran)
    attempts: list[Attempt] = []

    def run(asked: Replay) -> Replayed:
        nonlocal burned, attempts
        done = replayer.replay(asked)
        if done.run.end is End.TIMEOUT and not burning_in.hangs(done.run, took_s):
            done = done.without_hang
        burned = burning_in.also(burned, done.attempts)
        took_s.update((one.nodeid, one.duration_s) for one in done.attempts)
        attempts += [one for one in done.attempts if one.nodeid in burned]
        return done

    looks = not ran
    if looks:
        files = tuple(dict.fromkeys(test.partition("::")[0] for test in tests))
        limit_s = max(_FOR_A_LOOK * (limits.until - limits.now()), _LEAST_S)
        collected = run(Replay((), limit_s=limit_s, paths=files)).run.collected
    runs = limits.runs - looks
    for place, order in enumerate(burning_in.orders_of(tests, collected if looks else tuple(ran), runs)):
        left_s = limits.until - limits.now()
        if left_s <= 0 or all(burned[test].red is not None for test in tests):
            break
        share_s = left_s / (burning_in.processes_of(runs) - place)
        around = Conditions(hash_seed=burning_in.hash_seed(place)) if varies_hash else PLAIN
        fitting = burning_in.fitting(order, tests, took_s, share_s)
        run(Replay(fitting, around, limit_s=max(left_s, _LEAST_S)))
    if limits.now() >= limits.until:
        burned = {test: replace(one, is_cut_off=one.runs < limits.runs) for test, one in burned.items()}
    return burned, attempts


class _InTree(Struct, frozen=True):
    """Replays tests in a scratch tree."""

    bench: Bench
    tree: Tree
    home: Home

    def replay(self, asked: Replay) -> Replayed:
        return Replayed(asked, self.bench.runner.run(self.tree, asked.request(self.home)))

    def stop(self) -> None:
        self.bench.runner.stop()


def burn_in_proven(
    plan: Experiment, tests: Sequence[str], bench: Bench, limits: Limits, *, varies_hash: bool
) -> dict[str, Burned]:
    """What each test that proved a fix showed, in a tree with the fix.

    Raises:
        ScratchError: The tree could not be made.
    """
    asked = plan.with_fix
    with bench.scratch.plant(plan.commit, plan.shared) as tree:
        replayer = _InTree(bench, tree, Home(asked.folder, asked.options, roots=asked.roots))
        return burn_in(tests, {}, replayer, limits, varies_hash=varies_hash)[0]
