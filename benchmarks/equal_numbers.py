"""Whether our counts are those of coverage.py, file by file and in all: on the data of a real test run.

    python benchmarks/equal_numbers.py REPOSITORY...

Run it with an interpreter that has coverage.py, in clones that hold a ``.coverage`` file of their last test run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_bugguard.assembly.coverage import CoverageDesk
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core.thresholds import Metric

Row = tuple[int, int, tuple[int, ...], tuple[int, int] | None]
"""Statements and those of them that ran, the missing lines, and branches with those that were taken."""


def main(repositories: list[str]) -> int:
    """Print what differs; 1 where anything does."""
    differing = 0
    for repository in (Path(name).resolve() for name in repositories):
        theirs, percents = _theirs(repository)
        ours = _ours(repository)
        wrong = sorted(path for path in {*theirs, *ours} if theirs.get(path) != ours.get(path))
        wrong += [path for path, share in _text(repository).items() if share != percents.get(path, share)]
        for path in wrong:
            print(f"{path}: {theirs.get(path)} of coverage.py, {ours.get(path)} of ours")
        print(f"{repository.name}: {len(theirs)} files, {len(wrong)} differ")
        differing += len(wrong)
    return 1 if differing else 0


def _ours(repository: Path) -> dict[str, Row]:
    with open_workshop(repository) as workshop:
        desk = CoverageDesk(workshop)
        files = desk.read([repository / ".coverage"]).files
    found = {}
    for file in files:
        branch = file.count(Metric.BRANCH)
        counted = None if branch is None else (branch.total, branch.covered)
        found[file.path] = (len(file.statements), len(file.ran), tuple(sorted(file.missing)), counted)
    return found


def _theirs(repository: Path) -> tuple[dict[str, Row], dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        _coverage(repository, "json", "-q", "-o", str(report))
        files = json.loads(report.read_bytes())["files"]
    found, percents = {}, {}
    for path, told in files.items():
        if Path(path).is_absolute():
            continue  # of another checkout, which some test imported
        of = told["summary"]
        branches = (of["num_branches"], of["covered_branches"]) if "num_branches" in of else None
        found[path] = (of["num_statements"], of["covered_lines"], tuple(told["missing_lines"]), branches)
        percents[path] = of["percent_covered_display"]
    return found, percents


def _text(repository: Path) -> dict[str, str]:
    """The shares of ``coverage report``."""
    lines = _coverage(repository, "report").splitlines()
    rows = [line.split() for line in lines if ".py" in line.partition(" ")[0] and "%" in line]
    return {words[0]: next(word for word in words if word.endswith("%")).rstrip("%") for words in rows}


def _coverage(repository: Path, *words: str) -> str:
    command = [sys.executable, "-m", "coverage", *words, "--fail-under=0"]
    return subprocess.run(command, cwd=repository, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
