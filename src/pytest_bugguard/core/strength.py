"""Does a test demand less than it did? Assertion by assertion, from syntax trees; no I/O.

Less is what every result passes that passed before, and others too: ``== 1`` that became ``in (1, 2)``. Another value
is another demand, not less of one. What cannot be told is not claimed.
"""

from __future__ import annotations

import ast
import builtins
import operator
from collections import Counter
from typing import TYPE_CHECKING

from pytest_bugguard.core import guards, likeness, syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from pytest_bugguard.core.guards import Lookup
    from pytest_bugguard.core.syntax import FunctionNode

_HEADS = ("name", "test", "target", "iter")
_EXPECTING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "assertWarns", "assertWarnsRegex"})
_EQUAL = frozenset(
    {"assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertTupleEqual"}
) | frozenset({"assertSetEqual", "assertSequenceEqual", "assertMultiLineEqual"})
_COMPARING: dict[str, type[ast.cmpop]] = {
    **dict.fromkeys(_EQUAL, ast.Eq),
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}
_ABOUT_ONE: dict[str, Callable[[ast.expr], ast.expr]] = {
    "assertTrue": lambda one: one,
    "assertFalse": lambda one: ast.UnaryOp(ast.Not(), one),
    "assertIsNone": lambda one: ast.Compare(one, [ast.Is()], [ast.Constant(None)]),
    "assertIsNotNone": lambda one: ast.Compare(one, [ast.IsNot()], [ast.Constant(None)]),
}
_ABOUT_TWO: dict[str, Callable[[ast.expr, ast.expr], ast.expr]] = {
    "assertIsInstance": lambda one, other: ast.Call(ast.Name("isinstance"), [one, other], []),
    "assertAlmostEqual": lambda one, other: ast.Call(ast.Name("isclose"), [one, other], []),
}
_BOUNDS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.NotEq: operator.ne,
}
_ROUGH = frozenset({"approx", "isclose", "assert_allclose"})
_SHOWN = 60


def weakened(old: FunctionNode, new: FunctionNode, lookup: Lookup) -> str:
    """In which way a test demands less than it did, in words that follow its name; empty where that cannot be told.

    ``lookup`` finds the helpers of the new one: an assertion may have moved into one.
    """
    asserted = list(_assertions(old))
    gone, come = _unmatched(asserted, list(_assertions(new)))
    if not gone or _asserts_elsewhere(old, new, lookup) or _exempts_less(old, new):
        return ""
    pairs = [(next((was for was in gone if is_looser(now, was)), None), now) for now in come]
    if any(was is None for was, _ in pairs):
        return ""  # something else is demanded now
    if pairs:
        was, now = pairs[0]
        return f"demands less: {_shown(was)} became {_shown(now)}"
    return f"lost {len(gone)} of its {len(asserted)} assertions" if len(asserted) > 1 else "lost its assertion"


def keeps(old: FunctionNode, new: FunctionNode) -> bool:
    """Whether every assertion of one test stands in another."""
    asserted = list(_assertions(old))
    return bool(asserted) and not _unmatched(asserted, list(_assertions(new)))[0]


def only_weaker(old: FunctionNode, new: FunctionNode) -> bool:
    """Whether all that happened to a test's body is that assertions went or were loosened."""
    if _exempts_less(old, new):
        return False
    asserted_old, asserted_new = list(_assertions(old)), list(_assertions(new))
    if len(asserted_new) > len(asserted_old):
        return False
    gone, come = _unmatched(asserted_old, asserted_new)
    if not gone or not all(any(is_looser(one, other) for other in asserted_old) for one in come):
        return False
    return not Counter(_other_heads(new)) - Counter(_other_heads(old))


def _exempts_less(old: FunctionNode, new: FunctionNode) -> bool:
    """Whether a way out of the test is gone, so that what stands below it is asked of more than it was."""
    return len(list(_ways_out(new))) < len(list(_ways_out(old)))


def _ways_out(function: FunctionNode) -> Iterator[ast.AST]:
    """What leaves a test, or one turn of a loop in it, before its end."""
    for node in syntax.walk(*syntax.code(function.body)):
        is_leap = isinstance(node, ast.Continue | ast.Break) or (isinstance(node, ast.Return) and node.value is None)
        if is_leap or (isinstance(node, ast.stmt) and guards.gives_in(node)):
            yield node


