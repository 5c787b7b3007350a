"""What a command does to the world, seen from below: processes started, sockets opened, modules loaded."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Seen:
    """What happened while somebody watched."""

    programs: set[str] = field(default_factory=set)
    """Names of the programs that were started."""
    calls: list[str] = field(default_factory=list)
    """Sockets that were opened, and names that were looked up."""


_watching: list[Seen] = []


@contextmanager
def watched() -> Iterator[Seen]:
    """Watch this process. Python's own auditing tells us, so no import or alias gets around it."""
    if not _is_hooked:
        sys.addaudithook(_told)  # it cannot be taken away again
        _is_hooked.append(True)
    seen = Seen()
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


_is_hooked: list[bool] = []


def _told(event: str, arguments: tuple[Any, ...]) -> None:
    for seen in _watching:
        if event == "subprocess.Popen":
            seen.programs.add(_program([str(argument) for argument in arguments[1]]))
        elif event in {"os.system", "os.exec", "os.posix_spawn", "os.startfile"}:
            seen.programs.add(f"{event} {arguments[0]}")
        elif event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"}:
            seen.calls.append(event)


def _program(command: list[str]) -> str:
    """The program's name; of ``env -u NAME git`` it is ``git``."""
    words = iter(command)
    first = Path(next(words)).name
    while first == "env":
        word = next(words)
        if word == "-u":
            next(words)
        else:
            first = Path(word).name
    return first
