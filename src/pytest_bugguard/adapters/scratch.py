"""Scratch trees: the files of a commit outside of the user's repository, some replaced, in a repository of their own.

It borrows the user's objects (as ``git clone --shared`` would) and shares nothing else: no configuration, hook,
filter, remote, index or reference. A linked worktree would share all of them, and a test that calls
``git config`` or ``git tag`` in it would write into the user's repository.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.adapters import carryover, tree_index, workspace
from pytest_bugguard.adapters.carryover import NOTHING, Carryover
from pytest_bugguard.adapters.gitrunner import Git
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.errors import ScratchError, UnreadableHistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.adapters.tree_index import Entry
    from pytest_bugguard.core.runs import Put

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUBMODULE = 0o160000
_LFS = b"version https://git-lfs.github.com/spec/"
_LISTS = 8
"""So many commits are remembered: a list of a large one takes some megabytes."""
_UNWRITABLE = re.compile(r"unable to (?:write|create)|No space left|write error|quota|Read-only|Permission denied")
_OWN_CONFIG = """\
[core]
\thooksPath = /dev/null
\tfsmonitor = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[commit]
\tgpgSign = false
[tag]
\tgpgSign = false
"""
"""Stronger than the user's own, which reaches the tests that call git; a housekeeping git would outlive its test."""


class ScratchTree(Struct, frozen=True):
    """Implements ``journeys.ports.Tree``."""

    folder: Path
    """What is removed at the end: the tree stands in it."""
    place: Path

    @property
    def top(self) -> str:
        """The folder, absolute; for showing and for the runner."""
        return str(self.place)

    def keep(self) -> None:
        """Leave it there when everything else is cleaned up."""
        try:
            workspace.keep(self.folder)
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    def state(self) -> frozenset[tuple[str, int, int, int]]:
        """All that is there, git's own files too, but no bytecode: by path, time, size and mode."""
        return frozenset(_entries(str(self.place)))


def _entries(top: str) -> Iterator[tuple[str, int, int, int]]:
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.endswith(".pyc")]
        except OSError:  # nobody may look into it any more
            yield folder, -1, 0, 0
            continue
        for entry in entries:
            found = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
                if entry.name != "__pycache__":
                    yield entry.path, 0, 0, found.st_mode  # its time is that of its last bytecode, too
            else:
                yield entry.path, found.st_mtime_ns, found.st_size, found.st_mode


