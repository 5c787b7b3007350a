"""Which processes of a run are still there, and how are they ended?

A process belongs to a run if it stands in its process group or session, or carries the run's mark in the environment
that it was started with: a daemon leaves the group, but not its own past.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

import psutil

_GRACE_S = 0.5
"""What is about to end by itself (multiprocessing's trackers do) is given as much time."""
_STEP_S = 0.01
_ROUNDS = 20
"""A process may start others while it is looked for."""


def end(leader: int | None, mark: tuple[str, str], *, grace_s: float = _GRACE_S) -> int:
    """End all processes of a run and of the runs within it, and count those that did not end by themselves.

    Args:
        leader: The process that was started, where it is known; itself it may have ended, and is not counted.
        mark: A variable in the environment of all of them, and an entry in its value.
        grace_s: How long to wait for those that are about to end.
    """
    deadline = time.monotonic() + grace_s
    while (found := _of_run(leader, mark)) and time.monotonic() < deadline:
        time.sleep(_STEP_S)
    ended = set()
    for _ in range(_ROUNDS):
        if not found:
            break
        for process in found:
            ended.add(process.pid)
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)
        found = _of_run(leader, mark)
    return len(ended - {leader})


def _of_run(leader: int | None, mark: tuple[str, str]) -> list[psutil.Process]:
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _belongs(process, leader, mark)
    ]


def _belongs(process: psutil.Process, leader: int | None, mark: tuple[str, str]) -> bool:
    name, value = mark
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if leader is not None and (process.pid == leader or _session(process.pid) == leader):
            return True
        return value in process.environ().get(name, "").split(os.pathsep)
    except (psutil.Error, OSError):  # it has gone, or it is somebody else's
        return False


def _session(pid: int) -> int | None:
    return os.getsid(pid) if hasattr(os, "getsid") else None
