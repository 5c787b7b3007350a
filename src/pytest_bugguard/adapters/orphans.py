"""Whose child is a process of a run when its parent has ended? Ours, while a command of ours runs tests.

A daemon leaves its group and its session, and may shed its environment; its ancestors it cannot choose. Linux gives
who has lost his parent to the nearest ancestor that asks for it (``PR_SET_CHILD_SUBREAPER``, prctl(2)).
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SET_CHILD_SUBREAPER = 36
_ROUNDS = 20
"""Who is ended leaves children of his own."""
_WAIT_S = 1.0

_turn = Lock()
_started: WeakValueDictionary[int, subprocess.Popen[bytes]] = WeakValueDictionary()
_adopting_but: frozenset[int] | None = None
"""Who was there before; None while nobody is adopted. A process has one such state, as Linux sees it."""


@contextmanager
def adopted() -> Iterator[None]:
    """While this lasts they become our children, and at its end they are ended: none outlives it.

    What we start ourselves stays in our session, or is started by ``start``, and has come to its end by then. For a
    door of the shell, which owns its process: never for a plugin, whose process may have daemons of its own. Elsewhere
    than on Linux it does nothing.
    """
    if sys.platform != "linux":
        yield
        return
    global _adopting_but  # noqa: PLW0603 - as is what Linux is asked for
    before = _adopting_but = _strangers()
    _ask_for_them(asks=True)
    try:
        yield
    finally:
        _adopting_but = None
        for _ in range(_ROUNDS):
            if not _end(_strangers() - before):
                break
        _ask_for_them(asks=False)


def start(words: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as Popen takes them
    """Start a child in a session of its own that is no orphan: who starts it waits for its end."""
    with _turn:
        child = subprocess.Popen(words, start_new_session=True, **how)
        _started[child.pid] = child
    return child


def reap() -> None:
    """Let those go that have ended, as the system does elsewhere: a test may wait until its daemon is gone."""
    if _adopting_but is None:
        return
    with _turn, suppress(OSError):  # we have no child
        if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):  # somebody has ended
            for child in _strangers() - _adopting_but:
                mine = _started.get(child)
                if mine is None or mine.returncode is not None:
                    with suppress(OSError):  # it has gone
                        os.waitpid(child, os.WNOHANG)


def _ask_for_them(*, asks: bool) -> None:
    import ctypes  # noqa: PLC0415 - for a command that runs tests

    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(asks), 0, 0, 0)


def _strangers() -> frozenset[int]:
    """Our children that stand in another session than we do."""
    import psutil  # noqa: PLC0415 - as above

    ours = os.getsid(0)
    found = set()
    for child in psutil.Process().children():
        with suppress(OSError):  # it has gone
            if os.getsid(child.pid) != ours:
                found.add(child.pid)
    return frozenset(found)


def _end(children: frozenset[int]) -> int:
    """End them and take note of it; how many there were."""
    import psutil  # noqa: PLC0415 - as above

    for pid in children:
        with suppress(psutil.Error):
            child = psutil.Process(pid)
            child.kill()
            child.wait(_WAIT_S)
    return len(children)
