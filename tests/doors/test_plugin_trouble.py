"""What a run of pytest says where git cannot answer: its own result stays, and one message says what to do."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARDING, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.doors.shop import Shop

_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def _no_repository(shop: Shop) -> None:
    shutil.rmtree(shop.repo.path / ".git")


def _unborn(shop: Shop) -> None:
    shutil.rmtree(shop.repo.path / ".git")
    shop.repo.git("init", "-q")


def _half_a_repository(shop: Shop) -> None:
    shutil.rmtree(shop.repo.path / ".git" / "objects")


def _lost_objects(shop: Shop) -> None:
    for path in (shop.repo.path / ".git" / "objects").glob("??/*"):
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        path.write_bytes(b"")


def _foreign_owner(shop: Shop) -> None:
    for path in (shop.repo.path, shop.repo.path / ".git"):
        os.chown(path, 12345, 12345)


def _strangers(shop: Shop) -> None:
    shop.repo.git("checkout", "-q", "--orphan", "elsewhere")
    shop.repo.commit("fix: another beginning")


def _no_default_branch(shop: Shop) -> None:
    shop.repo.git("branch", "-m", "main", "trunk")


@pytest.mark.parametrize(
    ("harm", "said", "cure"),
    [
        pytest.param(_no_repository, "not a git repository", "run it inside a git checkout", id="no-repository"),
        pytest.param(_half_a_repository, "not a git repository", "inside a git checkout", id="half-a-repository"),
        pytest.param(_lost_objects, "git ", "git fsck --full", id="lost-objects"),
        pytest.param(_strangers, "no commit in common with HEAD", "--bugguard-base REV", id="no-merge-base"),
        pytest.param(_no_default_branch, "no default branch", "--bugguard-base REV", id="no-default-branch"),
        pytest.param(
            _foreign_owner, "dubious ownership", "safe.directory", id="foreign-owner",
            marks=pytest.mark.skipif(not _IS_ROOT, reason="only root can give a folder away"),
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("softened", [False, True], ids=["fail", "warn"])
def test_what_cannot_be_judged_is_undecided(
    shop: Shop, harm: Callable[[Shop], None], said: str, cure: str, *, softened: bool
) -> None:
    """The run fails with the reason and the cure, or shows them and passes where the settings say so."""
    shop.fix(GUARDING)
    harm(shop)
    shop.settings(f'undecided = "{"warn" if softened else "fail"}"\n')
    result = shop.run("--bugguard")
    result.assert_outcomes(passed=2)
    assert result.ret == int(not softened)
    assert said in shown(result)
    assert cure in shown(result)
    assert ("UNDECIDED" in shown(result)) != softened
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_before_the_first_commit_there_is_nothing_to_judge(shop: Shop) -> None:
    """An empty repository is no trouble."""
    _unborn(shop)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "there are no commits yet" in shown(result)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_does_not_guess(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, depth: int
) -> None:
    """Where a clone ends, a commit looks as if it had added everything: nothing is concluded from that."""
    shop.fix(GUARDING)
    shop.repo.write("src/shop/clock.py", "NOW = 1\n")
    shop.repo.commit("feat: a clock")
    shop.repo.git("checkout", "-q", "main")
    url = shop.repo.path.as_uri()
    shallow = ("--depth", str(depth), "--no-single-branch", "--branch", "topic")
    shop.repo.git("clone", "-q", *shallow, url, str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert "UNDECIDED" in shown(result)
    assert "--unshallow" in shown(result)
    assert "  GUARDED" not in shown(result)


def test_a_target_that_was_not_fetched_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull request's own branch alone is what many a CI clones."""
    shop.fix(GUARDING)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_BASE_REF", "release/2")
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert "origin/release/2 (the pull request's target, release/2 (GITHUB_BASE_REF)) is not in" in shown(result)
    assert "git fetch origin +refs/heads/release/2:refs/remotes/origin/release/2" in shown(result)


def test_a_base_that_is_not_there_is_told(shop: Shop) -> None:
    """``--bugguard-base`` with a slip of the pen fails the run by name, whatever the run was."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base=mian")
    assert result.ret == 1
    assert "base: no revision 'mian' in this repository" in shown(result)


def test_a_base_may_be_given(shop: Shop) -> None:
    """What is compared with is the user's to say."""
    shop.fix()
    result = shop.run("--bugguard", "--bugguard-base=HEAD")
    assert result.ret == 0
    assert "base: HEAD, as asked for" in shown(result)


def _fake_git(folder: Path, script: str) -> str:
    folder.mkdir()
    if script:
        git = folder / "git"
        git.write_text(f"#!/bin/sh\n{script}\n")
        git.chmod(0o755)
    return str(folder)


@pytest.mark.skipif(os.name == "nt", reason="the fakes are shell scripts")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param("", id="no-git"),
        pytest.param("exit 1", id="fails"),
        pytest.param("echo usage: git; exit 129", id="usage"),
        pytest.param("echo junk", id="junk"),
        pytest.param("printf '\\377\\000\\n\\n\\n\\n\\n\\n'", id="binary-junk"),
        pytest.param("kill -9 $$", id="killed"),
        pytest.param('case "$*" in *rev-parse*) exec {git} "$@";; esac; echo junk', id="junk-later"),
        pytest.param('case "$*" in *rev-parse*) exec {git} "$@";; esac; exit 3', id="fails-later"),
    ],
)
def test_a_git_that_is_none_changes_no_result(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """The tests' own outcome stays; the gate could not look and says so in one message, without a traceback."""
    shop.fix(GUARDING)
    folder = _fake_git(tmp_path / "bin", script.format(git=shutil.which("git")))
    with monkeypatch.context() as patch:
        patch.setenv("PATH", folder)
        result = shop.run("--bugguard")
    result.assert_outcomes(passed=2)
    assert result.ret == 1
    assert shown(result).count("UNDECIDED") == 1
    assert "next: " in shown(result)
    assert "fault of bugguard's own" not in shown(result)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def test_a_failing_run_stays_a_failing_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trouble of ours hides no failure of theirs."""
    shop.fix(GUARDING.replace("== 2", "== 3"))
    monkeypatch.setenv("PATH", "/nowhere")
    result = shop.run("--bugguard")
    assert result.ret == 1
    result.assert_outcomes(passed=1, failed=1)


def test_a_repository_that_cannot_be_written_is_read(shop: Shop) -> None:
    """A read-only ``.git`` is all that is needed, and stays as it is."""
    shop.fix(GUARDING)
    for path in [shop.repo.path / ".git", *(shop.repo.path / ".git").rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "bugguard: 1 guarded" in shown(result)


@pytest.mark.skipif(os.name == "nt", reason="there a folder in use cannot go")
def test_a_folder_that_vanishes_is_no_crash(shop: Shop) -> None:
    """A test that takes the whole repository away leaves nothing to judge, and no traceback."""
    shop.fix("import shutil\n\ndef test_last_page():\n    shutil.rmtree('.')\n")
    command = [sys.executable, "-m", "pytest", "--bugguard", "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=shop.repo.path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "1 passed" in run.stdout
    assert "UNDECIDED" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_a_fault_of_ours_is_told_and_is_no_crash(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is undecided too, and says where to report it."""
    monkeypatch.setattr("pytest_bugguard.assembly.changes.read", lambda *_, **__: 1 // 0)
    shop.fix(GUARDING)
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert "a fault of bugguard's own: ZeroDivisionError" in shown(result)
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
