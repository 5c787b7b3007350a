"""Which top-level pieces of a Python file differ between two versions? Bytes only, nothing is parsed here.

Parsing dominates the cost of reading a history, and most of a changed file stands in both versions. So a file is cut
where a decorator, ``def`` or ``class`` begins at column 0 (these cannot stand inside brackets), pieces with the same
text on both sides fall away, and of a class that differs only the members that differ stay.

The cut must not fall into a triple-quoted string: ``Quotes`` follows those. Where it is misled all the same, the piece
does not parse by itself and the caller falls back to the whole file.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.common_ends import common_prefix, common_suffix
from pytest_bugguard.core.quotes import Quotes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BEGIN = rb"(?:@|def[ \t]|class[ \t]|async[ \t])"
_ANCHOR = re.compile(rb"\n" + _BEGIN)
"""Begins with a line end, not with ``^``: searching for a literal byte is eight times faster."""
_MEMBER = re.compile(rb"\n([ \t]+)" + _BEGIN)
_CLASS_LINE = re.compile(rb"(?:^|\n)class[ \t]+(\w+)")
_STATEMENT = rb"[^\s#)\]}@\"']"
_TOP_LINE = re.compile(rb"\n" + _STATEMENT)
_DEFINED = re.compile(rb"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
_OWN_NAME = re.compile(rb"(?:^|\n)(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)")
_CONSTRUCTS = rb"def[ \t]+__(?:init|new)__\b"
_CONSTRUCTOR = re.compile(rb"\n[ \t]+" + _CONSTRUCTS)
_BLOCK = rb"(?:if|for|while|try|with|match)\b"
_CODING = re.compile(rb"(?:[ \t\f]*(?:#[^\n]*)?\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)")
_BOM = b"\xef\xbb\xbf"
_WINDOW = 4096
_AT = b"@"[0]


class Difference(Struct, frozen=True):
    """The pieces of two versions that have no twin in the other one, in the order of the file."""

    old: tuple[bytes, ...] = ()
    new: tuple[bytes, ...] = ()


def clean(source: bytes) -> bytes:
    """The source in UTF-8, with Unix line ends and without a byte order mark."""
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    source = source.removeprefix(_BOM)
    return source if source.isascii() else _in_utf8(source)


def _in_utf8(source: bytes) -> bytes:
    """A source that declares another encoding (PEP 263) in the one that its pieces are read in, and saying so.

    As it is where the encoding is unknown or the source is not in it: the parser says that best.
    """
    declared = _CODING.match(source)
    if declared is None:
        return source
    try:
        text = source.decode(declared[1].decode("ascii"))
    except (LookupError, UnicodeError):
        return source
    return text.encode().replace(declared[1], b"utf-8", 1)


def split(source: bytes) -> tuple[bytes, ...]:
    """The whole of a cleaned source as pieces; joined they give it back."""
    return tuple(_pieces(source, 0, len(source), Quotes(source), _ANCHOR))


def difference(old: bytes, new: bytes) -> Difference:
    """The pieces that differ between two cleaned sources."""
    if old == new:
        return Difference()
    if not old or not new:
        return Difference((old,) if old else (), (new,) if new else ())
    prefix = common_prefix(old, new)
    suffix = common_suffix(old, new, min(len(old), len(new)) - prefix)
    quotes_old = Quotes(old)
    start = _group_start(old, prefix, quotes_old)
    quotes_new = quotes_old.shared(new, prefix)
    tail = min(_tail(old, len(old) - suffix, quotes_old), _tail(new, len(new) - suffix, quotes_new))
    olds = list(_pieces(old, start, len(old) - tail, quotes_old, _ANCHOR))
    news = list(_pieces(new, start, len(new) - tail, quotes_new, _ANCHOR))
    return _reduced(*_unmatched(olds, news))


def versions(texts: Difference) -> list[tuple[bytes, bytes]]:
    """Both texts of each function, method or head of a class that differs and stands once on either side.

    The shortest come first. A method is given in a class of its own, so that it can be parsed.
    """
    olds, news = (_once(pieces) for pieces in (texts.old, texts.new))
    pairs = [(text, news[name]) for name, text in olds.items() if news.get(name, text) != text]
    return sorted(pairs, key=lambda pair: len(pair[0]) + len(pair[1]))


def _once(pieces: Iterable[bytes]) -> dict[str, bytes]:
    """The texts that define one thing and nothing else, by its name; no name that several of them define."""
    texts = [(f"{name}{inner}", text) for piece in pieces if (name := own_name(piece)) for inner, text in _parts(piece)]
    counts = Counter(name for name, _ in texts)
    return {name: text for name, text in texts if counts[name] == 1}


def _parts(piece: bytes) -> Iterator[tuple[str, bytes]]:
    """A definition as it is; of a class its head and its methods, each behind a dot."""
    if has_statements(piece):
        return
    indent = _member_indent(piece) if _class_name(piece) else None
    if indent is None:
        yield "", piece
        return
    head, *members = _pieces(piece, 0, len(piece), Quotes(piece), re.compile(rb"\n" + indent + _BEGIN))
    yield "", head + indent + b"pass\n"
    beside = re.compile(rb"\n" + indent + _STATEMENT)
    for member in members:
        found = _DEFINED.search(member)
        if found and len(beside.findall(b"\n" + member)) == 1:
            yield f".{found[1].decode(errors='replace')}", b"class _:\n" + member


def _group_start(text: bytes, limit: int, quotes: Quotes) -> int:
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


def _anchors(text: bytes, low: int, high: int, anchor: re.Pattern[bytes]) -> Iterator[tuple[int, bool]]:
    """Where a line opens a definition, and whether with a decorator. ``low`` is the begin of a line."""
    if low == 0 and anchor.match(b"\n" + text[:64]):
        first = text.lstrip(b" \t")
        yield 0, first[0] == _AT
    for match in anchor.finditer(text, max(0, low - 1), high):
        yield match.start() + 1, text[match.end() - 1] == _AT


def _starts(text: bytes, low: int, high: int, quotes: Quotes, anchor: re.Pattern[bytes]) -> list[int]:
    """Where definitions begin between two positions: at the first of their decorators."""
    found: list[int] = []
    is_decorated = False
    for position, is_decorator in _anchors(text, low, high, anchor):
        if not quotes.hold(position):
            if not is_decorated:
                found.append(position)
            is_decorated = is_decorator
    return found


def _tail(text: bytes, begin: int, quotes: Quotes) -> int:
    """How many bytes at the end belong to definitions that begin safely after ``begin``.

    The first definition there may be decorated by what differs, so the tail begins with the one after it.
    """
    line = text.find(b"\n", begin) + 1
    is_decorated = True
    for position, is_decorator in _anchors(text, line, len(text), _ANCHOR) if line else ():
        if not quotes.hold(position):
            if not is_decorated:
                return len(text) - position
            is_decorated = is_decorator
    return 0


def _pieces(text: bytes, low: int, high: int, quotes: Quotes, anchor: re.Pattern[bytes]) -> list[bytes]:
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
    if piece.startswith((b"class", b"@")):
        found = _CLASS_LINE.search(piece)
        if found and _TOP_LINE.search(b"\n" + piece[: found.start()]) is None:
            return found[1]
    return None


def _reduced_class(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """Two versions of a class with their heads (up to the first method) and the members that differ."""
    indents = _member_indent(old), _member_indent(new)
    if indents[0] is None or indents[0] != indents[1]:
        return old, new
    anchor = re.compile(rb"\n" + indents[0] + _BEGIN)
    olds, news = (_pieces(text, 0, len(text), Quotes(text), anchor) for text in (old, new))
    left_old, left_new = _unmatched(olds[1:], news[1:])
    filler = indents[0] + b"pass\n"  # a class needs a body, also where no member of it is left
    return b"".join([olds[0], filler, *left_old]), b"".join([news[0], filler, *left_new])


def _member_indent(piece: bytes) -> bytes | None:
    """How far the members of a class are indented; None where statements follow it, whose blocks look like members."""
    if len(_TOP_LINE.findall(b"\n" + piece)) != 1:
        return None
    first = _MEMBER.search(piece)
    return first[1] if first else None


def has_statements(piece: bytes) -> bool:
    """Whether a piece holds top-level statements besides a definition at its begin."""
    own = 1 if piece.startswith((b"@", b"def", b"class", b"async")) else 0
    return len(_TOP_LINE.findall(b"\n" + piece)) > own


def own_name(piece: bytes) -> str | None:
    """The name of the function or class that a piece begins with, decorators aside."""
    if not piece.startswith((b"@", b"def", b"class", b"async")):
        return None
    found = _OWN_NAME.search(piece)
    return found[1].decode(errors="replace") if found else None


def may_construct(source: bytes, name: str) -> bool:
    """Whether the text of a top-level class holds a constructor of its own; True where the class cannot be found."""
    if b"def __init__" not in source and b"def __new__" not in source:
        return False
    begin = source.find(b"\nclass " + name.encode())
    if begin < 0:
        return True
    text = source[begin + 1 :]
    quotes = Quotes(text)
    end = next((found.start() for found in _ANCHOR.finditer(text) if not quotes.hold(found.start() + 1)), len(text))
    return any(not quotes.hold(found.end()) for found in _constructor(text[:end]).finditer(text, 0, end))


def _constructor(text: bytes) -> re.Pattern[bytes]:
    """What a constructor of a class begins with: further in than its members only where they stand in blocks."""
    indent = _member_indent(text)
    if indent is None or re.search(rb"\n" + indent + _BLOCK, text):
        return _CONSTRUCTOR
    return re.compile(rb"\n[ \t]{1,%d}" % len(indent) + _CONSTRUCTS)


def definitions(piece: bytes) -> tuple[str, ...]:
    """The names that a piece seems to define, read from its text alone; for pieces that do not parse."""
    return tuple(name.decode(errors="replace") for name in _DEFINED.findall(piece))
