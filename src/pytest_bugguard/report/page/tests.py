"""Which tests cannot be trusted, and what is excused until when? A document to two tables of the page."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.model import short
from pytest_bugguard.report.flaky import duration
from pytest_bugguard.report.page.refs import lead, ref
from pytest_bugguard.report.page.tables import Column, Row, Table, View

if TYPE_CHECKING:
    from collections.abc import Mapping

DOUBTED = View("not to be trusted", ("flaky", "order-dependent", "failing"))


def flaky(document: Mapping[str, Any]) -> Table:
    """The ranking, each test with its strip, rate, kind, and who mends it until when."""
    excused = {one["test"]: one for one in document["quarantine"]}
    return Table(
        "flaky",
        "Tests that cannot be trusted",
        "By their history: the flaky ones first, then by what they cost. Rates have their 95 % interval; in a strip, "
        "high marks are failures and the newest run is on the right.",
        (Column("Test", "stack"), Column("Verdict", "badge"), Column("Newest runs", "strip"),
         Column("Failure rate", "rate"), Column("First seen", "day"), Column("Owner, due", "stack"),
         Column("Next", "next")),
        tuple(_test(one, excused.get(one["nodeid"]) or excused.get(one["nodeid"].partition("[")[0]))
              for one in document["flaky"]),
        "No test that failed is on record: bugguard flaky list tells what the history holds.",
        (DOUBTED,),
    )  # fmt: skip


def _test(one: Mapping[str, Any], excused: Mapping[str, Any] | None) -> Row:
    guilty = [
        *(f"after {' and then '.join(map(ref, tests))}" for tests in one["polluters"]),
        *(f"without {' and then '.join(map(ref, tests))}" for tests in one["setters"]),
    ]
    kinds, shown = ", ".join(one["kind"]), one["command"] and f"fails: {one['command']}"
    why = f"{kinds}: {one['reason']}" if kinds else one["reason"]
    about = [why, *guilty, one["signature"], shown, _began(one["onset"]), _cost(one)]
    low, high = (round(1000 * end) for end in one["interval"])
    return (
        "\n".join([ref(one["nodeid"]), *filter(None, about)]),
        one["verdict"],
        one["strip"],
        f"{one['failures']} {one['runs']} {low} {high}" if one["runs"] else "",
        (one["first_failed"] or "")[:10],
        f"{excused['owner']}\nuntil {excused['expires']}" if excused else "",
        one["next"],
    )


def _began(onset: Mapping[str, Any] | None) -> str:
    if not onset:
        return ""
    until = ref(onset["until"])
    return f"began between {ref(onset['after'])} and {until}" if onset["after"] else f"began with {until} or before"


def _cost(one: Mapping[str, Any]) -> str:
    return f"cost {duration(one['lost_s'])}" if one["lost_s"] else ""


def exceptions(document: Mapping[str, Any]) -> Table:
    """Waivers and quarantine by their last day: what is overdue comes first."""
    run = document["run"]
    today = run["started"][:10] if run else ""
    rows = [
        *(_exception(one, "quarantine", one["test"], today) for one in document["quarantine"]),
        *(_exception(one, "waiver", one["fix"], today) for one in document["waivers"]),
    ]
    return Table(
        "exceptions",
        "Quarantine and waivers",
        "What is excused for a time, by its last day: what is overdue comes first.",
        (Column("Until", "day"), Column("State", "badge"), Column("What", "stack"), Column("Owner", "stack"),
         Column("Reason", "stack"), Column("Next", "next")),
        tuple(sorted(rows)),
        "Nothing is excused.",
    )  # fmt: skip


def _exception(one: Mapping[str, Any], kind: str, subject: str, today: str) -> Row:
    last = one["expires"] or ""
    state = "undated" if not (today and last) else "overdue" if last < today else "in date"
    mend = (
        "mend the test, and take it out of quarantine"
        if kind == "quarantine"
        else "bring the test, and take the waiver out"
    )
    leave = f"bugguard flaky release {shlex.quote(subject)}" if one.get("recovery") else ""
    do = f"{one['owner']}: {mend}" if state == "overdue" else leave
    return (
        last,
        state,
        f"{ref(subject) if kind == 'quarantine' else lead('fixes', short(subject), subject)}\n{kind}",
        one["owner"],
        "\n".join(filter(None, [one["reason"], one.get("recovery")])),
        do,
    )
