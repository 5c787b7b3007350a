"""Which commit wrote what a fix mended? From the lines that the fix took away or changed. Pure; no I/O.

The way of Śliwerski, Zimmermann and Zeller ("When do changes induce fixes?", MSR 2005): blame the fix's parent for
those lines. Of several commits the newest one is taken, which Rosa et al. found to be the most exact of the simple
choices ("Evaluating SZZ Implementations Through a Developer-Informed Oracle", ICSE 2021). A fix that only adds lines
names nobody's line, so nothing is traced; blank lines and comments are not asked for.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core import hunks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LINES_CAP = 200
"""Lines that are asked for in one file: a fix that rewrites more is no pointer to one fault."""


class Lines(NamedTuple):
    """Some lines of a file as a commit left it."""

    commit: str
    path: str
    numbers: tuple[int, ...]
    """From 1, ascending."""


class Traced(Struct, frozen=True):
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
    lines stand all around the others: only what lies between the two nearest is compared. As in Bram Cohen's patience
    diff, those count as neighbours that are in one order in both texts, as many as can be; the others were moved.
    """

    def __init__(self, before: list[bytes], after: list[bytes], *, looks_through: bool) -> None:
        self._before, self._after = before, after
        self._looks_through = looks_through
        olds, news = Counter(before), Counter(after)
        alone = {line: at for at, line in enumerate(before) if olds[line] == news[line] == 1}
        self._single = {at: alone[line] for at, line in enumerate(after) if line in alone}
        self._taken = frozenset(self._single.values())
        self._fixed = _ascending(self._single)
        self._around = range(0)
        self._compared: dict[int, int] = {}

    def place(self, number: int) -> int | None:
        """Where a line of the new text stood in the old one; None: it was written."""
        if number in self._single:
            return self._single[number]
        if number not in self._around:
            after = bisect(self._fixed, number)
            last = self._fixed[after - 1] if after else None
            following = self._fixed[after] if after < len(self._fixed) else None
            self._around = range(0 if last is None else last + 1, len(self._after) if following is None else following)
            old_start = 0 if last is None else self._single[last] + 1
            old_stop = len(self._before) if following is None else self._single[following]
            self._compared = self._between(self._around, range(old_start, old_stop))
        return self._compared.get(number)

    def _between(self, after: range, before: range) -> dict[int, int]:
        """Of these lines of the new text those that stood among those of the old one, white space aside."""
        found = {at: min(before.start + at - after.start, before.stop - 1) for at in after if self._looks_through}
        if not before:
            return {}
        # What was moved is nobody else's: in its place stands what no line is.
        olds = [b"\n" if at in self._taken else b"".join(self._before[at].split()) for at in before]
        news = [b"\n\n" if at in self._single else b"".join(self._after[at].split()) for at in after]
        for old, new, size in SequenceMatcher(None, olds, news).get_matching_blocks():
            found |= {after.start + new + at: before.start + old + at for at in range(size)}
        return found


def _ascending(places: Mapping[int, int]) -> list[int]:
    """As many of the keys, which ascend, as can be, in order, whose values ascend too.

    By patience sorting (https://en.wikipedia.org/wiki/Patience_sorting): each pile's top is the least value with which
    a row of its length can end.
    """
    values = list(places.values())
    if values == sorted(values):  # mostly nothing was moved
        return list(places)
    tops: list[int] = []
    keys: list[int] = []
    before: dict[int, int | None] = {}
    for key, value in places.items():
        pile = bisect(tops, value)
        before[key] = keys[pile - 1] if pile else None
        tops[pile : pile + 1] = [value]
        keys[pile : pile + 1] = [key]
    row: list[int] = []
    at = keys[-1] if keys else None
    while at is not None:
        row.append(at)
        at = before[at]
    return row[::-1]
