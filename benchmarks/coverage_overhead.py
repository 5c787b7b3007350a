"""What judging the gates adds to a run of ``pytest --cov``: CPU with and without ``--bugguard``, taken in turn.

    python benchmarks/coverage_overhead.py [--rounds 5] REPOSITORY [-- PYTEST ARGUMENTS]

Run it with an interpreter that has pytest-cov and what the project's tests need. The work tree gets a ``bugguard.toml``
with every kind of gate for the time that it takes, so name a clone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from functools import partial
from pathlib import Path

from ratios import Ratio, tell
from turns import in_turn, median, run

SETTINGS = """\
base = "HEAD~20"
[fixes]
require = "off"
[coverage]
each-file = { line = 1 }
total = { line = 50 }
changed = { line = 1 }
floors = "bugguard-floors.txt"
"""
PROMISED_S, PROMISED_PERCENT = 0.3, 5.0


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("rest", nargs="*", help="arguments of pytest")
    given = parser.parse_args()
    settings = given.repository / "bugguard.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    try:
        jobs = {
            "pytest --cov": partial(_pytest, given.repository, [*given.rest, "--no-bugguard"]),
            "pytest --cov --bugguard": partial(_pytest, given.repository, [*given.rest, "--bugguard"]),
        }
        in_turn(jobs, 1)  # the first one writes bytecode
        spent = in_turn(jobs, given.rounds)
    finally:
        settings.unlink()
    without, judged = spent
    base = median(spent[without]).cpu_s
    more = statistics.median(one.cpu_s - other.cpu_s for one, other in zip(spent[judged], spent[without], strict=True))
    for name, laps in spent.items():
        print(f"{name:<24} {median(laps).cpu_s:7.2f} s of CPU, {median(laps).wall_s:7.2f} s")
    return tell(
        Ratio("judging coverage at the end of pytest --cov", 100 * more / base, PROMISED_PERCENT, "% more CPU"),
        Ratio("the same", more, PROMISED_S, "s of CPU"),
    )


def _pytest(repository: Path, words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov", *words]
    done = run(command, cwd=repository, env=environment)
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())


if __name__ == "__main__":
    raise SystemExit(main())
