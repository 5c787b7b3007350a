"""What judging the gates adds to a run of ``pytest --cov``: CPU with and without ``--bugguard``, taken in turn.

    python benchmarks/coverage_overhead.py [--rounds 5] [--since REV ...] REPOSITORY [-- PYTEST ARGUMENTS]

Run it with an interpreter that has pytest-cov and what the project's tests need, and that imports the project from this
very clone: a run that measures another copy has nothing to judge, and is refused. The work tree gets a
``bugguard.toml`` with every kind of gate for the time that it takes. Judged is what changed since each REV: by default
nothing, and the last twenty commits, which in click are 27 files with 1,783 new lines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import Ratio, tell
from turns import in_turn, median, run

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = """\
base = "{since}"
[fixes]
require = "off"
[coverage]
each-file = {{ line = 1 }}
total = {{ line = 50 }}
changed = {{ line = 1 }}
floors = "bugguard-floors.txt"
"""
PROMISED_S, PROMISED_PERCENT = 0.3, 5.0
WITHOUT = "pytest --cov"


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--since", metavar="REV", nargs="+", default=["HEAD", "HEAD~20"])
    parser.add_argument("rest", nargs="*", help="arguments of pytest")
    given = parser.parse_args()
    at: Path = given.repository
    jobs: dict[str, Callable[[], object]] = {WITHOUT: partial(_pytest, at, [*given.rest, "--no-bugguard"])}
    jobs |= {f"judged since {since}": partial(_judged, at, given.rest, since) for since in given.since}
    try:
        in_turn(jobs, 1)  # the first one writes bytecode
        spent = in_turn(jobs, given.rounds)
    finally:
        (at / "bugguard.toml").unlink(missing_ok=True)
    base = median(spent[WITHOUT]).cpu_s
    for name, laps in spent.items():
        print(f"{name:<24} {median(laps).cpu_s:7.2f} s of CPU, {median(laps).wall_s:7.2f} s")
    ratios = []
    for name in list(jobs)[1:]:
        pairs = zip(spent[name], spent[WITHOUT], strict=True)
        more = statistics.median(one.cpu_s - other.cpu_s for one, other in pairs)
        what = f"the end of pytest --cov, {name}"
        ratios.append(Ratio(what, 100 * more / base, PROMISED_PERCENT, "% more CPU"))
        ratios.append(Ratio(what, more, PROMISED_S, "s of CPU"))
    return tell(*ratios)


def _judged(repository: Path, words: list[str], since: str) -> None:
    (repository / "bugguard.toml").write_text(SETTINGS.format(since=since), encoding="utf-8")
    said = _pytest(repository, [*words, "--bugguard"])
    if "not judged" in said or " rules met in " not in said:
        raise SystemExit(f"nothing was judged:\n{said}")


def _pytest(repository: Path, words: list[str]) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov", *words]
    done = run(command, cwd=repository, env=environment)
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    raise SystemExit(main())
