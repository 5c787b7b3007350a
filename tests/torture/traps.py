"""A repository that would run a program on every occasion that git knows, and ways to see whether one ran."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.adapters.timeline import GitTimeline
from pytest_bugguard.core.faults import Lines
from pytest_bugguard.journeys.tracing import trace
from tests.story import story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.model import FileChange, Unit
    from tests.story import Repo

HOOKS = (
    "post-checkout",
    "post-index-change",
    "fsmonitor-watchman",
    "reference-transaction",
    "pre-auto-gc",
    "post-commit",
)
IMPORTED = (
    "__future__.py",
    "conftest.py",
    "evil_plugin.py",  # named by .coveragerc
    "git.py",
    "pathlib.py",
    "setup.py",
    "sitecustomize.py",
    "tests/__init__.py",
    "tests/test_a.py",
    "tomli.py",
)
"""Files that leave a mark where somebody imports them."""
LINES = "".join(f"line_{number} = {number}\n" for number in range(30))


@dataclass
class Trapped:
    """A booby-trapped repository and the folder where a trap that went off leaves its mark."""

    repo: Repo
    marks: Path

    @property
    def sprung(self) -> list[str]:
        """The traps that went off."""
        return sorted(mark.name for mark in self.marks.iterdir())

    def trap(self, name: str) -> str:
        """A program that leaves a mark and does harm to whoever believes its output."""
        program = self.marks.parent / f"trap-{name}"
        program.write_text(f"#!/bin/sh\ntouch '{self.marks}/{name}'\ncat 2>/dev/null\nexit 1\n")
        program.chmod(0o755)
        return str(program)

    def set(self, key: str, name: str) -> None:
        """Make a trap of a setting."""
        self.repo.git("config", key, self.trap(name))


def trapped(folder: Path) -> Trapped:
    """Merges, renames, a submodule, touched and staged files, signed commits; and every trap around them."""
    marks = folder / "marks"
    marks.mkdir(parents=True)
    files = "".join(
        f"""
          file: {path}
            open({str(marks / path.replace("/", "."))!r}, "w")
            def test_a(): pass"""
        for path in IMPORTED
    )
    repo = story(
        folder / "repo",
        f"""
        commit: one
          file: .gitattributes
            * diff=evil merge=evil
            *.cfg filter=evil
          file: a.py
            a = 1
          file: racy.cfg
            made in the same instant as the index
          file: long.cfg
            {LINES.strip().replace(chr(10), chr(10) + " " * 12)}
        branch: topic
        commit: two
          rename: long.cfg -> moved.cfg
        checkout: main
        commit: fix: three
          file: .coveragerc
            [run]
            plugins = evil_plugin
          file: a.py
            a = 2{files}
        merge: topic
        """,
    )
    inner = story(folder / "inner", "commit: inner\n  file: x.py\n    x")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    repo.commit("four")
    repo.write("a.py", "a = 3\n")
    repo.git("add", "a.py")
    repo.git("mv", "moved.cfg", "again.cfg")
    repo.write("again.cfg", LINES + "more = 1\n")
    repo.git("add", "again.cfg")
    repo.write("a.py", "a = 4\n")
    repo.write("sub/x.py", "dirty")
    os.utime(repo.path / "again.cfg", (1, 1))
    # Not older than the index: git cannot tell by the time whether it has changed, and compares the content.
    os.utime(repo.path / "racy.cfg", (4_000_000_000, 4_000_000_000))
    repo.git("add", "racy.cfg")
    found = Trapped(repo, marks)
    _set(found)
    _sign(found)
    return found


def _set(found: Trapped) -> None:
    for key in ("core.fsmonitor", "core.pager", "pager.log", "core.editor", "core.sshCommand", "core.askPass"):
        found.set(key, key)
    for key in ("diff.external", "diff.evil.command", "diff.evil.textconv", "gpg.program", "gpg.ssh.program"):
        found.set(key, key)
    for key in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "merge.evil.driver"):
        found.set(key, key)
    for key in (
        "credential.helper",
        "interactive.diffFilter",
        "uploadpack.packObjectsHook",
        "core.alternateRefsCommand",
    ):
        found.set(key, key)
    found.repo.git("config", "filter.evil.required", "true")
    found.repo.git("config", "log.showSignature", "true")
    found.repo.git("config", "diff.ignoreSubmodules", "none")
    hooks = found.repo.path / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        (hooks / name).symlink_to(found.trap(f"hook-{name}"))
    (found.repo.path / ".git" / "info" / "exclude").write_text("hooks/\n")
    found.repo.git("config", "core.hooksPath", str(hooks))
    inside = found.repo.path / ".git" / "modules" / "sub" / "config"
    inside.write_text(inside.read_text() + f'[core]\n\tfsmonitor = "{found.trap("submodule-fsmonitor")}"\n')


def _sign(found: Trapped) -> None:
    """Put a commit on top that claims a signature, so that git would ask gpg about it."""
    git = found.repo.path / ".git"
    tree, parent = found.repo.git("rev-parse", "HEAD^{tree}", "HEAD").split()
    who = "Ann <ann@example.com> 1704067200 +0000"
    signature = "-----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    text = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\ngpgsig {signature}\n\nfive\n"
    sha = found.repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", text=text)
    (git / "refs" / "heads" / "main").write_text(f"{sha}\n")


def read_everything(start: Path) -> tuple[list[Unit], tuple[FileChange, ...], tuple[FileChange, ...]]:
    """Every read that the adapters can do, on every commit."""
    with open_repository(start) as repository, repository.history() as history:
        head = history.resolve("HEAD")
        assert head is not None
        assert repository.clone.branch
        history.merge_base("HEAD~1", "HEAD")
        units = list(history.units(head))
        assert list(history.units_of([unit.commit.sha for unit in units])) == units
        timeline = GitTimeline(repository, history)
        timeline.tags()
        graph = timeline.graph([head])
        assert graph is not None
        assert {unit.commit.sha for unit in units} <= set(graph)
        list(timeline.messages([head], without=units[-1].commit.sha))
        if history.file_at(head, "a.py") is not None:
            (traced,) = trace({head: [Lines(head, "a.py", (1,))]}, history, boundary=timeline.boundary)
            assert traced.origin in graph
        for unit in units:
            history.folder_at(unit.commit.sha, "")
            history.file_at(unit.commit.sha, "a.py")
            for blob in {change.new_blob for change in unit.changes} - {None}:
                history.blob(str(blob))
        if repository.top is None:
            return units, (), ()
        worktree = repository.worktree
        changes, staged = worktree.changes, worktree.staged()
        for change in changes:
            worktree.text(change.path)
        return units, changes, staged


def digest(folder: Path, *, with_times: bool = True) -> dict[str, str]:
    """Everything below a folder by its path: contents, modes, links, and times."""
    return {
        os.fsencode(path.relative_to(folder)).hex(): _digest(path, with_times=with_times) for path in folder.rglob("*")
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The paths by which two digests differ."""
    differing = (path for path in before | after if before.get(path) != after.get(path))
    return {os.fsdecode(bytes.fromhex(path)) for path in differing}


def _digest(path: Path, *, with_times: bool) -> str:
    found = path.lstat()
    whole = hashlib.sha256(f"{found.st_mode:o} {found.st_mtime_ns if with_times else ''}\n".encode())
    if path.is_symlink():
        whole.update(os.fsencode(path.readlink()))
    elif path.is_file():
        whole.update(path.read_bytes())
    return whole.hexdigest()


def descriptors() -> set[str]:
    """What this process has open."""
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def children() -> list[int]:
    """Processes that this one started and that are still there, dead ones that nobody took note of included."""
    return [pid for pid, parent in _processes() if parent == os.getpid()]


def _processes() -> Iterator[tuple[int, int]]:
    assert sys.platform == "linux"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            yield int(entry.name), int(stat.rpartition(")")[2].split()[1])
