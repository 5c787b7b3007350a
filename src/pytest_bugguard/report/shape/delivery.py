"""The part of a document on delivery: DORA's figures, and the releases, faults and commits that they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import dates
from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.delivery import Baseline, Figure, Lead, Period, Release, Restored, Unit
from pytest_bugguard.core.faults import Traced
from pytest_bugguard.report.delivery import TITLES
from pytest_bugguard.report.shape.values import (
    dump_rounded,
    dump_text,
    load_all,
    load_if_any,
    load_moment,
    load_number,
    load_text,
)

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part


def dump_delivery(baseline: Baseline) -> dict[str, Any]:
    """The figures, with what they rest on."""
    period = baseline.period
    return {
        "first": dates.moment(period.first_s),
        "last": dates.moment(period.last_s),
        "failure_days": period.failure_days,
        "figures": [_dump_figure(figure) for figure in baseline.figures],
        "releases": [_dump_release(release) for release in baseline.releases],
        "faults": [{"fix": one.fix, "origin": one.origin, "reason": dump_text(one.reason)} for one in baseline.faults],
        "leads": [lead._asdict() for lead in baseline.leads],
        "restored": [one._asdict() for one in baseline.restored],
    }


def load_delivery(found: Part) -> Baseline:
    """The other way."""
    return Baseline(
        Period(load_moment(found["first"]), load_moment(found["last"]), int(found["failure_days"])),
        load_all(load_figure, found["figures"]),
        load_all(_load_release, found["releases"]),
        load_all(_load_traced, found["faults"]),
        load_all(_load_lead, found.get("leads", [])),  # a file of before has neither of these two
        load_all(_load_restored, found.get("restored", [])),
    )


def _load_traced(one: Part) -> Traced:
    return Traced(load_text(one["fix"]), load_if_any(load_text, one["origin"]), load_text(one["reason"]))


def _load_lead(one: Part) -> Lead:
    return Lead(load_text(one["commit"]), load_text(one["release"]), int(one["lead_s"]))


def _load_restored(one: Part) -> Restored:
    after_release, after_commit = (load_if_any(int, one[key]) for key in ("from_release_s", "from_commit_s"))
    return Restored(load_text(one["fix"]), after_release, after_commit)


def _dump_release(release: Release) -> dict[str, Any]:
    return {
        "tag": dump_text(release.tag),
        "commit": release.commit,
        "date": dates.moment(release.made_s),
        "failed_by": list(release.failed_by),
        "judged": release.is_judged,
    }


def _load_release(one: Part) -> Release:
    tag, commit, failed_by = load_text(one["tag"]), load_text(one["commit"]), load_all(load_text, one["failed_by"])
    return Release(tag, commit, load_moment(one["date"]), failed_by, bool(one["judged"]))


def _dump_figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "unit": figure.unit.value,
        "value": dump_rounded(figure.value),
        "low": dump_rounded(figure.low),
        "high": dump_rounded(figure.high),
        "band": figure.band and figure.band.value,
        "bands": [band.value for band in figure.bands],
        "sample": figure.sample,
        "counted": figure.counted,
        "rule": dump_text(figure.rule),
        "cannot_know": [dump_text(limit) for limit in figure.cannot_know],
        "reason": dump_text(figure.reason),
    }


def load_figure(one: Part) -> Figure:
    """A figure, as the page shows it too."""
    band = load_if_any(Band, one["band"])
    if one["name"] not in TITLES:
        raise ValueError(one["name"])
    return Figure(
        load_text(one["name"]),
        Unit(one["unit"]),
        load_if_any(load_number, one["value"]),
        band,
        int(one["sample"]),
        load_text(one["counted"]),
        load_text(one["rule"]),
        load_all(load_text, one["cannot_know"]),
        load_if_any(load_number, one["low"]),
        load_if_any(load_number, one["high"]),
        load_text(one["reason"]),
        load_all(Band, one.get("bands", [band] if band else [])),  # a file of before has one band alone
    )
