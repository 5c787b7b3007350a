"""Every fix in the history, and whether a test guards it."""

from __future__ import annotations

from itertools import dropwhile, takewhile
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import links
from pytest_bugguard.core.lineage import Lineage
from pytest_bugguard.core.results import Audited
from pytest_bugguard.journeys.linking import offer_of, place_of
from pytest_bugguard.journeys.neighbours import with_neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.model import Record, Unit
    from pytest_bugguard.core.stretches import Stretch
    from pytest_bugguard.journeys.linking import Linker, Offers
    from pytest_bugguard.journeys.survey import Seen, Survey

REACH = 20
"""Units before and after a fix that are looked through for its test."""


class Part(NamedTuple):
    """What was found in one stretch of a history."""

    records: tuple[Record, ...]
    units: int
    renamed: Mapping[str, Mapping[str, str | None]]
    """By commit id: the source files that have another name where the stretch begins, at its newest unit."""
    lineage: Lineage
    """From where the stretch begins to where it ends."""


def audit(
    units: Iterable[Unit],
    survey: Survey,
    linker: Linker,
    *,
    stretch: Stretch | None = None,
    progress: Callable[[int], None],
) -> Part:
    """Look at each unit of a first-parent history, newest first, as ``History.units`` gives them.

    Args:
        units: The history, or as much of it as the stretch says.
        survey: Looks at one unit.
        linker: Finds tests that stand elsewhere.
        stretch: The units that are asked for; the others are there for the links to them.
        progress: Told the number of units seen so far, after each.
    """
    records: list[Record] = []
    renamed: dict[str, dict[str, str | None]] = {}
    lineage = Lineage()
    count = 0
    for count, (seen, neighbours) in enumerate(_asked(stretch, survey.stream(units)), start=1):
        if seen.is_fix:
            record = linker.link(seen, offers_among(neighbours), is_only_fix=False)
            records.append(record)
            if names := lineage.today(record.files.source):
                renamed[record.sha] = names
        if not seen.unit.is_side:  # the merge has told of its renames
            lineage.step_back(seen.unit.changes)
        progress(count)
    return Part(tuple(records), count, renamed, lineage)


def joined(parts: Iterable[Part]) -> Audited:
    """What the stretches of a history come to, the newest one first."""
    records: list[Record] = []
    renamed: dict[str, dict[str, str | None]] = {}
    lineage = Lineage()
    count = 0
    for part in parts:
        for record in part.records:
            names = part.renamed.get(record.sha, {})
            today = {path: lineage.of(names.get(path, path)) for path in record.files.source}
            if moved := {path: name for path, name in today.items() if name != path}:
                renamed[record.sha] = moved
        records += part.records
        count += part.units
        lineage.go_beyond(part.lineage)
    return Audited(tuple(records), count, renamed)


def _asked(stretch: Stretch | None, stream: Iterable[Seen]) -> Iterator[tuple[Seen, Sequence[Seen]]]:
    """The units of a stretch, each with those around it."""
    pairs: Iterator[tuple[Seen, Sequence[Seen]]] = with_neighbours(stream, REACH)
    if stretch is None:
        return pairs
    begun = dropwhile(lambda pair: pair[0].unit.commit.sha != stretch.first, pairs)
    return takewhile(lambda pair: pair[0].unit.commit.sha != stretch.end, begun)


def offers_among(neighbours: Sequence[Seen]) -> Offers:
    """The tests of units around a fix, nearest first, that name the same issue."""
    return lambda issues: tuple(_of_the_same_issue(issues, neighbours))


def _of_the_same_issue(issues: frozenset[str], neighbours: Sequence[Seen]) -> Iterator[links.Offer]:
    """In a whole history nothing less than an issue's number ties two commits together."""
    for seen in neighbours if issues else ():
        if seen.may_name(issues) and issues & links.issue_keys(seen.issues) and seen.offers_tests:
            yield offer_of(seen, place_of(seen), issues)
