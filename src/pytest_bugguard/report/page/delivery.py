"""How does it deliver? A document to the tables of the figures and of the releases that they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.delivery import DAY_S
from pytest_bugguard.core.model import short
from pytest_bugguard.report import delivery as words
from pytest_bugguard.report.page.refs import lead, ref
from pytest_bugguard.report.page.tables import Column, Row, Table
from pytest_bugguard.report.shape.delivery import load_figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_bugguard.core.delivery import Figure

_CURED = {"from_release_s": "cured after release", "from_commit_s": "cured after commit"}
"""By these words the fixes are found that a time to restore is the median of."""


def cures(found: Mapping[str, Any] | None) -> dict[str, tuple[str, ...]]:
    """How long the fault of a fix was there, by fix."""
    return {one["fix"]: tuple(_cured(one)) for one in (found["restored"] if found else ())}


def _cured(one: Mapping[str, Any]) -> Iterator[str]:
    for key, said in _CURED.items():
        if one[key] is not None:
            yield f"{said}: {one[key] / DAY_S:.1f} days"


def figures(found: Mapping[str, Any] | None, fixes: Table) -> Table:
    """The figures of the delivery baseline, each with its rule and what it cannot know.

    ``fixes``: where what they count is looked for.
    """
    texts = fixes.texts
    return Table(
        "delivery",
        "How it is delivered",
        "What this repository can tell of DORA's figures, with the bands of 2023, the sample and what stays unknown.",
        (Column("Figure", "stack"), Column("Band", "badge"), Column("Value", "text"), Column("Sample", "text"),
         Column("What it cannot know", "lines")),
        tuple(_figure(one, found, texts) for one in found["figures"]) if found else (),
        "The delivery figures need the whole history: bugguard report without a range.",
    )  # fmt: skip


def _figure(one: Mapping[str, Any], found: Mapping[str, Any], texts: list[str]) -> Row:
    figure = load_figure(one)
    return (
        f"{words.TITLES[figure.name]}\n{figure.rule}",
        words.band(figure) or "not known",
        words.value(figure),
        _evidence(figure, found, texts),
        "\n".join(figure.cannot_know),
    )


def _evidence(figure: Figure, found: Mapping[str, Any], texts: list[str]) -> str:
    """How many it rests on, and where they stand; nowhere, if a search finds another number of fixes."""
    sample = f"{figure.sample} {figure.counted}"
    if not figure.sample:
        return sample
    match figure.counted:
        case "fixes":
            said = _CURED["from_release_s" if figure.name == "restore-from-release" else "from_commit_s"]
            named = sum(all(word in text for word in said.split()) for text in texts)
            return lead("fixes", said, sample) if named == figure.sample else sample
        case "commits":
            return lead("leads", "", sample) if found["leads"] else sample
        case _:
            return lead("releases", "", sample)


def releases(found: Mapping[str, Any] | None) -> Table:
    """What the figures count: each release, and the fixes that make it a failed one."""
    rows = [_release(one) for one in found["releases"]] if found else []
    days = found["failure_days"] if found else 0
    return Table(
        "releases",
        "Releases",
        f"The releases of this time, newest first. Failed: within {days} days a fix mended lines that it was the first "
        "to carry. Too young: it has not been out for so long.",
        (Column("Date", "day"), Column("Release", "text"), Column("State", "badge"), Column("Mended by", "text")),
        tuple(reversed(rows)),
        "There was no release in this time.",
    )


def _release(one: Mapping[str, Any]) -> Row:
    state = "failed" if one["failed_by"] else "sound" if one["judged"] else "too young"
    fixes = " ".join(lead("fixes", short(fix), short(fix)) for fix in one["failed_by"])
    return one["date"][:10], f"{one['tag']} {ref(one['commit'])}", state, fixes


def leads(found: Mapping[str, Any] | None) -> Table:
    """What the lead time is the median of: each commit, with the release that it waited for."""
    tags = {one["commit"]: one for one in (found["releases"] if found else ())}
    ordered = sorted(found["leads"] if found else (), key=lambda one: -one["lead_s"])
    (whole,) = [one["sample"] for one in (found["figures"] if found else ()) if one["name"] == "lead-time"] or [0]
    shown = f" Of {whole} commits these are the {len(ordered)} of the newest releases." if len(ordered) < whole else ""
    return Table(
        "leads",
        "From commit to release",
        f"Each commit with the first release that has it: the longest on their way first.{shown}",
        (Column("Released", "day"), Column("Release", "text"), Column("Commit", "text"),
         Column("Days on its way", "number")),
        tuple(_lead(one, tags) for one in ordered),
        "No commit was released in this time.",
    )  # fmt: skip


def _lead(one: Mapping[str, Any], tags: Mapping[str, Mapping[str, Any]]) -> Row:
    release = tags.get(one["release"], {"date": "", "tag": short(one["release"])})
    return release["date"][:10], release["tag"], ref(one["commit"]), f"{one['lead_s'] / DAY_S:.1f}"
