"""What is a table of the page? Columns with a kind of cell each, and rows of texts; packed for the script."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.report.page.refs import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = tuple[str, ...]
_RUN = re.compile(r"(.)\1{3,}")


class Column(NamedTuple):
    """One column."""

    title: str
    kind: str
    """How a cell is drawn: ``stack``, ``lines``, ``badge``, ``strip``, ``rate``, ``bar``; all others are one line."""


class View(NamedTuple):
    """Rows that are looked at together, by their badges."""

    title: str
    badges: tuple[str, ...]


def one(badge: str) -> View:
    """The rows with this badge."""
    return View(badge, (badge,))


class Table(Struct, frozen=True):
    """Rows of one subject, the worst first."""

    id: str
    title: str
    about: str
    """One sentence: what is listed, and in which order."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str
    """What to say where there are no rows."""
    views: tuple[View, ...] = ()
    """The first is what is shown before anybody asks for others; none: all is."""
    found_by: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Words of a search that stand for certain rows, whatever their text."""

    @property
    def badge(self) -> int | None:
        """Which column can be chosen from a list."""
        return next((place for place, column in enumerate(self.columns) if column.kind == "badge"), None)

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows before anybody asks for others."""
        return self.rows_of(self.views[0]) if self.views else self.rows

    def rows_of(self, view: View) -> tuple[Row, ...]:
        """The rows that a view looks at."""
        badge = self.badge
        return () if badge is None else tuple(row for row in self.rows if row[badge] in view.badges)

    @property
    def texts(self) -> list[str]:
        """What a search looks at, row by row."""
        return ["\n".join(map(plain, row)).lower() for row in self.rows]

    def choice(self, view: View) -> str:
        """What the list calls a view: its own views are marked, since a badge may have the same name."""
        return f"*{view.title}" if view in self.views else view.title

    @property
    def choices(self) -> tuple[tuple[str, int], ...]:
        """The badges that occur, in the order of the rows, and how often."""
        badge = self.badge
        return () if badge is None else tuple(Counter(row[badge] for row in self.rows).items())


def packed(table: Table) -> dict[str, Any]:
    """A table for the script: column by column, so that what repeats is written once."""
    by_column = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return {
        "columns": [
            {"title": column.title, "kind": column.kind, **_values(column, values)}
            for column, values in zip(table.columns, by_column, strict=True)
        ],
        "rows": len(table.rows),
        "badge": table.badge,
        "views": {view.title: view.badges for view in table.views},
        "found_by": table.found_by,
        "empty": table.empty,
    }


def _values(column: Column, values: Sequence[str]) -> dict[str, Any]:
    if column.kind == "strip":
        values = [_RUN.sub(_counted, value) for value in values]
    known = {value: place for place, value in enumerate(dict.fromkeys(values))}
    if 2 * len(known) > len(values):
        return {"values": list(values)}
    return {"values": list(known), "places": [known[value] for value in values]}


def _counted(match: re.Match[str]) -> str:
    """``......`` as ``6.``: a strip is mostly of one kind."""
    return f"{len(match[0])}{match[1]}"
