"""What did an assertion that failed ask, and what are the names in it bound to? Read off its syntax. Pure; no I/O."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_bugguard.core import protocols

if TYPE_CHECKING:
    from collections.abc import Iterator

_WANTS = frozenset(
    {
        *("AttributeError", "ImportError", "KeyError", "ModuleNotFoundError", "NameError", "TypeError"),
        *("BaseException", "Exception", "LookupError"),
    }
)
"""What the use of a name that is not there raises, and what is caught along with that."""
_FILLING = frozenset({"add", "append", "extend", "put", "set", "update"})
"""The methods by which a value takes something up."""


def questions(tree: ast.Module, line: int) -> Iterator[list[ast.expr]]:
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


def assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
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


def beginnings(place: ast.AST) -> Iterator[str]:
    """The names that a place may begin with: ``a`` of ``a / "b"``, of ``a.joinpath("b")`` and of ``join(a, "b")``."""
    waiting = [place]
    for node in waiting:
        match node:
            case ast.Name(id=name):
                yield name
            case ast.Attribute(attr=name, value=inner):
                yield name
                waiting.append(inner)
            case ast.Call(func=way, args=given, keywords=named):
                waiting += [way, *[*given, *(keyword.value for keyword in named)][:1]]
            case (
                ast.BinOp(left=inner)
                | ast.FormattedValue(value=inner)
                | ast.JoinedStr(values=[inner, *_])
                | ast.Subscript(value=inner)
            ):
                waiting.append(inner)


def tried(tree: ast.AST) -> dict[str, list[str]]:
    """The names that are used in a ``try`` which catches the want of one, for each local name that is bound there."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Try | ast.TryStar) and any(map(catches_a_want, node.handlers)):
            around: list[ast.AST] = [*node.body, *node.handlers, *node.orelse]
        elif isinstance(node, ast.With) and any(map(_suppresses_a_want, node.items)):
            around = [*node.body]
        else:
            continue
        used = used_in(node)
        for statement in around:
            for name in filter(None, map(_filled, ast.walk(statement))):
                found[name] += used
    return found


def _filled(node: ast.AST) -> str:
    """The name that is bound there, or whose value is given something; empty for anything else."""
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=way)) if way in _FILLING:
            return name
    return ""


def used_in(attempt: ast.Try | ast.TryStar | ast.With) -> list[str]:
    return [name for statement in attempt.body for part in ast.walk(statement) for name in _used(part)]


def catches_a_want(handler: ast.ExceptHandler) -> bool:
    caught = {own_name(part) for part in ast.walk(handler.type)} if handler.type is not None else _WANTS
    return not _WANTS.isdisjoint(caught)


def _suppresses_a_want(item: ast.withitem) -> bool:
    """Whether it is ``contextlib.suppress(AttributeError)``, or of another one."""
    match item.context_expr:
        case ast.Call(func=way, args=given) if own_name(way) == "suppress":
            return not _WANTS.isdisjoint(map(own_name, given))
    return False


def key_of_a_class(node: ast.AST) -> str:
    """The text that a class is asked for in brackets, as an enumeration is for its members; else empty."""
    match node:
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=ast.Constant(value=str(key))):
            return key if name[:1].isupper() and not name.isupper() else ""
    return ""


def _used(node: ast.AST) -> Iterator[str]:
    yield from protocols.used(node)
    yield key_of_a_class(node)
    match node:
        case ast.Attribute(attr=name):
            yield name
        case ast.ImportFrom(module=module, names=names):
            yield from (str(module), *(alias.name for alias in names))
        case ast.Import(names=names):
            yield from (alias.name for alias in names)


def own_name(node: ast.AST) -> str:
    """The last part of a name or an attribute; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
