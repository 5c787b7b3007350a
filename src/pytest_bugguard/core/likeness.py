"""When do two pieces of Python mean the same? By comparing their trees, or a form of each. Pure; no I/O.

White space, comments, quotes and line numbers are no part of a tree to begin with; docstrings, needless ``pass`` and
the names of local variables do not count here.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_bugguard.core import syntax

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from pytest_bugguard.core.syntax import FunctionNode

_FIELDS = syntax.Fields(syntax.MEANINGLESS | {"returns", "msg"})
"""``msg`` is what an ``assert`` says when it fails, and no part of when it does."""
_BLOCKS = frozenset({"body", "orelse", "finalbody"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


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
        and likeness.holds(syntax.code(one.body), syntax.code(other.body))
    )


class Likeness:
    """Compares two trees at once and stops at the first difference."""

    fields: Mapping[type[ast.AST], tuple[str, ...]] = _FIELDS
    """What is compared of each class of node."""

    def __init__(self, renamed: dict[str, str] | None = None) -> None:
        self._to = renamed or {}
        self._back = {new: old for old, new in self._to.items()}
        self._scopes: list[tuple[FunctionNode, FunctionNode]] = []
        self._variables: dict[FunctionNode, set[str]] = {}

    def body(self, statements: list[ast.stmt], owner: ast.AST) -> list[ast.stmt]:
        """What counts of the body of a function, a class or another block."""
        return syntax.code(statements) if isinstance(owner, _DEFINITIONS) else statements

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
        if syntax.is_function(one) and syntax.is_function(other):
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
            self._variables[function] = syntax.variables(function)
        return self._variables[function]


def _plain(node: ast.AST) -> ast.AST:
    """``x: int = 1`` is ``x = 1``; ``x: int`` where it counts (as a field of a class) is ``x``."""
    if not isinstance(node, ast.AnnAssign):
        return node
    if node.value is None:
        return ast.Expr(value=node.target)
    return ast.Assign(targets=[node.target], value=node.value)


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
            *(_field_form(node, part, names) for part in _FIELDS[node.__class__]),
        )
    if isinstance(node, list):
        return tuple(_form(item, names) for item in node)
    return (type(node).__name__, node)


def _field_form(node: ast.AST, part: str, names: dict[str, str] | None) -> Hashable:
    value = getattr(node, part, None)
    if part == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        value = syntax.code(value)  # type: ignore[arg-type]  # the body of a definition is a list of statements
    return _form(value, names)


def body_form(function: FunctionNode) -> Hashable:
    """A value that is equal for functions that do the same under other names, with other local variables.

    Their decorators do not matter.
    """
    mine = syntax.variables(function)
    order = dict.fromkeys(node.id for node in syntax.walk(function) if isinstance(node, ast.Name) and node.id in mine)
    names = {name: f"#{place}" for place, name in enumerate(order)}
    parameters = [argument.arg for argument in syntax.arguments(function) if argument.arg not in {"self", "cls"}]
    return (tuple(parameters), form(syntax.code(function.body), names))


def body_shape(function: FunctionNode) -> Hashable:
    """A value that is equal wherever ``body_form`` is, and costs next to nothing: the kinds of the statements."""
    return tuple(statement.__class__ for statement in syntax.code(function.body))
