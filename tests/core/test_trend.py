"""The guarded share, over the whole history and by quarter; and the dates it is sorted by."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import dates
from pytest_bugguard.core.model import Record, Verdict
from pytest_bugguard.core.trend import Share, share_of, trend_of
from tests.samples import feature, fix


def at(day: str, verdict: Verdict = Verdict.GUARDED) -> Record:
    return fix(verdict, committed_s=seconds(day))


def seconds(day: str) -> int:
    return int(dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    ("verdict", "share"),
    [
        pytest.param(Verdict.PROVEN, Share(1, 1), id="proven"),
        pytest.param(Verdict.GUARDED, Share(1, 1), id="guarded"),
        pytest.param(Verdict.WEAK, Share(0, 1), id="weak"),
        pytest.param(Verdict.UNPROVEN, Share(0, 1), id="unproven"),
        pytest.param(Verdict.UNGUARDED, Share(0, 1), id="unguarded"),
        pytest.param(Verdict.UNSTABLE, Share(0, 1), id="unstable"),
        pytest.param(Verdict.BROKEN, Share(0, 1), id="broken"),
        pytest.param(Verdict.WAIVED, Share(0, 1), id="a-waiver-fills-no-gap"),
        pytest.param(Verdict.UNDECIDED, Share(0, 0, 1), id="undecided-apart"),
        pytest.param(Verdict.NOT_APPLICABLE, Share(), id="needs-no-test"),
    ],
)
def test_what_each_verdict_does_to_the_share(verdict: Verdict, share: Share) -> None:
    """The share is guarded and proven fixes, of those that a test could guard and of which it could be told."""
    assert share_of([fix(verdict)]) == share


def test_nothing_of_nothing_is_no_ratio() -> None:
    """0 of 0 is neither 0 % nor 100 %."""
    assert Share(0, 0, 5).ratio is None
    assert Share(1, 4).ratio == 0.25


def test_a_quarter_without_fixes_is_there_with_nothing_judged() -> None:
    """The quarters have no gaps, oldest first."""
    trend = trend_of([at("2024-07-01"), at("2024-06-30T23:59:59", Verdict.UNGUARDED), feature(), at("2023-12-31")])
    assert [(quarter.name, quarter.share) for quarter in trend.quarters] == [
        ("2023-Q4", Share(1, 1)),
        ("2024-Q1", Share()),
        ("2024-Q2", Share(0, 1)),
        ("2024-Q3", Share(1, 1)),
    ]
    assert trend.whole == Share(2, 3)


def test_a_history_without_fixes_has_no_quarters() -> None:
    """Features alone make no trend."""
    assert trend_of([feature()]).quarters == ()


def test_absurd_dates_do_not_stretch_the_trend() -> None:
    """The year 3170843 and negative times are counted where git's order puts the commit."""
    records = [fix(committed_s=10**14), at("2024-05-01"), fix(committed_s=-1), at("2024-01-01"), fix(committed_s=0)]
    assert [(quarter.name, quarter.share.judged) for quarter in trend_of(records).quarters] == [
        ("2024-Q1", 3),
        ("2024-Q2", 2),
    ]


@given(st.lists(st.integers() | st.integers(seconds("1990-01-01"), seconds("2090-01-01"))))
def test_every_time_comes_out_plausible(times: list[int]) -> None:
    """Whatever git stored, each commit gets a time that a calendar knows; sound ones stay."""
    repaired = dates.plausible(times)
    assert len(repaired) == len(times)
    assert all(map(dates.is_plausible, repaired))
    assert all(new == old for old, new in zip(times, repaired, strict=True) if dates.is_plausible(old))


@pytest.mark.parametrize(
    ("committed_s", "shown"),
    [
        pytest.param(1_714_521_600, "2024-05-01T00:00:00Z", id="sound"),
        pytest.param(-(10**15), "1980-01-01T00:00:00Z", id="negative"),
        pytest.param(10**15, "2099-12-31T23:59:59Z", id="year-3170843"),
    ],
)
def test_a_date_can_always_be_shown(committed_s: int, shown: str) -> None:
    """Absurd dates are clamped."""
    assert dates.moment(committed_s) == shown
    assert dates.day(committed_s) == shown[:10]
