"""Temporary folders of our own: gone at the end, and after a sudden death with the next run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pytest_bugguard.adapters import workspace
from pytest_bugguard.adapters.workspace import Workspace

posix = pytest.mark.skipif(os.name != "posix", reason="signals, modes and owners as POSIX has them")
OWNER = """
import select
import sys
from pathlib import Path
from pytest_bugguard.adapters.interrupts import unwinding
from pytest_bugguard.adapters.workspace import Workspace

with unwinding(), Workspace(Path(sys.argv[1])) as space:
    folder = space.folder()
    (folder / "file").write_text("x")
    print(folder, flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        pass  # what comes right before it waits is heard at the next turn
"""


def owner(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another process that has a folder, and keeps it until it is told otherwise."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def ended(process: subprocess.Popen[str]) -> int:
    """Its exit status, its pipes closed."""
    with process:
        return process.wait(30)


def test_folders_are_new_and_gone_at_the_end(tmp_path: Path) -> None:
    """Each by itself, all when the work is over, also where it ended in an exception."""

    def work(space: Workspace) -> float:
        one, other = space.folder(), space.folder()
        assert one != other
        (one / "file").write_text("x")
        return 1 / 0

    with pytest.raises(ZeroDivisionError), Workspace(tmp_path) as space:
        work(space)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_that_nobody_asks_for(tmp_path: Path) -> None:
    """A run without a proof leaves the disk alone."""
    with Workspace(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_threads_share_a_workspace(tmp_path: Path) -> None:
    """One base folder, however many ask at once."""
    with Workspace(tmp_path) as space:
        with ThreadPoolExecutor(8) as pool:
            folders = set(pool.map(lambda _: space.folder(), range(40)))
        assert len(folders) == 40
        assert len(list(tmp_path.iterdir())) == 1


@posix
def test_what_nobody_may_write_in_is_removed_too(tmp_path: Path) -> None:
    """Tests make such folders; what they link to keeps its mode."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    precious.chmod(0o500)
    folder = tmp_path / "folder"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_text("x")
    (folder / "a" / "b" / "file").chmod(0)
    (folder / "a" / "link").symlink_to(precious)
    everything = [folder, *folder.rglob("*")]
    uid = os.geteuid()
    try:
        if uid == 0:  # root may write everywhere: look at it as somebody else
            for place in (tmp_path, precious, *everything):
                os.chown(place, 65_534, -1, follow_symlinks=False)
            open_up(tmp_path)
            os.seteuid(65_534)
        (folder / "a" / "b").chmod(0)
        (folder / "a").chmod(0o500)
        with pytest.raises(PermissionError):
            (folder / "a" / "more").touch()
        workspace.remove(folder)
        assert not folder.exists()
    finally:
        os.seteuid(uid)
    assert (precious / "file").read_text() == "x"
    assert precious.stat().st_mode & 0o777 == 0o500


def open_up(folder: Path) -> None:
    """Let everybody come as far as this folder."""
    for around in (folder, *folder.parents):
        if around.stat().st_uid == os.geteuid():
            around.chmod(around.stat().st_mode | 0o011)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_does_not_leave_folders_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The door turns it into an exception, so the way out is the usual one."""
    process, folder = owner(tmp_path)
    assert folder.exists()
    process.send_signal(number)
    assert ended(process) != 0
    assert list(tmp_path.iterdir()) == []


@posix
def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """Folders of the living stay, whatever their age."""
    (dead, left), (alive, used) = owner(tmp_path), owner(tmp_path)
    dead.kill()
    ended(dead)
    os.utime(used.parent, (1, 1))
    with Workspace(tmp_path) as space:
        folder = space.folder()
        assert not left.parent.exists()
        assert used.exists()
        workspace.sweep(tmp_path)
        assert folder.exists()
    assert alive.stdin is not None
    alive.stdin.close()
    assert ended(alive) == 0
    assert list(tmp_path.iterdir()) == []


@posix
def test_what_was_kept_survives_its_process_and_every_sweep(tmp_path: Path) -> None:
    """Only the other folders beside it go."""
    process, left = owner(tmp_path)
    kept = left.parent / "other"
    kept.mkdir()
    workspace.keep(kept)
    process.kill()
    ended(process)
    workspace.sweep(tmp_path)
    assert [place.name for place in left.parent.iterdir()] == ["other"]
    assert workspace.is_kept(kept)


@posix
def test_only_folders_of_ours_are_swept(tmp_path: Path) -> None:
    """No file, no symlink, nobody else's folder, no other name."""
    name = "bugguard-123-abcdefg{}".format
    (tmp_path / name(1)).write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / name(2)).symlink_to(tmp_path / "other")
    (tmp_path / "other" / "file").write_text("x")
    (tmp_path / name(3)).mkdir()
    if os.geteuid() == 0:
        os.chown(tmp_path / name(3), 65_534, -1)
    (tmp_path / name(4)).mkdir()
    (tmp_path / "bugguard-notes").mkdir()
    (tmp_path / "bugguard-123-my-notes").mkdir()
    workspace.sweep(tmp_path)
    names = {place.relative_to(tmp_path).as_posix() for place in tmp_path.rglob("*")}
    stays = {name(1), name(2), "other", "other/file", "bugguard-notes", "bugguard-123-my-notes"}
    assert names == (stays | {name(3)} if os.geteuid() == 0 else stays)


@posix
def test_a_forked_child_takes_nothing_away(tmp_path: Path) -> None:
    """It leaves its parent's folders when it goes."""
    with Workspace(tmp_path) as space:
        folder = space.folder()
        child = os.fork()
        if child == 0:
            space.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert folder.exists()
