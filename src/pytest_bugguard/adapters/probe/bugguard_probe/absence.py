"""What stands where objects have something new with the fix? Nothing, that tells who asks. PYTEST_DONT_REWRITE.

The new thing itself cannot stand there: old code asks objects for what they can do, and would do something else. For
all who ask it is as if nothing were there; that a test has asked, and gone on without an answer, is written down.
"""

from __future__ import annotations

import builtins
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from . import start

if TYPE_CHECKING:
    from types import FrameType

_listed = builtins.dir
_put: set[str] = set()
"""Under which names something stands for nothing, in some class."""
_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who asks


@start.telling
def put(kind: object, *names: str) -> None:
    """Let nothing stand under these names in a class, where it finds nothing under them."""
    # A decorator may have made something else of it; and what a protocol holds, objects are measured by.
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return
    for name in names:
        if not _holders(kind, name):
            type.__setattr__(kind, name, _Absent(name))  # its own kind may refuse, or make something of it
            _put.add(name)
    builtins.dir = _dir


def _dir(*things: Any) -> list[str]:
    """What ``dir`` says: without what stands for nothing. A class of its own kind cannot be told to leave that out."""
    if not things:
        return sorted(_getframe(1).f_locals)
    return [name for name in _listed(*things) if name not in _put or not _is_absent(things[0], name)]


def _is_absent(thing: object, name: str) -> bool:
    if isinstance(thing, type):
        kinds = thing.__mro__
    else:
        kinds = type(thing).__mro__
        if name in getattr(thing, "__dict__", ()):
            return False
    held = [vars(kind)[name] for kind in kinds if name in vars(kind)]
    return bool(held) and all(type(one) is _Absent for one in held)


def look_in(space: dict[str, Any], *names: str) -> None:
    """Look on while a module is asked for these names, as long as it does not hold them."""
    module = space["__name__"]

    def answer_none(name: str) -> Any:
        raise AttributeError(f"module '{module}' has no attribute '{name}'", name=name, obj=sys.modules.get(module))

    answer = space.get("__getattr__", answer_none)

    def __getattr__(name: str) -> Any:  # noqa: N807 - as Python calls it
        try:
            return answer(name)
        except AttributeError:
            if name in names:
                start.witness.miss(name, module, _getframe(1))
            raise

    space["__getattr__"] = __getattr__


class _Absent:
    """Nothing, under one name."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, thing: object, kind: Any = None) -> Any:
        """What a class behind this one has; else fail as Python does."""
        kind = type(thing) if kind is None else kind
        holder = next((at for at, one in enumerate(kind.__mro__) if vars(one).get(self._name) is self), -1)
        behind = kind.__mro__[holder + 1 :]
        for other in behind:
            if self._name in vars(other):
                return _bound(vars(other)[self._name], thing, kind)
        asked, its = (kind, type(kind)) if thing is None else (thing, kind)
        for finder in _holders(its, "__getattr__")[:1]:
            return self._found_by(_bound(vars(finder)["__getattr__"], asked, its), kind)
        self._miss(kind, _getframe(1))
        said = f"type object '{kind.__name__}'" if thing is None else f"'{kind.__name__}' object"
        error = AttributeError(f"{said} has no attribute '{self._name}'", name=self._name)
        error.obj = asked
        raise error

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Nothing can be called; but a new method could, and some look for that."""
        raise AttributeError(self._name)

    def _found_by(self, find: Any, kind: type) -> Any:
        """The answer of a class that has one for names that are not there; where it fails, Python asks it again."""
        try:
            return find(self._name)
        except AttributeError:
            self._miss(kind, _getframe(2))
            raise

    def _miss(self, kind: type, asking: FrameType) -> None:
        ways = (vars(holder)["__getattribute__"] for holder in _holders(kind, "__getattribute__"))
        if not any(type(way) is FunctionType for way in ways):  # whoever has one of his own may still find it
            start.witness.miss(self._name, f"{kind.__module__}.{kind.__qualname__}", asking)


def _holders(kind: type, name: str) -> list[type]:
    """The classes that an object of this one looks for a name in and that have it; Python's own two aside."""
    return [other for other in kind.__mro__ if other not in (object, type) and name in vars(other)]


def _bound(value: Any, thing: object, kind: type) -> Any:
    return value.__get__(thing, kind) if hasattr(type(value), "__get__") else value
