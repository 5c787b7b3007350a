"""The order in which coverage is judged: what needs no look is not looked at."""

from __future__ import annotations

from decimal import Decimal

from pytest_bugguard.core.coverage_rules import CoverageSettings, Limits
from pytest_bugguard.core.coverage_verdict import Standing
from pytest_bugguard.core.measured import Doubt, FileCoverage, Measured
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.patches import Patch
from pytest_bugguard.journeys.coverage import Asked, judge


class Unread:
    """Sources that nobody may read."""

    paths = ("src/shop.py",)

    def text(self, path: str) -> bytes | None:
        """Not to be asked for."""
        raise AssertionError(path)

    def before(self, path: str) -> bytes | None:
        """Not to be asked for."""
        raise AssertionError(path)

    def is_source(self, path: str) -> bool:
        """Not to be asked for."""
        raise AssertionError(path)

    def unmeasured(self, path: str) -> FileCoverage:
        """Not to be asked for."""
        raise AssertionError(path)


def test_a_change_is_not_looked_into_where_the_numbers_say_nothing() -> None:
    """Where another copy was imported all of a large change is unmeasured, and to count it would take seconds."""
    asked = Asked(CoverageSettings(changed=Limits(line=Decimal(100))), patches=(Patch("src/shop.py", None, (1, 2)),))
    doubt = Doubt("another copy was imported", "install the project")
    found = judge(
        asked, Measured((FileCoverage("src/shop.py", missing=frozenset({1})),)), Standing(doubt=doubt), Unread()
    )
    assert [(one.rule, one.verdict, one.reason, one.next) for one in found.judged] == [
        ("changed", RuleVerdict.UNDECIDED, doubt.reason, doubt.cure)
    ]
