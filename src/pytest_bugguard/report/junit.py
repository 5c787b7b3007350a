"""A result as JUnit XML, as Jenkins, GitLab and most others read it: a test case for each fix, rule and finding.

GitLab shows the file of a test case that has an attribute ``file``. No schema knows it, and Jenkins' xUnit plugin
refuses the whole report for it (its ``junit-10.xsd``), so only the variant for GitLab has it.
"""

from __future__ import annotations

from html import escape  # as XML needs it, and without xml.sax, which brings all of urllib
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.model import RuleVerdict, Verdict
from pytest_bugguard.report import words
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.coverage_verdict import Judged
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import Record, Said
    from pytest_bugguard.core.results import Finding, Result

_OUTCOMES: dict[Said, str] = {
    Verdict.PROVEN: "",
    Verdict.GUARDED: "",
    Verdict.WAIVED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.UNDECIDED: "error",
    RuleVerdict.MET: "",
    RuleVerdict.UNDECIDED: "error",
}
"""What a verdict is as a test; a failure where it is not in here."""


class _Case(Struct, frozen=True):
    group: str
    name: str
    outcome: str
    """``failure``, ``error``, ``skipped``, or nothing where it passed."""
    kind: str
    message: str
    detail: str
    path: str | None


def to_junit(result: Result) -> str:
    """The result as one suite. What lacks something but fails nothing is skipped."""
    return _suite(result, names_files=False)


def to_gitlab_junit(result: Result) -> str:
    """The same, with the files that test cases speak of."""
    return _suite(result, names_files=True)


def _suite(result: Result, *, names_files: bool) -> str:
    cases = tuple(_cases(result))
    counts = {kind: sum(case.outcome == kind for case in cases) for kind in ("failure", "error", "skipped")}
    totals = (
        f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}" skipped="{counts["skipped"]}"'
    )
    name = _attribute(f"bugguard {result.command}")
    listed = "".join(_written(case, names_files=names_files) for case in cases)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
        f'<testsuite name={name} {totals} time="0">\n{listed}</testsuite>\n</testsuites>\n'
    )


def _written(case: _Case, *, names_files: bool) -> str:
    file = "" if case.path is None or not names_files else f" file={_attribute(case.path)}"
    head = f'<testcase classname={_attribute(case.group)} name={_attribute(case.name)}{file} time="0"'
    said = f"message={_attribute(case.message)}"
    match case.outcome:
        case "":
            return f"{head}/>\n"
        case "skipped":
            return f"{head}><skipped {said}/></testcase>\n"
        case outcome:
            kind = _attribute(case.kind)
            detail = escape(safe_text(case.detail))
            return f"{head}><{outcome} type={kind} {said}>{detail}</{outcome}></testcase>\n"


def _attribute(text: str) -> str:
    return f'"{escape(safe_text(text))}"'


def _cases(result: Result) -> Iterator[_Case]:
    failing = {finding.subject for finding in result.findings}
    for record in filter(words.is_shown, result.records):
        yield _of_record(record, fails=record.sha in failing)
    judged = result.coverage.judged if result.coverage else ()
    is_strict = any(finding.gate == "coverage" for finding in result.findings)
    yield from (_of_rule(rule, fails=is_strict) for rule in judged)
    yield from map(_of_flake, result.ranking.flakes if result.ranking else ())
    for finding in words.loose_findings(result):
        if finding.gate != "coverage" or not judged:
            yield _of_finding(finding)


def _of_record(record: Record, *, fails: bool) -> _Case:
    return _Case(
        "bugguard.fixes",
        f"{words.short(record.sha)} {record.subject}",
        _outcome(record.verdict, fails=fails),
        record.verdict,
        f"{record.verdict}: {words.why(record)}",
        f"next: {record.next}" if record.next else "",
        next(iter(record.files.source), None),
    )


def _outcome(verdict: Verdict | RuleVerdict, *, fails: bool) -> str:
    """What it is as a test: what fails no run of ours is skipped, and its message tells."""
    outcome = _OUTCOMES.get(verdict, "failure")
    return outcome if fails or not outcome else "skipped"


def _of_rule(rule: Judged, *, fails: bool) -> _Case:
    measured = f"{rule.metric} {rule.count.covered} of {rule.count.total}"
    said = "; ".join(filter(None, [rule.reason, measured, *(place.note for place in rule.missing)]))
    return _Case(
        "bugguard.coverage",
        f"{rule.rule} {rule.metric}: {rule.path or 'all files'}",
        _outcome(rule.verdict, fails=fails),
        rule.verdict,
        f"{rule.verdict}: {said}",
        f"next: {rule.next}" if rule.next else "",
        rule.path,
    )


def _of_flake(flake: Flake) -> _Case:
    outcome = "skipped" if flake.verdict in words.DOUBTFUL else ""
    return _Case("bugguard.flaky", flake.nodeid, outcome, flake.verdict, f"{flake.verdict}: {flake.reason}", "",
                 flake.nodeid.partition("::")[0])  # fmt: skip


def _of_finding(finding: Finding) -> _Case:
    return _Case(
        f"bugguard.{finding.gate}",
        finding.subject,
        _OUTCOMES.get(finding.verdict, "failure"),
        finding.verdict,
        finding.message,
        f"next: {finding.next}" if finding.next else "",
        finding.path,
    )
