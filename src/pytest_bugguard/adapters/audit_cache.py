"""What an audit found, kept under the digest of all that it depends on: the same question is answered from a file.

It stands in the user's cache folder, never in the repository. A file that cannot be read, or not be written, is no
error: the audit is then made again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs
from msgspec import Struct
from msgspec.structs import asdict

from pytest_bugguard.adapters import files
from pytest_bugguard.core.model import Files, How, MappedTest, NotAFix, Record, Sign, Unreadable, Verdict, Waiver
from pytest_bugguard.core.results import Audited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KIND = "audit"
_KEPT = 30
"""Files that stay; the oldest ones go first."""


def key(*parts: str) -> str:
    """The digest of everything that the answer depends on."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def own_code() -> str:
    """The digest of this package's code: other code may answer otherwise."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def load(name: str) -> Audited | None:
    """What was found under this key; None where there is nothing, or nothing sound."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return _audited(json.loads(read(_KIND, name)))
    return None


def save(name: str, found: Audited) -> None:
    """Keep what was found; best effort."""
    write(_KIND, name, json.dumps(_plain(found), separators=(",", ":")).encode())


def read(kind: str, name: str) -> bytes:
    """What is kept under a key.

    Raises:
        OSError: Nothing is.
    """
    return _place(kind, name).read_bytes()


def write(kind: str, name: str, content: bytes) -> None:
    """Keep something under a key, and let the oldest of its kind go; best effort."""
    with suppress(OSError, ValueError):
        place = _place(kind, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, content)
        _prune(place.parent, kind)


def _place(kind: str, name: str) -> Path:
    return platformdirs.user_cache_path("bugguard", appauthor=False) / f"{kind}-{name}.json"


def _prune(folder: Path, kind: str) -> None:
    kept = sorted(folder.glob(f"{kind}-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT:]:
        path.unlink()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of the model
    if isinstance(value, Struct):
        return {name: _plain(held) for name, held in asdict(value).items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _audited(raw: Mapping[str, Any]) -> Audited:
    return Audited(tuple(map(_record, raw["records"])), raw["units"], raw["renamed"])


def _record(raw: dict[str, Any]) -> Record:
    said, waiver = raw["recognition"], raw["waiver"]
    return Record(
        **{
            **raw,
            "parents": tuple(raw["parents"]),
            "recognition": Sign(**said) if "where" in said else NotAFix(**said),
            "issues": tuple(raw["issues"]),
            "files": Files(*(tuple(raw["files"][side]) for side in ("source", "test", "neutral"))),
            "tests": tuple(map(_test, raw["tests"])),
            "unreadable": tuple(_each(Unreadable, raw["unreadable"])),
            "verdict": Verdict(raw["verdict"]),
            "waiver": waiver and Waiver(**waiver),  # only of a trailer, which has no date
            "other_signs": (),
            "hunks": (),
        }
    )


def _test(raw: dict[str, Any]) -> MappedTest:
    return MappedTest(**{**raw, "change": How(raw["change"])})


def _each(kind: type[Unreadable], raw: Iterable[dict[str, Any]]) -> Iterable[Unreadable]:
    return (kind(**item) for item in raw)
