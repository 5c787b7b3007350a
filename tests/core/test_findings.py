"""What fails a run besides its records: overdue waivers, and a share that is not met."""

from __future__ import annotations

import datetime as dt

import pytest

from pytest_bugguard.core import findings
from pytest_bugguard.core.model import Quarantine, Verdict, Waiver
from pytest_bugguard.core.trend import Share


@pytest.mark.parametrize(
    ("share", "is_whole", "verdict"),
    [
        pytest.param(Share(8, 10), True, None, id="met"),
        pytest.param(Share(8, 10, 0), False, Verdict.UNDECIDED, id="older-fixes-are-out-of-sight"),
        pytest.param(Share(7, 10), True, Verdict.UNGUARDED, id="not-met"),
        pytest.param(Share(8, 10, 1), True, Verdict.UNDECIDED, id="met-unless-the-undecided-one-is-unguarded"),
        pytest.param(Share(9, 10, 1), True, None, id="met-whatever-the-undecided-one-is"),
        pytest.param(Share(), True, Verdict.UNDECIDED, id="nothing-to-judge"),
    ],
)
def test_a_share_is_met_only_where_nothing_could_take_it_under(
    share: Share, is_whole: bool, verdict: Verdict | None
) -> None:
    """A gate never passes because it could not look."""
    found = findings.of_share(share, 0.8, is_whole=is_whole)
    assert [finding.verdict for finding in found] == ([verdict] if verdict else [])
    assert all(finding.next for finding in found)


def test_the_day_of_a_waiver_is_its_last() -> None:
    """It holds on that day and is owed the day after; the one who owes is named."""
    waiver = Waiver("1c0ffee", "payments", "vendor", dt.date(2027, 1, 31))
    assert not list(findings.of_waivers([waiver], (), today=dt.date(2027, 1, 31)))
    (found,) = findings.of_waivers([waiver], (), today=dt.date(2027, 2, 1))
    assert "payments" in found.message
    assert "2027-01-31" in found.message
    assert "payments" in found.next


def test_the_day_of_a_quarantine_is_its_last() -> None:
    """It holds on that day and is owed the day after; test and owner are named, and where it stands."""
    entry = Quarantine("tests/t.py::test_a", "platform", "real clock", dt.date(2027, 1, 31), "pyproject.toml:7")
    assert not list(findings.of_quarantine([entry], today=dt.date(2027, 1, 31)))
    (found,) = findings.of_quarantine([entry], today=dt.date(2027, 2, 1))
    assert (found.gate, found.verdict, found.subject) == ("quarantine", "overdue", "tests/t.py::test_a")
    assert found.message == "the quarantine of platform ended on 2027-01-31: real clock"
    assert found.next.startswith("platform: mend the test and take it out (pyproject.toml:7)")
