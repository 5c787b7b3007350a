"""Which watched files had functions run since a test began? Cheap, and in nobody's way. PYTEST_DONT_REWRITE.

What a file runs while it is loaded does not count: a test that only imports it has not called what it offers.
From Python 3.12 on by ``sys.monitoring``, on the code of the watched files alone. Before, by a profile function, which
slows everything down: it is only there while a test's own code runs, and goes as soon as one of them is seen.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_setprofile, _getprofile = sys.setprofile, sys.getprofile


_CO_OPTIMIZED = 0x1
"""Functions have it; modules and the bodies of classes have not."""
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


def _functions(code: CodeType) -> Iterator[CodeType]:
    """All functions that are defined in a code object, itself too."""
    if _is_function(code):
        yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _functions(constant)


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & _CO_OPTIMIZED) and code.co_name not in _COMPREHENSIONS


class _Monitored:
    """By ``sys.monitoring``."""

    needs_windows = False

    _TOOLS = (4, 3)  # the two that nobody has a claim on

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._files: dict[CodeType, str] = {}
        self._seen: list[CodeType] = []
        self.seen = 0
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        events = self._monitoring.events
        self._events = events.PY_START | events.PY_RESUME
        self._tool = next((tool for tool in self._TOOLS if self._monitoring.get_tool(tool) is None), None)
        if self._tool is not None:
            self._monitoring.use_tool_id(self._tool, "bugguard")
            self._monitoring.register_callback(self._tool, events.PY_START, self._on_call)
            self._monitoring.register_callback(self._tool, events.PY_RESUME, self._on_call)

    def follow(self, code: CodeType, path: str) -> None:
        if self._tool is None:
            return
        for each in _functions(code):
            self._files[each] = path
            self._monitoring.set_local_events(self._tool, each, self._events)

    def _on_call(self, code: CodeType, _: int) -> Any:
        self._tell(self._files[code], code.co_qualname)
        self._seen.append(code)
        return self._monitoring.DISABLE

    def forget(self) -> None:
        """See again what has been seen: what is switched off and on again is no longer disabled."""
        seen, self._seen = self._seen, []
        for code in seen:
            self._monitoring.set_local_events(self._tool, code, 0)
            self._monitoring.set_local_events(self._tool, code, self._events)

    def watch(self, *, is_loading: bool = False) -> None:
        """Nothing to switch on."""

    def rest(self) -> None:
        """Nothing to switch off."""


class _Profiled:
    """By a profile function, between ``watch`` and ``rest``; where somebody else has set one, not at all."""

    needs_windows = True

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._files: dict[str, str] = {}
        self._unseen: dict[str, str] = {}
        self._watching = 0
        self._is_loading = False
        self.seen = 0
        """How often something has been seen at all."""
        # Held for good: Python 3.11 borrows it, and may be about to call it while a finalizer of another object takes
        # it away as the profile function; it would call into freed memory.
        self._listener = self._on_event

    def follow(self, code: CodeType, path: str) -> None:
        if any(_functions(code)):  # else there is nothing to call
            self._files[code.co_filename] = self._unseen[code.co_filename] = path
            self._look()

    def forget(self) -> None:
        self._unseen = dict(self._files)

    def watch(self, *, is_loading: bool = False) -> None:
        """Look on until as many ``rest`` have followed: a test's call may set up a fixture of its own.

        While files are loaded each function is told, and not only the first.
        """
        self._watching += 1
        self._is_loading = is_loading
        self._look()

    def rest(self) -> None:
        self._watching -= 1
        if not self._watching:
            threading.setprofile(None)
            if _getprofile() is self._listener:
                _setprofile(None)

    def _look(self) -> None:
        if self._watching and self._unseen and _getprofile() is None:
            threading.setprofile(self._listener)
            _setprofile(self._listener)

    def _on_event(self, frame: FrameType, event: str, _: object) -> None:
        if not self._unseen or not self._watching:
            _setprofile(None)
        elif event == "call" and self._is_looked_at(frame.f_globals.get("__file__")):
            path = self._unseen.get(frame.f_code.co_filename)
            if path is not None and _is_function(frame.f_code):
                self.seen += 1
                self._tell(path, frame.f_code.co_qualname)
                if not self._is_loading:
                    self._unseen = {}  # one is enough to say that the test used what the fix changed

    def _is_looked_at(self, file: object) -> bool:
        """Whether a frame with such a file is asked for its code: that is dear, being an event that is listened to."""
        return file in self._unseen if type(file) is str else True


Execution = _Monitored if sys.version_info >= (3, 12) else _Profiled
