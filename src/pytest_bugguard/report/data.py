"""A result as JSON, in the shape of ``schema/bugguard-1.schema.json``: same input, same bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import dates
from pytest_bugguard.core.estimates import CONFIDENCE
from pytest_bugguard.core.model import Sign, Waiver
from pytest_bugguard.core.paths import spelt as spelt_path
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from decimal import Decimal

    from pytest_bugguard.core.coverage_verdict import Judged
    from pytest_bugguard.core.delivery import Baseline, Figure
    from pytest_bugguard.core.estimates import Rate
    from pytest_bugguard.core.flakes import Flake, Ranking
    from pytest_bugguard.core.hotspots import Hotspot, Hotspots
    from pytest_bugguard.core.measured import ModuleCoverage
    from pytest_bugguard.core.model import HeldHunk, MappedTest, Quarantine, Recognition, Record, Red
    from pytest_bugguard.core.results import Finding, Held, RepositoryFacts, Result, Run, Summary
    from pytest_bugguard.core.thresholds import Count
    from pytest_bugguard.core.trend import Share, Trend

SCHEMA = 1


def to_json(result: Result) -> str:
    """The result as one JSON document, with a line feed at its end. ASCII throughout, keys in the schema's order.

    ``##[`` and ``##vso[`` are commands to a CI server wherever they stand in its log, so no two ``#`` are written
    side by side: a reader of JSON sees no difference.
    """
    text = json.dumps(as_dict(result), indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("##", r"#\u0023") + "\n"


def as_dict(result: Result) -> dict[str, Any]:
    """The result as plain dicts and lists, in the shape of the schema."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "pytest-bugguard", "version": version()},
        "command": result.command,
        "repository": _repository(result.repository),
        "summary": _summary(result.summary),
        "fixes": [_record(record) for record in result.records],
        "flaky": [_flake(flake) for flake in result.ranking.flakes] if result.ranking else [],
        "history": result.ranking and _history(result.ranking),
        "coverage": [_coverage(one) for one in result.coverage.judged] if result.coverage else [],
        "measured": result.coverage and {"files": result.coverage.files, "origin": _text(result.coverage.origin)},
        "modules": [_module(one) for one in result.modules],
        "waivers": [_waived(one) for one in result.exceptions.waivers] if result.exceptions else [],
        "quarantine": [_held(one) for one in result.exceptions.quarantine] if result.exceptions else [],
        "findings": [_finding(finding) for finding in result.findings],
        "notes": [_text(note) for note in result.notes],
        "trend": result.trend and _trend(result.trend),
        "hotspots": result.hotspots and _hotspots(result.hotspots),
        "delivery": result.delivery and _delivery(result.delivery),
        "run": result.run and _run(result.run),
    }


def version() -> str:
    """Ours, as it was installed."""
    from importlib import metadata  # noqa: PLC0415 - a tenth of a start, for this format alone

    try:
        return metadata.version("pytest-bugguard")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"


def _text(text: str) -> str:
    """Text for reading: JSON escapes what is odd, but a byte that was no UTF-8 has to become visible before."""
    return text if text.isascii() else "".join(safe_text(char) if _is_surrogate(char) else char for char in text)


