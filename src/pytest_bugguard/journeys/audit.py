"""Every fix in the history, and whether a test guards it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import links
from pytest_bugguard.core.lineage import Lineage
from pytest_bugguard.core.results import Audited
from pytest_bugguard.journeys.linking import offer_of, place_of
from pytest_bugguard.journeys.neighbours import with_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.model import Record, Unit
    from pytest_bugguard.journeys.linking import Linker, Offers
    from pytest_bugguard.journeys.survey import Seen, Survey

REACH = 20
"""Units before and after a fix that are looked through for its test."""


def audit(units: Iterable[Unit], survey: Survey, linker: Linker, *, progress: Callable[[int], None]) -> Audited:
    """Look at each unit of a first-parent history, newest first, as ``History.units`` gives them.

    ``progress`` is told the number of units seen so far, after each.
    """
    records: list[Record] = []
    renamed: dict[str, dict[str, str | None]] = {}
    lineage = Lineage()
    count = 0
    for count, (seen, neighbours) in enumerate(with_neighbours(survey.stream(units), REACH), start=1):
        if seen.is_fix:
            record = linker.link(seen, offers_among(neighbours), is_only_fix=False)
            records.append(record)
            if names := lineage.today(record.files.source):
                renamed[record.sha] = names
        if not seen.unit.is_side:  # the merge has told of its renames
            lineage.step_back(seen.unit.changes)
        progress(count)
    return Audited(tuple(records), count, renamed)


def offers_among(neighbours: Sequence[Seen]) -> Offers:
    """The tests of units around a fix, nearest first, that name the same issue."""
    return lambda issues: tuple(_of_the_same_issue(issues, neighbours))


def _of_the_same_issue(issues: frozenset[str], neighbours: Sequence[Seen]) -> Iterator[links.Offer]:
    """In a whole history nothing less than an issue's number ties two commits together."""
    for seen in neighbours if issues else ():
        if seen.may_name(issues) and issues & links.issue_keys(seen.issues) and seen.offers_tests:
            yield offer_of(seen, place_of(seen), issues)
