"""Promise 2: the user's repository, index, configuration, refs and work tree are never changed."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.story import Repo, story
from tests.torture import commands, traps

if TYPE_CHECKING:
    from tests.torture.conftest import Observed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="hooks and traps are shell scripts")
TOP = Path(__file__).parents[2]


def test_a_reading_command_changes_no_byte_and_no_time(observed: Observed) -> None:
    """Neither below ``.git`` nor in the work tree."""
    assert observed.changed == set()


def test_the_digest_sees_a_touch(tmp_path: Path) -> None:
    """Else the test above would show nothing: a file that is rewritten with the same content has changed."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    before = traps.digest(tmp_path)
    (tmp_path / "a").touch()
    assert traps.changed(before, traps.digest(tmp_path)) == {"a"}


@pytest.mark.parametrize("command", commands.WRITING)
def test_a_writing_command_writes_what_it_names(furnished_repo: traps.Trapped, tmp_path: Path, command: str) -> None:
    """And nothing else, traps or not."""
    shutil.copytree(furnished_repo.repo.path, tmp_path / "repo", symlinks=True)
    for name in ("run.xml", "message"):
        shutil.copy(furnished_repo.marks.parent / name, tmp_path)
    if command in {"init", "coverage init"}:
        (tmp_path / "repo" / "bugguard.toml").unlink()
    (tmp_path / "repo" / ".coverage").unlink()  # of which nothing is told: coverage.py has a plugin there
    before = traps.digest(tmp_path / "repo")
    done = Shell(tmp_path / "repo").call(*command.split())
    assert done.code == 0, done.err
    assert traps.changed(before, traps.digest(tmp_path / "repo")) <= commands.WRITING[command], done.out
    assert furnished_repo.sprung == []


_IN_A_HOOK = """
import contextlib, io, json, os, sys
from pathlib import Path
from pytest_bugguard import cli
from tests.torture import traps

top, out = map(Path, sys.argv[1:3])
before = traps.digest(top)
codes = []
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
    for command in json.loads(sys.argv[3]):
        codes.append(cli.main(command.split()))
after = traps.digest(top)
out.write_text(json.dumps([codes, sorted(traps.changed(before, after)), said.getvalue()]))
"""
_STORY = """
commit: feat: sell
  file: pager.py
    def pages(items):
        return items // 10
  file: test_pager.py
    from pager import pages

    def test_full_page():
        assert pages(10) == 1
commit: fix: last page
  file: pager.py
    def pages(items):
        return -(-items // 10)
  file: test_last.py
    from pager import pages

    def test_last_page():
        assert pages(11) == 2
"""


@pytest.mark.parametrize("hook", ["pre-commit", "pre-push"])
@pytest.mark.parametrize("is_linked", [False, True], ids=["main", "linked"])
def test_a_command_in_a_hook_leaves_the_repository_alone(tmp_path: Path, hook: str, *, is_linked: bool) -> None:
    """Git tells its hooks where its index and its directory are; no git of ours and no test in a proof hears of it."""
    top = tmp_path / "all"
    repo = story(top / "repo", _STORY)
    repo.git("init", "-q", "--bare", str(tmp_path / "remote"))
    place = repo
    if is_linked:
        repo.git("worktree", "add", "-q", "-b", "linked", str(top / "linked"))
        place = Repo(top / "linked", repo.commits)
    asked = ["audit --no-cache", "check HEAD~1..", "explain HEAD"]
    if is_linked and hook == "pre-commit":  # it has the most variables
        asked.append("prove HEAD")
    script, out = tmp_path / "hook.py", tmp_path / "out.json"
    script.write_text(_IN_A_HOOK)
    words = shlex.join([sys.executable, "-B", str(script), str(top), str(out), json.dumps(asked)])
    target = repo.path / ".git" / "hooks" / hook
    target.write_text(f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(TOP))} XDG_CACHE_HOME={tmp_path}/cache exec {words}\n")
    target.chmod(0o755)
    if hook == "pre-commit":
        place.write("more.py", "more = 1\n")
        place.commit("feat: more")
    else:
        place.git("push", "-q", str(tmp_path / "remote"), "HEAD:refs/heads/main")
    codes, changed, said = json.loads(out.read_text())
    assert (codes, changed) == ([0] * len(asked), []), said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_proof_that_is_killed_has_changed_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of a test, as a CI server ends a job. What it could not tidy up itself, the next proof does."""
    started = tmp_path / "started"
    wait = (
        f"\n\ndef test_wait():\n    import os, time\n    if not os.path.exists({str(started)!r}):\n"
        f"        open({str(started)!r}, 'w')\n        time.sleep(60)\n"
    )
    repo = story(tmp_path / "repo", _STORY)
    repo.write("test_last.py", (repo.path / "test_last.py").read_text() + wait)
    repo.git("commit", "-q", "-a", "--amend", "--no-edit")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = traps.digest(repo.path)
    variables = {**Shell(repo.path).variables, "TMPDIR": str(scratch)}
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_bugguard", "prove", "HEAD"], cwd=repo.path, env=variables,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        while not started.exists():
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(number)
    assert running.returncode in {-number, 2, 128 + number}
    assert traps.changed(before, traps.digest(repo.path)) == set()
    if number == signal.SIGKILL:
        (left,) = scratch.iterdir()
        Shell(repo.path, {"TMPDIR": str(scratch)}).bugguard("prove", "HEAD")
        assert not left.exists()
    assert list(scratch.iterdir()) == []
