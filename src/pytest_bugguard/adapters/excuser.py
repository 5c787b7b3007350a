"""How does pytest learn that a failure is excused? Its report becomes one of an expected failure, under our name.

So nobody counts it, be it pytest, its ``-x``, a worker of xdist or a plugin that we do not know: an expected failure
they all know. In the terminal it has an outcome of its own, and a section with what happened.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.adapters import given_files
from pytest_bugguard.adapters.pytest_failures import failure_of
from pytest_bugguard.adapters.report_ids import own_id
from pytest_bugguard.core import excuses
from pytest_bugguard.core.failures import signature_of
from pytest_bugguard.core.model import Quarantine
from pytest_bugguard.core.outcomes import from_top

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

CATEGORY = "quarantined"
_INPUT = "bugguard_quarantine"
"""What xdist's workers are told under this name: the entries, in plain lists."""
_MARK = "bugguard_excuse"
"""The field of a report with the signature of the failure that was excused."""


def for_worker(config: pytest.Config) -> Excuser:
    """The one of an xdist worker, as its controller has told of the quarantine: ``-x`` is counted there too."""
    told = config.workerinput[_INPUT]  # type: ignore[attr-defined] # xdist's
    entries = [
        Quarantine(test, owner, reason, dt.date.fromisoformat(expires), failures=tuple(failures))
        for test, owner, reason, expires, failures in told["entries"]
    ]
    return Excuser(config, Path(told["top"]), entries)


class Excuser:
    """Stands before all who look at reports, and excuses what the entries excuse."""

    def __init__(self, config: pytest.Config, top: Path, entries: Sequence[Quarantine]) -> None:
        """Take part in a run.

        Args:
            config: Of the run.
            top: The repository's top.
            entries: Those that excuse something today.
        """
        self._config = config
        self._top = top
        self._entries = entries
        self._prefix = os.path.relpath(config.rootpath, top).replace(os.sep, "/")
        self._excused: dict[str, bool] = {}
        """Of tests in quarantine that failed: whether all their failures were excused."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        """Tell a worker."""
        entries = [
            [one.test, one.owner, one.reason, one.expires.isoformat(), list(one.failures)] for one in self._entries
        ]
        node.workerinput[_INPUT] = {"top": str(self._top), "entries": entries}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, object, object]:
        """Before pytest itself counts it."""
        if report.outcome == "failed":
            self._look_at(report)
        elif report.nodeid in self._excused:
            self._go_on(report)
        return (yield)

    def _look_at(self, report: pytest.TestReport) -> None:
        nodeid = from_top(own_id(self._is_below_root, report.nodeid, report.location), self._prefix)
        entry = excuses.entry_of(nodeid, self._entries)
        if entry is None:
            return
        failure = failure_of(report.longrepr, self._top, self._config.invocation_params.dir)
        signature = signature_of(failure, self._text_of)
        is_known = signature in entry.failures
        self._excused[report.nodeid] = is_known and self._excused.get(report.nodeid, True)
        if is_known:
            _excuse(report, signature, f"{entry.owner}, until {entry.expires.isoformat()}: {entry.reason}")

    def _go_on(self, report: pytest.TestReport) -> None:
        """What comes after an excused failure of the same test."""
        if report.when == "call" and report.outcome == "passed" and self._excused[report.nodeid]:
            # pytest fails a test for its failed subtests as it is shown, unless it is no longer one that passed.
            _excuse(report, "its subtests", "")
        elif report.when == "teardown" and self._excused.pop(report.nodeid):
            report.user_properties.append((CATEGORY, "true"))

    def _is_below_root(self, path: str) -> bool:
        return os.path.lexists(self._config.rootpath / path)

    def _text_of(self, path: str) -> bytes | None:
        with suppress(OSError):
            return given_files.read(self._top / path)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """Its own outcome; a test whose subtests have it already is not counted once more."""
        excuse = getattr(report, _MARK, "")
        if not excuse:
            return None
        return (CATEGORY, "Q", ("QUARANTINED", {"yellow": True})) if report.longrepr else ("", "", "")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """What happened, in full: it is excused, not hidden."""
        reports = terminalreporter.stats.get(CATEGORY, ())
        if not reports or self._config.option.tbstyle == "no":
            return
        terminalreporter.write_sep("=", "FAILURES IN QUARANTINE")
        for report in reports:
            terminalreporter.write_sep("_", report.head_line or report.nodeid, yellow=True)
            report.toterminal(terminalreporter._tw)  # noqa: SLF001 - pytest has no public writer


def _excuse(report: pytest.TestReport, signature: str, whose: str) -> None:
    report.outcome = "skipped"
    report.wasxfail = f"in quarantine ({whose}): {signature}" if whose else f"in quarantine: {signature}"
    setattr(report, _MARK, signature)
