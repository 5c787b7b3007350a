"""What does `bugguard check` cost on a branch of ten commits?

    python benchmarks/check.py PATH/TO/CLONE [--rounds 9]

The newest ten first-parent commits of the clone stand in for the branch. CPU seconds, children included, in turn with
a bare start of Python, so that a slow moment of the machine falls on both.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from ratios import Ratio, tell
from turns import in_turn, median, run

PROMISED_S = 0.5


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
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
    spent = in_turn({job: partial(run, command) for job, command in jobs.items()}, options.rounds)
    for job, laps in spent.items():
        least_s = min(lap.cpu_s for lap in laps)
        print(f"{job:<8} {median(laps).cpu_s:.3f} s CPU (median of {options.rounds}, least {least_s:.3f})")
    check_s = median(spent["check"]).cpu_s
    return tell(Ratio(f"check of ten commits, {options.clone.name}", check_s, PROMISED_S, "s of CPU"))


if __name__ == "__main__":
    raise SystemExit(main())
