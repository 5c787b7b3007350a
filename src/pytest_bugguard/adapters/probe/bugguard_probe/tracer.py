"""Which lines of some files are run? By a trace function, up to Python 3.11. PYTEST_DONT_REWRITE.

Python then calls it for every function, and everything is slower; so it is there only while what it sees is asked for:
while files and hooks of the tree are run, from the first such file on, and while one of the wanted tests runs. What
pytest does between the two takes longer than either. coverage.py's tracer is quicker at each call, and takes longer to
load than most fixes' tests take to run.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

_settrace, _gettrace = sys.settrace, sys.gettrace  # held on to, since tests replace them


class Tracer:
    """Notes lines by context."""

    is_dear = True
    """Whether to start it only when there is something to see."""

    def __init__(self, path_of: Callable[[str], str], wanted: str) -> None:
        """Set up for one process.

        Args:
            path_of: Gives the name under which a file's lines are noted, or nothing.
            wanted: The context to look on in; in all others only while something is loaded.
        """
        self._path_of = path_of
        self._wanted = wanted
        self._seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._context = ""
        self._paths: dict[str, str] = {}
        self._loads = 0
        self._is_on = False
        self._is_lost = False
        self.is_started = False
        # Held for good: Python 3.11 borrows it, as in ``execution.py``.
        self._listener = self._on_call

    def start(self) -> None:
        """Note lines from now on."""
        self.is_started = True
        if self._loads or self._context == self._wanted:
            self._look()

    def switch(self, context: str) -> None:
        """Note what follows under this name, or nothing more."""
        self._rest()
        self._context = context
        if context == self._wanted:
            self._look()

    def aside(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function; what it runs where nothing is asked for but imports goes unnoticed, and is quick again."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if not self._is_on or self._context == self._wanted:
                return function(*args, **kwargs)
            self._rest()
            try:
                return function(*args, **kwargs)
            finally:
                self._look()

        return call

    @contextmanager
    def looking(self) -> Generator[None]:
        """What is run meanwhile is looked at."""
        self._loads += 1
        if self.is_started and not self._is_on:
            self._look()
        try:
            yield
        finally:
            self._loads -= 1
            if not self._loads and self._context != self._wanted:
                self._rest()

    def forget(self) -> None:
        """Begin anew: what was seen is told by somebody else."""
        self._seen.clear()

    def lines(self) -> dict[str, dict[str, set[int]]] | None:
        """By context and file; None where somebody else has traced meanwhile."""
        self._rest()
        return None if self._is_lost else self._seen

    def _look(self) -> None:
        if _gettrace() is not None:
            self._is_lost = True
            return
        self._is_on = True
        threading.settrace(self._listener)
        _settrace(self._listener)

    def _rest(self) -> None:
        if not self._is_on:
            return
        self._is_on = False
        threading.settrace(None)
        if _gettrace() is self._listener:
            _settrace(None)
        else:
            self._is_lost = True

    def _on_call(self, frame: FrameType, _event: str, _: object) -> Any:
        name = frame.f_code.co_filename
        path = self._paths.get(name)
        if path is None:
            path = self._paths[name] = self._path_of(name)
        return self._on_event if path and self._is_on else None

    def _on_event(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            self._seen[self._context][self._paths[frame.f_code.co_filename]].add(frame.f_lineno)
        return self._on_event
