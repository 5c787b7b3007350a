"""What is to be typed about a test that failed in a hunt, in whatever folder one stands."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.commands import Typing, next_of
from pytest_bugguard.core.model import FlakeVerdict

TEST = "app/tests/t.py::test[a b]"
QUARANTINE = f"mend it, or quarantine it: bugguard flaky quarantine '{TEST}' --owner ... --reason ... --expires ..."


@pytest.mark.parametrize(
    ("verdict", "is_beside", "step"),
    [
        pytest.param(FlakeVerdict.FLAKY, False, QUARANTINE, id="flaky"),
        pytest.param(FlakeVerdict.ORDER_DEPENDENT, False, QUARANTINE, id="order-dependent"),
        pytest.param(
            FlakeVerdict.FAILING,
            False,
            "mend it, or what it tests: python -m pytest -o addopts= 'tests/t.py::test[a b]'",
            id="failing",
        ),
        pytest.param(
            FlakeVerdict.UNDECIDED,
            False,
            "look longer: bugguard hunt --time-budget 3600 'tests/t.py::test[a b]'",
            id="undecided",
        ),
        pytest.param(
            FlakeVerdict.UNDECIDED,
            True,
            "see whether it fails with nothing beside it: bugguard hunt --jobs 1 'tests/t.py::test[a b]'",
            id="undecided-beside-others",
        ),
    ],
)
def test_each_verdict_of_a_hunt_has_its_next_step(verdict: FlakeVerdict, is_beside: bool, step: str) -> None:
    """Node ids from where one stands, but for the quarantine, which names them from the repository's top."""
    typing = Typing(folder="app", options=("-o", "addopts="))
    assert next_of(TEST, verdict, typing, is_beside=is_beside) == step
