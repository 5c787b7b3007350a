"""The part of a document on tests: the flaky ones, what the history says of them, and those in quarantine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import dates
from pytest_bugguard.core.base_ends import OnBase
from pytest_bugguard.core.estimates import CONFIDENCE, Rate
from pytest_bugguard.core.flakes import Flake, Group, Onset, Ranking, Trend
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.model import FlakeVerdict, Quarantine
from pytest_bugguard.core.paths import spelt
from pytest_bugguard.core.results import Held
from pytest_bugguard.report.shape.fixes import dump_exception
from pytest_bugguard.report.shape.values import (
    dump_rounded,
    dump_text,
    load_all,
    load_if_any,
    load_moment,
    load_path,
    load_text,
    load_texts,
)

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part


def dump_history(found: Ranking) -> dict[str, int]:
    """What the history holds besides the tests that are listed."""
    return {"runs": found.runs, "tests": found.tests, "failed": found.failed, "flaky": found.flaky}


def load_ranking(listed: object, history: Part | None) -> Ranking | None:
    """The tests that are listed, and what the history holds; None for the latter is a file of before."""
    flakes = load_all(_load_flake, listed)
    if history is None:
        unsteady = sum(flake.verdict.is_unsteady for flake in flakes)
        return Ranking(flakes, 0, len(flakes), len(flakes), unsteady) if flakes else None
    return Ranking(flakes, *(int(history[key]) for key in ("runs", "tests", "failed", "flaky")))


def dump_flake(flake: Flake) -> dict[str, Any]:
    """A test and how it behaves."""
    onset = flake.onset
    return {
        "nodeid": dump_text(flake.nodeid),
        "verdict": flake.verdict,
        "reason": dump_text(flake.reason),
        "on_base": flake.on_base,
        "met_change": flake.met_change,
        **_dump_rate(flake.rate),
        "confidence": CONFIDENCE,
        "kind": [str(kind) for kind in flake.diagnosis.kinds],
        "polluters": [list(map(dump_text, tests)) for tests in flake.diagnosis.polluters],
        "setters": [list(map(dump_text, tests)) for tests in flake.diagnosis.setters],
        "hints": list(map(dump_text, flake.hints)),
        "command": dump_text(flake.command),
        "contrast": dump_text(flake.contrast),
        "signature": dump_text(flake.signature),
        "signatures": [{"failure": dump_text(text), "count": count} for text, count in flake.signatures],
        "alike": list(map(dump_text, flake.alike)),
        "lost_s": flake.lost_s,
        "onset": onset and {"after": onset.after or None, "until": onset.until},
        "first_failed": None if flake.first_failed_s is None else dates.moment(flake.first_failed_s),
        "last_failed": None if flake.last_failed_s is None else dates.moment(flake.last_failed_s),
        "trend": flake.trend,
        "strip": flake.strip,
        "branches": [_dump_group(group) for group in flake.branches],
        "environments": [_dump_group(group) for group in flake.environments],
        "next": dump_text(flake.next),
    }


def _load_flake(one: Part) -> Flake:
    return Flake(
        nodeid=load_text(one["nodeid"]),
        verdict=FlakeVerdict(one["verdict"]),
        reason=load_text(one["reason"]),
        next=load_text(one["next"]),
        rate=_load_rate(one),
        lost_s=float(one["lost_s"]),
        signatures=tuple((load_text(row["failure"]), int(row["count"])) for row in one["signatures"]),
        onset=load_if_any(_load_onset, one["onset"]),
        first_failed_s=load_if_any(load_moment, one["first_failed"]),
        last_failed_s=load_if_any(load_moment, one["last_failed"]),
        trend=load_if_any(Trend, one["trend"]),
        strip=load_text(one["strip"]),
        branches=load_all(_load_group, one["branches"]),
        environments=load_all(_load_group, one["environments"]),
        diagnosis=Diagnosis(
            load_all(Kind, one["kind"]),
            polluters=load_all(load_texts, one["polluters"]),
            setters=load_all(load_texts, one["setters"]),
        ),
        hints=load_all(load_text, one["hints"]),
        command=load_text(one["command"]),
        contrast=load_text(one["contrast"]),
        on_base=load_if_any(OnBase, one.get("on_base")),  # a file of before has none of these three
        met_change=load_if_any(bool, one.get("met_change")),
        alike=load_texts(one.get("alike", [])),
    )


def _load_onset(onset: Part) -> Onset:
    return Onset(load_if_any(load_text, onset["after"]) or "", load_text(onset["until"]))


def _dump_group(group: Group) -> dict[str, Any]:
    return {"name": dump_text(group.name), **_dump_rate(group.rate)}


def _load_group(one: Part) -> Group:
    return Group(load_text(one["name"]), _load_rate(one))


def _dump_rate(rate: Rate) -> dict[str, Any]:
    return {
        "runs": rate.runs,
        "failures": rate.failures,
        "rate": dump_rounded(rate.observed),
        "interval": [dump_rounded(rate.low), dump_rounded(rate.high)],
    }


def _load_rate(one: Part) -> Rate:
    low, high = one["interval"]
    return Rate(int(one["failures"]), int(one["runs"]), float(low), float(high))


def dump_held(one: Held) -> dict[str, Any]:
    """A test in quarantine, and whether it can leave."""
    told = {"failed": dump_text(one.failed) or None, "recovery": dump_text(one.recovery) or None}
    return {"test": spelt(one.entry.test), **dump_exception(one.entry), **told}


def load_held(one: Part) -> Held:
    """The other way."""
    last = dt.date.fromisoformat(one["expires"])
    entry = Quarantine(load_path(one["test"]), load_text(one["owner"]), load_text(one["reason"]), last)
    return Held(entry, load_if_any(load_text, one["failed"]) or "", load_if_any(load_text, one["recovery"]) or "")
