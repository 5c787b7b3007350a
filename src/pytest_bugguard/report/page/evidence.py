"""Which fixes bear out a number? Leads from the sentence at the top and from the chart to the rows that they count."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.report.page.tables import View, one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.report.page.tables import Table

OPEN = View("without a guard", ("broken", "unguarded", "unproven", "unstable", "undecided", "weak", "waived"))
GUARDED = View("guarded or proven", ("proven", "guarded"))
JUDGED = View("judged", (*GUARDED.badges, *(badge for badge in OPEN.badges if badge != "undecided")))
TO_JUDGE = View("judged or undecided", (*JUDGED.badges, "undecided"))
UNDECIDED = one("undecided")


class Step(NamedTuple):
    """Some words, and the rows that they lead to."""

    text: str
    table: str = ""
    """Empty: they lead nowhere."""
    badge: str = ""
    find: str = ""


class Evidence(Struct, frozen=True):
    """The table of fixes, counted by quarter and verdict."""

    fixes: Table
    counts: Counter[tuple[str, str]]

    def step(self, text: str, count: int, view: View, quarters: tuple[str, str] | None = None) -> Step:
        """Words that speak of so many fixes, of all times or from one quarter to another.

        They lead nowhere where the table shows another number, as it does for a fix with an absurd date.
        """
        shown = sum(
            number
            for (quarter, verdict), number in self.counts.items()
            if verdict in view.badges and (quarters is None or quarters[0] <= quarter <= quarters[1])
        )
        if not count or shown != count:
            return Step(text)
        return Step(text, self.fixes.id, self.fixes.choice(view), "..".join(dict.fromkeys(quarters or ())))


def of_fixes(fixes: Table) -> Evidence:
    """The evidence in the table of fixes, whose first column is a day and whose badge is a verdict."""
    verdict = fixes.badge or 0
    return Evidence(fixes, Counter((_quarter(row[0]), row[verdict]) for row in fixes.rows))


def _quarter(day: str) -> str:
    """``2024-Q1``, as the trend calls it; empty where there is no day."""
    return day and f"{day[:4]}-Q{-(-int(day[5:7]) // 3)}"


def plain(steps: Iterable[Step]) -> str:
    """The words alone."""
    return "".join(step.text for step in steps)
