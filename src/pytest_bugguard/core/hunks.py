"""Which places of a file did a change touch, and what is the file with only some of them put back? Pure; bytes only."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Hunk:
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
    found = list(_between(_lines(old), _lines(new)))
    return tuple(_sound(new, found, is_sound) if is_sound else found)


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


def _between(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Hunk]:
    # What both texts begin and end with is most of a file, and comparing takes more than linear time.
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    for tag, old_start, old_stop, new_start, new_stop in SequenceMatcher(None, inner_old, inner_new).get_opcodes():
        if tag != "equal":
            before = range(head + old_start + 1, head + old_stop + 1)
            after = range(head + new_start + 1, head + new_stop + 1)
            yield Hunk(before, after, tuple(old[_indices(before)]), tuple(new[_indices(after)]))


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> int:
    """How many lines two sequences begin with alike."""
    return next(
        (at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right),
        min(len(one), len(other)),
    )


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
