"""Rules that nothing measured can break."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_bugguard.core import coverage_lint
from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits, Places
from pytest_bugguard.core.measured import FileCoverage, Measured

PAY = FileCoverage("src/pay/core.py", frozenset({1, 2}), frozenset({3}))
OLD = FileCoverage("src/old.py", frozenset({1}), frozenset({2}))
INNER = FileCoverage("src/shop/pay.py", frozenset({1, 2, 3, 4}))
SHOP = FileCoverage("src/shop/__init__.py", frozenset({1}))
PARTLY = FileCoverage("src/part.py", frozenset({1}), excluded=frozenset({2, 3}))
BLANK = FileCoverage("src/blank.py")
EMPTIED = FileCoverage("src/gone.py", excluded=frozenset({1, 2}))
ALL_EXCLUDED = "all code is excluded (# pragma: no cover, exclude_also): it meets whatever is asked"
LINE = Limits(line=Decimal(90))
CLOSE = Gate(LINE, ("src/pay/core.py",), reason="money", place="p:3")
WIDE = Gate(LINE, ("src/pay/**",), place="p:5")


def _missing(count: int, *paths: str, scope: str = "each", modules: tuple[str, ...] = ()) -> Gate:
    return Gate(Limits(missing=Decimal(count)), paths, modules, scope, place="p:7")  # type: ignore[arg-type]  # a table's word


@pytest.mark.parametrize(
    ("settings", "files", "said"),
    [
        pytest.param(CoverageSettings(LINE, gates=(CLOSE,)), (PAY, OLD), [], id="sound"),
        pytest.param(CoverageSettings(gates=(CLOSE, WIDE)), (PAY, OLD),
                     ["gate src/pay/**, p:5: line decides for no file: closer gates speak for all of them"],
                     id="shadowed"),
        pytest.param(CoverageSettings(LINE, gates=(Gate(LINE, ("src/**",), place="p:5"),),
                     places=Places(each_file="p:1")), (PAY, OLD),
                     ["each-file, p:1: decides for no file: gates speak for all of them"], id="each-file"),
        pytest.param(CoverageSettings(gates=(_missing(3, "src/**"),)), (PAY, OLD),
                     ["gate src/**, p:7: missing = 3 can never be exceeded: the largest of its files has 3 statements"],
                     id="count-of-each"),
        pytest.param(CoverageSettings(gates=(_missing(2, "src/**"),)), (PAY, OLD), [], id="count-below"),
        pytest.param(CoverageSettings(gates=(_missing(5, "src/**", scope="group"),)), (PAY, OLD),
                     ["gate src/**, p:7: missing = 5 can never be exceeded: they have 5 statements"], id="group"),
        pytest.param(CoverageSettings(gates=(_missing(4, "src/**", scope="group"),)), (PAY, OLD), [],
                     id="group-below"),
        pytest.param(CoverageSettings(gates=(_missing(3, modules=("pay",)),)), (PAY, INNER, SHOP),
                     ["gate pay, p:7: missing = 3 can never be exceeded: the largest of its files has 3 statements"],
                     id="count-of-a-module"),
        pytest.param(CoverageSettings(gates=(_missing(3, modules=("pay",), scope="group"),)), (PAY, INNER, SHOP),
                     ["gate pay, p:7: missing = 3 can never be exceeded: they have 3 statements"],
                     id="group-of-a-module"),
        pytest.param(CoverageSettings(gates=(_missing(2, "src/pay/core.py"), _missing(9, "src/pay/**"))), (PAY, OLD),
                     ["gate src/pay/**, p:7: missing decides for no file: closer gates speak for all of them"],
                     id="shadowed-count"),
        pytest.param(CoverageSettings(LINE), (PAY, EMPTIED, PARTLY, BLANK),
                     [f"src/gone.py: {ALL_EXCLUDED}"], id="emptied"),
        pytest.param(CoverageSettings(LINE), (EMPTIED, PAY, EMPTIED), [f"src/gone.py and 1 more: {ALL_EXCLUDED}"],
                     id="two-emptied"),
        pytest.param(CoverageSettings(LINE), (EMPTIED, EMPTIED, EMPTIED), [f"src/gone.py and 2 more: {ALL_EXCLUDED}"],
                     id="three-emptied"),
    ],
)  # fmt: skip
def test_what_can_never_fail_is_named(
    settings: CoverageSettings, files: tuple[FileCoverage, ...], said: list[str]
) -> None:
    """With its place, and why."""
    measured = Measured(files, "x")
    assert list(coverage_lint.idle(settings, measured, [file.path for file in files])) == said
