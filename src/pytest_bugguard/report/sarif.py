"""A result as SARIF 2.1.0 (OASIS), for code scanning: relative addresses, the same fingerprints in every run.

GitHub keeps the first 5,000 results of a file and refuses one with more than 25,000, so no more are written than it
keeps; the file says how many were left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_bugguard.core.paths import raw
from pytest_bugguard.report.escape import safe_text
from pytest_bugguard.report.issues import issues
from pytest_bugguard.report.version import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.results import Result
    from pytest_bugguard.report.issues import Issue

CAP = 5_000
_GATES = {
    "fixes": (
        "A bug fix brings a test that fails without it.",
        "Add a test that fails without the fix, name one in a trailer (Regression-Test: NODEID), or waive the fix.",
    ),
    "waivers": (
        "A waiver holds until its last day.",
        "Bring the test and take the waiver out, or agree on a new date.",
    ),
    "quarantine": (
        "A quarantine holds until its last day.",
        "Mend the test and take it out of quarantine, or agree on a new date.",
    ),
    "proofs": ("A test that proves a fix keeps what it demands.", "Keep it, or let another test guard that fix."),
    "coverage": ("The coverage rules of the settings are met.", "Run the statements that are named, by a test."),
    "flaky": ("A test tells the same thing twice.", "Mend the test, beginning with its commonest failure."),
}
"""What each gate asks for, and what helps."""
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(result: Result) -> str:
    """The result as one SARIF log of one run."""
    found = issues(result)
    shown = found[:CAP]
    rules = sorted({issue.rule for issue in shown})
    run = {
        "tool": {
            "driver": {
                "name": "pytest-bugguard",
                "version": version(),
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The top level of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": text}} for text in _notes(result, len(found) - len(shown))
                ],
            }
        ],
        "results": [_result(issue, rules.index(issue.rule)) for issue in shown],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _rule(rule: str) -> dict[str, Any]:
    """With all that GitHub's code scanning asks for (rule GH2012 of Microsoft's SARIF validator)."""
    gate, _, verdict = rule.partition("/")
    asked, cure = _GATES.get(gate, ("Nothing could be judged.", "Each result says what to do next."))
    return {
        "id": rule,
        "shortDescription": {"text": f"The gate {gate} says {verdict}."},
        "fullDescription": {"text": asked},
        "help": {"text": cure},
    }


def _notes(result: Result, left_out: int) -> Iterator[str]:
    if left_out:
        yield f"{left_out} more results do not fit in here: --format json has them all"
    yield from map(safe_text, result.notes)


def _result(issue: Issue, rule: int) -> dict[str, Any]:
    place = {"locations": [_location(issue.path, issue.line)]} if issue.path is not None else {}
    return {
        "ruleId": issue.rule,
        "ruleIndex": rule,
        "level": issue.level.value,
        "message": {"text": issue.message},
        **place,
        "partialFingerprints": {"bugguard/v1": issue.fingerprint},
    }


def _location(path: str, line: int | None) -> dict[str, Any]:
    artifact = {"uri": quote(raw(path)), "uriBaseId": "SRCROOT"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line or 1}}}
