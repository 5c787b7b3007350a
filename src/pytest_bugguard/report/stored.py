"""A document in the shape of the schema back to the result that it was written from: the way back from ``data.py``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_bugguard.core import model
from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.base_ends import OnBase
from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing
from pytest_bugguard.core.delivery import Baseline, Figure, Lead, Period, Release, Restored, Unit
from pytest_bugguard.core.estimates import Rate
from pytest_bugguard.core.faults import Traced
from pytest_bugguard.core.flakes import Flake, Group, Onset, Ranking, Trend
from pytest_bugguard.core.hotspots import Hotspot, Hotspots
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.measured import ModuleCoverage
from pytest_bugguard.core.model import FlakeVerdict, RuleVerdict, Verdict
from pytest_bugguard.core.paths import unquoted
from pytest_bugguard.core.results import Exceptions, Finding, Held, RepositoryFacts, Result, Run, Summary
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from pytest_bugguard.core.trend import Quarter, Share
from pytest_bugguard.core.trend import Trend as SharedTrend
from pytest_bugguard.core.web import web_of
from pytest_bugguard.report.delivery import TITLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Part = Mapping[str, Any]

Made = TypeVar("Made")


def result_of(document: Part) -> Result:
    """The result in a document. What the document leaves out of a result is left out of no format but text.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: A field is missing, or is no such thing.
    """
    waivers = tuple(_waiver(one, _text(one["fix"])) for one in document["waivers"])
    held = _all(_held, document["quarantine"])
    return Result(
        command=_text(document["command"]),
        repository=_repository(document["repository"]),
        summary=_summary(document["summary"]),
        records=_all(_record, document["fixes"]),
        findings=_all(_finding, document["findings"]),
        notes=_all(_text, document["notes"]),
        hotspots=_if_any(_hotspots, document["hotspots"]),
        trend=_if_any(_trend, document["trend"]),
        run=_if_any(_run, document["run"]),
        coverage=_coverage(document),
        delivery=_if_any(_delivery, document["delivery"]),
        ranking=_ranking(document),
        modules=_all(_module, document["modules"]),
        exceptions=Exceptions(waivers, held) if waivers or held else None,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return value


def _if_any(read: Callable[[Any], Made], value: object) -> Made | None:
    """What is read from a value that may be ``null``."""
    return None if value is None else read(value)


def _all(read: Callable[[Any], Made], values: object) -> tuple[Made, ...]:
    """What is read from each value of a list; another kind of container is none."""
    if not isinstance(values, list):
        raise TypeError(values)
    return tuple(map(read, values))


def _texts(values: object) -> tuple[str, ...]:
    return _all(_text, values)


def _path(value: object) -> str:
    return unquoted(_text(value))


def _seconds(moment: str) -> int:
    return int(dt.datetime.fromisoformat(moment).timestamp())


def _repository(facts: Part) -> RepositoryFacts:
    return RepositoryFacts(
        _if_any(_text, facts["head"]),
        _if_any(_text, facts["base"]),
        _text(facts["base_reason"]),
        _if_any(_text, facts["merge_base"]),
        shallow=bool(facts["shallow"]),
        web=_if_any(_web, facts.get("web")),
    )


def _web(value: object) -> str:
    return str(web_of(_text(value)))


def _run(run: Part) -> Run:
    return Run(_seconds(run["started"]), float(run["duration_s"]))


def _summary(counts: Part) -> Summary:
    return Summary(counts["units"], counts["fixes"], tuple((verdict, int(counts[verdict])) for verdict in Verdict))


# --- fixes ---


def _record(one: Part) -> model.Record:
    files = one["files"]
    return model.Record(
        sha=_if_any(_text, one["sha"]) or "",
        parents=_all(_text, one["parents"]),
        subject=_text(one["subject"]),
        committed_s=_if_any(_seconds, one["date"]) or 0,
        recognition=_recognition(one),
        issues=_all(_text, one["issues"]),
        files=model.Files(*(_all(_path, files[side]) for side in ("source", "test", "neutral"))),
        tests=_all(_test, one["tests"]),
        unreadable=tuple(model.Unreadable(_path(file["path"]), _text(file["reason"])) for file in one["unreadable"]),
        verdict=Verdict(one["verdict"]),
        reason=_text(one["reason"]),
        next=_text(one["next"]),
        waiver=_if_any(lambda waiver: _waiver(waiver, ""), one["waiver"]),
        other_signs=_all(_recognition, one["other_signs"]),
        hunks=_all(_hunk, one["hunks"]),
    )


def _recognition(sign: Part) -> model.Recognition:
    rule, matched = _text(sign["rule"]), _text(sign["evidence"])
    return model.Sign(rule, matched, _text(sign["where"])) if sign["is_fix"] else model.NotAFix(rule, matched)


def _test(test: Part) -> model.MappedTest:
    return model.MappedTest(
        _path(test["nodeid"]),
        model.How(test["change"]),
        counts=bool(test["counts"]),
        reason=_text(test["reason"]),
        after=_if_any(model.Outcome, test["after"]),
        before=_if_any(model.Outcome, test["before"]),
        red=_if_any(_red, test["red"]),
    )


def _red(red: Part) -> model.Red:
    return model.Red(model.RedKind(red["kind"]), _text(red["message"]), _text(red["where"]))


def _hunk(hunk: Part) -> model.HeldHunk:
    tests = _all(_path, hunk["tests"])
    return model.HeldHunk(
        _path(hunk["path"]), int(hunk["first"]), int(hunk["last"]), tests, is_told=hunk["held"] is not None
    )


def _waiver(one: Part, fix: str) -> model.Waiver:
    return model.Waiver(fix, _text(one["owner"]), _text(one["reason"]), _day(one["expires"]))


def _day(text: str | None) -> dt.date | None:
    return _if_any(dt.date.fromisoformat, text)


# --- tests ---


def _held(one: Part) -> Held:
    last = dt.date.fromisoformat(one["expires"])
    entry = model.Quarantine(_path(one["test"]), _text(one["owner"]), _text(one["reason"]), last)
    return Held(entry, _if_any(_text, one["failed"]) or "", _if_any(_text, one["recovery"]) or "")


def _ranking(document: Part) -> Ranking | None:
    flakes = _all(_flake, document["flaky"])
    found = document.get("history")  # a file of before has none
    if found is None:
        unsteady = sum(flake.verdict.is_unsteady for flake in flakes)
        return Ranking(flakes, 0, len(flakes), len(flakes), unsteady) if flakes else None
    return Ranking(flakes, *(int(found[key]) for key in ("runs", "tests", "failed", "flaky")))


def _flake(one: Part) -> Flake:
    return Flake(
        nodeid=_text(one["nodeid"]),
        verdict=FlakeVerdict(one["verdict"]),
        reason=_text(one["reason"]),
        next=_text(one["next"]),
        rate=_rate(one),
        lost_s=float(one["lost_s"]),
        signatures=tuple((_text(row["failure"]), int(row["count"])) for row in one["signatures"]),
        onset=_if_any(_onset, one["onset"]),
        first_failed_s=_if_any(_seconds, one["first_failed"]),
        last_failed_s=_if_any(_seconds, one["last_failed"]),
        trend=_if_any(Trend, one["trend"]),
        strip=_text(one["strip"]),
        branches=tuple(Group(_text(row["name"]), _rate(row)) for row in one["branches"]),
        environments=tuple(Group(_text(row["name"]), _rate(row)) for row in one["environments"]),
        diagnosis=Diagnosis(
            _all(Kind, one["kind"]),
            polluters=_all(_texts, one["polluters"]),
            setters=_all(_texts, one["setters"]),
        ),
        hints=_all(_text, one["hints"]),
        command=_text(one["command"]),
        contrast=_text(one["contrast"]),
        on_base=_if_any(OnBase, one.get("on_base")),  # a file of before has none of these three
        met_change=_if_any(bool, one.get("met_change")),
        alike=_texts(one.get("alike", [])),
    )


def _onset(onset: Part) -> Onset:
    return Onset(_if_any(_text, onset["after"]) or "", _text(onset["until"]))


def _rate(one: Part) -> Rate:
    low, high = one["interval"]
    return Rate(int(one["failures"]), int(one["runs"]), float(low), float(high))


# --- coverage, findings, places ---


def _coverage(document: Part) -> Coverage | None:
    judged = _all(_judged, document["coverage"])
    found = document.get("measured")  # a file of before has none
    if found is None:
        return Coverage(judged) if judged else None
    return Coverage(judged, int(found["files"]), _text(found["origin"]))


def _judged(one: Part) -> Judged:
    metric, threshold = Metric(one["metric"]), one["threshold"]
    if threshold is None and one["fix"] is None:
        raise ValueError(threshold)  # what is asked of a fix alone has no number
    return Judged(
        rule=_text(one["rule"]),
        path=_if_any(_path, one["path"]),
        count=Count(int(one["covered"]), int(one["total"])),
        threshold=None if threshold is None else Threshold(metric, Decimal(repr(_number(threshold)))),
        verdict=RuleVerdict(one["verdict"]),
        missing=_all(_missing, one["missing"]),
        place=_text(one["place"]),
        reason=_text(one["reason"]),
        next=_text(one["next"]),
        metric=metric,
        fix=_if_any(_text, one["fix"]) or "",
    )


def _missing(row: Part) -> Missing:
    return Missing(_path(row["path"]), _all(int, row["lines"]), _text(row["note"]))


def _module(one: Part) -> ModuleCoverage:
    branch = one["branch"]
    return ModuleCoverage(_path(one["path"]), _count(one["line"]), _if_any(_count, branch), _if_any(int, one["floor"]))


def _count(one: Part) -> Count:
    return Count(int(one["covered"]), int(one["total"]))


def _finding(one: Part) -> Finding:
    return Finding(
        id=_text(one["id"]),
        gate=_text(one["gate"]),
        verdict=_verdict(one["verdict"]),
        subject=_text(one["subject"]),
        message=_text(one["message"]),
        next=_text(one["next"]),
        path=_if_any(_path, one["path"]),
        line=_if_any(int, one["line"]),
    )


def _verdict(text: str) -> Verdict | RuleVerdict | FlakeVerdict:
    """Of a finding; ``undecided``, which all three have, is said of fixes."""
    if text in set(Verdict):
        return Verdict(text)
    return FlakeVerdict(text) if text in set(FlakeVerdict) else RuleVerdict(text)


def _share(one: Part) -> Share:
    return Share(int(one["guarded"]), int(one["judged"]), int(one["undecided"]))


def _trend(found: Part) -> SharedTrend:
    return SharedTrend(_share(found["whole"]), _all(_quarter, found["quarters"]))


def _quarter(one: Part) -> Quarter:
    return Quarter(_text(one["quarter"]), _share(one))


def _hotspots(found: Part) -> Hotspots:
    return Hotspots(*(_all(_hotspot, found[key]) for key in ("files", "folders")))


def _hotspot(one: Part) -> Hotspot:
    fixes = _texts(one["fixed_by"])
    if not fixes:
        raise ValueError(one["path"])
    return Hotspot(_path(one["path"]), float(one["weight"]), _share(one), fixes)


# --- delivery ---


def _delivery(found: Part) -> Baseline:
    return Baseline(
        Period(_seconds(found["first"]), _seconds(found["last"]), int(found["failure_days"])),
        _all(figure_of, found["figures"]),
        _all(_release, found["releases"]),
        _all(_traced, found["faults"]),
        _all(_lead, found.get("leads", [])),  # a file of before has neither of these two
        _all(_restored, found.get("restored", [])),
    )


def _traced(one: Part) -> Traced:
    return Traced(_text(one["fix"]), _if_any(_text, one["origin"]), _text(one["reason"]))


def _lead(one: Part) -> Lead:
    return Lead(_text(one["commit"]), _text(one["release"]), int(one["lead_s"]))


def _restored(one: Part) -> Restored:
    return Restored(_text(one["fix"]), _if_any(int, one["from_release_s"]), _if_any(int, one["from_commit_s"]))


def _release(one: Part) -> Release:
    failed_by = _all(_text, one["failed_by"])
    return Release(_text(one["tag"]), _text(one["commit"]), _seconds(one["date"]), failed_by, bool(one["judged"]))


def figure_of(one: Part) -> Figure:
    """A figure of the delivery out of a document."""
    band = _if_any(Band, one["band"])
    if one["name"] not in TITLES:
        raise ValueError(one["name"])
    return Figure(
        _text(one["name"]),
        Unit(one["unit"]),
        _if_any(_number, one["value"]),
        band,
        int(one["sample"]),
        _text(one["counted"]),
        _text(one["rule"]),
        _all(_text, one["cannot_know"]),
        _if_any(_number, one["low"]),
        _if_any(_number, one["high"]),
        _text(one["reason"]),
        _all(Band, one.get("bands", [band] if band else [])),  # a file of before has one band alone
    )
