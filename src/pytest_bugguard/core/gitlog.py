"""What git's raw, NUL-separated answers say: commits, and the files that each changed. Pure; no I/O.

Paths may hold any byte but NUL, so nothing in here looks for a line or a quote: a path is what stands
where a path has to stand. Whatever does not fit is an error, never a shorter list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.model import Commit, FileChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = "tformat:%H%x00%P%x00%ct%x00%an <%ae>%x00%B"
"""What ``git log -z --raw`` is asked to print before the files of a commit: the fields that ``commits`` reads."""
MESSAGE_CAP = 64 * 1024
"""Characters of a message that are kept: a sign of a fix stands near its head."""

_IDS = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})(?: (?:[0-9a-f]{40}|[0-9a-f]{64}))*")
_META = re.compile(r":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([ACDMRTU])\d*")
_TWO_PATHS = frozenset("RC")
_ABSENT = frozenset({"0" * 40, "0" * 64})
_SHOWN = 60
_TIME_DIGITS = 18


class Logged(NamedTuple):
    """One commit of a log, with its files as git listed them."""

    commit: Commit
    raw: Sequence[str]
    """For ``changes``: most commits of a history are inner ones, whose files nobody asks for."""


def tokens(chunks: Iterable[bytes]) -> Iterator[str]:
    """The NUL-terminated pieces of a byte stream, however it was cut into chunks.

    Raises:
        UnreadableHistoryError: The stream ended inside a piece.
    """
    tail = b""
    for chunk in chunks:
        whole, nul, tail = (tail + chunk).rpartition(b"\0")
        if nul:
            yield from whole.decode("utf-8", "surrogateescape").split("\0")
    if tail:
        raise UnreadableHistoryError(f"git's answer breaks off after {_shown(tail.decode('utf-8', 'replace'))}")


def commits(pieces: Iterator[str]) -> Iterator[Logged]:
    """The commits of a ``git log -z --raw --no-abbrev`` in ``FORMAT``, in its order.

    Raises:
        UnreadableHistoryError: A piece does not stand where it should.
    """
    head = next(pieces, None)
    while head is not None:
        commit = _commit(head, pieces)
        raw, head = _entries(pieces)
        yield Logged(commit, raw)


def changes(raw: Iterable[str]) -> tuple[FileChange, ...]:
    """The entries of a ``--raw -z --no-abbrev`` list.

    Raises:
        UnreadableHistoryError: A piece does not stand where it should.
    """
    return tuple(_changes(iter(raw)))


def _commit(sha: str, pieces: Iterator[str]) -> Commit:
    try:
        parents, committed, author, message = next(pieces), next(pieces), next(pieces), next(pieces)
    except StopIteration:
        raise UnreadableHistoryError(f"git's answer breaks off inside commit {_shown(sha)}") from None
    if not _IDS.fullmatch(sha) or (parents and not _IDS.fullmatch(parents)):
        raise UnreadableHistoryError(f"git's answer has {_shown(sha)} where a commit has to begin")
    return Commit(sha, tuple(parents.split()), _seconds(committed), author, message[:MESSAGE_CAP])


def _seconds(text: str) -> int:
    """What git printed for a time: nothing at all for a commit without one, any number of digits for an absurd one."""
    digits = text[:_TIME_DIGITS]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _entries(pieces: Iterator[str]) -> tuple[list[str], str | None]:
    """The pieces of a list of files, not looked into yet, and the one that begins the next commit."""
    raw: list[str] = []
    try:
        for piece in pieces:
            # git ends a header with NUL and opens the list with a line feed. No header is empty and
            # none begins with a colon, so neither can be mistaken for the next commit.
            meta = piece[1:] if piece[:1] == "\n" else piece
            if meta[:1] == ":":
                raw += (meta, next(pieces))
                if meta[-1:].isdigit():  # only a rename's or a copy's status has a number, and they have two paths
                    raw.append(next(pieces))
            elif piece:
                return raw, piece
    except StopIteration:
        raise UnreadableHistoryError(f"git's answer breaks off after {_shown(meta)}") from None
    return raw, None


def _changes(pieces: Iterator[str]) -> Iterator[FileChange]:
    for meta in pieces:
        match = _META.fullmatch(meta)
        if match is None:
            raise UnreadableHistoryError(f"git's answer has {_shown(meta)} where a changed file has to begin")
        old_mode, new_mode, old_blob, new_blob, status = match.groups()
        try:
            path = next(pieces)
            new_path = next(pieces) if status in _TWO_PATHS else path
        except StopIteration:
            raise UnreadableHistoryError(f"git's answer breaks off after {_shown(meta)}") from None
        yield FileChange(
            status,
            None if status == "A" else path,
            None if status == "D" else new_path,
            int(old_mode, 8),
            int(new_mode, 8),
            None if old_blob in _ABSENT else old_blob,
            None if new_blob in _ABSENT else new_blob,
        )


def _shown(piece: str) -> str:
    return ascii(piece[:_SHOWN])
