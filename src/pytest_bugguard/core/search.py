"""Which of the tests before it does a test need, to fail or to pass? By cutting prefixes. Pure; no I/O.

The shortest prefix of an order after which the test still shows what it showed ends with a test that is needed: the
same prefix without it does not show it. With that one fixed, the next is looked for before it, until the fixed ones
are enough. So orders are kept, pairs and triples are found, and each costs log2(n) questions. The invariant (the longer
prefix shows it, the shorter does not) holds whether or not more tests show more, so cleaners in between do no harm; in
the end each of several is left out once, and delta debugging (Zeller, Hildebrandt 2002) takes over where many remain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Shows = Callable[[tuple[str, ...]], bool]
    """Whether the test shows it after just these tests, in this order."""

_MANY = 6
"""More tests than this are hardly all needed."""


def needed(before: Sequence[str], shows: Shows) -> tuple[str, ...]:
    """Those of the tests before it that a test needs to show something, in their order.

    Args:
        before: After all of these it shows it.
        shows: Asked of ever fewer tests; whatever it raises goes through.

    Returns:
        As few as can be left out none of; ``()`` where it shows it without any.
    """
    rest = tuple(before)
    found: tuple[str, ...] = ()
    while not shows(found):
        if len(found) >= _MANY:
            return _fewest((*rest, *found), shows)
        rest, found = _cut(rest, found, shows)
    return _each_needed(found, shows)


def _cut(rest: tuple[str, ...], found: tuple[str, ...], shows: Shows) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tests before the last one that is needed, and what is found with it."""
    enough, short = len(rest), 0
    while enough - short > 1:
        middle = (enough + short) // 2
        if shows(rest[:middle] + found):
            enough = middle
        else:
            short = middle
    return rest[: enough - 1], (rest[enough - 1], *found)


def _each_needed(found: tuple[str, ...], shows: Shows) -> tuple[str, ...]:
    place = 0
    while len(found) > 1 and place < len(found):
        without = found[:place] + found[place + 1 :]
        if shows(without):
            found = without
        else:
            place += 1
    return found


def _fewest(before: tuple[str, ...], shows: Shows) -> tuple[str, ...]:
    """By delta debugging: as ever smaller parts are left out."""
    parts = 2
    while len(before) > 1:
        size = -(-len(before) // parts)
        for start in range(0, len(before), size):
            without = before[:start] + before[start + size :]
            if shows(without):
                before, parts = without, max(parts - 1, 2)
                break
        else:
            if parts >= len(before):
                break
            parts = min(2 * parts, len(before))
    return before
