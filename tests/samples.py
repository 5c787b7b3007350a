"""Ready-made values for tests: records and results in a line, and the texts that an attacker would write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.base_ends import OnBase
from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing
from pytest_bugguard.core.delivery import Baseline, Figure, Lead, Period, Release, Restored, Unit
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.faults import Traced
from pytest_bugguard.core.flakes import Flake, Group, Onset, Ranking, Trend
from pytest_bugguard.core.hotspots import hotspots_of
from pytest_bugguard.core.measured import ModuleCoverage
from pytest_bugguard.core.model import (
    Files,
    FlakeVerdict,
    HeldHunk,
    How,
    MappedTest,
    NotAFix,
    Outcome,
    Quarantine,
    Record,
    Red,
    RedKind,
    RuleVerdict,
    Sign,
    Unreadable,
    Verdict,
    Waiver,
)
from pytest_bugguard.core.results import Exceptions, Finding, Held, RepositoryFacts, Result, Run, summarise
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from pytest_bugguard.core.trend import trend_of

DAY_S = 86_400
MAY_2024_S = 1_714_521_600
"""2024-05-01T00:00:00Z."""

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J",
    "a\r\n::error::b\u2028::warning::c",
    "::error file=a.py::gone",
    "  ::stop-commands::x",
    "##vso[task.complete result=Succeeded;]",
    "prefix ##[error]x ##[group]",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "caf\udce9 \ud800 \x85\x9b31m",
    "| a | b | `code` <script>alert(1)</script> <!-- -->",
    "@everyone #1 GH-2 org/name#3 ![x](https://evil.example/x.png) [a](javascript:b) www.evil.example",
    "100 % , : ; ] [link=x] :bug: \\",
    "=cmd|' /C calc'!A1 [red]x[/red] [/x] ]]> &#0; <!DOCTYPE x> {{ 7 * 7 }} {% raw %} \"quoted\" 'too'",
    "\N{TAG LATIN SMALL LETTER A}\N{SOFT HYPHEN}\uffff",
)
"""Texts that a subject, a path or a test id may hold."""


def fix(verdict: Verdict = Verdict.UNGUARDED, number: int = 1, **fields: Any) -> Record:  # noqa: ANN401 - any field of a Record
    """A fix with this verdict; ``number`` makes its id and, in days before 2024-05-01, its date."""
    record = Record(
        sha=f"{number:07x}".ljust(40, "0"),
        parents=(f"{number + 1:07x}".ljust(40, "0"),),
        subject=f"fix: bug {number}",
        committed_s=MAY_2024_S - number * DAY_S,
        recognition=Sign("conventional", "fix:", "subject"),
        files=Files(source=("src/shop/pager.py",)),
        verdict=verdict,
        reason="brings no test",
        next="add a test",
    )
    return replace(record, **fields)


def feature(number: int = 1, **fields: Any) -> Record:  # noqa: ANN401 - as for fix
    """A unit that is no fix."""
    return fix(Verdict.NOT_APPLICABLE, number, recognition=NotAFix("none"), reason="no sign of a bug fix", **fields)


def result_of(
    *records: Record,
    command: str = "audit",
    web: str | None = None,
    **fields: Any,  # noqa: ANN401 - any field of a Result
) -> Result:
    """The result of a command that found these records."""
    facts = RepositoryFacts(
        head="9" * 40,
        base="origin/main",
        base_reason="the pull request's target (GITHUB_BASE_REF)",
        merge_base="9d01c2e".ljust(40, "0"),
        web=web,
    )
    result = Result(command, facts, summarise(records, len(records)), records)
    return replace(result, **fields)


def everything(text: str = "text") -> Result:
    """A result in which every field is filled in, each free text with the given one."""
    records = tuple(_full(verdict, number, text) for number, verdict in enumerate(Verdict, start=1))
    return result_of(
        *records,
        feature(40, other_signs=(NotAFix("bot", text),)),
        web="gitlab+https://git.example/acme/shop",
        findings=(
            Finding(
                f"fixes:{records[0].sha}", "fixes", Verdict.UNGUARDED, records[0].sha, text, text, f"src/{text}", 3
            ),
            Finding("base", "base", Verdict.UNDECIDED, text, text, text),
        ),
        notes=(text,),
        trend=trend_of(records),
        hotspots=hotspots_of(records),
        run=Run(MAY_2024_S, 1.5),
        coverage=covered(text),
        delivery=delivered(text),
        ranking=ranked_tests(text),
        modules=(ModuleCoverage(f"src/{text}.py", Count(8, 9), Count(1, 2), 1),),
        exceptions=Exceptions(
            (Waiver("1c0ffee", text, text, dt.date(2027, 1, 31)),),
            (Held(Quarantine(f"tests/{text}.py::test", text, text, dt.date(2027, 1, 31)), text, text),),
        ),
    )


def delivered(text: str = "text", fix: str = "2" * 40) -> Baseline:
    """A figure of every unit and without a value, a release that failed, faults that were traced and not."""
    figures = (
        Figure(
            "deployment-frequency",
            Unit.PER_DAY,
            0.1,
            Band.MEDIUM,
            3,
            "releases",
            text,
            (text,),
            0.03,
            0.3,
            bands=(Band.HIGH, Band.MEDIUM, Band.LOW),
        ),
        Figure(
            "lead-time",
            Unit.SECONDS,
            86_400.0,
            Band.ELITE,
            3,
            "commits",
            text,
            (text,),
            60.0,
            90_000.0,
            bands=(Band.ELITE,),
        ),
        Figure("change-failure-rate", Unit.RATIO, 1 / 3, Band.LOW, 3, "releases", text, (text,), 0.1, 0.7),
        Figure("restore-from-release", Unit.SECONDS, None, None, 0, "fixes", text, (), reason=text),
        Figure("restore-from-commit", Unit.SECONDS, 86_400.0, None, 1, "fixes", text, (text,), 60.0, 90_000.0),
    )
    release = Release(text, "1" * 40, MAY_2024_S, (fix,), is_judged=True)
    faults = (Traced(fix, "1" * 40), Traced("3" * 40, None, text))
    leads = (Lead("4" * 40, "1" * 40, 86_400),)
    restored = (Restored(fix, None, 86_400),)
    return Baseline(Period(MAY_2024_S - 30 * DAY_S, MAY_2024_S, 30), figures, (release,), faults, leads, restored)


def ranked_tests(text: str = "text") -> Ranking:
    """A flaky test with a story, one that never failed, and one of which nothing is known."""
    rate = rate_of(7, 212)
    flake = Flake(
        f"tests/{text}.py::test", FlakeVerdict.FLAKY, "passed 3 and failed 1 times on the same code", text, rate, 99.5,
        ((text, 5), (f"{text}2", 2)), Onset("1" * 40, "2" * 40), MAY_2024_S, MAY_2024_S + 9, Trend.RISING, "..F.",
        (Group(text, rate),), (Group(text, rate),), on_base=OnBase.PASSED, met_change=False, alike=(text,),
    )  # fmt: skip
    sound = replace(flake, verdict=FlakeVerdict.STEADY, rate=rate_of(0, 0), signatures=(), onset=None, trend=None,
                    first_failed_s=None, last_failed_s=None, lost_s=0.0, branches=(), environments=())  # fmt: skip
    early = replace(flake, verdict=FlakeVerdict.UNDECIDED, onset=Onset("", "2" * 40))
    return Ranking((flake, early, sound), 212, 1000, 60, 1)


def covered(text: str = "text") -> Coverage:
    """Rules of every kind and verdict."""
    threshold = Threshold(Metric.LINE, Decimal("99.5"))
    places = (Missing(f"src/{text}.py", (3, 4), text), Missing(f"src/{text}", note=text))
    rows = [
        Judged(text, f"src/{text}.py", Count(8, 9), threshold, verdict, places[:1], text, text, text)
        for verdict in RuleVerdict
    ]
    total = Judged("total", None, Count(8, 9), Threshold(Metric.MISSING, Decimal(0)), RuleVerdict.UNMET, places,
                   metric=Metric.MISSING)  # fmt: skip
    fix_row = Judged(
        "fixes", None, Count(0, 1), None, RuleVerdict.UNMET, places[:1], text, text, text, fix="1c0ffee" * 5
    )
    branch = replace(rows[0], metric=Metric.BRANCH)
    return Coverage((*rows, branch, total, fix_row), 17, text, (text,))


def _full(verdict: Verdict, number: int, text: str) -> Record:
    reds = [*(Red(kind, text, f"src/{text}.py:3") for kind in list(RedKind)[: len(How) - 1]), None]
    tests = tuple(
        MappedTest(f"tests/{text}.py::test_{how}[{text}]", how, how is not How.MOVED, text, outcome, outcome, red)
        for how, outcome, red in zip(How, [*Outcome, None], reds, strict=True)
    )
    return fix(
        verdict,
        number,
        subject=text,
        recognition=Sign("reference", text, f"fragment {text}"),
        other_signs=(Sign("subject", text), NotAFix("bot", text)),
        hunks=(HeldHunk(f"src/{text}", 1, 2, (f"tests/{text}.py::test",), is_told=True),),
        issues=(text,),
        files=Files((f"src/{text}", f"src/b/{text}"), (f"tests/{text}",), (text,)),
        tests=tests,
        unreadable=(Unreadable(text, text),),
        reason=text,
        next=text,
        waiver=Waiver("1c0ffee", text, text, dt.date(2027, 1, 31)),
    )
