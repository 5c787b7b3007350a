"""What does the page say, top down? A document to its opening and its tables, each sorted for whoever acts on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_bugguard.report import words
from pytest_bugguard.report.page import delivery, places, tests
from pytest_bugguard.report.page.refs import ref
from pytest_bugguard.report.page.tables import Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Document = Mapping[str, Any]
    Fix = Mapping[str, Any]

_OPEN = ("broken", "unguarded", "unproven", "unstable", "undecided", "weak", "waived")
_DOUBTED = ("broken", "unproven", "unstable", "undecided", "weak")
_GUARDED = ("proven", "guarded")


class Fact(NamedTuple):
    """A number of the opening, with the table that bears it out."""

    number: str
    said: str
    table: str
    badge: str
    """What the table is narrowed to; empty: nothing."""
    tone: str


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands at the top."""

    sentence: str
    recent: str
    """How the newest year compares with the one before; empty where there are not both."""
    facts: tuple[Fact, ...]
    about: tuple[tuple[str, str], ...]
    """What was looked at, by name."""
    notes: tuple[str, ...]


def tables_of(document: Document) -> tuple[Table, ...]:
    """Every table, in the order of the page.

    A command that did not ask for a part says nothing of it; that a report found nothing is worth a line.
    """
    fixes = [fix for fix in document["fixes"] if fix["is_fix"] or fix["verdict"] == "undecided"]
    listed = _fixes(fixes, _origins(document.get("delivery")))
    found = (
        listed,
        _proofs(fixes),
        tests.flaky(document),
        tests.exceptions(document),
        places.coverage(document),
        places.hotspots(document, listed),
        delivery.figures(document.get("delivery")),
        delivery.releases(document.get("delivery")),
        _findings(document["findings"]),
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


def _fixes(fixes: Sequence[Fix], origins: Mapping[str, str]) -> Table:
    return Table(
        "fixes",
        "Fixes without a guard",
        "The fixes that no test guards, newest first, each with the next thing to do; the others can be chosen.",
        (Column("Date", "day"), Column("Fix", "stack"), Column("Verdict", "badge"), Column("Evidence", "stack"),
         Column("Next", "next")),
        tuple((day(fix["date"]), _name(fix), fix["verdict"], _evidence(fix, origins), fix["next"]) for fix in fixes),
        "Every fix is guarded." if fixes else "There is no fix to judge.",
        _OPEN,
        "without a guard",
    )  # fmt: skip


def _name(fix: Fix) -> str:
    issues = "".join(f", {issue}" for issue in fix["issues"])
    return lines(fix["subject"], [f"{ref(fix['sha']) if fix['sha'] else 'staged'} by rule {fix['rule']}{issues}"])


def _evidence(fix: Fix, origins: Mapping[str, str]) -> str:
    waiver = fix["waiver"]
    waived = waiver and f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
    guards = [f"{test['change']} {ref(test['nodeid'])}" for test in fix["tests"] if test["counts"]]
    changed = [f"changed {ref(path)}" for path in fix["files"]["source"]]
    origin = origins.get(fix["sha"])
    fault = f"{delivery.FAULT} {ref(origin)}" if origin else ""
    return lines(fix["reason"] or fix["verdict"], [waived or "", *guards, fault, *changed])


def _proofs(fixes: Iterable[Fix]) -> Table:
    rows = [
        (day(fix["date"]), _name(fix), fix["verdict"], lines(fix["reason"], _reds(fix)), fix["next"])
        for fix in fixes
        if fix["verdict"] in {"proven", *_DOUBTED}
    ]
    doubted = any(row[2] in _DOUBTED for row in rows)
    return Table(
        "proofs",
        "Proofs, and what was not provable",
        "Fixes whose tests were run without them and with them; first what could not be shown, newest first.",
        (Column("Date", "day"), Column("Fix", "stack"), Column("Verdict", "badge"), Column("What was seen", "stack"),
         Column("Next", "next")),
        tuple(sorted(rows, key=lambda row: row[2] == "proven")),
        "No proof is stored: bugguard prove makes one.",
        _DOUBTED if doubted else (),
        "not provable" if doubted else "",
    )  # fmt: skip


def _reds(fix: Fix) -> Iterable[str]:
    for test in fix["tests"]:
        if test["red"]:
            yield f"{ref(test['nodeid'])} red: {test['red']['message']} at {ref(test['red']['where'])}"
        elif test["before"]:
            yield f"{ref(test['nodeid'])} {test['before']} without the fix"


def _findings(findings: Iterable[Mapping[str, Any]]) -> Table:
    rows: tuple[Row, ...] = tuple(
        (lines(one["subject"], [_place(one)]), one["gate"], one["message"], one["next"]) for one in findings
    )
    return Table(
        "findings",
        "What fails a gate",
        "Each reason why a gate is not met.",
        (Column("Where", "stack"), Column("Gate", "badge"), Column("What", "stack"), Column("Next", "next")),
        rows,
        "No gate fails.",
    )


def _place(finding: Mapping[str, Any]) -> str:
    path, line = finding["path"], finding["line"]
    return ref(f"{path}:{line}" if path and line else path or "")


def opening(document: Document, tables: Iterable[Table]) -> Opening:
    """The state in one sentence, and the numbers that it rests on."""
    by_id = {table.id: table for table in tables}
    return Opening(
        _sentence(document),
        _recent(document["trend"]),
        tuple(fact for fact in _facts(by_id) if fact.number != "0"),
        _about(document),
        tuple(document["notes"]),
    )


def _sentence(document: Document) -> str:
    counts = document["summary"]
    guarded = sum(counts[verdict] for verdict in _GUARDED)
    judged = guarded + sum(counts[verdict] for verdict in (*_OPEN,) if verdict != "undecided")
    if not judged:
        return f"No fixes to judge in {words.counted(counts['units'], 'commit')}."
    are = "is" if judged == 1 else "are"
    return f"{words.percent(guarded, judged)} % of {words.fixes(judged)} {are} guarded by a test."


def _recent(trend: Mapping[str, Any] | None) -> str:
    quarters = trend["quarters"] if trend else []
    newest, before = (
        [sum(one[key] for one in part) for key in ("guarded", "judged")] for part in (quarters[-4:], quarters[-8:-4])
    )
    if not (newest[1] and before[1]):
        return ""
    now, then = words.percent(*newest), words.percent(*before)
    return f"In the newest four quarters it was {now} %, in the four before {then} %."


def _facts(tables: Mapping[str, Table]) -> Iterable[Fact]:
    def count(table: str, *badges: str) -> str:
        choices = dict(tables[table].choices) if table in tables else {}
        return str(sum(choices.get(badge, 0) for badge in badges))

    yield Fact(count("fixes", "unguarded"), "without a test", "fixes", "unguarded", "bad")
    yield Fact(count("proofs", *_DOUBTED), "not provable", "proofs", "*", "doubt")
    yield Fact(count("proofs", "proven"), "proven", "proofs", "proven", "good")
    yield Fact(count("fixes", "guarded"), "guarded, not proven", "fixes", "guarded", "good")
    yield Fact(count("fixes", "waived"), "waived", "fixes", "waived", "doubt")
    yield Fact(count("flaky", *tests.DOUBTED), "tests not to be trusted", "flaky", "*", "bad")
    yield Fact(count("exceptions", "overdue"), "exceptions overdue", "exceptions", "overdue", "bad")
    yield Fact(count("coverage", "unmet"), "coverage rules not met", "coverage", "unmet", "bad")
    yield Fact(count("coverage", "undecided"), "coverage rules undecided", "coverage", "undecided", "doubt")
    yield Fact(
        str(len(tables["findings"].rows) if "findings" in tables else 0),
        "reasons why a gate fails",
        "findings",
        "",
        "bad",
    )


def _about(document: Document) -> tuple[tuple[str, str], ...]:
    repository, run = document["repository"], document["run"]
    facts = {
        "commit": words.short(repository["head"] or "") if repository["head"] else "none yet",
        "compared with": repository["base"] or "",
        "history": "cut off: the clone is shallow" if repository["shallow"] else "",
        "looked at": words.counted(document["summary"]["units"], "commit"),
        "run": run["started"].replace("T", " ").removesuffix("Z") + " UTC" if run else "",
        "made by": f"{document['tool']['name']} {document['tool']['version']}",
    }
    return tuple((name, text) for name, text in facts.items() if text)
