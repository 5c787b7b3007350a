"""What it takes to find the one polluter of a test among 2,000, beside detect-test-pollution, which is told the same.

    pip install detect-test-pollution
    python benchmarks/polluter.py [--tests 2000] [--rounds 3]

CPU, children included; medians of runs that take turns. Each has to name the polluter, or it is no measurement.
"""

from __future__ import annotations

import argparse
import math
import re
import subprocess
import sys
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from ratios import Ratio, tell
from switched_on import project
from turns import in_turn, median

_VICTIM, _POLLUTER = "tests/test_victim.py::test_victim", "tests/test_polluter.py::test_polluter"
_SUITE = {
    "tests/test_polluter.py": "import os\n\n\ndef test_polluter():\n    os.environ['SHOP'] = 'closed'\n",
    "tests/test_victim.py": "import os\n\n\ndef test_victim():\n    assert 'SHOP' not in os.environ\n",
}


def main() -> int:
    """Print the medians; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if find_spec("detect_test_pollution") is None:
        raise SystemExit("there is nothing to compare with: pip install detect-test-pollution")
    with tempfile.TemporaryDirectory() as folder:
        place = project(Path(folder) / "suite", options.tests, "", _SUITE)
        # Not with -m: it hands its own module's name on to pytest.
        begun = "import detect_test_pollution as other; raise SystemExit(other.main())"
        told = ("--failing-test", _VICTIM, "--tests", "tests")
        jobs = {
            "hunt": partial(_found, place, ["-m", "pytest_bugguard", "hunt", _VICTIM]),
            "detect-test-pollution": partial(_found, place, ["-c", begun, *told]),
        }
        in_turn(jobs, 1)  # the first one writes bytecode
        spent = {name: median(laps).cpu_s for name, laps in in_turn(jobs, options.rounds).items()}
        processes = re.search(rb"in (\d+) processes", _found(place, ["-m", "pytest_bugguard", "hunt", _VICTIM]))
    for name, cpu_s in spent.items():
        print(f"{name:<22} {cpu_s:6.2f} s CPU")
    assert processes is not None, "its first line says how many"
    among = f"one polluter among {options.tests:,}"
    most = 2 * math.log2(options.tests) + 8
    return tell(
        Ratio(f"{among}: a hunt for its victim", spent["hunt"] / spent["detect-test-pollution"], 1.0, "of its price"),
        Ratio(f"{among}: processes", float(processes[1]), most, "processes"),
    )


def _found(place: Path, words: list[str]) -> bytes:
    """What a Python says that is run there."""
    done = subprocess.run([sys.executable, *words], cwd=place, capture_output=True, check=False)
    if _POLLUTER.encode() not in done.stdout:
        raise SystemExit(f"{words[1]} did not find it: {done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
