"""Which places of a file did a change touch, and what is the file with only some of them put back? Pure; bytes only."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.common_ends import common_prefix, common_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class Hunk(Struct, frozen=True):
    """Lines that stand together and were replaced together."""

    before: range
    """Their numbers in the old text, from 1; where lines only came, an empty range at the line that follows."""
    after: range
    """The same in the new text."""
    old: tuple[bytes, ...]
    """The old lines, with their ends."""
    new: tuple[bytes, ...]


def between(old: bytes, new: bytes, *, is_sound: Callable[[bytes], bool] | None = None) -> tuple[Hunk, ...]:
    """What turned the old text into the new one, from the top down.

    Args:
        old: A file's whole content. A line ends with a line feed; any other byte is just a byte.
        new: The same, later.
        is_sound: Where given: whether a text makes sense by itself. Neighbours are then taken together until each
            hunk can be put back alone with sense, as far as that can be had.
    """
    stretch = differing(old, new)
    found = _refined(stretch.first, _lines(stretch.old), _lines(stretch.new))
    return tuple(_sound(new, list(found), is_sound) if is_sound else found)


class Stretch(NamedTuple):
    """Everything from the first line that differs between two texts to the last one."""

    first: int
    """The number of its first line, from 1; the same in both texts."""
    old: bytes
    new: bytes


def differing(old: bytes, new: bytes) -> Stretch:
    """Where two texts differ, found without a look at single lines."""
    start = old.rfind(b"\n", 0, common_prefix(old, new)) + 1
    tail = common_suffix(old, new, min(len(old), len(new)) - start)
    if not all(_begins_line(text, len(text) - tail, start) for text in (old, new)):
        end = old.find(b"\n", len(old) - tail)
        tail = len(old) - end - 1 if end >= 0 else 0
    return Stretch(old.count(b"\n", 0, start) + 1, old[start : len(old) - tail], new[start : len(new) - tail])


def count(text: bytes) -> int:
    """How many lines it has."""
    return text.count(b"\n") + (text[-1:] not in {b"", b"\n"})


def put_back(new: bytes, hunks: Iterable[Hunk]) -> bytes:
    """The new text with the old lines of some of its hunks."""
    lines = _lines(new)
    for hunk in sorted(hunks, key=lambda hunk: hunk.after.start, reverse=True):  # so that the numbers above still hold
        lines[_indices(hunk.after)] = hunk.old
    return b"".join(lines)


def _lines(text: bytes) -> list[bytes]:
    """The lines as git counts them: ``splitlines`` would end some at a lone carriage return."""
    lines = text.split(b"\n")
    return [*(line + b"\n" for line in lines[:-1]), *(lines[-1:] if lines[-1] else [])]


def _indices(numbers: range) -> slice:
    return slice(numbers.start - 1, numbers.stop - 1)


def _refined(first: int, old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Hunk]:
    for tag, old_start, old_stop, new_start, new_stop in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            yield Hunk(
                range(first + old_start, first + old_stop),
                range(first + new_start, first + new_stop),
                tuple(old[old_start:old_stop]),
                tuple(new[new_start:new_stop]),
            )


def _begins_line(text: bytes, at: int, start: int) -> bool:
    return at == start or text[at - 1 : at] == b"\n"


def _sound(new: bytes, hunks: list[Hunk], is_sound: Callable[[bytes], bool]) -> list[Hunk]:
    lines = _lines(new)
    at = 0
    while len(hunks) > 1 and at < len(hunks):
        if is_sound(put_back(new, [hunks[at]])):
            at += 1
            continue
        first = min(at, len(hunks) - 2)  # with the next one; the last with the one before it
        hunks[first : first + 2] = [_joined(hunks[first], hunks[first + 1], lines)]
        at = first
    return hunks


def _joined(one: Hunk, other: Hunk, lines: Sequence[bytes]) -> Hunk:
    """Two neighbours and what stands between them in both texts."""
    same = tuple(lines[_indices(range(one.after.stop, other.after.start))])
    return Hunk(
        range(one.before.start, other.before.stop),
        range(one.after.start, other.after.stop),
        (*one.old, *same, *other.old),
        (*one.new, *same, *other.new),
    )
