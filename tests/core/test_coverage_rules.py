"""Which rule decides for a file: the most specific one, never the first or the last."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core.coverage_modules import Namespace
from pytest_bugguard.core.coverage_rules import (
    Choice,
    Claim,
    CoverageSettings,
    Gate,
    Limits,
    Tie,
    decide,
    nearest,
)
from pytest_bugguard.core.thresholds import Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

PATHS = (
    "src/shop/__init__.py",
    "src/shop/pay/__init__.py",
    "src/shop/pay/core.py",
    "src/shop/util.py",
    "src/ns/mod.py",
)
NAMES = Namespace(PATHS)


def _gate(*paths: str, line: int | None = None, branch: int | None = None, modules: Sequence[str] = ()) -> Gate:
    limits = Limits(*(None if value is None else Decimal(value) for value in (line, branch)))
    return Gate(limits, paths, tuple(modules))


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("src/shop/pay/core.py", "src/shop/pay/core.py", True),
        ("src/shop/pay", "src/shop/pay/core.py", True),
        ("src/shop/u", "src/shop/util.py", False),
        ("src/shop/*.py", "src/shop/util.py", True),
        ("src/shop/*.py", "src/shop/pay/core.py", False),
        ("src/shop/**", "src/shop/pay/core.py", True),
        ("src/**/core.py", "src/shop/pay/core.py", True),
        ("src/**/core.py", "src/core.py", True),
        ("**/core.py", "core.py", True),
        ("**/*.py", "src/shop/util.py", True),
        ("src/shop/utl?.py", "src/shop/util.py", False),
        ("src/shop/uti?.py", "src/shop/util.py", True),
        ("src/shop/ut?.py", "src/shop/util.py", False),
        ("src/*h*/util.py", "src/shop/util.py", True),
        ("src/*x*/util.py", "src/shop/util.py", False),
        ("src/*h*/core.py", "src/shop/pay/core.py", False),
        ("src/shop/[tu]*.py", "src/shop/util.py", True),
        ("src/shop/[!tu]*.py", "src/shop/util.py", False),
        ("src/*/core.py", "src/shop/pay/core.py", False),
        ("src/shop/pay**", "src/shop/pay/core.py", False),
        ("src.shop/**", "srcxshop/a.py", False),
    ],
)
def test_a_pattern_fits_whole_parts_of_a_path(pattern: str, path: str, fits: bool) -> None:
    """``*`` stays within a folder, a folder means all below it, and no prefix of a name is enough."""
    assert (Claim(pattern, is_module=False).rank(path, NAMES) is not None) is fits


@pytest.mark.parametrize(
    ("name", "path", "fits"),
    [
        ("shop.pay.core", "src/shop/pay/core.py", True),
        ("shop.pay", "src/shop/pay/core.py", True),
        ("shop.pay", "src/shop/pay/__init__.py", True),
        ("shop", "src/shop/util.py", True),
        ("pay", "src/shop/pay/core.py", False),
        ("core", "src/shop/pay/core.py", False),
        ("ns.mod", "src/ns/mod.py", True),
        ("shop.pa", "src/shop/pay/core.py", False),
        ("shop.util", "src/shop/util.html", False),
    ],
)
def test_a_module_is_named_as_it_is_imported(name: str, path: str, fits: bool) -> None:
    """A name begins below a folder that is no package, so the middle of a dotted name is none."""
    assert (Claim(name, is_module=True).rank(path, NAMES) is not None) is fits


_LADDER = (
    _gate("src/shop/pay/core.py", line=5),
    _gate(modules=["shop.pay.core"], line=4),
    _gate(modules=["shop.pay"], line=3),
    _gate("src/shop/pay/*.py", line=2),
    _gate("src/shop/**", line=1),
)


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_the_most_specific_rule_decides_in_any_order(order: Sequence[int]) -> None:
    """The file itself, then a module, a package, a longer pattern, a shorter one, and ``each-file`` last."""
    gates = [_LADDER[index] for index in order]
    for expected in (5, 4, 3, 2, 1):
        chosen = decide(CoverageSettings(gates=tuple(gates)), "src/shop/pay/core.py", Metric.LINE, NAMES)
        assert isinstance(chosen, Choice)
        assert chosen.threshold.value == expected
        gates.remove(_LADDER[5 - expected])
    each = CoverageSettings(each_file=Limits(line=Decimal(9)))
    chosen = decide(each, "src/shop/pay/core.py", Metric.LINE, NAMES)
    assert isinstance(chosen, Choice)
    assert (str(chosen.threshold.value), chosen.gate) == ("9", None)
    assert decide(each, "src/shop/pay/core.py", Metric.BRANCH, NAMES) is None


def test_a_metric_that_the_closest_rule_leaves_out_is_decided_by_the_next() -> None:
    """A gate on branches does not switch the rule on lines off."""
    chosen = CoverageSettings(
        each_file=Limits(line=Decimal(80), branch=Decimal(70)),
        gates=(_gate("src/shop/pay/core.py", branch=95), _gate("src/shop/**", line=90)),
    )
    line = decide(chosen, "src/shop/pay/core.py", Metric.LINE, NAMES)
    branch = decide(chosen, "src/shop/pay/core.py", Metric.BRANCH, NAMES)
    assert isinstance(line, Choice)
    assert isinstance(branch, Choice)
    assert (str(line.threshold.value), str(branch.threshold.value)) == ("90", "95")


def test_two_that_fit_equally_well_are_a_tie() -> None:
    """Neither wins; on metrics that only one of them names there is no tie."""
    rivals = CoverageSettings(gates=(_gate("src/*/util.py", line=90), _gate("src/**/*.py", line=80, branch=10)))
    tie = decide(rivals, "src/shop/util.py", Metric.LINE, NAMES)
    assert isinstance(tie, Tie)
    assert isinstance(decide(rivals, "src/shop/util.py", Metric.BRANCH, NAMES), Choice)


@pytest.mark.parametrize("folder", ["src/shop", "src/shop/**"])
def test_a_folder_gives_way_to_a_pattern_for_some_of_its_files(folder: str) -> None:
    """With ``/**`` or without: both mean all that lies below it."""
    chosen = CoverageSettings(gates=(_gate(folder, line=80), _gate("src/shop/*.py", line=90)))
    some = decide(chosen, "src/shop/util.py", Metric.LINE, NAMES)
    others = decide(chosen, "src/shop/pay/core.py", Metric.LINE, NAMES)
    assert isinstance(some, Choice)
    assert isinstance(others, Choice)
    assert (str(some.threshold.value), str(others.threshold.value)) == ("90", "80")


def test_a_group_decides_for_no_file() -> None:
    """It is asked of all of its files together, and takes none of them away from other rules."""
    group = Gate(Limits(line=Decimal(40)), ("src/shop/**",), scope="group")
    assert decide(CoverageSettings(gates=(group,)), "src/shop/util.py", Metric.LINE, NAMES) is None


def test_a_pattern_that_fits_is_looked_for_behind_some_that_do_not() -> None:
    """Folders whose names are as near hold no such file."""
    paths = ["src/shop/a/util.py", *(f"src/shop/{folder}/pay.py" for folder in "bcd")]
    assert nearest(Claim("src/shop/x/ut*.py", is_module=False), Namespace(paths)) == "src/shop/a/ut*.py"


@pytest.mark.parametrize(
    ("claim", "near"),
    [
        (Claim("src/shop/payy/core.py", is_module=False), "src/shop/pay/core.py"),
        (Claim("src/shpo/**", is_module=False), "src/shop/**"),
        (Claim("src/shop/utl.py", is_module=False), "src/shop/util.py"),
        (Claim("scr/**", is_module=False), "src/**"),
        (Claim("src/shpo/ut*.py", is_module=False), "src/shop/ut*.py"),
        (Claim("src/shpo/*/core.py", is_module=False), "src/shop/*/core.py"),
        (Claim("utils*.py", is_module=False), ""),
        (Claim("src/shop/pey", is_module=False), "src/shop/pay"),
        (Claim("shop.pai", is_module=True), "shop.pay"),
        (Claim("srk.shop.pay.core", is_module=True), "src.shop.pay.core"),
        (Claim("nothing.like.it.at.all", is_module=True), ""),
    ],
)
def test_a_claim_for_nothing_is_led_to_the_nearest_name(claim: Claim, near: str) -> None:
    """What was probably meant."""
    assert nearest(claim, NAMES) == near
