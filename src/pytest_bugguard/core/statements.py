"""To which statement does a line belong, and to which function? From source text. Pure; no I/O."""

from __future__ import annotations

import ast
import re
import tokenize
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from functools import cached_property
from itertools import accumulate, chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core import logical_lines, platforms, segments

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_PRAGMA = re.compile(r"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?:no|NO)\s*(?:cover|COVER|branch|BRANCH)")
"""coverage.py's own words for code that it shall not count."""
_OPENING = re.compile(r"\s*(?:@|def\s|async\s+def\s)")
_DEFINED = re.compile(r"\b(?:def|class)(?:\s|\\\n)+(\w+)")
"""Other letters may stand for those of a name, which Python reads in normal form (PEP 3131)."""
_ODD = "surrogatepass"


class Span(NamedTuple):
    """A function or class: from its first decorator to its last line."""

    first: int
    last: int
    name: str
    """With the classes and functions around it: ``Pager.pages``."""
    head: int
    """The line of ``def`` or ``class``."""
    body: int
    """The first line of its first statement, docstring aside where more follows."""
    is_function: bool

    def moved(self, by: int) -> Span:
        """The same so many lines further down."""
        lines = (self.first + by, self.last + by, self.head + by, self.body + by)
        return Span(lines[0], lines[1], self.name, lines[2], lines[3], self.is_function)


class Excerpt(NamedTuple):
    """Lines of a text that are looked at by themselves."""

    kept: frozenset[int]
    stubs: frozenset[int]
    """First lines of functions that are left out: something has to stand there."""


