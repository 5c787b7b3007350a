"""What fix coverage takes beside the bare run of the fix's own tests: CPU, taken in turn.

    python benchmarks/coverage_fix.py REPOSITORY [--rounds 5]

HEAD has to be a fix. Run it with an interpreter that has what the project's tests need. Compared are the bare run of
the tests that came with the fix, its proof without coverage of it, and the proof with it: what is added is the
difference of the last two. So it is with the run of pytest that judges it without any proof: there the tests are run
once more, in the checkout. The work tree gets a ``bugguard.toml`` for the time that it takes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import Ratio, tell
from turns import in_turn, median, run

if TYPE_CHECKING:
    from collections.abc import Callable

PROMISED = 1.5


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    at: Path = given.repository
    tests = _tests(at)
    prove = [sys.executable, "-m", "pytest_bugguard", "prove", "HEAD", "--fresh"]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    jobs: dict[str, Callable[[], object]] = {
        "pytest": partial(run, pytest, cwd=at),
        "proof": partial(run, [*prove, "--set", "coverage.fixes='off'"], cwd=at),
        "proof with coverage": partial(run, [*prove, "--set", "coverage.fixes='any'"], cwd=at),
    }
    jobs |= {f"pytest, fixes = {fixes}": partial(_judged, at, pytest, fixes) for fixes in ("off", "any")}
    in_turn(jobs, 1)
    spent = in_turn(jobs, given.rounds)
    for name, laps in spent.items():
        print(f"{name:<20} {median(laps).cpu_s:6.2f} s of CPU, {median(laps).wall_s:6.2f} s")
    bare = median(spent["pytest"]).cpu_s
    ratios = []
    for name, without, judged in (
        ("coverage of a fix, beside its proof", "proof", "proof with coverage"),
        ("coverage of a fix without a proof", "pytest, fixes = off", "pytest, fixes = any"),
    ):
        pairs = zip(spent[judged], spent[without], strict=True)
        more = statistics.median(one.cpu_s - other.cpu_s for one, other in pairs)
        print(f"{name}: {more:+.2f} s")
        ratios.append(Ratio(name, more / bare, PROMISED, "bare runs of its tests"))
    return tell(*ratios)


def _tests(at: Path) -> list[str]:
    """The tests that may guard the fix, as the gate takes them."""
    explained = run([sys.executable, "-m", "pytest_bugguard", "explain", "HEAD", "--format", "json"], cwd=at)
    (fix,) = json.loads(explained.stdout)["fixes"]
    return [test["nodeid"] for test in fix["tests"] if test["counts"]]


def _judged(at: Path, pytest: list[str], fixes: str) -> None:
    settings = f'base = "HEAD~1"\n[flaky]\nburn-in = 0\n[coverage]\nfixes = "{fixes}"\n'
    (at / "bugguard.toml").write_text(settings, encoding="utf-8")
    try:
        run([*pytest, "--bugguard"], cwd=at)
    finally:
        (at / "bugguard.toml").unlink()


if __name__ == "__main__":
    raise SystemExit(main())
