"""Calls of the operating system that fail on request: each place in our code that makes one, one by one.

Python's own auditing tells of every call before it is made, and an exception raised there takes its place. So nothing
is patched, and no call is missed because somebody imported it under another name.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest_bugguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_OURS = str(Path(pytest_bugguard.__file__).parent) + os.sep
_CHANGING = frozenset(
    {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.truncate", "tempfile.mkstemp",
     "tempfile.mkdtemp", "os.link", "os.symlink", "shutil.rmtree"}
)  # fmt: skip
_READING = frozenset({"os.listdir", "os.scandir"})
_DEPTH = 25
"""How many frames may lie between a call and our line that leads to it: pathlib, tempfile, coverage."""


class Place(NamedTuple):
    """A line of ours, and what it asks of the operating system."""

    line: str
    event: str


class _Faults:
    def __init__(self) -> None:
        self.found: dict[Place, None] = {}
        self.failing: Place | None = None
        self.is_listening = False

    def told(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.is_listening:
            return
        kind = _kind(event, arguments)
        if kind and (line := _our_line(sys._getframe(2))):
            place = Place(line, kind)
            self.found[place] = None
            if place == self.failing:
                raise _error(kind)


def _kind(event: str, arguments: tuple[Any, ...]) -> str:
    if event == "open":
        if str(arguments[0]).startswith(_OURS):  # an installation without its own files is none
            return ""
        flags = arguments[2] or 0
        return "write" if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else "read"
    if event in _CHANGING or event in _READING or event in {"sqlite3.connect", "subprocess.Popen"}:
        return event
    return ""


def _error(kind: str) -> Exception:
    if kind == "sqlite3.connect":
        broken = sqlite3.OperationalError("unable to open database file")
        broken.sqlite_errorcode, broken.sqlite_errorname = sqlite3.SQLITE_CANTOPEN, "SQLITE_CANTOPEN"
        return broken
    if kind in {"read", *_READING}:
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if kind == "subprocess.Popen":
        return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _our_line(frame: FrameType | None) -> str:
    """The line of ours that leads to this call; empty where there is none, or where a module is being imported."""
    found = ""
    for _ in range(_DEPTH):
        if frame is None or "importlib" in (name := frame.f_code.co_filename):
            return found if frame is None else ""
        if not found and name.startswith(_OURS):
            found = f"{name.removeprefix(_OURS)}:{frame.f_lineno}"
        frame = frame.f_back
    return found


_FAULTS = _Faults()
_hooked: list[bool] = []


@contextmanager
def places(failing: Place | None = None) -> Iterator[dict[Place, None]]:
    """The places that are passed, in order, while one of them fails each time."""
    if not _hooked:
        sys.addaudithook(_FAULTS.told)  # it cannot be taken away again
        _hooked.append(True)
    _FAULTS.found, _FAULTS.failing, _FAULTS.is_listening = {}, failing, True
    try:
        yield _FAULTS.found
    finally:
        _FAULTS.is_listening = False


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow over so many bytes, as where the disk is full; what is there may be written over. POSIX only."""
    import resource  # noqa: PLC0415 - there is none on Windows

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
