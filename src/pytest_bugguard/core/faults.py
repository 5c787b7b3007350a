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
    from collections.abc import Iterable

    from pytest_bugguard.core.hunks import Hunk

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


def carried(numbers: Iterable[int], old: bytes, new: bytes, *, looks_through: bool = False) -> dict[int, int]:
    """Which of some lines of the new text stood in the old one too, white space aside, and where.

    Args:
        numbers: Lines of the new text, from 1.
        old: A file's whole content.
        new: The same, later.
        looks_through: Whether the change wrote nothing of its own, as one that lays the code out anew: a line of it
            then goes back to the line that stood in its place.
    """
    whole = hunks.stretch(old, new)
    shift = len(whole.before) - len(whole.after)
    found: dict[int, int] = {}
    inside: list[int] = []
    for number in numbers:
        if number in whole.after:
            inside.append(number)
        else:
            found[number] = number if number < whole.after.start else number + shift
    return found | _inside(inside, whole, looks_through=looks_through) if inside else found


def _inside(numbers: Iterable[int], whole: Hunk, *, looks_through: bool) -> dict[int, int]:
    """Of lines between the first and the last that differ: first those that tell by themselves where they stood."""
    olds, news = Counter(whole.old), Counter(whole.new)
    found: dict[int, int] = {}
    rest: list[int] = []
    for number in numbers:
        line = whole.new[number - whole.after.start]
        if news[line] == olds[line] == 1:
            found[number] = whole.before[whole.old.index(line)]
        else:
            rest.append(number)
    if rest:
        places = _places(whole, looks_through=looks_through)
        found |= {number: places[number] for number in rest if number in places}
    return found


def _places(whole: Hunk, *, looks_through: bool) -> dict[int, int]:
    """Where the lines of the new text stood, by the longest runs that both texts have in common."""
    found: dict[int, int] = {}
    shift = whole.before.start - whole.after.start
    at = whole.after.start
    for hunk in hunks.refined(whole):
        found |= {number: number + shift for number in range(at, hunk.after.start)}
        found |= _alike(hunk, looks_through=looks_through)
        at, shift = hunk.after.stop, hunk.before.stop - hunk.after.stop
    return found | {number: number + shift for number in range(at, whole.after.stop)}


def _alike(hunk: Hunk, *, looks_through: bool) -> dict[int, int]:
    olds, news = ([b"".join(line.split()) for line in lines] for lines in (hunk.old, hunk.new))
    blocks = SequenceMatcher(None, olds, news).get_matching_blocks()
    last = hunk.before.stop - 1
    in_place = {
        number: min(hunk.before.start + at, last)
        for at, number in enumerate(hunk.after)
        if looks_through and hunk.before
    }
    return in_place | {
        hunk.after.start + new + at: hunk.before.start + old + at for old, new, size in blocks for at in range(size)
    }
