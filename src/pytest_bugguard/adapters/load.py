"""How is a machine made busy for a while? By processes that do nothing but compute."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = """
import os, sys
parent = int(sys.argv[1])
while os.getppid() == parent:  # else there is nobody left to end it
    for _ in range(1_000_000):
        pass
"""


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """While this lasts, so many processes compete for the machine; they go with us, however we go."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(processes):
            command = [sys.executable, "-I", "-c", _CODE, str(os.getpid())]
            started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True))
        yield
    finally:
        for one in started:
            one.kill()
        for one in started:
            one.wait()
