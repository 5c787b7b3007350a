"""Which failures are of a kind: what changes from run to run does not tell them apart, what went wrong does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.failures import digest_of, failure_of, normalised
from pytest_bugguard.core.recorded_runs import Failure
from pytest_bugguard.core.runs import Frame, Raised


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("no answer in 34.2 s", "no answer in # s", id="numbers"),
        pytest.param("<Pool at 0x7f3a2b> is\n  closed", "<Pool at #> is closed", id="address-and-lines"),
        pytest.param("/tmp/pytest-of-ann/pytest-12/x0/a.db is locked", "# is locked", id="path"),
        pytest.param(r"C:\Users\ann\AppData\a.db is locked", "# is locked", id="path-of-windows"),
        pytest.param("job 123e4567-e89b-12d3-a456-426614174000 lost", "job # lost", id="uuid"),
        pytest.param("at 2026-11-25T22:14:06", "at #-#-#T#", id="time"),
        pytest.param("commit 1c0ffee2 is gone", "commit # is gone", id="commit"),
        pytest.param("the facade is defaced", "the facade is defaced", id="words-of-hexadecimal-letters"),
    ],
)
def test_what_changes_from_run_to_run_is_taken_out(message: str, expected: str) -> None:
    """And no word of what went wrong."""
    assert normalised(message) == expected


def test_what_went_wrong_tells_failures_apart() -> None:
    """Two ports, one failure; two reasons, two failures."""
    assert digest_of("port 8080 is taken") == digest_of("port 9090 is taken") != digest_of("port 8080 is closed")


@given(st.text(st.characters()))
def test_any_text_has_a_digest(message: str) -> None:
    """Lone surrogates included: messages are made by tests."""
    assert len(digest_of(message)) == 16


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        pytest.param("builtins.AssertionError", "assert 1 == 2", ("AssertionError", "assert 1 == 2"), id="assert"),
        pytest.param("builtins.AssertionError", "no page", ("AssertionError", "AssertionError: no page"), id="said"),
        pytest.param("shop.net.GoneError", "", ("GoneError", "shop.net.GoneError"), id="silent"),
        pytest.param("_pytest.outcomes.Failed", "too late", ("Failed", "Failed: too late"), id="pytest-fail"),
    ],
)
def test_a_failure_seen_in_a_run_of_ours_is_the_one_that_pytest_reports(
    kind: str, message: str, expected: tuple[str, str]
) -> None:
    """Type, the deepest frame in the project (not in what is installed there), and the text that pytest prints."""
    frames = (Frame("t.py", 3, "test", True), Frame(".venv/lib/x.py", 9, "f", True), Frame("/lib/y.py", 1, "g", False))
    assert failure_of(Raised(kind, (kind,), message, frames)) == Failure(expected[0], "t.py:3", digest_of(expected[1]))
