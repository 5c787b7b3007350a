"""A run that is started ahead of its time: it collects, and no test runs before somebody says which."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_bugguard.core.runs import End, RunRequest
from tests.runs import Folder, outcomes, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.adapters.testrun import PytestRunner

FILE = "tests/test_it.py"
REQUEST = RunRequest(targets=(FILE,), watched=())


@pytest.fixture
def tree(tmp_path: Path) -> Folder:
    """A test file that leaves a mark where it is read, and another where one of its tests runs."""
    text = f"""
        from pathlib import Path
        MARKS = Path({str(tmp_path)!r})
        (MARKS / "read").touch()
        def test_a():
            (MARKS / "ran").touch()
        def test_b(): pass
        def test_endless():
            while True: pass
    """
    write(tmp_path / "tree", {FILE: text})
    return Folder(tmp_path / "tree")


def test_no_test_runs_before_its_time(runner: PytestRunner, tree: Folder) -> None:
    """Not one that is never asked for, and not before one is asked for; the rest is as in any run."""
    with runner.readied(tree, REQUEST) as go:
        _wait_for(tree.path.parent / "read")
        run = go([f"{FILE}::test_b"], 60.0)
    assert (run.end, outcomes(run), run.deselected) == (End.FINISHED, {"test_b": "passed"}, ())
    assert not (tree.path.parent / "ran").exists()


def test_its_time_begins_when_its_tests_do(runner: PytestRunner, tree: Folder) -> None:
    """The limit of the request is not for the one who waits for his turn."""
    with runner.readied(tree, REQUEST) as go:
        _wait_for(tree.path.parent / "read")
        run = go([f"{FILE}::test_endless"], 1.0)
    assert (run.end, run.running) == (End.TIMEOUT, f"{FILE}::test_endless")
    assert 1.0 <= run.duration_s < 30


def test_one_that_nobody_wants_is_ended(runner: PytestRunner, tree: Folder) -> None:
    """At once, and nothing of it stays."""
    with runner.readied(tree, REQUEST):
        _wait_for(tree.path.parent / "read")
    mine = [process.cmdline() for process in psutil.Process().children(recursive=True)]
    assert not [words for words in mine if "bugguard_probe.recorder" in words]
    assert not (tree.path.parent / "ran").exists()


def test_one_that_has_ended_by_itself_can_be_asked(runner: PytestRunner, tree: Folder) -> None:
    """What it says then is how it ended."""
    write(tree.path, {"tests/conftest.py": "import nowhere"})
    with runner.readied(tree, REQUEST) as go:
        run = go([FILE], 60.0)
    assert (run.end, run.cases) == (End.NOT_STARTED, ())
    assert run.raised is not None
    assert "nowhere" in run.raised.message


def _wait_for(mark: Path) -> None:
    end = time.monotonic() + 60
    while not mark.exists():
        assert time.monotonic() < end, f"{mark.name} never came"
        time.sleep(0.01)
