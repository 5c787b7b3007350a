"""The fix gate of one pytest run: switched on by the settings, fed with outcomes, never the cause of a crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard import report
from pytest_bugguard.adapters import ci, files, settings_file
from pytest_bugguard.assembly.judging import Judge, JudgeOptions, Ran
from pytest_bugguard.assembly.workshop import open_workshop, today
from pytest_bugguard.core import excuses, findings, fixes, settings
from pytest_bugguard.core.errors import BugguardError, refused
from pytest_bugguard.core.results import RepositoryFacts, Result, Summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.assembly.prover import Progress
    from pytest_bugguard.assembly.session import SessionCoverage
    from pytest_bugguard.core.model import Quarantine
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.results import Finding
    from pytest_bugguard.core.selection import SessionFacts
    from pytest_bugguard.core.settings import Settings
    from pytest_bugguard.report.spans import Line


class Gate:
    """The fix gate of one pytest run: waits for its outcomes, then judges, and never raises."""

    def __init__(self, rootdir: Path, top: Path, read: Settings, options: GateOptions) -> None:
        self.top = top
        """The repository's top level, as far as one can see without git."""
        self._rootdir = rootdir
        self._settings = read
        self._options = options
        self._json_path = options.json or (top / read.json if read.json else None)
        self._html_path = options.html or (top / read.html if read.html else None)
        self._result: Result | None = None
        self._said: tuple[str, ...] = ()
        self._coverage: SessionCoverage | None = None
        self._judge: Judge | None = None

    def listen(self, pytest_cov: object, *, is_switched_off: bool) -> None:
        """Follow what is measured from now on, where coverage is asked for.

        Args:
            pytest_cov: Its plugin; None where it takes no part.
            is_switched_off: Whether the user wants nothing measured (``--no-cov``).
        """
        if self._settings.coverage.needs_data:
            from pytest_bugguard.assembly.session import SessionCoverage  # noqa: PLC0415 - brings coverage.py

            self._coverage = SessionCoverage(pytest_cov, is_switched_off=is_switched_off)

    @property
    def excuses(self) -> tuple[Quarantine, ...]:
        """The entries of the quarantine that excuse a failure today."""
        return excuses.in_date(self._settings.quarantine, today())

    @property
    def is_failing(self) -> bool:
        """Whether a run that went well otherwise has to end with 1."""
        return self._result is not None and bool(self._result.findings)

    @property
    def is_forgiving(self) -> bool:
        """Whether the tests that failed need not fail the run: each is flaky, and the settings only warn of that."""
        return self._settings.flaky.on_flaky == "warn" and self._judge is not None and self._judge.are_all_flaky

    @property
    def has_complaints(self) -> bool:
        """Whether there is something that has to be read somewhere, whatever the terminal shows."""
        return self.is_failing or bool(self._said)

    def skip(self, reason: str) -> None:
        """Judge nothing, and say why."""
        self._said = (f"not judged: {reason}",)

    def judge(self, reports: Sequence[PhaseReport], facts: SessionFacts, progress: Progress) -> None:
        """Judge the change, and what was covered.

        Args:
            reports: What pytest said of each test and phase; node ids are relative to its rootdir.
            facts: How the run went.
            progress: Told of each fix that is being proven: that takes a run of its tests.
        """
        self._result = self._judged(reports, facts, progress)
        if self._json_path is not None:
            try:
                files.write(self._json_path, report.document(self._result, "json").encode())
            except OSError as error:
                self._said = (f"{self._json_path} cannot be written: {error.strerror}",)
        if self._html_path is not None:
            self._write_page(self._result, self._html_path)

    def _write_page(self, result: Result, path: Path) -> None:
        from pytest_bugguard.assembly import reporting  # noqa: PLC0415 - with it comes a template engine

        try:
            reporting.write_page(result, path)
        except BugguardError as error:
            self._said += (str(error),)
        except Exception as error:  # noqa: BLE001 - a page that fails costs a page, and no run
            self._said += (f"{path} is not written, by a fault of bugguard's own: {type(error).__name__}: {error}",)

    def record(self, reports: Iterable[PhaseReport], started_s: float, duration_s: float) -> None:
        """Put the run into the history. What goes wrong there is told, and changes nothing."""
        from pytest_bugguard.assembly import recording  # noqa: PLC0415 - brings SQLite

        more, repository = ({}, None) if self._judge is None else (self._judge.attempts, self._judge.repository)
        session = recording.Session(self._rootdir, started_s, duration_s, repository)
        self._said += recording.record(
            session, reports, self._settings.flaky, run_files=self._options.run_files, more=more
        )

    def _judged(self, reports: Sequence[PhaseReport], facts: SessionFacts, progress: Progress) -> Result:
        try:
            with open_workshop(self._rootdir, trusts_repository=True) as workshop:
                self._judge = Judge(workshop, Ran(reports, facts, self._coverage), self._options.judging)
                return self._judge.judged(progress)
        except BugguardError as error:
            return self._undecided("repository", str(error), error.hint)
        except OSError as error:
            told = refused(error)
            return self._undecided("system", str(told), told.hint)
        except Exception as error:  # noqa: BLE001 - a passing run must not become a crash; it becomes "could not tell"
            said = f"a fault of bugguard's own: {type(error).__name__}: {error}"
            return self._undecided("bugguard", said, "bugguard check shows where it comes from: report it")

    def _undecided(self, subject: str, reason: str, cure: str) -> Result:
        """The result where nothing could be looked at: a finding, or a note where the settings soften it."""
        found: tuple[Finding, ...] = (findings.undecided(subject, reason, cure),)
        nothing = Result("pytest", RepositoryFacts(None), Summary())
        if self._settings.undecided == "fail":
            return replace(nothing, findings=found)
        return replace(nothing, notes=(f"{reason}; {cure}",))

    def lines(self, width: int) -> Iterator[Line]:
        """The section for the terminal, and annotations where a CI reads them."""
        if self._result is not None:
            yield from report.lines(self._result, width=width)
        for said in self._said:
            yield report.line(f"bugguard: {said}")
        for annotation in report.annotate(self._result.findings if self._result else (), ci.read(os.environ).name):
            yield report.verbatim(annotation)


