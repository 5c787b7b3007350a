"""Which repository a folder belongs to, found with real git."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import gitrunner
from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.core.base import Clone
from pytest_bugguard.core.errors import NoRepositoryError
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two commits."""
    return story(
        tmp_path / "repo",
        """
        commit: one
          file: src/a.py
            a
        commit: two
          file: src/b.py
            b
        """,
    )


def test_a_folder_belongs_to_the_work_tree_around_it(repo: Repo) -> None:
    """The top level, and the way down from it."""
    with open_repository(repo.path / "src") as found:
        assert (found.top, found.git_dir, found.prefix) == (repo.path, repo.path / ".git", "src")
        assert (found.is_bare, found.is_shallow, found.is_partial, found.warnings) == (False, False, False, ())
    assert open_repository(repo.path).prefix == ""


def test_a_bare_repository_is_opened_where_it_is_named(repo: Repo, tmp_path: Path) -> None:
    """It has no top."""
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    with open_repository(tmp_path / "bare.git") as found:
        assert (found.top, found.git_dir, found.is_bare) == (None, tmp_path / "bare.git", True)
        assert found.history().resolve("HEAD") == repo.sha("two")


def test_a_bare_repository_is_never_come_across(repo: Repo, tmp_path: Path) -> None:
    """One that was committed as plain files could run a program of its choice; a lookalike below it is refused too."""
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    below = tmp_path / "bare.git" / "hooks"
    with pytest.raises(NoRepositoryError, match="cannot use bare repository"):
        open_repository(below)
    for name in ("HEAD", "objects", "refs"):
        (below / name).mkdir()
    with pytest.raises(NoRepositoryError, match="is no repository"):
        open_repository(below)


def test_a_git_directory_shows_its_history(repo: Repo) -> None:
    """There is no work tree inside of it."""
    with open_repository(repo.path / ".git") as found:
        assert (found.top, found.is_bare) == (None, False)
        assert found.history().resolve("HEAD") == repo.sha("two")


def test_a_linked_work_tree_is_one_of_its_own(repo: Repo, tmp_path: Path) -> None:
    """Its HEAD is its own, its objects are shared."""
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"), "HEAD~1")
    with open_repository(tmp_path / "linked" / "src") as found:
        assert (found.top, found.common_dir, found.prefix) == (tmp_path / "linked", repo.path / ".git", "src")
        assert found.history().resolve("HEAD") == repo.sha("one")
        assert found.clone == Clone("side", "", is_shallow=False)


def test_a_submodule_is_a_repository_of_its_own(repo: Repo, tmp_path: Path) -> None:
    """Its git directory lies in the other's."""
    outer = story(tmp_path / "outer", "commit: zero")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo.path), "lib")
    with open_repository(tmp_path / "outer" / "lib") as found:
        assert found.top == tmp_path / "outer" / "lib"
        assert found.history().resolve("HEAD") == repo.sha("two")


def test_a_clone_says_what_its_branches_are(repo: Repo, tmp_path: Path) -> None:
    """A detached HEAD is on none."""
    repo.git("clone", "-q", ".", "../clone")
    clone = Repo(tmp_path / "clone")
    assert open_repository(clone.path).clone == Clone("main", "main", is_shallow=False)
    clone.git("checkout", "-q", "--detach")
    assert open_repository(clone.path).clone.branch == ""


def test_a_symlink_leads_to_the_repository(repo: Repo, tmp_path: Path) -> None:
    """As it does for git."""
    (tmp_path / "link").symlink_to(repo.path / "src")
    found = open_repository(tmp_path / "link")
    assert (found.top, found.prefix) == (repo.path, "src")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param("nothing", "not a git repository", id="no-repository"),
        pytest.param("nowhere", "cannot change to", id="no-folder"),
        pytest.param("file", "cannot change to", id="a-file"),
        pytest.param("torn", "invalid gitfile format", id="torn-gitfile"),
        pytest.param("/proc", "mount point", id="mount-point",
                     marks=pytest.mark.skipif(sys.platform != "linux", reason="no such mount")),
    ],
)  # fmt: skip
def test_where_there_is_none_git_says_so(tmp_path: Path, place: str, said: str) -> None:
    """In git's own words, with what to do next."""
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / ".git").write_text("nonsense")
    with pytest.raises(NoRepositoryError, match=said) as caught:
        open_repository(tmp_path / place)
    assert "-C DIR" in caught.value.hint
    assert ("GIT_DISCOVERY_ACROSS_FILESYSTEM=1" in caught.value.hint) == ("mount" in said)


def test_a_name_with_a_line_feed_is_refused_in_plain_words(tmp_path: Path) -> None:
    """What git answers could be read in two ways."""
    repo = story(tmp_path / "a\nb", "commit: one")
    with pytest.raises(NoRepositoryError, match="odd answer"):
        open_repository(repo.path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_another_owners_repository_is_refused_in_gits_words(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that would trust it, which is the user's to run."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["chown", "-R", "12345", str(repo.path)], check=True)
    with pytest.raises(NoRepositoryError, match="dubious ownership") as caught:
        open_repository(repo.path)
    assert f"git config --global --add safe.directory {repo.path}" in caught.value.hint


FAKES = {
    "missing": None,
    "fails": "exit 1",
    "cannot-run": "",
    "prints-junk": "echo junk; echo more; exit 0",
    "prints-yes": "yes true | head -9",
    "hangs": "exec sleep 60",
    "is-too-old": "echo \"error: unknown option 'path-format'\" >&2; exit 129",
}


@pytest.mark.parametrize("fake", [pytest.param(script, id=name) for name, script in FAKES.items()])
def test_a_git_that_cannot_be_used_is_told(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: str | None
) -> None:
    """Never a traceback, never a wait without end."""
    path = tmp_path / "bin"
    path.mkdir()
    if fake is not None:
        (path / "git").write_text(f"#!/bin/sh\n{fake}\n" if fake else "")
        (path / "git").chmod(0o755 if fake else 0o644)
    for program in ("sleep", "yes", "head"):
        (path / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setattr(gitrunner, "ANSWER_S", 0.5)
    monkeypatch.setattr("pytest_bugguard.adapters.repository.ANSWER_S", 0.5)
    began = time.monotonic()
    with pytest.raises(NoRepositoryError) as caught:
        open_repository(repo.path)
    assert str(caught.value).startswith("git")
    assert caught.value.hint
    assert time.monotonic() - began < 5
