"""Every reading command is run once in the trapped repository; each module looks at what it promises."""

from __future__ import annotations

import json
import sqlite3  # noqa: F401 - loaded before anything is counted
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from coverage import CoverageData

from pytest_bugguard.adapters.history_store import HistoryStore
from tests.histories import run_of
from tests.shell import Done, Shell
from tests.torture import commands, traps
from tests.torture.hostile import hostile
from tests.torture.watch import Seen, watched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Repo

_REPORTED = {
    path: {"executed_lines": ran, "missing_lines": missed, "excluded_lines": [], "summary": {}}
    for path, ran, missed in (("a.py", [1], []), ("git.py", [2], [1]))
}
_SETTINGS = """[flaky]
history = ".bugguard/history.db"
[coverage]
total = { line = 10 }
floors = "bugguard-floors.txt"
[[quarantine]]
test = "tests/test_old.py::test"
owner = "a"
reason = "b"
expires = 2099-01-01
"""


@dataclass(frozen=True)
class Observed:
    """What one command did."""

    done: Done
    seen: Seen
    sprung: list[str]
    changed: set[str]
    left_open: set[str]
    left_running: list[int]
    left_lying: list[str]


def furnished(folder: Path) -> traps.Trapped:
    """The trapped repository with settings, a history and coverage data, so that every command has work to do."""
    found = traps.trapped(folder)
    path = found.repo.path
    found.repo.write("bugguard.toml", _SETTINGS)
    (path / ".git" / "info" / "exclude").write_text("hooks/\n.bugguard/\n.coverage\ncoverage.json\n")
    HistoryStore(path / ".bugguard" / "history.db", keep_days=36500).add([run_of("a.F.", number=n) for n in range(3)])
    data = CoverageData(str(path / ".coverage"))
    data.add_lines({str(path / "a.py"): {1}, str(path / "git.py"): {2}})
    data.write()
    (path / "coverage.json").write_text(json.dumps({"files": _REPORTED}))  # for who is left in doubt by a plugin
    (folder / "message").write_text("fix: a\n")
    (folder / "run.xml").write_text(
        '<testsuite timestamp="2026-01-01T00:00:00">'
        '<testcase classname="tests.test_a" name="test" time="1"/></testsuite>'
    )
    return found


@pytest.fixture(scope="session")
def furnished_repo(tmp_path_factory: pytest.TempPathFactory) -> traps.Trapped:
    """For reading only."""
    return furnished(tmp_path_factory.mktemp("furnished"))


@pytest.fixture(scope="session")
def hostile_repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """For reading only."""
    return hostile(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def _observations() -> dict[str, Observed]:
    return {}


@pytest.fixture(params=commands.READING)
def observed(
    request: pytest.FixtureRequest, furnished_repo: traps.Trapped, _observations: dict[str, Observed]
) -> Observed:
    """What one of the reading commands did. Each is run once before it is counted, so that all is loaded."""
    command: str = request.param
    if command not in _observations:
        _observations[command] = _observe(furnished_repo, command.split())
    return _observations[command]


def _observe(found: traps.Trapped, command: list[str]) -> Observed:
    shell, scratch = Shell(found.repo.path), found.marks.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    shell.call(*command)
    before, files, running = traps.digest(found.repo.path), traps.descriptors(), traps.children()
    with watched() as seen, mock.patch.object(tempfile, "tempdir", str(scratch)):
        done = shell.call(*command)
    return Observed(
        done,
        seen,
        found.sprung,
        traps.changed(before, traps.digest(found.repo.path)),
        traps.descriptors() - files,
        [pid for pid in traps.children() if pid not in running],
        [path.name for path in scratch.iterdir()],
    )
