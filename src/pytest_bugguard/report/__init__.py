"""Values to text, one file a format; ``lines`` picks the words that fit the command.

A run of pytest needs the gate's words alone: those of the commands are loaded when one is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.report import words
from pytest_bugguard.report.annotations import annotate
from pytest_bugguard.report.coverage import rows as coverage_rows
from pytest_bugguard.report.documents import document
from pytest_bugguard.report.first_look import first_look
from pytest_bugguard.report.spans import MARKUP, Span, coloured, line, plain
from pytest_bugguard.report.text import gate

if TYPE_CHECKING:
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.report.spans import Line

__all__ = [
    "MARKUP",
    "annotate",
    "coloured",
    "coverage_rows",
    "document",
    "first_look",
    "line",
    "lines",
    "plain",
    "verbatim",
]


def lines(result: Result, *, width: int, shows_all: bool = False) -> tuple[Line, ...]:
    """A result as a terminal shows it. ``shows_all``: an audit names every fix, not only the newest unguarded ones."""
    match result.command:
        case command if command in words.SURVEYS:
            from pytest_bugguard.report.survey import audit  # noqa: PLC0415 - see the module

            return audit(result, width=width, limit=None if shows_all else 20, is_verbose=shows_all)
        case "explain":
            from pytest_bugguard.report.explanation import explain  # noqa: PLC0415

            return explain(result)
        case "hunt" if result.ranking is not None:
            from pytest_bugguard.report import hunt  # noqa: PLC0415

            return tuple(hunt.found(result.ranking, result.notes))
        case "flaky list" | "flaky show" as command if result.ranking is not None:
            from pytest_bugguard.report import flaky  # noqa: PLC0415

            if command == "flaky show":
                return tuple(flaky.story(result.ranking, words.quarantine(result)))
            return tuple(flaky.ranking(result.ranking, words.quarantine(result), shows_all=shows_all))
        case _:
            return gate(result, width=width)


def verbatim(text: str) -> Line:
    """A line that has been escaped for its reader already: an annotation for a CI."""
    return (Span(text),)
