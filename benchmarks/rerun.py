"""What three reruns of one failed test cost, in a suite of 2,000: they start that file again, not the suite.

    python benchmarks/rerun.py [--tests 2000] [--rounds 5]

Put in relation are what a run with ``--bugguard-reruns=3`` takes longer than one without reruns, and one fresh start
of pytest on the file of the failed test. CPU, children included; medians of runs that take turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from functools import partial
from pathlib import Path

from ratios import Ratio, tell
from switched_on import project, pytest
from turns import in_turn, median

PROMISED = 3.0
_FAILED = "tests/test_failed.py"


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    failed = {_FAILED: "def test_failed():\n    assert False\n"}
    with tempfile.TemporaryDirectory() as folder:
        place = project(Path(folder) / "suite", options.tests, "", failed)
        gate = ("--bugguard", "--bugguard-base", "HEAD", "--bugguard-reruns")
        jobs = {
            "without reruns": partial(pytest, place, [*gate, "0"], fails=True),
            "with three": partial(pytest, place, [*gate, "3"], fails=True),
            "a fresh start": partial(pytest, place, ["-p", "no:bugguard", _FAILED], fails=True),
        }
        in_turn(jobs, 1)
        spent = in_turn(jobs, options.rounds)
    for name, laps in spent.items():
        print(f"{name:<16} {median(laps).cpu_s:6.2f} s CPU")
    pairs = zip(spent["with three"], spent["without reruns"], strict=True)
    more = statistics.median(one.cpu_s - other.cpu_s for one, other in pairs)
    ratio = more / median(spent["a fresh start"]).cpu_s
    return tell(
        Ratio("three reruns of one failed test in a suite of 2,000", ratio, PROMISED, "fresh starts of its file")
    )


if __name__ == "__main__":
    raise SystemExit(main())
