"""Several ways of doing a job, timed in turn: a slow moment of the machine falls on all of them alike."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spent:
    """What a job took, its child processes included."""

    wall_s: float
    cpu_s: float


def timed(job: Callable[[], object]) -> Spent:
    """What a job takes that leaves its work to processes and waits for them."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    job()
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def in_turn(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Spent]]:
    """Each job once a round, and in each round another one first."""
    spent: dict[str, list[Spent]] = {name: [] for name in jobs}
    names = list(jobs)
    for lap in range(rounds):
        start = lap % len(names)
        for name in names[start:] + names[:start]:
            spent[name].append(timed(jobs[name]))
    return spent


def median(spent: Sequence[Spent]) -> Spent:
    """The middle of each figure by itself."""
    return Spent(statistics.median(one.wall_s for one in spent), statistics.median(one.cpu_s for one in spent))


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; its exit code is a finding, not a failure."""
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False)
