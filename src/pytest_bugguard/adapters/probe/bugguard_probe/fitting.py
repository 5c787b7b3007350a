"""Which calls do not fit a function as it was, though with the fix they may? They are told. PYTEST_DONT_REWRITE.

The parameters themselves cannot be given to old code: it would do something else. For all who call it is as if nobody
looked on; that a test has made a call that does not fit, and gone on, is written down.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import update_wrapper
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from . import start

if TYPE_CHECKING:
    from collections.abc import Callable

_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who calls
_MAKERS = ("__init__", "__new__")
_LAZY = CO_ASYNC_GENERATOR | CO_COROUTINE | CO_GENERATOR


def watched(now: Callable[..., object]) -> Callable[[FunctionType], FunctionType]:
    """A decorator for a function whose parameters the fix changes: it shows those of ``now``, and has its own."""

    def decorate(function: FunctionType) -> FunctionType:
        try:
            looking = _looking(function, now)
        except Exception as error:  # noqa: BLE001 - whatever it is
            start.witness.undressed(function.__module__, error)
            return function
        if looking is not function:
            with suppress(ValueError, TypeError):
                looking.__signature__ = signature(now)  # type: ignore[attr-defined]
        return looking

    return decorate


@start.telling
def watch_making(kind: object) -> None:
    """Look on while objects of a class are made, where something else than its text says how."""
    if not isinstance(kind, type):  # a decorator has made something else of it
        return
    made = [name for name in _MAKERS if name in vars(kind)]
    for name in made:
        own = vars(kind)[name]
        function = own.__func__ if isinstance(own, staticmethod) else own
        if type(function) is FunctionType:
            looking = _looking(function)
            type.__setattr__(kind, name, staticmethod(looking) if name == "__new__" else looking)
    if not made:
        _put_maker(kind)


@start.telling
def watch_inherited(kind: Any, *names: str) -> None:  # a class, or what a decorator has made of it
    """Look on while methods are called that a class has from others, and with the fix has itself."""
    if not isinstance(kind, type):
        return
    for name in names:
        method = next((vars(one)[name] for one in kind.__mro__[1:] if name in vars(one)), None)
        if name not in vars(kind) and type(method) is FunctionType and not method.__code__.co_flags & _LAZY:
            type.__setattr__(kind, name, _inherited(kind, name, method))


def _inherited(kind: type, name: str, method: FunctionType) -> FunctionType:
    """What calls the method of the next class that has it."""

    def look_on(self: object, *args: Any, **options: Any) -> Any:
        try:
            return getattr(super(kind, self), name)(*args, **options)
        except TypeError as error:
            _tell(error)
            raise

    return update_wrapper(look_on, method)  # type: ignore[return-value]


def _put_maker(kind: Any) -> None:  # a class, of whatever kind
    """Give a class a constructor that does what that of the next one does, where nothing else makes its objects."""
    is_plain = type(kind) is type
    if not is_plain or kind.__new__ is not object.__new__:
        return

    def __init__(self: object, *args: Any, **options: Any) -> None:  # noqa: N807 - it stands for any
        try:
            super(kind, self).__init__(*args, **options)
        except TypeError as error:
            _tell(error)
            raise

    kind.__init__ = update_wrapper(__init__, kind.__init__)


def _looking(function: FunctionType, now: Callable[..., object] | None = None) -> FunctionType:
    """What calls it, is of its kind, and tells of a call that does not fit, where that fits ``now``."""
    flags = function.__code__.co_flags
    if flags & CO_ASYNC_GENERATOR:  # they are sent to, thrown into and closed: nothing can be put between
        return function
    if flags & CO_COROUTINE:

        async def look_on(*args: Any, **options: Any) -> Any:
            try:
                return await function(*args, **options)
            except TypeError as error:
                _tell(error, _Call(now, args, options))
                raise

    elif flags & CO_GENERATOR:

        def look_on(*args: Any, **options: Any) -> Any:  # type: ignore[misc]
            try:
                return (yield from function(*args, **options))
            except TypeError as error:
                _tell(error, _Call(now, args, options))
                raise

    else:

        def look_on(*args: Any, **options: Any) -> Any:  # type: ignore[misc]
            try:
                return function(*args, **options)
            except TypeError as error:
                _tell(error, _Call(now, args, options))
                raise

    return update_wrapper(look_on, function)  # type: ignore[return-value]


class _Call(NamedTuple):
    """A call of a function that other calls fit with the fix."""

    now: Callable[..., object] | None
    """What has the parameters that it takes then; None where that is not known."""
    args: tuple[Any, ...]
    options: dict[str, Any]

    @property
    def would_fit(self) -> bool:
        if self.now is None:
            return True
        try:
            signature(self.now).bind(*self.args, **self.options)
        except TypeError:
            return False
        return True


def _tell(error: TypeError, call: _Call | None = None) -> None:
    """Of one that was raised by the call itself: then there is no frame below that of who looks on."""
    traceback = error.__traceback__
    if traceback is not None and traceback.tb_next is None and (call is None or call.would_fit):
        start.witness.misfit(error, _getframe(2))
