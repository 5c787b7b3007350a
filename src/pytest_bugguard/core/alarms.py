"""Which parts of a test can run, and are heard when they fail? From syntax trees; no I/O.

An assertion after a ``return``, under ``if False:``, in a function that nobody calls or under an ``except`` that
swallows it can never turn a test red. Only what is so by its form alone is left out, and nothing by what it may mean.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from pytest_bugguard.core import syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.syntax import FunctionNode

_WITH_BLOCKS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While),
    *(ast.Try, ast.TryStar, ast.ExceptHandler, ast.With, ast.AsyncWith, ast.match_case),
)
"""Nodes of which not every part need run."""
_JUMPS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_CATCHES_ALL = frozenset({"AssertionError", "Exception", "BaseException"})
_NO_EXCEPTIONS = frozenset(
    name
    for call in ("fail", "raises", "warns", "deprecated_call", "RaisesGroup", "RaisesExc")
    for name in (call, f"pytest.{call}")
)
"""Calls of pytest whose failure derives from ``BaseException`` alone."""
_EXCEPTIONS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
)
"""What is known to let such a failure through."""
_REACHING = frozenset({"open", "exec", "eval", "compile", "__import__", "globals", "locals", "vars", "breakpoint"})
_WITHIN = frozenset(dir(builtins)) - _REACHING
"""Names that are Python's own and lead nowhere else."""


def live(function: FunctionNode) -> Iterator[ast.AST]:
    """Every node of a function that can run and whose failure is heard, in no particular order."""
    return _live([function], lambda inner: inner is not function and _is_idle(inner, function))


def _live(nodes: Iterable[ast.AST], is_idle: Callable[[FunctionNode], bool]) -> Iterator[ast.AST]:
    waiting: list[ast.AST | None] = [*nodes]
    while waiting:
        node = waiting.pop()
        if node is None or (syntax.is_function(node) and is_idle(node)):
            continue
        yield node
        waiting.extend(_below(node) if isinstance(node, _WITH_BLOCKS) else syntax.children(node))


def _is_idle(inner: FunctionNode, function: FunctionNode) -> bool:
    """Whether nobody uses a function that another one defines."""
    if inner.decorator_list:
        return False
    return not any(isinstance(node, ast.Name) and node.id == inner.name for node in syntax.walk(function))


def looks_outside(function: FunctionNode) -> bool:
    """Whether a function uses anything but its own variables and Python itself: a test has to, to test something."""
    parameters = [argument.arg for argument in (*syntax.arguments(function), *_stars(function))]
    if any(name not in {"self", "cls"} for name in parameters):
        return True  # a fixture
    own = syntax.variables(function)
    for node in syntax.walk(function):
        match node:
            case ast.Import() | ast.ImportFrom():
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                own.add(node.name)
            case ast.ExceptHandler(name=str() as name):
                own.add(name)
            case ast.arg() if node.arg not in parameters:
                own.add(node.arg)
    names = (node.id for statement in function.body for node in syntax.walk(statement) if isinstance(node, ast.Name))
    return any(name not in own and name not in _WITHIN for name in names)


def _stars(function: FunctionNode) -> Iterator[ast.arg]:
    yield from (one for one in (function.args.vararg, function.args.kwarg) if one is not None)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) if (always := _constant(test)) is not None:
            kept = node.body if always else node.orelse
            yield from _until_jump(kept) if isinstance(kept, list) else (kept,)
        case ast.While(test=test) if _constant(test) is False:
            yield from _until_jump(node.orelse)
        case ast.For(iter=ast.List(elts=[]) | ast.Tuple(elts=[])):
            yield from _until_jump(node.orelse)
        case ast.Try() | ast.TryStar() if (kind := _swallowed(node.handlers)) is not None:
            yield from _let_through(node.body, kind)
            yield from node.handlers
            yield from _until_jump(node.orelse)
            yield from _until_jump(node.finalbody)
        case ast.With() | ast.AsyncWith() if (kind := _suppressed(node.items)) is not None:
            yield from _let_through(node.body, kind)
            yield from node.items
        case _:
            for part in node._fields:
                value = getattr(node, part, None)
                if isinstance(value, list):
                    yield from _until_jump(value)
                elif isinstance(value, ast.AST):
                    yield value


def _until_jump(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a block up to the first one that never goes on to the next."""
    for statement in body:
        yield statement
        if isinstance(statement, _JUMPS):
            return


def _constant(test: ast.expr) -> bool | None:
    """What a condition always is; None where it depends."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    return False if syntax.last_name(test) == "TYPE_CHECKING" else None


def _swallowed(handlers: Sequence[ast.ExceptHandler]) -> frozenset[str] | None:
    """The exceptions that end in the handler to which a failed assertion comes; None where it is not unseen there."""
    first = next((handler for handler in handlers if _CATCHES_ALL & _kinds([handler.type])), None)
    if first is None or not all(map(_does_nothing, first.body)):
        return None
    return _kinds([first.type])


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If) and (always := _constant(statement.test)) is not None:
        return all(map(_does_nothing, statement.body if always else statement.orelse))
    return isinstance(statement, ast.Pass | ast.Continue | ast.Break) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _suppressed(items: Sequence[ast.withitem]) -> frozenset[str] | None:
    """The exceptions that ``contextlib.suppress`` takes, a failed assertion among them; else None."""
    calls = (item.context_expr for item in items if isinstance(item.context_expr, ast.Call))
    kinds = _kinds([kind for call in calls if syntax.last_name(call) == "suppress" for kind in call.args])
    return kinds if _CATCHES_ALL & kinds else None


def _kinds(caught: Sequence[ast.expr | None]) -> frozenset[str]:
    """The names of what is caught; to catch without a name is to catch all."""
    single = (one for kind in caught for one in (kind.elts if isinstance(kind, ast.Tuple) else [kind]))
    return frozenset("BaseException" if one is None else syntax.dotted(one).removeprefix("builtins.") for one in single)


def _let_through(body: Sequence[ast.stmt], kinds: frozenset[str]) -> Iterator[ast.AST]:
    """What can still turn a test red: a failure of pytest's own is no ``Exception``."""
    if kinds <= _EXCEPTIONS:
        for node in _live(_until_jump(body), lambda _: True):
            if isinstance(node, ast.Call) and syntax.dotted(node) in _NO_EXCEPTIONS:
                yield node
