"""Which top-level pieces of a Python file differ between two versions? Bytes only, nothing is parsed here.

Parsing dominates the cost of reading a history, and most of a changed file stands in both versions. So a file is cut
where a decorator, ``def`` or ``class`` begins at column 0 (these cannot stand inside brackets), pieces with the same
text on both sides fall away, and of a class that differs only the members that differ stay.

The cut must not fall into a triple-quoted string: ``_Quotes`` follows those. Where it is misled all the same, the piece
does not parse by itself and the caller falls back to the whole file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass

_BEGIN = rb"(?:@[ \t]*[A-Za-z_(]|(?:async[ \t]+)?def\b|class\b)"
_ANCHOR = re.compile(rb"^" + _BEGIN, re.MULTILINE)
_MEMBER = re.compile(rb"^([ \t]+)" + _BEGIN, re.MULTILINE)
_TOP_LINE = re.compile(rb"^[^\s#)\]}@\"']", re.MULTILINE)
_CLASS_LINE = re.compile(rb"^class[ \t]+(\w+)", re.MULTILINE)
_LINE_TOKEN = re.compile(rb"\"\"\"|'''|#[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_DEFINED = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"
_WINDOW = 4096


@dataclass(frozen=True, slots=True)
class Difference:
    """The pieces of two versions that have no twin in the other one, in the order of the file."""

    old: tuple[bytes, ...] = ()
    new: tuple[bytes, ...] = ()


def clean(source: bytes) -> bytes:
    """The source with ``\\n`` line ends and without a byte order mark."""
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return source.removeprefix(_BOM)


def split(source: bytes) -> tuple[bytes, ...]:
    """The whole of a cleaned source as pieces; joined they give it back."""
    return tuple(_pieces(source, 0, len(source), _Quotes(source), _ANCHOR))


def difference(old: bytes, new: bytes) -> Difference:
    """The pieces that differ between two cleaned sources."""
    if old == new:
        return Difference()
    if not old or not new:
        return Difference((old,) if old else (), (new,) if new else ())
    prefix = _common_prefix(old, new)
    suffix = _common_suffix(old, new, min(len(old), len(new)) - prefix)
    quotes_old = _Quotes(old)
    start = _group_start(old, prefix, quotes_old)
    quotes_new = quotes_old.shared(new, prefix)
    tail = min(_tail(old, len(old) - suffix, quotes_old), _tail(new, len(new) - suffix, quotes_new))
    olds = list(_pieces(old, start, len(old) - tail, quotes_old, _ANCHOR))
    news = list(_pieces(new, start, len(new) - tail, quotes_new, _ANCHOR))
    return _reduced(*_unmatched(olds, news))


def _common_prefix(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(one: bytes, other: bytes, most: int) -> int:
    low, high = 0, most
    ends = len(one), len(other)
    while low < high:
        middle = (low + high + 1) // 2
        if one[ends[0] - middle : ends[0] - low] == other[ends[1] - middle : ends[1] - low]:
            low = middle
        else:
            high = middle - 1
    return low


class _Quotes:
    """Where the triple-quoted strings of a source are, found as far as asked."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._at = 0
        self._next = {quote: text.find(quote) for quote in (b'"""', b"'''")}

    def shared(self, text: bytes, prefix: int) -> _Quotes:
        """The same knowledge for another text that has this prefix in common."""
        other = _Quotes(text)
        kept = bisect_right(self._ends, prefix)
        other._begins, other._ends = self._begins[:kept], self._ends[:kept]
        other._move(self._ends[kept - 1] if kept else 0)
        return other

    def hold(self, position: int) -> bool:
        """Whether a position is inside a triple-quoted string."""
        while self._at <= position and self._advance():
            pass
        index = bisect_right(self._begins, position) - 1
        return index >= 0 and position < self._ends[index]

    def _advance(self) -> bool:
        here = min((found for found in self._next.values() if found >= 0), default=-1)
        if here < 0:
            return False
        for token in _LINE_TOKEN.finditer(self._text, max(self._text.rfind(b"\n", 0, here) + 1, self._at)):
            if token.start() == here:
                self._string(here)
                return True
            if token.end() > here:  # the quotes stand in a comment or in a string of the other kind
                self._move(token.end())
                return True
        self._string(here)
        return True

    def _string(self, begin: int) -> None:
        quote = self._text[begin : begin + 3]
        end = self._text.find(quote, begin + 3)
        while end >= 0 and self._is_escaped(end):
            end = self._text.find(quote, end + 1)
        end = len(self._text) if end < 0 else end + 3
        self._begins.append(begin)
        self._ends.append(end)
        self._move(end)

    def _is_escaped(self, position: int) -> bool:
        before = self._text[max(0, position - 64) : position]
        return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1

    def _move(self, to: int) -> None:
        self._at = to
        for quote, found in self._next.items():
            if 0 <= found < to:
                self._next[quote] = self._text.find(quote, to)


