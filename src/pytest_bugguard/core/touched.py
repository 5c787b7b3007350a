"""Which statements did a change touch, and were they run? Pure; no I/O."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.coverage_verdict import Judged, Missing, verdict_on
from pytest_bugguard.core.heirs import heir
from pytest_bugguard.core.thresholds import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.coverage_rules import Limits
    from pytest_bugguard.core.measured import FileCoverage
    from pytest_bugguard.core.patches import Patch
    from pytest_bugguard.core.statements import Source, Span

CHANGED = "changed"


class Touched(Struct, frozen=True):
    """What a change touched in one file."""

    path: str
    ran: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    """Statements by the line on which they begin."""
    is_measured: bool = True
    pragmas: tuple[int, ...] = ()
    """New or changed lines that take code out of the count."""


def in_file(
    patch: Patch, file: FileCoverage | None, source: Source, before: Source | None, *, unmeasured: FileCoverage
) -> Touched:
    """The statements of one file that a change touched.

    A line counts for the statement that it is part of: a changed argument three lines down is a change of the call.
    Where lines were only taken out of a function, the function has to run; so it has where its ``def`` or a decorator
    changed, which whoever imports the module runs.

    Args:
        patch: The lines.
        file: What was measured of it; None where it was not.
        source: Its text.
        before: Its text before the change; None where it is new.
        unmeasured: Its statements as coverage.py counts them, none of them run: for a file that was not measured.
    """
    known = file or unmeasured
    first_lines = known.ran | known.missing
    statements = {line if line in first_lines else source.statement(line) for line in patch.added}
    for span in cut_functions(patch, source, before):
        statements |= _standing_for(span, known)
    for span in _signatures(statements & known.ran, source):
        body = {*range(span.body, span.last + 1)}
        if not body & (statements | known.ran):
            statements |= _standing_for(span, known)
    return Touched(
        patch.path,
        tuple(sorted(statements & known.ran)),
        tuple(sorted(statements & known.missing)),
        is_measured=file is not None,
        pragmas=source.pragmas(patch.added),
    )


def _signatures(statements: Iterable[int], source: Source) -> Iterator[Span]:
    """The functions whose ``def`` or decorators are among some statements."""
    return (span for line in statements if source.opens_function(line) and (span := source.around(line)) is not None)


def cut_functions(patch: Patch, source: Source, before: Source | None) -> tuple[Span, ...]:
    """The functions out of which lines were taken, as they stand now; without those that are gone as a whole.

    Lines that others replace may have been those of two functions, and all that came went into one of them.
    """
    if before is None:
        return ()
    shortened = (
        span
        for span in _as_now(patch.replaced, patch, source, before)
        if not any(span.first <= line <= span.last for line in patch.added)
    )
    return tuple(dict.fromkeys([*_as_now(patch.cuts, patch, source, before), *shortened]))


def _as_now(lines: Iterable[int], patch: Patch, source: Source, before: Source) -> Iterator[Span]:
    """The functions that held some lines before, as they stand now."""
    heirs = (_heir(span, patch, source, before) for span in _holding(lines, before))
    return (span for span in heirs if span is not None)


def _holding(lines: Iterable[int], source: Source) -> dict[Span, None]:
    """The innermost functions around some lines."""
    return dict.fromkeys(span for line in lines if (span := source.function_around(line)) is not None)


def _heir(span: Span, patch: Patch, source: Source, before: Source) -> Span | None:
    return heir(span, before, source, lost=(*patch.cuts, *patch.replaced))


def gone_functions(patch: Patch, source: Source, before: Source | None) -> tuple[Span, ...]:
    """The functions that a change took away as a whole, as they stood; what only has another name or place is there."""
    if before is None:
        return ()
    cuts = set(patch.cuts)
    whole = [span for span in _holding(patch.cuts, before) if cuts.issuperset(range(span.first, span.last + 1))]
    gone = [span for span in whole if _heir(span, patch, source, before) is None]
    there = _by_last_name(source) if gone else {}
    return tuple(span for span in gone if not there.get(_last_name(span), set()) - {span.name})


def _by_last_name(source: Source) -> dict[str, set[str]]:
    """The functions and classes of a text by their names alone: in which classes and functions each stands."""
    found: dict[str, set[str]] = defaultdict(set)
    for span in source.spans:
        found[_last_name(span)].add(span.name)
    return found


def _last_name(span: Span) -> str:
    return span.name.rpartition(".")[2]


def _standing_for(span: Span, known: FileCoverage) -> set[int]:
    """One statement of a function's body, and one that was run if there is any."""
    body = range(span.body, span.last + 1)
    first = min(known.ran & {*body}, default=0) or min(known.missing & {*body}, default=0)
    return {first} if first else set()


def judge(limits: Limits, touched: Sequence[Touched], place: str) -> Iterator[Judged]:
    """Hold all that a change touched against what is asked of it."""
    count = Count(sum(len(one.ran) for one in touched), sum(len(one.ran) + len(one.missing) for one in touched))
    missing = tuple(
        Missing(one.path, one.missing, "" if one.is_measured else "never imported") for one in touched if one.missing
    )
    for threshold in limits.thresholds():
        verdict = verdict_on(count, threshold)
        yield Judged(CHANGED, None, count, threshold, verdict, missing, place, metric=threshold.metric)
