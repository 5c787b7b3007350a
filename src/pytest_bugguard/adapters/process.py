"""How a command is run to its end, or to the end of its time: in a session of its own, and nothing of it stays."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_bugguard.core.runlog import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_HEAD, _TAIL = 16 * 1024, 48 * 1024
_CAP = 4 * 1024 * 1024
"""How large the file of its output may be for longer than a glance."""
_GLANCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, and where."""

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    mark: str
    """The variable of the environment whose value no other process has."""
    limit_s: float
    is_stopped: Callable[[], bool] = lambda: False
    """Asked now and then: whether it has to end before its time."""


def run(command: Command, output: Path) -> Ended:
    """Run it, with its output in a file: a pipe would be held open by what it leaves behind."""
    started = time.monotonic()
    said = _Output(output)
    try:
        with output.open("ab") as stream:
            process = subprocess.Popen(
                list(command.words),
                cwd=command.folder,
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        return Ended(None, output=f"{command.words[0]} cannot be started: {error.strerror or error}")
    from pytest_bugguard.adapters import strays  # noqa: PLC0415 - psutil is loaded while the child starts

    mark = (command.mark, command.environment[command.mark])
    try:
        is_timeout = not _wait(process, started + command.limit_s, said, command.is_stopped)
        strays.kill_group(process.pid)  # before it is reaped: until then its number is nobody else's
        duration_s = time.monotonic() - started
        status = _reaped(process)
        survivors = strays.end(process.pid, mark, grace_s=0.0) if is_timeout else strays.end(process.pid, mark)
    except BaseException:
        strays.kill_group(process.pid)
        strays.end(process.pid, mark, grace_s=0.0)
        _reaped(process)
        raise
    name = "" if is_timeout else _signal_name(status)
    return Ended(status, is_timeout, duration_s, said.text(), survivors, name)


def _reaped(process: subprocess.Popen[bytes]) -> int:
    process.kill()
    return process.wait()


def _signal_name(status: int) -> str:
    if status >= 0:
        return ""
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def _wait(process: subprocess.Popen[bytes], until: float, said: _Output, is_stopped: Callable[[], bool]) -> bool:
    """Whether it ended in time; it is not reaped where the system can tell without."""
    with _watch(process) as has_ended:
        while (left_s := until - time.monotonic()) > 0 and not is_stopped():
            if has_ended(min(left_s, _GLANCE_S)):
                return True
            said.trim()
    return False


@contextmanager
def _watch(process: subprocess.Popen[bytes]) -> Iterator[Callable[[float], bool]]:
    """A question to be asked again and again: has it ended, at the latest after so many seconds?"""
    handle = _handle(process.pid)
    if handle is None:
        yield lambda seconds: _has_ended(process, seconds)
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        yield lambda seconds: bool(poll.poll(seconds * 1000))
    finally:
        os.close(handle)


def _handle(pid: int) -> int | None:
    """A file descriptor that can be waited on, where the system has such: no time is lost with looking."""
    if sys.platform == "linux":
        with suppress(OSError):
            return os.pidfd_open(pid)
    return None


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


class _Output:
    """A file that a process writes to, kept small while it grows: its head and its tail are what is told of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head = b""
        self._left_out = 0

    def trim(self) -> None:
        """Empty it where it has grown too large; whoever appends goes on at its new end."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size > _CAP:
                self._head = self._head or self._read(0, _HEAD)
                self._left_out += size
                os.truncate(self._path, 0)

    def text(self) -> str:
        """What was said, the middle left out where it was much."""
        try:
            size = self._path.stat().st_size
            if not self._left_out and size <= _HEAD + _TAIL:
                return self._read(0, size).decode("utf-8", "replace")
            head, tail = self._head or self._read(0, _HEAD), self._read(max(0, size - _TAIL), _TAIL)
        except OSError:
            return ""
        left_out = self._left_out + size - len(head) - len(tail)
        return f"{head.decode('utf-8', 'replace')}\n[{left_out} bytes left out]\n{tail.decode('utf-8', 'replace')}"

    def _read(self, start: int, size: int) -> bytes:
        with self._path.open("rb") as stream:
            stream.seek(start)
            return stream.read(size)