class GateOptions(Struct, frozen=True):
    """What the command line of pytest says."""

    judging: JudgeOptions
    is_asked: bool = False
    """Whether it switches the gate on; else the settings do."""
    json: Path | None = None
    html: Path | None = None
    run_files: Path | None = None


def open_gate(rootdir: Path, options: GateOptions) -> Gate | None:
    """The gate of a pytest run, where it is switched on by the command line or by the settings; else None.

    No git is run here: a run of pytest starts as fast as without us.

    Raises:
        BugguardError: The settings have faults.
    """
    top = _top_by_looking(rootdir)
    layer = settings_file.find(rootdir, top)
    table = layer.table if layer else {}
    is_on = options.is_asked or _is_enabled(table.get("enabled", False))
    if not is_on and not _has_misspelt_switch(table):
        return None
    read = settings.load([layer] if layer else [], fixes.NAMES)
    return Gate(rootdir, top, read, options) if is_on else None


def _is_enabled(value: object) -> bool:
    """Whether the raw setting switches the gate on, or is a fault that has to be told."""
    if value == "ci":
        return bool(os.environ.get("CI"))
    return value is not False


def _has_misspelt_switch(table: Mapping[str, object]) -> bool:
    """Whether a setting has the value that only the switch has: a fault to be told, or nothing would ever be judged."""
    return "enabled" not in table and "ci" in table.values()


def _top_by_looking(folder: Path) -> Path:
    """The folder that holds ``.git``, as far as one can see without git; else the file system's root."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), Path(folder.anchor))
