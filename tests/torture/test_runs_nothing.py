"""Promise 1: nothing from the repository is executed, except by ``prove``, ``hunt`` and the pytest run of the user."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_bugguard
from tests.shell import Shell
from tests.story import story
from tests.torture import commands, traps
from tests.torture.watch import watched

if TYPE_CHECKING:
    from tests.torture.conftest import Observed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the traps are shell scripts")


def test_no_command_is_forgotten() -> None:
    """Whoever adds a command says here whether it reads, writes or runs."""
    listed = {*commands.READING, *commands.WRITING, *commands.RUNNING}
    unknown = {name for name in commands.known() if not any(f"{one} ".startswith(f"{name} ") for one in listed)}
    assert unknown == set()


def test_a_reading_command_starts_git_and_nothing_else(observed: Observed) -> None:
    """No hook, filter, diff driver, monitor, pager or gpg; no conftest, test, coverage plugin or module of the tree."""
    assert observed.sprung == []
    assert observed.seen.programs <= {"git"}
    assert "Traceback" not in observed.done.err
    assert observed.done.code in {0, 1, 4}


def test_the_watch_sees_what_is_started() -> None:
    """Else the test above would show nothing."""
    with watched() as seen:
        subprocess.run(["env", "-u", "A", sys.executable, "-c", ""], check=True)
        subprocess.run(["true"], check=True)
    assert seen.programs == {Path(sys.executable).name, "true"}


def test_the_modules_are_traps(tmp_path: Path) -> None:
    """Python sets them off where it imports them."""
    found = traps.trapped(tmp_path)
    for module in traps.IMPORTED:
        subprocess.run([sys.executable, "-I", str(found.repo.path / module)], capture_output=True, check=False)
    assert found.sprung == sorted(module.replace("/", ".") for module in traps.IMPORTED)


@pytest.mark.parametrize("is_inside", [False, True], ids=["elsewhere", "environment-in-the-repository"])
def test_python_m_imports_nothing_from_the_current_folder(tmp_path: Path, *, is_inside: bool) -> None:
    """Not even what the first line of a module usually imports; also where we are installed below that folder."""
    found = traps.trapped(tmp_path)
    here = Path(pytest_bugguard.__file__).parents[1]
    if is_inside:
        (found.repo.path / ".venv").symlink_to(here)
        here = found.repo.path / ".venv"
    done = Shell(found.repo.path, {"PYTHONPATH": str(here)}).bugguard("check", "HEAD~4..")
    assert found.sprung == []
    assert (done.code, done.err) == (1, "")


def test_no_git_of_the_current_folder_is_started(tmp_path: Path) -> None:
    """Where the user's PATH has ``.`` in it, or nothing between two colons: neither by us nor by what we import."""
    repo = story(tmp_path / "shop", "commit: feat: shop\n  file: src/shop.py\n    PAGES = 0\n")
    sprung = tmp_path / "sprung"
    for folder in (repo.path, repo.path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(f"#!/bin/sh\ntouch {sprung}\n")
        (folder / "git").chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest_bugguard", "audit"],
        cwd=repo.path,
        env={**os.environ, "PATH": f":.:bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, sprung.exists()) == (0, False), done.stderr
