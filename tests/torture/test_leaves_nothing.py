"""Promise 10: no process, nothing open and no scratch folder stays behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.story import story
from tests.torture import traps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.torture.conftest import Observed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_reading_command_leaves_nothing_open_and_nothing_running(observed: Observed) -> None:
    """No descriptor, no temporary file, and no child, a dead one that nobody took note of included."""
    assert (observed.left_open, observed.left_running, observed.left_lying) == (set(), [], [])


_STORY = """
commit: feat: sell
  file: pager.py
    def pages(items):
        return items // 10
commit: fix: last page
  file: pager.py
    def pages(items):
        return -(-items // 10)
  file: test_last.py
    from pager import pages

    def test_last_page():
        assert pages(11) == 2
"""


@pytest.mark.parametrize("command", ["prove --fresh HEAD", "hunt --runs 1"])
def test_a_command_that_runs_tests_tidies_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Scratch trees, records of runs, pipes and processes: all are gone when it has said its verdict."""
    repo = story(tmp_path / "repo", _STORY)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    shell = Shell(repo.path, {"TMPDIR": str(scratch)})
    shell.call("audit")  # what the first use opens for good is not the question
    before = traps.descriptors(), traps.children()
    done = shell.call(*command.split())
    assert done.code == 0, done.out + done.err
    assert (traps.descriptors(), traps.children()) == before
    assert list(scratch.iterdir()) == []


def test_what_is_left_is_seen() -> None:
    """Else the test above would show nothing."""
    before = traps.descriptors(), traps.children()
    pipe = os.pipe()
    child = os.posix_spawn("/bin/true", ["true"], {})
    try:
        assert len(traps.descriptors() - before[0]) >= len(pipe)
        assert child in traps.children()
    finally:
        os.waitpid(child, 0)
        for end in pipe:
            os.close(end)
