"""Which coverage rules fail the run, and what is said of each: to the letter, since people read it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.coverage_findings import of_coverage
from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing
from pytest_bugguard.core.model import RuleVerdict, Verdict
from pytest_bugguard.core.results import Finding
from pytest_bugguard.core.thresholds import Count, Metric, Threshold

UNMET = RuleVerdict.UNMET
FIX = "1c0ffee" * 5
LINE = Threshold(Metric.LINE, Decimal(100))
BRANCH = Threshold(Metric.BRANCH, Decimal("87.5"))
OWED = Threshold(Metric.MISSING, Decimal(1))


def many(number: int, *lines: int) -> tuple[Missing, ...]:
    """Places in so many files."""
    return tuple(Missing(f"src/{name}.py", lines, "2 statements") for name in "abcdef"[:number])


@pytest.mark.parametrize(
    ("one", "said"),
    [
        pytest.param(
            Judged('gate "money"', "src/pay.py", Count(8, 9), LINE, UNMET,
                   (Missing("src/pay.py", (13, 20), "13 (over), 20"),), "p:31"),
            Finding(
                'coverage:gate "money":src/pay.py:line', "coverage", UNMET, "src/pay.py",
                'line 88.8 % (8 of 9), needs 100; 1 more to run; not run: 13 (over), 20; gate "money", p:31',
                "", "src/pay.py", 13,
            ),
            id="file",
        ),
        pytest.param(
            Judged("each-file", "src/pay.py", Count(3, 4), BRANCH, UNMET, (Missing("src/pay.py", (7,), "7"),), "p:1",
                   metric=Metric.BRANCH),
            Finding(
                "coverage:each-file:src/pay.py:branch", "coverage", UNMET, "src/pay.py",
                "branch 75 % (3 of 4), needs 87.5; 1 more to take; branch not taken: 7; each-file, p:1",
                "", "src/pay.py", 7,
            ),
            id="branch",
        ),
        pytest.param(
            Judged("each-file", "src/pay.py", Count(3, 4), BRANCH, UNMET, metric=Metric.BRANCH),
            Finding(
                "coverage:each-file:src/pay.py:branch", "coverage", UNMET, "src/pay.py",
                "branch 75 % (3 of 4), needs 87.5; 1 more to take; each-file",
                "", "src/pay.py",
            ),
            id="nothing-to-point-at-in-a-file",
        ),
        pytest.param(
            Judged("floors", "src/pay.py", Count(7, 9), OWED, UNMET, (Missing("src/pay.py", (4, 5), "4-5"),), "p:3",
                   "not in the list", metric=Metric.MISSING),
            Finding(
                "coverage:floors:src/pay.py:missing", "coverage", UNMET, "src/pay.py",
                "2 of 9 statements missing, at most 1 may be; not run: 4-5; floors (not in the list), p:3",
                "", "src/pay.py", 4,
            ),
            id="with-what-else-is-to-be-said",
        ),
        pytest.param(
            Judged("total", None, Count(6, 8), LINE, UNMET, many(1), "p:2"),
            Finding(
                "coverage:total::line", "coverage", UNMET, "total",
                "line 75 % (6 of 8), needs 100; 2 more to run; missing: src/a.py 2 statements; total, p:2",
                "", "src/a.py",
            ),
            id="together",
        ),
        pytest.param(
            Judged("total", None, Count(2, 8), LINE, UNMET, many(3), "p:2"),
            Finding(
                "coverage:total::line", "coverage", UNMET, "total",
                "line 25 % (2 of 8), needs 100; 6 more to run; missing: src/a.py 2 statements, "
                "src/b.py 2 statements, src/c.py 2 statements; total, p:2",
                "", "src/a.py",
            ),
            id="all-that-can-be-named",
        ),
        pytest.param(
            Judged("changed", None, Count(2, 4), LINE, UNMET, many(4, 9, 12), "p:4"),
            Finding(
                "coverage:changed::line", "coverage", UNMET, "changed",
                "line 50 % (2 of 4), needs 100; 2 more to run; not run: src/a.py 2 statements, "
                "src/b.py 2 statements, src/c.py 2 statements and 1 more file; changed, p:4",
                "", "src/a.py", 9,
            ),
            id="lines-of-several-files",
        ),
        pytest.param(
            Judged("changed", None, Count(2, 4), LINE, UNMET, tuple(Missing(f"{one}.py", (1,)) for one in "abcde")),
            Finding(
                "coverage:changed::line", "coverage", UNMET, "changed",
                "line 50 % (2 of 4), needs 100; 2 more to run; not run: a.py, b.py, c.py and 2 more files; changed",
                "", "a.py", 1,
            ),
            id="more-files-than-are-named",
        ),
        pytest.param(
            Judged("changed", None, Count(2, 4), LINE, UNMET, place="p:4"),
            Finding(
                "coverage:changed::line", "coverage", UNMET, "changed",
                "line 50 % (2 of 4), needs 100; 2 more to run; changed, p:4", "",
            ),
            id="nothing-to-point-at",
        ),
        pytest.param(
            Judged("fixes", None, Count(0, 1), None, UNMET, (Missing("src/pay.py", (19,), "19 (over)"),), "p:5",
                   "1 never, 1 excluded", "bugguard prove 1c0ffee", fix=FIX),
            Finding(
                f"coverage:fixes:{FIX}:line", "coverage", UNMET, "1c0ffee",
                "its own tests: 1 never, 1 excluded; not run: src/pay.py 19 (over); fixes, p:5",
                "bugguard prove 1c0ffee", "src/pay.py", 19,
            ),
            id="fix",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_met_is_told(one: Judged, said: Finding) -> None:
    """How much is there and asked for, where to begin, which rule it is; shown at the first place that lacks it."""
    met = Judged("each-file", "src/met.py", Count(9, 9), LINE, RuleVerdict.MET)
    assert list(of_coverage(Coverage((met, one, met)))) == [said]


def test_gates_with_one_name_are_told_apart() -> None:
    """By ids of their own: reports of others keep one finding for each."""
    gates = [Judged('gate "money"', None, Count(1, 9), LINE, UNMET, place=f"p:{line}") for line in (3, 7, 9)]
    ids = [one.id for one in of_coverage(Coverage((*gates,)))]
    assert ids == [f'coverage:gate "money"::line{number}' for number in ("", ":2", ":3")]
    mended = replace(gates[0], verdict=RuleVerdict.MET)
    assert [one.id for one in of_coverage(Coverage((mended, *gates[1:])))] == ids[1:]


def test_what_was_not_judged_is_told_once_for_each_reason() -> None:
    """Behind what is not met, with how many rules it leaves open and what cures it."""
    doubts = {"a": ("some ran", "run all"), "b": ("no branches", "measure them"), "c": ("some ran", "run all")}
    left_open = [
        Judged("each-file", f"{name}.py", Count(0, 0), LINE, RuleVerdict.UNDECIDED, reason=reason, next=cure)
        for name, (reason, cure) in doubts.items()
    ]
    unmet = Judged("each-file", "d.py", Count(1, 9), LINE, UNMET)
    first, *others = of_coverage(Coverage((*left_open, unmet)))
    assert first.subject == "d.py"
    assert others == [
        Finding(f"coverage:{reason}", "coverage", Verdict.UNDECIDED, "coverage", said, cure)
        for reason, said, cure in (
            ("some ran", "2 of 4 rules not judged: some ran", "run all"),
            ("no branches", "1 of 4 rules not judged: no branches", "measure them"),
        )
    ]
    (alone,) = of_coverage(Coverage((left_open[0],)))
    assert alone.message == "1 of 1 rule not judged: some ran"


def test_what_is_met_fails_nothing() -> None:
    """Neither does a run for which nothing was asked."""
    assert not list(of_coverage(Coverage((Judged("total", None, Count(9, 9), LINE, RuleVerdict.MET),))))
    assert not list(of_coverage(Coverage()))
