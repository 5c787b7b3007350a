"""Whatever a repository may hold is read whole, and a git that fails in the middle is an error."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.model import Unavailable
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.core.model import Unit

posix = pytest.mark.skipif(os.name != "posix", reason="needs a file system that takes any byte, or shell scripts")
ODD_NAMES = (
    b":x.py",
    b"a\n:b.py",
    b"-x",
    b"--output=x",
    b"\xff.py",
    b"caf\xc3\xa9.py",
    b" ",
    b"*?[",
    b'"q"',
    b"\x1b[31m.py",
    b"\\",
)


def units(path: Path) -> list[Unit]:
    """The whole history of a repository."""
    with open_repository(path) as repository, repository.history() as history:
        return list(history.units(str(history.resolve("HEAD"))))


def by_ls_tree(repo: Repo) -> dict[bytes, tuple[str, str]]:
    """Mode and blob of each file of HEAD, from git itself."""
    output = subprocess.run(
        ["git", "-C", str(repo.path), "ls-tree", "-r", "-z", "HEAD"], capture_output=True, check=True
    ).stdout
    found = {}
    for line in output.split(b"\0")[:-1]:
        fields, _, path = line.partition(b"\t")
        mode, _, blob = fields.decode().split()
        found[path] = (mode, blob)
    return found


names = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.binary(min_size=1, max_size=20).map(lambda raw: raw.replace(b"\0", b"0").replace(b"/", b"|")),
).filter(lambda name: name not in {b".", b".."} and not name.lower().startswith((b".git", b"git~")))


@posix
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.tuples(names, names), min_size=1, max_size=8))
def test_any_file_name_is_read_as_git_has_it(tmp_path: Path, paths: set[tuple[bytes, bytes]]) -> None:
    """Our list is ``git ls-tree``'s, and each file can be read back from the commit and from the work tree."""
    shutil.rmtree(tmp_path / "repo", ignore_errors=True)
    repo = story(tmp_path / "repo", "")
    for folder, name in paths:
        file = repo.path / os.fsdecode(b"d" + folder) / os.fsdecode(name)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(folder + name)
    with open_repository(repo.path) as repository:
        new = {os.fsencode(change.path) for change in repository.worktree.changes}
    repo.git("add", "-A", "-f")
    repo.git("commit", "-q", "-m", "one")
    (unit,) = units(repo.path)
    ours = {os.fsencode(change.path): (f"{change.new_mode:06o}", change.new_blob) for change in unit.changes}
    assert ours == by_ls_tree(repo)
    assert new == set(ours)
    with open_repository(repo.path) as repository, repository.history() as history:
        for folder, name in paths:
            path = os.fsdecode(b"d" + folder + b"/" + name)
            assert history.file_at(unit.commit.sha, path) == folder + name
            assert os.fsdecode(name) in (history.folder_at(unit.commit.sha, os.fsdecode(b"d" + folder)) or ())
            assert repository.worktree.text(path) == folder + name


FORMATS = [["--object-format=sha1"], ["--object-format=sha256"], ["--ref-format=reftable"]]
FORMATS.append([*FORMATS[1], *FORMATS[2]])


@pytest.mark.parametrize("options", [pytest.param(one, id="+".join(one)) for one in FORMATS])
def test_every_format_of_a_repository_is_read(tmp_path: Path, options: list[str]) -> None:
    """Ids are of any length, and references may live in a table."""
    probe = subprocess.run(["git", "init", "-q", *options, str(tmp_path / "probe")], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"this git does not know {options[-1]}")
    repo = story(
        tmp_path / "repo",
        """
        commit: one
          file: src/a.py
            a
        branch: topic
        commit: two
          file: src/b.py
            b
        checkout: main
        merge: topic
        """,
        *options,
    )
    merge, one = units(repo.path)
    assert [change.path for change in merge.changes] == ["src/b.py"]
    assert [inner.subject for inner in merge.inner] == ["two"]
    with open_repository(repo.path) as repository, repository.history() as history:
        assert history.blob(str(merge.changes[0].new_blob)) == b"b\n"
        assert history.file_at(one.commit.sha, "src/a.py") == b"a\n"
        assert history.folder_at(merge.commit.sha, "src") == ("a.py", "b.py")
        assert repository.clone.branch == "main"
        assert repository.worktree.changes == ()