def _is_surrogate(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def _repository(facts: RepositoryFacts) -> dict[str, Any]:
    return {
        "head": facts.head,
        "base": None if facts.base is None else _text(facts.base),
        "base_reason": _text(facts.base_reason),
        "merge_base": facts.merge_base,
        "shallow": facts.shallow,
        "web": facts.web,
    }


def _summary(summary: Summary) -> dict[str, Any]:
    counts = {verdict.value: count for verdict, count in summary.counts}
    return {"units": summary.units, "fixes": summary.fixes, **counts}


def _record(record: Record) -> dict[str, Any]:
    return {
        "sha": record.sha or None,
        "parents": list(record.parents),
        "subject": _text(record.subject),
        "date": dates.moment(record.committed_s) if record.sha else None,
        "is_fix": record.is_fix,
        **_recognition(record.recognition),
        "other_signs": [{"is_fix": isinstance(sign, Sign), **_recognition(sign)} for sign in record.other_signs],
        "issues": [_text(issue) for issue in record.issues],
        "files": {
            "source": [spelt_path(path) for path in record.files.source],
            "test": [spelt_path(path) for path in record.files.test],
            "neutral": [spelt_path(path) for path in record.files.neutral],
        },
        "tests": [_test(test) for test in record.tests],
        "unreadable": [{"path": spelt_path(file.path), "reason": _text(file.reason)} for file in record.unreadable],
        "verdict": record.verdict.value,
        "reason": _text(record.reason),
        "next": _text(record.next),
        "waiver": record.waiver and _waiver(record.waiver),
        "hunks": [_hunk(hunk) for hunk in record.hunks],
    }


def _recognition(recognition: Recognition) -> dict[str, Any]:
    where = _text(recognition.where) if isinstance(recognition, Sign) else ""
    return {"rule": recognition.rule, "evidence": _text(recognition.matched), "where": where}


def _test(test: MappedTest) -> dict[str, Any]:
    return {
        "nodeid": spelt_path(test.nodeid),
        "change": test.change.value,
        "counts": test.counts,
        "reason": _text(test.reason),
        "before": test.before and test.before.value,
        "after": test.after and test.after.value,
        "red": test.red and _red(test.red),
    }


def _hunk(hunk: HeldHunk) -> dict[str, Any]:
    return {
        "path": spelt_path(hunk.path),
        "first": hunk.first,
        "last": hunk.last,
        "held": bool(hunk.tests) if hunk.is_told else None,
        "tests": [spelt_path(nodeid) for nodeid in hunk.tests],
    }


def _red(red: Red) -> dict[str, Any]:
    return {"kind": red.kind.value, "message": _text(red.message), "where": _text(red.where)}


def _waiver(waiver: Waiver | Quarantine) -> dict[str, Any]:
    return {
        "owner": _text(waiver.owner),
        "reason": _text(waiver.reason),
        "expires": waiver.expires and waiver.expires.isoformat(),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": _text(finding.id),
        "gate": finding.gate,
        "verdict": finding.verdict.value,
        "subject": _text(finding.subject),
        "message": _text(finding.message),
        "next": _text(finding.next),
        "path": None if finding.path is None else spelt_path(finding.path),
        "line": finding.line,
    }


def _history(found: Ranking) -> dict[str, int]:
    return {"runs": found.runs, "tests": found.tests, "failed": found.failed, "flaky": found.flaky}


def _flake(flake: Flake) -> dict[str, Any]:
    onset = flake.onset
    return {
        "nodeid": _text(flake.nodeid),
        "verdict": flake.verdict,
        "reason": _text(flake.reason),
        "on_base": flake.on_base,
        "met_change": flake.met_change,
        **_rate(flake.rate),
        "confidence": CONFIDENCE,
        "kind": [str(kind) for kind in flake.diagnosis.kinds],
        "polluters": [list(map(_text, tests)) for tests in flake.diagnosis.polluters],
        "setters": [list(map(_text, tests)) for tests in flake.diagnosis.setters],
        "hints": list(map(_text, flake.hints)),
        "command": _text(flake.command),
        "contrast": _text(flake.contrast),
        "signature": _text(flake.signature),
        "signatures": [{"failure": _text(text), "count": count} for text, count in flake.signatures],
        "alike": list(map(_text, flake.alike)),
        "lost_s": flake.lost_s,
        "onset": onset and {"after": onset.after or None, "until": onset.until},
        "first_failed": None if flake.first_failed_s is None else dates.moment(flake.first_failed_s),
        "last_failed": None if flake.last_failed_s is None else dates.moment(flake.last_failed_s),
        "trend": flake.trend,
        "strip": flake.strip,
        "branches": [{"name": _text(group.name), **_rate(group.rate)} for group in flake.branches],
        "environments": [{"name": _text(group.name), **_rate(group.rate)} for group in flake.environments],
        "next": _text(flake.next),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "runs": rate.runs,
        "failures": rate.failures,
        "rate": None if rate.observed is None else round(rate.observed, 6),
        "interval": [round(rate.low, 6), round(rate.high, 6)],
    }


def _coverage(one: Judged) -> dict[str, Any]:
    return {
        "rule": _text(one.rule),
        "path": None if one.path is None else spelt_path(one.path),
        "metric": one.metric.value,
        "covered": one.count.covered,
        "total": one.count.total,
        "threshold": None if one.threshold is None else _number(one.threshold.value),
        "missing": [
            {"path": spelt_path(place.path), "lines": list(place.lines), "note": _text(place.note)}
            for place in one.missing
        ],
        "verdict": one.verdict.value,
        "reason": _text(one.reason),
        "next": _text(one.next),
        "place": _text(one.place),
        "fix": one.fix or None,
    }


def _module(one: ModuleCoverage) -> dict[str, Any]:
    return {
        "path": spelt_path(one.path),
        "line": _count(one.line),
        "branch": one.branch and _count(one.branch),
        "floor": one.floor,
    }


def _count(count: Count) -> dict[str, int]:
    return {"covered": count.covered, "total": count.total}


def _waived(one: Waiver) -> dict[str, Any]:
    return {"fix": _text(one.fix), **_waiver(one)}


def _held(one: Held) -> dict[str, Any]:
    told = {"failed": _text(one.failed) or None, "recovery": _text(one.recovery) or None}
    return {"test": spelt_path(one.entry.test), **_waiver(one.entry), **told}


def _number(value: Decimal) -> int | float:
    """As TOML has it: a whole number stays one."""
    return int(value) if value == value.to_integral_value() else float(value)


def _share(share: Share) -> dict[str, Any]:
    ratio = None if share.ratio is None else round(share.ratio, 6)
    return {"guarded": share.guarded, "judged": share.judged, "undecided": share.undecided, "ratio": ratio}


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "whole": _share(trend.whole),
        "quarters": [{"quarter": quarter.name, **_share(quarter.share)} for quarter in trend.quarters],
    }


