"""The quarantine after a run of pytest: what was excused, and whether it may be, by the change and by the history."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import given_files
from pytest_bugguard.assembly import changes, records
from pytest_bugguard.assembly.recorded import recorded_of
from pytest_bugguard.assembly.recording import branch_of
from pytest_bugguard.assembly.workshop import today
from pytest_bugguard.core import base, excuses, findings
from pytest_bugguard.core.called import named
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.excuses import Excused
from pytest_bugguard.core.failures import signature_of
from pytest_bugguard.core.outcomes import from_top
from pytest_bugguard.core.recovery import recovery_of
from pytest_bugguard.core.results import Exceptions, Held

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Quarantine
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.results import Finding, Result
    from pytest_bugguard.journeys.ports import RunHistory


def after_run(workshop: Workshop, result: Result, reports: Iterable[PhaseReport], *, base_option: str | None) -> Result:
    """A result with the tests in quarantine, how they failed, and whatever of that is not excused.

    Args:
        workshop: The repository.
        result: What was found so far.
        reports: With node ids relative to pytest's rootdir.
        base_option: What the command line says of the base.
    """
    return _Desk(workshop, result, base_option).judged(reports)


def held_of(workshop: Workshop) -> tuple[Held, ...]:
    """The tests in quarantine, with what speaks for letting each of them out."""
    held = [Held(entry, is_overdue=entry.expires < today()) for entry in workshop.settings.quarantine]
    history = records.history_of(workshop) if held else None
    if history is not None:
        with suppress(BugguardError):  # whoever needs the history says that it cannot be read
            return tuple(replace(one, recovery=_recovery(one.entry, history)) for one in held)
    return tuple(held)


def _recovery(entry: Quarantine, history: RunHistory) -> str:
    """Of all cases of a test, that with the least to say for it."""
    cases = named(entry.test, history.mentioning(entry.test))
    seen = history.sightings(cases)
    told = [recovery_of(seen[case]) for case in cases]
    return min(told) if told and all(told) else ""


class _Desk:
    """Holds the failures of one run against the quarantine."""

    def __init__(self, workshop: Workshop, result: Result, base_option: str | None) -> None:
        self._workshop = workshop
        self._result = result
        self._base_option = base_option
        self._entries = workshop.settings.quarantine

    def judged(self, reports: Iterable[PhaseReport]) -> Result:
        excused, refused = self._sorted(reports)
        revoked = [*self._touched(excused), *self._in_a_row(excused)]
        failing = {finding.subject for finding in revoked}
        failed = {one.entry.test: one.signature for one in excused if one.nodeid not in failing}
        held = [replace(one, failed=failed.get(one.entry.test, "")) for one in held_of(self._workshop)]
        result = replace(self._result, exceptions=Exceptions(quarantine=tuple(held)))
        found = [*self._overdue(), *refused, *revoked]
        return self._workshop.with_loose(result, {finding.id: finding for finding in reversed(found)}.values())

    def _sorted(self, reports: Iterable[PhaseReport]) -> tuple[list[Excused], list[Finding]]:
        """The failures that were excused, and findings for those that were not though their test is in quarantine."""
        entries = [entry for entry in self._entries if entry.expires >= today()]
        excused: dict[tuple[str, str], Excused] = {}
        refused: dict[str, list[str]] = {}
        for report in reports:
            if report.outcome != "failed":
                continue
            nodeid = from_top(report.nodeid, self._workshop.repository.prefix)
            entry = excuses.entry_of(nodeid, entries)
            if entry is None:
                continue
            if report.excuse in entry.failures:
                excused[nodeid, report.excuse] = Excused(nodeid, report.excuse, entry)
            elif not report.excuse:
                signature = signature_of(report.failure, self._text_of) if report.failure is not None else ""
                refused.setdefault(nodeid, []).append(signature)
        return list(excused.values()), list(self._unknown(refused))

    def _unknown(self, refused: dict[str, list[str]]) -> Iterator[Finding]:
        for nodeid, signatures in refused.items():
            entry = excuses.entry_of(nodeid, self._entries)
            assert entry is not None
            new = [one for one in dict.fromkeys(signatures) if one and one not in entry.failures]
            yield excuses.unknown(nodeid, new, entry)

    def _text_of(self, path: str) -> bytes | None:
        top = self._workshop.repository.top
        if top is not None:
            with suppress(OSError):
                return given_files.read(top / path)
        return None

    def _overdue(self) -> Iterator[Finding]:
        """The gate on fixes tells of them, where it is on."""
        if self._workshop.settings.fixes.require == "off":
            yield from findings.of_quarantine(self._entries, today=today())

    def _touched(self, excused: Iterable[Excused]) -> Iterator[Finding]:
        placed = [(one, one.signature.partition(" at ")[2]) for one in excused if " at " in one.signature]
        start = changes.begin_of(self._workshop, self._result.repository, self._base_option) if placed else None
        if start is None:
            return
        if isinstance(start, base.Undecided):
            said = f"whether the change touched what fails in quarantine is not known: {start.reason}"
            yield findings.undecided("quarantine", said, start.cure)
            return
        for one, place in placed:
            path = place.partition("::")[0]
            before = self._workshop.history.file_at(start, path)
            if excuses.is_touched(place, before, self._text_of(path)):
                yield excuses.revoked(one, f"in what the change touched: {place}")

    def _in_a_row(self, excused: Iterable[Excused]) -> Iterator[Finding]:
        """What failed more often than luck explains; that this is not known, where the history cannot be read."""
        nodeids = list(dict.fromkeys(one.nodeid for one in excused))
        recorded = recorded_of(self._workshop)
        if not nodeids or recorded is None:
            return
        branch = branch_of(self._workshop.repository)
        try:
            seen = recorded.sightings(nodeids)
        except BugguardError as error:
            reason = records.told(error, self._workshop.repository.top)
            said = f"whether what fails in quarantine does so too often in a row cannot be looked up: {reason}"
            yield findings.undecided("quarantine", said, error.hint)
            return
        for one in excused:
            row = excuses.row_of_failures(seen.get(one.nodeid, ()), branch)
            if row:
                yield excuses.revoked(one, f"{row} times in a row: at the rate that it had, that is no bad luck")
