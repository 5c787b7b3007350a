"""A result as large as a team's: so many fixes, tests and modules, the same for the same numbers."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.flakes import Flake, Ranking
from pytest_bugguard.core.hotspots import hotspots_of
from pytest_bugguard.core.measured import ModuleCoverage
from pytest_bugguard.core.model import (
    Files,
    FlakeVerdict,
    How,
    MappedTest,
    Outcome,
    Record,
    Red,
    RedKind,
    RuleVerdict,
    Verdict,
)
from pytest_bugguard.core.results import Result, Run
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from pytest_bugguard.core.trend import trend_of
from tests.samples import DAY_S, MAY_2024_S, fix, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS = (
    "basket", "cache", "cookie", "currency", "export", "header", "invoice", "login", "order", "pager", "retry",
    "rounding", "session", "timeout", "token", "upload",
)  # fmt: skip
_VERDICTS = (
    *(3 * [Verdict.UNGUARDED]), *(5 * [Verdict.GUARDED]), *(5 * [Verdict.PROVEN]), Verdict.UNPROVEN, Verdict.WEAK,
    Verdict.WAIVED, Verdict.UNDECIDED, Verdict.UNSTABLE,
)  # fmt: skip
_FAILING_SHARE = 0.02


def busy(fixes: int, tests: int, modules: int, web: str | None = None) -> Result:
    """A report in which each part has so many rows; numbers and names vary as they do in life."""
    chance = random.Random(fixes)
    records = tuple(_fix(number, chance) for number in range(1, fixes + 1))
    measured = tuple(_modules(modules, chance))
    return result_of(
        *records,
        command="report",
        web=web,
        trend=trend_of(records),
        hotspots=hotspots_of(records),
        ranking=Ranking(tuple(_flakes(tests, chance)), 400, tests, tests, tests),
        modules=measured,
        coverage=Coverage(tuple(map(_asked, measured[:10])), modules),
        run=Run(MAY_2024_S, 1.5),
    )


def _fix(number: int, chance: random.Random) -> Record:
    area, part, cause = chance.sample(_WORDS, 3)
    verdict = chance.choice(_VERDICTS)
    is_red = verdict in {Verdict.PROVEN, Verdict.WEAK, Verdict.UNSTABLE}
    red = Red(RedKind.ASSERTION, f"assert {number} == 0", f"src/shop/{area}.py:41") if is_red else None
    before = Outcome.FAILED if is_red else None
    test = MappedTest(
        f"tests/{area}/test_{part}.py::test_empty_{cause}", How.ADDED, counts=True, after=Outcome.PASSED,
        before=before, red=red,
    )  # fmt: skip
    has_test = verdict not in {Verdict.UNGUARDED, Verdict.WAIVED}
    return fix(
        verdict,
        number,
        subject=f"fix({area}): the {part} is lost when the {cause} is empty",
        committed_s=MAY_2024_S - number * DAY_S,
        issues=(f"#{number}",),
        files=Files(source=(f"src/shop/{area}.py", f"src/shop/{part}.py")),
        tests=(test,) if has_test else (),
        reason="a test was added" if has_test else "no test was added or changed",
        next="" if has_test else "add a test that fails without it",
    )


def _flakes(count: int, chance: random.Random) -> Iterator[Flake]:
    for number in range(count):
        area, part, cause = chance.sample(_WORDS, 3)
        nodeid = f"tests/{area}/test_{part}.py::Test{area.title()}::test_empty_{cause}_{number}"
        runs = chance.randint(40, 400)
        fails = number < 10 + _FAILING_SHARE * count
        failures = chance.randint(1, runs // 4) if fails else 0
        yield Flake(
            nodeid,
            FlakeVerdict.FLAKY if fails else FlakeVerdict.STEADY,
            "",
            f"bugguard flaky show {nodeid}" if fails else "",
            rate_of(failures, runs),
            2.0 * failures,
            ((f"TimeoutError at src/shop/{area}.py:{number}", failures),) if fails else (),
            None,
            MAY_2024_S - number * DAY_S if fails else None,
            MAY_2024_S if fails else None,
            None,
            "".join("F" if chance.random() < failures / runs else "." for _ in range(60)),
            (),
            (),
        )


def _asked(module: ModuleCoverage) -> Judged:
    """A gate on a module, with what was not run."""
    is_met = not module.line.missing
    missing = () if is_met else (Missing(module.path, (13, 15, 16), "13, 15-16 in charge"),)
    return Judged(
        'gate "money"', module.path, module.line, Threshold(Metric.LINE, Decimal("99.5")),
        RuleVerdict.MET if is_met else RuleVerdict.UNMET, missing, "pyproject.toml:31", "money",
        f"run them by a test: bugguard coverage explain {module.path}",
    )  # fmt: skip


def _modules(count: int, chance: random.Random) -> Iterator[ModuleCoverage]:
    for number in range(count):
        total = chance.randint(10, 400)
        covered = total - chance.choice((0, 0, 1, 3, total // 3))
        yield ModuleCoverage(f"src/shop/module_{number:04}.py", Count(covered, total), None, number % 4)
