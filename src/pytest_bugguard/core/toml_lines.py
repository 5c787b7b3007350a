"""On which line of a TOML file does a key stand? For messages; our TOML readers do not tell. Pure; no I/O.

Reads text that a real parser has accepted already, so it may take shortcuts; whatever it does not understand costs
the lines of what follows, never an error.
"""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple

import tomli

KeyPath = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
_BARE = re.compile(r"[^,\]}#\n]*")


def find(text: str) -> dict[KeyPath, int]:
    """The first line (from 1) of each table, key and list item: ``("tool", "bugguard", "tests", 0)``."""
    scan = _Scan(text)
    with contextlib.suppress(
        _LostError, RecursionError, tomli.TOMLDecodeError
    ):  # what was found until then still helps
        scan.document()
    return scan.lines


class Block(NamedTuple):
    """A table with the statements under its header."""

    path: KeyPath
    """With indexes of arrays of tables; ``()`` for what stands before the first header."""
    first: int
    """The header's line."""
    last: int
    """The last line of the last statement (or of the header); comments after it do not count."""


def blocks(text: str) -> tuple[Block, ...]:
    """The tables in the file's order; only as far as the text was understood."""
    scan = _Scan(text)
    with contextlib.suppress(_LostError, RecursionError, tomli.TOMLDecodeError):
        scan.document()
    return tuple(scan.blocks)


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """The line of the path, or of the nearest table around it; None where nothing of it was found."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _LostError(Exception):
    """The text is not what the scanner expects."""


class _Scan:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.blocks: list[Block] = []
        self._text = text
        self._at = 0
        self._line = 1
        self._tables: dict[KeyPath, int] = {}
        """How many times each ``[[array of tables]]`` was opened."""

    def document(self) -> None:
        block = Block((), 1, 1)
        self._take(_SPACE)
        while self._at < len(self._text):
            first = self._line
            if self._text.startswith("[[", self._at):
                block = Block(self._opened(self._header("[[", "]]")), first, first)
            elif self._text[self._at] == "[":
                block = Block(self._under(self._header("[", "]")), first, first)
                self._note(block.path)
            else:
                self._pair(block.path)
                block = block._replace(last=self._line)
                if self.blocks and self.blocks[-1].first == block.first:
                    self.blocks.pop()
            self.blocks.append(block)
            self._take(_SPACE)

    def _header(self, opening: str, closing: str) -> tuple[str, ...]:
        self._skip(opening)
        keys = self._keys()
        self._skip(closing)
        return keys

    def _opened(self, keys: tuple[str, ...]) -> KeyPath:
        table = (*self._under(keys[:-1]), keys[-1])
        index = self._tables.get(table, 0)
        self._tables[table] = index + 1
        self._note((*table, index))
        return (*table, index)

    def _under(self, keys: tuple[str, ...]) -> KeyPath:
        """A header's keys with the index of the array of tables that was opened last on the way."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = (*table, *self._keys())
        self._note(path)
        self._skip("=")
        self._take_blanks()
        self._value(path)

    def _keys(self) -> tuple[str, ...]:
        keys = [self._key()]
        while self._text.startswith(".", self._at):
            self._at += 1
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        raw = self._take(_KEY).strip(" \t")
        if raw[0] == "'":
            return raw[1:-1]
        if raw[0] != '"':
            return raw
        return str(tomli.loads(f"k = {raw}")["k"]) if "\\" in raw else raw[1:-1]

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at : self._at + 1]
        if first == "[":
            self._list(path)
        elif first == "{":
            self._inline_table(path)
        elif first and first in "\"'":
            self._take(_TEXT)
        elif not self._take(_BARE):
            raise _LostError  # else a list of nothing would never end

    def _list(self, path: KeyPath) -> None:
        self._skip("[")
        index = 0
        while not self._closes("]"):
            self._note((*path, index))
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._skip("{")
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, closing: str) -> bool:
        """Step over what separates items; whether the list or table ends here."""
        self._take(_SPACE)
        if self._text.startswith(",", self._at):
            self._skip(",")
            self._take(_SPACE)
        if self._text.startswith(closing, self._at):
            self._skip(closing)
            return True
        if self._at >= len(self._text):
            raise _LostError
        return False

    def _take_blanks(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _LostError
        self._at = match.end()
        self._line += match.group().count("\n")
        return match.group()

    def _skip(self, literal: str) -> None:
        if not self._text.startswith(literal, self._at):
            raise _LostError
        self._at += len(literal)

    def _note(self, path: KeyPath) -> None:
        """With what it lies in: ``[a.b]`` may be the first that is heard of ``a``."""
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], self._line)
