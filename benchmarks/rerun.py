"""What three reruns of one failed test cost, in a suite of 2,000: they start that file again, not the suite.

    python benchmarks/rerun.py [--tests 2000] [--rounds 5]

Put in relation are what a run with ``--bugguard-reruns=3`` takes longer than one without reruns, and one fresh start
of pytest on the file of the failed test. CPU, children included; medians of runs that take turns.

A test that ran first is run again alone and no other way. One that ran last is also run again after all the others,
since failing alone is not yet failing: that costs a run of the suite, and is told beside it.
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
_PLACES = {"first": "tests/a_test.py", "last": "tests/test_last.py"}
_FAILED = "def test_failed():\n    assert False\n"


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            name: _more(project(Path(folder) / name, options.tests, "", {file: _FAILED}), file, options.rounds)
            for name, file in _PLACES.items()
        }
    others, starts = f"a suite of {options.tests:,}", "fresh starts of its file"
    print(f"of the last test in {others}: {measured['last']:.3g} {starts}, one run after all others included")
    return tell(Ratio(f"three reruns of one failed test in {others}", measured["first"], PROMISED, starts))


def _more(place: Path, file: str, rounds: int) -> float:
    """What the reruns add to a run of the suite, in fresh starts of one file."""
    gate = ("--bugguard", "--bugguard-base", "HEAD", "--bugguard-reruns")
    jobs = {
        "without reruns": partial(pytest, place, [*gate, "0"], fails=True),
        "with three": partial(pytest, place, [*gate, "3"], fails=True),
        "a fresh start": partial(pytest, place, ["-p", "no:bugguard", file], fails=True),
    }
    in_turn(jobs, 1)
    spent = in_turn(jobs, rounds)
    for name, laps in spent.items():
        print(f"{place.name:<6} {name:<16} {median(laps).cpu_s:6.2f} s CPU")
    pairs = zip(spent["with three"], spent["without reruns"], strict=True)
    more_s = statistics.median([one.cpu_s - other.cpu_s for one, other in pairs])
    return more_s / median(spent["a fresh start"]).cpu_s


if __name__ == "__main__":
    raise SystemExit(main())
