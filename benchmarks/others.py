"""Whether other projects' tests end as they do without us: off, idle, and with the gate on.

Each folder is a checkout whose tests run in the environment of the Python that is named, and we are installed there.

    python benchmarks/others.py --python .venv/bin/python ../click -- -n 2
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

_RECORDER = '''
"""Keeps what pytest reports, whoever else listens."""
import json, os
import pytest

_seen = []
_is_outer = not os.environ.get("BUGGUARD_SEEN_BY")
os.environ["BUGGUARD_SEEN_BY"] = "1"

class Recorder:
    def pytest_runtest_logreport(self, report):
        _seen.append(f"{report.nodeid} {report.when} {report.outcome} {hasattr(report, 'wasxfail')}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        with open(os.environ["BUGGUARD_SEEN"], "w") as file:
            json.dump(_seen, file)

def pytest_configure(config):
    if _is_outer and not hasattr(config, "workerinput") and not config.pluginmanager.has_plugin("bugguard-seen"):
        config.pluginmanager.register(Recorder(), "bugguard-seen")
'''
_SHOWN = 10
"""Of the reports that differ in a way."""
_WAYS = {
    "off": ["-p", "no:bugguard"],
    "idle": ["--no-bugguard"],
    "on": ["--bugguard", "--bugguard-base", "HEAD~10"],
}


def main() -> int:
    """Print a row a project; 1 where a report differs, or the gate changed another exit status than 0."""
    own, _, options = " ".join(sys.argv[1:]).partition(" -- ")
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the tests")
    parser.add_argument("folders", nargs="+", type=Path)
    asked = parser.parse_args(own.split())
    agreed = [_compared(folder.resolve(), asked.python, options.split()) for folder in asked.folders]
    return int(not all(agreed))


def _compared(project: Path, python: str, options: list[str]) -> bool:
    """Run the tests of a project in each way; whether all ways agree."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "bugguard_seen.py").write_text(_RECORDER, encoding="utf-8")
        ran = {
            way: _run(project, [python, "-m", "pytest", *words, *options], Path(scratch))
            for way, words in _WAYS.items()
        }
    status, reports = ran["off"]
    gate_status, gate_reports = ran["on"]
    changes = {way: _changes(Counter(reports), Counter(seen)) for way, (_, seen) in ran.items()}
    differing = {way: sum(map(len, found)) for way, found in changes.items()}
    for way, (gone, new) in changes.items():
        for sign, lines in (("-", gone), ("+", new)):
            print(*(f"{way} {sign} {one}" for one in lines[:_SHOWN]), sep="\n", end="\n" * bool(lines))
    print(f"{project.name:<24} {len(reports):>6} reports   exit {status}, idle {ran['idle'][0]}, on {gate_status}   "
          f"reports that differ: idle {differing['idle']}, on {differing['on']}")  # fmt: skip
    same_status = ran["idle"][0] == status and gate_status in ({0, 1} if status == 0 else {status})
    return bool(reports) and same_status and not differing["idle"] and not differing["on"] and bool(gate_reports)


def _changes(without: Counter[str], seen: Counter[str]) -> tuple[list[str], list[str]]:
    """Reports that one way lacks, and those that it has besides."""
    return list((without - seen).elements()), list((seen - without).elements())


def _run(project: Path, command: list[str], scratch: Path) -> tuple[int, list[str]]:
    seen = scratch / "seen.json"
    seen.unlink(missing_ok=True)
    environment = {**os.environ, "BUGGUARD_SEEN": str(seen), "PYTHONPATH": str(scratch), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*command, "-q", "-p", "no:cacheprovider", "-p", "bugguard_seen"],
        cwd=project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not seen.exists():
        print(done.stdout[-2000:], done.stderr[-2000:], sep="\n")
        return done.returncode, []
    reports: list[str] = json.loads(seen.read_text(encoding="utf-8"))
    return done.returncode, reports


if __name__ == "__main__":
    sys.exit(main())
