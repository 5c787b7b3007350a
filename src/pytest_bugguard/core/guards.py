"""May a test guard anything: does it assert, and will it run? From syntax trees; no I/O.

A test guards nothing where it has no assertion of any kind, or where it is always skipped or expected to fail.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pytest_bugguard.core import alarms, likeness, syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.syntax import FunctionNode


class Helper(NamedTuple):
    """A function of the test side."""

    function: FunctionNode
    lookup: Lookup
    """Finds what it calls itself."""


class Lookup(Protocol):
    """Finds the functions of the test side that a called expression may mean."""

    def __call__(self, callee: ast.expr, /) -> Iterable[Helper] | None:
        """None where it comes from nobody knows where."""


_ASSERTING_WORD = re.compile(
    r"_*(?:assert|check|verify|expect|ensure|should|must_|fail(?:_|$|[A-Z])|compare(?:_|$))", re.IGNORECASE
)
_ASSERTING_CALLS = frozenset(
    {
        *("raises", "warns", "deprecated_call", "RaisesGroup", "RaisesExc"),  # pytest
        *("fnmatch_lines", "fnmatch_lines_random", "re_match_lines", "re_match_lines_random"),  # pytester
        *("no_fnmatch_line", "no_re_match_line"),
        *("eq_", "ok_"),  # nose
        *("failureResultOf", "successResultOf"),  # trial
        *("ShouldRaise", "ShouldWarn"),  # testfixtures
        *("testmod", "testfile", "DocTestSuite"),  # doctest
    }
)
_SKIPS = frozenset({"skip", "skipTest", "xfail"})
_SKIP_EXCEPTIONS = frozenset({"SkipTest", "Skipped"})
_DEPTH = 4
"""How many helpers deep an assertion is looked for."""


def asserts_something(
    function: FunctionNode, lookup: Lookup, depth: int = _DEPTH, seen: dict[FunctionNode, int] | None = None
) -> bool:
    """Whether a function, or a helper that it calls, can fail for another reason than a crash.

    ``seen`` holds how deep each function has been looked into already, since helpers call each other.
    """
    seen = {} if seen is None else seen
    if seen.get(function, -1) >= depth:
        return False
    seen[function] = depth
    calls: list[ast.Call] = []
    for node in alarms.live(function):
        if isinstance(node, ast.Assert):
            if not _is_tautology(node.test):
                return True
        elif isinstance(node, ast.Raise):
            if node.exc is not None and syntax.last_name(node.exc) in {"AssertionError", "failureException"}:
                return True
        elif isinstance(node, ast.Call):
            if is_asserting_call(node):
                return True
            calls.append(node)
        elif isinstance(node, ast.Attribute) and node.attr.startswith(("assert", "fail")) and _is_self(node.value):
            return True  # handed over to be called: deferred.addCallback(self.assertEqual, 1)
    return depth > 0 and any(helper_asserts(node, lookup, depth, seen) for node in [*calls, *function.decorator_list])


def helper_asserts(
    call: ast.expr, lookup: Lookup, depth: int = _DEPTH, seen: dict[FunctionNode, int] | None = None
) -> bool:
    """Whether what is called, or handed over to be called, asserts something."""
    return any(
        asserts_something(helper.function, helper.lookup, depth - 1, seen)
        for callee in _callees(call)
        for helper in lookup(callee) or ()
    )


def _callees(call: ast.expr) -> Iterator[ast.expr]:
    """What is called, and the methods that are handed over to be called back."""
    if not isinstance(call, ast.Call):
        yield call
        return
    yield call.func
    for argument in call.args:
        if isinstance(argument, ast.Attribute) and _is_self(argument.value):
            yield argument


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def is_asserting_call(call: ast.Call) -> bool:
    """Whether a call asserts by its name: ``self.assertEqual``, ``check_output_is``, ``pytest.raises``."""
    name = syntax.last_name(call.func)
    if not name:
        return False
    if name in _ASSERTING_CALLS:
        return True
    return _ASSERTING_WORD.match(name) is not None and not name.startswith(("check_output", "check_call"))


def _is_tautology(test: ast.expr) -> bool:
    match test:
        case ast.Constant():
            return bool(test.value)
        case ast.Tuple():
            return bool(test.elts)  # assert (x, "message") is always true
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            return isinstance(left, ast.Constant) and likeness.same(left, right)
        case ast.BoolOp(op=ast.Or(), values=parts):
            return any(map(_is_tautology, parts))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(map(_is_tautology, parts))
        case _:
            return False


def held_back(decorators: Iterable[ast.expr]) -> str:
    """Why a test with these decorators never guards; empty where it does."""
    for decorator in decorators:
        name = syntax.last_name(decorator)
        is_call = isinstance(decorator, ast.Call)
        if name == "skip" or (name == "skipif" and is_call and _is_always(decorator)):
            return "is skipped"
        if name in {"skipIf", "skipUnless"} and is_call and _is_constant(decorator, wanted=name == "skipIf"):
            return "is skipped"
        if isinstance(decorator, ast.Call) and name == "parametrize" and _has_no_rows(decorator):
            return "has no cases"
        if name == "expectedFailure" or (name == "xfail" and not _is_conditional(decorator)):
            return "is expected to fail"
    return ""


def _has_no_rows(table: ast.Call) -> bool:
    """Such a test is skipped by pytest, unless ``empty_parameter_set_mark`` asks for worse."""
    rows = syntax.argument(table, 1, "argvalues")
    return isinstance(rows, ast.List | ast.Tuple) and not rows.elts


def _is_always(decorator: ast.expr) -> bool:
    return _is_constant(decorator, wanted=True)


def _is_constant(decorator: ast.expr, *, wanted: bool) -> bool:
    condition = _condition(decorator)
    return (
        isinstance(condition, ast.Constant) and not isinstance(condition.value, str) and bool(condition.value) is wanted
    )


def _condition(decorator: ast.expr) -> ast.expr | None:
    return syntax.argument(decorator, 0, "condition") if isinstance(decorator, ast.Call) else None


def _is_conditional(decorator: ast.expr) -> bool:
    """``xfail(raises=...)`` is not: it still expects the failure."""
    condition = _condition(decorator)
    return condition is not None and not (isinstance(condition, ast.Constant) and condition.value is True)


def skips_itself(function: FunctionNode) -> bool:
    """Whether the first thing that a test does is to skip itself or to give in."""
    return any(map(gives_in, syntax.code(function.body)[:1]))


def gives_in(statement: ast.stmt) -> bool:
    """Whether a statement ends a test as skipped or as expected to fail."""
    match statement:
        case ast.Raise(exc=ast.expr() as raised):
            return syntax.last_name(raised) in _SKIP_EXCEPTIONS
        case ast.Expr(value=ast.Call() as call):
            return syntax.last_name(call) in _SKIPS
        case _:
            return False


def is_empty(function: FunctionNode) -> bool:
    """Whether a function does nothing at all."""
    return all(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        for statement in syntax.code(function.body)
    )
