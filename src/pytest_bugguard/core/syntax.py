"""When do two pieces of Python mean the same? Normal forms of syntax trees; no I/O.

White space, comments, quotes and line numbers are no part of a tree to begin with; docstrings, needless ``pass`` and
the names of local variables are taken away here.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises at text that is no Python: also for null bytes and for nesting that is too deep."""
_MEANINGLESS = frozenset({"ctx", "type_comment", "kind", "type_ignores", "type_params"})
_LEAVES = frozenset(
    {"id", "attr", "arg", "name", "asname", "module", "level", "op", "ops", "rest", "kwd_attrs"}
    | {"conversion", "simple", "is_async", *_MEANINGLESS}
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
_MEANINGFUL = Fields(_MEANINGLESS | {"returns", "msg"})
"""``msg`` is what an ``assert`` says when it fails, and no part of when it does."""
_BLOCKS = frozenset({"body", "orelse", "finalbody"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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


def same(one: object, other: object) -> bool:
    """Whether two trees (or lists of them) mean the same; the names of local variables do not matter."""
    return Likeness().holds(one, other)


def same_body(one: FunctionNode, other: FunctionNode, renamed: Iterable[tuple[str, str]] = ()) -> bool:
    """Whether two functions take the same parameters and do the same, their names and decorators aside.

    Args:
        one: A function.
        other: Another one.
        renamed: Parameters that may have another name in the other one, because their decorators name them.
    """
    likeness = Likeness(dict(renamed))
    likeness.enter(one, other)
    return (
        isinstance(one, ast.AsyncFunctionDef) == isinstance(other, ast.AsyncFunctionDef)
        and likeness.holds(one.args, other.args)
        and likeness.holds(code(one.body), code(other.body))
    )


class Likeness:
    """Compares two trees at once and stops at the first difference."""

    fields: Mapping[type[ast.AST], tuple[str, ...]] = _MEANINGFUL
    """What is compared of each class of node."""

    def __init__(self, renamed: dict[str, str] | None = None) -> None:
        self._to = renamed or {}
        self._back = {new: old for old, new in self._to.items()}
        self._scopes: list[tuple[FunctionNode, FunctionNode]] = []
        self._variables: dict[FunctionNode, set[str]] = {}

    def body(self, statements: list[ast.stmt], owner: ast.AST) -> list[ast.stmt]:
        """What counts of the body of a function, a class or another block."""
        return code(statements) if isinstance(owner, _DEFINITIONS) else statements

    def enter(self, one: FunctionNode, other: FunctionNode) -> None:
        """Take both functions for a scope whose local variables may be renamed."""
        self._scopes.append((one, other))

    def holds(self, one: object, other: object) -> bool:
        """Whether both mean the same; trees that are nested too deeply to be compared do not."""
        try:
            return self.of(one, other)
        except RecursionError:
            return False

    def of(self, one: object, other: object) -> bool:
        """The same, for parts of trees."""
        if isinstance(one, list):
            return isinstance(other, list) and self._lists(one, other)
        if isinstance(one, ast.AST) and isinstance(other, ast.AST):
            return self._nodes(one, other)
        return one.__class__ is other.__class__ and one == other

    def _lists(self, one: Sequence[object], other: Sequence[object]) -> bool:
        return len(one) == len(other) and all(map(self.of, one, other))

    def _nodes(self, one: ast.AST, other: ast.AST) -> bool:
        if one.__class__ is not other.__class__ or one.__class__ is ast.AnnAssign:
            one, other = _plain(one), _plain(other)
            if one.__class__ is not other.__class__:
                return False
        if isinstance(one, ast.Name) and isinstance(other, ast.Name):
            return self.names(one.id, other.id)
        if isinstance(one, ast.arg) and isinstance(other, ast.arg):
            return self.arguments(one, other)
        if is_function(one) and is_function(other):
            self.enter(one, other)
            alike = self._parts(one, other)
            self._scopes.pop()
            return alike
        return self._parts(one, other)

    def _parts(self, one: ast.AST, other: ast.AST) -> bool:
        for part in self.fields[one.__class__]:
            left, right = getattr(one, part, None), getattr(other, part, None)
            if part in _BLOCKS and isinstance(left, list) and isinstance(right, list):
                left, right = self.body(left, one), self.body(right, other)
            if not self.of(left, right):
                return False
        return True

    def arguments(self, one: ast.arg, other: ast.arg) -> bool:
        """An annotation may come or go, but not turn into another one: some frameworks act on them."""
        if self._to.get(one.arg, one.arg) != other.arg:
            return False
        return one.annotation is None or other.annotation is None or self.of(one.annotation, other.annotation)

    def names(self, one: str, other: str) -> bool:
        """The names of local variables may differ, as long as each stands for one and the same."""
        if one not in self._to and other not in self._back:
            if one != other and not self._are_local(one, other):
                return False
            self._to[one], self._back[other] = other, one
        return self._to.get(one) == other

    def _are_local(self, one: str, other: str) -> bool:
        return any(one in self._own(old) and other in self._own(new) for old, new in self._scopes)

    def _own(self, function: FunctionNode) -> set[str]:
        if function not in self._variables:
            self._variables[function] = variables(function)
        return self._variables[function]


def _plain(node: ast.AST) -> ast.AST:
    """``x: int = 1`` is ``x = 1``; ``x: int`` where it counts (as a field of a class) is ``x``."""
    if not isinstance(node, ast.AnnAssign):
        return node
    if node.value is None:
        return ast.Expr(value=node.target)
    return ast.Assign(targets=[node.target], value=node.value)


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


def form(node: object, names: dict[str, str] | None = None) -> Hashable:
    """A value that is equal for trees that mean the same; ``names`` are put in the place of local variables.

    A tree that is nested too deeply is equal to nothing but itself.
    """
    try:
        return _form(node, names)
    except RecursionError:
        return ("deep", id(node))


def _form(node: object, names: dict[str, str] | None) -> Hashable:
    if isinstance(node, ast.Name):
        return ("Name", names.get(node.id, node.id) if names else node.id)
    if isinstance(node, ast.AST):
        return (
            node.__class__.__name__,
            *(_field_form(node, part, names) for part in _MEANINGFUL[node.__class__]),
        )
    if isinstance(node, list):
        return tuple(_form(item, names) for item in node)
    return (type(node).__name__, node)


def _field_form(node: ast.AST, part: str, names: dict[str, str] | None) -> Hashable:
    value = getattr(node, part, None)
    if part == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        value = code(value)  # type: ignore[arg-type]  # the body of a definition is a list of statements
    return _form(value, names)


def body_form(function: FunctionNode) -> Hashable:
    """A value that is equal for functions that do the same under other names, with other local variables.

    Their decorators do not matter.
    """
    mine = variables(function)
    order = dict.fromkeys(node.id for node in walk(function) if isinstance(node, ast.Name) and node.id in mine)
    names = {name: f"#{place}" for place, name in enumerate(order)}
    parameters = [argument.arg for argument in arguments(function) if argument.arg not in {"self", "cls"}]
    return (tuple(parameters), form(code(function.body), names))


def body_shape(function: FunctionNode) -> Hashable:
    """A value that is equal wherever ``body_form`` is, and costs next to nothing: the kinds of the statements."""
    return tuple(statement.__class__ for statement in code(function.body))


def arguments(function: FunctionNode) -> Iterator[ast.arg]:
    """All parameters in order, without ``*args`` and ``**kwargs``."""
    yield from function.args.posonlyargs
    yield from function.args.args
    yield from function.args.kwonlyargs
