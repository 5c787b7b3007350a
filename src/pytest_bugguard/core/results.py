"""What a journey brings home: records, findings and the facts around them. Frozen values; no I/O."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.core.coverage_verdict import Coverage
    from pytest_bugguard.core.delivery import Baseline
    from pytest_bugguard.core.flakes import Ranking
    from pytest_bugguard.core.hotspots import Hotspots
    from pytest_bugguard.core.measured import ModuleCoverage
    from pytest_bugguard.core.model import Quarantine, Record, Said, Waiver
    from pytest_bugguard.core.trend import Trend

WORST_FIRST = (
    Verdict.BROKEN,
    Verdict.UNGUARDED,
    Verdict.UNPROVEN,
    Verdict.UNSTABLE,
    Verdict.UNDECIDED,
    Verdict.WEAK,
    Verdict.WAIVED,
    Verdict.GUARDED,
    Verdict.PROVEN,
    Verdict.NOT_APPLICABLE,
)
"""The order in which verdicts ask for attention."""


class Finding(Struct, frozen=True):
    """One reason why a gate is not met."""

    id: str
    """The same for the same finding in every run: ``fixes:<commit id>``."""
    gate: str
    """The gate that it fails: ``fixes``, ``waivers``, ``coverage``, ``share``, ``base``, ``settings`` or
    ``repository``."""
    verdict: Said
    subject: str
    """What it speaks of: a commit id, a path, a setting."""
    message: str
    """One sentence: what is wrong."""
    next: str
    """The next thing to do or type."""
    path: str | None = None
    """A file to show it at, relative to the repository's top level."""
    line: int | None = None
    """A line of ``path``, from 1."""


class RepositoryFacts(Struct, frozen=True):
    """Which state of which history was judged."""

    head: str | None
    """Commit id; None before the first commit."""
    base: str | None = None
    """The revision that was compared with, as it was named (``origin/main``); None where all of history was read."""
    base_reason: str = ""
    """Why that one: ``the pull request's target (GITHUB_BASE_REF)``."""
    merge_base: str | None = None
    """Commit id where the change left the base."""
    shallow: bool = False
    """Whether the clone lacks older history."""
    web: str | None = None
    """Where people read it, as the settings say (``core.web.web_of`` reads it); None: nothing is linked."""


class Run(Struct, frozen=True):
    """When it was looked: the only place for the wall clock."""

    started_s: int
    """Seconds since the epoch."""
    duration_s: float


class Summary(Struct, frozen=True):
    """The counts of a result."""

    units: int = 0
    """Commits and merges that were looked at."""
    fixes: int = 0
    """Those with a sign of a bug fix."""
    counts: tuple[tuple[Verdict, int], ...] = tuple((verdict, 0) for verdict in Verdict)
    """One count a verdict, in the order of ``Verdict``. Of fixes, and of units of which nothing could be told."""

    def count(self, verdict: Verdict) -> int:
        """How many have this verdict."""
        return dict(self.counts)[verdict]


class Held(Struct, frozen=True):
    """A test in quarantine, and what a run showed of it."""

    entry: Quarantine
    failed: str = ""
    """How it failed in this run, where that was excused; empty where it did not, or nothing was run."""
    recovery: str = ""
    """What speaks for letting it out, by the history; empty where too little does."""
    is_overdue: bool = False
    """Whether its day was over when that was asked."""


class Exceptions(Struct, frozen=True):
    """What is accepted for a time, as the settings have it."""

    waivers: tuple[Waiver, ...] = ()
    quarantine: tuple[Held, ...] = ()


class Result(Struct, frozen=True):
    """All that a command found out; every report is a function of it."""

    command: str
    """The command's name; ``pytest`` for the plugin."""
    repository: RepositoryFacts
    summary: Summary
    records: tuple[Record, ...] = ()
    """In git's order, newest first."""
    findings: tuple[Finding, ...] = ()
    """Whatever fails the run; empty for a survey."""
    notes: tuple[str, ...] = ()
    """What a reader should know besides, a line each."""
    hotspots: Hotspots | None = None
    trend: Trend | None = None
    run: Run | None = None
    coverage: Coverage | None = None
    """None: no coverage was asked for."""
    delivery: Baseline | None = None
    """None: the history as a whole was not looked at."""
    ranking: Ranking | None = None
    """None: the history was not asked."""
    modules: tuple[ModuleCoverage, ...] = ()
    """What was measured, file by file; filled in for a report alone."""
    exceptions: Exceptions | None = None
    """None: the command does not speak of them."""


class Audited(Struct, frozen=True):
    """The fixes of a history, before any waiver."""

    records: tuple[Record, ...]
    """Newest first."""
    units: int
    """How many units were looked at."""
    renamed: Mapping[str, Mapping[str, str | None]]
    """By commit id: its source files that have another name today, None for those that are gone."""


def summarise(records: Sequence[Record], units: int) -> Summary:
    """Count the records of a history of so many units.

    A unit that is no fix counts nowhere, unless nothing could be told of it: that must not go unseen.
    """
    counts = Counter(record.verdict for record in records if record.is_fix or record.verdict is Verdict.UNDECIDED)
    fixes = sum(record.is_fix for record in records)
    return Summary(units, fixes, tuple((verdict, counts[verdict]) for verdict in Verdict))
