"""The files of one state of the repository: a commit, with uncommitted changes laid over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_bugguard.core.model import FileChange, Unavailable
    from pytest_bugguard.journeys.ports import Reader

_REGULAR_FILES = frozenset({0o100644, 0o100755, 0o100664})
"""Modes of which the text is read: never a symlink's target, never a submodule."""


class Snapshot(Struct, frozen=True, dict=True):
    """Reads a commit's files. What ``over`` names is read from there instead (None: deleted)."""

    reader: Reader
    commit: str | None
    """None before the first commit: there is nothing."""
    over: Mapping[str, Callable[[], bytes | None]] = field(default_factory=dict)

    def file(self, path: str) -> bytes | None:
        """The content of a regular file, or None."""
        if path in self.over:
            return self.over[path]()
        return self.reader.file_at(self.commit, path) if self.commit is not None else None

    def folder(self, path: str) -> tuple[str, ...] | None:
        """The sorted names in a folder, folders ending with ``/``; None where there is none."""
        listed = self.reader.folder_at(self.commit, path) if self.commit is not None else None
        prefix = f"{path}/" if path else ""
        names = set(listed or ())
        for changed in self.over:
            if changed.startswith(prefix):
                name, slash, _ = changed[len(prefix) :].partition("/")
                names.add(name + slash)
        return tuple(sorted(names)) if names or listed is not None else None

    def held_in(self, folder: str, names: frozenset[str]) -> frozenset[str]:
        """Those of the names that something in a folder has, or had: what is laid over it may be that it is gone."""
        held = self.reader.held_at(self.commit, folder, names) if self.commit is not None else frozenset()
        prefix = f"{folder}/" if folder else ""
        return held.union(name for name in names if f"{prefix}{name}" in self.over) if self.over else held

    def holds(self, path: str) -> bool:
        """Whether there is a file or a folder of this name."""
        return self.folder(path) is not None or self.file(path) is not None

    def is_package(self, folder: str) -> bool:
        """Whether a folder can be imported as a regular package."""
        return self.file(f"{folder}/__init__.py" if folder else "__init__.py") is not None

    def old_text(self, change: FileChange) -> bytes | Unavailable | None:
        """What a changed file held before; None where it was no regular file."""
        if change.old_blob is None or change.old_mode not in _REGULAR_FILES:
            return None
        return self.reader.blob(change.old_blob)

    def new_text(self, change: FileChange) -> bytes | Unavailable | None:
        """What a changed file holds now; None where it is no regular file."""
        if change.new_path is None or change.new_mode not in _REGULAR_FILES:
            return None
        if change.new_blob is None:
            return self.file(change.new_path)
        return self.reader.blob(change.new_blob)


def overlaid(
    reader: Reader,
    commit: str | None,
    changes: Sequence[FileChange],
    text: Callable[[FileChange], bytes | None],
) -> Snapshot:
    """A commit with changes laid over it; ``text`` gives the new content of one of them."""
    over: dict[str, Callable[[], bytes | None]] = {}
    for change in changes:
        if change.old_path is not None and change.status != "C":
            over[change.old_path] = _nothing
        if change.new_path is not None:
            over[change.new_path] = lambda change=change: text(change)  # type: ignore[misc]
    return Snapshot(reader, commit, over)


def _nothing() -> None:
    return None