def _unmatched(old: Sequence[ast.AST], new: Sequence[ast.AST]) -> tuple[list[ast.AST], list[ast.AST]]:
    gone, come = list(old), []
    for one in new:
        twin = next((other for other in gone if likeness.same(other, one)), None)
        if twin is None:
            come.append(one)
        else:
            gone.remove(twin)
    return gone, come


def _assertions(function: FunctionNode) -> Iterator[ast.AST]:
    for node in syntax.walk(*syntax.code(function.body)):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and guards.is_asserting_call(node)):
            yield node


def _other_heads(function: FunctionNode) -> Iterator[Hashable]:
    """The form of every statement that is no assertion; of compound ones only the head."""
    for node in syntax.walk(*syntax.code(function.body)):
        if not isinstance(node, ast.stmt) or isinstance(node, ast.Assert | ast.Pass | ast.With | ast.AsyncWith):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and guards.is_asserting_call(node.value):
            continue
        if hasattr(node, "body"):
            yield (node.__class__.__name__, *(likeness.form(getattr(node, part, None)) for part in _HEADS))
        else:
            yield likeness.form(node)


def _asserts_elsewhere(old: FunctionNode, new: FunctionNode, lookup: Lookup) -> bool:
    """Whether a test calls a helper that asserts, and did not call it before."""
    known = [call for call in syntax.walk(*syntax.code(old.body)) if isinstance(call, ast.Call)]
    return any(
        guards.helper_asserts(call, lookup)
        for call in syntax.walk(*syntax.code(new.body))
        if isinstance(call, ast.Call) and not any(likeness.same(call, other) for other in known)
    )


def _shown(node: ast.AST | None) -> str:
    text = " ".join(ast.unparse(node).split()) if node is not None else ""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def is_looser(new: ast.AST, old: ast.AST) -> bool:
    """Whether whatever passes the old assertion passes the new one, and more does."""
    if isinstance(old, ast.Call) and syntax.last_name(old) in _EXPECTING:
        return isinstance(new, ast.Call) and syntax.last_name(new) in _EXPECTING and _expects_more(new, old)
    before, after = _demand(old), _demand(new)
    return before is not None and after is not None and _is_looser(after, before)


def _demand(assertion: ast.AST) -> ast.expr | None:
    """What has to be true; None where a call asserts in a way that is not known."""
    match assertion:
        case ast.Assert(test=test):
            return test
        case ast.Call(func=ast.Attribute(attr=name), args=[one, *_]) if name in _ABOUT_ONE:
            return _ABOUT_ONE[name](one)
        case ast.Call(func=ast.Attribute(attr=name), args=[one, other, *_]) if name in _ABOUT_TWO:
            return _ABOUT_TWO[name](one, other)
        case ast.Call(func=ast.Attribute(attr=name), args=[one, other, *_]) if name in _COMPARING:
            return ast.Compare(one, [_COMPARING[name]()], [other])
        case _:
            return None


def _is_looser(new: ast.expr, old: ast.expr) -> bool:
    match old, new:
        case ast.BoolOp(op=ast.And(), values=parts), _:
            return any(likeness.same(part, new) or _is_looser(new, part) for part in parts)
        case _, ast.BoolOp(op=ast.Or(), values=parts):
            return any(likeness.same(part, old) or _is_looser(part, old) for part in parts)
        case ast.Call(func=ast.Name(id="all"), args=before), ast.Call(func=ast.Name(id="any"), args=after):
            return likeness.same(before, after)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]), _:
            return _asks_less_than_a_value(new, left, right)
        case (
            ast.Compare(left=left, ops=[op], comparators=[bound]),
            ast.Compare(left=one, ops=[other], comparators=[beyond]),
        ) if likeness.same(one, left):
            return _is_farther(other, beyond, op, bound)
        case _:
            return False


def _is_farther(other: ast.cmpop, beyond: ast.expr, op: ast.cmpop, bound: ast.expr) -> bool:
    """Whether a bound lets all numbers pass that another one lets, and more: ``> 3`` in place of ``>= 5``."""
    now, was = _number(beyond), _number(bound)
    if now is None or was is None:
        return False
    for strict, lax, sign in ((ast.Gt, ast.GtE, 1), (ast.Lt, ast.LtE, -1)):
        if isinstance(op, (strict, lax)) and isinstance(other, (strict, lax)):
            is_lax = isinstance(op, strict) and isinstance(other, lax)
            return sign * now < sign * was or (now == was and is_lax)
    return False


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case _:
            return None


