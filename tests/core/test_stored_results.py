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
    ],
)
def test_what_is_no_result_is_told_by_name(content: bytes) -> None:
    """Never a traceback for a file that somebody named."""
    with pytest.raises(StoredResultError, match=r"some\.json is no "):
        read(content, "some.json")


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
