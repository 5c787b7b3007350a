"""What leads where in a cell? Marks in its text, which the page draws as links.

A line of a cell is text with references between tabs: a whole commit id, a place (``PATH``, ``PATH:LINE`` or a node
id), or rows of a table of the page. ``page.js`` reads the same marks by the same rules. Repository text cannot forge
them: it has been made safe, and so holds no tab, before a cell is put together.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.web import NoAddressError, Web, web_of
from pytest_bugguard.report import words

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BLANK = re.compile(r"\s")
_PLACE = re.compile(r"(?P<path>[^\\]+?)(?:::.*|:(?P<line>[0-9]+))?")
"""A backslash is in no path that git wrote: it stands for a byte that has no sign."""


def ref(target: str) -> str:
    """A reference to a commit or a place."""
    return f"\t{target}\t" if target else ""


def lead(table: str, find: str, text: str, badge: str = "") -> str:
    """A reference to the rows of a table that hold some words, and a badge; to all of them where there are none."""
    return f"\t{table}\v{badge}\v{find}\v{text}\t"


def within(path: str) -> str:
    """The word by which the fixes of a place are found, whatever its name was when they were made."""
    return f"in:{_BLANK.sub('%20', path)}"


def plain(text: str) -> str:
    """A cell as it is read, and searched."""
    return "".join(part.rpartition("\v")[2] for part in text.split("\t"))


class Piece(NamedTuple):
    """A part of a line."""

    text: str
    href: str = ""
    """Empty: nothing can be followed."""
    table: str = ""
    badge: str = ""
    find: str = ""


class Links(Struct, frozen=True):
    """Turns references into links."""

    web: Web | None
    head: str

    def pieces(self, line: str, at: str) -> list[Piece]:
        """The parts of a line; files are shown as they were in the commit ``at``, or at the head where it is empty."""
        parts = line.split("\t")
        return [self._of(part, at or self.head) if place % 2 else Piece(part) for place, part in enumerate(parts)]

    def _of(self, target: str, at: str) -> Piece:
        table, *row = target.split("\v")
        if row:
            badge, find, text = row
            return Piece(text, f"#{table}", table, badge, find)
        if _COMMIT.fullmatch(target):
            return Piece(words.short(target), self.web.commit(target) if self.web else "")
        found = _PLACE.fullmatch(target)
        if self.web is None or not at or found is None or target.endswith("/"):
            return Piece(target)
        return Piece(target, self.web.file(found["path"], at, int(found["line"] or 0)))

    def packed(self) -> dict[str, str] | None:
        """What the script needs to do the same."""
        if self.web is None:
            return None
        shape, address = self.web.shape, self.web.address
        return {"commit": address + shape.commit, "file": address + shape.file, "line": shape.line, "head": self.head}


def links_of(repository: Mapping[str, Any]) -> Links:
    """The links of a document; a stored address that is none of ours links nothing."""
    try:
        web = web_of(repository.get("web") or "")
    except NoAddressError:
        web = None
    return Links(web, repository["head"] or "")


def revision(row: tuple[str, ...]) -> str:
    """The commit that a row speaks of: the first one in it; empty where there is none."""
    parts = "\t".join(row).split("\t")
    return next(filter(_COMMIT.fullmatch, parts), "")
