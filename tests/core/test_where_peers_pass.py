"""What other coverage gates let pass, cannot say, or get wrong: held here, row by row.

The rows are those of a comparison of coverage.py, pytest-cov, coverage-threshold, diff-cover and others; each was seen
to go wrong with the version of late 2026.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import coverage_lint, coverage_verdict, floor_verdict, touched
from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits
from pytest_bugguard.core.coverage_verdict import Standing
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.floors import Floor
from pytest_bugguard.core.floors import parse as parsed_floors
from pytest_bugguard.core.measured import Doubt, Exits, FileCoverage, Measured, doubt_of
from pytest_bugguard.core.patches import Patch
from pytest_bugguard.core.statements import Source
from pytest_bugguard.core.thresholds import Count, Metric, Threshold

if TYPE_CHECKING:
    from collections.abc import Sequence


def _file(path: str, ran: int, missing: int = 0, exits: Exits | None = None) -> FileCoverage:
    return FileCoverage(path, frozenset(range(1, ran + 1)), frozenset(range(ran + 1, ran + missing + 1)), exits=exits)


def _at_least(line: str | None = None, *, branch: str | None = None, missing: int | None = None) -> Limits:
    return Limits(*(None if value is None else Decimal(value) for value in (line, branch, missing)))


PAY = _file("src/shop/pay/core.py", 8, 1)
UTIL = _file("src/shop/util.py", 9, 11)
GOOD = _file("src/shop/good.py", 971, 0)
BRANCHY = _file("src/shop/branchy.py", 89, 11, Exits(40, 40))
LEGACY = Gate(_at_least("40", missing=12), ("src/shop/**",), scope="group")


@pytest.mark.parametrize(
    ("settings", "files", "expected"),
    [
        pytest.param(CoverageSettings(_at_least("90"), _at_least("90")), (GOOD, UTIL),
                     ["src/shop/good.py line met", "src/shop/util.py line unmet", "all line met"],
                     id="same-minimum-for-each-file"),
        pytest.param(CoverageSettings(_at_least("40"), gates=(Gate(_at_least("100"), ("src/shop/pay/**",)),)),
                     (PAY, UTIL), ["src/shop/pay/core.py line unmet", "src/shop/util.py line met"],
                     id="other-minimum-per-path"),
        pytest.param(CoverageSettings(gates=(Gate(_at_least("100"), modules=("shop.pay",)),)), (PAY, UTIL),
                     ["src/shop/pay/core.py line unmet"], id="other-minimum-per-module"),
        pytest.param(CoverageSettings(_at_least("80"), gates=(LEGACY,)), (PAY, UTIL),
                     ["src/shop/pay/core.py line met", "src/shop/util.py line unmet", "all line met",
                      "all missing met"],
                     id="group-as-a-whole"),
        pytest.param(CoverageSettings(_at_least("90", branch="90")), (BRANCHY,),
                     ["src/shop/branchy.py line unmet", "src/shop/branchy.py branch met"],
                     id="combined-percent-hides-lines"),
        pytest.param(CoverageSettings(_at_least(missing=10)), (UTIL,), ["src/shop/util.py missing unmet"],
                     id="at-most-n-missing"),
        pytest.param(CoverageSettings(_at_least(missing=0)), (PAY, GOOD),
                     ["src/shop/pay/core.py missing unmet", "src/shop/good.py missing met"],
                     id="none-missing-is-sayable"),
        pytest.param(CoverageSettings(total=_at_least("90"), gates=(Gate(_at_least("99"), ("src/shop/good.py",)),)),
                     (GOOD, UTIL), ["src/shop/good.py line met", "all line met"], id="total-keeps-matched-files"),
        pytest.param(CoverageSettings(_at_least(branch="1")), (PAY,), ["src/shop/pay/core.py branch undecided"],
                     id="line-only-data-and-a-branch-rule"),
        pytest.param(CoverageSettings(_at_least("50", branch="50")), (_file("src/shop/new.py", 0, 9, Exits(0, 4)),),
                     ["src/shop/new.py line unmet", "src/shop/new.py branch unmet"],
                     id="never-imported-file-misses-its-branches"),
    ],
)  # fmt: skip
def test_rules_that_others_lack_or_bend(
    settings: CoverageSettings, files: tuple[FileCoverage, ...], expected: list[str]
) -> None:
    """One verdict for each file and metric, whatever groups and the total say."""
    rows = coverage_verdict.judge(settings, Measured(files, "x"), [file.path for file in files])
    assert [f"{row.path or 'all'} {row.metric} {row.verdict}" for row in rows] == expected


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        pytest.param([Gate(_at_least("9"), ("src/shpo/**",))], "did you mean 'src/shop/**'", id="rule-matches-nothing"),
        pytest.param([Gate(_at_least("9"), ("src/shop/u",))], "fits no file", id="prefix-of-a-name-is-no-folder"),
        pytest.param([Gate(_at_least("9"), ("src/shop/omitted.py",))], "which coverage.py left out", id="omitted-file"),
        pytest.param([Gate(_at_least("9"), ("src/*/util.py",)), Gate(_at_least("8"), ("src/**/*.py",))],
                     "as closely as the gate at", id="two-rules-match-one-file"),
    ],
)  # fmt: skip
def test_a_rule_that_others_pass_over_in_silence_is_a_fault(gates: Sequence[Gate], said: str) -> None:
    """It would never fail, or the order of tables would decide."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        coverage_verdict.judge(
            CoverageSettings(gates=tuple(gates)), Measured((UTIL,), "x"), [UTIL.path, "src/shop/omitted.py"]
        )