def _asks_less_than_a_value(new: ast.expr, left: ast.expr, right: ast.expr) -> bool:
    """Whether a test of ``left`` lets the value of ``right`` pass, and others."""
    match new:
        case ast.Compare(left=one, ops=[op], comparators=[other]) if likeness.same(one, left):
            return _is_wider(op, other, right)
        case ast.Compare(left=part, ops=[ast.In()], comparators=[whole]) if likeness.same(whole, left):
            return _is_within(part, right)
        case ast.Call(func=ast.Name(id="isinstance"), args=[one, _]):
            return likeness.same(one, left)
        case ast.Call(args=[one, other, *_]) if syntax.last_name(new) in _ROUGH:
            return likeness.same(one, left) and likeness.same(other, right)
        case ast.UnaryOp(op=ast.Not(), operand=one):
            return _is_nothing(right) and likeness.same(one, left)
        case _:
            measured = left.args if isinstance(left, ast.Call) and syntax.last_name(left) == "len" else []
            return not _is_nothing(right) and any(likeness.same(new, value) for value in (left, *measured))


def _is_wider(op: ast.cmpop, other: ast.expr, right: ast.expr) -> bool:
    """Whether ``<op> other`` lets ``right`` pass, and more."""
    bound, value = _number(other), _number(right)
    if type(op) in _BOUNDS and bound is not None and value is not None:
        return _BOUNDS[type(op)](value, bound)
    match op:
        case ast.In():
            values = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else []
            return len({likeness.same(value, right) for value in values}) > 1
        case ast.GtE() | ast.LtE():
            return likeness.same(other, right)
        case ast.IsNot():
            return isinstance(other, ast.Constant) and other.value is None and not _is_none(right)
        case ast.Eq():
            is_rough = isinstance(other, ast.Call) and syntax.last_name(other) in _ROUGH
            return syntax.last_name(other) == "ANY" or (is_rough and likeness.same(_first(other), right))
        case _:
            return False


def _first(call: ast.expr) -> ast.expr | None:
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


_MAY_BE_TEXT = ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.JoinedStr


def _is_within(part: ast.expr, whole: ast.expr) -> bool:
    match part, whole:
        case ast.Constant(value=str() as some), ast.Constant(value=str() as text):
            return some in text
        case ast.Constant(value=bytes() as some), ast.Constant(value=bytes() as text):
            return some in text
        case _, ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
            return any(likeness.same(part, value) for value in values)
        case _:  # of two names that are equal one is in the other, if they are texts
            return isinstance(whole, _MAY_BE_TEXT) and likeness.same(part, whole)


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


_KINDS = frozenset(
    {
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "tuple"),
        *("Counter", "Decimal", "Fraction", "OrderedDict", "deque"),
    }
)
"""Whose objects are false where they are made of nothing."""


def _is_nothing(value: ast.expr) -> bool:
    """Whether a value is false as it stands: ``0``, ``[]``, ``set()``, ``Decimal(0)``."""
    match value:
        case ast.Constant(value=known):
            return not known
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=number):
            return _is_nothing(number)
        case ast.Call(func=ast.Name(id=kind) | ast.Attribute(attr=kind), args=held, keywords=[]) if kind in _KINDS:
            return all(map(_is_nothing, held))
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return True
        case _:
            return False


def _expects_more(new: ast.Call, old: ast.Call) -> bool:
    """Whether more exceptions or warnings are accepted: another class above, more classes, no pattern any more."""
    raised, wider = _first(old), _first(new)
    is_unpatterned = _pattern(new) is None
    if raised is None or wider is None or not (is_unpatterned or likeness.same(_pattern(new), _pattern(old))):
        return False
    if likeness.same(raised, wider):
        return is_unpatterned and _pattern(old) is not None
    classes = wider.elts if isinstance(wider, ast.Tuple) else [wider]
    return any(
        likeness.same(raised, one) or _is_above(syntax.last_name(one), syntax.last_name(raised)) for one in classes
    )


def _pattern(call: ast.Call) -> ast.expr | None:
    named = next((word.value for word in call.keywords if word.arg in {"match", "expected_regex"}), None)
    if named is None and syntax.last_name(call).endswith("Regex") and len(call.args) > 1:
        return call.args[1]
    return named


def _is_above(name: str, other: str) -> bool:
    """Whether one exception is a base of another, as far as they are built in; any other is below ``Exception``."""
    one, two = getattr(builtins, name, None), getattr(builtins, other, None)
    if not isinstance(two, type):
        return name in {"Exception", "BaseException"}
    return isinstance(one, type) and one is not two and issubclass(two, one)
