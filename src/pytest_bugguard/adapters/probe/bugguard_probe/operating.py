"""Which operations fail, though with the fix objects can do them? They are told. PYTEST_DONT_REWRITE.

The methods by which Python works (``__call__``, ``__len__``) cannot stand for nothing, as others do: whoever only looks
whether something can be called would find that it can. So a trace function looks at what is raised in the tree.
"""

from __future__ import annotations

import re
import sys
import threading
from typing import TYPE_CHECKING, Any

from . import start

if TYPE_CHECKING:
    from types import FrameType, TracebackType

_getframe = sys._getframe  # noqa: SLF001 - who imports the module asks too, perhaps
_gettrace, _settrace = sys.gettrace, sys.settrace
_WORD = re.compile(r"\w+")
_OTHERS = frozenset({"__main__", "concurrent.futures.thread", "threading", None})
"""What has no file, or asks for somebody else."""
_looks: dict[str | None, bool] = {}
"""By the name of a module."""
_kinds: dict[type, tuple[str, ...]] = {}
"""By class: the methods that it and those below it lack."""


@start.telling
def watch(kind: object, *names: str) -> None:
    """Look on while objects of a class fail at what these methods would let them do, where they have none of them."""
    if not isinstance(kind, type):  # a decorator has made something else of it
        return
    lacking = tuple(name for name in names if not any(name in vars(one) for one in kind.__mro__ if one is not object))
    if not lacking:
        return
    if not _kinds:
        _look_on()
        start.at_entry.append(_look_on)
    _kinds[kind] = lacking


def _look_on() -> None:
    """Trace, where nobody else does; a test that did so may have left it switched off."""
    if _gettrace() is not None:
        return
    threading.settrace(_on_call)
    _settrace(_on_call)
    frame: FrameType | None = _getframe(1)
    while frame is not None:
        frame.f_trace = _on_call(frame)
        frame = frame.f_back


def _on_call(frame: FrameType, *_: object) -> Any:
    """What every function pays for that is called: to ask it for its code would be heard by all who listen."""
    if not _is_looked_at(frame.f_globals):
        return None
    frame.f_trace_lines = False
    return _on_event


def _on_event(frame: FrameType, event: str, given: Any) -> Any:
    if event == "exception":
        _, error, traceback = given
        if not _comes_from_below(traceback):
            _look_at(error, frame)
    return _on_event


def _is_looked_at(space: dict[str, Any]) -> bool:
    """Whether it is a module of the tree, but not what the fix changed; a program, a text, or what runs threads."""
    name = space.get("__name__")
    look = _looks.get(name)
    if look is None:
        path = str(space.get("__file__"))
        is_of_run = start.places.in_tree(path) is not None or start.places.is_private(path)
        look = _looks[name] = name in _OTHERS or (is_of_run and start.places.watched_at(path) is None)
    return look


def _comes_from_below(traceback: TracebackType | None) -> bool:
    """Whether it was raised by a function of the tree: one of tests has been looked at, the source may raise it."""
    below = traceback.tb_next if traceback is not None else None
    while below is not None:
        space = below.tb_frame.f_globals
        if _is_looked_at(space) or start.places.in_tree(str(space.get("__file__"))) is not None:
            return True
        below = below.tb_next
    return False


def _look_at(error: object, frame: FrameType) -> None:
    if isinstance(error, TypeError):
        words = {*_WORD.findall(str(error))}
        for kind, names in _kinds.items():
            if any(one.__name__ in words for one in _all_below(kind)):
                start.witness.misfit(error, frame, names)
    elif isinstance(error, AttributeError):
        kind = error.obj if isinstance(error.obj, type) else type(error.obj)
        if any(error.name in names and issubclass(kind, one) for one, names in _kinds.items()):
            start.witness.miss(str(error.name), f"{kind.__module__}.{kind.__qualname__}", frame)


def _all_below(kind: type) -> list[type]:
    children: list[type] = type.__subclasses__(kind)
    return [kind, *(one for child in children for one in _all_below(child))]
