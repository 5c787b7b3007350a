"""Which commit wrote what a fix mended? From the lines that the fix took away or changed. Pure; no I/O.

The way of Śliwerski, Zimmermann and Zeller ("When do changes induce fixes?", MSR 2005): blame the fix's parent for
those lines. Of several commits the newest one is taken, which Rosa et al. found to be the most exact of the simple
choices ("Evaluating SZZ Implementations Through a Developer-Informed Oracle", ICSE 2021). A fix that only adds lines
names nobody's line, so nothing is traced; blank lines and comments are not asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import hunks
from pytest_bugguard.core.model import Unavailable

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from pytest_bugguard.core.releases import Graph

LINES_CAP = 200
"""Lines that are asked for in one file: a fix that rewrites more is no pointer to one fault."""
_BLAMED = re.compile(rb"^([0-9a-f]{64}|[0-9a-f]{40}) \d+ \d+(?: \d+)?$", re.MULTILINE)


class Lines(NamedTuple):
    """Some lines of a file as a commit left it."""

    commit: str
    path: str
    numbers: tuple[range, ...]
    """From 1."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A fix, and where its fault came from."""

    fix: str
    origin: str | None
    """The commit that wrote the newest of the lines that it mended; None where that cannot be told."""
    reason: str = ""
    """Where it cannot: why."""


ADDS_ONLY = "it only adds lines"
TOO_LARGE = f"it changes over {LINES_CAP} lines of a file"
OUT_OF_SIGHT = "what it mended is older than this clone"
UNREAD = "its files could not be read"


def mended(old: bytes, new: bytes) -> tuple[range, ...]:
    """The lines of the old text, from 1, that a change took away or put others in place of; without silent ones."""
    found: list[range] = []
    for hunk in hunks.between(old, new):
        for number, line in zip(hunk.before, hunk.old, strict=True):
            if line.strip()[:1] in {b"", b"#"}:
                continue
            if found and found[-1].stop == number:
                found[-1] = range(found[-1].start, number + 1)
            else:
                found.append(range(number, number + 1))
    return tuple(found)


def blamed(porcelain: bytes) -> frozenset[str]:
    """The commits that ``git blame --porcelain`` names: the file's own lines begin with a tab there."""
    return frozenset(match.decode() for match in _BLAMED.findall(porcelain))


def traced(fix: str, answers: Sequence[frozenset[str] | Unavailable], graph: Graph, boundary: Container[str]) -> Traced:
    """The newest of the commits that wrote what a fix mended, as blame names them for each of its files."""
    failed = [answer.reason for answer in answers if isinstance(answer, Unavailable)]
    named = frozenset[str]().union(*(answer for answer in answers if not isinstance(answer, Unavailable)))
    known = [commit for commit in named if commit in graph and commit not in boundary]
    if not known:
        return Traced(fix, None, failed[0] if failed else OUT_OF_SIGHT)
    return Traced(fix, max(known, key=lambda commit: (graph[commit].committed_s, commit)))
