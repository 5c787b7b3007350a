"""How long does a whole-history audit take, beside PyDriller and beside git alone?

    python benchmarks/audit.py PATH/TO/CLONE [--rounds 3]

Needs ``pip install pydriller``. The jobs run in turn, round by round, each over the whole history, and the medians of
the time by the clock are put in relation, so what is said depends on the number of processors; their CPU times,
children included, stand beside them:

- ``git``: ``git log --raw -z``, its output thrown away.
- ``first``: ``bugguard audit --no-cache --format json``: all rules, merges, files of both sides.
- ``second``: the same with a warm cache.
- ``all files``: PyDriller reads each file that a commit changed, before and after, as one has to that judges every
  commit and both sides; those of tests go whole through ``ast.parse``.
- ``fix tests``: PyDriller reads no more than the changed test files of those commits whose subject holds a fix word,
  and ``ast.parse`` takes them whole. No merge, no source, no rule: less than an audit has to look at.

Neither of the two finds out which tests changed. Python keeps its bytecode, as it does where a package is installed.
The peak of memory is that of the largest process of the first audit, git's included.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import Ratio, tell
from turns import in_turn, median

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from turns import Spent

_FIX = re.compile(r"\bfix(?:e[sd])?\b", re.IGNORECASE)
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_ALL_FILES, _FIX_TESTS = "all files", "fix tests"
_KIB = 1024


def main() -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clone", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pydriller", choices=(_ALL_FILES, _FIX_TESTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pydriller:
        pydriller_job(options.clone, only_fix_tests=options.pydriller == _FIX_TESTS)
        return 0
    with tempfile.TemporaryDirectory() as cache:
        medians, peak_mb = measure(options.clone, options.rounds, cache)
    commits = int(subprocess.check_output(["git", "-C", options.clone, "rev-list", "--count", "HEAD"]))
    print(f"{options.clone.name}: {commits} commits, {os.cpu_count()} processors, median of {options.rounds}")
    first = medians["first"]
    for job, spent in medians.items():
        times = f"{spent.wall_s / first.wall_s:7.2f} x first"
        print(f"  {job:<10} {spent.wall_s:8.2f} s   {times}   {spent.cpu_s:8.2f} s of CPU")
    name = f"audit of {options.clone.name}"
    return tell(
        Ratio(f"{name}, beside git log --raw -z", first.wall_s / medians["git"].wall_s, 12, "times"),
        Ratio(
            f"{name}, against PyDriller on every commit",
            medians[_ALL_FILES].wall_s / first.wall_s,
            15,
            "times as fast",
            is_least=True,
        ),
        Ratio(f"{name}, the second", first.wall_s / medians["second"].wall_s, 3, "times as fast", is_least=True),
        Ratio(f"{name}, memory", peak_mb, 150, "MB"),
    )


def measure(clone: Path, rounds: int, cache: str) -> tuple[dict[str, Spent], float]:
    """What each job takes, the median of turns, and the peak of memory of a first audit."""
    audit = [sys.executable, "-m", "pytest_bugguard", "-C", str(clone), "audit", "--format", "json"]
    pydriller = [sys.executable, __file__, str(clone), "--pydriller"]
    jobs = {
        "git": ["git", "-C", str(clone), "log", "--raw", "-z"],
        "first": [*audit, "--no-cache"],
        "second": audit,
        _ALL_FILES: [*pydriller, _ALL_FILES],
        _FIX_TESTS: [*pydriller, _FIX_TESTS],
    }
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    peak_mb = peak(audit, environment)
    quietly = partial(subprocess.run, env=environment, stdout=subprocess.DEVNULL, check=True)
    spent = in_turn({job: partial(quietly, command) for job, command in jobs.items()}, rounds)
    return {job: median(laps) for job, laps in spent.items()}, peak_mb


def peak(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Megabytes of the largest process that a command is or starts."""
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    return os.wait4(running.pid, 0)[2].ru_maxrss / _KIB


def pydriller_job(clone: Path, *, only_fix_tests: bool) -> None:
    """Read changed files before and after, and parse those of tests."""
    from pydriller import Repository  # noqa: PLC0415 - only this job needs it

    for commit in Repository(str(clone)).traverse_commits():
        if only_fix_tests and (commit.merge or not _FIX.search(commit.msg.split("\n", 1)[0])):
            continue
        for file in commit.modified_files:
            is_test = _TEST.search(file.new_path or file.old_path or "")
            if only_fix_tests and not is_test:
                continue
            for source in (file.source_code_before, file.source_code):
                with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                    ast.parse(source or "" if is_test else "")


if __name__ == "__main__":
    raise SystemExit(main())
