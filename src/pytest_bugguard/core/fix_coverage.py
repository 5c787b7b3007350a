"""Did a fix's own tests run what the fix changed? Statement by statement, and the verdict on all. Pure; no I/O."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.coverage_verdict import Judged, Missing
from pytest_bugguard.core.model import RuleVerdict, Verdict, short
from pytest_bugguard.core.statements import described
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from pytest_bugguard.core.touched import cut_functions, gone_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.patches import Patch
    from pytest_bugguard.core.statements import Source

FIXES = "fixes"


class Reach(StrEnum):
    """How far the fix's own tests came with a statement that the fix changed."""

    RUN = "run"
    SUBPROCESS = "in a subprocess"
    IMPORT_ONLY = "at import only"
    """A constant, a default, a decorator: whoever imports the module runs it, so it cannot be told."""
    ELSEWHERE = "on another platform"
    """Not run, under a condition on the platform or on the version of Python: where it holds, it may be."""
    NEVER = "never"
    EXCLUDED = "excluded"
    """The configuration of coverage.py leaves it out."""
    DELETED = "deleted"
    """The fix took it away, with all around it: nothing is left that could run."""


class Reached(Struct, frozen=True):
    """What the fix's own tests ran of one file, by the lines on which statements begin."""

    in_tests: frozenset[int] = frozenset()
    in_subprocesses: frozenset[int] = frozenset()
    at_import: frozenset[int] = frozenset()
    """Outside of any test: while modules were imported and tests collected."""
    statements: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()

    def of(self, line: int) -> Reach:
        """How far they came with one statement."""
        if line in self.excluded:
            return Reach.EXCLUDED
        if line in self.in_tests:
            return Reach.RUN
        if line in self.in_subprocesses:
            return Reach.SUBPROCESS
        return Reach.IMPORT_ONLY if line in self.at_import else Reach.NEVER


class Changed(NamedTuple):
    """One statement that a fix changed, and how far its tests came."""

    path: str
    line: int
    reach: Reach


def lines_of(patch: Patch, source: Source, before: Source | None) -> frozenset[int]:
    """The lines of a file on which it hangs which statements a fix changed."""
    return frozenset({*patch.added, *(span.head for span in cut_functions(patch, source, before))})


def in_file(patch: Patch, reached: Reached, source: Source, before: Source | None) -> Iterator[Changed]:
    """The statements of one file that a fix changed.

    Of a changed ``def`` line or decorator the body has to run: the line itself runs at every import. Where lines were
    only taken out of a function, the function has to run. A function that is gone as a whole may be the cure.
    """
    lines = {source.statement(line) for line in patch.added}
    counted = reached.statements | reached.excluded
    for line in sorted(lines & counted):
        yield Changed(patch.path, line, _or_elsewhere(_of_line(line, reached, source), line, source))
    cut, gone = cut_functions(patch, source, before), gone_functions(patch, source, before)
    for span in cut:
        if not lines & set(range(span.body, span.last + 1)):
            body = _of_body(span.body, span.last, reached)
            yield Changed(patch.path, span.head, _or_elsewhere(body, span.head, source))
    yield from (Changed(patch.path, 0, Reach.DELETED) for _ in gone)
    if patch.cuts and not (lines & counted or cut or gone):
        yield Changed(patch.path, 0, Reach.DELETED)


def _of_line(line: int, reached: Reached, source: Source) -> Reach:
    span = source.around(line)
    if span is None or not span.is_function or line >= span.body or reached.of(line) is Reach.EXCLUDED:
        return reached.of(line)
    body = _of_body(span.body, span.last, reached)
    return Reach.IMPORT_ONLY if body is Reach.NEVER and line in reached.at_import else body


def _or_elsewhere(reach: Reach, line: int, source: Source) -> Reach:
    return Reach.ELSEWHERE if reach is Reach.NEVER and source.is_for_some_platforms(line) else reach


def _of_body(first: int, last: int, reached: Reached) -> Reach:
    """How far they came with any statement of a function's body."""
    found = {reached.of(line) for line in reached.statements if first <= line <= last}
    return next((reach for reach in (Reach.RUN, Reach.SUBPROCESS) if reach in found), Reach.NEVER)


Require = Literal["any", "all"] | Decimal


def judge(
    fix: Record, changed: Sequence[Changed], require: Require, sources: Mapping[str, Source], place: str
) -> Judged:
    """Hold what a fix's own tests ran against what is asked of them.

    ``any`` fails where nothing was run that could have been: what runs at import alone or on another platform cannot
    be told and is left to the proof. Where the tests ran nothing of what it added, and something is gone that may have
    been the cure, only the proof can tell. ``all`` and a share count what runs at import or elsewhere as run.
    """
    counts = Counter(one.reach for one in changed)
    never = counts[Reach.NEVER]
    total = sum(counts.values()) - counts[Reach.EXCLUDED] - counts[Reach.DELETED]
    count = Count(total - never, total)
    threshold = None if require == "any" else Threshold(Metric.LINE, Decimal(100) if require == "all" else require)
    is_met = (count.covered > 0 or not never) if threshold is None else threshold.is_met(count)
    missing, name = tuple(_missing(changed, sources)), short(fix.sha)
    said = Judged(FIXES, None, count, threshold, RuleVerdict.MET, missing, place, _told(counts), fix=fix.sha)
    may_be_gone = threshold is None and counts[Reach.DELETED] > 0
    if is_met or (may_be_gone and fix.verdict is Verdict.PROVEN):
        return said
    if may_be_gone:
        reason = f"the tests of {name} run nothing of what it added, and it took code away"
        return replace(said, verdict=RuleVerdict.UNDECIDED, reason=reason, next=f"bugguard prove {name} tells")
    cure = f"make its test reach what it changed: bugguard prove {name} shows the test"
    return replace(said, verdict=RuleVerdict.UNMET, next=cure)


def _told(counts: Counter[Reach]) -> str:
    said = [f"{counts[reach]} {reach}" for reach in Reach if counts[reach]]
    return ", ".join(said) if said else "it changed no statement"


def _missing(changed: Sequence[Changed], sources: Mapping[str, Source]) -> Iterator[Missing]:
    for path in dict.fromkeys(one.path for one in changed):
        lines = tuple(one.line for one in changed if one.path == path and one.reach is Reach.NEVER)
        if lines:
            yield Missing(path, lines, described(lines, sources.get(path)))
