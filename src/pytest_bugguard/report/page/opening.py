"""What stands at the top? The state in one sentence, and the numbers that it rests on, each with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from pytest_bugguard.report import words
from pytest_bugguard.report.page import sections, tests
from pytest_bugguard.report.page.evidence import GUARDED, JUDGED, Step
from pytest_bugguard.report.page.tables import one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_bugguard.report.page.evidence import Evidence
    from pytest_bugguard.report.page.tables import Table

    Document = Mapping[str, Any]


_COUNTED = (
    ("fixes", one("unguarded"), "without a test", "bad"),
    ("proofs", sections.NOT_PROVABLE, "not provable", "doubt"),
    ("proofs", one("proven"), "proven", "good"),
    ("fixes", one("guarded"), "guarded, not proven", "good"),
    ("fixes", one("waived"), "waived", "doubt"),
    ("flaky", tests.DOUBTED, "test{s} not to be trusted", "bad"),
    ("exceptions", one("overdue"), "exception{s} overdue", "bad"),
    ("coverage", one("unmet"), "coverage rule{s} not met", "bad"),
    ("coverage", one("undecided"), "coverage rule{s} undecided", "doubt"),
)
"""What is counted below the sentence: of which table, which rows, in which words and tone."""


class Fact(NamedTuple):
    """A number of the opening, with the table that bears it out."""

    number: str
    said: str
    table: str
    badge: str
    """What the table is narrowed to; empty: nothing."""
    tone: str


class Opening(Struct, frozen=True):
    """What stands at the top."""

    when: tuple[str, ...]
    """The commit that was looked at, and the day."""
    sentence: tuple[Step, ...]
    recent: tuple[Step, ...]
    """How the newest year compares with the one before; empty where there are not both."""
    facts: tuple[Fact, ...]
    about: tuple[tuple[str, str], ...]
    """What was looked at, by name."""
    notes: tuple[str, ...]


def opening(document: Document, tables: Iterable[Table], evidence: Evidence) -> Opening:
    """The state in one sentence, and the numbers that it rests on."""
    return Opening(
        tuple(_when(document)),
        _sentence(document, evidence),
        _recent(document["trend"], evidence),
        tuple(_facts({table.id: table for table in tables})),
        _about(document),
        tuple(document["notes"]),
    )


def _when(document: Document) -> Iterator[str]:
    if document["repository"]["head"]:
        yield f"commit {words.short(document['repository']['head'])}"
    if document["run"]:
        yield document["run"]["started"][:10]


def _sentence(document: Document, evidence: Evidence) -> tuple[Step, ...]:
    counts = document["summary"]
    guarded, judged = (sum(counts[verdict] for verdict in view.badges) for view in (GUARDED, JUDGED))
    if not judged:
        return (Step(f"No fixes to judge in {words.counted(counts['units'], 'commit')}."),)
    return (
        evidence.step(f"{words.percent(guarded, judged)} %", guarded, GUARDED),
        Step(" of "),
        evidence.step(words.fixes(judged), judged, JUDGED),
        Step(f" {'is' if judged == 1 else 'are'} guarded by a test."),
    )


def _recent(trend: Mapping[str, Any] | None, evidence: Evidence) -> tuple[Step, ...]:
    quarters = trend["quarters"] if trend else []
    newest, before = quarters[-4:], quarters[-8:-4]
    now, then = (_share(part, evidence) for part in (newest, before))
    if now is None or then is None:
        return ()
    return Step("In the newest four quarters it was "), now, Step(", in the four before "), then, Step(".")


def _share(quarters: list[Mapping[str, Any]], evidence: Evidence) -> Step | None:
    """The guarded share of some quarters; None where nothing was judged in them."""
    guarded, judged = (sum(one[key] for one in quarters) for key in ("guarded", "judged"))
    if not judged:
        return None
    span = quarters[0]["quarter"], quarters[-1]["quarter"]
    return evidence.step(f"{words.percent(guarded, judged)} %", judged, JUDGED, span)


def _facts(tables: Mapping[str, Table]) -> Iterator[Fact]:
    for table, view, said, tone in _COUNTED:
        if table in tables and (count := len(tables[table].rows_of(view))):
            yield _fact(count, said, table, tables[table].choice(view), tone)
    if "findings" in tables:
        yield _fact(len(tables["findings"].rows), "reason{s} why a gate fails", "findings", "", "bad")


def _fact(count: int, said: str, table: str, badge: str, tone: str) -> Fact:
    return Fact(str(count), said.format(s="" if count == 1 else "s"), table, badge, tone)


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
