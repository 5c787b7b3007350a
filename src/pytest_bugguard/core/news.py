"""What is there to tell that was not told before? Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Item(NamedTuple):
    """One thing that could be told."""

    id: str
    """The same for the same thing in every run."""
    group: str
    text: str


class Group(Struct, frozen=True):
    """What is new of one kind."""

    name: str
    items: tuple[Item, ...]


class News(Struct, frozen=True):
    """What is new since it was told last, and how much of what was told is no longer there."""

    groups: tuple[Group, ...]
    gone: int

    @property
    def count(self) -> int:
        """How many things are new."""
        return sum(len(group.items) for group in self.groups)


def since(told: Collection[str], now: Sequence[Item]) -> News:
    """The items that were not told yet, by group, groups and items in the order in which they come."""
    groups: dict[str, list[Item]] = {}
    for item in now:
        if item.id not in told:
            groups.setdefault(item.group, []).append(item)
    here = {item.id for item in now}
    return News(tuple(Group(name, tuple(items)) for name, items in groups.items()), len(set(told) - here))
