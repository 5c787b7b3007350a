"""Does an assertion that failed only ask whether something is there that the fix adds? From its text; nothing is run.

``assert hasattr(shop, "pages")`` is red without the fix for the same reason as ``shop.pages(1)`` would be: the name is
not there. What such a test asks for is read off the statement, with the local names in it followed to where they come
from. An assertion that asks for anything else besides is left alone: it may have failed over that.
"""

from __future__ import annotations

import ast
import textwrap
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_bugguard.core.novelty import Novelty
    from pytest_bugguard.core.runs import Claim

_BY_NAME = frozenset({"hasattr", "getattr", "getattr_static"})
"""They are given a name, the second, and look whether it is there."""
_REFLECTING = frozenset({"dir", "getmembers", "get_type_hints", "globals", "iter_modules", "listdir", "scandir"})
"""What they give holds the names of what is there."""
_REFLECTIONS = frozenset(
    {"__all__", "__slots__", "__annotations__", "__dataclass_fields__", "_fields", "__members__", "__code__"}
)
"""Attributes that do."""
_OF_CALLABLES = frozenset({"signature", "getfullargspec", "getargspec", "getcallargs"})
_OF_FILES = frozenset({"exists", "is_file", "isfile", "is_dir", "isdir", "find_spec", "find_loader"})
_HARMLESS = frozenset(
    {"all", "any", "bool", "callable", "frozenset", "isclass", "isfunction", "isinstance", "ismethod", "isroutine"}
    | {
        "endswith",
        "issubclass",
        "keys",
        "len",
        "list",
        "next",
        "set",
        "sorted",
        "startswith",
        "str",
        "sum",
        "tuple",
        "type",
    }
)
"""They only turn what they are given about."""
_WANTS = frozenset({"AttributeError", "Exception", "ImportError", "ModuleNotFoundError", "NameError"})
"""What the use of a name that is not there raises, and what is caught along with that."""
_DEEP = 40
_FAR = 4
"""So many names are followed, one to the other."""


class _Part(Enum):
    """What a part of a question is about."""

    NOVELTY = auto()
    """Whether something is there that the fix adds."""
    REFLECTION = auto()
    """Which names are there."""
    NAME = auto()
    """The name of something that the fix adds."""
    OTHER = auto()
    """Something else."""


def asks_for_novelty(claim: Claim, novelty: Novelty) -> bool:
    """Whether all that a failed assertion asks is whether there is something that the fix adds."""
    try:
        tree = ast.parse(textwrap.dedent(claim.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    reader = _Reader(novelty, dict(claim.strings), _assigned(tree), _tried(tree))
    return any(reader.asks(question) for question in _questions(tree, claim.line))


def _questions(tree: ast.Module, line: int) -> Iterator[list[ast.expr]]:
    """What was asked by the statement on a line; each list is one question, and the first of several that decides."""
    path = _way_to(tree, line)
    for statement in reversed(path):
        match statement:
            case ast.Assert(test=test):
                yield [test.values[0] if _is_and(test) else test]  # type: ignore[attr-defined]
                return
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=given)) if name.startswith("assert"):
                yield given
                return
            case ast.If(test=test):  # whose body holds ``pytest.fail`` or ``raise AssertionError``
                yield [test]
                return


def _is_and(test: ast.expr) -> bool:
    """Whether the first part that is false decides."""
    return isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)


def _way_to(tree: ast.Module, line: int) -> list[ast.stmt]:
    """The statements around a line, the innermost last."""
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return sorted(around, key=lambda node: (node.lineno, -(node.end_lineno or 0)))


def _assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What each local name is bound to, wherever."""
    found = defaultdict(list)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                pairs = [(target, value)]
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                pairs = [(target, value)]
            case _:
                continue
        for target, value in pairs:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    found[name.id].append(value)
    return found


def _tried(tree: ast.Module) -> dict[str, list[str]]:
    """The names that are used in a ``try`` which catches the want of one, for each local name that is bound there."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(map(_catches_a_want, node.handlers)):
            used = [name for statement in node.body for part in ast.walk(statement) for name in _used(part)]
            for statement in (*node.body, *node.handlers, *node.orelse):
                for part in ast.walk(statement):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        found[part.id] += used
    return found


def _catches_a_want(handler: ast.ExceptHandler) -> bool:
    caught = {_own_name(part) for part in ast.walk(handler.type)} if handler.type is not None else _WANTS
    return not _WANTS.isdisjoint(caught)


