"""How is a machine made busy while a command runs? By processes beside it that do nothing but compute."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_CODE = """
import os, subprocess, sys
count, *words = sys.argv[1:]
crowd = [subprocess.Popen([sys.executable, "-I", "-c", "while True: pass"]) for _ in range(int(count))]
try:
    status = subprocess.call(words)
finally:
    for one in crowd:
        one.kill()
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


def crowded(words: Sequence[str], processes: int) -> tuple[str, ...]:
    """The command that runs another one with so many processes beside it, and ends as that one does.

    They are of its own session: Linux shares a machine among sessions first (autogroups, see sched(7)), so the busy
    ones of another session would hardly disturb it.
    """
    return (sys.executable, "-I", "-c", _CODE, str(processes), *words) if processes else tuple(words)
