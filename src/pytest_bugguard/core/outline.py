"""What a module or class defines: functions, classes, values, imports. From syntax trees; no I/O."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core import syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.syntax import FunctionNode


class Imported(NamedTuple):
    """Where an imported name comes from."""

    module: str
    """Dotted; empty for ``from . import name``."""
    name: str | None
    """What is taken out of the module; None where the name stands for the module itself."""
    level: int = 0
    """How many dots stand before a relative import."""


class Scope(Struct):
    """The names that the statements of a module or class bind; the last definition of a name holds."""

    functions: dict[str, FunctionNode] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    values: dict[str, list[ast.stmt]] = field(default_factory=dict)
    """Each statement that gives a name its value or alters it: ``ROWS = []``, ``ROWS.append(1)``."""
    imports: dict[str, Imported] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.functions or name in self.classes or name in self.values or name in self.imports


class Class(Struct):
    """A class and what its body defines."""

    node: ast.ClassDef
    scope: Scope

    @property
    def name(self) -> str:
        """Its own name."""
        return self.node.name


def read(statements: Sequence[ast.stmt], into: Scope | None = None) -> Scope:
    """What statements define, also inside ``if``, ``try``, ``with`` and loops."""
    scope = Scope() if into is None else into
    for statement in statements:
        _read_one(statement, scope)
    return scope


def _read_one(statement: ast.stmt, scope: Scope) -> None:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            scope.functions[statement.name] = statement
        case ast.ClassDef():
            scope.classes[statement.name] = Class(statement, read(statement.body))
        case ast.Import() | ast.ImportFrom():
            scope.imports.update(_imported(statement))
        case ast.If() | ast.Try() | ast.With() | ast.AsyncWith() | ast.For() | ast.While() | ast.TryStar():
            for block in blocks(statement):
                read(block, scope)
        case _:
            for name in _bound(statement):
                scope.values.setdefault(name, []).append(statement)


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Imported]]:
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield alias.asname or alias.name, Imported(statement.module or "", alias.name, statement.level)
        elif alias.asname:
            yield alias.asname, Imported(alias.name, None)
        else:
            yield alias.name.partition(".")[0], Imported(alias.name.partition(".")[0], None)


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement; of any other none."""
    for name in ("body", "handlers", "orelse", "finalbody"):
        for part in (block := getattr(statement, name, [])):
            if isinstance(part, ast.ExceptHandler):
                yield part.body
        if name != "handlers":
            yield block


def _bound(statement: ast.stmt) -> Iterable[str]:
    match statement:
        case ast.Assign():
            targets: list[ast.expr] = statement.targets
        case ast.AnnAssign(value=value) if value is not None:
            targets = [statement.target]
        case ast.AugAssign():
            targets = [statement.target]
        case ast.Expr(value=ast.Call(func=ast.Attribute() as method)):
            targets = [method.value]
        case _:
            return ()
    return dict.fromkeys(name for target in targets for name in _roots(target))


def _roots(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from _roots(item)
    elif root := syntax.dotted(target.value if isinstance(target, ast.Starred) else target).partition(".")[0]:
        yield root


def is_fixture(function: FunctionNode) -> bool:
    """Whether a function is a pytest fixture (of pytest itself or of a plugin with its own decorator)."""
    return any(syntax.last_name(decorator).endswith("fixture") for decorator in function.decorator_list)


def is_autouse(function: FunctionNode) -> bool:
    """Whether a fixture is used by every test around it."""
    return any(
        isinstance(decorator, ast.Call)
        and any(word.arg == "autouse" and not _is_false(word.value) for word in decorator.keywords)
        for decorator in function.decorator_list
    )


def fixture_name(function: FunctionNode) -> str:
    """The name by which tests ask for a fixture: its own, or the one that its decorator gives it."""
    for decorator in function.decorator_list:
        for word in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if word.arg == "name" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str):
                return word.value.value
    return function.name


GENERATES_TESTS = "pytest_generate_tests"
"""The hook by which a module or a conftest gives parameters to the tests that ask for them."""


def generated(hook: FunctionNode) -> frozenset[str]:
    """The parameters to which it gives values, as far as they stand in it: ``metafunc.parametrize("a, b", ...)``."""
    calls = (node for node in syntax.walk(hook) if isinstance(node, ast.Call))
    given = (syntax.argument(call, 0, "argnames") for call in calls if syntax.last_name(call) == "parametrize")
    words = (node.value for one in given if one for node in syntax.walk(one) if isinstance(node, ast.Constant))
    return frozenset(name.strip() for word in words if isinstance(word, str) for name in word.split(","))


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