@pytest.mark.parametrize(
    ("count", "needed", "shown"),
    [
        pytest.param(Count(17_999, 20_000), "90", "89.9 % (17999 of 20000), needs 90; 1 more to run",
                     id="89.995-passes-as-90-elsewhere"),
        pytest.param(Count(17_990, 20_000), "90", "89.9 % (17990 of 20000), needs 90; 10 more to run",
                     id="89.95-passes-as-90-elsewhere"),
        pytest.param(Count(19_999, 20_000), "100", "99.9 % (19999 of 20000), needs 100; 1 more to run",
                     id="99.995-is-shown-as-100-elsewhere"),
        pytest.param(Count(9_996, 10_000), "100", "99.9 % (9996 of 10000), needs 100; 4 more to run",
                     id="99.96-passes-100-elsewhere"),
        pytest.param(Count(17_999, 20_000), "89.996", "89.995 % (17999 of 20000), needs 89.996; 1 more to run",
                     id="as-many-digits-as-the-threshold"),
        pytest.param(Count(799, 1_000), "79.95", "79.90 % (799 of 1000), needs 79.95; 1 more to run",
                     id="floored-to-whole-percents-elsewhere"),
    ],
)  # fmt: skip
def test_what_is_not_reached_neither_passes_nor_reads_as_if_it_did(count: Count, needed: str, shown: str) -> None:
    """Verdict and message come from the same whole numbers."""
    threshold = Threshold(Metric.LINE, Decimal(needed))
    assert not threshold.is_met(count)
    assert threshold.shown(count) == f"line {shown}"


PART = Doubt("only some of the tests ran", "run all of them")


@pytest.mark.parametrize(
    ("measured", "standing", "verdicts"),
    [
        pytest.param(Measured((PAY, UTIL), "x"), Standing(partial=PART), "met undecided", id="partial-run"),
        pytest.param(Measured((PAY, UTIL), "x"), Standing(doubt=Doubt("a worker was lost", "run again")),
                     "undecided undecided", id="lost-worker"),
        pytest.param(Measured((PAY, UTIL), "x", stale=(PAY.path,)), Standing(), "undecided undecided", id="stale-data"),
        pytest.param(Measured((PAY, UTIL), "x", gone=("/ci/a.py",)), Standing(), "undecided undecided",
                     id="moved-file"),
        pytest.param(Measured((_file("a.py", 0, 3), _file("b.py", 0, 1)), "x", foreign=("/venv/a.py",)), Standing(),
                     "undecided undecided", id="wrong-copy-imported"),
    ],
)  # fmt: skip
def test_numbers_that_prove_less_than_they_say(measured: Measured, standing: Standing, verdicts: str) -> None:
    """Nothing fails and nothing passes by them; the cure is told."""
    rows = coverage_verdict.judge(CoverageSettings(_at_least("80")), measured, [file.path for file in measured.files])
    weighed = coverage_verdict.weighed(rows, Standing(standing.partial, standing.doubt or doubt_of(measured)))
    assert " ".join(row.verdict for row in weighed) == verdicts
    assert all(row.next for row in weighed if row.verdict == "undecided")


