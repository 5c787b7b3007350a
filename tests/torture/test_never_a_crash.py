"""Promise 5: whatever the system refuses, a passing run of pytest stays one, and a command says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.cli.exit_codes import EXIT_OUR_FAULT, EXIT_USAGE
from tests.doors import conftest as doors
from tests.doors.shop import GUARDING, shown
from tests.shell import Done, Shell
from tests.torture import commands, traps
from tests.torture.faults import Place, full_disk, places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.shop import Shop
    from tests.torture.traps import Trapped

template, shop = doors.template, doors.shop
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the traps are shell scripts")


def test_a_command_survives_every_call_that_fails(furnished_repo: Trapped) -> None:
    """Each place in our code that asks something of the system is refused once: a full disk, a missing right."""
    shell = Shell(furnished_repo.repo.path)
    tried: dict[Place, None] = {}
    for command in commands.READING:
        with places() as found:
            shell.call(*command.split())
        for place in found.keys() - tried.keys():
            tried[place] = None
            with places(place):
                done = shell.call(*command.split())
            assert "Traceback" not in done.err, (command, place)
            assert done.code != EXIT_OUR_FAULT, (command, place)
            if "bugguard: " in done.err:
                assert "next: " in done.err, (command, place)
    events = {place.event for place in tried}
    assert {"read", "write", "os.mkdir", "sqlite3.connect", "subprocess.Popen"} <= events


def test_a_passing_run_survives_every_call_that_fails(shop: Shop) -> None:
    """The tests pass as before; the exit status is 0, or 1 with the reason and the cure."""
    shop.fix(GUARDING)
    tried = 0
    with places() as found:
        assert shop.run("--bugguard").ret == 0
    for place in found:
        tried += 1
        with places(place):
            result = shop.run("--bugguard")
        said = result.stdout.str() + result.stderr.str()
        assert "INTERNALERROR" not in said, place
        assert "fault of bugguard" not in said, (place, shown(result))
        if "pyproject.toml: cannot be read" in said:  # settings that cannot be read end a run before its first test
            assert result.ret == pytest.ExitCode.USAGE_ERROR, place
            continue
        assert "2 passed" in said, place
        assert result.ret == int("UNDECIDED" in said), place
    assert tried > 10


@pytest.mark.parametrize("command", [*commands.WRITING, "report --html ../page.html", "flaky export ../exported"])
@pytest.mark.parametrize("size", [0, 300])
def test_a_disk_that_fills_up_leaves_what_was_there(
    furnished_repo: Trapped, tmp_path: Path, command: str, size: int
) -> None:
    """Not at the call that opens a file but as its bytes are written: one line says it, and no file is torn."""
    shutil.copytree(furnished_repo.repo.path, tmp_path / "repo", symlinks=True)
    for name in ("run.xml", "message"):
        shutil.copy(furnished_repo.marks.parent / name, tmp_path)
    (tmp_path / "page.html").write_text("the last one")
    if command in {"init", "coverage init"}:
        (tmp_path / "repo" / "bugguard.toml").unlink()
    before = traps.digest(tmp_path, with_times=False)
    with full_disk(size):
        done = Shell(tmp_path / "repo").call(*command.split())
    assert "Traceback" not in done.err
    assert done.code in {0, EXIT_USAGE}, done.err
    if done.code == EXIT_USAGE:
        assert "next: " in done.err
        changed = traps.changed(before, traps.digest(tmp_path, with_times=False))
        assert [name for name in changed if name not in _FOLDERS and not name.startswith("home/.cache/")] == []


_FOLDERS = {"exported", "exported/.gitignore", "home", "home/.cache", "repo/.bugguard"}
"""Made before the disk turns out to be full; what else is in the user's cache is whole or not there."""


@pytest.mark.parametrize("command", ["report", "prove HEAD", "init"])
def test_a_folder_that_has_gone_is_told(tmp_path: Path, command: str) -> None:
    """As in a shell whose folder somebody has removed."""
    shell = Shell(tmp_path)
    done = subprocess.run(
        ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$0" -P -m pytest_bugguard "$@"', sys.executable,
         *command.split()],
        cwd=tmp_path, env=shell.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = Done(done.returncode, done.stdout, done.stderr)
    assert said.code == EXIT_USAGE, said.err
    assert said.complaint[1]
