"""What makes two failures the same kind of failure? Type, place, and message less what changes. Pure; no I/O."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from pytest_bugguard.core.recorded_runs import Failure
from pytest_bugguard.core.statements import source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_bugguard.core.runs import Raised

_KEPT = 2000
"""Characters of a message that are looked at: the rest is values, not what went wrong."""
_PASSING = re.compile(
    r"""
      0x[0-9a-f]+                                                  # addresses of objects
    | \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b              # UUIDs
    | \b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b                              # digests, ids of commits
    | (?:[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}[/\\]?                   # paths
    | \d+(?:[.,:]\d+)*                                             # numbers, times, versions
    """,
    re.VERBOSE | re.IGNORECASE,
)


def normalised(message: str) -> str:
    """A message with a ``#`` for each number, id, address and path, and with its white space in single blanks."""
    return " ".join(_PASSING.sub("#", message[:_KEPT]).split())


def digest_of(message: str) -> str:
    """Sixteen digits, the same for messages that differ in nothing but what ``normalised`` takes out."""
    return hashlib.sha256(normalised(message).encode(errors="backslashreplace")).hexdigest()[:16]


_NO_PROJECT = frozenset({"site-packages", "dist-packages", ".tox", ".nox", ".venv", "venv"})


def is_project(path: str) -> bool:
    """Whether a path relative to the repository's top is part of the project: what is installed there is not."""
    parts = path.split("/")
    return parts[0] != ".." and _NO_PROJECT.isdisjoint(parts)


def failure_of(raised: Raised) -> Failure:
    """What is kept of an exception as a run of ours saw it: the same as of pytest's report on it."""
    frames = [frame for frame in raised.frames if frame.is_inside and is_project(frame.path)]
    place = f"{frames[-1].path}:{frames[-1].line}" if frames else ""
    return Failure(raised.type.rpartition(".")[2], place, digest_of(_spelled(raised)))


def _spelled(raised: Raised) -> str:
    """As Python's traceback ends, and as pytest shortens it for an assertion of its own."""
    if raised.type == "builtins.AssertionError" and raised.message.startswith("assert "):
        return raised.message
    name = raised.type.removeprefix("builtins.").removeprefix("_pytest.outcomes.")
    return f"{name}: {raised.message}" if raised.message else name


def signature_of(failure: Failure, text_of: Callable[[str], bytes | None]) -> str:
    """What stands for a failure from one commit to the next: ``TimeoutError at src/shop/net.py::Client.fetch``.

    The exception's type and the function of the deepest frame in the project, since lines move with every edit above
    them. The file alone where the frame is in no function, the type alone where no frame is in the project, and
    nothing where the type is not known.

    Args:
        failure: The failure.
        text_of: A file as it was when the test failed, by its path from the repository's top; None where there is none.
    """
    path, _, line = failure.place.rpartition(":")
    if not (failure.kind and path):
        return failure.kind
    text = text_of(path) if path.endswith(".py") else None
    around = source_of(text).around(int(line)) if text is not None else None
    return f"{failure.kind} at {path}" + (f"::{around.name}" if around else "")
