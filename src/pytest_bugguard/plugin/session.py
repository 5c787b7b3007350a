"""Follows one run of pytest, and has the change judged when its tests have run."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.core.selection import SessionFacts
from pytest_bugguard.plugin import progress
from pytest_bugguard.plugin.asked import asked_of, why_not
from pytest_bugguard.plugin.worker import deselected_in

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_bugguard.assembly.gate import Gate


class Session:
    """Follows one run of pytest and judges the change when the tests have run."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        self._config = config
        self._gate = gate
        self._seen: list[pytest.TestReport] = []
        """As they came; pytest's own summary keeps them anyway."""
        self._deselected = 0
        self._lost_workers = 0
        self._is_shown = False
        self._started_s = time.time()
        self._environment = dict(os.environ)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Take our place beside pytest-cov before it begins to report: it does so around the loop too."""
        is_off = bool(self._config.getoption("no_cov", default=False))
        self._gate.listen(self._config.pluginmanager.get_plugin("_cov"), is_switched_off=is_off)
        return (yield)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - xdist's
        node.workerinput["bugguard"] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401
        self._lost_workers += bool(error)
        self._deselected = max(self._deselected, deselected_in(node))  # each of them collects all tests

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # pytest-retry makes of the report of a failed attempt that of the last one, when we have seen it.
        self._seen.append(report if report.outcome == "passed" else copy(report))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge; a clean run with findings ends with 1, one whose judging is broken off as one that is broken off.

        No other exit status is ever changed.

        After everybody else, since others may change the exit status here too. Nor is a run changed that failed, but
        for one that only flaky tests have failed, where the settings want no more than a warning of these.
        """
        reason = why_not(self._config, int(session.exitstatus))
        if reason:
            self._gate.skip(reason)
        else:
            from pytest_bugguard.adapters.apart import apart  # noqa: PLC0415 - see the module
            from pytest_bugguard.adapters.garbage import seldom_sought  # noqa: PLC0415

            try:
                with apart(self._environment), seldom_sought():
                    self._finish(session)
            except KeyboardInterrupt:  # here pytest itself would show where, and end as by a signal
                self._gate.skip("it was broken off")
                session.exitstatus = pytest.ExitCode.INTERRUPTED
        if self._is_forgiven(session):
            session.exitstatus = pytest.ExitCode.OK
        if self._gate.is_failing and int(session.exitstatus) == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _is_forgiven(self, session: pytest.Session) -> bool:
        """Whether the run failed by flaky tests alone, and is to be warned of them alone: all of it was run."""
        from pytest_bugguard.adapters.pytest_reports import counted_failures  # noqa: PLC0415 - see the module

        return (
            int(session.exitstatus) == pytest.ExitCode.TESTS_FAILED
            and self._gate.is_forgiving
            and session.testsfailed <= counted_failures(self._seen)
            and not (session.shouldstop or session.shouldfail)
        )

    def _finish(self, session: pytest.Session) -> None:
        from pytest_bugguard.adapters.pytest_reports import phase_reports  # noqa: PLC0415 - see the module

        reports = phase_reports(self._seen, self._config, self._gate.top)
        failed = {one.nodeid for one in reports if one.outcome == "failed"}
        stopped = str(session.shouldstop or session.shouldfail or "")
        facts = SessionFacts(asked_of(self._config, self._deselected), stopped, len(failed), self._lost_workers)
        self._gate.judge(reports, facts, partial(progress.of_proof, self._config))
        if not facts.stopped:
            self._gate.record(reports, self._started_s, time.time() - self._started_s)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        from pytest_bugguard.report import MARKUP  # noqa: PLC0415 - see the module

        self._is_shown = True
        width = terminalreporter._tw.fullwidth  # noqa: SLF001 - pytest has no public width
        for line in self._gate.lines(width):
            for piece in line:
                terminalreporter.write(piece.text, **MARKUP[piece.style])
            terminalreporter.write("\n")

    def pytest_unconfigure(self) -> None:
        """Say on standard error why the run failed, where no terminal showed the section (``-p no:terminal``)."""
        if not self._is_shown and self._gate.has_complaints:
            with suppress(OSError, ValueError):  # closed, or nobody reads
                sys.stderr.writelines(f"{''.join(piece.text for piece in line)}\n" for line in self._gate.lines(80))
