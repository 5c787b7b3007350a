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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Self

from pytest_bugguard.adapters import carryover, workspace
from pytest_bugguard.adapters.carryover import NOTHING, Carryover
from pytest_bugguard.adapters.gitrunner import Git, unreadable
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.errors import ScratchError, UnreadableHistoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.core.runs import Put

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUBMODULE = 0o160000
_LFS = b"version https://git-lfs.github.com/spec/"
_IGNORED = "Ignoring path "
_FORMATS = {40: "sha1", 64: "sha256"}
_UNWRITABLE = re.compile(r"unable to (?:write|create)|No space left|quota|Read-only|Permission denied")
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


class _Entry(NamedTuple):
    """A file of the index."""

    mode: int
    blob: str


@dataclass(frozen=True, slots=True)
class ScratchTree:
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


class GitScratch:
    """Implements ``journeys.ports.Scratch``. Close it, or use it in a ``with`` block; threads may share it."""

    def __init__(self, repository: Repository, *, carry: Carryover = NOTHING, space: Workspace | None = None) -> None:
        """Make trees of a repository's commits, each with what is carried over from its work tree."""
        self._repository = repository
        self._carry = carry
        self._workspace = space or Workspace()
        self._name = _neutral_name(repository)
        self._tags: bytes | None = None
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
            git = self._founded(top, commit)
            git.read("read-tree", commit)
            held = _entries(git)
            for put in puts:
                _refuse_below_submodule(put.path, held)
            _stage(git, top / ".git" / "puts", puts, nothing="0" * len(commit))
            git.read("checkout-index", "--all", "--index", "--force", "--quiet")
            _hide(git, [put for put in puts if put.content is not None and put.path in held], held)
        except UnreadableHistoryError as error:
            raise self._explained(error) from error
        carryover.lay(self._carry.files, top, besides=frozenset(put.path for put in puts))

    def _founded(self, top: Path, commit: str) -> Git:
        """A repository with HEAD at a commit, and nothing in its index."""
        if not _ID.fullmatch(commit):
            raise ScratchError(f"scratch tree: {commit!a} is no commit id")
        git_dir = top / ".git"
        git = Git.alone(git_dir, top)
        # Without templates: the user's may bring hooks.
        replace(git, place=()).read(
            "init", "--quiet", "--template=", f"--object-format={_FORMATS[len(commit)]}", str(top)
        )
        common = self._repository.common_dir
        (git_dir / "objects" / "info").mkdir(exist_ok=True)
        (git_dir / "objects" / "info" / "alternates").write_bytes(_quoted(os.fsencode(common / "objects")) + b"\n")
        if self._repository.is_shallow:
            (git_dir / "shallow").write_bytes((common / "shallow").read_bytes())
        (git_dir / "packed-refs").write_bytes(self._tag_lines())
        (git_dir / "HEAD").write_text(f"{commit}\n", encoding="ascii")
        with (git_dir / "config").open("a", encoding="utf-8") as config:
            config.write(_OWN_CONFIG)
        return git

    def _tag_lines(self) -> bytes:
        with self._guard:
            if self._tags is None:
                form = "--format=%(objectname) %(refname)"
                self._tags = self._repository.git().read("for-each-ref", form, "refs/tags")
            return self._tags

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
        raise _no_path(put.path)
    if put.mode == _SUBMODULE:
        raise _in_submodule(put.path, put.path)
    if put.content is not None and put.content.startswith(_LFS):
        raise ScratchError(
            f"scratch tree: {put.path!a} is kept by git LFS: its commits hold a pointer to it only",
            hint="keep what the tests import out of LFS, or waive the fix",
        )


def _no_path(path: str) -> ScratchError:
    return ScratchError(f"scratch tree: {path!a} is no path of a file in a tree", hint="git fsck --full")


def _refuse_below_submodule(path: str, held: dict[str, _Entry]) -> None:
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


def _entries(git: Git) -> dict[str, _Entry]:
    """The index, by path."""
    found = {}
    for line in git.read("ls-files", "--stage", "-z").split(b"\0")[:-1]:
        fields, _, path = line.partition(b"\t")
        mode, blob, _ = fields.decode("ascii").split(" ")
        found[path.decode("utf-8", "surrogateescape")] = _Entry(int(mode, 8), blob)
    return found


def _stage(git: Git, folder: Path, puts: Sequence[Put], *, nothing: str) -> None:
    """Have the index hold what is put: git itself then writes every file, with the line ends that its attributes say.

    So it is git, too, that keeps a path from leaving the tree, through ``..`` or through a symlink in it.
    """
    gone = [put.path for put in puts if put.content is None]
    here = [(put, put.content) for put in puts if put.content is not None]
    if gone:
        _update(git, ((path, _Entry(0, nothing)) for path in gone))
    if here:
        blobs = _stored(git, folder, [content for _, content in here])
        _update(git, ((put.path, _Entry(put.mode, blob)) for (put, _), blob in zip(here, blobs, strict=True)))


def _stored(git: Git, folder: Path, contents: Sequence[bytes]) -> list[str]:
    """The ids of new blobs. Written to files first: git takes many at once only from there."""
    folder.mkdir()
    places = [folder / str(number) for number in range(len(contents))]
    for place, content in zip(places, contents, strict=True):
        place.write_bytes(content)
    names = b"".join(b"%s\n" % _quoted(os.fsencode(place)) for place in places)
    ids = git.read("hash-object", "-w", "--no-filters", "--stdin-paths", text=names).decode("ascii").split()
    for place in places:
        place.unlink()
    folder.rmdir()
    return ids


def _update(git: Git, entries: Iterable[tuple[str, _Entry]]) -> None:
    lines = "".join(f"{entry.mode:o} {entry.blob}\t{path}\0" for path, entry in entries)
    answer = git.ask("update-index", "-z", "--index-info", text=lines.encode("utf-8", "surrogateescape"))
    if answer.status:
        raise unreadable("update-index", answer.status, answer.complaint.splitlines())
    if answer.complaint.startswith(_IGNORED):
        raise _no_path(answer.complaint.removeprefix(_IGNORED))


def _hide(git: Git, puts: Sequence[Put], held: dict[str, _Entry]) -> None:
    """Let git take replaced files for those of the commit.

    Some tests ask git whether the checkout is clean, or for a version that says so: they are to get the same
    answer with and without the fix. A file that is not there, or was not, stays a change: whoever lists
    git's files wants to open them.
    """
    if puts:
        _update(git, ((put.path, held[put.path]) for put in puts))
        paths = "".join(f"{put.path}\0" for put in puts).encode("utf-8", "surrogateescape")
        git.read("update-index", "--skip-worktree", "-z", "--stdin", text=paths)


def _quoted(path: bytes) -> bytes:
    """As git reads names in lists of paths: between quotation marks any sign is allowed."""
    escaped = path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"' % escaped


def _unwritable(folder: Path, error: OSError) -> ScratchError:
    why = error.strerror or str(error)
    return ScratchError(f"scratch tree: nothing can be written to {str(folder)!a}: {why}", hint=_elsewhere(folder))


def _elsewhere(folder: Path) -> str:
    return f"make room in {str(folder)!a}, or let TMPDIR name another folder"
