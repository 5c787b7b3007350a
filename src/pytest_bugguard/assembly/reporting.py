"""What is there to report? Fixes with their stored proofs, coverage data, the flaky ranking, exceptions: one result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import files
from pytest_bugguard.assembly import auditing, quarantine, records
from pytest_bugguard.assembly.workshop import today
from pytest_bugguard.core import findings, receipts, stored_results
from pytest_bugguard.core.coverage_verdict import Coverage, Standing
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.measured import modules_of
from pytest_bugguard.core.results import Exceptions
from pytest_bugguard.core.stored_results import StoredResultError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.results import Result


def gather(workshop: Workshop, revisions: str, data: Sequence[Path], *, progress: Callable[[int], None]) -> Result:
    """All that is known of a repository, without running anything.

    Args:
        workshop: The repository.
        revisions: The history to speak of: ``REV``, or ``BASE..REV``.
        data: Files of coverage data; none: what the last run left, if it left any.
        progress: Told how many commits were looked at.

    Raises:
        BugguardError: There is no such history, or data that was named cannot be used.
    """
    result = auditing.audit(workshop, revisions, proven=_stored_proofs(workshop), progress=progress)
    exceptions = Exceptions(workshop.settings.waivers, quarantine.held_of(workshop))
    whole = replace(result, command="report", exceptions=exceptions)
    return _with_overdue(workshop, _with_history(workshop, _with_coverage(workshop, whole, data)))


def write_page(result: Result, path: Path) -> str:
    """Write the page of a result; what was done, in one sentence.

    Raises:
        BugguardError: The file cannot be written.
    """
    from pytest_bugguard.report.page import to_html  # noqa: PLC0415 - brings a template engine
    from pytest_bugguard.report.shape import dump_result  # noqa: PLC0415 - as for the page

    content = to_html(dump_result(result)).encode()
    try:
        files.write(path, content)
    except OSError as error:
        raise BugguardError(f"{path} cannot be written: {error.strerror}", hint="name another file") from None
    return f"the report is in {path}"


def read_stored(stored: Sequence[Path]) -> Result:
    """What was stored as JSON, as one result.

    Raises:
        BugguardError: A file cannot be read, or is no result.
    """
    from pytest_bugguard.report.shape import load_result  # noqa: PLC0415 - reads back what most commands never store

    documents = []
    for one in stored:
        try:
            documents.append(stored_results.read(one.read_bytes(), str(one)))
        except OSError as error:
            raise StoredResultError(f"{one} cannot be read: {error.strerror}") from None
    try:
        return load_result(stored_results.merged(documents))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise StoredResultError(f"{', '.join(map(str, stored))}: a field is missing, or is no such thing") from None


def _stored_proofs(workshop: Workshop) -> Callable[[Record], Record]:
    """What receipts say of a fix. They are read and never made: a report runs no test."""
    found = receipts.strongest(workshop.receipts().everything())

    def told(record: Record) -> Record:
        receipt = found.get(record.sha)
        if receipt is None or not record.is_fix:
            return record
        proof = receipt.proof
        return replace(record, verdict=proof.verdict, reason=proof.reason, next=proof.next, tests=proof.tests)

    return told


def _with_coverage(workshop: Workshop, result: Result, data: Sequence[Path]) -> Result:
    if workshop.repository.top is None:
        return result
    from pytest_bugguard.assembly.coverage import CoverageDesk  # noqa: PLC0415 - brings coverage.py

    desk = CoverageDesk(workshop)
    try:
        measured = desk.read(data)
        judged = desk.judge(measured, Standing())
    except BugguardError as error:
        if data:
            raise
        said = f"no coverage to report: {error}" + (f"; {error.hint}" if error.hint else "")
        return workshop.with_coverage(result, Coverage(notes=(said,)))
    modules = modules_of(measured, desk.asked.floors)
    return replace(workshop.with_coverage(result, judged), modules=modules)


def _with_overdue(workshop: Workshop, result: Result) -> Result:
    """Exceptions that have ended fail every run, wherever their fix is in the history."""
    settings = workshop.settings
    ended = findings.of_waivers(settings.waivers, (), today=today())
    return workshop.with_loose(result, [*ended, *findings.of_quarantine(settings.quarantine, today=today())])


def _with_history(workshop: Workshop, result: Result) -> Result:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - brings SQLite

    try:
        return replace(result, ranking=flaky.listing(workshop, shows_all=True).ranking)
    except BugguardError as error:
        reason = records.told(error, workshop.repository.top)
        return replace(result, notes=(*result.notes, f"no flaky tests to report: {reason}; {error.hint}"))
