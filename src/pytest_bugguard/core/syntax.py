"""What does a text of Python hold? Its tree, the way through it, and what is read off it. Pure; no I/O."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises at text that is no Python: also for null bytes and for nesting that is too deep."""
MEANINGLESS = frozenset({"ctx", "type_comment", "kind", "type_ignores", "type_params"})
"""Fields that do nothing when the code runs."""
_LEAVES = frozenset(
    {"id", "attr", "arg", "name", "asname", "module", "level", "op", "ops", "rest", "kwd_attrs"}
    | {"conversion", "simple", "is_async", *MEANINGLESS}
)
"""Fields that hold no nodes, or only operators, which say nothing by name."""
_LEAF_CLASSES = (ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal)


class Fields(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each class of node without some; looked up once a class."""

    def __init__(self, without: frozenset[str], leaves: tuple[type[ast.AST], ...] = ()) -> None:
        super().__init__()
        self._without = without
        self._leaves = leaves

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        fields = () if kind in self._leaves else tuple(part for part in kind._fields if part not in self._without)
        self[kind] = fields
        return fields


_CHILDREN = Fields(_LEAVES, _LEAF_CLASSES)


class UnparsableError(Exception):
    """The text is no Python 3; the message says where, in one line."""


def parse(source: bytes) -> list[ast.stmt]:
    """The statements of a piece of source.

    Raises:
        UnparsableError: with the parser's message and line.
    """
    try:
        with warnings.catch_warnings():  # the parser warns of escapes such as "\d" in other people's code
            warnings.simplefilter("ignore")
            return ast.parse(source).body
    except _FAULTS as fault:
        raise UnparsableError(_told(fault)) from fault


def _told(fault: BaseException) -> str:
    if isinstance(fault, SyntaxError):
        line = f" (line {fault.lineno})" if fault.lineno else ""
        return f"{' '.join(str(fault.msg).split())}{line}"
    if isinstance(fault, ValueError):
        return " ".join(str(fault).split())
    return "nested too deeply"


def is_function(node: object) -> TypeGuard[FunctionNode]:
    """Whether a node defines a function, be it async or not."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def code(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a body that do something: no docstring, no ``pass``."""
    rest = body[1:] if body and is_text(body[0]) else body
    return [statement for statement in rest if not isinstance(statement, ast.Pass)]


def walk(*nodes: ast.AST) -> Iterator[ast.AST]:
    """Every node of some trees but operators and contexts, in no particular but always the same order.

    Four times as fast as ``ast.walk``: it knows which fields of which class hold nodes.
    """
    waiting: list[ast.AST | None] = list(nodes)
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        yield node
        for part in _CHILDREN[node.__class__]:  # as in children, but no call for each of a million nodes
            value = getattr(node, part, None)
            if value.__class__ is list:
                waiting += value
            elif value is not None:
                waiting.append(value)


def children(node: ast.AST) -> list[ast.AST | None]:
    """The nodes right below a node but operators and contexts, in the order of its fields.

    None stands for the key of ``**more`` in a dict, and for the default of a keyword without one.
    """
    found: list[ast.AST | None] = []
    for part in _CHILDREN[node.__class__]:
        value = getattr(node, part, None)
        if value.__class__ is list:
            found += value
        elif value is not None:
            found.append(value)
    return found


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a string, as a docstring is."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def docstring(node: FunctionNode | ast.ClassDef) -> str:
    """The docstring as written; empty where there is none."""
    return first_text(node.body)


def first_text(body: Sequence[ast.stmt]) -> str:
    """The string that a body begins with, as a docstring does; empty where there is none."""
    match body[:1]:
        case [ast.Expr(value=ast.Constant(value=str() as text))]:
            return text
        case _:
            return ""


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a chain of names, also below calls and subscripts (``a().b`` gives ``a.b``); else empty."""
    parts: list[str] = []
    while True:
        match node:
            case ast.Attribute():
                parts.append(node.attr)
                node = node.value
            case ast.Call():
                node = node.func
            case ast.Subscript() | ast.Await():
                node = node.value
            case ast.Name():
                return ".".join([node.id, *reversed(parts)])
            case _:
                return ""


def last_name(node: ast.AST) -> str:
    """The last name of what is called or referred to: ``c`` for ``a.b.c(1)``, also where ``a`` is no plain name."""
    while isinstance(node, ast.Call | ast.Subscript | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """What a call hands over at a place or by a name; None where it does neither in plain sight."""
    named = [word.value for word in call.keywords if word.arg == name]
    return next(iter([*call.args[place : place + 1], *named]), None)


def variables(function: FunctionNode) -> set[str]:
    """The names that a function assigns to, nested functions included, and that are not its parameters."""
    stored, outer = set(), set()
    for node in walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.arg):
            outer.add(node.arg)
    return stored - outer


def arguments(function: FunctionNode | ast.Lambda) -> Iterator[ast.arg]:
    """All parameters in order, without ``*args`` and ``**kwargs``."""
    yield from function.args.posonlyargs
    yield from function.args.args
    yield from function.args.kwonlyargs
