"""Which of Python's own methods does an operation want, as ``+`` wants ``__add__``? Pure; no I/O.

Read off its syntax, and off what Python says where there is none.
"""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "add"),
    ast.BitAnd: ("&", "and"),
    ast.BitOr: ("|", "or"),
    ast.BitXor: ("^", "xor"),
    ast.Div: ("/", "truediv"),
    ast.FloorDiv: ("//", "floordiv"),
    ast.LShift: ("<<", "lshift"),
    ast.MatMult: ("@", "matmul"),
    ast.Mod: ("%", "mod"),
    ast.Mult: ("*", "mul"),
    ast.Pow: ("** or pow()", "pow"),
    ast.RShift: (">>", "rshift"),
    ast.Sub: ("-", "sub"),
    ast.Invert: ("unary ~", "invert"),
    ast.UAdd: ("unary +", "pos"),
    ast.USub: ("unary -", "neg"),
    ast.Gt: (">", "gt"),
    ast.GtE: (">=", "ge"),
    ast.Lt: ("<", "lt"),
    ast.LtE: ("<=", "le"),
}
"""Each operator: as Python writes it where it does not work, and the stem of its method."""
_OTHER_SIDE = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}
_ITERATED = ("__iter__", "__getitem__")
_HELD = ("__contains__", *_ITERATED)
_ENTERED = ("__enter__", "__exit__")
_AWAITED = ("__aenter__", "__aexit__")
_OF_FUNCTIONS = {
    "abs": ("__abs__",),
    "bytes": ("__bytes__",),
    "callable": ("__call__",),
    "float": ("__float__", "__index__"),
    "fspath": ("__fspath__",),
    "int": ("__int__", "__index__", "__trunc__"),
    "iter": _ITERATED,
    "len": ("__len__",),
    "list": _ITERATED,
    "next": ("__next__",),
    "open": ("__fspath__",),
    "reversed": ("__reversed__",),
    "round": ("__round__",),
    "set": _ITERATED,
    "sorted": _ITERATED,
    "sum": _ITERATED,
    "tuple": _ITERATED,
}
_OF_CLASSES = {
    "AsyncIterable": ("__aiter__",),
    "AsyncIterator": ("__aiter__", "__anext__"),
    "Awaitable": ("__await__",),
    "Callable": ("__call__",),
    "Collection": ("__len__", "__iter__", "__contains__"),
    "Container": ("__contains__",),
    "Iterable": ("__iter__",),
    "Iterator": ("__iter__", "__next__"),
    "PathLike": ("__fspath__",),
    "Reversible": ("__reversed__",),
    "Sized": ("__len__",),
    "SupportsIndex": ("__index__",),
    "SupportsInt": ("__int__",),
}
"""The classes that objects belong to by what they can do."""
_BY_SYNTAX: dict[type[ast.AST], tuple[str, ...]] = {
    ast.AsyncFor: ("__aiter__",),
    ast.AsyncWith: _AWAITED,
    ast.Await: ("__await__",),
    ast.Delete: ("__delitem__",),
    ast.For: _ITERATED,
    ast.Starred: _ITERATED,
    ast.Subscript: ("__getitem__", "__setitem__", "__class_getitem__"),
    ast.With: _ENTERED,
    ast.comprehension: _ITERATED,
}
_SAID = (
    (r"unsupported operand type\(s\) for (?P<operator>.+): '(?P<one>\w+)' and '(?P<other>\w+)'", ()),
    (r"bad operand type for (?P<operator>.+): '(?P<one>\w+)'", ()),
    (r"'(?P<operator>[<>]=?)' not supported between instances of '(?P<one>\w+)' and '(?P<other>\w+)'", ()),
    (r"object of type '(?P<one>\w+)' has no len\(\)", ("__len__",)),
    (r"argument of type '(?P<one>\w+)' is not (?:iterable|a container or iterable)", _HELD),
    (r"'(?P<one>\w+)' object is not iterable|cannot unpack non-iterable (?P<other>\w+) object", _ITERATED),
    (r"'(?P<one>\w+)' object is not an iterator", ("__next__",)),
    (r"'(?P<one>\w+)' object is not subscriptable", ("__getitem__",)),
    (r"'(?P<one>\w+)' object does(?: not|n't) support item (?:assignment|deletion)", ("__setitem__", "__delitem__")),
    (r"type '(?P<one>\w+)' is not subscriptable", ("__class_getitem__",)),
    (r"'(?P<one>\w+)' object is not callable", ("__call__",)),
    (r"'(?P<one>\w+)' object is not reversible", ("__reversed__",)),
    (r"type (?P<one>\w+) doesn't define __round__ method", ("__round__",)),
    (r"'(?P<one>\w+)' object cannot be interpreted as an integer", ("__index__",)),
    (r"expected str, bytes or os.PathLike object, not (?P<one>\w+)", ("__fspath__",)),
    (r"(?:int|float)\(\) argument must be .*, not '(?P<one>\w+)'", ("__int__", "__float__", "__index__")),
    (r"must be real number, not (?P<one>\w+)", ("__float__", "__index__")),
    (r"'(?:[\w.<>]+\.)?(?P<one>\w+)' object does not support the context manager protocol", _ENTERED),
    (r"'(?:[\w.<>]+\.)?(?P<one>\w+)' object does not support the asynchronous context manager protocol", _AWAITED),
    (r"object (?P<one>\w+) can't be used in 'await' expression", ("__await__",)),
    (r"'async for' requires an object with __aiter__ method, got (?P<one>\w+)", ("__aiter__",)),
)
"""CPython's words for an operation that an object lacks, and the methods that would let it have it.

``contextlib.ExitStack`` says the same with the full name of the class.
"""
_OPERATORS = dict(_SIGNS.values()) | {"abs()": "abs", "divmod()": "divmod"}
_OF_PYTHON = frozenset({*vars(builtins), "NoneType", "builtin_function_or_method", "function", "method", "module"})


def wanted(said: str) -> tuple[str, ...]:
    """The methods for want of which an operation failed; none where it names no class but Python's own."""
    for pattern, names in _COMPILED:
        found = pattern.match(said)
        if found is None:
            continue
        groups = found.groupdict()
        classes = {groups[name] for name in ("one", "other") if groups.get(name)}
        if classes <= _OF_PYTHON:
            return ()
        sign = groups.get("operator")
        return names if sign is None else _names(_OPERATORS.get(sign.removesuffix("="), _OPERATORS.get(sign, "")))
    return ()


_COMPILED = tuple((re.compile(pattern), names) for pattern, names in _SAID)


def used(node: ast.AST) -> Iterator[str]:
    """The methods that an operation may want, by its syntax; none for what is no operation."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.UnaryOp(op=op):
            yield from _of_sign(op)
        case ast.Compare(ops=ops):
            for sign in ops:
                yield from _HELD if isinstance(sign, ast.In | ast.NotIn) else _of_sign(sign)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            yield from _OF_FUNCTIONS.get(name, ())
        case ast.Call():
            yield "__call__"
        case _:
            yield from _BY_SYNTAX.get(type(node), ())


def of_class(name: str) -> tuple[str, ...]:
    """The methods that make objects belong to one of Python's abstract classes."""
    return _OF_CLASSES.get(name, ())


def _of_sign(sign: ast.AST) -> tuple[str, ...]:
    return _names(_SIGNS.get(type(sign), ("", ""))[1])


def _names(name: str) -> tuple[str, ...]:
    """By the stem of an operator's method: itself, that of the other side, that in place."""
    return tuple(f"__{one}__" for one in (name, _OTHER_SIDE.get(name, f"r{name}"), f"i{name}")) if name else ()
