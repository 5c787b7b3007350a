"""When do two pieces of Python mean the same? Normal forms of syntax trees; no I/O.

White space, comments, quotes and line numbers are no part of a tree to begin with; docstrings, needless ``pass`` and
the names of local variables are taken away here.
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What ``ast.parse`` raises at text that is no Python: also for null bytes and for nesting that is too deep."""
_MEANINGLESS = frozenset({"ctx", "type_comment", "kind", "type_ignores", "lineno", "type_params"})


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


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a string, as a docstring is."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def docstring(node: FunctionNode | ast.ClassDef | ast.Module) -> str:
    """The docstring as written; empty where there is none."""
    if node.body and is_text(node.body[0]):
        text = node.body[0].value.value  # type: ignore[attr-defined]  # is_text has looked
        return text if isinstance(text, str) else ""
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


def same(one: Any, other: Any) -> bool:
    """Whether two trees (or lists of them) mean the same; the names of local variables do not matter."""
    return Likeness().of(one, other)


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
        and likeness.of(one.args, other.args)
        and likeness.of(code(one.body), code(other.body))
    )


class Likeness:
    """Compares two trees at once and stops at the first difference."""

    def __init__(self, renamed: dict[str, str] | None = None) -> None:
        self._to = renamed or {}
        self._back = {new: old for old, new in self._to.items()}
        self._scopes: list[tuple[FunctionNode, FunctionNode]] = []

    def enter(self, one: FunctionNode, other: FunctionNode) -> None:
        """Take both functions for the scope whose local variables may be renamed."""
        self._scopes.append((one, other))

    def of(self, one: Any, other: Any) -> bool:
        """Whether both mean the same."""
        if isinstance(one, list):
            return self._lists(one, other)
        if not isinstance(one, ast.AST):
            return type(one) is type(other) and bool(one == other)
        if isinstance(one, ast.AnnAssign) or isinstance(other, ast.AnnAssign):
            one, other = self._plain(one), self._plain(other)
        if one.__class__ is not other.__class__:
            return False
        if isinstance(one, ast.Name):
            return self._names(one.id, other.id)
        if isinstance(one, ast.arg):
            return self._arguments(one, other)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return self._definitions(one, other)
        return self._fields(one, other)

    def _fields(self, one: ast.AST, other: ast.AST) -> bool:
        return all(
            self.of(getattr(one, field, None), getattr(other, field, None))
            for field in one._fields
            if field not in _MEANINGLESS
        )

    def _lists(self, one: list[Any], other: Any) -> bool:
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(self.of(left, right) for left, right in zip(one, other, strict=True))
        )

    def _definitions(self, one: Any, other: Any) -> bool:
        is_scope = is_function(one)
        if is_scope:
            self.enter(one, other)
        alike = all(
            self.of(
                *(
                    (code(one.body), code(other.body))
                    if field == "body"
                    else (getattr(one, field), getattr(other, field))
                )
            )
            for field in one._fields
            if field not in _MEANINGLESS and field != "returns"
        )
        if is_scope:
            self._scopes.pop()
        return alike

    def _arguments(self, one: ast.arg, other: ast.arg) -> bool:
        """An annotation may come or go, but not turn into another one: some frameworks act on them."""
        if self._to.get(one.arg, one.arg) != other.arg:
            return False
        return one.annotation is None or other.annotation is None or self.of(one.annotation, other.annotation)

    def _names(self, one: str, other: str) -> bool:
        known = self._to.get(one)
        if known is not None or other in self._back:
            return known == other
        if one != other and not self._are_local(one, other):
            return False
        if one != other or self._are_local(one, other):
            self._to[one], self._back[other] = other, one
        return True

    def _are_local(self, one: str, other: str) -> bool:
        return any(one in variables(old) and other in variables(new) for old, new in self._scopes)

    def _plain(self, node: Any) -> Any:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)
        return node


def variables(function: FunctionNode) -> frozenset[str]:
    """The names that a function assigns to, nested functions included, and that are not its parameters."""
    known: frozenset[str] | None = getattr(function, "_bugguard_variables", None)
    if known is not None:
        return known
    stored, outer = set(), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stored.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.arg):
            outer.add(node.arg)
    found = frozenset(stored - outer)
    function._bugguard_variables = found  # type: ignore[union-attr]  # a tree lives as long as what is known of it
    return found


def form(node: Any, names: dict[str, str] | None = None) -> Hashable:
    """A value that is equal for trees that mean the same; ``names`` are put in the place of local variables."""
    if isinstance(node, ast.Name):
        return ("Name", names.get(node.id, node.id) if names else node.id)
    if isinstance(node, ast.AST):
        return (
            node.__class__.__name__,
            *(_field_form(node, field, names) for field in node._fields if field not in _MEANINGLESS),
        )
    if isinstance(node, list):
        return tuple(form(item, names) for item in node)
    return (type(node).__name__, node)


def _field_form(node: ast.AST, field: str, names: dict[str, str] | None) -> Hashable:
    value = getattr(node, field, None)
    if field == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        value = code(value)  # type: ignore[arg-type]  # the body of a definition is a list of statements
    return form(value, names)


def function_form(function: FunctionNode) -> Hashable:
    """A value that is equal for functions that do the same under other names, with other local variables."""
    mine = variables(function)
    order = dict.fromkeys(node.id for node in ast.walk(function) if isinstance(node, ast.Name) and node.id in mine)
    names = {name: f"#{place}" for place, name in enumerate(order)}
    parameters = [argument.arg for argument in arguments(function) if argument.arg not in {"self", "cls"}]
    return (tuple(parameters), form(code(function.body), names), form(function.decorator_list))


def arguments(function: FunctionNode) -> Iterator[ast.arg]:
    """All parameters in order, without ``*args`` and ``**kwargs``."""
    yield from function.args.posonlyargs
    yield from function.args.args
    yield from function.args.kwonlyargs


def loaded_names(node: ast.AST) -> Iterator[str]:
    """Every name, attribute, parameter and short string in a tree: what it may refer to by name."""
    for child in ast.walk(node):
        match child:
            case ast.Name():
                yield child.id
            case ast.Attribute():
                yield child.attr
            case ast.arg():
                yield child.arg
            case ast.Constant(value=str() as text) if text.isidentifier():
                yield text
