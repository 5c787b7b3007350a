"""What a folder of a commit holds: git's tree objects, taken apart. Pure; no I/O."""

from __future__ import annotations

from typing import NamedTuple

from pytest_bugguard.core.errors import UnreadableHistoryError

FOLDER = 0o040000
REGULAR = frozenset({0o100644, 0o100755, 0o100664})
"""Modes of files with a content of their own: no symlinks, no submodules. The last was written by early gits."""


class Entry(NamedTuple):
    """What stands in a tree under a name."""

    mode: int
    object_id: str


def entries(tree: bytes, id_bytes: int) -> dict[str, Entry]:
    """The entries of a tree object by name, in git's order.

    Args:
        tree: The object's content: ``mode SP name NUL id``, repeated; the id is binary.
        id_bytes: Length of an id: 20 for SHA-1, 32 for SHA-256.

    Raises:
        UnreadableHistoryError: The object is torn.
    """
    found: dict[str, Entry] = {}
    at = 0
    try:
        while at < len(tree):
            space = tree.index(b" ", at)
            nul = tree.index(b"\0", space)
            end = nul + 1 + id_bytes
            if end > len(tree):
                raise UnreadableHistoryError("a tree object breaks off inside an entry")
            name = tree[space + 1 : nul].decode("utf-8", "surrogateescape")
            found[name] = Entry(int(tree[at:space], 8), tree[nul + 1 : end].hex())
            at = end
    except ValueError:
        raise UnreadableHistoryError(f"a tree object makes no sense after {at} bytes") from None
    return found
