"""What changed in a test's decorators: its cases, its marks, or something that it runs with? Pure; no I/O."""

from __future__ import annotations

import ast
from collections import Counter
from enum import Enum, auto
from typing import TYPE_CHECKING

from pytest_bugguard.core import likeness, syntax

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

_TABLES = frozenset(
    {"parametrize", "expand", "parameterized", "data", "idata", "named_data", "product", "example", "params", "foreach"}
)
"""Decorators whose arguments are the cases that a test runs with: pytest, parameterized, ddt, Hypothesis, absl."""
_GUARDS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "Skip"})
"""Decorators that keep a test from running or from failing."""
_EXPECTATIONS = frozenset({"xfail", "expectedFailure"})
_NO_MARKS = frozenset({"parametrize", "usefixtures"})
"""Marks that change what a test runs with."""


class Decorated(Enum):
    """What a change of decorators means, the strongest last."""

    SAME = auto()
    MARKED = auto()
    """Only marks came, went or changed; nothing else runs."""
    SHRUNK = auto()
    """Cases were taken away."""
    GREW = auto()
    """Cases came."""
    CHANGED = auto()
    """A case changed, a mark that held the test back went, or the test runs with something else."""


def compare(old: Sequence[ast.expr], new: Sequence[ast.expr]) -> Decorated:
    """What turned the old decorators into the new ones; their order does not matter."""
    if not old and not new:
        return Decorated.SAME
    gone, come = _unmatched(old, new)
    found = [Decorated.SAME]
    for one in come:
        twin = next((other for other in gone if _is_twin(other, one)), None)
        if twin is None:
            found.append(_came(one))
        else:
            gone.remove(twin)
            found.append(_altered(twin, one))
    found.extend(_went(one) for one in gone)
    return max(found, key=lambda change: change.value)


def expects_no_failure_now(old: Sequence[ast.expr], new: Sequence[ast.expr]) -> bool:
    """Whether a mark went that expected the test to fail: it stood there for a known bug."""
    marked = [any(syntax.last_name(one) in _EXPECTATIONS for one in decorators) for decorators in (old, new)]
    return marked == [True, False]


def compare_tables(old: Iterable[ast.AST], new: Iterable[ast.AST]) -> Decorated:
    """The same for the values of a table that a test's cases come from."""
    try:
        return _rows_changed(
            [row for value in old for row in _literal_rows(value)],
            [row for value in new for row in _literal_rows(value)],
        )
    except RecursionError:
        return Decorated.CHANGED  # nested too deeply to be compared


def renamed(old: Sequence[ast.expr], new: Sequence[ast.expr]) -> list[tuple[str, str]]:
    """Parameters that two lists of ``parametrize`` name in the same places with different names."""
    pairs = zip(_named(old), _named(new), strict=False)
    return [(before, after) for before, after in pairs if before != after]


def marks(statements: Iterable[ast.stmt]) -> list[ast.expr]:
    """The marks that ``pytestmark`` holds after these assignments to it."""
    found: list[ast.expr] = []
    for statement in statements:
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign) and statement.value is not None:
            value = statement.value
            kept = found if isinstance(statement, ast.AugAssign) else []
            found = [*kept, *(value.elts if isinstance(value, ast.List | ast.Tuple) else [value])]
    return found


def is_table(decorator: ast.expr) -> bool:
    """Whether a decorator holds cases."""
    return syntax.last_name(decorator) in _TABLES


def _unmatched(old: Sequence[ast.expr], new: Sequence[ast.expr]) -> tuple[list[ast.expr], list[ast.expr]]:
    gone, come = list(old), []
    for one in new:
        twin = next((other for other in gone if likeness.same(other, one)), None)
        if twin is None:
            come.append(one)
        else:
            gone.remove(twin)
    return gone, come


def _is_twin(one: ast.expr, other: ast.expr) -> bool:
    name = syntax.last_name(one)
    if name != syntax.last_name(other) or name == "example":
        return False
    return name != "parametrize" or len(list(_named([one]))) == len(list(_named([other])))


def _is_mark(decorator: ast.expr) -> bool:
    return ".mark." in syntax.dotted(decorator) and syntax.last_name(decorator) not in _NO_MARKS


def _came(decorator: ast.expr) -> Decorated:
    if _is_mark(decorator) or syntax.last_name(decorator) in _GUARDS:
        return Decorated.MARKED
    return Decorated.GREW if is_table(decorator) else Decorated.CHANGED


def _went(decorator: ast.expr) -> Decorated:
    if syntax.last_name(decorator) in _GUARDS:
        return Decorated.CHANGED
    if _is_mark(decorator):
        return Decorated.MARKED
    return Decorated.SHRUNK if is_table(decorator) else Decorated.CHANGED


def _altered(old: ast.expr, new: ast.expr) -> Decorated:
    if is_table(new):
        return compare_tables(_tables(old), _tables(new))
    return Decorated.MARKED if _is_mark(new) or syntax.last_name(new) in _GUARDS else Decorated.CHANGED


def _rows_changed(old: list[Hashable], new: list[Hashable]) -> Decorated:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    if come:
        return Decorated.GREW if len(new) > len(old) else Decorated.CHANGED
    return Decorated.SHRUNK if gone else Decorated.SAME


def _tables(decorator: ast.expr) -> list[ast.expr]:
    if not isinstance(decorator, ast.Call):
        return []
    is_parametrize = syntax.last_name(decorator) == "parametrize"
    values = decorator.args[1:] if is_parametrize else decorator.args
    return [*values, *(word.value for word in decorator.keywords if word.arg in {"argvalues", "input"})]


def _literal_rows(value: ast.AST) -> Iterator[Hashable]:
    match value:
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Expr():
            if value.value is not None:
                yield from _literal_rows(value.value)
        case ast.List() | ast.Tuple() | ast.Set():
            yield from (likeness.form(row) for row in value.elts)
        case ast.Dict():
            yield from (
                (likeness.form(key), likeness.form(row)) for key, row in zip(value.keys, value.values, strict=True)
            )
        case ast.BinOp():
            yield from _literal_rows(value.left)
            yield from _literal_rows(value.right)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            yield from _computed_rows(value)
        case ast.Call(args=[argument, *_]):  # list([...]), dict([...]).items(), ROWS.append(row), ROWS.extend(rows)
            yield from _literal_rows(argument)
        case ast.Call(func=ast.Attribute(value=inner)):
            yield from _literal_rows(inner)
        case _:
            yield likeness.form(value)


def _computed_rows(value: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Iterator[Hashable]:
    """The rows that a comprehension goes through, each with what is made of it."""
    loops = [(loop.target, loop.ifs) for loop in value.generators]
    made = (likeness.form(value.elt), *(likeness.form([target, *conditions]) for target, conditions in loops))
    for place, loop in enumerate(value.generators):
        yield from ((made, place, row) for row in _literal_rows(loop.iter))


def _named(decorators: Sequence[ast.expr]) -> Iterator[str]:
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and syntax.last_name(decorator) == "parametrize":
            yield from _argument_names(syntax.argument(decorator, 0, "argnames"))


def _argument_names(node: ast.expr | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text):
            yield from (name.strip() for name in text.split(",") if name.strip())
        case ast.List() | ast.Tuple():
            for item in node.elts:
                yield from _argument_names(item)
