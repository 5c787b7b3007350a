"""What ``bugguard coverage check`` takes beside ``coverage json`` on the same data: CPU, taken in turn.

    python benchmarks/coverage_check.py REPOSITORY [--rounds 7]

Run it with an interpreter that has coverage.py, in a clone that holds a ``.coverage`` file of its last test run. The
work tree gets a ``bugguard.toml`` for the time that it takes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from ratios import Ratio, tell
from turns import in_turn, median, run

SETTINGS = '[coverage]\neach-file = { line = 1 }\ntotal = { line = 50 }\nfloors = "bugguard-floors.txt"\n'
PROMISED = 1.5


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    settings = given.repository / "bugguard.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        python = (sys.executable, "-m")
        report = str(Path(folder) / "coverage.json")
        jobs = {
            "coverage json": partial(run, [*python, "coverage", "json", "-q", "-o", report], cwd=given.repository),
            "bugguard coverage check": partial(
                run, [*python, "pytest_bugguard", "coverage", "check", "--data", ".coverage"], cwd=given.repository
            ),
        }
        try:
            in_turn(jobs, 1)
            spent = in_turn(jobs, given.rounds)
        finally:
            settings.unlink()
    alone, check = (median(laps) for laps in spent.values())
    for name, one in zip(spent, (alone, check), strict=True):
        print(f"{name:<24} {one.cpu_s:6.2f} s of CPU, {one.wall_s:6.2f} s")
    ratio = check.cpu_s / alone.cpu_s
    return tell(Ratio("coverage check, beside coverage json", ratio, PROMISED, "times"))


if __name__ == "__main__":
    raise SystemExit(main())
