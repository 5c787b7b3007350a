"""What a hunt has found, as lines for a terminal: each test with what it depends on, and the command that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.report import flaky, words
from pytest_bugguard.report.spans import Style, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake, Ranking
    from pytest_bugguard.report.spans import Line


def found(ranking: Ranking, notes: Sequence[str]) -> Iterator[Line]:
    """Every test that failed, those that are flaky first."""
    yield line(span(headline(ranking), Style.STRONG))
    for flake in ranking.flakes:
        yield from _one(flake)
    for note in notes:
        yield line(span("note: ", Style.FAINT), note)


def headline(ranking: Ranking) -> str:
    """The sentence that a hunt comes down to."""
    others = ranking.failed - ranking.flaky
    said = f", {others} more that failed" if others else ""
    tests, processes = words.counted(ranking.tests, "test"), words.counted(ranking.runs, "process", "processes")
    return f"{words.counted(ranking.flaky, 'flaky test')}{said}, in {processes} over {tests}"


def _one(flake: Flake) -> Iterator[Line]:
    yield flaky.label(flake)
    yield line(flaky.INDENT, flaky.why(flake))
    for text in flaky.guilty(flake):
        yield line(flaky.INDENT, text)
    if flake.signature:
        yield line(flaky.INDENT, flake.signature)
    for hint in flake.hints:
        yield line(flaky.INDENT, span("hint: ", Style.FAINT), f"it may be {hint}")
    if flake.command:
        yield line(flaky.INDENT, span("fails:  ", Style.STRONG), flake.command)
    if flake.contrast:
        yield line(flaky.INDENT, span("passes: ", Style.STRONG), flake.contrast)
    if flake.next:
        yield line(flaky.INDENT, span("next:   ", Style.STRONG), flake.next)
