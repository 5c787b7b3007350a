"""What of a changed file takes effect as it is loaded, and not when something in it is called? Pure; no I/O."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_bugguard.core import behaviour, outline, syntax

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def differs(old: bytes, new: bytes) -> bool:
    """Whether loading it does something else: statements of the module or of a class, functions and imports aside.

    A name that the module only has now is no more than new. False where either does not parse.
    """
    try:
        was, now = _shell(syntax.parse(old)), _shell(syntax.parse(new))
    except syntax.UnparsableError:
        return False
    known = outline.read(was).values
    return not behaviour.alike(was, [statement for statement in now if not _is_addition(statement, known)])


def _is_addition(statement: ast.stmt, known: Collection[str]) -> bool:
    names = outline.read([statement]).values
    return bool(names) and not any(name in known for name in names)


def _shell(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """What of these statements is run on the way to the next: of a function what decorates it."""
    found: list[ast.stmt] = []
    for statement in behaviour.stripped(body):
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                found += map(ast.Expr, statement.decorator_list)
            case ast.ClassDef(name=name, bases=bases, keywords=keywords, decorator_list=decorators):
                found.append(ast.ClassDef(name, bases, keywords, _shell(statement.body), decorators))
            case ast.Import() | ast.ImportFrom() | ast.Assign(targets=[ast.Name(id="__all__")]):
                pass  # who is offered what: of that nothing is made
            case _:
                found.append(statement)
    return found
