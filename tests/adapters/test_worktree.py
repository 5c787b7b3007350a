"""Work that is not committed yet, read from a real work tree."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.repository import open_repository
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.adapters.worktree import GitWorkTree


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A few files of each kind, and nothing that is not committed."""
    repo = story(
        tmp_path / "repo",
        """
        commit: one
          file: a.py
            a = 1
          file: b.py
            b = 1
          file: src/c.py
            c = 1
          file: .gitignore
            *.log
        """,
    )
    (repo.path / "link.py").symlink_to("a.py")
    repo.commit("a link")
    return repo


def worktree(repo: Repo) -> GitWorkTree:
    return open_repository(repo.path).worktree


def seen(repo: Repo) -> list[tuple[str, str]]:
    return [(change.status, change.path) for change in worktree(repo).changes]


def test_a_clean_work_tree_has_no_changes(repo: Repo) -> None:
    """Not even where every time stamp is new: contents are compared, the index is left as it was."""
    for path in (repo.path / "a.py", repo.path / "src" / "c.py"):
        os.utime(path, (1, 1))
    os.utime(repo.path / "link.py", (1, 1), follow_symlinks=False)
    before = (repo.path / ".git" / "index").read_bytes()
    assert worktree(repo).changes == ()
    assert worktree(repo).staged() == ()
    assert (repo.path / ".git" / "index").read_bytes() == before


def test_every_kind_of_change_is_seen(repo: Repo) -> None:
    """Changed, staged, staged and changed again, deleted, new, new with an odd name; ignored ones are not."""
    repo.write("a.py", "a = 2\n")
    repo.write("b.py", "b = 2\n")
    repo.git("add", "b.py")
    repo.write("b.py", "b = 3\n")
    (repo.path / "src" / "c.py").unlink()
    repo.write("new/:d\n.py", "d")
    repo.write("staged.py", "s")
    repo.git("add", "staged.py")
    repo.write("noise.log", "")
    (repo.path / "link.py").unlink()
    (repo.path / "link.py").symlink_to("b.py")
    assert sorted(seen(repo)) == [
        ("A", "new/:d\n.py"),
        ("A", "staged.py"),
        ("D", "src/c.py"),
        ("M", "a.py"),
        ("M", "b.py"),
        ("M", "link.py"),
    ]
    assert all(change.new_blob is None for change in worktree(repo).changes)
    assert worktree(repo).text("b.py") == b"b = 3\n"


def test_staged_is_what_would_be_committed(repo: Repo) -> None:
    """Renames are found, also of a file that was edited; its content is known by id."""
    repo.write("long.py", "".join(f"line_{number} = {number}\n" for number in range(30)))
    repo.commit("long")
    repo.git("mv", "long.py", "moved.py")
    repo.write("moved.py", "".join(f"line_{number} = {number}\n" for number in range(31)))
    repo.git("add", "moved.py")
    repo.write("a.py", "a = 3\n")
    (change,) = worktree(repo).staged()
    assert (change.status, change.old_path, change.new_path) == ("R", "long.py", "moved.py")
    with open_repository(repo.path) as repository:
        assert str(repository.history().blob(str(change.new_blob))).count("line_") == 31


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    """Also where the repository is of the other format."""
    repo = story(tmp_path, "", "--object-format=sha256")
    repo.write("a.py", "a")
    repo.write("b.py", "b")
    repo.git("add", "a.py")
    assert seen(repo) == [("A", "a.py"), ("A", "b.py")]
    assert [change.path for change in worktree(repo).staged()] == ["a.py"]


def test_a_conflict_shows_each_file_once(repo: Repo) -> None:
    """As changed, with the marks in its text."""
    repo.git("checkout", "-q", "-b", "other")
    repo.write("a.py", "a = 2\n")
    repo.commit("two")
    repo.git("checkout", "-q", "main")
    repo.write("a.py", "a = 3\n")
    repo.commit("three")
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "other")
    assert seen(repo) == [("M", "a.py")]
    assert b"<<<<<<<" in (worktree(repo).text("a.py") or b"")


def test_a_checkout_with_other_line_ends_is_no_change(repo: Repo) -> None:
    """As git on Windows leaves it; the time stamps are not what the index remembers."""
    (repo.path / "a.py").write_bytes(b"a = 1\r\n")
    repo.git("config", "core.autocrlf", "true")
    assert seen(repo) == []


def test_repositories_inside_are_not_looked_into(repo: Repo) -> None:
    """Neither a clone that lies there nor a submodule's own changes."""
    inner = story(repo.path / "vendor", "commit: inner")
    inner.write("x.py", "x")
    assert seen(repo) == []


def test_pipes_and_other_oddities_are_no_files(repo: Repo) -> None:
    """Opening a pipe would wait for ever."""
    os.mkfifo(repo.path / "pipe.py")
    (repo.path / "b.py").unlink()
    os.mkfifo(repo.path / "b.py")
    assert worktree(repo).text("b.py") is None
    assert worktree(repo).text("pipe.py") is None
    assert "pipe.py" not in dict(seen(repo))


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("link.py", id="a-symlink"),
        pytest.param("folder/secret.py", id="through-a-symlink"),
        pytest.param("../secret/secret.py", id="upwards"),
        pytest.param("src/../../secret/secret.py", id="down-and-up"),
        pytest.param("/etc/hostname", id="absolute"),
        pytest.param("src", id="a-folder"),
        pytest.param("nope", id="nothing"),
        pytest.param("", id="no-name"),
        pytest.param("a\0b", id="a-nul"),
    ],
)
def test_text_never_leaves_the_work_tree(repo: Repo, tmp_path: Path, path: str) -> None:
    """A pull request cannot make us read a file of the machine."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "secret.py").write_text("secret")
    (repo.path / "folder").symlink_to(tmp_path / "secret")
    assert worktree(repo).text(path) is None


HOOK = """#!/bin/sh
{python} - <<'E' > {log}
from pathlib import Path
from pytest_bugguard.adapters.repository import open_repository
for change in open_repository(Path()).worktree.staged():
    print(change.status, change.path)
E
"""


@pytest.mark.parametrize(
    ("commit", "told"),
    [
        pytest.param(["-m", "x"], "M a.py\n", id="what-is-staged"),
        pytest.param(["-a", "-m", "x"], "M a.py\nM b.py\n", id="all"),
        pytest.param(["-m", "x", "b.py"], "M b.py\n", id="one-file"),
    ],
)
def test_a_commit_msg_hook_sees_what_this_commit_will_hold(
    repo: Repo, tmp_path: Path, commit: list[str], told: str
) -> None:
    """``git commit -a`` and ``git commit FILE`` fill an index of their own and name it to the hook."""
    log = tmp_path / "log"
    hook = repo.path / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK.format(python=sys.executable, log=log))
    hook.chmod(0o755)
    repo.write("a.py", "a = 2\n")
    repo.git("add", "a.py")
    repo.write("b.py", "b = 2\n")
    repo.git("commit", "-q", *commit)
    assert log.read_text() == told


def test_a_foreign_index_is_not_ours(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook of another repository may have named it."""
    other = story(tmp_path / "other", "commit: other")
    other.write("foreign.py", "f")
    other.git("add", "foreign.py")
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git" / "index"))
    assert worktree(repo).staged() == ()