class GitScratch:
    """Implements ``journeys.ports.Scratch``. Close it, or use it in a ``with`` block; threads may share it."""

    def __init__(self, repository: Repository, *, carry: Carryover = NOTHING, space: Workspace | None = None) -> None:
        """Make trees of a repository's commits, each with what is carried over from its work tree."""
        self._repository = repository
        self._carry = carry
        self._workspace = space or Workspace()
        self._name = _neutral_name(repository)
        self._patterns: dict[int, Path] = {}
        """What each tree's ``.git`` begins as, by the length of an id."""
        self._listed: dict[str, bytes] = {}
        """What each commit holds, as git lists an index; of the last few."""
        self._guard = threading.Lock()

    @contextmanager
    def plant(self, commit: str, puts: Sequence[Put]) -> Iterator[ScratchTree]:
        """A fresh tree of a commit, with files laid over it; taken away at the end.

        Raises:
            ScratchError: It cannot be made (objects are missing, the disk is full), with the cure.
        """
        for put in puts:
            _check(put)
        try:
            folder = self._folder()
        except OSError as error:
            raise _unwritable(self._workspace.parent, error) from error
        try:
            tree = ScratchTree(folder, folder / self._name)
            try:
                self._fill(tree.place, commit, puts)
            except OSError as error:
                raise _unwritable(folder, error) from error
            yield tree
        finally:
            if not workspace.is_kept(folder):
                workspace.remove(folder)

    def merge(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Three versions of a file merged as git does it; None where they conflict, or are no text.

        Raises:
            ScratchError: The disk is full, or nothing can be written there.
        """
        try:
            folder = self._folder()
            try:
                for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
                    (folder / name).write_bytes(content)
                answer = Git(("-C", str(folder))).ask("merge-file", "-p", "--quiet", "ours", "base", "theirs")
            finally:
                workspace.remove(folder)
        except OSError as error:
            raise _unwritable(self._workspace.parent, error) from error
        return None if answer.status else answer.output

    def close(self) -> None:
        """Take away every tree that was not kept."""
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _folder(self) -> Path:
        parent = self._workspace.parent.resolve()
        around = (self._repository.top, self._repository.git_dir, self._repository.common_dir)
        if any(parent.is_relative_to(folder.resolve()) for folder in around if folder is not None):
            raise ScratchError(
                f"scratch tree: the folder for temporary files, {str(parent)!a}, lies in the repository",
                hint="TMPDIR names one outside of it",
            )
        return self._workspace.folder()

    def _fill(self, top: Path, commit: str, puts: Sequence[Put]) -> None:
        try:
            git_dir = top / ".git"
            workspace.copy(self._pattern(commit), git_dir)
            (git_dir / "HEAD").write_text(f"{commit}\n", encoding="ascii")
            git = Git.alone(git_dir, top)
            # Which notes the trees of a commit, too: a test that commits would have git write them all anew.
            git.read("read-tree", commit)
            held = self._held(git, commit) if puts else {}
            for put in puts:
                _refuse_below_submodule(put.path, held)
            tree_index.update(git, [tree_index.stored(git_dir, put, commit) for put in puts])
            git.read("checkout-index", "--all", "--index", "--force", "--quiet")
            tree_index.hide(git, [put for put in puts if put.content is not None and put.path in held], held)
        except UnreadableHistoryError as error:
            raise self._explained(error) from error
        carryover.lay(self._carry.files, top, besides=frozenset(put.path for put in puts))

    def _pattern(self, commit: str) -> Path:
        """The repository that every tree has a copy of: nothing in its index, and no HEAD to speak of."""
        if not _ID.fullmatch(commit):
            raise ScratchError(f"scratch tree: {commit!a} is no commit id")
        with self._guard:
            if len(commit) not in self._patterns:
                self._patterns[len(commit)] = self._founded(self._folder(), tree_index.FORMATS[len(commit)])
            return self._patterns[len(commit)]

    def _founded(self, top: Path, form: str) -> Path:
        git_dir = top / ".git"
        # Without templates: the user's may bring hooks.
        git = replace(Git.alone(git_dir, top), place=())
        git.read("init", "--quiet", "--template=", f"--object-format={form}", str(top))
        common = self._repository.common_dir
        (git_dir / "objects" / "info").mkdir(exist_ok=True)
        (git_dir / "objects" / "info" / "alternates").write_bytes(_quoted(os.fsencode(common / "objects")) + b"\n")
        if self._repository.is_shallow:
            (git_dir / "shallow").write_bytes((common / "shallow").read_bytes())
        tags = ("for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
        (git_dir / "packed-refs").write_bytes(self._repository.git().read(*tags))
        with (git_dir / "config").open("a", encoding="utf-8") as config:
            config.write(_OWN_CONFIG)
        return git_dir

    def _held(self, git: Git, commit: str) -> dict[str, Entry]:
        """The files of the commit that is in the index, by path."""
        with self._guard:
            listed = self._listed.get(commit)
        if listed is None:
            listed = git.read("ls-files", "--stage", "-z")
            with self._guard:
                if len(self._listed) >= _LISTS:
                    self._listed.clear()
                self._listed[commit] = listed
        return tree_index.entries(listed)

    def _explained(self, error: UnreadableHistoryError) -> ScratchError:
        said = str(error)
        if _UNWRITABLE.search(said):
            return ScratchError(f"scratch tree: {said}", hint=_elsewhere(self._workspace.parent))
        if self._repository.is_partial:
            return ScratchError(f"scratch tree: {said}", hint="git fetch --refetch --no-filter")
        if self._repository.is_shallow:
            return ScratchError(f"scratch tree: {said}", hint="git fetch --unshallow (in CI: fetch-depth: 0)")
        return ScratchError(f"scratch tree: {said}", hint=error.hint)


def _neutral_name(repository: Repository) -> str:
    """The name of the user's own folder, as far as it is safe in a search path: the same for every tree."""
    around = repository.top or repository.git_dir
    return re.sub(r"[^A-Za-z0-9_-]+", "-", around.name.removesuffix(".git")).strip("-") or "tree"


def _check(put: Put) -> None:
    """Refuse what is not all of what it stands for.

    Raises:
        ScratchError: It is no file, or its content is kept elsewhere.
    """
    if any(part in {"", ".", ".."} or "\0" in part for part in put.path.split("/")):
        raise tree_index.no_path(put.path)
    if put.mode == _SUBMODULE:
        raise _in_submodule(put.path, put.path)
    if put.content is not None and put.content.startswith(_LFS):
        raise ScratchError(
            f"scratch tree: {put.path!a} is kept by git LFS: its commits hold a pointer to it only",
            hint="keep what the tests import out of LFS, or waive the fix",
        )


def _refuse_below_submodule(path: str, held: dict[str, Entry]) -> None:
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        around = "/".join(parts[:length])
        if around in held and held[around].mode == _SUBMODULE:
            raise _in_submodule(path, around)


def _in_submodule(path: str, submodule: str) -> ScratchError:
    return ScratchError(
        f"scratch tree: {path!a} lies in the submodule {submodule!a}, whose files are in another repository",
        hint="run it in the submodule's own checkout, or waive the fix",
    )


def _quoted(path: bytes) -> bytes:
    """As git reads names in lists of paths: between quotation marks any sign is allowed."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"' % escaped


def _unwritable(folder: Path, error: OSError) -> ScratchError:
    why = error.strerror or str(error)
    return ScratchError(f"scratch tree: nothing can be written to {str(folder)!a}: {why}", hint=_elsewhere(folder))


def _elsewhere(folder: Path) -> str:
    return f"make room in {str(folder)!a}, or let TMPDIR name another folder"
