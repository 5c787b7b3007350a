"""Which lines of some files are run? By ``sys.monitoring``, from Python 3.12 on. PYTEST_DONT_REWRITE.

Only the code of these files is looked at, so all other code runs as fast as ever, and a tracer of a test's own is in
nobody's way. coverage.py by the same means sees each line once and then no more: not in the test, where an import came
first. Here a line is looked at until a test has run it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from types import CodeType

_TOOLS = (3, 4, 5, 2)
"""First the two that nobody has a claim on; the witness takes the other one."""


class Monitor:
    """Notes lines by context."""

    is_dear = False
    """Whether to start it only when there is something to see."""

    def __init__(self, path_of: Callable[[str], str], last: str) -> None:
        """Set up for one process.

        Args:
            path_of: Gives the name under which a file's lines are noted, or nothing.
            last: The context in which a line has to be seen just once: no other one says more of it.
        """
        self._path_of = path_of
        self._last = last
        self._seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._context = ""
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self._tool: int | None = None
        self._line = self._monitoring.events.LINE
        self._paths: dict[str, str] = {}
        self.is_started = False

    def start(self) -> None:
        """Note lines from now on; not at all where others have taken every place."""
        self.is_started = True
        self._tool = next((tool for tool in _TOOLS if self._monitoring.get_tool(tool) is None), None)
        if self._tool is None:
            return
        begins = self._monitoring.events.PY_START
        self._monitoring.use_tool_id(self._tool, "bugguard lines")
        self._monitoring.register_callback(self._tool, begins, self._on_start)
        self._monitoring.register_callback(self._tool, self._line, self._on_line)
        self._monitoring.set_events(self._tool, begins)

    def switch(self, context: str) -> None:
        """Note what follows under this name."""
        self._context = context

    def looking(self) -> AbstractContextManager[None]:
        """What is run is looked at anyway."""
        return nullcontext()

    def aside(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function: what it runs is as quick as ever."""
        return function

    def forget(self) -> None:
        """Begin anew: what was seen is told by somebody else."""
        self._seen.clear()

    def lines(self) -> dict[str, dict[str, set[int]]] | None:
        """By context and file; None where nothing could be noted."""
        return None if self._tool is None else self._seen

    def _on_start(self, code: CodeType, _: int) -> Any:
        name = code.co_filename
        path = self._paths.get(name)
        if path is None:
            path = self._paths[name] = self._path_of(name)
        if path:
            self._monitoring.set_local_events(self._tool, code, self._line)
        return self._monitoring.DISABLE

    def _on_line(self, code: CodeType, line: int) -> Any:
        self._seen[self._context][self._paths[code.co_filename]].add(line)
        return self._monitoring.DISABLE if self._context == self._last else None
