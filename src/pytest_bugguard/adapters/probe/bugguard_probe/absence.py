"""What stands where the fix has a new method? Nothing, that tells who has asked for it. PYTEST_DONT_REWRITE.

The method itself cannot stand there: old code asks objects for what they can do, and would do something else. For all
who ask it is as if nothing were there; that a test has asked, and gone on without an answer, is written down.
"""

from __future__ import annotations

import sys
from typing import Any

from . import start

_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who asks
_FINDERS = ("__getattr__", "__getattribute__")


def put(kind: object, *names: str) -> None:
    """Let nothing stand under these names in a class, where it finds nothing under them."""
    if not isinstance(kind, type):  # a decorator has made something else of it
        return
    for name in names:
        if not _holders(kind, name):
            setattr(kind, name, _Absent(kind, name))


class _Absent:
    """Nothing, of one class and name."""

    __slots__ = ("_name", "_owner")

    def __init__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, thing: object, kind: Any = None) -> Any:
        """What a class behind this one has; else fail as Python does."""
        kind = type(thing) if kind is None else kind
        behind = kind.__mro__[kind.__mro__.index(self._owner) + 1 :]
        for other in behind:
            if self._name in vars(other):
                return _bound(vars(other)[self._name], thing, kind)
        if not any(_holders(type(kind) if thing is None else kind, finder) for finder in _FINDERS):
            start.witness.miss(self._name, f"{kind.__module__}.{kind.__qualname__}", _getframe(1))
        said = f"type object '{kind.__name__}'" if thing is None else f"'{kind.__name__}' object"
        error = AttributeError(f"{said} has no attribute '{self._name}'", name=self._name)
        error.obj = kind if thing is None else thing
        raise error


def _holders(kind: type, name: str) -> list[type]:
    """The classes that an object of this one looks for a name in and that have it; Python's own two aside."""
    return [other for other in kind.__mro__ if other not in (object, type) and name in vars(other)]


def _bound(value: Any, thing: object, kind: type) -> Any:
    return value.__get__(thing, kind) if hasattr(type(value), "__get__") else value
