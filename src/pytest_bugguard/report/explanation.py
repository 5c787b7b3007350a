"""A result as lines for a terminal: everything that is known of each revision, for ``bugguard explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import dates
from pytest_bugguard.core.model import Sign
from pytest_bugguard.report import words
from pytest_bugguard.report.spans import OF_VERDICT, Line, Span, Style, line, span
from pytest_bugguard.report.text import how

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.model import MappedTest, Recognition, Record
    from pytest_bugguard.core.results import Result

_LABEL_WIDTH = 14
Row = tuple[str, Line]
"""A label, or nothing where the row goes on with the one above it, and what is said."""


def explain(result: Result) -> tuple[Line, ...]:
    """A paragraph a revision, with an empty line between two."""
    paragraphs = [tuple(_paragraph(record)) for record in result.records]
    notes = [line(span("note: ", Style.FAINT), note) for note in result.notes]
    return (*(shown for number, lines in enumerate(paragraphs) for shown in ((line(),) * (number > 0) + lines)), *notes)


def _paragraph(record: Record) -> Iterator[Line]:
    yield line(span(record.sha or "staged", Style.STRONG), " ", record.subject)
    for label, said in _rows(record):
        yield (span(f"  {label}".ljust(_LABEL_WIDTH), Style.FAINT), *said)


def _rows(record: Record) -> Iterator[Row]:
    yield "verdict", _verdict(record)
    if record.next:
        yield "next", line(record.next)
    if record.sha:
        yield "committed", line(dates.day(record.committed_s), *_merge(record))
    yield from _signs(record)
    if record.issues:
        yield "issues", line(", ".join(record.issues))
    for label, paths in (
        ("source", record.files.source),
        ("test files", record.files.test),
        ("neutral", record.files.neutral),
    ):
        yield from _listed(label, [line(path) for path in paths])
    yield from _listed("tests", list(map(_test, record.tests)))
    yield from _listed("unread", [line(file.path, "   ", file.reason) for file in record.unreadable])


def _verdict(record: Record) -> Line:
    reason = words.why(record)
    said = span(record.verdict.upper(), OF_VERDICT[record.verdict])
    return line(said, f"   {reason}") if reason else (said,)


def _merge(record: Record) -> tuple[str, ...]:
    if len(record.parents) < 2:  # noqa: PLR2004 - a merge has two parents or more
        return ()
    return (f"   a merge, compared with its first parent {words.short(record.parents[0])}",)


def _signs(record: Record) -> Iterator[Row]:
    recognition = record.recognition
    answer = span("yes", Style.STRONG) if isinstance(recognition, Sign) else span("no", Style.STRONG)
    yield "a fix?", line(answer, f", by {_sign(recognition)}" if recognition.rule != "none" else ": no rule spoke")
    for other in record.other_signs:
        yield "", line(f"{'for' if isinstance(other, Sign) else 'against'} it too: {_sign(other)}")


def _sign(recognition: Recognition) -> str:
    where = f" ({recognition.where})" if isinstance(recognition, Sign) else ""
    return f"{recognition.rule}: {recognition.matched}{where}" if recognition.matched else recognition.rule + where


def _listed(label: str, rows: list[Line]) -> Iterator[Row]:
    return ((label if number == 0 else "", row) for number, row in enumerate(rows))


def _test(test: MappedTest) -> Line:
    if test.counts:
        return line(test.nodeid, span(f"   {how(test)}", Style.GOOD))
    return line(test.nodeid, _no_guard(test))


def _no_guard(test: MappedTest) -> Span:
    reason = f": {test.reason}" if test.reason else ""
    ended = f"   {test.after}" if test.after else ""
    return span(f"   {test.change}{ended}   does not count{reason}", Style.DOUBT)
