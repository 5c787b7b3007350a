"""Lines and the statements that they are part of: as coverage.py has it, on any source."""

from __future__ import annotations

import argparse
import ast
import asyncio.base_events
import dataclasses
import textwrap
import typing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from coverage.parser import PythonParser
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bugguard.core.statements import Excerpt, Source, described, source_of

if TYPE_CHECKING:
    from types import ModuleType

_SIMPLE = st.sampled_from(
    [
        "x = 1",
        "x = (\n    1 +\n    2\n)",
        "call(\n    a,\n    # a comment\n    b=[\n        1,\n    ],\n)",
        'text = """one\ntwo\n"""',
        '"""a text\nthat stands alone"""',
        "x = 1 + \\\n    2",
        "rows = [\n    row\n    for row in rows\n    if row\n]",
        'text = """\ndef f(\n@\n"""',
        'text = f(\'"""\', """\nclass A:\n""")',
        "pass; x = (\n    2)",
        "global g",
        "assert (\n    x\n), f'''{\nx}\n'''",
        "# only a comment",
        "",
        "lambda: (\n    1,\n)",
        "del x,\\\n    y",
        "y: dict[\n    str, int\n] = {}",
    ]
)
_HEADS = st.sampled_from(
    [
        "if x:", "if (\n    x and\n    y\n):", "for a in (\n    1, 2\n):", "while x:", "with open(\n    a\n) as b:",
        "def f(\n    a,\n    b=1,\n):", "@dec(\n    1,\n)\ndef f(a):", "@one\n@two\nclass C(\n    Base,\n):",
        "async def g():", "class D:", "else_of = 1\nif x:", "match x:\n    case 1:\n        pass\nif x:",
        "match (\n    x\n):\n    case [\n        1,\n    ]:\n        pass\n    case _:\n        pass\nif x:",
    ]
)  # fmt: skip
_TAILS = st.sampled_from(["", "\nelse:\n    pass", '\nif y:\n    """text\n    text"""\nelif (\n    z\n):\n    pass'])


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(lambda parts: "\n".join([*parts, "pass"]))
    return st.builds(_block, _HEADS, body, _TAILS)


def _block(head: str, body: str, tail: str) -> str:
    indented = textwrap.indent(body, "    ", lambda _: True)
    return f"{head}\n{indented}{tail if head.startswith('if') else ''}"


_SOURCES = st.lists(st.recursive(_SIMPLE, _compound, max_leaves=8), max_size=6).map(
    lambda parts: "\n".join([*parts, ""])
)


