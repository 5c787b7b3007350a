"""What does `bugguard check` cost on a branch of ten commits?

    python benchmarks/check.py PATH/TO/CLONE [--rounds 9]

The newest ten first-parent commits of the clone stand in for the branch. CPU seconds, children included, in turn with
a bare start of Python, so that a slow moment of the machine falls on both.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clone", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    bugguard = [sys.executable, "-m", "pytest_bugguard", "-C", str(options.clone)]
    jobs = {
        "python": [sys.executable, "-c", "pass"],
        "check": [*bugguard, "check", "HEAD~10..HEAD"],
        "explain": [*bugguard, "explain", "HEAD"],
    }
    times: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(options.rounds):
        for job, command in jobs.items():
            times[job].append(cpu_seconds(command))
    for job, values in times.items():
        print(f"{job:<8} {statistics.median(values):.3f} s CPU (median of {options.rounds}, least {min(values):.3f})")


def cpu_seconds(command: list[str]) -> float:
    """What a command and its children take; its exit code is a finding, not a failure."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
