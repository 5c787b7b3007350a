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
    from collections.abc import Iterable, Sequence

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
    if not inside:
        return found
    return found | _inside(inside, first, before.split(b"\n"), after.split(b"\n"), looks_through=looks_through)


def _inside(
    numbers: Iterable[int], first: int, before: list[bytes], after: list[bytes], *, looks_through: bool
) -> dict[int, int]:
    """Of lines between the first and the last that differ: those that tell by themselves where they stood, then others.

    To compare whole texts is what costs most here, and a line that stands once in both needs none of it.
    """
    olds, news = Counter(before), Counter(after)
    found: dict[int, int] = {}
    rest: list[int] = []
    for number in numbers:
        line = after[number - first]
        if news[line] == olds[line] == 1:
            found[number] = first + before.index(line)
        else:
            rest.append(number)
    return found | _compared(rest, first, before, after, looks_through=looks_through) if rest else found


def _compared(
    numbers: Iterable[int], first: int, before: list[bytes], after: list[bytes], *, looks_through: bool
) -> dict[int, int]:
    found: dict[int, int] = {}
    waiting = set(numbers)
    shift = 0
    for hunk in hunks.refined(first, before, after):
        unchanged = {number for number in waiting if number < hunk.after.start}
        found |= {number: number + shift for number in unchanged}
        changed = waiting.intersection(hunk.after)
        if changed:
            alike = _alike(hunk, looks_through=looks_through)
            found |= {number: alike[number] for number in changed if number in alike}
        waiting -= unchanged | changed
        shift = hunk.before.stop - hunk.after.stop
    return found | {number: number + shift for number in waiting}


def _alike(hunk: Hunk, *, looks_through: bool) -> dict[int, int]:
    """The lines of a hunk that differ in white space only; those that go back to what stood in their place."""
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
