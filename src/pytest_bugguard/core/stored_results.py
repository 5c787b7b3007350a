"""What do several stored results say together? JSON documents to one. Pure; no I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Document = dict[str, Any]
SCHEMA = 1
_LISTS = ("flaky", "coverage", "modules", "waivers", "quarantine")
_LOOSE = ("findings", "notes")
_PARTS = ("history", "measured", "trend", "hotspots", "delivery")


class StoredResultError(BugguardError):
    """A file holds no result that can be read."""

    slug = "stored-result"
    hint = "name a file that --format json, --bugguard-json or the setting json has written with this version"


def read(content: bytes, name: str) -> Document:
    """A document out of a file.

    Raises:
        StoredResultError: It is none, or none of this schema.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise StoredResultError(f"{name} is no JSON") from None
    if not isinstance(found, dict) or found.get("schema") != SCHEMA or not _has_lists(found):
        raise StoredResultError(f"{name} is no result of bugguard")
    return found


def _has_lists(found: Document) -> bool:
    return "fixes" in found and all(isinstance(found.get(key, []), list) for key in ("fixes", *_LOOSE))


def merged(documents: Sequence[Document]) -> Document:
    """One document: what each says in full comes from the first that says anything of it, findings and notes from all.

    Fixes come with the summary, the repository and the run that they were found in.
    """
    frame = next((one for one in documents if one["fixes"]), documents[0])
    lists: Document = {key: next((one[key] for one in documents if one.get(key)), []) for key in _LISTS}
    parts = {key: next((one[key] for one in documents if one.get(key)), None) for key in _PARTS}
    loose = {key: _once(one for document in documents for one in document.get(key, ())) for key in _LOOSE}
    return {**frame, **lists, **parts, **loose}


def _once(found: Iterable[Any]) -> list[Any]:
    return list({json.dumps(one, sort_keys=True): one for one in found}.values())
