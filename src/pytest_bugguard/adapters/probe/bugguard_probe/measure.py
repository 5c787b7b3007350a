"""Which lines of the watched files does this process run, in a test and outside of one? PYTEST_DONT_REWRITE.

In the process that runs pytest the context tells a test's lines from those of imports; what another process runs, it
runs for a test. Nobody else measures here: what would start another tracer is left out of the environment.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 12):
    from .monitor import Monitor as Tool
else:
    from .tracer import Tracer as Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec

    from .places import Places

MAIN, OTHER = "main", "other"
TEST, OTHER_TEST, NO_TEST = "test", "other test", ""
"""The contexts of lines that a test runs: one of those that were asked for, or another one of their files; or none."""


class Measure:
    """Measures until the process ends; where nothing can be had, nothing, and that is seen."""

    def __init__(self, places: Places, files: Sequence[str], folder: str, *, is_main: bool) -> None:
        wanted = frozenset(files)

        def path_of(filename: str) -> str:
            """A watched file of the tree, by a name that code has for it; empty for all others."""
            found = places.watched_at(filename)
            return found[0] if found is not None and not found[1] and found[0] in wanted else ""

        self._is_main = is_main
        self.is_dear = Tool.is_dear
        """Whether it is looked at only what may matter."""
        self._tool = Tool(path_of, TEST if is_main else NO_TEST)
        self._path_of = path_of
        self._places = places
        self._loaders: dict[int, object] = {}
        self._folder = folder

    def begin(self) -> None:
        """Measure from now on: where all that is run here may matter, or with the first watched file that is found."""
        if not (self._is_main and self.is_dear):
            self._start()

    def on_found(self, spec: ModuleSpec) -> None:
        """A module is about to be loaded: where it is one of the tree, it may be a watched one, or use some."""
        name, loader = spec.origin, spec.loader
        if name is None or self._places.in_tree(self._places.real(name)) is None:
            return
        if not self._tool.is_started and self._path_of(name):
            self._start()
        if loader is not None and id(loader) not in self._loaders and hasattr(loader, "exec_module"):
            self._loaders[id(loader)] = loader  # pytest's own is one for all that it loads
            with suppress(AttributeError):  # of a loader that lets nobody in
                loader.exec_module = self.looked_at(loader.exec_module)  # type: ignore[method-assign]

    def enter(self, test: str, *, is_own: bool) -> None:
        """What runs from now on runs for this test; for none where it is empty."""
        if not self._tool.is_started:
            self._start()
        self._tool.switch((TEST if is_own else OTHER_TEST) if test else NO_TEST)

    def is_of_tree(self, function: object) -> bool:
        """Whether the tree holds the code of a function."""
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        return code is not None and self._places.in_tree(self._places.real(code.co_filename)) is not None

    def looking(self) -> AbstractContextManager[None]:
        """What is run meanwhile is looked at."""
        return self._tool.looking()

    def looked_at(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function; what it runs is looked at."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self._tool.looking():
                return function(*args, **kwargs)

        return call

    def aside(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which does much and uses no watched file: outside of tests it is not looked at."""
        return self._tool.aside(function)

    def _start(self) -> None:
        self._tool.start()
        atexit.register(self._end)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._fork)

    def _fork(self) -> None:
        """This is another process from now on; one that multiprocessing has made ends without what ``atexit`` holds."""
        self._is_main = False
        self._tool.forget()
        leave = os._exit

        def tell_and_leave(status: int) -> None:
            self._end()
            leave(status)

        os._exit = tell_and_leave  # type: ignore[assignment]

    def _end(self) -> None:
        """Leave what was seen: contexts, and in each the lines of each file."""
        lines = self._tool.lines()
        if lines is None or not (lines or self._is_main):
            return
        import json  # noqa: PLC0415 - many a process ends sooner

        told = {context: {path: sorted(of) for path, of in files.items()} for context, files in lines.items()}
        file = os.path.join(self._folder, f"{MAIN if self._is_main else OTHER}.{os.getpid()}")
        try:
            with open(f"{file}.part", "w", encoding="ascii") as stream:
                json.dump(told, stream)
            os.replace(f"{file}.part", file)
        except OSError:
            pass
