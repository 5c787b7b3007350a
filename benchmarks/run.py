"""Every ratio that the project promises, measured one after the other and written as a table.

    python benchmarks/run.py [--only NAME ...] [--rounds N] [--out FILE]
                             [--history CLONE ...] [--project CLONE] [--fix] [--suite CLONE]

Some need more than this repository, and are named as skipped where it is not given:

- ``--history``: clones whose whole history is read (pallets/click, pytest-dev/pytest); needs ``pip install pydriller``.
- ``--project``: a clone whose tests this Python can run (pallets/click, with its ``src`` in PYTHONPATH), and with a
  ``.coverage`` of its last run. Its newest guarded fixes are proven.
- ``--fix``: HEAD of the project is a fix that brought tests: what its coverage costs.
- ``--suite``: a clone whose own tests all pass in this Python without plugins, from its top (networkx/networkx).

Each script can be run by itself, and says more then. Run it where nothing else runs: CPU times of what takes turns
are fair on a busy machine, wall times are not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import COLLECTED, Ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
WITHOUT_TURNS = {"history", "page"}
"""Scripts that compare nothing with anything else, and take their medians as they please."""


@dataclass(frozen=True)
class Job:
    """A script with its arguments; ``lacks`` says what it would need."""

    name: str
    command: tuple[str, ...]
    lacks: str = ""


def jobs(given: argparse.Namespace) -> Iterator[Job]:
    """All there is to measure, with what is given for it."""
    for name in ("idle", "switched_on", "rerun", "polluter", "history", "page"):
        yield Job(name, (f"{name}.py",))
    suite = () if given.suite is None else ("switched_on.py", "--suite", str(given.suite))
    yield Job("switched_on", suite, "" if suite else "--suite CLONE")
    for name in ("audit", "check"):
        yield from (Job(name, (f"{name}.py", str(clone))) for clone in given.history)
        if not given.history:
            yield Job(name, (), "--history CLONE")
    project = str(given.project)
    for name, command in (
        ("prove", ("prove.py", project)),
        ("coverage_check", ("coverage_check.py", project)),
        ("coverage_overhead", ("coverage_overhead.py", project)),
    ):
        yield Job(name, command, "" if given.project else "--project CLONE")
    yield Job(
        "coverage_fix", ("coverage_fix.py", project), "" if given.project and given.fix else "--project CLONE --fix"
    )


def main() -> int:
    """Write the table; 1 where a promise is broken or a script did not come to its end."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", nargs="+", default=[], help="which scripts to run, by their names")
    parser.add_argument(
        "--rounds", metavar="N", help="how often what takes turns has its turn (default: as each script)"
    )
    parser.add_argument("--history", metavar="CLONE", type=Path, nargs="+", default=[])
    parser.add_argument("--project", metavar="CLONE", type=Path)
    parser.add_argument("--fix", action="store_true")
    parser.add_argument("--suite", metavar="CLONE", type=Path)
    parser.add_argument("--out", metavar="FILE", type=Path, help="where the table goes (default: standard output)")
    given = parser.parse_args()
    known = list(jobs(given))
    if unknown := set(given.only) - {job.name for job in known}:
        parser.error(
            f"--only: there is no {', '.join(sorted(unknown))}; there are {', '.join(job.name for job in known)}"
        )
    rows, is_well = [], True
    for job in known:
        if given.only and job.name not in given.only:
            continue
        if job.lacks:
            print(f"SKIPPED {job.name}: needs {job.lacks}", file=sys.stderr)
            rows.append(f"| {job.name} | | skipped: needs `{job.lacks}` | |")
            continue
        ratios, status = measured(job, given.rounds)
        is_well = is_well and not status
        rows += [row(job, one) for one in ratios] or [f"| {job.name} | | came to no end, exit status {status} | |"]
    text = "\n".join([machine(), "", "| what | asked | measured | script |", "| --- | --- | --- | --- |", *rows, ""])
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0 if is_well else 1


def measured(job: Job, rounds: str | None) -> tuple[list[Ratio], int]:
    """What a script found, and how it ended; what it prints goes to standard error."""
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder) / "ratios"
        paths = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, COLLECTED: str(collected), "PYTHONPATH": paths}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        print(f"=== {job.name}", file=sys.stderr, flush=True)
        command = [sys.executable, str(HERE / job.command[0]), *job.command[1:]]
        command += ["--rounds", rounds] if rounds and job.name not in WITHOUT_TURNS else []
        done = subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        lines = collected.read_text(encoding="utf-8").splitlines() if collected.exists() else []
        return [Ratio(**json.loads(line)) for line in lines], done.returncode


def row(job: Job, one: Ratio) -> str:
    """A line of the table."""
    shown = f"{one.measured:.3g}" if one.is_kept else f"**{one.measured:.3g}**"
    return f"| {one.name} | {one.promise} | {shown} | `{job.name}` |"


def machine() -> str:
    """What it was measured on, without a name or a path."""
    git = _said(["git", "--version"]).removeprefix("git version ")
    processor = next((line.partition(":")[2].strip() for line in _processor() if line.startswith("model name")), "?")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores of {processor}; {python}, git {git}, {platform.system()}."


def _processor() -> Sequence[str]:
    place = Path("/proc/cpuinfo")
    return place.read_text(encoding="utf-8").splitlines() if place.exists() else [f"model name: {platform.processor()}"]


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
