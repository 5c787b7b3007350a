"""What of a result belongs before somebody's eyes, as one list for the formats of other tools: worst first."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.results import WORST_FIRST
from pytest_bugguard.report import words
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import Record, Said
    from pytest_bugguard.core.results import Finding, Result

_LONG = 2000
"""Signs of a message that are kept: these files have limits of their own."""


class Level(StrEnum):
    """How much it asks for attention."""

    ERROR = "error"
    """It fails the run."""
    WARNING = "warning"
    """It lacks something, in a result that fails nothing."""
    NOTE = "note"
    """It is excused."""


_LEVELS = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTE: 2}
_OF_SURVEY: dict[Verdict, Level] = {
    verdict: Level.NOTE if verdict is Verdict.WAIVED else Level.WARNING
    for verdict in WORST_FIRST
    if verdict not in {Verdict.GUARDED, Verdict.PROVEN, Verdict.NOT_APPLICABLE}
}


class Issue(Struct, frozen=True):
    """One thing to look at; its texts are safe to show in one line."""

    id: str
    """The same for the same thing in every run."""
    gate: str
    verdict: Said
    level: Level
    message: str
    """What is wrong, and what to do next."""
    path: str | None
    """As git has it, not made safe."""
    line: int | None

    @property
    def rule(self) -> str:
        """Gate and verdict: ``fixes/unguarded``."""
        return f"{self.gate}/{self.verdict}"

    @property
    def fingerprint(self) -> str:
        """The id as 64 hexadecimal digits."""
        return hashlib.sha256(self.id.encode("utf-8", "backslashreplace")).hexdigest()


def issues(result: Result) -> tuple[Issue, ...]:
    """Every finding; every fix that lacks something, and every test that cannot be trusted, but that fail nothing.

    Of the same kind in git's order, or that of the ranking.
    """
    told = {finding.subject for finding in result.findings}
    survey = [
        _of_record(record) for record in result.records if record.sha not in told and record.verdict in _OF_SURVEY
    ]
    flakes = [flake for flake in (result.ranking.flakes if result.ranking else ()) if flake.verdict in words.DOUBTFUL]
    return tuple(sorted([*map(_of_finding, result.findings), *survey, *map(_of_flake, flakes)], key=_rank))


def _rank(issue: Issue) -> tuple[int, int]:
    worst = WORST_FIRST.index(issue.verdict) if isinstance(issue.verdict, Verdict) else 0
    return _LEVELS[issue.level], worst


def _of_finding(finding: Finding) -> Issue:
    return Issue(
        finding.id,
        finding.gate,
        finding.verdict,
        Level.ERROR,
        _message(finding.message, finding.next),
        finding.path,
        finding.line,
    )


def _of_record(record: Record) -> Issue:
    return Issue(
        f"fixes:{record.sha or 'staged'}",
        "fixes",
        record.verdict,
        _OF_SURVEY[record.verdict],
        _message(f"{words.short(record.sha)} {record.subject}: {words.why(record)}", record.next),
        next(iter(record.files.source), None),
        None,
    )


def _of_flake(flake: Flake) -> Issue:
    return Issue(
        f"flaky:{flake.nodeid}",
        "flaky",
        flake.verdict,
        Level.WARNING,
        _message(f"{flake.nodeid}: {flake.reason}", flake.next),
        flake.nodeid.partition("::")[0],
        None,
    )


def _message(said: str, action: str) -> str:
    room = _LONG - len(action)
    return safe_text(f"{words.cut(said, room)}; next: {action}" if action else words.cut(said, room))
