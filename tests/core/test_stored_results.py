"""Stored results, read and laid together."""

from __future__ import annotations

import json

import pytest

from pytest_bugguard.core.stored_results import StoredResultError, merged, read
from pytest_bugguard.report.shape import to_json
from tests.samples import everything, fix, result_of


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b"[" * 100_000, id="too-deep"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b'{"schema": 2, "fixes": []}', id="of-another-schema"),
        pytest.param(b'{"schema": 1, "fixes": 3}', id="misshapen"),
        pytest.param(b'{"schema": 1, "fixes": [], "notes": "x"}', id="notes-misshapen"),
        pytest.param(b'{"schema": 1, "fixes": [], "findings": {}}', id="findings-misshapen"),
        pytest.param(b'{"schema": 1, "findings": []}', id="without-fixes"),
        pytest.param(b'{"fixes": []}', id="of-no-schema"),
    ],
)
def test_what_is_no_result_is_told_by_name(content: bytes) -> None:
    """Never a traceback for a file that somebody named."""
    with pytest.raises(StoredResultError, match=r"some\.json is no "):
        read(content, "some.json")


def test_what_was_stored_is_read() -> None:
    """What a report wrote; an older version may have known no notes and no findings."""
    whole = to_json(everything())
    assert read(whole.encode(), "some.json") == json.loads(whole)
    assert read(b'{"schema": 1, "fixes": []}', "some.json") == {"schema": 1, "fixes": []}


def test_what_one_file_lacks_another_may_have() -> None:
    """Fixes of a check and the rest of a report: nothing is said twice, nothing is lost."""
    check = json.loads(to_json(result_of(fix(), command="check", notes=("text", "only here"))))
    whole = json.loads(to_json(everything()))
    both = merged([check, whole])
    assert both["fixes"] == check["fixes"]
    assert both["summary"] == check["summary"]
    assert both["flaky"] == whole["flaky"]
    assert both["hotspots"] == whole["hotspots"]
    assert both["notes"] == ["text", "only here"]
    assert merged([whole]) == whole


def test_what_no_file_has_is_empty() -> None:
    """The first one says where it was looked, if none has fixes; what a list or a part is stays what it is."""
    both = merged([{"schema": 1, "fixes": [], "summary": one} for one in ("first", "second")])
    assert both == {
        "schema": 1, "fixes": [], "summary": "first", "findings": [], "notes": [],
        "flaky": [], "coverage": [], "modules": [], "waivers": [], "quarantine": [],
        "history": None, "measured": None, "trend": None, "hotspots": None, "delivery": None,
    }  # fmt: skip


def test_what_two_files_say_is_said_once() -> None:
    """In the order in which it is said first; a finding is the same whatever the order of its keys."""
    one = {"fixes": [], "findings": [{"id": "a", "line": 1}, {"id": "b", "line": 2}], "notes": ["x"]}
    other = {"fixes": [], "findings": [{"id": "c"}, {"line": 1, "id": "a"}], "notes": ["y", "x"]}
    both = merged([one, other])
    assert [found["id"] for found in both["findings"]] == ["a", "b", "c"]
    assert both["notes"] == ["x", "y"]
