"""Where the faults of fixes came from, kept between runs: blame is slow, and what it says of a fix never changes.

It stands in the user's cache folder, beside what audits found, and is as dispensable.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import audit_cache
from pytest_bugguard.core.faults import Traced

if TYPE_CHECKING:
    from collections.abc import Iterable

_KIND = "faults"


def load(name: str) -> dict[str, Traced]:
    """What was traced under this key, by fix; nothing where there is nothing, or nothing sound."""
    with suppress(OSError, ValueError, TypeError):
        return {fix: Traced(fix, origin, reason) for fix, origin, reason in json.loads(audit_cache.read(_KIND, name))}
    return {}


def save(name: str, found: Iterable[Traced]) -> None:
    """Keep what was traced; best effort."""
    rows = [(one.fix, one.origin, one.reason) for one in found]
    audit_cache.write(_KIND, name, json.dumps(rows, separators=(",", ":")).encode())
