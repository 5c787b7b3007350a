"""Which records fail the run, and in which words. Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.model import Record, Verdict
from pytest_bugguard.core.results import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

_FAILING = frozenset({Verdict.UNGUARDED, Verdict.BROKEN, Verdict.UNPROVEN, Verdict.UNSTABLE})
_SHORT = 7


def of_records(records: Iterable[Record], *, undecided_fails: bool) -> tuple[Finding, ...]:
    """A finding for each record that fails the gate, in their order."""
    failing = _FAILING | {Verdict.UNDECIDED} if undecided_fails else _FAILING
    return tuple(_finding(record) for record in records if record.verdict in failing)


def _finding(record: Record) -> Finding:
    gate = "fixes" if record.waiver is None else "waivers"
    name = record.sha[:_SHORT] or "the staged commit"
    return Finding(
        id=f"{gate}:{record.sha or 'staged'}",
        gate=gate,
        verdict=record.verdict,
        subject=record.sha,
        message=f"{name} {record.subject}: {record.reason}",
        next=record.next,
        path=record.files.source[0] if record.files.source else None,
    )


def undecided(subject: str, reason: str, cure: str) -> Finding:
    """The finding that says that nothing could be judged: no base, no repository."""
    return Finding(subject, subject, Verdict.UNDECIDED, subject, reason, cure)
