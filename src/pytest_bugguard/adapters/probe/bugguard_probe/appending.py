"""How are lines added to a file by a process in which tests do as they like? PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os

# Held on to, since tests replace them.
_open, _write, _close, _fstat = os.open, os.write, os.close, os.fstat
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Appending:
    """A file that is written to whatever becomes of its descriptor: a test may close it, and another file get it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle = -1
        self._identity = (0, 0)

    def add(self, content: bytes) -> None:
        """Write at its end, in one piece; what cannot be written is missing."""
        try:
            if not self._is_open():
                self._handle = _high(_open(self._path, _FLAGS, 0o600))
                found = _fstat(self._handle)
                self._identity = (found.st_dev, found.st_ino)
            _write(self._handle, content)
        except OSError:
            pass

    def _is_open(self) -> bool:
        if self._handle < 0:
            return False
        try:
            found = _fstat(self._handle)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity


_HIGH = 200


def _high(handle: int) -> int:
    """A descriptor out of the way of those that tests count on to be next."""
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        return handle
    try:
        high = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # the process may have few
        return handle
    _close(handle)
    return high