OWED = {UTIL.path: Floor(11), "src/shop/omitted.py": Floor(2)}


@pytest.mark.parametrize(
    ("file", "verdict"),
    [
        pytest.param(UTIL, "met", id="ratchet-holds-the-level"),
        pytest.param(_file(UTIL.path, 90, 12), "unmet", id="more-missing-at-a-better-percent"),
        pytest.param(_file(UTIL.path, 0, 11), "met", id="covered-code-can-be-deleted"),
        pytest.param(_file("src/shop/new.py", 99, 1), "unmet", id="new-file-owes-nothing"),
    ],
)
def test_a_ratchet_counts_what_is_missing(file: FileCoverage, verdict: str) -> None:
    """Percents fall when covered code goes; a file that is no longer measured has paid nothing."""
    there = [file.path, "src/shop/omitted.py"]
    rows = list(floor_verdict.judge(OWED, Measured((file,), "x"), CoverageSettings(), there, "p:1"))
    assert [(row.path, row.verdict) for row in rows] == [(file.path, verdict), ("src/shop/omitted.py", "undecided")]


def test_of_two_merged_branches_the_stricter_floor_holds() -> None:
    """A union merge leaves both lines."""
    assert parsed_floors("4 src/a.py\n2 src/a.py\n3 src/a.py\n", "floors") == {"src/a.py": Floor(2)}


CALL = Source("def over(\n    items,\n):\n    return log(\n        items,\n        1,\n    )\n\n\nNAME = 'over'\n")
LONGER = Source(CALL.text.replace("    return log(\n", "    check(items)\n    return log(\n"))
KNOWN = FileCoverage("a.py", missing=frozenset({1, 4, 10}))


@pytest.mark.parametrize(
    ("patch", "file", "missing"),
    [
        pytest.param(Patch("a.py", "a.py", (6,)), FileCoverage("a.py", frozenset({1, 10}), frozenset({4})), (4,),
                     id="continuation-line"),
        pytest.param(Patch("a.py", None, (1, 4, 10)), None, (1, 4, 10), id="file-absent-from-the-data"),
        pytest.param(Patch("a.py", "a.py", (), (4,)), FileCoverage("a.py", frozenset({1, 10}), frozenset({4})), (4,),
                     id="deletion-in-a-function-that-never-ran"),
    ],
)  # fmt: skip
def test_changes_that_diff_tools_do_not_see(patch: Patch, file: FileCoverage | None, missing: tuple[int, ...]) -> None:
    """They say that no line of the diff has coverage information, and pass."""
    found = touched.in_file(patch, file, CALL, LONGER, unmeasured=KNOWN)
    assert found.missing == missing
    (row,) = touched.judge(_at_least("1"), [found], "p:1")
    assert row.verdict == "unmet"


def test_a_file_that_is_excluded_as_a_whole_is_named() -> None:
    """It reads 100 % elsewhere, and so does an empty one."""
    emptied = FileCoverage("a.py", excluded=frozenset({1, 2}))
    settings = CoverageSettings(_at_least("100"))
    (row,) = coverage_verdict.judge(settings, Measured((emptied,), "x"), ["a.py"])
    assert row.threshold
    assert row.threshold.shown(row.count) == "no statements"
    (said,) = coverage_lint.idle(settings, Measured((emptied, PAY), "x"), ["a.py", PAY.path])
    assert said.startswith("a.py: all code is excluded")
