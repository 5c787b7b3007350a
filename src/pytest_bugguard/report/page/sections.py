"""What does the page show, top down? A document to its tables, each sorted for whoever acts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_bugguard.report import words
from pytest_bugguard.report.page import delivery, places, tests
from pytest_bugguard.report.page.evidence import GUARDED, JUDGED, OPEN, TO_JUDGE
from pytest_bugguard.report.page.refs import lead, ref
from pytest_bugguard.report.page.tables import Column, Row, Table, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Document = Mapping[str, Any]
    Fix = Mapping[str, Any]

NOT_PROVABLE = View("not provable", ("broken", "unproven", "unstable", "undecided", "weak"))


def tables_of(document: Document) -> tuple[Table, ...]:
    """Every table, in the order of the page.

    A command that did not ask for a part says nothing of it; that a report found nothing is worth a line.
    """
    fixes = [fix for fix in document["fixes"] if fix["is_fix"] or fix["verdict"] == "undecided"]
    listed = replace(
        _fixes(fixes, document.get("delivery")), found_by=places.fixed(document, [fix["sha"] for fix in fixes])
    )
    found = (
        listed,
        _proofs(fixes),
        tests.flaky(document),
        tests.exceptions(document),
        places.coverage(document),
        places.hotspots(document, listed),
        delivery.figures(document.get("delivery"), listed),
        delivery.releases(document.get("delivery")),
        delivery.leads(document.get("delivery")),
        _findings(document["findings"], [fix["sha"] or "" for fix in fixes]),
    )
    is_whole = document["command"] == "report"
    told = {"fixes", "proofs", "flaky", "exceptions", "coverage", "hotspots", "delivery"} if is_whole else {"fixes"}
    return tuple(table for table in found if table.rows or table.id in told)


def lines(first: str, details: Iterable[str]) -> str:
    """The cell of kind ``stack``."""
    return "\n".join([first, *filter(None, details)])


def day(moment: str | None) -> str:
    """The date of a moment; empty where there is none."""
    return (moment or "")[:10]


def _origins(found: Mapping[str, Any] | None) -> dict[str, str]:
    """The commit that brought the fault that a fix mends, of those that could be traced."""
    return {one["fix"]: one["origin"] for one in (found["faults"] if found else ()) if one["origin"]}


def _fixes(fixes: Sequence[Fix], found: Mapping[str, Any] | None) -> Table:
    origins, cures = _origins(found), delivery.cures(found)
    return Table(
        "fixes",
        "Fixes without a guard",
        "The fixes that no test guards, newest first, each with the next thing to do; the others can be chosen.",
        (Column("Date", "day"), Column("Fix", "stack"), Column("Verdict", "badge"), Column("Evidence", "stack"),
         Column("Next", "next")),
        tuple(
            (day(fix["date"]), _name(fix), fix["verdict"],
             _evidence(fix, origins.get(fix["sha"], ""), cures.get(fix["sha"], ())), fix["next"])
            for fix in fixes
        ),
        "Every fix is guarded." if fixes else "There is no fix to judge.",
        (OPEN, GUARDED, JUDGED, TO_JUDGE),
    )  # fmt: skip


def _name(fix: Fix) -> str:
    issues = "".join(f", {issue}" for issue in fix["issues"])
    return lines(fix["subject"], [f"{ref(fix['sha']) if fix['sha'] else 'staged'} by rule {fix['rule']}{issues}"])


def _evidence(fix: Fix, origin: str, cures: Iterable[str]) -> str:
    waiver = fix["waiver"]
    waived = waiver and f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
    guards = [f"{test['change']} {ref(test['nodeid'])}" for test in fix["tests"] if test["counts"]]
    changed = [f"changed {ref(path)}" for path in fix["files"]["source"]]
    fault = f"fault came with {ref(origin)}" if origin else ""
    return lines(fix["reason"] or fix["verdict"], [waived or "", *guards, fault, *cures, *changed])


def _proofs(fixes: Iterable[Fix]) -> Table:
    rows = [
        (day(fix["date"]), _name(fix), fix["verdict"], lines(fix["reason"], _reds(fix)), fix["next"])
        for fix in fixes
        if fix["verdict"] in {"proven", *NOT_PROVABLE.badges}
    ]
    doubted = any(row[2] in NOT_PROVABLE.badges for row in rows)
    return Table(
        "proofs",
        "Proofs, and what was not provable",
        "Fixes whose tests were run without them and with them; first what could not be shown, newest first.",
        (Column("Date", "day"), Column("Fix", "stack"), Column("Verdict", "badge"), Column("What was seen", "stack"),
         Column("Next", "next")),
        tuple(sorted(rows, key=lambda row: row[2] == "proven")),
        "No proof is stored: bugguard prove makes one.",
        (NOT_PROVABLE,) if doubted else (),
    )  # fmt: skip


def _reds(fix: Fix) -> Iterable[str]:
    for test in fix["tests"]:
        if test["red"]:
            yield f"{ref(test['nodeid'])} red: {test['red']['message']} at {ref(test['red']['where'])}"
        elif test["before"]:
            yield f"{ref(test['nodeid'])} {test['before']} without the fix"


def _findings(findings: Iterable[Mapping[str, Any]], listed: Sequence[str]) -> Table:
    """``listed``: the commits of the fixes that the page shows."""
    rows: tuple[Row, ...] = tuple(
        (lines(_subject(one, listed), [_place(one)]), one["gate"], one["message"], one["next"]) for one in findings
    )
    return Table(
        "findings",
        "What fails a gate",
        "Each reason why a gate is not met.",
        (Column("Where", "stack"), Column("Gate", "badge"), Column("What", "stack"), Column("Next", "next")),
        rows,
        "No gate fails.",
    )


def _subject(finding: Mapping[str, Any], listed: Sequence[str]) -> str:
    """Of a finding on a fix, or on its waiver, the fix, which leads to its row."""
    subject: str = finding["subject"]
    if finding["gate"] not in {"fixes", "waivers"}:
        return subject
    short = words.short(subject)
    return lead("fixes", short, short) if any(sha.startswith(subject) for sha in listed) else short


def _place(finding: Mapping[str, Any]) -> str:
    path, line = finding["path"], finding["line"]
    return ref(f"{path}:{line}" if path and line else path or "")
