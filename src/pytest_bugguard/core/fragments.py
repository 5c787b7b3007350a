"""Which news fragment a change adds: towncrier's ``changelog/123.bugfix.rst`` and its dialects. Pure; no I/O."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.core.model import FileChange


class Kind(Enum):
    """What a fragment announces."""

    FIX = "fix"
    OTHER = "other"


_FOLDERS = frozenset(
    {
        "news", "newsfragments", "newsfragment", "news.d", "changelog", "changelogs", "changelog.d", "changes",
        "changes.d", "change_notes", "changelog_fragments", "changelog-fragments", "fragments", "release-notes",
        "releasenotes", "release_notes", "upcoming_changes",
    }
)  # fmt: skip
_FIX_KINDS = frozenset({"bugfix", "bugfixes", "bug", "fix", "fixed", "hotfix"})
_OTHER_KINDS = frozenset(
    {
        "feature", "features", "removal", "removed", "deprecation", "deprecated", "doc", "docs", "misc",
        "trivial", "process", "vendor", "breaking", "contrib", "packaging", "enhancement", "improvement",
        "added", "internal",
    }
)  # fmt: skip
_UNMISTAKABLE = frozenset({"bugfix", "bugfixes"})  # also outside a folder with a usual name


def kind(path: str) -> Kind | None:
    """What the fragment at this path announces; None where it is no fragment.

    The kind is a dotted part of the name after the first (``123.bugfix``, ``123.bugfix.1.rst``, ``+slug.bugfix.md``).
    """
    if "." not in path:
        return None
    *folders, name = path.lower().split("/")
    parts = set(name.split(".")[1:])
    is_at_home = any(folder in _FOLDERS for folder in folders)
    if parts & (_FIX_KINDS if is_at_home else _UNMISTAKABLE):
        return Kind.FIX
    return Kind.OTHER if is_at_home and parts & _OTHER_KINDS else None


def added(changes: Iterable[FileChange]) -> Iterable[tuple[str, Kind]]:
    """Path and kind of the fragments that a change adds; one that is only renamed is not new."""
    for change in changes:
        if change.status in "AC" and change.new_path is not None and (found := kind(change.new_path)) is not None:
            yield change.new_path, found
