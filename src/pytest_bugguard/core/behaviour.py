"""Did a source file change what it does, or only its comments, docstrings and annotations? Pure; no I/O."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import outline, segments, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.outline import Scope

_TYPING = frozenset({"typing", "typing_extensions", "collections.abc", "__future__", "_typeshed"})
"""Modules whose names serve annotations: an import of them alone does nothing."""
_TYPE_MAKERS = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})
_TYPING_CLASSES = frozenset({"Protocol", "TypedDict"})


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What happened to one source file. Names are dotted: ``Class.method``."""

    behaviour_changed: bool
    new_public_names: tuple[str, ...] = ()
    """Functions, classes, methods and constants without a leading underscore that were not there before."""
    changed_functions: tuple[str, ...] = ()
    """Functions that were there before and do something else now."""
    removed_names: tuple[str, ...] = ()


def same_behaviour(old: bytes, new: bytes) -> bool:
    """Whether two versions do the same; False where either does not parse."""
    bodies = _bodies(old, new)
    return bodies is not None and _same(*bodies)


def describe(old: bytes, new: bytes) -> SourceFacts:
    """What happened between two versions; of a file that does not parse only that it changed."""
    bodies = _bodies(old, new)
    if bodies is None:
        return SourceFacts(behaviour_changed=True)
    if _same(*bodies):
        return SourceFacts(behaviour_changed=False)
    before, after = (dict(_definitions(outline.read(body))) for body in bodies)
    return SourceFacts(
        behaviour_changed=True,
        new_public_names=tuple(name for name in after if name not in before and _is_public(name)),
        changed_functions=tuple(
            name
            for name, node in after.items()
            if name in before and node and before[name] and not _alike(before[name], node)
        ),
        removed_names=tuple(name for name in before if name not in after),
    )


def _bodies(old: bytes, new: bytes) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    """The statements that differ; of the whole files where a piece has no meaning by itself."""
    old, new = segments.clean(old), segments.clean(new)
    texts = segments.difference(old, new)
    for before, after in ((texts.old, texts.new), ((old,), (new,))):
        try:
            return _parsed(before), _parsed(after)
        except syntax.UnparsableError:
            continue
    return None


def _parsed(pieces: Sequence[bytes]) -> list[ast.stmt]:
    return [statement for piece in pieces for statement in syntax.parse(piece)]


def _same(old: list[ast.stmt], new: list[ast.stmt]) -> bool:
    return _alike(_stripped(old), _stripped(new))


def _alike(one: Any, other: Any) -> bool:
    """Like ``==`` for trees, with bodies stripped and annotations left out; stops at the first difference."""
    if isinstance(one, list):
        return (
            isinstance(other, list)
            and len(one) == len(other)
            and all(_alike(left, right) for left, right in zip(one, other, strict=True))
        )
    if not isinstance(one, ast.AST):
        return type(one) is type(other) and bool(one == other)
    if isinstance(one, ast.AnnAssign) or isinstance(other, ast.AnnAssign):
        one, other = _assignment(one), _assignment(other)
    if one.__class__ is not other.__class__:
        return False
    return all(
        _alike(_field(one, name), _field(other, name))
        for name in one._fields
        if name not in {"annotation", "returns", "type_comment", "ctx", "kind", "type_params"}
    )


def _field(node: ast.AST, name: str) -> Any:
    value = getattr(node, name, None)
    if name in {"body", "orelse", "finalbody"} and isinstance(value, list):
        return _stripped(value, node)
    return value


def _assignment(node: Any) -> Any:
    """``x: int = 1`` is ``x = 1``, and ``x: int`` where it stays (a field of a class) is ``x``."""
    if not isinstance(node, ast.AnnAssign):
        return node
    if node.value is None:
        return ast.Expr(value=node.target)
    return ast.Assign(targets=[node.target], value=node.value)


def _stripped(body: Sequence[ast.stmt], owner: ast.AST | None = None) -> list[ast.stmt]:
    """The statements that do something."""
    keeps_fields = isinstance(owner, ast.ClassDef) and _has_fields(owner)
    kept: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If) and syntax.last_name(statement.test) == "TYPE_CHECKING":
            kept.extend(_stripped(statement.orelse, owner))
        elif not _is_idle(statement, keeps_fields=keeps_fields):
            kept.append(statement)
    return _sorted_imports(kept)


def _has_fields(owner: ast.ClassDef) -> bool:
    """Whether a bare annotation in a class body makes a field, as in a dataclass or a model."""
    bases = {syntax.last_name(base) for base in owner.bases} - {"object"}
    return bool(owner.decorator_list) or bool(bases - _TYPING_CLASSES)


def _is_idle(statement: ast.stmt, *, keeps_fields: bool) -> bool:
    match statement:
        case ast.Pass():
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.AnnAssign(value=None):
            return not keeps_fields
        case ast.ImportFrom(module=str() as module, level=0):
            return module in _TYPING
        case ast.Import(names=names):
            return all(alias.name in _TYPING for alias in names)
        case ast.Assign(value=ast.Call() as call):
            return syntax.last_name(call) in _TYPE_MAKERS
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return any(syntax.last_name(decorator) == "overload" for decorator in statement.decorator_list)
        case _:
            return False


def _sorted_imports(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with every run of imports in one order: which of two imports comes first seldom matters."""
    ordered: list[ast.stmt] = []
    run: list[ast.stmt] = []
    for statement in [*body, None]:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.extend(_single_imports(statement))
            continue
        ordered.extend(sorted(run, key=ast.dump))
        run = []
        if statement is not None:
            ordered.append(statement)
    return ordered


def _single_imports(statement: ast.Import | ast.ImportFrom) -> Iterator[ast.stmt]:
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
        else:
            yield ast.Import(names=[alias])


def _definitions(scope: Scope, prefix: str = "") -> Iterator[tuple[str, syntax.FunctionNode | None]]:
    """Dotted names; with the function where it is one."""
    for name, function in scope.functions.items():
        yield f"{prefix}{name}", function
    for name, owner in scope.classes.items():
        yield f"{prefix}{name}", None
        yield from _definitions(owner.scope, f"{prefix}{name}.")
    for name in scope.values:
        yield f"{prefix}{name}", None


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))
