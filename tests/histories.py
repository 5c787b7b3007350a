"""Recorded runs in a line, for tests: ``run_of("a.", "bF")`` has ``a`` passed and ``b`` failed."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Failure, RecordedRun, Why

START_S = 1_704_067_200
"""2024-01-01T00:00:00Z."""
ENDS = {".": Outcome.PASSED, "F": Outcome.FAILED, "s": Outcome.SKIPPED, "x": Outcome.XFAILED}
FAILURE = Failure("TimeoutError", "src/shop/net.py:41", "0123456789abcdef")


def run_of(*tests: str, number: int = 1, **fields: Any) -> RecordedRun:  # noqa: ANN401 - any field of a run
    """A run of tests, each named by a letter and followed by the outcomes of its attempts: ``aF.`` was repeated.

    ``number`` makes its id and, in hours, its time; ``commit`` and ``tree`` are those of a commit of that name.
    """
    attempts = tuple(
        Attempt(f"tests/test_{test[0]}.py::test", place, ENDS[sign], "call", 0.25, failure=_failure(sign))
        for test in tests
        for place, sign in enumerate(test[1:], start=1)
    )
    usual = {
        "commit": f"{number:040x}",
        "tree": f"{number:040x}",
        "branch": "main",
        "environment": "e" * 64,
        "environment_words": "CPython 3.11.7 on linux x86_64",
    }
    where = Circumstances(**{key: fields.pop(key, value) for key, value in usual.items()})
    run = RecordedRun(f"run-{number}", Why.FIRST, START_S + 3600 * number, 60.0, where, attempts)
    return replace(run, **fields)


def _failure(sign: str) -> Failure | None:
    return FAILURE if sign == "F" else None
