"""Which commit wrote what a fix mended? From the lines that the fix took away or changed. Pure; no I/O.

The way of Śliwerski, Zimmermann and Zeller ("When do changes induce fixes?", MSR 2005): blame the fix's parent for
those lines. Of several commits the newest one is taken, which Rosa et al. found to be the most exact of the simple
choices ("Evaluating SZZ Implementations Through a Developer-Informed Oracle", ICSE 2021). A fix that only adds lines
names nobody's line, so nothing is traced; blank lines and comments are not asked for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import hunks

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES_CAP = 200
"""Lines that are asked for in one file: a fix that rewrites more is no pointer to one fault."""


class Lines(NamedTuple):
    """Some lines of a file as a commit left it."""

    commit: str
    path: str
    numbers: tuple[int, ...]
    """From 1, ascending."""


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


def mended(old: bytes, new: bytes) -> tuple[int, ...]:
    """The lines of the old text, from 1, that a change took away or put others in place of; without silent ones."""
    return tuple(
        number
        for hunk in hunks.between(old, new)
        for number, line in zip(hunk.before, hunk.old, strict=True)
        if line.strip()[:1] not in {b"", b"#"}
    )


def carried(numbers: Sequence[int], old: bytes, new: bytes, *, looks_through: bool = False) -> dict[int, int]:
    """Which of some lines of the new text stood in the old one too, white space aside, and where.

    Args:
        numbers: Lines of the new text, from 1.
        old: A file's whole content.
        new: The same, later.
        looks_through: Whether the change wrote nothing of its own, as one that lays the code out anew: a line of it
            then goes back to the line that stood in its place.
    """
    first, before, after = hunks.differing(old, new)
    end = first + hunks.count(after)
    shift = hunks.count(before) - hunks.count(after)
    found = {number: number if number < first else number + shift for number in numbers if not first <= number < end}
    inside = [number for number in numbers if number not in found]
    if inside:
        middle = _Middle(_lines(before), _lines(after), looks_through=looks_through)
        places = ((number, middle.place(number - first)) for number in inside)
        found |= {number: first + place for number, place in places if place is not None}
    return found


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return lines if lines[-1] else lines[:-1]


class _Middle:
    """The lines between the first and the last that differ, from 0.

    To compare whole texts is what would cost most. A line that stands once in both needs no comparing, and such
    lines stand all around the others: only what lies between the two nearest is compared.
    """

    def __init__(self, before: list[bytes], after: list[bytes], *, looks_through: bool) -> None:
        self._before, self._after = before, after
        self._looks_through = looks_through
        olds, news = Counter(before), Counter(after)
        self._single = {line for line, count in news.items() if count == 1 and olds[line] == 1}
        self._around = range(0)
        self._compared: dict[int, int] = {}

    def place(self, number: int) -> int | None:
        """Where a line of the new text stood in the old one; None: it was written."""
        if self._after[number] in self._single:
            return self._before.index(self._after[number])
        if number not in self._around:
            self._around = self._neighbours(number)
            self._compared = self._between(self._around.start, self._around.stop)
        return self._compared.get(number)

    def _neighbours(self, number: int) -> range:
        """The lines around one, up to the nearest on either side that tells its place by itself."""
        start, stop = number, number + 1
        while start > 0 and self._after[start - 1] not in self._single:
            start -= 1
        while stop < len(self._after) and self._after[stop] not in self._single:
            stop += 1
        return range(start, stop)

    def _between(self, start: int, stop: int) -> dict[int, int]:
        """Of these lines of the new text those that stood between the same neighbours, white space aside."""
        old_start = self._before.index(self._after[start - 1]) + 1 if start else 0
        old_stop = self._before.index(self._after[stop]) if stop < len(self._after) else len(self._before)
        before, after = self._before[old_start:old_stop], self._after[start:stop]
        olds, news = ([b"".join(line.split()) for line in lines] for lines in (before, after))
        found = {
            start + at: old_start + min(at, len(olds) - 1) for at in range(len(news)) if self._looks_through and olds
        }
        for old, new, size in SequenceMatcher(None, olds, news).get_matching_blocks():
            found |= {start + new + at: old_start + old + at for at in range(size)}
        return found
