"""Findings as lines that a CI server shows at the file they speak of; nothing where no such CI is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.base import Ci
from pytest_bugguard.report.escape import azure_data, azure_property, github_data, github_property

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.core.results import Finding


def annotate(findings: Sequence[Finding], ci: Ci | None) -> tuple[str, ...]:
    """One line a finding, in the language of this CI; to be printed at the start of a line each.

    GitHub shows ten of them a step and keeps the others in the log. GitLab has no such commands: it reads files.
    """
    write = _WRITERS.get(ci) if ci else None
    return tuple(write(finding) for finding in findings) if write else ()


def _github(finding: Finding) -> str:
    properties = {
        "file": finding.path,
        "line": str(finding.line) if finding.line else None,
        "title": _title(finding),
    }
    said = ",".join(f"{name}={github_property(value)}" for name, value in properties.items() if value)
    return f"::error {said}::{github_data(_message(finding))}"


def _azure(finding: Finding) -> str:
    properties = {
        "type": "error",
        "sourcepath": finding.path,
        "linenumber": str(finding.line) if finding.line else None,
        "code": _title(finding),
    }
    said = "".join(f"{name}={azure_property(value)};" for name, value in properties.items() if value)
    return f"##vso[task.logissue {said}]{azure_data(_message(finding))}"


def _title(finding: Finding) -> str:
    return f"bugguard: {finding.gate} {finding.verdict}"


def _message(finding: Finding) -> str:
    return f"{finding.message}; next: {finding.next}" if finding.next else finding.message


_WRITERS: dict[Ci, Callable[[Finding], str]] = {Ci.GITHUB: _github, Ci.AZURE: _azure}
