"""How long reading a whole history takes, against ``git log --raw -z`` alone.

``python benchmarks/reading.py REPOSITORY [REPOSITORY...] [--rounds N]`` runs both in turn, each in a process of its
own, and prints medians: wall time, CPU with that of the children, and our own peak memory. The ratio is what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

OURS = """
import resource, sys
from pathlib import Path
from pytest_bugguard.adapters.repository import open_repository
with open_repository(Path(sys.argv[1])) as repository, repository.history() as history:
    units = inner = changes = 0
    for unit in history.units("HEAD"):
        units, inner, changes = units + 1, inner + len(unit.inner), changes + len(unit.changes)
print(units, inner, changes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measured(command: list[str]) -> dict[str, float]:
    """Wall and CPU seconds of a process with its children."""
    pid, began = os.fork(), time.perf_counter()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, used = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command[:2]} failed")
    return {"wall_s": time.perf_counter() - began, "cpu_s": used.ru_utime + used.ru_stime}


def median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def compare(repository: Path, rounds: int) -> dict[str, object]:
    """Both ways in turn, so that a busy machine is busy for both."""
    git = ["git", "-C", str(repository), "log", "--raw", "-z", "HEAD"]
    ours = [sys.executable, "-c", OURS, str(repository)]
    runs = [(measured(git), measured(ours)) for _ in range(rounds)]
    floor, own = median([run[0] for run in runs]), median([run[1] for run in runs])
    *read, peak_mb = map(int, subprocess.run(ours, capture_output=True, text=True, check=True).stdout.split())
    return {
        "repository": repository.parent.name if repository.name in {"repo", ".git"} else repository.name,
        "units, inner, changes": read,
        "git log --raw -z": {key: round(value, 3) for key, value in floor.items()},
        "ours": {key: round(value, 3) for key, value in own.items()} | {"peak_mb": peak_mb},
        "ratio": {key: round(own[key] / floor[key], 2) for key in ("wall_s", "cpu_s")},
    }


def main() -> None:
    """Print one JSON object a repository."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("repository", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    for repository in asked.repository:
        print(json.dumps(compare(repository, asked.rounds), indent=1))


if __name__ == "__main__":
    main()
