"""A result as GitLab's code quality report: the part of Code Climate's format that merge requests show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_bugguard.report.escape import safe_text
from pytest_bugguard.report.issues import Level, issues

if TYPE_CHECKING:
    from pytest_bugguard.core.results import Result

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def to_gitlab(result: Result) -> str:
    """The result as a list of violations. GitLab needs a file for each: ``.`` stands for the repository as a whole."""
    rows = [
        {
            "description": issue.message,
            "check_name": issue.rule,
            "fingerprint": issue.fingerprint,
            "severity": _SEVERITIES[issue.level],
            "location": {
                "path": "." if issue.path is None else safe_text(issue.path),
                "lines": {"begin": issue.line or 1},
            },
        }
        for issue in issues(result)
    ]
    return json.dumps(rows, indent=2, ensure_ascii=True) + "\n"