@given(_SOURCES)
def test_a_line_lies_in_the_function_that_python_gives_it_to(text: str) -> None:
    """Whichever part of a file is looked at alone: first and last line, and of several the innermost."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    reach = {node: (min([node, *node.decorator_list], key=_line).lineno, node.end_lineno or 0) for node in nodes}
    source = Source(text)
    for line in range(1, text.count("\n") + 2):
        holding = [node for node, (first, last) in reach.items() if first <= line <= last]
        span = source.around(line)
        assert (span and (span.first, span.last, span.head)) == (
            (*reach[holding[-1]], holding[-1].lineno) if holding else None
        )
    assert [(span.first, span.last) for span in source.spans] == sorted(reach.values())
    assert all(source.named(span.name) == source.all_named(span.name)[-1] for span in source.spans)
    assert all(span in source.all_named(span.name) and source.opening(span) for span in source.spans)


def _line(node: ast.expr | ast.stmt) -> int:
    return node.lineno


def _agrees(text: str) -> None:
    parser = PythonParser(text=text or "\n")
    parser.parse_source()
    source = Source(text)
    for line in range(1, text.count("\n") + 1):
        ours = {source.statement(line)} & parser.statements
        assert ours == parser.translate_lines({line}) & parser.statements, line


@given(_SOURCES)
def test_a_line_belongs_to_the_statement_that_coverage_gives_it_to(text: str) -> None:
    """Continuation lines, brackets, long texts, decorators, match, comprehensions: all as coverage.py translates."""
    try:
        compile(text, "x.py", "exec", dont_inherit=True)
    except SyntaxError:  # a text in the middle may end a block early
        return
    _agrees(text)


@pytest.mark.parametrize("module", [argparse, asyncio.base_events, dataclasses, typing], ids=lambda one: one.__name__)
def test_so_it_is_in_real_modules(module: ModuleType) -> None:
    """Thousands of lines of the standard library, line by line."""
    assert module.__file__
    _agrees(Path(module.__file__).read_text(encoding="utf-8"))


SHOP = Source(
    textwrap.dedent('''\
    import os


    class Pager:
        """A pager."""

        @property
        def size(self):
            """Its size."""
            return 10

        def pages(self, n):
            def inner():
                return 1
            return inner() + n


    async def over():
        pass
    ''')
)


def test_a_name_is_found_as_python_reads_it() -> None:
    """All that have it, in their order; in any letters that stand for its own, and wherever they stand (PEP 3131)."""
    source = Source("def ﬁnd(): pass\nif x:\n    def  find(): pass\nclass \\\nfind: pass\ndef finds(): find\n")
    assert [span.head for span in source.all_named("find")] == [1, 3, 4]
    assert source.all_named("nothing") == ()
    assert source.named("nothing") is None


def test_the_opening_of_a_function_is_all_that_stands_before_its_first_line() -> None:
    """Its decorators and its parameters, on however many lines; no docstring, and no indentation."""
    source = Source("class A:\n    @b(\n        1)\n    def c(\n        d,\n    ):\n        'e'\n        f\ndef g(): 1")
    a, c, g = source.spans
    assert (source.opening(a), source.decorators(a)) == (("class A:",), ())
    assert source.opening(c) == ("@b(", "1)", "def c(", "d,", "):")
    assert source.decorators(c) == ("@b(", "1)")
    assert source.opening(g) == ("def g(): 1",)


def test_functions_and_classes_have_their_lines() -> None:
    """From the first decorator to the last line, with the line of the first statement after the docstring."""
    assert [(span.first, span.last, span.name, span.head, span.body) for span in SHOP.spans] == [
        (4, 15, "Pager", 4, 7),
        (7, 10, "Pager.size", 8, 10),
        (12, 15, "Pager.pages", 12, 13),
        (13, 14, "Pager.pages.inner", 13, 14),
        (18, 19, "over", 18, 19),
    ]


def test_lines_are_told_with_their_function() -> None:
    """Ranges of lines, function by function."""
    assert described([1, 10, 14, 15, 18, 19], SHOP) == (
        "1, 10 (Pager.size), 14 (Pager.pages.inner), 15 (Pager.pages), 18-19 (over)"
    )
    assert described([3, 4, 5, 9], None) == "3-5, 9"
    assert described([3, 5, 9, 12], None, [1, 3, 5, 9, 10, 12]) == "3-9, 12"
    assert described(range(1, 40, 2), Source("def a(): pass\nx = 1\n" * 20), cap=2).endswith(" and 18 more places")
    assert described([1, 3, 5], None, cap=2) == "1, 3 and 1 more place"
    assert described(range(1, 14, 2), None) == "1, 3, 5, 7, 9 and 2 more places"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("x = 'é'\r\ny = 1\r\n".encode(), "x = 'é'\ny = 1\n", id="line-ends"),
        pytest.param(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n", id="encoding"),
        pytest.param(b"\xef\xbb\xbfx = 1\n", "x = 1\n", id="mark"),
        pytest.param(b"# coding: nonsense\nx = 1\n", "# coding: nonsense\nx = 1\n", id="unknown-encoding"),
        *(
            pytest.param(f"# coding: {name}\nx = 'ö'\n".encode(), f"# coding: {name}\nx = 'ö'\n", id=name)
            for name in ("rot13", "hex", "bz2", "undefined", "idna")
        ),
        pytest.param(
            b"#!/usr/bin/python\n# coding: latin-1\nx = '\xe9'\ny = 1\nz = 1\n",
            "#!/usr/bin/python\n# coding: latin-1\nx = 'é'\ny = 1\nz = 1\n", id="encoding-on-the-second-line",
        ),
        pytest.param(
            b"\xef\xbb\xbf# coding: latin-1\n", "# coding: latin-1\n", id="mark-that-is-at-odds-with-the-encoding"
        ),
        pytest.param(b"x = '\xff'\n", "x = '\ufffd'\n", id="bytes-of-no-encoding"),
        pytest.param(b"x = 1\ry = 1\r", "x = 1\ny = 1\n", id="line-ends-of-old"),
        pytest.param(b"", "", id="empty"),
    ],
)  # fmt: skip
def test_a_file_is_read_as_python_reads_it(content: bytes, text: str) -> None:
    """In the encoding that it names, with any line ends."""
    assert source_of(content).text == text


@given(st.text(max_size=80))
@example("\r\x80")
def test_any_text_has_an_answer(text: str) -> None:
    """What is no Python has lines and nothing more."""
    source = Source(text)
    assert 1 <= source.statement(1) <= 1
    source.around(1)
    source.pragmas([0, 1, 2, 99])


def test_a_pragma_is_found_in_its_line() -> None:
    """In coverage.py's own spellings."""
    source = Source("a = 1  # pragma: no cover\nb = 2\nc = 3 # PRAGMA NO BRANCH\n# pragma:no cover\n")
    assert source.pragmas([1, 2, 3, 4]) == (1, 3, 4)
    assert Source("a = 1\nb = 2  # pragma: no cover").pragmas([0, 1, 2, 3]) == (2,)


