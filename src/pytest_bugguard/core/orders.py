"""In which orders are tests run to find out whether the order matters? Each is told by a name. Pure; no I/O."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEEDS = 2**32


def number(*parts: object) -> int:
    """A number from 0 to 2**32 - 1 that looks like chance, and is the same for the same parts everywhere."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8]) % _SEEDS


def shuffled(tests: Sequence[str], seed: int) -> tuple[str, ...]:
    """All of them in an order that a seed stands for.

    An odd seed throws them all together; an even one keeps files and classes whole, as most runs do.
    """
    if seed % 2:
        return tuple(sorted(tests, key=lambda nodeid: number(seed, nodeid)))
    return tuple(sorted(tests, key=lambda nodeid: [number(seed, part) for part in _parts(nodeid)]))


def _parts(nodeid: str) -> list[str]:
    """The file, the class, the test: a test stays with its like until the last part decides."""
    head, bracket, case = nodeid.partition("[")
    path, *names = head.split("::")
    return [path, *names[:-1], f"{names[-1] if names else ''}{bracket}{case}"]


def each_twice(tests: Sequence[str]) -> tuple[str, ...]:
    """Each of them, and at once again."""
    return tuple(nodeid for test in tests for nodeid in (test, test))


def likely_first(tests: Sequence[str], nodeid: str) -> tuple[str, ...]:
    """Those of the same file first: what disturbs a test mostly stands beside it."""
    path = nodeid.partition("::")[0]
    return tuple(sorted(tests, key=lambda other: other.partition("::")[0] != path))
