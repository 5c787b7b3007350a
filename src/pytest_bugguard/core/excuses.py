"""May the known failure of a test in quarantine still be excused? From the entry, the texts, the history. No I/O."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.estimates import jeffreys
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.pairing import is_case_of
from pytest_bugguard.core.results import Finding
from pytest_bugguard.core.statements import source_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.model import Quarantine

_LUCK = 0.01
"""A row of failures that luck makes this seldom, at the rate that the test had, is no bad luck."""


class Excused(Struct, frozen=True):
    """A failure that failed no run, since its test is known to fail so."""

    nodeid: str
    signature: str
    entry: Quarantine


def in_date(entries: Iterable[Quarantine], today: dt.date) -> tuple[Quarantine, ...]:
    """The entries that excuse a failure today."""
    return tuple(entry for entry in entries if entry.failures and entry.expires >= today)


def entry_of(nodeid: str, entries: Iterable[Quarantine]) -> Quarantine | None:
    """The entry that speaks for a test case: its own rather than that of all cases."""
    fitting = [entry for entry in entries if is_case_of(nodeid, entry.test)]
    return max(fitting, key=lambda entry: len(entry.test), default=None)


def is_touched(place: str, old: bytes | None, new: bytes | None) -> bool:
    """Whether a change touched the place of a failure.

    Args:
        place: A file, with the function where it is in one: ``src/shop/net.py::Client.fetch``.
        old: The file before the change; None where there was none.
        new: The file as it is.
    """
    if old is None or new is None or old == new:
        return old != new
    name = place.partition("::")[2]
    return not name or _text(old, name) != _text(new, name)


def _text(content: bytes, name: str) -> list[str] | None:
    source = source_of(content)
    span = source.named(name)
    return source.text.split("\n")[span.first - 1 : span.last] if span is not None else None


def row_of_failures(sightings: Iterable[Sighting], branch: str) -> int:
    """How often in a row a test has failed, the present run counted, where that is more than bad luck; else 0.

    The row is that of the present branch. What luck can do is told by the rate before it: the upper end of its 95 %
    interval to the power of the row is under 1 %. A test without earlier runs has no rate, so its row tells nothing.

    Args:
        sightings: Its attempts on record, in any order, without the present run.
        branch: The branch of the present run.
    """
    natural = sorted((one for one in sightings if one.is_natural), key=lambda one: (one.started_s, one.run))
    natural = [one for one in natural if one.outcome in {Outcome.PASSED, Outcome.FAILED}]
    here = [one for one in natural if one.branch == branch]
    row = list(takewhile(lambda one: one.outcome is Outcome.FAILED, reversed(here)))
    in_row = {(one.run, one.number) for one in row}
    earlier = [one for one in natural if (one.run, one.number) not in in_row]
    high = jeffreys(sum(one.outcome is Outcome.FAILED for one in earlier), len(earlier))[1]
    length = len(row) + 1
    return length if high**length < _LUCK else 0


def revoked(excused: Excused, reason: str) -> Finding:
    """The finding for a known failure that is not excused after all."""
    return Finding(
        id=f"quarantine:{excused.nodeid}",
        gate="quarantine",
        verdict=FlakeVerdict.FAILING,
        subject=excused.nodeid,
        message=f"failed with {excused.signature}, as it is known to, but {reason}",
        next=f"look at it as at any failure: its quarantine ({excused.entry.owner}) does not cover this",
    )


def unknown(nodeid: str, signatures: Sequence[str], entry: Quarantine) -> Finding:
    """The finding for a failure in quarantine that is none of those its entry names."""
    said = " and ".join(signatures) or "no exception that could be read"
    known = ", ".join(entry.failures) or "none"
    return Finding(
        id=f"quarantine:{nodeid}",
        gate="quarantine",
        verdict=FlakeVerdict.FAILING,
        subject=nodeid,
        message=f"failed with {said}, which its quarantine does not excuse (known there: {known})",
        next=_how_to_know(signatures, entry),
    )


def _how_to_know(signatures: Sequence[str], entry: Quarantine) -> str:
    if not signatures:
        return f"{entry.owner}: look at it as at any failure"
    quoted = ", ".join(f'"{one}"' for one in signatures)
    return f"look at it as at any failure; where it is the old one, name it in failures ({entry.place}): {quoted}"
