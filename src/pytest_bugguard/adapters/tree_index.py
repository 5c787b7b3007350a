"""What does git take a scratch tree to hold? Its index: read, changed, and made to keep quiet about the change."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.adapters.gitrunner import unreadable
from pytest_bugguard.core.errors import ScratchError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.gitrunner import Git
    from pytest_bugguard.core.runs import Put

FORMATS = {40: "sha1", 64: "sha256"}
"""How ids are made, by their length."""
_IGNORED = "Ignoring path "


class Entry(NamedTuple):
    """A file of the index."""

    path: str
    mode: int
    blob: str


def entries(listed: bytes) -> dict[str, Entry]:
    """The files of a commit, by path."""
    found = {}
    for line in listed.split(b"\0")[:-1]:
        fields, _, path = line.partition(b"\t")
        mode, blob, _ = fields.decode("ascii").split(" ")
        name = path.decode("utf-8", "surrogateescape")
        found[name] = Entry(name, int(mode, 8), blob)
    return found


def stored(git_dir: Path, put: Put, commit: str) -> Entry:
    """The entry of what is put, and its blob where there is one, as a loose object of the tree's own.

    git itself would touch the file of the same blob in the user's repository, to keep it from being collected
    (``freshen_loose_object`` of its ``object-file.c``).
    """
    if put.content is None:
        return Entry(put.path, 0, "0" * len(commit))
    whole = b"blob %d\0%b" % (len(put.content), put.content)
    blob = hashlib.new(FORMATS[len(commit)], whole, usedforsecurity=False).hexdigest()
    place = git_dir / "objects" / blob[:2] / blob[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(whole, 1))
    return Entry(put.path, put.mode, blob)


def update(git: Git, found: Sequence[Entry]) -> None:
    """Have the index hold what is put: git itself then writes every file, with the line ends that its attributes say.

    So it is git, too, that keeps a path from leaving the tree, through ``..`` or through a symlink in it.
    """
    if not found:
        return
    lines = "".join(f"{entry.mode:o} {entry.blob}\t{entry.path}\0" for entry in found)
    answer = git.ask("update-index", "-z", "--index-info", text=lines.encode("utf-8", "surrogateescape"))
    if answer.status:
        raise unreadable("update-index", answer.status, answer.complaint.splitlines())
    if answer.complaint.startswith(_IGNORED):
        raise no_path(answer.complaint.removeprefix(_IGNORED))


def hide(git: Git, puts: Sequence[Put], held: dict[str, Entry]) -> None:
    """Let git take replaced files for those of the commit.

    Some tests ask git whether the checkout is clean, or for a version that says so: they are to get the same
    answer with and without the fix. A file that is not there, or was not, stays a change: whoever lists
    git's files wants to open them.
    """
    if puts:
        update(git, [held[put.path] for put in puts])
        paths = "".join(f"{put.path}\0" for put in puts).encode("utf-8", "surrogateescape")
        git.read("update-index", "--skip-worktree", "-z", "--stdin", text=paths)


def no_path(path: str) -> ScratchError:
    return ScratchError(f"scratch tree: {path!a} is no path of a file in a tree", hint="git fsck --full")
