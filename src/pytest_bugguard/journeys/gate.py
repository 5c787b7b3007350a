"""What a run of the tests says of a fix that seemed guarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core import collection, verdict
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.outcomes import seen_in_run

if TYPE_CHECKING:
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.outcomes import Outcomes


def after_run(record: Record, outcomes: Outcomes) -> Record:
    """The record with how each of its tests ended; judged again where its verdict leans on them."""
    record = _collected_after_all(record, outcomes)
    rows = [(test, row) for test in record.tests for row in seen_in_run(test, outcomes)]
    ran = replace(record, tests=tuple(row for _, row in rows))
    if record.verdict is not Verdict.GUARDED:
        return ran
    leant_on = tuple(row for test, row in rows if test.counts)
    said = verdict.judge_run(replace(ran, tests=leant_on))
    return replace(ran, verdict=said.verdict, reason=said.reason, next=said.next)


def _collected_after_all(record: Record, outcomes: Outcomes) -> Record:
    """The record with those tests counted that a plain ``pytest`` never collects, and this run did."""
    tests = tuple(
        replace(test, counts=True, reason="")
        if test.reason.startswith(collection.NEVER) and outcomes.of(test.nodeid)
        else test
        for test in record.tests
    )
    counted = replace(record, tests=tests)
    if tests == record.tests or record.verdict is not Verdict.UNGUARDED:
        return counted
    said = verdict.judge_tests(counted)
    return replace(counted, verdict=said.verdict, reason=said.reason, next=said.next)