def _used(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Attribute(attr=name):
            yield name
        case ast.ImportFrom(module=module, names=names):
            yield from (str(module), *(alias.name for alias in names))
        case ast.Import(names=names):
            yield from (alias.name for alias in names)


def _is_namespace(node: ast.expr) -> bool:
    """Whether it is ``vars(x)``, ``x.__dict__``, or the keys of that."""
    match node:
        case ast.Call(func=ast.Attribute(attr="keys", value=inner)):
            return _is_namespace(inner)
        case ast.Call(func=ast.Name(id="vars")) | ast.Attribute(attr="__dict__"):
            return True
    return False


@dataclass(slots=True)
class _Reader:
    novelty: Novelty
    strings: dict[str, tuple[str, ...]]
    """What local names held when it failed, as far as that is text."""
    assigned: dict[str, list[ast.expr]]
    tried: dict[str, list[str]]
    """By local name: what was used where it got its value, if that was given up for want of a name."""
    _followed: set[str] = field(default_factory=set)

    def asks(self, question: list[ast.expr]) -> bool:
        parts = {part for expression in question for part in self._parts(expression)}
        has_it = _Part.NOVELTY in parts or {_Part.REFLECTION, _Part.NAME} <= parts
        return has_it and _Part.OTHER not in parts

    def _parts(self, node: ast.AST, depth: int = _DEEP) -> Iterator[_Part]:
        if not depth:
            yield _Part.OTHER
            return
        match node:
            case ast.Call():
                yield from self._of_call(node, depth - 1)
            case ast.Attribute(attr=name) if name in _REFLECTIONS:
                yield _Part.REFLECTION
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[held]) if _is_namespace(held):
                yield _Part.REFLECTION
                yield from self._parts(left, depth - 1)
            case ast.Name(id=name):
                yield from self._of_name(name, depth - 1)
            case ast.Constant(value=str(text)) if self._is_novel(text):
                yield _Part.NAME
            case _:
                for child in ast.iter_child_nodes(node):
                    yield from self._parts(child, depth - 1)

    def _of_name(self, name: str, depth: int) -> Iterator[_Part]:
        if any(map(self._is_novel, self.strings.get(name, ()))):
            yield _Part.NAME
        if any(map(self._is_novel, self.tried.get(name, ()))):
            yield _Part.NOVELTY
        elif name not in self._followed:
            self._followed.add(name)
            for value in self.assigned.get(name, ()):
                yield from self._parts(value, depth)

    def _of_call(self, call: ast.Call, depth: int) -> Iterator[_Part]:
        name = _own_name(call.func)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name in _BY_NAME:
            is_novel = any(self._holds(self._is_novel, one) for one in given[1:2])
            yield _Part.NOVELTY if is_novel else _Part.OTHER
        elif name in _OF_FILES:
            is_novel = any(self._holds(self.novelty.names_module, one) for one in (call.func, *given))
            yield _Part.NOVELTY if is_novel else _Part.OTHER
        elif name in _OF_CALLABLES:
            yield _Part.NOVELTY if any(map(self._names_reshaped, given)) else _Part.REFLECTION
        elif name in _REFLECTING:
            yield _Part.REFLECTION
        else:
            inside = {part for child in (call.func, *given) for part in self._parts(child, depth)}
            yield from inside
            if name not in _HARMLESS and not inside & {_Part.NOVELTY, _Part.REFLECTION}:
                yield _Part.OTHER

    def _holds(self, is_wanted: Callable[[str], bool], node: ast.AST, depth: int = _FAR) -> bool:
        """Whether text like that stands anywhere in it, or in what its names are bound to."""
        for part in ast.walk(node):
            match part:
                case ast.Constant(value=str(text)) if is_wanted(text):
                    return True
                case ast.Name(id=name) if name in self.strings:
                    if any(map(is_wanted, self.strings[name])):
                        return True
                case ast.Name(id=name) if depth:
                    if any(self._holds(is_wanted, value, depth - 1) for value in self.assigned.get(name, ())):
                        return True
        return False

    def _names_reshaped(self, node: ast.AST) -> bool:
        names = (_own_name(part) for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute))
        return any(not name.startswith("__") and self.novelty.reshapes(name) for name in names if name)

    def _is_novel(self, text: str) -> bool:
        return self.novelty.names_addition(text)


def _own_name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
