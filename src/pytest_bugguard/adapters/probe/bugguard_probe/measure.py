"""Which lines of the watched files does this process run, in a test and outside of one? PYTEST_DONT_REWRITE.

By coverage.py, which is the only one to measure here: what would start another is left out of the environment. In the
process that runs pytest the context tells a test's lines from those of imports; what another process runs, it runs
for a test.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIN, OTHER = "main", "other"
TEST, OTHER_TEST = "test", "other test"
"""The contexts of lines that a test runs: one of those that were asked for, or another one of their files."""
_QUIET = [
    "no-data-collected", "module-not-imported", "module-not-measured", "trace-changed", "couldnt-parse", "no-ctracer",
    "no-sysmon", "no-contexts",
]  # fmt: skip
"""Warnings that a test could see, of what it did not ask for."""


class Measure:
    """Measures until the process ends; where coverage.py cannot be had, nothing, and that is seen."""

    def __init__(self, top: str, files: Sequence[str], folder: str, *, is_main: bool) -> None:
        self._files = [os.path.join(top, path.replace("/", os.sep)) for path in files]
        self._data_file = os.path.join(folder, MAIN if is_main else OTHER)
        self._owner = os.getpid()
        self._coverage: Any = None

    def begin(self) -> None:
        """Measure from now on."""
        try:
            from coverage import Coverage  # noqa: PLC0415 - only where something is measured

            coverage = Coverage(
                data_file=self._data_file,
                data_suffix=str(self._owner),
                include=self._files,
                branch=False,
                config_file=False,
                check_preimported=False,
            )
            coverage.set_option("run:disable_warnings", _QUIET)
            # sys.monitoring sees each line once and then no more: not in the test, where an import came first.
            coverage.set_option("run:core", "ctrace")
            coverage.start()
        except Exception:  # noqa: BLE001 - the project may hold another module of that name
            return
        self._coverage = coverage
        atexit.register(self._end)

    def enter(self, test: str, *, is_own: bool) -> None:
        """What runs from now on runs for this test; for none where it is empty."""
        if self._coverage is not None:
            self._coverage.switch_context((TEST if is_own else OTHER_TEST) if test else "")

    def _end(self) -> None:
        if os.getpid() == self._owner:
            self._coverage.stop()
            self._coverage.save()
