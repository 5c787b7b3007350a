"""Into which stretches is a line of commits cut, so that each can be looked at by itself? Pure; no I/O."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTH = 200
"""Commits of a stretch at least: about a fifth of a second, so that what each costs to begin with is little."""


class Stretch(NamedTuple):
    """A part of a first-parent line, and how much around it has to be read to judge it as in the whole."""

    first: str
    """The newest commit that is judged."""
    end: str | None
    """The newest one that is too old to be judged; None where the stretch goes to the end of the line."""
    tip: str
    """The newest commit that is read."""
    since: str | None
    """What is reachable from here is not read; None: all is read."""


def cut(line: Sequence[str], *, margin: int, since: str | None = None) -> tuple[Stretch, ...]:
    """Stretches of about the same length, newest first; the same ones for the same line, whoever looks at them.

    Args:
        line: Commit ids, newest first, each the first parent of the one before it.
        margin: Commits before and after a stretch that bear on what is said of it.
        since: What is reachable from here is not part of the line.
    """
    if not line:
        return ()
    count = max(1, len(line) // _LENGTH)
    ends = [len(line) * number // count for number in range(count + 1)]
    return tuple(
        Stretch(
            first=line[begin],
            end=line[end] if end < len(line) else None,
            tip=line[max(0, begin - margin)],
            since=line[end + margin] if end + margin < len(line) else since,
        )
        for begin, end in pairwise(ends)
    )
