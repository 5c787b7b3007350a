"""The fixes of a history with the tests that are to guard them today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.model import Verdict
from pytest_bugguard.journeys.check import CheckedUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.journeys.linking import Linker
    from pytest_bugguard.journeys.survey import Seen

_LOOKED_AT = frozenset({Verdict.GUARDED, Verdict.UNDECIDED})
RECENT = 20
"""Fixes that are looked at where nobody says how many."""


def guarded(units: Iterable[Seen], linker: Linker, *, wanted: str | None = None) -> Iterator[CheckedUnit]:
    """Each fix that brought a test, or of which that cannot be told: newest first.

    Its tests are under the names that they have in the newest state.

    Args:
        units: The history, newest first.
        linker: Follows tests to the newest state.
        wanted: The one commit that is asked for, whatever it calls itself; nothing older is looked at.
    """
    later: list[Seen] = []
    for seen in units:
        if seen.unit.commit.sha == wanted or (wanted is None and seen.is_fix):
            record = linker.link(seen, lambda _: (), is_only_fix=False, later=later)
            if wanted or not _LOOKED_AT.isdisjoint({record.verdict, seen.record.verdict}):
                yield CheckedUnit(seen, record, tuple(later))
            if wanted:
                return
        later.append(seen)
