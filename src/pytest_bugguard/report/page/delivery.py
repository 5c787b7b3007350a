"""How does it deliver? A document to the tables of the figures and of the releases that they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bugguard.report import delivery as words
from pytest_bugguard.report.page.refs import lead, ref
from pytest_bugguard.report.page.tables import Column, Row, Table
from pytest_bugguard.report.stored import figure_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_bugguard.core.delivery import Figure

FAULT = "fault came with"
"""By these words the fixes are found whose fault was traced."""


def figures(found: Mapping[str, Any] | None) -> Table:
    """The figures of the delivery baseline, each with its rule and what it cannot know."""
    return Table(
        "delivery",
        "How it is delivered",
        "What this repository can tell of DORA's figures, with the bands of 2023, the sample and what stays unknown.",
        (Column("Figure", "stack"), Column("Band", "badge"), Column("Value", "stack"), Column("Sample", "stack"),
         Column("What it cannot know", "stack")),
        tuple(map(_figure, found["figures"])) if found else (),
        "The delivery figures need the whole history: bugguard report without a range.",
    )  # fmt: skip


def _figure(one: Mapping[str, Any]) -> Row:
    figure = figure_of(one)
    return (
        f"{words.TITLES[figure.name]}\n{figure.rule}",
        words.band(figure) or "no band",
        words.value(figure),
        _evidence(figure),
        "\n".join(figure.cannot_know),
    )


def _evidence(figure: Figure) -> str:
    """How many it rests on, and where they stand: fixes below their own heading, releases and commits by release."""
    sample = f"{figure.sample} {figure.counted}"
    if not figure.sample:
        return sample
    return lead("fixes", FAULT, sample) if figure.counted == "fixes" else lead("releases", "", sample)


def releases(found: Mapping[str, Any] | None) -> Table:
    """What the figures count: each release, and the fixes that make it a failed one."""
    rows = [_release(one) for one in found["releases"]] if found else []
    days = found["failure_days"] if found else 0
    return Table(
        "releases",
        "Releases",
        f"The releases of this time, newest first. Failed: within {days} days a fix mended lines that it was the first "
        "to carry. Too young: it has not been out for so long.",
        (Column("Date", "day"), Column("Release", "stack"), Column("State", "badge"), Column("Mended by", "stack")),
        tuple(reversed(rows)),
        "There was no release in this time.",
    )


def _release(one: Mapping[str, Any]) -> Row:
    state = "failed" if one["failed_by"] else "sound" if one["judged"] else "too young"
    fixes = "\n".join(lead("fixes", fix[:7], fix[:7]) for fix in one["failed_by"])
    return one["date"][:10], f"{one['tag']}\n{ref(one['commit'])}", state, fixes
