"""The fix gate of one pytest run: switched on by the settings, fed with outcomes, never the cause of a crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard import report
from pytest_bugguard.adapters import files, settings_file
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core import findings, fixes, settings
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core import base
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.results import Finding, Result
    from pytest_bugguard.core.settings import Settings
    from pytest_bugguard.report.spans import Line


class Gate:
    """The fix gate of one pytest run: waits for its outcomes, then judges, and never raises."""

    def __init__(self, rootdir: Path, read: Settings, *, base_option: str | None, json_path: str | None) -> None:
        self._rootdir = rootdir
        self._settings = read
        self._base_option = base_option
        self._json_path = json_path
        self._result: Result | None = None
        self._trouble: Finding | None = None
        self._said: tuple[str, ...] = ()
        self._ci: base.Ci | None = None

    @property
    def is_failing(self) -> bool:
        """Whether a run that went well otherwise has to end with 1."""
        if self._trouble is not None:
            return self._settings.undecided == "fail"
        return self._result is not None and bool(self._result.findings)

    def judge(self, reports: Iterable[PhaseReport], *, not_judged: str) -> None:
        """Judge the change.

        Args:
            reports: What pytest said of each test and phase; node ids relative to its rootdir.
            not_judged: Why this run cannot be judged; empty where it can.
        """
        if not_judged:
            self._said = (f"not judged: {not_judged}",)
            return
        try:
            with open_workshop(self._rootdir, trusts_repository=True) as workshop:
                self._ci = workshop.ci_name
                self._result = workshop.gate(reports, base_option=self._base_option)
        except BugguardError as error:
            self._trouble = findings.undecided("repository", str(error), error.hint)
        except Exception as error:  # noqa: BLE001 - a passing run must not become a crash; it becomes "could not tell"
            said = f"a fault of bugguard's own: {type(error).__name__}: {error}"
            self._trouble = findings.undecided("bugguard", said, "bugguard check shows where it comes from: report it")
        self._write_json()

    def lines(self, width: int) -> Iterator[Line]:
        """The section for the terminal, and annotations where a CI reads them."""
        if self._result is not None:
            yield from report.lines(self._result, width=width)
        elif self._trouble is not None:
            yield from report.trouble(self._trouble, width=width)
        for said in self._said:
            yield report.line(f"bugguard: {said}")
        found = self._result.findings if self._result else ((self._trouble,) if self._trouble else ())
        for annotation in report.annotate(found, self._ci):
            yield report.verbatim(annotation)

    def _write_json(self) -> None:
        if self._json_path is None or self._result is None:
            return
        try:
            files.write(Path(self._json_path), report.to_json(self._result))
        except OSError as error:
            self._said = (f"{self._json_path} cannot be written: {error.strerror}",)


def open_gate(rootdir: Path, *, is_asked: bool, base_option: str | None, json_path: str | None) -> Gate | None:
    """The gate of a pytest run, where it is switched on by the command line or by the settings; else None.

    No git is run here: a run of pytest starts as fast as without us.

    Raises:
        BugguardError: The settings have faults.
    """
    layer = settings_file.find(rootdir, _top_by_looking(rootdir))
    if not is_asked and (layer is None or not _is_enabled(layer.table.get("enabled", False))):
        return None
    read = settings.load([layer] if layer else [], fixes.NAMES)
    return Gate(rootdir, read, base_option=base_option, json_path=json_path)


def _is_enabled(value: object) -> bool:
    """Whether the raw setting switches the gate on, or is a fault that has to be told."""
    if value == "ci":
        return bool(os.environ.get("CI"))
    return value is not False


def _top_by_looking(folder: Path) -> Path:
    """The folder that holds ``.git``, as far as one can see without git; else the file system's root."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), Path(folder.anchor))
