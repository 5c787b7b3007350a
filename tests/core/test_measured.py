"""What a run of the tests went through, file by file."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.floors import Floor
from pytest_bugguard.core.measured import Exits, FileCoverage, Measured, ModuleCoverage, modules_of
from pytest_bugguard.core.thresholds import Count, Metric

SHOP = FileCoverage("src/shop.py", frozenset({1, 2, 9}), frozenset({7, 3}), exits=Exits(3, 4, (2,)))
EMPTY = FileCoverage("src/empty.py", exits=Exits(0, 0))
TEST = FileCoverage("tests/test_shop.py", frozenset({1}), frozenset({2}))


def test_a_file_counts_statements_and_branches() -> None:
    """And names the lines to look at, in order; without branches it says nothing of them."""
    assert SHOP.statements == frozenset({1, 2, 3, 7, 9})
    assert [SHOP.count(metric) for metric in Metric] == [Count(3, 5), Count(3, 4), Count(3, 5)]
    assert [SHOP.not_run(metric) for metric in Metric] == [(3, 7), (2,), (3, 7)]
    assert [TEST.count(metric) for metric in Metric] == [Count(1, 2), None, Count(1, 2)]
    assert [TEST.not_run(metric) for metric in Metric] == [(2,), (), (2,)]


@pytest.mark.parametrize(
    ("floors", "owed"),
    [
        pytest.param(None, [None, None, None], id="no-floors-are-kept"),
        pytest.param({}, [0, 0, None], id="what-they-do-not-name-owes-none"),
        pytest.param({"src/shop.py": Floor(2), "gone.py": Floor(9)}, [2, 0, None], id="named"),
        pytest.param({"src/empty.py": Floor(0), "tests/test_shop.py": Floor(1)}, [0, 0, 1], id="a-test-by-name"),
    ],
)
def test_each_file_is_told_with_its_floor(floors: dict[str, Floor] | None, owed: list[int | None]) -> None:
    """Tests have none, unless somebody names them."""
    measured = Measured((SHOP, EMPTY, TEST), tests=frozenset({"tests/test_shop.py"}))
    assert modules_of(measured, floors) == (
        ModuleCoverage("src/shop.py", Count(3, 5), Count(3, 4), owed[0]),
        ModuleCoverage("src/empty.py", Count(0, 0), Count(0, 0), owed[1]),
        ModuleCoverage("tests/test_shop.py", Count(1, 2), None, owed[2]),
    )
