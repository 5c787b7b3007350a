"""A result as JSON, in the shape of ``schema/bugguard-1.schema.json``, and back: same input, same bytes.

Each room holds the shape of one part, both ways: ``dump_x`` writes it and ``load_x`` reads it. To load raises
``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` where a field is missing or is no such thing; what a
file of an earlier version does not have is read as if nothing had been found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import dates
from pytest_bugguard.core.model import FlakeVerdict, RuleVerdict, Said, Term, Verdict
from pytest_bugguard.core.paths import spelt
from pytest_bugguard.core.results import Exceptions, Finding, RepositoryFacts, Result, Run, Summary
from pytest_bugguard.core.web import web_of
from pytest_bugguard.report.shape.coverage import dump_judged, dump_module, load_coverage, load_module
from pytest_bugguard.report.shape.delivery import dump_delivery, load_delivery
from pytest_bugguard.report.shape.fixes import dump_fix, dump_waived, load_fix, load_waived
from pytest_bugguard.report.shape.places import dump_hotspots, dump_trend, load_hotspots, load_trend
from pytest_bugguard.report.shape.tests import dump_flake, dump_held, dump_history, load_held, load_ranking
from pytest_bugguard.report.shape.values import (
    dump_text,
    load_all,
    load_if_any,
    load_moment,
    load_path,
    load_text,
)
from pytest_bugguard.report.version import version

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part

SCHEMA = 1


def to_json(result: Result) -> str:
    """The result as one JSON document, with a line feed at its end. ASCII throughout, keys in the schema's order.

    ``##[`` and ``##vso[`` are commands to a CI server wherever they stand in its log, so no two ``#`` are written
    side by side: a reader of JSON sees no difference.
    """
    text = json.dumps(dump_result(result), indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("##", r"#\u0023") + "\n"


def dump_result(result: Result) -> dict[str, Any]:
    """The result as plain dicts and lists, in the shape of the schema."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "pytest-bugguard", "version": version()},
        "command": result.command,
        "repository": _dump_repository(result.repository),
        "summary": _dump_summary(result.summary),
        "fixes": [dump_fix(record) for record in result.records],
        "flaky": [dump_flake(flake) for flake in result.ranking.flakes] if result.ranking else [],
        "history": result.ranking and dump_history(result.ranking),
        "coverage": [dump_judged(one) for one in result.coverage.judged] if result.coverage else [],
        "measured": result.coverage and {"files": result.coverage.files, "origin": dump_text(result.coverage.origin)},
        "modules": [dump_module(one) for one in result.modules],
        "waivers": [dump_waived(one) for one in result.exceptions.waivers] if result.exceptions else [],
        "quarantine": [dump_held(one) for one in result.exceptions.quarantine] if result.exceptions else [],
        "findings": [_dump_finding(finding) for finding in result.findings],
        "notes": [dump_text(note) for note in result.notes],
        "trend": result.trend and dump_trend(result.trend),
        "hotspots": result.hotspots and dump_hotspots(result.hotspots),
        "delivery": result.delivery and dump_delivery(result.delivery),
        "run": result.run and _dump_run(result.run),
    }


def load_result(document: Part) -> Result:
    """The result in a document. What the document leaves out of a result is left out of no format but text."""
    waivers, held = load_all(load_waived, document["waivers"]), load_all(load_held, document["quarantine"])
    return Result(
        command=load_text(document["command"]),
        repository=_load_repository(document["repository"]),
        summary=_load_summary(document["summary"]),
        records=load_all(load_fix, document["fixes"]),
        findings=load_all(_load_finding, document["findings"]),
        notes=load_all(load_text, document["notes"]),
        hotspots=load_if_any(load_hotspots, document["hotspots"]),
        trend=load_if_any(load_trend, document["trend"]),
        run=load_if_any(_load_run, document["run"]),
        coverage=load_coverage(document["coverage"], document.get("measured")),
        delivery=load_if_any(load_delivery, document["delivery"]),
        ranking=load_ranking(document["flaky"], document.get("history")),
        modules=load_all(load_module, document["modules"]),
        exceptions=Exceptions(waivers, held) if waivers or held else None,
    )


def _dump_repository(facts: RepositoryFacts) -> dict[str, Any]:
    return {
        "head": facts.head,
        "base": None if facts.base is None else dump_text(facts.base),
        "base_reason": dump_text(facts.base_reason),
        "merge_base": facts.merge_base,
        "shallow": facts.shallow,
        "web": facts.web,
    }


def _load_repository(facts: Part) -> RepositoryFacts:
    return RepositoryFacts(
        load_if_any(load_text, facts["head"]),
        load_if_any(load_text, facts["base"]),
        load_text(facts["base_reason"]),
        load_if_any(load_text, facts["merge_base"]),
        shallow=bool(facts["shallow"]),
        web=load_if_any(_load_web, facts.get("web")),
    )


def _load_web(value: object) -> str:
    return str(web_of(load_text(value)))


def _dump_summary(summary: Summary) -> dict[str, Any]:
    counts = {verdict.value: count for verdict, count in summary.counts}
    return {"units": summary.units, "fixes": summary.fixes, **counts}


def _load_summary(counts: Part) -> Summary:
    return Summary(counts["units"], counts["fixes"], tuple((verdict, int(counts[verdict])) for verdict in Verdict))


def _dump_finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": dump_text(finding.id),
        "gate": finding.gate,
        "verdict": finding.verdict.value,
        "subject": dump_text(finding.subject),
        "message": dump_text(finding.message),
        "next": dump_text(finding.next),
        "path": None if finding.path is None else spelt(finding.path),
        "line": finding.line,
    }


def _load_finding(one: Part) -> Finding:
    return Finding(
        id=load_text(one["id"]),
        gate=load_text(one["gate"]),
        verdict=_load_verdict(one["verdict"]),
        subject=load_text(one["subject"]),
        message=load_text(one["message"]),
        next=load_text(one["next"]),
        path=load_if_any(load_path, one["path"]),
        line=load_if_any(int, one["line"]),
    )


def _load_verdict(text: str) -> Said:
    """Of a finding; ``undecided``, which several have, is said of fixes."""
    if text in set(Verdict):
        return Verdict(text)
    if text in set(FlakeVerdict):
        return FlakeVerdict(text)
    return Term(text) if text in set(Term) else RuleVerdict(text)


def _dump_run(run: Run) -> dict[str, Any]:
    return {"started": dates.moment(run.started_s), "duration_s": round(run.duration_s, 3)}


def _load_run(run: Part) -> Run:
    return Run(load_moment(run["started"]), float(run["duration_s"]))
