"""Which lines of a Python text make one logical line? From its syntax tree, or from its tokens. Pure; no I/O.

The tree tells it in a fifth of the time; only for what is no Python throughout the tokens are asked.
"""

from __future__ import annotations

import ast
import tokenize
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})
_DECORATED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
COMPOUND = (
    *_DECORATED, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match,
)  # fmt: skip
"""Statements that hold others."""


def of_tree(tree: ast.Module, rows: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last line, from 1, of each logical line that spans several.

    Args:
        tree: The tree of the text.
        rows: Its lines.
    """
    return _Reader(rows).block(tree.body)


class _Reader:
    def __init__(self, rows: Sequence[str]) -> None:
        self._rows = rows

    def block(self, body: Sequence[ast.stmt]) -> Iterator[tuple[int, int]]:
        first = last = 0
        for statement in body:
            if isinstance(statement, COMPOUND):
                yield from _spanning(first, last)
                first = last = 0
                yield from self._compound(statement)
            elif last and self._goes_on(statement, last):
                last = statement.end_lineno or last
            else:
                yield from _spanning(first, last)
                first, last = statement.lineno, statement.end_lineno or statement.lineno
        yield from _spanning(first, last)

    def _goes_on(self, statement: ast.stmt, last: int) -> bool:
        """Whether it stands behind a semicolon, on the line where another one ended or behind a backslash."""
        begin = statement.lineno
        return begin == last or (begin == last + 1 and self._rows[last - 1].endswith("\\"))

    def _compound(self, statement: ast.stmt) -> Iterator[tuple[int, int]]:
        begin = statement.lineno
        if isinstance(statement, _DECORATED):
            starts = [self._up_to("@", decorator.lineno) for decorator in statement.decorator_list]
            for start, following in zip(starts, [*starts[1:], begin], strict=False):
                yield from _spanning(start, self._code_before(following))
        if isinstance(statement, ast.Match):
            yield from _spanning(begin, self._code_before(self._up_to("case", statement.cases[0].pattern.lineno)))
            for case in statement.cases:
                yield from self._headed(self._up_to("case", case.pattern.lineno), case.body)
            return
        yield from self._headed(begin, statement.body)  # type: ignore[attr-defined] # all but match have one
        for handler in getattr(statement, "handlers", ()):
            yield from self._headed(handler.lineno, handler.body)
        yield from self.block(getattr(statement, "orelse", ()))
        yield from self.block(getattr(statement, "finalbody", ()))

    def _headed(self, begin: int, body: Sequence[ast.stmt]) -> Iterator[tuple[int, int]]:
        """What a colon ends, and what follows it, be it on the same line."""
        first = body[0]
        start = _first_row(first)
        if self._rows[start - 1].encode()[: first.col_offset].strip() and start == first.lineno:
            yield from _spanning(begin, body[-1].end_lineno or begin)
        else:
            yield from _spanning(begin, self._code_before(start))
            yield from self.block(body)

    def _up_to(self, word: str, row: int) -> int:
        """The row that begins with a word, this one or one above it."""
        while row > 1 and not self._rows[row - 1].lstrip().startswith(word):
            row -= 1
        return row

    def _code_before(self, row: int) -> int:
        """The last row above this one that is neither empty nor a comment."""
        row -= 1
        while row > 1 and self._rows[row - 1].lstrip()[:1] in {"", "#"}:
            row -= 1
        return row


def _first_row(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, _DECORATED) else ()
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _spanning(first: int, last: int) -> Iterator[tuple[int, int]]:
    if last > first:
        yield first, last


def of_tokens(text: str) -> Iterator[tuple[int, int]]:
    """The same of what may be no Python throughout: up to there."""
    first = 0
    lines = (f"{line}\n" for line in text.split("\n"))
    # The last one is raised by 3.13, for a carriage return in a line.
    with suppress(tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        for token in tokenize.generate_tokens(lines.__next__):
            if token.type == tokenize.NEWLINE:
                if first and token.end[0] > first:
                    yield first, token.end[0]
                first = 0
            elif not first and token.type not in _LAYOUT:
                first = token.start[0]
