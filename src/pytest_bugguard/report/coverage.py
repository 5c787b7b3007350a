"""Coverage as lines for a terminal: what fails, in the section of the gate; all of one file, where it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import coverage_findings as found
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.report import words
from pytest_bugguard.report.spans import OF_VERDICT, Style, length, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.coverage_verdict import Coverage, Judged
    from pytest_bugguard.report.spans import Line

_LABEL = "COVERAGE   "
_INDENT = " " * 13


def section(coverage: Coverage, width: int) -> Iterator[Line]:
    """What is not met, then one line on all of it. What could not be told stands among the findings."""
    for one in coverage.judged:
        if one.verdict is RuleVerdict.UNMET:
            yield from _block(one, width)
    if coverage.judged:
        yield line(span(summary(coverage), Style.FAINT))


def _block(one: Judged, width: int) -> Iterator[Line]:
    parts = [found.counted(one), *found.where(one), found.rule(one)]
    head = line(span(_LABEL, Style.BAD), span(found.subject(one), Style.STRONG))
    whole = (*head, *line(*(f"   {part}" for part in parts)))
    if length(whole) <= width:
        yield whole
    else:
        yield (*head, *line(f"   {parts[0]}"))
        for part in parts[1:]:
            yield line(_INDENT, part)
    if one.next:
        yield line(_INDENT, span("next: ", Style.STRONG), one.next)


def summary(coverage: Coverage) -> str:
    """``coverage: 41 of 42 rules met in 17 files (pytest-cov)``."""
    met, rules = coverage.count(RuleVerdict.MET), words.counted(len(coverage.judged), "rule")
    origin = f" ({coverage.origin})" if coverage.origin else ""
    files = f" in {words.counted(coverage.files, 'file')}{origin}" if coverage.files else origin
    return f"coverage: {met} of {rules} met{files}"


def rows(coverage: Coverage) -> Iterator[Line]:
    """Every rule, with what it says and what it rests on: for ``bugguard coverage explain``."""
    for one in coverage.judged:
        verdict = span(f"{one.verdict.upper():<11}", OF_VERDICT[one.verdict])
        said = one.reason if one.verdict is RuleVerdict.UNDECIDED else found.counted(one)
        yield line(verdict, span(found.subject(one), Style.STRONG), f"   {said}   {found.rule(one)}")
        yield from (line(_INDENT, text) for text in found.where(one))
        if one.next and one.verdict is RuleVerdict.UNDECIDED:
            yield line(_INDENT, span("next: ", Style.STRONG), one.next)
