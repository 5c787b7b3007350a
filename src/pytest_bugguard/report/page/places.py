"""Where is it brittle? A document to the tables of coverage and of where to invest."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.coverage_findings import passed_over
from pytest_bugguard.core.model import short
from pytest_bugguard.report.page.evidence import GUARDED
from pytest_bugguard.report.page.refs import lead, ref, within
from pytest_bugguard.report.page.tables import Column, Row, Table, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Judged = Mapping[str, Any]

_WORST = ("unmet", "undecided", "met", "no gate")


def coverage(document: Mapping[str, Any]) -> Table:
    """Each module with what is asked of it, and each rule that speaks of several."""
    asked: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in document["coverage"]:
        asked[one["path"] or ""].append(one)
    rows = [_rule(one) for one in asked.pop("", [])]
    rows += [_module(module, asked.pop(module["path"], [])) for module in document["modules"]]
    rows += [_rule(one) for rules in asked.values() for one in rules]
    return Table(
        "coverage",
        "Coverage by module",
        "How much of each file the tests ran, with what its gates and floors ask: what is not met first.",
        (Column("Where", "stack"), Column("State", "badge"), Column("Lines", "bar"), Column("Branches", "bar"),
         Column("Not run", "number"), Column("Floor", "number"), Column("Next", "next")),
        tuple(sorted(rows, key=lambda row: (_WORST.index(row[1]), -int(row[4] or 0), row[0]))),
        "No coverage was measured: pytest --cov, and then bugguard report.",
    )  # fmt: skip


def _module(module: Mapping[str, Any], rules: Sequence[Judged]) -> Row:
    line, branch = module["line"], module["branch"]
    floor = module["floor"]
    return (
        "\n".join([ref(module["path"]), *(_said(rule, of=module["path"]) for rule in rules)]),
        min((rule["verdict"] for rule in rules), key=_WORST.index, default="no gate"),
        _bar(line, _threshold(rules, "line")),
        _bar(branch, _threshold(rules, "branch")) if branch and branch["total"] else "",
        str(line["total"] - line["covered"]),
        "" if floor is None else str(floor),
        next((rule["next"] for rule in rules if rule["verdict"] != "met" and rule["next"]), ""),
    )


def _rule(one: Judged) -> Row:
    """A rule that speaks of several files, or of one that was not measured."""
    bar = _bar(one, one["threshold"] if one["metric"] != "missing" else None) if one["total"] else ""
    is_branch = one["metric"] == "branch"
    missing = one["total"] - one["covered"]
    return (
        f"{ref(one['path']) if one['path'] else one['rule']}\n{_said(one)}",
        one["verdict"],
        "" if is_branch else bar,
        bar if is_branch else "",
        "" if is_branch else str(missing),
        "",
        one["next"],
    )


def _said(one: Judged, of: str = "") -> str:
    """``of``: the file that the row speaks of; it is not named again."""
    places = [("" if place["path"] == of else ref(place["path"]), place["note"]) for place in one["missing"][:3]]
    missing = "; ".join(filter(None, (": ".join(filter(None, place)) for place in places)))
    parts = [
        one["rule"],
        one["metric"],
        one["place"],
        one["reason"],
        missing and f"{passed_over(one['metric'])}: {missing}",
    ]
    return ", ".join(filter(None, parts))


def _threshold(rules: Iterable[Judged], metric: str) -> float | None:
    asked = [rule["threshold"] for rule in rules if rule["metric"] == metric and rule["threshold"] is not None]
    return max(asked, default=None)


def _bar(count: Mapping[str, Any], threshold: float | None) -> str:
    asked = "" if threshold is None else f" {round(10 * threshold)}"
    return f"{count['covered']} {count['total']}{asked}"


def hotspots(document: Mapping[str, Any], fixes: Table) -> Table:
    """Where fixes cluster, against what guards the place: where an hour of testing buys most.

    ``fixes``: where those of a place are listed, found by ``within`` it.
    """
    covered = _covered(document["modules"])
    rows = [_hotspot(one, covered.get(one["path"]), fixes) for one in _places(document)]
    return Table(
        "hotspots",
        "Where to invest",
        "Places by the weight of their fixes (one of today weighs 1, one of 180 days ago half of that), less the part "
        "that is both guarded and covered.",
        (Column("Place", "stack"), Column("To gain", "number"), Column("Fixes", "number"), Column("Guarded", "bar"),
         Column("Covered", "bar"), Column("Newest fix", "text")),
        tuple(sorted(rows, key=lambda row: (-float(row[1]), row[0]))),
        "No fix touched a source file.",
    )  # fmt: skip


def fixed(document: Mapping[str, Any], rows: Sequence[str | None]) -> dict[str, tuple[int, ...]]:
    """Which rows are the fixes of each place, by the word that finds them.

    ``rows``: the commit of each.
    """
    row_of = {sha: row for row, sha in enumerate(rows)}
    return {
        within(one["path"]): tuple(row_of[sha] for sha in one["fixed_by"] if sha in row_of) for one in _places(document)
    }


def _places(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    found = document["hotspots"]
    return (*found["files"], *found["folders"]) if found else ()


def _hotspot(one: Mapping[str, Any], covered: tuple[int, int] | None, fixes: Table) -> Row:
    guarded = one["guarded"] / one["judged"] if one["judged"] else 0.0
    share = covered[0] / covered[1] if covered and covered[1] else 1.0
    return (
        ref(one["path"]),
        f"{one['weight'] * (1 - guarded * share):.2f}",
        _lead(fixes, one, one["fixes"], str(one["fixes"])),
        _part(one["guarded"], one["judged"], lambda said: _lead(fixes, one, one["guarded"], said, GUARDED)),
        _part(*(covered or (0, 0)), lambda said: lead("coverage", one["path"], said)),
        lead("fixes", short(one["newest"]), short(one["newest"])),
    )


def _part(part: int, whole: int, led: Callable[[str], str]) -> str:
    """A bar whose counts lead to what they count; nothing where there is nothing of it."""
    return f"{part} {whole}\n{led(f'{part} of {whole}')}" if whole else ""


def _lead(fixes: Table, place: Mapping[str, Any], count: int, said: str, view: View | None = None) -> str:
    """To the fixes of a place; nowhere where the table has another number of them."""
    word, verdict = within(place["path"]), fixes.badge or 0
    rows = [fixes.rows[row] for row in fixes.found_by.get(word, ())]
    shown = [row for row in rows if view is None or row[verdict] in view.badges]
    return lead("fixes", word, said, fixes.choice(view) if view else "") if len(shown) == count > 0 else said


def _covered(modules: Iterable[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Statements that ran, and all, by file and by folder."""
    found: dict[str, tuple[int, int]] = {}
    for module in modules:
        folder = f"{module['path'].rpartition('/')[0] or '.'}/"
        for place in (module["path"], folder):
            ran, total = found.get(place, (0, 0))
            found[place] = ran + module["line"]["covered"], total + module["line"]["total"]
    return found
