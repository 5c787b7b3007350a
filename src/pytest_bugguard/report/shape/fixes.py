"""The part of a document on fixes: what they are, their tests, and what is accepted for them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core import dates, model
from pytest_bugguard.core.paths import spelt
from pytest_bugguard.report.shape.values import (
    dump_text,
    load_all,
    load_if_any,
    load_moment,
    load_path,
    load_text,
)

if TYPE_CHECKING:
    from pytest_bugguard.report.shape.values import Part


def dump_fix(record: model.Record) -> dict[str, Any]:
    """A unit that was asked about, a fix or not."""
    return {
        "sha": record.sha or None,
        "parents": list(record.parents),
        "subject": dump_text(record.subject),
        "date": dates.moment(record.committed_s) if record.sha else None,
        "is_fix": record.is_fix,
        **_dump_recognition(record.recognition),
        "other_signs": [
            {"is_fix": isinstance(sign, model.Sign), **_dump_recognition(sign)} for sign in record.other_signs
        ],
        "issues": [dump_text(issue) for issue in record.issues],
        "files": {
            "source": [spelt(path) for path in record.files.source],
            "test": [spelt(path) for path in record.files.test],
            "neutral": [spelt(path) for path in record.files.neutral],
        },
        "tests": [_dump_test(test) for test in record.tests],
        "unreadable": [{"path": spelt(file.path), "reason": dump_text(file.reason)} for file in record.unreadable],
        "verdict": record.verdict.value,
        "reason": dump_text(record.reason),
        "next": dump_text(record.next),
        "waiver": record.waiver and dump_exception(record.waiver),
        "hunks": [_dump_hunk(hunk) for hunk in record.hunks],
    }


def load_fix(one: Part) -> model.Record:
    """The other way."""
    files = one["files"]
    return model.Record(
        sha=load_if_any(load_text, one["sha"]) or "",
        parents=load_all(load_text, one["parents"]),
        subject=load_text(one["subject"]),
        committed_s=load_if_any(load_moment, one["date"]) or 0,
        recognition=_load_recognition(one),
        issues=load_all(load_text, one["issues"]),
        files=model.Files(*(load_all(load_path, files[side]) for side in ("source", "test", "neutral"))),
        tests=load_all(_load_test, one["tests"]),
        unreadable=load_all(_load_unreadable, one["unreadable"]),
        verdict=model.Verdict(one["verdict"]),
        reason=load_text(one["reason"]),
        next=load_text(one["next"]),
        waiver=load_if_any(_load_waiver, one["waiver"]),
        other_signs=load_all(_load_recognition, one["other_signs"]),
        hunks=load_all(_load_hunk, one["hunks"]),
    )


def _dump_recognition(recognition: model.Recognition) -> dict[str, Any]:
    where = dump_text(recognition.where) if isinstance(recognition, model.Sign) else ""
    return {"rule": recognition.rule, "evidence": dump_text(recognition.matched), "where": where}


def _load_recognition(sign: Part) -> model.Recognition:
    rule, matched = load_text(sign["rule"]), load_text(sign["evidence"])
    return model.Sign(rule, matched, load_text(sign["where"])) if sign["is_fix"] else model.NotAFix(rule, matched)


def _load_unreadable(file: Part) -> model.Unreadable:
    return model.Unreadable(load_path(file["path"]), load_text(file["reason"]))


def _dump_test(test: model.MappedTest) -> dict[str, Any]:
    return {
        "nodeid": spelt(test.nodeid),
        "change": test.change.value,
        "counts": test.counts,
        "reason": dump_text(test.reason),
        "before": test.before and test.before.value,
        "after": test.after and test.after.value,
        "red": test.red and _dump_red(test.red),
    }


def _load_test(test: Part) -> model.MappedTest:
    return model.MappedTest(
        load_path(test["nodeid"]),
        model.How(test["change"]),
        counts=bool(test["counts"]),
        reason=load_text(test["reason"]),
        after=load_if_any(model.Outcome, test["after"]),
        before=load_if_any(model.Outcome, test["before"]),
        red=load_if_any(_load_red, test["red"]),
    )


def _dump_red(red: model.Red) -> dict[str, Any]:
    return {"kind": red.kind.value, "message": dump_text(red.message), "where": dump_text(red.where)}


def _load_red(red: Part) -> model.Red:
    return model.Red(model.RedKind(red["kind"]), load_text(red["message"]), load_text(red["where"]))


def _dump_hunk(hunk: model.HeldHunk) -> dict[str, Any]:
    return {
        "path": spelt(hunk.path),
        "first": hunk.first,
        "last": hunk.last,
        "held": bool(hunk.tests) if hunk.is_told else None,
        "tests": [spelt(nodeid) for nodeid in hunk.tests],
    }


def _load_hunk(hunk: Part) -> model.HeldHunk:
    tests = load_all(load_path, hunk["tests"])
    return model.HeldHunk(
        load_path(hunk["path"]), int(hunk["first"]), int(hunk["last"]), tests, is_told=hunk["held"] is not None
    )


def dump_exception(accepted: model.Waiver | model.Quarantine) -> dict[str, Any]:
    """Who owns what is accepted, why, and until when."""
    return {
        "owner": dump_text(accepted.owner),
        "reason": dump_text(accepted.reason),
        "expires": accepted.expires and accepted.expires.isoformat(),
    }


def dump_waived(waiver: model.Waiver) -> dict[str, Any]:
    """A waiver of the settings, by the fix as they name it."""
    return {"fix": dump_text(waiver.fix), **dump_exception(waiver)}


def load_waived(one: Part) -> model.Waiver:
    """The other way."""
    return _load_waiver(one, load_text(one["fix"]))


def _load_waiver(one: Part, fix: str = "") -> model.Waiver:
    expires = load_if_any(dt.date.fromisoformat, one["expires"])
    return model.Waiver(fix, load_text(one["owner"]), load_text(one["reason"]), expires)
