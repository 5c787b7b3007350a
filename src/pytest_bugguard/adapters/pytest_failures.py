"""What failed, and where? Read from what pytest made of an exception, which may have come from another process."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.failures import digest_of, is_project
from pytest_bugguard.core.recorded_runs import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TYPE = re.compile(r"(?:[A-Za-z_][\w]*\.)*(?P<name>[A-Za-z_]\w*)(?=:|$)")
_NATIVE = re.compile(r'^  File "(?P<path>[^"\n]+)", line (?P<line>\d+)', re.MULTILINE)
_WITHOUT_TYPE = {"FixtureLookupErrorRepr": "FixtureLookupError", "ReprFailDoctest": "DocTestFailure"}


def failure_of(longrepr: Any, top: Path, cwd: Path) -> Failure:  # noqa: ANN401 - pytest's own classes, or a text
    """The type, the deepest frame in the project and the digest of the message.

    Args:
        longrepr: Of a report; a text where there was no traceback.
        top: The repository's top level. What is installed below it is no part of the project.
        cwd: The folder that relative paths start from.
    """
    crash = getattr(longrepr, "reprcrash", None)
    message = str(getattr(crash, "message", "") or longrepr)
    frames = [place for place in (_below(one, top, cwd) for one in _frames(longrepr)) if place]
    return Failure(_kind(longrepr, message), frames[-1] if frames else "", digest_of(message))


def _kind(longrepr: Any, message: str) -> str:  # noqa: ANN401 - as above
    name = type(longrepr).__name__
    if name in _WITHOUT_TYPE:
        return _WITHOUT_TYPE[name]
    entries = getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ())
    where = getattr(entries[-1], "reprfileloc", None) if entries else None
    for said in (str(getattr(where, "message", "")), message):  # of --tb=short the first one is "in test_a"
        match = _TYPE.match(said.strip().partition("\n")[0])
        if match:
            return match["name"]
    return "AssertionError" if message.lstrip().startswith("assert ") else ""


def _frames(longrepr: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - as above
    """Path and line of each frame that pytest shows, the outermost first."""
    crash = getattr(longrepr, "reprcrash", None)
    entries = getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ())
    is_told = False
    for entry in entries:
        where = getattr(entry, "reprfileloc", None)
        if where is not None:
            is_told = True
            yield str(where.path), int(where.lineno)
            continue
        for match in _NATIVE.finditer("\n".join(map(str, getattr(entry, "lines", ())))):
            is_told = True
            yield match["path"], int(match["line"])
    if not is_told and crash is not None:
        yield str(crash.path), int(crash.lineno)


def _below(frame: tuple[str, int], top: Path, cwd: Path) -> str:
    """``src/shop/net.py:41``; empty where it is no part of the project."""
    path = os.path.relpath(os.path.join(cwd, frame[0]), top).replace(os.sep, "/")  # noqa: PTH118 - it need not exist
    return f"{path}:{frame[1]}" if is_project(path) else ""
