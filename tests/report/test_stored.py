"""A stored document is as good as the result that it was written from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard import report
from pytest_bugguard.core.model import FlakeVerdict, RuleVerdict, Verdict
from pytest_bugguard.core.results import Finding
from pytest_bugguard.report.page import to_html
from pytest_bugguard.report.shape import dump_result, to_json
from pytest_bugguard.report.shape import load_result as read
from tests.busy import busy
from tests.report.test_formats_of_others import RESULTS
from tests.samples import HOSTILE, everything, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.results import Result
    from pytest_bugguard.report.spans import Line

ODD: tuple[Any, ...] = (3, -1.5, "x", None, True, [], {}, ["a"])
FORMS = ("json", "markdown", "sarif", "gitlab", "junit", "junit-gitlab")


COMMANDS = ("audit", "check", "prove", "pytest", "report", "explain", "flaky list", "flaky show", "hunt")


def _texts(result: Result) -> list[tuple[Line, ...]]:
    """What each command says of it in a terminal, briefly and in full."""
    return [
        report.lines(replace(result, command=command), width=100, shows_all=shows_all)
        for command in COMMANDS
        for shows_all in (False, True)
    ]


def stored(result: Result) -> Any:  # noqa: ANN401 - JSON
    return json.loads(to_json(result))


@pytest.mark.parametrize("result", [*RESULTS[:3], *(everything(text) for text in HOSTILE if "\ud800" not in text)])
def test_every_format_gives_the_same_bytes(result: Result) -> None:
    """Nothing that a format shows is lost on the way, whatever stands in the texts."""
    again = read(stored(result))
    for form in FORMS:
        assert report.document(again, form) == report.document(result, form)
    assert _texts(again) == _texts(result)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_the_same(command: str) -> None:
    """In Markdown, whose words depend on what was asked."""
    result = replace(everything(), command=command)
    assert report.document(read(stored(result)), "markdown") == report.document(result, "markdown")


@pytest.mark.parametrize("verdict", [Verdict.UNDECIDED, RuleVerdict.UNMET, FlakeVerdict.FAILING, FlakeVerdict.FLAKY])
def test_findings_of_every_gate_keep_their_order(verdict: Verdict | RuleVerdict | FlakeVerdict) -> None:
    """The worst first, by what each gate says."""
    found = [Finding(f"x:{one}", "x", one, f"x{one}", "m", "n") for one in (Verdict.UNGUARDED, verdict, Verdict.WEAK)]
    result = result_of(findings=tuple(found))
    assert read(stored(result)).findings == result.findings
    assert report.document(read(stored(result)), "sarif") == report.document(result, "sarif")


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("repository", "head"), 3),
        (("fixes", 0, "sha"), ["a"]),
        (("findings", 0, "path"), {}),
        (("waivers", 0, "fix"), None),
        (("quarantine", 0, "failed"), True),
        (("delivery", "figures", 0, "value"), "x"),
        (("delivery", "figures"), {}),
        (("delivery", "figures", 0, "name"), "x"),
        (("coverage", 0, "threshold"), None),
        (("fixes", 0, "tests", 0, "red"), []),
        (("trend", "quarters"), {}),
        (("fixes",), {}),
    ],
)
def test_a_value_of_another_kind_is_refused(place: tuple[Any, ...], value: object) -> None:
    """As it is read, not where a format meets it."""
    document = holder = stored(everything())
    *way, key = place
    for step in way:
        holder = holder[step]
    holder[key] = value
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        read(document)


@settings(max_examples=60)
@given(st.data())
def test_a_forged_field_is_refused_or_shown(data: st.DataObject) -> None:
    """Whatever stands in a place of the document: no format comes to grief over it."""
    document = stored(everything())
    holder, key = data.draw(st.sampled_from(list(_places(document))))
    holder[key] = data.draw(st.sampled_from(ODD))
    try:
        result = read(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    assert [report.document(result, form) for form in FORMS]
    assert _texts(result)
    assert to_html(dump_result(result))


def _places(part: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place of a value in a document, as the container that holds it and its key there."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        yield part, key
        if isinstance(value, dict | list):
            yield from _places(value)


def test_a_file_of_before_can_still_be_read() -> None:
    """What came later under the same schema number may be missing."""
    whole = stored(busy(5, 5, 5))
    for key in ("history", "measured"):
        del whole[key]
    del whole["repository"]["web"], whole["flaky"][0]["alike"]
    assert read(whole).ranking is not None
    assert _texts(read(whole))


def test_a_delivery_without_figures_is_shown_as_one() -> None:
    """A stored list may be empty."""
    document = stored(everything())
    document["delivery"]["figures"] = []
    assert _texts(read(document))
    assert to_html(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("fixes", 0, "verdict"), "guilty", id="no-such-verdict"),
        pytest.param(("fixes", 0, "subject"), 7, id="no-text"),
        pytest.param(("fixes", 0, "date"), "yesterday", id="no-date"),
        pytest.param(("repository", "web"), "javascript:alert(1)", id="no-address"),
        pytest.param(("flaky", 0, "interval"), [], id="no-interval"),
        pytest.param(("delivery", "figures", 0, "unit"), "miles", id="no-unit"),
    ],
)
def test_what_is_no_result_is_refused(path: tuple[str | int, ...], value: object) -> None:
    """A wrong field is an error, never something half read."""
    whole = part = stored(everything())
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises((ValueError, TypeError, KeyError)):
        read(whole)
