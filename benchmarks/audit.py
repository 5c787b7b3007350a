"""How long does a whole-history audit take, beside PyDriller and beside git alone?

    python benchmarks/audit.py PATH/TO/CLONE [--rounds 3] [--pydriller-commits 300]

Needs ``pip install pydriller``. The jobs run in turn, round by round, and the medians of their CPU times (children
included) are put in relation:

- ``git``: ``git log --raw -z``, its output thrown away.
- ``first``: ``bugguard audit --no-cache --format json``: all rules, merges, files of both sides.
- ``second``: the same with a warm cache.
- ``pydriller``: for each commit whose subject holds a fix word, the changed test files before and after, read by
  PyDriller and parsed whole by ``ast``. As it takes minutes on a long history, it is given the newest commits only,
  and its time is scaled by the number of all commits.
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

from turns import in_turn, median

_FIX = re.compile(r"\bfix(?:e[sd])?\b", re.IGNORECASE)
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clone", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pydriller-commits", type=int, default=300)
    parser.add_argument("--pydriller-job", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pydriller_job:
        pydriller_job(options.clone, options.pydriller_commits)
        return
    with tempfile.TemporaryDirectory() as cache:
        medians = measure(options.clone, options.rounds, options.pydriller_commits, cache)
    commits = int(subprocess.check_output(["git", "-C", options.clone, "rev-list", "--count", "HEAD"]))
    scale = max(commits / options.pydriller_commits, 1)
    medians["pydriller"] *= scale
    print(f"{options.clone.name}: {commits} commits, CPU seconds, median of {options.rounds}")
    for job, seconds in medians.items():
        print(f"  {job:<10} {seconds:8.2f} s   {seconds / medians['first']:7.2f} x first")
    print(f"  first is {medians['first'] / medians['git']:.1f} x git alone")


def measure(clone: Path, rounds: int, commits: int, cache: str) -> dict[str, float]:
    """CPU seconds of each job, the median of turns."""
    audit = [sys.executable, "-m", "pytest_bugguard", "-C", str(clone), "audit", "--format", "json"]
    jobs = {
        "git": ["git", "-C", str(clone), "log", "--raw", "-z"],
        "first": [*audit, "--no-cache"],
        "second": audit,
        "pydriller": [sys.executable, __file__, str(clone), "--pydriller-job", "--pydriller-commits", str(commits)],
    }
    environment = {**os.environ, "XDG_CACHE_HOME": cache}
    subprocess.run(audit, env=environment, stdout=subprocess.DEVNULL, check=True)
    quietly = partial(subprocess.run, env=environment, stdout=subprocess.DEVNULL, check=True)
    spent = in_turn({job: partial(quietly, command) for job, command in jobs.items()}, rounds)
    return {job: median(laps).cpu_s for job, laps in spent.items()}


def pydriller_job(clone: Path, commits: int) -> None:
    """Read and parse the changed test files of the commits that look like fixes."""
    from pydriller import Repository  # noqa: PLC0415 - only this job needs it

    newest = subprocess.check_output(["git", "-C", clone, "rev-list", f"--max-count={commits}", "HEAD"], text=True)
    for commit in Repository(str(clone), only_commits=newest.split()).traverse_commits():
        if commit.merge or not _FIX.search(commit.msg.split("\n", 1)[0]):
            continue
        for file in commit.modified_files:
            if _TEST.search(file.new_path or file.old_path or ""):
                for source in (file.source_code_before, file.source_code):
                    with contextlib.suppress(SyntaxError, ValueError):
                        ast.parse(source or "")


if __name__ == "__main__":
    main()
