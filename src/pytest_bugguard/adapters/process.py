"""How a command is run to its end, or to the end of its time: in a session of its own, and nothing of it stays."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.adapters import orphans
from pytest_bugguard.adapters.guardian import Guardian
from pytest_bugguard.core.runlog import Ended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.hold import Hold

_HEAD, _TAIL = 16 * 1024, 48 * 1024
_CAP = 4 * 1024 * 1024
"""How large the file of its output may be for longer than a glance."""
_GLANCE_S = 0.2


class Command(Struct, frozen=True):
    """What is run, and where."""

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    mark: tuple[str, str]
    """A variable of the environment, and an entry in it that no process has but this one and what it starts."""
    limit_s: float
    hold: Hold | None = None
    """What says when its time begins and ends, where that is not known as it is started."""


class Processes:
    """Runs commands, in as many threads as like. Close it, or use it in a ``with`` block."""

    def __init__(self) -> None:
        self._guardian = Guardian()
        self._running: set[int] = set()
        self._is_stopped = False

    def run(self, command: Command, output: Path) -> Ended:
        """Run one, with its output in a file: a pipe would be held open by what it leaves behind."""
        with self._guardian.watching(*command.mark):
            started = time.monotonic()
            try:
                process = _started(command, output)
            except OSError as error:
                return Ended(None, output=f"{command.words[0]} cannot be started: {error.strerror or error}")
            self._running.add(process.pid)
            try:
                if self._is_stopped:
                    _kill_group(process.pid)
                return _to_its_end(process, command.mark, _Time(started, command), _Output(output))
            finally:
                self._running.discard(process.pid)

    def stop(self) -> None:
        """End all that run, in whatever thread: each ``run`` returns as if its command had been killed."""
        self._is_stopped = True
        for leader in list(self._running):
            _kill_group(leader)

    def close(self) -> None:
        """End all that run, and be done."""
        self.stop()
        self._guardian.close()


def _started(command: Command, output: Path) -> subprocess.Popen[bytes]:
    with output.open("ab") as stream:
        return orphans.start(
            list(command.words),
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )


class _Time:
    """The time of one command."""

    def __init__(self, started: float, command: Command) -> None:
        self._started = started
        self._limit_s = command.limit_s
        self._hold = command.hold

    def left_s(self) -> float:
        """How long it may still take; infinity where nobody can say yet."""
        return (self._started + self._limit_s if self._hold is None else self._hold.until()) - time.monotonic()

    def taken_s(self) -> float:
        """How long it has taken, since it was started or since it was let go."""
        return max(0.0, time.monotonic() - (self._started if self._hold is None else self._hold.since()))


def _to_its_end(process: subprocess.Popen[bytes], mark: tuple[str, str], clock: _Time, said: _Output) -> Ended:
    from pytest_bugguard.adapters import strays  # noqa: PLC0415 - psutil is loaded while the child starts

    try:
        is_timeout = not _wait(process, clock, said)
        _kill_group(process.pid)  # before it is reaped: until then its number is nobody else's
        duration_s = clock.taken_s()
        status = _reaped(process)
        survivors = strays.end(process.pid, mark, grace_s=0.0) if is_timeout else strays.end(process.pid, mark)
    except BaseException:
        _kill_group(process.pid)
        strays.end(process.pid, mark, grace_s=0.0)
        _reaped(process)
        raise
    name = "" if is_timeout else _signal_name(status)
    return Ended(status, is_timeout, duration_s, said.text(), survivors, name)


def _kill_group(leader: int) -> None:
    """End at once what has not left the process group; nothing where there is none."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


def _reaped(process: subprocess.Popen[bytes]) -> int:
    process.kill()
    return process.wait()


def _signal_name(status: int) -> str:
    if status >= 0:
        return ""
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def _wait(process: subprocess.Popen[bytes], clock: _Time, said: _Output) -> bool:
    """Whether it ended in time; it is not reaped where the system can tell without."""
    with _watch(process) as has_ended:
        while (left_s := clock.left_s()) > 0:
            if has_ended(min(left_s, _GLANCE_S)):
                return True
            said.trim()
            orphans.reap()
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
        self._tail = b""
        """What stood last when it was emptied: nothing more may follow."""
        self._emptied = 0

    def trim(self) -> None:
        """Empty it where it has grown too large; whoever appends goes on at its new end."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size > _CAP:
                self._head = self._head or self._read(0, _HEAD)
                self._tail = self._read(size - _TAIL, _TAIL)
                self._emptied += size
                os.truncate(self._path, 0)

    def text(self) -> str:
        """What was said, the middle left out where it was much."""
        try:
            size = self._path.stat().st_size
            if not self._emptied and size <= _HEAD + _TAIL:
                return self._read(0, size).decode("utf-8", "replace")
            head = self._head or self._read(0, _HEAD)
            tail = (self._tail + self._read(max(0, size - _TAIL), _TAIL))[-_TAIL:]
        except OSError:
            return ""
        left_out = self._emptied + size - len(head) - len(tail)
        return f"{head.decode('utf-8', 'replace')}\n[{left_out} bytes left out]\n{tail.decode('utf-8', 'replace')}"

    def _read(self, start: int, size: int) -> bytes:
        with self._path.open("rb") as stream:
            stream.seek(start)
            return stream.read(size)
