"""Processes of a run whose parents have ended: they are ended with the command, and nobody else's are."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_bugguard.adapters import orphans

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system gives them to us")

DAEMON = "env -i setsid sh -c '{1}echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600' & while ! test -e {0}; do :; done"


def left(place: Path, before: str = "") -> int:
    """The number of a process with a session and an environment of its own, whose parent has ended."""
    subprocess.run(["sh", "-c", DAEMON.format(place, before)], check=True)
    return int(place.read_text())


def test_a_daemon_that_sheds_its_environment_is_ended(tmp_path: Path) -> None:
    """It, and the one that it has started in another session; neither stays as a dead process."""
    with orphans.adopted():
        pids = [left(tmp_path / "one"), left(tmp_path / "two", before="setsid sleep 600 & ")]
        children = {child.pid for child in psutil.Process().children(recursive=True)}
        assert children.issuperset(pids)
        assert len(children) >= 3
    assert not any(map(psutil.pid_exists, children))


def test_who_has_ended_is_let_go_of_behind_another_who_is_waited_for(tmp_path: Path) -> None:
    """The first who has ended may be a child of ours, whose exit status is somebody else's to take."""
    with subprocess.Popen(["sh", "-c", "exit 7"], start_new_session=True) as before:
        until_dead(before.pid)
        with orphans.adopted():
            started = orphans.start(["sh", "-c", "exit 8"])
            until_dead(started.pid)
            pid = left(tmp_path / "one")
            psutil.Process(pid).kill()
            until_dead(pid)
            orphans.reap()
            assert not psutil.pid_exists(pid)
            assert (before.wait(), started.wait()) == (7, 8)


def until_dead(pid: int) -> None:
    """Until it has ended and is waited for."""
    end = time.monotonic() + 10
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end


def test_what_was_there_before_is_left_alone(tmp_path: Path) -> None:
    """A server in a session of its own that we have started; and afterwards a daemon is nobody's again."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as server:
        with orphans.adopted():
            pass
        assert server.poll() is None
        server.kill()
    daemon = psutil.Process(left(tmp_path / "one"))
    try:
        assert daemon.ppid() != psutil.Process().pid
    finally:
        daemon.kill()
