"""Lines that make one logical line: by the syntax tree as by Python's own tokens."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import typing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import logical_lines

if TYPE_CHECKING:
    from types import ModuleType

ODD = {
    "brackets": "a = (\n    1,\n)\nb = 2\n",
    "text": 'a = """\nb\n"""\n',
    "backslash": "a = 1 + \\\n    2\n",
    "semicolons": "a = 1; b = (\n    2\n); c = 3\nd = 4\n",
    "semicolon-and-backslash": "a = 1; \\\nb = 2\nc = 3\n",
    "signature": "def f(\n    a,  # one\n    # two\n):\n    # three\n\n    return a\n",
    "one-line-body": "def f(): return (\n    1\n)\n",
    "one-line-bodies": "if a: b(\n    1\n); c()\nelse: d(\n    2\n)\n",
    "decorators": "@a(\n    1\n)\n# two\n@b\n@(\n    c\n)\nclass D(\n    E\n):\n    @f(\n        2\n    )\n"
    "    def g(self): ...\n",
    "header": "if (\n    a\n    and b\n):\n    pass\nelif (\n    c\n):\n    pass\n",
    "loops": "for a in (\n    b\n):\n    pass\nelse:\n    c = [\n    ]\nwhile (\n    a\n): break\n",
    "with": "with (\n    a as b,\n    c as d,\n):\n    e(\n    )\n",
    "try": "try:\n    a(\n    )\nexcept (\n    B,\n) as c:\n    pass\nfinally:\n    d = [\n    ]\n",
    "try-star": "try:\n    a()\nexcept* (\n    B,\n):\n    pass\n",
    "match": "match (\n    a\n):\n"
    "    case (\n        1\n    ) if (\n        b\n    ):\n        c(\n        )\n    case _: d(\n    )\n",
    "async": "async def f(\n):\n    async with a(\n    ):\n        pass\n    async for b in (\n    ):\n        pass\n",
    "other-letters": "def f(): ä = 'ß'; return (\n    1\n)\n",
    "docstring": 'def f():\n    """\n    a\n    """\n',
    "nothing": "",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_shapes(text: str) -> None:
    """Each kind of statement, over several lines and on one line with others."""
    expected = list(logical_lines.of_tokens(text))
    assert sorted(logical_lines.of_tree(ast.parse(text), text.split("\n"))) == expected
    assert bool(expected) == bool(text)


@pytest.mark.parametrize("module", [argparse, dataclasses, typing], ids=lambda one: one.__name__)
def test_real_modules(module: ModuleType) -> None:
    """Long ones, of all sorts of lines."""
    assert module.__file__
    text = Path(module.__file__).read_text(encoding="utf-8")
    assert sorted(logical_lines.of_tree(ast.parse(text), text.split("\n"))) == list(logical_lines.of_tokens(text))


def test_what_is_no_python_is_read_as_far_as_it_is() -> None:
    """Up to there nobody can tell otherwise."""
    assert list(logical_lines.of_tokens("a = (\n    1\n)\nb = (\n")) == [(1, 3)]