def test_merges_of_every_kind(tmp_path: Path) -> None:
    """An octopus; a merge with work of its own; one of a branch that had nothing new; two lines that cross."""
    repo = story(
        tmp_path,
        """
        commit: zero
        branch: a
        commit: a
          file: a.py
            a
        checkout: main
        branch: b
        commit: b
          file: b.py
            b
        checkout: main
        commit: one
        merge: a b
          subject: octopus
        branch: side
        commit: ahead
          file: c.py
            c
        checkout: main
        merge: side
          subject: up to date
        branch: left
        commit: l
          file: l.py
            l
        checkout: main
        commit: m
        branch: right
        checkout: left
        merge: right
          subject: right into left
        checkout: main
        merge: left~1
          subject: left into main
        merge: left
          subject: crossed
        """,
    )
    repo.git("checkout", "-q", "-b", "evil-side", "HEAD~1")
    repo.commit("evil side")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "evil-side")
    repo.write("evil.py", "made in the merge")
    repo.commit("evil")
    found = {unit.commit.subject: unit for unit in units(repo.path)}
    brought = {subject: {inner.subject for inner in unit.inner} for subject, unit in found.items() if unit.inner}
    assert brought == {
        "evil": {"evil side"},
        "crossed": {"right into left"},
        "left into main": {"l"},
        "up to date": {"ahead"},
        "octopus": {"a", "b"},
    }
    assert {change.path for change in found["octopus"].changes} == {"a.py", "b.py"}
    assert {change.path for change in found["evil"].changes} == {"evil.py"}
    assert found["crossed"].changes == ()


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_knows_where_it_ends(tmp_path: Path, depth: int) -> None:
    """The last commit looks as if it had added every file; nothing is said of it."""
    story(tmp_path / "full", "".join(f"commit: {n}\n  file: f{n}.py\n    {n}\n" for n in range(3)))
    repo = Repo(tmp_path)
    repo.git("clone", "-q", f"--depth={depth}", f"file://{tmp_path}/full", "cut")
    found = units(tmp_path / "cut")
    assert len(found) == depth
    assert [unit.is_boundary for unit in found] == [False] * (depth - 1) + [True]
    assert [len(unit.changes) for unit in found] == [1] * (depth - 1) + [0]
    with open_repository(tmp_path / "cut") as repository, repository.history() as history:
        assert history.is_shallow
        assert history.resolve(f"HEAD~{depth}") is None
        (last,) = history.units_of([found[-1].commit.sha])
        assert last == found[-1]


def test_what_replaces_objects_is_set_aside(tmp_path: Path) -> None:
    """Replace refs and grafts are one person's view; the history is what was committed. Grafts are told of."""
    repo = story(tmp_path, "commit: one\ncommit: two\ncommit: three")
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    grafts = f"{repo.sha('two')}\n"
    repo.git("replace", "--graft", repo.sha("three"))
    (repo.path / ".git" / "info" / "grafts").write_text(grafts)
    assert [unit.commit.subject for unit in units(repo.path)] == ["three", "two", "one"]
    with open_repository(repo.path) as repository, repository.history() as history:
        assert "info/grafts" in history.warnings[0]


A = b"author A <a> 1 +0000\ncommitter A <a> 1 +0000\n"
COMMITTED = b"author A <a> 1 +0000\ncommitter A <a> "
ABSURD = {
    "year-3170843": (COMMITTED + b"99999999999999 +9999\n\nm", (99_999_999_999_999, "m")),
    "no-such-time": (COMMITTED + b"9" * 400 + b" +0\n\nm", None),
    "before-1970": (COMMITTED + b"-5 +0000\n\nm", None),
    "a-word-for-a-time": (COMMITTED + b"x +0000\n\nm", None),
    "no-author": (b"committer A <a> 1 +0000\n\nm", (1, "m")),
    "no-people": (b"\nm", (0, "m")),
    "a-nul-in-a-name": (b"author A\0B <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm", None),
    "no-message": (A + b"\n", (1, "")),
    "only-line-feeds": (A + b"\n\n\n", (1, "")),
    "a-nul-in-the-message": (A + b"\nm\0:100644", (1, "m")),
    "bytes": (A + b"\n\xff\xe9", (1, "\udcff\udce9")),
    "latin-1": (A + b"encoding ISO-8859-1\n\ncaf\xe9", (1, "café")),
    "no-such-encoding": (A + b"encoding no-such\n\ncaf\xe9", (1, "caf\udce9")),
    "hidden-nul": (A + b"encoding UTF-7\n\n+AAA-:100644+AAA-", None),
}


@pytest.mark.parametrize(("text", "expected"), [pytest.param(*case, id=name) for name, case in ABSURD.items()])
def test_one_absurd_commit_never_ends_a_scan(tmp_path: Path, text: bytes, expected: tuple[int, str] | None) -> None:
    """The commits around it are read, and so is what can be known of it."""
    repo = story(tmp_path, "commit: one\n  file: a.py\n    a")
    tree, parent = repo.git("rev-parse", "HEAD^{tree}", "HEAD").split()
    (tmp_path / "absurd").write_bytes(f"tree {tree}\nparent {parent}\n".encode() + text)
    sha = repo.git("hash-object", "-t", "commit", "-w", "--literally", "absurd")
    who = "Ann <ann@example.com> 1 +0000"
    last = f"tree {tree}\nparent {sha}\nauthor {who}\ncommitter {who}\n\nlast\n"
    last_sha = repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", text=last)
    repo.git("update-ref", "refs/heads/main", last_sha)
    newest, absurd, oldest = units(tmp_path)
    assert (newest.commit.subject, absurd.commit.sha, oldest.commit.subject) == ("last", sha, "one")
    assert absurd.changes == ()
    if expected is not None:
        assert (absurd.commit.committed_s, absurd.commit.message.rstrip("\n")) == expected


