"""Old code in the dress of the new one does what it did, and looks as it looks now."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_bugguard.adapters.probe.bugguard_probe.dress import dressed

OLD = '''"""Pages."""
from __future__ import annotations
import json

__version__ = "1.0"
SIZE: int = 10

def pages(items: int) -> int:
    """How many."""
    return items // SIZE

@staticmethod
def decorated(items: int):
    return later, items

class Pager:
    size: int = 10

    def count(self, items: int):
        """Counts."""
        return items // 10

class Row(dict):
    size: int
'''
NEW = '''"""Pages, rounded up."""
from __future__ import annotations
import json, string
from functools import lru_cache
from no_such_package import missing

__version__ = "1.1"
SIZE: float = 20
LIMIT = [9]
MADE = dict(a=1)
later = 1

@lru_cache
@pages.register
def first():
    return 1

def pages(items: float) -> Decimal:
    return -(-items // SIZE)

@staticmethod
def decorated(items: str):
    """Says nothing."""
    return items

class Pager:
    """A pager."""
    size: float = 10

    def count(self, items: float):
        """Counts, rounded up."""
        return -(-items // 10)

    def last(self): ...

class Row(dict):
    size: str

class Wrong(ValueError): ...

class Told(Pager): ...
'''


def look(name: str) -> Any:  # noqa: ANN401 - whatever it is
    """What the name is bound to in the old module in new dress; with a dot, of a class."""
    space: Any = SimpleNamespace()
    exec(compile(dressed(OLD.encode(), NEW.encode()), "pager.py", "exec", dont_inherit=True), vars(space))
    for part in name.split("."):
        space = getattr(space, part, None)
    return space


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("__doc__", "Pages, rounded up."),
        ("pages.__doc__", None),
        ("decorated.__doc__", "Says nothing."),
        ("Pager.__doc__", "A pager."),
        ("Pager.count.__doc__", "Counts, rounded up."),
        ("__version__", "1.1"),
        ("pages.__annotations__", {"items": "float", "return": "int"}),
        ("decorated.__annotations__", {"items": "int"}),
        ("Pager.__annotations__", {"size": "float"}),
        ("Row.__annotations__", {"size": "int"}),
        ("__annotations__", {"SIZE": "float"}),
        ("SIZE", 10),
        ("LIMIT", [9]),
    ],
)
def test_words_are_the_new_ones_and_values_the_old(name: str, value: object) -> None:
    """Where a decorator or a base class may make something of an annotation it is no word."""
    assert look(name) == value


def test_code_does_what_it_did() -> None:
    """Also a method."""
    assert (look("pages")(11), look("Pager")().count(11)) == (1, 1)


@pytest.mark.parametrize("name", ["pages", "Pager.count"])
def test_it_stands_where_it_stands_now(name: str) -> None:
    """What it raises is raised there too."""
    found = {node.name: node for node in ast.walk(ast.parse(NEW)) if isinstance(node, ast.FunctionDef)}
    assert look(name).__code__.co_firstlineno == found[name.rpartition(".")[2]].lineno


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("string", True),
        ("first", True),
        ("Wrong", True),
        pytest.param("missing", False, id="cannot-be-imported"),
        pytest.param("MADE", False, id="calls-something"),
        pytest.param("Told", False, id="its-base-may-count-it"),
        pytest.param("later", False, id="the-old-code-names-it"),
        pytest.param("Pager.last", False, id="others-may-ask-objects-for-it"),
    ],
)
def test_an_addition_is_there_where_it_can_turn_nothing(name: str, is_there: bool) -> None:
    """What would change the old code's behaviour is left out."""
    assert (look(name) is not None) is is_there


@pytest.mark.parametrize("place", ["re.mine", "first, second", "re.first = re.second", "SOME['kind']"])
def test_what_a_call_has_made_need_not_have_one_name(place: str) -> None:
    """What is given to another module's name, or taken apart, is no class that objects are made of here."""
    lines = (f"import re\nSOME = {{}}\n{place} = re.findall('{way}', 'aabb')\n" for way in ("a", "b"))
    assert ast.unparse(dressed(*(line.encode() for line in lines))).count("findall('a'") == 1


@pytest.mark.parametrize(("more", "is_told"), [("", False), ("SHOWN = 'License'\n", True)])
def test_what_a_comment_has_said_before_is_no_new_name(more: str, is_told: bool) -> None:
    """As that of a licence, above code that makes names at run time."""
    old = '# under the "License"\nclass Shop: ...\nsetattr(Shop, "size", 1)\n'
    assert ("put(Shop, 'License')" in ast.unparse(dressed(old.encode(), f"{old}{more}".encode()))) is is_told


@pytest.mark.parametrize("new", [b"def pages(:\n", b"\xff", b"\0"])
def test_what_is_no_python_dresses_nothing(new: bytes) -> None:
    """The old text is compiled as it is, then."""
    with pytest.raises((SyntaxError, ValueError)):
        dressed(OLD.encode(), new)