def _group_start(text: bytes, limit: int, quotes: _Quotes) -> int:
    """The last position up to ``limit`` where a definition begins, with its decorators; 0 where none does."""
    reach = _WINDOW
    while True:
        low = max(0, limit - reach)
        low = text.rfind(b"\n", 0, low) + 1
        starts = _starts(text, low, limit, quotes, _ANCHOR)
        # The first one of a window may belong to decorators before it.
        if low == 0 or len(starts) > 1:
            return starts[-1] if starts else 0
        reach *= 4


def _starts(text: bytes, low: int, high: int, quotes: _Quotes, anchor: re.Pattern[bytes]) -> list[int]:
    """Where definitions begin between two positions: at the first of their decorators."""
    found: list[int] = []
    is_decorated = False
    for match in anchor.finditer(text, low, high):
        if quotes.hold(match.start()):
            continue
        if not is_decorated:
            found.append(match.start())
        is_decorated = match.group().lstrip().startswith(b"@")
    return found


def _tail(text: bytes, begin: int, quotes: _Quotes) -> int:
    """How many bytes at the end belong to definitions that begin safely after ``begin``.

    The first definition there may be decorated by what differs, so the tail begins with the one after it.
    """
    is_decorated = True
    for match in _ANCHOR.finditer(text, text.find(b"\n", begin) + 1 or len(text)):
        if quotes.hold(match.start()):
            continue
        if not is_decorated:
            return len(text) - match.start()
        is_decorated = match.group().startswith(b"@")
    return 0


def _pieces(text: bytes, low: int, high: int, quotes: _Quotes, anchor: re.Pattern[bytes]) -> list[bytes]:
    cuts = [cut for cut in _starts(text, low, high, quotes, anchor) if cut != low]
    return [text[begin:end] for begin, end in zip([low, *cuts], [*cuts, high], strict=True) if begin < end]


def _unmatched(olds: list[bytes], news: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Both lists without the pieces that they share, white space at their ends aside."""
    old_keys, new_keys = [piece.strip() for piece in olds], [piece.strip() for piece in news]
    counted_old, counted_new = Counter(old_keys), Counter(new_keys)
    left_old, left_new = counted_old - counted_new, counted_new - counted_old
    # Of equal pieces the last ones stay: where a name is defined twice, the last definition holds.
    return _last(olds, old_keys, left_old), _last(news, new_keys, left_new)


def _last(pieces: list[bytes], keys: list[bytes], left: Counter[bytes]) -> list[bytes]:
    kept = []
    for piece, key in zip(reversed(pieces), reversed(keys), strict=True):
        if left[key] > 0 and key:
            left[key] -= 1
            kept.append(piece)
    return kept[::-1]


def _reduced(olds: list[bytes], news: list[bytes]) -> Difference:
    """The pieces with classes that stand on both sides cut down to the members that differ."""
    places = {name: index for index, piece in enumerate(olds) if (name := _class_name(piece))}
    for index, piece in enumerate(news):
        name = _class_name(piece)
        if name in places:
            olds[places[name]], news[index] = _reduced_class(olds[places[name]], piece)
    return Difference(tuple(olds), tuple(news))


def _class_name(piece: bytes) -> bytes | None:
    anchor = _ANCHOR.search(piece)
    while anchor is not None and anchor.group().startswith(b"@"):
        anchor = _ANCHOR.search(piece, anchor.end())
    name = _CLASS_LINE.match(piece, anchor.start()) if anchor else None
    return name[1] if name else None


def _reduced_class(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """Two versions of a class with their heads (up to the first method) and the members that differ."""
    indents = _member_indent(old), _member_indent(new)
    if indents[0] is None or indents[0] != indents[1]:
        return old, new
    anchor = re.compile(rb"^" + indents[0] + _BEGIN, re.MULTILINE)
    olds, news = (_pieces(text, 0, len(text), _Quotes(text), anchor) for text in (old, new))
    left_old, left_new = _unmatched(olds[1:], news[1:])
    filler = indents[0] + b"pass\n"  # a class needs a body, also where no member of it is left
    return b"".join([olds[0], filler, *left_old]), b"".join([news[0], filler, *left_new])


def _member_indent(piece: bytes) -> bytes | None:
    if len(_TOP_LINE.findall(piece)) != 1:
        return None  # statements follow the class: their blocks would pass for members
    first = _MEMBER.search(piece)
    return first[1] if first else None


def definitions(piece: bytes) -> tuple[str, ...]:
    """The names that a piece seems to define, read from its text alone; for pieces that do not parse."""
    return tuple(name.decode(errors="replace") for name in _DEFINED.findall(piece))