def test_submodules_and_links_are_entries_without_text(tmp_path: Path) -> None:
    """A change of a submodule's commit is listed; its content is nothing of ours."""
    inner = story(tmp_path / "inner", "commit: inner\n  file: x.py\n    x")
    repo = story(tmp_path / "outer", "commit: one")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "lib")
    (repo.path / "link.py").symlink_to("/etc/hostname")
    repo.commit("two")
    Repo(repo.path / "lib").commit("more")
    with open_repository(repo.path) as repository, repository.history() as history:
        unit = next(history.units("HEAD"))
        entries = {change.path: change for change in unit.changes}
        assert {path: change.new_mode for path, change in entries.items()} == {
            ".gitmodules": 0o100644,
            "lib": 0o160000,
            "link.py": 0o120000,
        }
        assert isinstance(history.blob(str(entries["lib"].new_blob)), Unavailable)
        assert history.file_at(unit.commit.sha, "link.py") is None
        assert history.folder_at(unit.commit.sha, "lib") is None
        assert history.folder_at(unit.commit.sha, "") == (".gitmodules", "lib", "link.py")
        assert [(change.status, change.path) for change in repository.worktree.changes] == [("M", "lib")]
    repo.git("submodule", "--quiet", "deinit", "-f", "lib")
    with open_repository(repo.path) as repository:
        assert repository.worktree.changes == ()


def test_a_sparse_checkout_has_deleted_nothing(tmp_path: Path) -> None:
    """What was never checked out is not work of the user's."""
    repo = story(tmp_path, "commit: one\n  file: a/a.py\n    a\n  file: b/b.py\n    b")
    repo.git("sparse-checkout", "set", "a")
    assert not (repo.path / "b").exists()
    with open_repository(repo.path) as repository:
        assert repository.worktree.changes == ()


def test_a_locked_index_is_no_hindrance(tmp_path: Path) -> None:
    """Some other git is at work; we only read."""
    repo = story(tmp_path, "commit: one\n  file: a.py\n    a")
    (repo.path / ".git" / "index.lock").touch()
    repo.write("a.py", "b")
    with open_repository(repo.path) as repository:
        assert [change.path for change in repository.worktree.changes] == ["a.py"]
        assert repository.worktree.staged() == ()


def fake_git(folder: Path, script: str) -> str:
    """A PATH on which git is the real one, but for what the script does to ``git log``."""
    folder.mkdir()
    real = shutil.which("git")
    (folder / "git").write_text(
        f'#!/bin/sh\ncase " $* " in *" log "*) {script}; exit;; esac\nexec {real} "$@"\n'.replace("REAL", str(real))
    )
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@posix
@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param('REAL "$@" | head -c 1000; exit 0', "breaks off", id="cut-in-a-field"),
        pytest.param('REAL "$@" | head -c 1000; kill -9 $$', "", id="killed"),
        pytest.param(
            'REAL "$@"; echo "fatal: disk on fire" >&2; exit 128', "fatal: disk on fire", id="fails-at-the-end"
        ),
        pytest.param("exit 0", "ended without commit", id="says-nothing"),
        pytest.param('REAL "$@" -3', "ended without commit", id="too-few"),
        pytest.param('REAL "$@" --reverse', "before any child", id="wrong-order"),
        pytest.param('REAL "$@" | tr a-f A-F', "where a commit has to begin", id="garbled"),
        pytest.param('REAL "$@" --no-such-option', "git 2.39 or newer", id="too-old"),
    ],
)
def test_a_log_that_ends_early_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    """Never a short list, whatever way git's answer goes wrong."""
    repo = story(tmp_path / "repo", "".join(f"commit: {n}\n  file: f{n}.py\n    {n}\n" for n in range(8)))
    monkeypatch.setenv("PATH", fake_git(tmp_path / "bin", script))
    with pytest.raises(UnreadableHistoryError) as caught:
        units(repo.path)
    assert said in f"{caught.value} {caught.value.hint}"


def test_a_torn_object_is_an_error_or_has_a_reason(tmp_path: Path) -> None:
    """A blob that cannot be read is told of; a tree or commit that cannot be read ends the scan with git's words."""
    repo = story(tmp_path, "commit: one\n  file: src/a.py\n    a\ncommit: two\n  file: src/b.py\n    b")
    blob, tree = repo.git("rev-parse", "HEAD:src/b.py", "HEAD:src").split()
    with open_repository(repo.path) as repository, repository.history() as history:
        _tear(repo, blob)
        torn = history.blob(blob)
        assert isinstance(torn, Unavailable)
        assert blob in torn.reason
        assert "fsck" in torn.cure
        assert history.resolve("HEAD")
        _tear(repo, tree)
        with pytest.raises(UnreadableHistoryError, match="a folder of commit HEAD"):
            history.folder_at("HEAD", "src")
        with pytest.raises(UnreadableHistoryError):
            list(history.units("HEAD"))


def _tear(repo: Repo, object_id: str) -> None:
    path = repo.path / ".git" / "objects" / object_id[:2] / object_id[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:10])