class Source(Struct, frozen=True, dict=True):
    """The text of one Python file, asked line by line. What does not parse has lines and nothing more."""

    text: str

    def statement(self, line: int) -> int:
        """The line on which the statement of a line begins: continuation lines, long strings, brackets."""
        return self._firsts(self._number(line)).get(line, line)

    def _number(self, line: int) -> int:
        """Of the piece that holds a line."""
        return max(bisect_right(self._pieces, line, key=itemgetter(0)) - 1, 0)

    @cached_property
    def _pieces(self) -> tuple[tuple[int, str], ...]:
        """The top-level definitions, each with its first line: what no question is about is not looked at closely."""
        texts = [piece.decode("utf-8", _ODD) for piece in segments.split(self.text.encode("utf-8", _ODD))]
        ends = accumulate((text.count("\n") for text in texts), initial=1)
        return tuple(zip(ends, texts, strict=False)) or ((1, ""),)

    def excerpt(self, lines: Collection[int]) -> Excerpt:
        """The top-level definitions that hold some lines, and what stands before the first one.

        Without the functions and methods in them that hold none of the lines.
        """
        kept: set[int] = set()
        stubs: set[int] = set()
        for number in {0, *map(self._number, lines)}:
            begin, text = self._pieces[number]
            kept.update(range(begin, begin + text.count("\n") + (not text.endswith("\n"))))
            end = 0
            for span in self._outline(number):
                if span.is_function and span.first > end:
                    end = span.last
                    own = range(span.first, end + 1)
                    if not any(line in own for line in lines):
                        kept.difference_update(own)
                        stubs.add(span.first)
        return Excerpt(frozenset(kept), frozenset(stubs))

    def spans_lines(self, pattern: str) -> bool:
        """Whether anything that fits a pattern stands on several lines."""
        return any("\n" in match[0].strip() for match in re.finditer(pattern, self.text, re.MULTILINE))

    def _firsts(self, number: int) -> dict[int, int]:
        """Of a piece: the first line of each logical line that spans several, by its other lines."""
        if number not in self._read:
            spans = self._logical_lines(number)
            self._read[number] = {line: first for first, last in spans for line in range(first + 1, last + 1)}
        return self._read[number]

    def _logical_lines(self, number: int) -> Iterator[tuple[int, int]]:
        begin, text = self._pieces[number]
        tree = self._tree_of(number)
        if tree is not None:
            spans = logical_lines.of_tree(tree, text.split("\n"))
            return ((first + begin - 1, last + begin - 1) for first, last in spans)
        return logical_lines.of_tree(self._tree, self._lines) if self._tree.body else logical_lines.of_tokens(self.text)

    def _tree_of(self, number: int) -> ast.Module | None:
        """A piece by itself; None where that is no Python, as in the middle of a text."""
        if number not in self._trees:
            self._trees[number] = _parsed(self._pieces[number][1])
        return self._trees[number]

    @cached_property
    def _trees(self) -> dict[int, ast.Module | None]:
        return {}

    @cached_property
    def _read(self) -> dict[int, dict[int, int]]:
        return {}

    @cached_property
    def _tree(self) -> ast.Module:
        return _parsed(self.text) or ast.Module([], [])

    @property
    def spans(self) -> tuple[Span, ...]:
        """Functions and classes, outer ones first."""
        return tuple(dict.fromkeys(chain.from_iterable(map(self._outline, range(len(self._pieces))))))

    def _outline(self, number: int) -> tuple[Span, ...]:
        """Of a piece: its functions and classes, outer ones first."""
        if number not in self._outlined:
            begin, text = self._pieces[number]
            tree = self._tree_of(number)
            if tree is None:
                end = begin + text.count("\n")
                found = (span for span in _spans(self._tree.body, "") if span.first <= end and span.last >= begin)
            else:
                found = (span.moved(begin - 1) for span in _spans(tree.body, ""))
            self._outlined[number] = tuple(found)
        return self._outlined[number]

    @cached_property
    def _outlined(self) -> dict[int, tuple[Span, ...]]:
        return {}

    def is_for_some_platforms(self, line: int) -> bool:
        """Whether a condition on the platform, or on the version of Python, decides if a line runs."""
        return any(line in block for block in self._platforms)

    @cached_property
    def _platforms(self) -> tuple[range, ...]:
        return tuple(platforms.lines(self._tree))

    def around(self, line: int) -> Span | None:
        """The innermost function or class that holds a line."""
        return next(self._holding(line), None)

    def function_around(self, line: int) -> Span | None:
        """The innermost function that holds a line."""
        return next((span for span in self._holding(line) if span.is_function), None)

    def in_functions(self, lines: Iterable[int]) -> bool:
        """Whether any of the lines runs only when a function is called."""
        return any((span := self.function_around(line)) is not None and line >= span.body for line in lines)

    def _holding(self, line: int) -> Iterator[Span]:
        return (span for span in reversed(self._outline(self._number(line))) if span.first <= line <= span.last)

    def named(self, name: str) -> Span | None:
        """The function or class of this name; of several the last, which is the one that holds."""
        return next(reversed(self.all_named(name)), None)

    def all_named(self, name: str) -> tuple[Span, ...]:
        """The functions and classes of this name, in their order."""
        numbers = self._defining.get(name.rpartition(".")[2], ())
        return tuple(dict.fromkeys(span for number in numbers for span in self._outline(number) if span.name == name))

    @cached_property
    def _defining(self) -> dict[str, list[int]]:
        """The pieces in which a name may be defined: those that are worth a closer look."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, (_, text) in enumerate(self._pieces):
            for name in dict.fromkeys(_DEFINED.findall(text)):
                found[unicodedata.normalize("NFKC", name)].append(number)
        return found

    def opening(self, span: Span) -> tuple[str, ...]:
        """The decorators and the ``def`` or ``class`` with all of its parameters, without indentation."""
        last = max(line for line in range(span.head, span.last + 1) if self.statement(line) == span.head)
        return self._stripped(span.first, last)

    def decorators(self, span: Span) -> tuple[str, ...]:
        """What stands above the ``def`` or ``class``, without indentation."""
        return self._stripped(span.first, span.head - 1)

    def _stripped(self, first: int, last: int) -> tuple[str, ...]:
        return tuple(line.strip() for line in self._lines[first - 1 : last])

    def opens_function(self, line: int) -> bool:
        """Whether a line begins with a decorator or ``def``."""
        return 0 < line <= len(self._lines) and _OPENING.match(self._lines[line - 1]) is not None

    def pragmas(self, lines: Iterable[int]) -> tuple[int, ...]:
        """Those of the lines that take code out of the count."""
        return tuple(line for line in lines if 0 < line <= len(self._lines) and _PRAGMA.search(self._lines[line - 1]))

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")


def source_of(content: bytes) -> Source:
    """The source that a file holds, in the encoding that it names (PEP 263); UTF-8 where it names none of texts."""
    first = content.split(b"\n", 2)[:2]
    lines = iter([f.removesuffix(b"\r") + b"\n" for f in first])
    try:
        encoding, _ = tokenize.detect_encoding(lines.__next__)
        text = content.decode(encoding, "replace")
    except (SyntaxError, LookupError, ValueError):  # no encoding; one of bytes, as rot13 is; one that replaces nothing
        text = content.decode("utf-8", "replace")
    text = text.removeprefix("\ufeff")
    return Source(text.replace("\r\n", "\n").replace("\r", "\n"))


def _parsed(text: str) -> ast.Module | None:
    """None where it is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _spans(body: list[ast.stmt], outer: str) -> Iterator[Span]:
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            span = _span(statement, outer)
            yield span
            yield from _spans(statement.body, span.name)
        elif isinstance(statement, logical_lines.COMPOUND):
            for block in _blocks(statement):
                yield from _spans(block, outer)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def _span(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, outer: str) -> Span:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    has_docstring = ast.get_docstring(node, clean=False) is not None
    body = node.body[1 if has_docstring and len(node.body) > 1 else 0]
    begin = min([body.lineno, *(one.lineno for one in getattr(body, "decorator_list", ()))])
    name = f"{outer}.{node.name}" if outer else node.name
    return Span(first, node.end_lineno or node.lineno, name, node.lineno, begin, not isinstance(node, ast.ClassDef))


def described(lines: Iterable[int], source: Source | None, statements: Collection[int] = (), *, cap: int = 5) -> str:
    """``13-15 (over), 20``: lines as ranges, each with the function or class that holds it.

    Args:
        lines: Where statements begin.
        source: The text that they stand in.
        statements: All statements of it: what lies between two that follow each other breaks no range.
        cap: How many ranges are named before the others are counted.
    """
    wanted = set(lines)
    numbers = {line: number for number, line in enumerate(sorted({*statements, *wanted}))} if statements else {}
    ranges = list(_ranges(sorted(wanted), source, numbers))
    shown = [
        ", ".join(text for _, text in group) + (f" ({name})" if name else "")
        for name, group in groupby(ranges[:cap], key=itemgetter(0))
    ]
    more = len(ranges) - cap
    return ", ".join(shown) + (f" and {more} more place{'s' * (more > 1)}" if more > 0 else "")


def _ranges(lines: list[int], source: Source | None, numbers: Mapping[int, int]) -> Iterator[tuple[str, str]]:
    """Statements that follow each other in one function, as text, with its name."""
    numbered = ((numbers.get(line, line) - index, _holder(line, source), line) for index, line in enumerate(lines))
    for (_, name), group in groupby(numbered, key=itemgetter(0, 1)):
        run = [line for _, _, line in group]
        yield name, f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0])


def _holder(line: int, source: Source | None) -> str:
    span = source.around(line) if source else None
    return span.name if span else ""
