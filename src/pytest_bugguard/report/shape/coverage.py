"""The part of a document on coverage: each rule as it was judged, and each module as it was measured."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing
from pytest_bugguard.core.measured import ModuleCoverage
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.paths import spelt
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from pytest_bugguard.report.shape.values import (
    dump_text,
    load_all,
    load_if_any,
    load_number,
    load_path,
    load_text,
)

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part


def load_coverage(judged: object, measured: Part | None) -> Coverage | None:
    """All rules, and what they were judged by; None for the latter is a file of before."""
    rules = load_all(_load_judged, judged)
    if measured is None:
        return Coverage(rules) if rules else None
    return Coverage(rules, int(measured["files"]), load_text(measured["origin"]))


def dump_judged(one: Judged) -> dict[str, Any]:
    """A rule and whether it is met."""
    return {
        "rule": dump_text(one.rule),
        "path": None if one.path is None else spelt(one.path),
        "metric": one.metric.value,
        "covered": one.count.covered,
        "total": one.count.total,
        "threshold": None if one.threshold is None else _dump_number(one.threshold.value),
        "missing": [_dump_missing(place) for place in one.missing],
        "verdict": one.verdict.value,
        "reason": dump_text(one.reason),
        "next": dump_text(one.next),
        "place": dump_text(one.place),
        "fix": one.fix or None,
    }


def _load_judged(one: Part) -> Judged:
    metric, threshold = Metric(one["metric"]), one["threshold"]
    if threshold is None and one["fix"] is None:
        raise ValueError(threshold)  # what is asked of a fix alone has no number
    return Judged(
        rule=load_text(one["rule"]),
        path=load_if_any(load_path, one["path"]),
        count=_load_count(one),
        threshold=None if threshold is None else Threshold(metric, Decimal(repr(load_number(threshold)))),
        verdict=RuleVerdict(one["verdict"]),
        missing=load_all(_load_missing, one["missing"]),
        place=load_text(one["place"]),
        reason=load_text(one["reason"]),
        next=load_text(one["next"]),
        metric=metric,
        fix=load_if_any(load_text, one["fix"]) or "",
    )


def _dump_number(value: Decimal) -> int | float:
    """As TOML has it: a whole number stays one."""
    return int(value) if value == value.to_integral_value() else float(value)


def _dump_missing(place: Missing) -> dict[str, Any]:
    return {"path": spelt(place.path), "lines": list(place.lines), "note": dump_text(place.note)}


def _load_missing(row: Part) -> Missing:
    return Missing(load_path(row["path"]), load_all(int, row["lines"]), load_text(row["note"]))


def dump_module(one: ModuleCoverage) -> dict[str, Any]:
    """A file and its counts."""
    return {
        "path": spelt(one.path),
        "line": _dump_count(one.line),
        "branch": one.branch and _dump_count(one.branch),
        "floor": one.floor,
    }


def load_module(one: Part) -> ModuleCoverage:
    """The other way."""
    branch, floor = load_if_any(_load_count, one["branch"]), load_if_any(int, one["floor"])
    return ModuleCoverage(load_path(one["path"]), _load_count(one["line"]), branch, floor)


def _dump_count(count: Count) -> dict[str, int]:
    return {"covered": count.covered, "total": count.total}


def _load_count(one: Part) -> Count:
    return Count(int(one["covered"]), int(one["total"]))
