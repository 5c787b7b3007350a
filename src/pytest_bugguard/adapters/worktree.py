"""Work that is not committed yet, read file by file: no filter runs, nothing is refreshed or written."""

from __future__ import annotations

import hashlib
import os
import stat
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.adapters.history import EXACT_RENAMES, RENAMES
from pytest_bugguard.core import gitlog, patches
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.model import FileChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.gitrunner import Git
    from pytest_bugguard.core.patches import Patch

_SYMLINK = 0o120000
# Asked for again when opening: what was a file may be a symlink or a pipe by now, and a pipe would keep us waiting.
_ITSELF = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
# Of a submodule only the commit counts: to see more, git would start itself in there, with its settings.
_RAW = ("--raw", "-z", "--no-abbrev", "--ignore-submodules=dirty", "-O/dev/null")
_HASHES = {40: hashlib.sha1, 64: hashlib.sha256}


class Renames(NamedTuple):
    """Files that have another name now."""

    names: dict[str, str]
    """Old to new."""
    is_whole: bool
    """False: of files that were changed too nothing is known, since a partial clone lacks what to compare."""


class GitWorkTree:
    """Implements ``journeys.ports.WorkTree``."""

    def __init__(self, top: Path, git: Git, staging: Git, head: str, is_partial: bool) -> None:  # noqa: FBT001
        """Set up for one work tree.

        Args:
            top: Its top level.
            git: Aimed at it.
            staging: The same, with the index that is about to be committed.
            head: The commit that is checked out; empty before the first one.
            is_partial: Whether a filter left objects out when it was cloned.
        """
        self._top = os.fsencode(top)
        self._plain = git
        self._staging = staging
        self._commit = head
        self._is_partial = is_partial
        self._renames = EXACT_RENAMES if is_partial else RENAMES

    @cached_property
    def changes(self) -> tuple[FileChange, ...]:
        """Work tree against HEAD, untracked files included (ignored ones not). ``new_blob`` is None: see ``text``."""
        # Without renames: files that git does not know yet could take no part in them.
        raw = self._against_head(self._git)
        changed = {change.path: change._replace(new_blob=None) for change in raw if self._has_changed(change)}
        return (*changed.values(), *self._untracked)

    def staged(self) -> tuple[FileChange, ...]:
        """Index against HEAD, renames found."""
        return self._against_head(self._staging, "--cached", *self._renames)

    def patches(self, base: str) -> tuple[Patch, ...]:
        """What became of each file between a commit and the work tree, line by line; untracked files are all new."""
        fixed = ("-p", "-U0", "--inter-hunk-context=0", "--text", "--no-ext-diff", "--no-textconv", "--no-color")
        prefixes = ("--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=all", "-O/dev/null")
        output = self._git.read("diff-index", *fixed, *prefixes, *self._renames, base, "--")
        new = [patches.whole(change.path, self.text(change.path) or b"") for change in self._untracked]
        return (*patches.parse(output), *new)

    def renames(self, commit: str) -> Renames:
        """The files that have another name now than in a commit."""
        try:
            return Renames(self._renamed_since(commit, RENAMES), is_whole=True)
        except UnreadableHistoryError:
            if not self._is_partial:
                raise
        return Renames(self._renamed_since(commit, EXACT_RENAMES), is_whole=False)

    def _renamed_since(self, commit: str, renames: Sequence[str]) -> dict[str, str]:
        changes = gitlog.changes(gitlog.tokens([self._git.read("diff-index", *_RAW, *renames, commit, "--")]))
        return {one.old_path: one.new_path for one in changes if one.status == "R" and one.old_path and one.new_path}

    def written_in(self, path: str) -> str | None:
        """The newest commit that changed a file; None where none did."""
        output = self._git.read("rev-list", "-1", self._commit, "--", path) if self._commit else b""
        return output.decode("ascii").strip() or None

    def python_files(self) -> tuple[str, ...]:
        """Every Python file that git knows or could know, by path."""
        output = self._git.read("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return tuple(sorted({path for path in gitlog.tokens([output]) if path.endswith(".py")}))

    def text(self, path: str) -> bytes | None:
        """The content of a regular file in the work tree; None for a symlink, a folder or nothing."""
        try:
            place = self._place(path)
            if not stat.S_ISREG(os.lstat(place).st_mode):
                return None
            with open(place, "rb", opener=_open_itself) as file:
                return file.read()
        except (OSError, ValueError):
            return None

    @cached_property
    def _git(self) -> Git:
        return self._plain.without_filters()

    def _against_head(self, git: Git, *options: str) -> tuple[FileChange, ...]:
        output = git.read("diff-index", *_RAW, *options, self._head, "--")
        return tuple(_settled(gitlog.changes(gitlog.tokens([output]))))

    @cached_property
    def _head(self) -> str:
        """HEAD's commit, or before the first one the tree without files, which git knows by heart."""
        if self._commit:
            return self._commit
        empty = self._git.read("rev-parse", "--show-object-format").decode().strip()
        return hashlib.new(empty, b"tree 0\0", usedforsecurity=False).hexdigest()

    def _has_changed(self, change: FileChange) -> bool:
        """Whether a file that only looks changed by its time stamp really is. git would rewrite its index to know."""
        if change.old_blob is None or change.old_mode != change.new_mode:
            return True
        content = self._link(change.path) if change.old_mode == _SYMLINK else self.text(change.path)
        if content is None:
            return True
        # Line ends as a checkout under core.autocrlf leaves them are no change either.
        forms = (content, content.replace(b"\r\n", b"\n"))
        return all(_blob_id(form, like=change.old_blob) != change.old_blob for form in forms)

    @cached_property
    def _untracked(self) -> tuple[FileChange, ...]:
        output = self._git.read("ls-files", "-z", "--others", "--exclude-standard")
        modes = ((path, self._mode(path)) for path in gitlog.tokens([output]))
        return tuple(FileChange("A", None, path, 0, mode, None, None) for path, mode in modes if mode is not None)

    def _mode(self, path: str) -> int | None:
        """The mode that git would record; None for a folder (a repository inside this one) and what it cannot hold."""
        try:
            found = os.lstat(self._place(path)).st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISLNK(found):
            return _SYMLINK
        if not stat.S_ISREG(found):
            return None
        return 0o100755 if found & stat.S_IXUSR else 0o100644

    def _link(self, path: str) -> bytes | None:
        try:
            return os.readlink(self._place(path))  # noqa: PTH115  # bytes: names need not be text
        except (OSError, ValueError):
            return None

    def _place(self, path: str) -> bytes:
        """The file's place on disk, with no symlink on the way to it.

        Raises:
            ValueError: There is one, or the path leads out of the work tree.
        """
        *folders, name = path.encode("utf-8", "surrogateescape").split(b"/")
        place = self._top
        for folder in folders:
            place = os.path.join(place, folder)  # noqa: PTH118  # bytes: names need not be text
            if folder in (b"", b".", b"..") or os.path.islink(place):  # noqa: PTH114
                raise ValueError(path)
        return os.path.join(place, name)  # noqa: PTH118


def _open_itself(place: str, flags: int) -> int:
    return os.open(place, flags | _ITSELF)


def _blob_id(content: bytes, *, like: str) -> str:
    """The id that git would give to a content, in the format of another id."""
    made = _HASHES[len(like)](b"blob %d\0" % len(content), usedforsecurity=False)
    made.update(content)
    return made.hexdigest()


def _settled(changes: tuple[FileChange, ...]) -> Iterator[FileChange]:
    """The entries without the marks of a conflict: an unfinished merge lists such a file a second time."""
    return (change for change in changes if change.status in "ACDMRT")
