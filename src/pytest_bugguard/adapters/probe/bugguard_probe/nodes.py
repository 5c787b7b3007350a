"""Small questions to a syntax tree, and nodes put in their place. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    Function = ast.FunctionDef | ast.AsyncFunctionDef

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Node = TypeVar("_Node", bound=ast.AST)


def arguments(function: Function) -> Iterator[ast.arg]:
    given = function.args
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (one for one in (given.vararg, given.kwarg) if one is not None)


def target(statement: ast.stmt) -> str:
    """The one name that a statement binds; empty where it does not, or where it binds more."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name
    return ""


def is_magic(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def at(node: _Node, other: ast.stmt | ast.expr) -> _Node:
    return ast.copy_location(node, other)


def own_name(name: str, owner: ast.ClassDef) -> str:
    """What Python calls what a class calls so: a private name is one of that class alone."""
    prefix = owner.name.lstrip("_")
    return f"_{prefix}{name}" if prefix and name.startswith("__") and not name.endswith("__") else name
