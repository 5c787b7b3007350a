"""Where are the triple-quoted strings of a Python text? Bytes only, and no further than somebody asks."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_TOKEN = re.compile(rb"\"\"\"|'''|#[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_BACKSLASH = b"\\"[0]


class Quotes:
    """Where the triple-quoted strings of a source are, found as far as asked."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._at = 0
        self._double, self._single = text.find(b'"""'), text.find(b"'''")

    def shared(self, text: bytes, prefix: int) -> Quotes:
        """The same knowledge for another text that has this prefix in common."""
        other = Quotes(text)
        kept = bisect_right(self._ends, prefix)
        other._begins, other._ends = self._begins[:kept], self._ends[:kept]
        other._move(self._ends[kept - 1] if kept else 0)
        return other

    def hold(self, position: int) -> bool:
        """Whether a position is inside a triple-quoted string."""
        while self._at <= position and (self._double >= 0 or self._single >= 0):
            self._advance()
        index = bisect_right(self._begins, position) - 1
        return index >= 0 and position < self._ends[index]

    def _advance(self) -> None:
        text, double, single = self._text, self._double, self._single
        here = double if single < 0 or 0 <= double < single else single
        head = text[max(text.rfind(b"\n", self._at, here) + 1, self._at) : here]
        if b'"' in head or b"'" in head or b"#" in head:
            passed = self._passed(here, here - len(head))
            if passed:
                self._move(passed)
                return
        quote = text[here : here + 3]
        end = text.find(quote, here + 3)
        while end >= 0 and text[end - 1] == _BACKSLASH and self._is_escaped(end):
            end = text.find(quote, end + 1)
        end = len(text) if end < 0 else end + 3
        self._begins.append(here)
        self._ends.append(end)
        self._move(end)

    def _passed(self, here: int, line: int) -> int:
        """Where the comment or one-line string ends that these quotes stand in; 0 where they open a string."""
        for token in _LINE_TOKEN.finditer(self._text, line):
            if token.start() >= here:
                return 0
            if token.end() > here:
                return token.end()
        return 0

    def _is_escaped(self, position: int) -> bool:
        before = self._text[max(0, position - 64) : position]
        return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1

    def _move(self, to: int) -> None:
        self._at = to
        if 0 <= self._double < to:
            self._double = self._text.find(b'"""', to)
        if 0 <= self._single < to:
            self._single = self._text.find(b"'''", to)