def _hotspots(hotspots: Hotspots) -> dict[str, Any]:
    return {
        "files": [_hotspot(place) for place in hotspots.files],
        "folders": [_hotspot(place) for place in hotspots.folders],
    }


def _hotspot(place: Hotspot) -> dict[str, Any]:
    return {
        "path": spelt_path(place.path),
        "fixes": place.fixes,
        "weight": round(place.weight, 6),
        **_share(place.share),
        "newest": place.newest,
        "fixed_by": list(place.fixed_by),
    }


def _delivery(baseline: Baseline) -> dict[str, Any]:
    period = baseline.period
    return {
        "first": dates.moment(period.first_s),
        "last": dates.moment(period.last_s),
        "failure_days": period.failure_days,
        "figures": [_figure(figure) for figure in baseline.figures],
        "releases": [
            {
                "tag": _text(release.tag),
                "commit": release.commit,
                "date": dates.moment(release.made_s),
                "failed_by": list(release.failed_by),
                "judged": release.is_judged,
            }
            for release in baseline.releases
        ],
        "faults": [{"fix": one.fix, "origin": one.origin, "reason": _text(one.reason)} for one in baseline.faults],
        "leads": [lead._asdict() for lead in baseline.leads],
        "restored": [one._asdict() for one in baseline.restored],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "unit": figure.unit.value,
        "value": _rounded(figure.value),
        "low": _rounded(figure.low),
        "high": _rounded(figure.high),
        "band": figure.band and figure.band.value,
        "bands": [band.value for band in figure.bands],
        "sample": figure.sample,
        "counted": figure.counted,
        "rule": _text(figure.rule),
        "cannot_know": [_text(limit) for limit in figure.cannot_know],
        "reason": _text(figure.reason),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _run(run: Run) -> dict[str, Any]:
    return {"started": dates.moment(run.started_s), "duration_s": round(run.duration_s, 3)}
