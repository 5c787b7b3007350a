"""How large a share of the fixes is guarded, over the whole history and by quarter. Pure; no clock.

The share is ``guarded / judged``:

- *guarded* are the verdicts ``guarded`` and ``proven``: a test stands there;
- *judged* are those and every fix that lacks one, the waived ones too: a waiver excuses the gap and does not fill it;
- ``not-applicable`` fixes need no test, and ``undecided`` ones are counted apart: neither is in the share.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import dates
from pytest_bugguard.core.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.model import Record

GUARDED = frozenset({Verdict.GUARDED, Verdict.PROVEN})
_OUTSIDE = frozenset({Verdict.NOT_APPLICABLE, Verdict.UNDECIDED})


class Share(Struct, frozen=True):
    """How many of the judged fixes are guarded."""

    guarded: int = 0
    judged: int = 0
    undecided: int = 0
    """Fixes of which it could not be told; in neither of the other counts."""

    @property
    def ratio(self) -> float | None:
        """From 0 to 1; None where there was nothing to judge: 0 of 0 is neither all nor nothing."""
        return self.guarded / self.judged if self.judged else None

    @property
    def least(self) -> float:
        """From 0 to 1: the share if none of the undecided fixes were guarded."""
        return self.guarded / max(1, self.judged + self.undecided)


class Quarter(Struct, frozen=True):
    """Three months, in UTC."""

    name: str
    """``2024-Q1``."""
    share: Share


class Trend(Struct, frozen=True):
    """The guarded share of a history."""

    whole: Share
    quarters: tuple[Quarter, ...] = ()
    """Oldest first, without gaps: a quarter without fixes is there with nothing judged."""


def share_of(records: Iterable[Record]) -> Share:
    """The guarded share of the fixes among some records."""
    verdicts = [record.verdict for record in records if record.is_fix]
    return Share(
        guarded=sum(verdict in GUARDED for verdict in verdicts),
        judged=sum(verdict not in _OUTSIDE for verdict in verdicts),
        undecided=verdicts.count(Verdict.UNDECIDED),
    )


def trend_of(records: Sequence[Record]) -> Trend:
    """The trend of a history, from its records, newest first. Absurd dates are read as ``dates.plausible`` does."""
    fixes = [record for record in records if record.is_fix and record.verdict is not Verdict.NOT_APPLICABLE]
    by_quarter: defaultdict[int, list[Record]] = defaultdict(list)
    for record, time_s in zip(fixes, dates.plausible([fix.committed_s for fix in fixes]), strict=True):
        by_quarter[_quarter_number(time_s)].append(record)
    return Trend(share_of(fixes), tuple(_quarters(by_quarter)))


def _quarters(by_quarter: dict[int, list[Record]]) -> Iterator[Quarter]:
    if by_quarter:
        for number in range(min(by_quarter), max(by_quarter) + 1):
            yield Quarter(f"{number // 4}-Q{number % 4 + 1}", share_of(by_quarter.get(number, ())))


def _quarter_number(time_s: int) -> int:
    day = dt.datetime.fromtimestamp(time_s, dt.UTC)
    return day.year * 4 + (day.month - 1) // 3
