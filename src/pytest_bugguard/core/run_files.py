"""How is a recorded run handed on? As JSON Lines: one for the run, one an attempt, one for the end. Pure; no I/O.

A file without its last line was cut off, and is refused as a whole: half a run would look like a run of fewer tests.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import asdict, astuple, replace

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Failure, RecordedRun, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
SUFFIX = ".jsonl"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PHASES = frozenset({"setup", "call", "teardown", "crash"})


class RunFileError(BugguardError):
    """A file of recorded outcomes that cannot be taken in; nothing of it is."""

    slug = "run-file"
    hint = "take it out, or hand it on again from the run that made it"


def name_of(run: RecordedRun) -> str:
    """A file name that no other run has, on any system."""
    return f"{re.sub(r'[^0-9A-Za-z-]', '_', run.id)[:60]}-{digest_of(run)[:12]}{SUFFIX}"


def to_text(run: RecordedRun) -> str:
    """The run as JSON Lines. ASCII throughout; the same run gives the same text."""
    return "".join(f"{json.dumps(row, ensure_ascii=True)}\n" for row in _rows(run))


def _rows(run: RecordedRun) -> Iterator[dict[str, Any]]:
    yield {"bugguard-run": FORMAT, **_storable(_head(run))}
    for attempt in _in_order(run):
        yield _storable(dict(zip(_COLUMNS, _cells(attempt), strict=True)))
    yield {"end": len(run.attempts)}


_COLUMNS = Attempt.__struct_fields__
_FAILURE = _COLUMNS.index("failure")


def _head(run: RecordedRun) -> dict[str, Any]:
    """All but the attempts."""
    head = asdict(run)
    del head["attempts"]
    return head | {"circumstances": asdict(run.circumstances)}


def _cells(attempt: Attempt) -> list[Any]:
    cells = list(astuple(attempt))
    if attempt.failure is not None:
        cells[_FAILURE] = asdict(attempt.failure)
    return cells


def _in_order(run: RecordedRun) -> list[Attempt]:
    return sorted(run.attempts, key=lambda one: (one.nodeid, one.number))


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {key: _storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return value


def storable(text: str) -> str:
    r"""A text that every store can hold: a byte that was no UTF-8 becomes ``\udcff``, a NUL ``\x00``."""
    if text.isascii() and "\0" not in text:  # nearly every one; to look is a tenth of a search
        return text
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}" if found[0] != "\0" else "\\x00", text)


def digest_of(run: RecordedRun) -> str:
    """The same for the same content, also after it has been stored."""
    whole = replace(run, attempts=tuple(_in_order(run)))
    try:
        content = msgspec.json.encode(whole)
    except UnicodeEncodeError:  # half a surrogate pair
        content = b""
    if not content or rb"\u0000" in content:
        content = msgspec.json.encode(_storable(msgspec.to_builtins(whole)))
    return hashlib.sha256(content).hexdigest()


def from_bytes(content: bytes, name: str) -> RecordedRun:
    """The run out of a file's content.

    Raises:
        RunFileError: It is no such file, was cut off, or says what no run can.
    """
    lines = content.split(b"\n")
    if lines[-1] or len(lines) < 3:  # noqa: PLR2004 - the run, the end, and nothing behind the last line feed
        raise RunFileError(f"{name} is no run file, or was cut off")
    try:
        head, *rows, end = [json.loads(line) for line in lines[:-1]]
        if head.pop("bugguard-run") != FORMAT:
            raise RunFileError(f"{name} was written by another version of bugguard", hint="upgrade bugguard")
        if end != {"end": len(rows)}:
            raise RunFileError(f"{name} was cut off")
        return _run(head, rows)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunFileError(f"{name} is no run file: {type(error).__name__}: {error}") from None


def _run(head: dict[str, Any], rows: list[dict[str, Any]]) -> RecordedRun:
    circumstances = Circumstances(**{key: _text(value) for key, value in head.pop("circumstances").items()})
    run = RecordedRun(
        id=_text(head.pop("id"), needed=True),
        why=Why(head.pop("why")),
        started_s=_whole(head.pop("started_s"), 0),
        duration_s=_seconds(head.pop("duration_s")),
        circumstances=circumstances,
        attempts=tuple(map(_attempt, rows)),
        number=_whole(head.pop("number"), 1),
        shard=_text(head.pop("shard")),
    )
    if head:
        raise ValueError(f"unknown key {min(head)!r}")
    if len({(one.nodeid, one.number) for one in run.attempts}) != len(run.attempts):
        raise ValueError("an attempt is there twice")
    return run


def _attempt(row: dict[str, Any]) -> Attempt:
    failure = row["failure"]
    if row["phase"] not in _PHASES:
        raise ValueError(f"unknown phase {row['phase']!r}")
    return Attempt(
        nodeid=_text(row["nodeid"], needed=True),
        number=_whole(row["number"], 1),
        outcome=Outcome(row["outcome"]),
        phase=row["phase"],
        duration_s=_seconds(row["duration_s"]),
        worker=_text(row["worker"]),
        place=_whole(row["place"], 0),
        failure=None if failure is None else Failure(**{key: _text(value) for key, value in failure.items()}),
    )


def _text(value: object, *, needed: bool = False) -> str:
    if not isinstance(value, str) or (needed and not value):
        raise TypeError(f"{value!r:.60} is no text")
    return storable(value)


def _whole(value: object, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 62:
        raise TypeError(f"{value!r:.60} is no whole number from {least} on")
    return value


def _seconds(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e9:  # noqa: PLR2004 - 30 years
        raise TypeError(f"{value!r:.60} is no number of seconds")
    return float(value)
