"""pytest's door: options in, one section and at most one exit status out.

Only pytest and light parts of the standard library are imported here: a start of pytest with the gate off pays for
nothing else.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.assembly import Gate
    from pytest_bugguard.core.outcomes import PhaseReport

_MARK = "regression(*issues): this test guards the fix of these issues, as in regression('#123')"
_SETTINGS_FILES = {"bugguard.toml": b"", "pyproject.toml": b"bugguard"}
"""Where settings may stand, and the bytes without which a file cannot hold any."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, all of which begin ``--bugguard``."""
    group = parser.getgroup("bugguard", "every bug fix brings a test that guards it")
    group.addoption(
        "--bugguard", action="store_true", default=None, dest="bugguard", help="judge the bug fixes of this change"
    )
    group.addoption("--no-bugguard", action="store_false", dest="bugguard", help="stay idle, whatever the settings say")
    group.addoption("--bugguard-base", metavar="REV", help="what to compare HEAD with (setting: base)")
    group.addoption("--bugguard-json", metavar="FILE", help="also write the result to this file (setting: json)")


def pytest_configure(config: pytest.Config) -> None:
    """Make our mark known, and take part in the run where we are switched on."""
    config.addinivalue_line("markers", _MARK)
    asked = config.getoption("bugguard", None)
    is_worker = hasattr(config, "workerinput")
    if is_worker or asked is False or not (asked or _may_be_switched_on(config.rootpath)):
        return
    from pytest_bugguard import assembly  # noqa: PLC0415 - a door imports late
    from pytest_bugguard.core.errors import BugguardError  # noqa: PLC0415

    try:
        gate = assembly.open_gate(
            config.rootpath,
            is_asked=bool(asked),
            base_option=config.getoption("bugguard_base"),
            json_path=config.getoption("bugguard_json"),
        )
    except BugguardError as error:
        raise pytest.UsageError(f"bugguard: {error}" + (f"\nnext: {error.hint}" if error.hint else "")) from error
    if gate is not None:
        config.pluginmanager.register(_Session(config, gate), "bugguard-session")


def _may_be_switched_on(rootdir: Path) -> bool:
    """Whether a settings file that could speak of us stands here or above: a look at bytes, no parser."""
    for folder in (rootdir, *rootdir.parents):
        for name, word in _SETTINGS_FILES.items():
            try:
                if word in (folder / name).read_bytes():
                    return True
            except OSError:
                continue
        if (folder / ".git").exists():
            return False
    return False


class _Session:
    """Follows one run of pytest and judges the change when the tests have run."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        self._config = config
        self._gate = gate
        self._reports: list[PhaseReport] = []
        self._is_shown = False

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        from pytest_bugguard.core.outcomes import PhaseReport  # noqa: PLC0415 - see the module

        self._reports.append(
            PhaseReport(report.nodeid, report.when or "", report.outcome, is_xfail=hasattr(report, "wasxfail"))
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge; a clean run with findings ends with 1, and no other exit status is ever changed."""
        self._gate.judge(self._reports, not_judged=self._why_not(int(exitstatus)))
        if self._gate.is_failing and int(exitstatus) == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _why_not(self, exitstatus: int) -> str:
        """Why this run cannot be judged; empty where it can."""
        if self._config.option.collectonly:
            return "the tests were only collected"
        if self._config.getoption("setupplan", False) or self._config.getoption("setuponly", False):  # noqa: FBT003
            return "the tests were only planned"
        if exitstatus in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}:
            return f"the run did not end well (exit status {exitstatus})"
        return ""

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
        """Say on standard error why the run failed, where no terminal section was shown (``--no-summary``)."""
        if not self._is_shown and self._gate.is_failing:
            sys.stderr.writelines(f"{''.join(piece.text for piece in line)}\n" for line in self._gate.lines(80))
