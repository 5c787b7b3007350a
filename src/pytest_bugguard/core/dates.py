"""When a commit was made, as a date that can be shown and counted: absurd ones are set right. Pure; no clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIRST_S = int(dt.datetime(1980, 1, 1, tzinfo=dt.UTC).timestamp())
_LAST_S = int(dt.datetime(2099, 12, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp())


def is_plausible(committed_s: int) -> bool:
    """Whether a commit can have been made then: in 1980 or later, and in this century.

    git stores whatever it is given: the year 3170843, negative times, and 1970 out of converted histories.
    """
    return _FIRST_S <= committed_s <= _LAST_S


def plausible(committed_s: Sequence[int]) -> tuple[int, ...]:
    """Times in git's order, newest first, each absurd one replaced by that of the commit after it in the order.

    The oldest ones take the last time that made sense; all are the first plausible second where none did.
    """
    older_first = _carried(reversed(committed_s), start=_oldest_plausible(committed_s))
    return tuple(reversed(older_first))


def _oldest_plausible(committed_s: Sequence[int]) -> int:
    return next(filter(is_plausible, reversed(committed_s)), _FIRST_S)


def _carried(times: Iterable[int], *, start: int) -> list[int]:
    carried = []
    last = start
    for time_s in times:
        last = time_s if is_plausible(time_s) else last
        carried.append(last)
    return carried


def moment(committed_s: int) -> str:
    """A time as ISO 8601 in UTC, to the second; an absurd one is clamped to the first or last plausible second."""
    clamped = min(max(committed_s, _FIRST_S), _LAST_S)
    return dt.datetime.fromtimestamp(clamped, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(committed_s: int) -> str:
    """A time as a day, ``2024-05-01``, in UTC; clamped as in ``moment``."""
    return moment(committed_s)[:10]
