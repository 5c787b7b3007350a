"""Promise 10: no process, nothing open and no scratch folder stays behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import psutil
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


_HIDING = """
commit: fix: a page has ten items
  file: pager.py
    def pages(items):
        return -(-items // 10) if items else 1
  file: test_first.py
    import os
    import subprocess
    from pathlib import Path

    from pager import pages

    PIDS = Path("{0}")

    def test_first_page():
        def hides(*words, **fields):
            before = len(list(PIDS.iterdir()))
            subprocess.Popen([*words, "sh", "-c", "touch {0}/$$; exec sleep 600"], **fields)
            while len(list(PIDS.iterdir())) == before:
                pass

        hides("env", "-i", "setsid")
        hides("env", "setsid", env={{"BUGGUARD_RUN": "x", "PATH": os.environ["PATH"]}})
        hides("env", "setsid", env={{"PATH": os.environ["PATH"]}})
        assert pages(0) == 1
"""

_WAITING = """
commit: fix: a page has ten items
  file: pager.py
    def pages(items):
        return -(-items // 10) if items else 1
  file: test_first.py
    import os
    import subprocess
    import time

    from pager import pages

    def is_there(pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def test_first_page():
        done = subprocess.run(["sh", "-c", "sleep 0.05 >&2 & echo $!"], stdout=subprocess.PIPE)
        end = time.monotonic() + 10
        while is_there(int(done.stdout)):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert pages(0) == 1
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


@pytest.mark.parametrize("command", ["prove --fresh HEAD", "hunt --runs 1"])
def test_nothing_hides_from_a_command_that_runs_tests(tmp_path: Path, command: str) -> None:
    """Neither in a session of its own, nor by another mark or none: it is gone when the command has ended."""
    repo = story(tmp_path / "repo", _STORY + _HIDING.format(tmp_path / "pids"))
    (tmp_path / "pids").mkdir()
    done = Shell(repo.path).call(*command.split())
    assert done.code == 0, done.out + done.err
    pids = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    assert len(pids) >= 3
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


@pytest.mark.parametrize("command", ["prove --fresh HEAD", "hunt --runs 1"])
def test_what_has_ended_is_gone_for_the_tests_too(tmp_path: Path, command: str) -> None:
    """A test that waits for the end of its daemon sees it, as it does where nobody has adopted that."""
    repo = story(tmp_path / "repo", _STORY + _WAITING)
    done = Shell(repo.path).call(*command.split())
    assert done.code == 0, done.out + done.err


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
