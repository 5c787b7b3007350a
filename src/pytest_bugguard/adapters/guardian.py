"""Who ends the processes of a run when we die too suddenly to do so? A process that does nothing but wait for that.

It reads from a pipe that only we hold open. As long as we live it is told which runs there are; when the pipe ends
without them having been taken back, whatever carries their marks is ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = "import sys; sys.path.append(sys.argv[1]); from pytest_bugguard.adapters.vigil import main; main()"
_CLOSE_S = 5


class Guardian:
    """Our side of the pipe; the process is started with the first run."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._turn = threading.Lock()

    @contextmanager
    def watching(self, variable: str, value: str) -> Iterator[None]:
        """While this lasts, processes with such a variable in their environment do not outlive us."""
        mark = f"{variable}={value}"
        self._tell(f"+{mark}")
        try:
            yield
        finally:
            self._tell(f"-{mark}")

    def close(self) -> None:
        """Let it go."""
        with self._turn:
            process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            with suppress(OSError, subprocess.TimeoutExpired):
                process.communicate(timeout=_CLOSE_S)

    def _tell(self, line: str) -> None:
        with self._turn, suppress(OSError):  # without a guardian there is one net less, and no harm done
            if self._process is None:
                self._process = _started()
            assert self._process.stdin is not None
            self._process.stdin.write(os.fsencode(line) + b"\n")
            self._process.stdin.flush()


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _CODE, str(Path(__file__).parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us
    )