def _lines(*parts: range | int) -> frozenset[int]:
    return frozenset(line for part in parts for line in (part if isinstance(part, range) else (part,)))


@pytest.mark.parametrize(
    ("lines", "kept", "stubs"),
    [
        pytest.param([], [range(1, 4)], [], id="nothing"),
        pytest.param([1], [range(1, 4)], [], id="top"),
        pytest.param([10], [range(1, 12), 16, 17], [12], id="method"),
        pytest.param([14], [range(1, 7), 11, *range(12, 18)], [7], id="function-in-a-method"),
        pytest.param([5], [range(1, 7), 11, 16, 17], [7, 12], id="class-itself"),
        pytest.param([19], [range(1, 4), 18, 19], [], id="another-definition"),
        pytest.param([8, 13, 18], [range(1, 20)], [], id="everything"),
    ],
)
def test_what_stands_around_some_lines_is_looked_at_alone(
    lines: list[int], kept: list[range | int], stubs: list[int]
) -> None:
    """What comes before the first definition is always there; of a class only the methods that are asked about."""
    assert SHOP.excerpt(lines) == Excerpt(_lines(*kept), frozenset(stubs))


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_file_may_begin_with_a_function(end: str) -> None:
    """Which is left out where it is not meant, and stands where it is; the last line may lack its end."""
    source = Source(f"def a():\n    return 1\n\ndef b():\n    return 2{end}")
    assert source.excerpt([5]) == Excerpt(frozenset({3, 4, 5}), frozenset({1}))
    assert source.excerpt([2]) == Excerpt(frozenset({1, 2, 3}), frozenset())


def test_a_function_within_one_that_is_meant_stays() -> None:
    """However short it is, and though it ends where the other one does."""
    source = Source("def a():\n    x = 1\n    def b(): pass\n")
    assert source.excerpt([2]) == Excerpt(frozenset({1, 2, 3}), frozenset())


@given(_SOURCES, st.lists(st.integers(1, 30), max_size=3))
def test_what_is_asked_about_is_in_the_excerpt(text: str, lines: list[int]) -> None:
    """In any source; and where something has to stand for a function, none of it is there."""
    found = Source(text).excerpt(lines)
    assert {line for line in lines if line <= text.count("\n")} <= found.kept
    assert not found.kept & found.stubs


@pytest.mark.parametrize(
    ("pattern", "is_spanning"),
    [
        pytest.param("start(?s:.)*?stop", True, id="from-here-to-there"),
        pytest.param("^b = 2(?s:.)*?$\n^c", True, id="from-the-beginning-of-a-line"),
        pytest.param("b = 2", False, id="in-one-line"),
        pytest.param(r"\s*b = 2\s*", False, id="with-white-space-around"),
        pytest.param("none(?s:.)*such", False, id="nowhere"),
    ],
)
def test_what_spans_lines_is_known(pattern: str, is_spanning: bool) -> None:
    """Then no part of the file can be looked at alone."""
    assert Source("a = 1  # start\nb = 2\nc = 3  # stop\n").spans_lines(pattern) is is_spanning


def test_the_beginning_of_a_function_is_known_by_its_line() -> None:
    """A ``def`` or a decorator, indented or not, on the first line and on the last; there is no line 0."""
    source = Source("def a(): pass\nclass B:\n    @once\n    async  def c(): pass\ndefault = 1\ndef d(): pass")
    assert [line for line in range(9) if source.opens_function(line)] == [1, 3, 4, 6]
