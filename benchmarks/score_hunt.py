"""Are known flaky tests found, in the right way, with their polluters and setters? Hunts in real projects.

python benchmarks/score_hunt.py DATA.json REPOSITORIES ENVIRONMENTS [--time-budget SECONDS] [PROJECT...]

REPOSITORIES/<owner>+<name>/repo is a clone, bare or not; ENVIRONMENTS/<project>/bin has a Python with what the tests
of that project need, and `bugguard`. DATA holds ``projects`` (``repo``, ``sha``, ``pythonpath``, ``pytest_args``) and
``cases``: ``project``, ``nodeid``, ``category`` (OD-Vic, OD-Brit, NIO, NOD, NOD-load, or several with ``+``),
``polluters`` and ``setters``. One hunt a project, over all of its tests, without being told which are flaky.

Exit status 1 where a case is not found, or not in a right way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

KINDS = {
    "OD-Vic": {"victim"},
    "OD-Brit": {"brittle"},
    "NIO": {"non-idempotent"},
    "NOD": {"random", "hash-seed", "load"},
    "NOD-load": {"load"},
}
"""What we call each category of the data."""


def main() -> int:
    """Print, for each case, what the hunt said and what was missed; then what else each hunt found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("environments", type=Path)
    parser.add_argument("projects", metavar="PROJECT", nargs="*", help="which projects to hunt in (default: all)")
    parser.add_argument("--time-budget", default="600")
    asked = parser.parse_args()
    data = json.loads(asked.data.read_text(encoding="utf-8"))
    right = total = 0
    for name in asked.projects or data["projects"]:
        cases = [case for case in data["cases"] if case["project"] == name]
        started = time.monotonic()
        found, notes = _hunted(data["projects"][name], name, asked)
        print(f"\n{name}: {len(found)} tests told of in {time.monotonic() - started:.0f} s; {'; '.join(notes)}")
        for case in cases:
            total += 1
            right += _told(case, found.pop(case["nodeid"], None))
        for one in found.values():
            print(f"  besides       {one['nodeid']}: {one['verdict']} {'+'.join(one['kind'])} {one['reason']}")
    print(f"\n{right} of {total} cases are right")
    return 0 if right == total else 1


def _hunted(project: dict[str, Any], name: str, asked: argparse.Namespace) -> tuple[dict[str, Any], list[str]]:
    """What a hunt in a fresh clone says of each test, and its notes."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        origin = asked.repositories / project["repo"].replace("/", "+") / "repo"
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", origin, clone], check=True)
        subprocess.run(["git", "-C", clone, "checkout", "--quiet", "--detach", project["sha"]], check=True)
        bugguard = asked.environments.absolute() / name / "bin" / "bugguard"
        command = [bugguard, "hunt", "--time-budget", asked.time_budget, "--format", "json", "--runs", "10"]
        environment = {**os.environ, "PYTHONPATH": str(clone / project["pythonpath"])}
        done = subprocess.run(
            [*command, "--", *project["pytest_args"]], cwd=clone, env=environment, capture_output=True, check=False
        )
        try:
            document = json.loads(done.stdout)
        except ValueError:
            return {}, done.stderr.decode(errors="replace").splitlines()
        return {one["nodeid"]: one for one in document["flaky"]}, document["notes"]


def _told(case: dict[str, Any], said: dict[str, Any] | None) -> bool:
    """Whether one case is right; says what is not."""
    if said is None:
        print(f"  NOT FOUND     {case['id']} ({case['category']}) {case['nodeid']}")
        return False
    categories = case["category"].split("+")
    missed = [one for one in categories if not KINDS[one].intersection(said["kind"])]
    guilty = {key: {tuple(tests) for tests in case[key]} for key in ("polluters", "setters")}
    ours = {key: {tuple(tests) for tests in said[key]} for key in guilty}
    unnamed = sum(len(guilty[key] - ours[key]) for key in guilty)
    others = [" then ".join(tests) for key in guilty for tests in sorted(ours[key] - guilty[key])]
    is_right = len(missed) < len(categories) and all(ours[key] & guilty[key] or not guilty[key] for key in guilty)
    print(f"  {'right' if is_right else 'WRONG':13} {case['id']} ({case['category']}): {said['verdict']}", end=" ")
    print("+".join(said["kind"]), f"| missed: {', '.join(missed) or 'nothing'}", end=" ")
    print(f"| of {sum(map(len, guilty.values()))} polluters and setters {unnamed} unnamed, others: {others or 'none'}")
    print(f"  {'':13} {said['reason']}\n  {'':13} $ {said['command']}")
    return is_right


if __name__ == "__main__":
    raise SystemExit(main())
