"""Which lines of some files are run? By coverage.py, up to Python 3.11. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_QUIET = [
    "no-data-collected", "module-not-imported", "module-not-measured", "trace-changed", "couldnt-parse", "no-ctracer",
    "no-sysmon", "no-contexts",
]  # fmt: skip
"""Warnings that a test could see, of what it did not ask for."""


class Tracer:
    """Notes lines by context."""

    is_dear = True
    """All code is slower under it, and coverage.py takes a while to load."""

    def __init__(self, path_of: Callable[[str], str], files: Sequence[str], _last: str) -> None:
        """Set up for one process.

        Args:
            path_of: Gives the name under which a file's lines are noted, or nothing.
            files: Those that are looked at, by absolute path.
            _last: What a monitor is told besides.
        """
        self._path_of = path_of
        self._files = files
        self._coverage: Any = None
        self.is_started = False

    def start(self) -> None:
        """Note lines from now on."""
        self.is_started = True
        try:
            from coverage import Coverage  # noqa: PLC0415 - only where something is measured

            coverage = Coverage(
                data_file=None, include=list(self._files), branch=False, config_file=False, check_preimported=False
            )
            coverage.set_option("run:disable_warnings", _QUIET)
            coverage.set_option("run:core", "ctrace")
            coverage.start()
        except Exception:  # noqa: BLE001 - the project may hold another module of that name
            return
        self._coverage = coverage

    def switch(self, context: str) -> None:
        """Note what follows under this name."""
        if self._coverage is not None:
            self._coverage.switch_context(context)

    def lines(self) -> dict[str, dict[str, set[int]]] | None:
        """By context and file, once and for all; None where nothing could be noted."""
        if self._coverage is None:
            return None
        self._coverage.stop()
        data = self._coverage.get_data()
        seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for name in data.measured_files():
            path = self._path_of(name)
            for line, contexts in data.contexts_by_lineno(name).items():
                for context in contexts:
                    seen[context][path].add(line)
        data.close(force=True)
        return seen
