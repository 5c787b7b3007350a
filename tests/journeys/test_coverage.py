"""The order in which coverage is judged: what needs no look is not looked at."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_bugguard.core import patches
from pytest_bugguard.core.coverage_rules import CoverageSettings, Limits
from pytest_bugguard.core.coverage_verdict import Standing
from pytest_bugguard.core.floors import Floor
from pytest_bugguard.core.measured import Doubt, FileCoverage, Measured
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.patches import Patch
from pytest_bugguard.core.thresholds import Count
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


TEXT = b"A = 1\n\n\ndef work():\n    return A\n\n\ndef rest():\n    return 2\n"


class Texts(Unread):
    """Sources that may be read."""

    def text(self, path: str) -> bytes | None:
        """The same for all."""
        return TEXT if path else None


@pytest.mark.parametrize(
    ("ran", "follows_processes", "is_hinted"),
    [
        pytest.param((), False, True, id="never-imported"),
        pytest.param((1, 4, 8), False, True, id="imported-and-never-called"),
        pytest.param((1, 4, 5, 8), False, False, id="called"),
        pytest.param((1, 4, 5, 9), False, False, id="only-a-definition-was-not-run"),
        pytest.param((1, 4, 8), True, False, id="processes-are-measured-already"),
    ],
)
def test_what_processes_may_have_run_is_hinted_at(
    ran: tuple[int, ...], follows_processes: bool, is_hinted: bool
) -> None:
    """pytest-cov 7 measures no process that a test starts, and says nothing: a module reads as if no test ran it."""
    file = FileCoverage("src/shop.py", frozenset(ran), frozenset({1, 4, 5, 8, 9}) - {*ran})
    asked = Asked(CoverageSettings(each_file=Limits(line=Decimal(100)), total=Limits(line=Decimal(100))))
    other = FileCoverage("src/other.py", frozenset({1}))
    measured = Measured((other, file), follows_processes=follows_processes)
    found = judge(asked, measured, Standing(), Texts()).judged
    assert {'patch = ["subprocess"]' in one.next for one in found if one.verdict is RuleVerdict.UNMET} == {is_hinted}


@pytest.mark.parametrize(
    ("missing", "verdict"), [((1, 4), RuleVerdict.MET), ((1, 4, 5), RuleVerdict.UNMET)], ids=["as-it-is", "grown"]
)
def test_a_file_that_owes_all_that_it_has_is_held_to_its_floor(missing: tuple[int, ...], verdict: RuleVerdict) -> None:
    """Nobody is told that the floor can never fail: what comes to the file has to run."""
    asked = Asked(CoverageSettings(), floors={"src/shop.py": Floor(2)})
    files = (FileCoverage("src/other.py", frozenset({1})), FileCoverage("src/shop.py", missing=frozenset(missing)))
    found = judge(asked, Measured(files), Standing(), Texts())
    assert [one.verdict for one in found.judged if one.path == "src/shop.py"] == [verdict]
    assert found.notes == ()


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


LONGER = b"A = 1\n\n\ndef work():\n    log()\n    return A\ndef rest():\n    return 2\n"
SHORTER = b"A = 1\n\n\ndef work():\n    log()\ndef rest(k):\n    return 2\n"


class Now(Unread):
    """A file of which nobody may ask how it was."""

    def text(self, path: str) -> bytes | None:
        """As it stands."""
        return SHORTER if path else None


class Shortened(Now):
    """A file that was longer, and had another name."""

    def before(self, path: str) -> bytes | None:
        """As it was."""
        return LONGER if path == "src/old.py" else None


@pytest.mark.parametrize(
    ("patch", "sources", "count"),
    [
        pytest.param(
            patches.between("src/shop.py", "src/old.py", LONGER, SHORTER), Shortened(), Count(1, 2),
            id="replaced-in-two-functions"),
        pytest.param(Patch("src/shop.py", "src/old.py", (6,)), Now(), Count(1, 1), id="only-added"),
        pytest.param(patches.whole("src/shop.py", SHORTER), Now(), Count(4, 5), id="new"),
    ],
)  # fmt: skip
def test_what_was_there_before_is_looked_at_where_something_went(patch: Patch, sources: Now, count: Count) -> None:
    """Also where other lines came in its place: those may all stand in another function. Else git is spared."""
    asked = Asked(CoverageSettings(changed=Limits(line=Decimal(100))), patches=(patch,))
    file = FileCoverage("src/shop.py", frozenset({1, 4, 6, 7}), frozenset({5}))
    (row,) = judge(asked, Measured((file,)), Standing(), sources).judged
    assert row.count == count
