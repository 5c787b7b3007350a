"""What makes two failures the same kind of failure? Their messages, less what changes each time. Pure; no I/O."""

from __future__ import annotations

import hashlib
import re

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
