"""Which lines did a change add, and where did it only take some away? git's patches, taken apart. Pure; no I/O."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.paths import unquoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_HUNK = re.compile(rb"@@ -(\d{1,18})(?:,(\d{1,18}))? \+(\d{1,18})(?:,(\d{1,18}))? @@")


class Patch(Struct, frozen=True):
    """What a change did to one file, as the file stands now."""

    path: str
    old_path: str | None
    """Its name before; None where it is new."""
    added: tuple[int, ...] = ()
    """Lines that were not there before, from 1."""
    cuts: tuple[int, ...] = ()
    """Lines as they were numbered before, that were taken away with nothing put in their place."""
    replaced: tuple[int, ...] = ()
    """Lines as they were numbered before, that others were put in the place of."""

    @property
    def is_rename(self) -> bool:
        """Whether it had another name before."""
        return self.old_path not in {None, self.path}


def parse(output: bytes) -> tuple[Patch, ...]:
    """The files of a patch without context lines (``-U0``) that still exist; those that are gone have no lines.

    Raises:
        UnreadableHistoryError: A hunk is said to have more lines than there are.
    """
    return tuple(_patches(output.split(b"\n")))


def whole(path: str, text: bytes) -> Patch:
    """A file that git does not know yet: all of it is new."""
    return Patch(path, None, tuple(range(1, text.count(b"\n") + 2 - text.endswith(b"\n"))))


def between(path: str, old_path: str | None, old: bytes, new: bytes) -> Patch:
    """What became of a file from one text to another."""
    added: list[int] = []
    cuts: list[int] = []
    replaced: list[int] = []
    for tag, first, last, new_first, new_last in _opcodes(old, new):
        if tag != "equal":
            added += range(new_first + 1, new_last + 1)
            (cuts if tag == "delete" else replaced).extend(range(first + 1, last + 1))
    return Patch(path, old_path, tuple(added), tuple(cuts), tuple(replaced))


def carried(patch: Patch, path: str, then: bytes, now: bytes) -> Patch:
    """A patch with its lines as a later text of the file numbers them; without those that changed once more.

    Nor does it tell then what they had replaced.
    """
    if then == now:
        return replace(patch, path=path)
    numbers = {
        first + step + 1: new_first + step + 1
        for tag, first, last, new_first, _ in _opcodes(then, now)
        if tag == "equal"
        for step in range(last - first)
    }
    return replace(patch, path=path, added=tuple(numbers[line] for line in patch.added if line in numbers), replaced=())


def _opcodes(old: bytes, new: bytes) -> Iterator[tuple[str, int, int, int, int]]:
    """Difflib's operations on lines, whatever ends them; what is the same at both ends is not looked through."""
    olds, news = old.splitlines(), new.splitlines()
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(olds, news, strict=False)))
    rest = zip(reversed(olds[head:]), reversed(news[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    middle = SequenceMatcher(None, olds[head : len(olds) - tail], news[head : len(news) - tail])
    yield "equal", 0, head, 0, head
    for tag, *ends in middle.get_opcodes():
        yield tag, ends[0] + head, ends[1] + head, ends[2] + head, ends[3] + head
    yield "equal", len(olds) - tail, len(olds), len(news) - tail, len(news)


def _patches(lines: list[bytes]) -> Iterator[Patch]:
    at = 0
    while at < len(lines):
        if lines[at].startswith(b"diff --git "):
            patch, at = _file(lines, at + 1)
            if patch is not None:
                yield patch
        else:
            at += 1


def _file(lines: list[bytes], at: int) -> tuple[Patch | None, int]:
    """One file's part, and where the next one begins."""
    old = new = None
    added: list[int] = []
    cuts: list[int] = []
    replaced: list[int] = []
    while at < len(lines) and not lines[at].startswith(b"diff --git "):
        line = lines[at]
        at += 1
        if line.startswith((b"--- ", b"rename from ", b"copy from ")):
            old = _name(line, b"a/") if line.startswith(b"---") else _name(line)
        elif line.startswith((b"+++ ", b"rename to ", b"copy to ")):
            new = _name(line, b"b/") if line.startswith(b"+++") else _name(line)
        elif line.startswith(b"@@ "):
            old_first, taken, first, put = _hunk(line, len(lines) - at)
            added += range(first, first + put)
            (replaced if put else cuts).extend(range(old_first, old_first + taken))
            at = _after(lines, at, taken + put)
    if new is None:
        return None, at
    return Patch(new, old, tuple(added), tuple(cuts), tuple(replaced)), at


def _hunk(line: bytes, left: int) -> tuple[int, int, int, int]:
    """What a hunk's header says: the first line before and how many, the first line now and how many."""
    found = _HUNK.match(line)
    old_first, taken, first, put = (int(one or 1) for one in found.groups()) if found else (0, left + 1, 0, 0)
    if taken + put > left:
        shown = line[:60].decode("utf-8", "replace")
        raise UnreadableHistoryError(f"git's patch has a hunk of more lines than there are: {shown}")
    return old_first, taken, first, put


def _name(line: bytes, prefix: bytes = b"") -> str | None:
    """The path in a header; None for ``/dev/null``. git ends one that holds blanks with a tab."""
    text = line.split(b" ", 1 if prefix else 2)[-1].removesuffix(b"\t").decode("utf-8", "surrogateescape")
    if text == "/dev/null":
        return None
    return unquoted(text).removeprefix(prefix.decode())


def _after(lines: list[bytes], at: int, count: int) -> int:
    """Where a hunk of so many lines ends: a line of it may look like a header."""
    while count and at < len(lines):
        count -= not lines[at].startswith(b"\\")
        at += 1
    return at
