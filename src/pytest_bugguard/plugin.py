"""pytest's door: options in, one section and at most one exit status out.

Only pytest and light parts of the standard library are imported here: a start of pytest with the gate off pays for
nothing else.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.gate import Gate
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.recorded_runs import Failure
    from pytest_bugguard.core.selection import SessionFacts

_MARK = "regression(*issues): this test guards the fix of these issues, as in regression('#123')"
_SETTINGS_FILES = {"bugguard.toml": b"", "pyproject.toml": b"bugguard"}
"""Where settings may stand, and the bytes without which a file cannot hold any."""
_SWITCH = re.compile(rb"enabled")
_OFF = re.compile(rb"""enabled["']?\s*=\s*(?:false\b|"ci"|'ci')""")
_OFF_IN_CI = re.compile(rb"""enabled["']?\s*=\s*false\b""")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, all of which begin ``--bugguard``."""
    group = parser.getgroup("bugguard", "every bug fix brings a test that guards it")
    group.addoption(
        "--bugguard", action="store_true", default=None, dest="bugguard", help="judge the bug fixes of this change"
    )
    group.addoption("--no-bugguard", action="store_false", dest="bugguard", help="stay idle, whatever the settings say")
    group.addoption(
        "--bugguard-prove",
        action="store_true",
        default=False,
        help="also run the tests of each fix without it: they have to fail (setting: fixes.require)",
    )
    group.addoption("--bugguard-base", metavar="REV", help="what to compare HEAD with (setting: base)")
    group.addoption(
        "--bugguard-run-files",
        metavar="DIR",
        help="leave a file of this run's outcomes in a folder, for bugguard flaky import (setting: flaky.run-files)",
    )
    group.addoption(
        "--bugguard-reruns",
        metavar="N",
        type=int,
        help="how often to run a failed test again, alone and after what ran before it (setting: flaky.reruns)",
    )
    group.addoption(
        "--bugguard-burn-in",
        metavar="N",
        type=int,
        help="how often to run each test that guards a fix of the change, before it may (setting: flaky.burn-in)",
    )
    group.addoption("--bugguard-json", metavar="FILE", help="also write the result to this file (setting: json)")
    group.addoption("--bugguard-html", metavar="FILE", help="also write the result as a page (setting: html)")


def pytest_configure(config: pytest.Config) -> None:
    """Make our mark known, and take part in the run where we are switched on."""
    config.addinivalue_line("markers", _MARK)
    asked = config.getoption("bugguard", None)
    if hasattr(config, "workerinput"):
        _join_worker(config)
        return
    if asked is False or not (asked or _may_be_switched_on(config.rootpath)):
        return
    from pytest_bugguard.assembly.gate import GateOptions, open_gate  # noqa: PLC0415 - a door imports late
    from pytest_bugguard.core.errors import BugguardError  # noqa: PLC0415

    try:
        gate = open_gate(
            config.rootpath,
            GateOptions(
                is_asked=bool(asked),
                base=config.getoption("bugguard_base"),
                proves=bool(config.getoption("bugguard_prove")),
                json=_place(config, "bugguard_json"),
                html=_place(config, "bugguard_html"),
                run_files=_place(config, "bugguard_run_files"),
                reruns=_count(config, "bugguard_reruns"),
                burn_in=_count(config, "bugguard_burn_in"),
                folder=config.invocation_params.dir,
                tell=partial(_tell_of_rerun, config),
            ),
        )
    except BugguardError as error:
        raise pytest.UsageError(f"bugguard: {error}" + (f"\nnext: {error.hint}" if error.hint else "")) from error
    if gate is not None:
        config.pluginmanager.register(_Session(config, gate), "bugguard-session")
        if gate.excuses:
            from pytest_bugguard.adapters.excuser import Excuser  # noqa: PLC0415 - a door imports late

            config.pluginmanager.register(Excuser(config, gate.top, gate.excuses), "bugguard-quarantine")


def _join_worker(config: pytest.Config) -> None:
    """Take no part in a worker of xdist, but for what has to be done where the tests run."""
    if "bugguard_quarantine" in config.workerinput:  # type: ignore[attr-defined] # xdist's
        from pytest_bugguard.adapters.excuser import for_worker  # noqa: PLC0415 - see above

        config.pluginmanager.register(for_worker(config), "bugguard-quarantine")


def _place(config: pytest.Config, option: str) -> Path | None:
    """The path that an option names. It is made absolute now: a test may leave the process in another folder."""
    path = config.getoption(option)
    return config.invocation_params.dir / path if path else None


def _count(config: pytest.Config, option: str) -> int | None:
    """The number that an option gives."""
    count: int | None = config.getoption(option)
    if count is not None and count < 0:
        raise pytest.UsageError(f"bugguard: --{option.replace('_', '-')}: found {count}, needs 0 or more")
    return count


def _tell_of_rerun(config: pytest.Config, done: int, total: int, nodeid: str) -> None:
    """Show on a terminal which failed test is being run again."""
    _show_progress(config, f"running {nodeid} again ({done + 1} of {total})", is_first=done == 0)


def _show_progress(config: pytest.Config, said: str, *, is_first: bool) -> None:
    """On a terminal; a log shows the result alone."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.isatty:
        if is_first:
            reporter.ensure_newline()
        reporter.rewrite(f"bugguard: {said}", erase=True)


def _may_be_switched_on(rootdir: Path) -> bool:
    """Whether settings that stand here or above could switch us on: a look at bytes, no parser."""
    for folder in (rootdir, *rootdir.parents):
        for name, word in _SETTINGS_FILES.items():
            with suppress(OSError):
                content = (folder / name).read_bytes()
                if word in content and _may_switch_on(content):
                    return True
        if os.path.lexists(folder / ".git"):
            return False
    return False


def _may_switch_on(content: bytes) -> bool:
    """Whether a file says ``enabled`` anywhere, unless each time with a value that leaves us off here.

    In doubt it does: the settings are then read by the book.
    """
    off = _OFF_IN_CI if os.environ.get("CI") else _OFF
    return len(_SWITCH.findall(content)) > len(off.findall(content))


_Seen = tuple[str, tuple[str, "int | None", str], str, str, bool, float, str, "Failure | None", str]
"""What a report says, in the order of ``PhaseReport``, with pytest's node id and location in place of the test's own.

A plain tuple: a run has tens of thousands of them, and of no other kind does Python's search for cycles let go.
"""


class _Session:
    """Follows one run of pytest and judges the change when the tests have run."""

    def __init__(self, config: pytest.Config, gate: Gate) -> None:
        self._config = config
        self._gate = gate
        self._seen: list[_Seen] = []
        self._failures = 0
        """Reports that pytest counts as failures of tests; it counts failures of others with them."""
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
    def pytest_testnodedown(self, error: object) -> None:
        self._lost_workers += bool(error)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        excuse = getattr(report, "bugguard_excuse", "")
        outcome = "failed" if excuse else report.outcome
        self._failures += report.outcome == "failed" and not str(report.longrepr).startswith("contains ")
        self._seen.append(
            (
                report.nodeid,
                report.location,
                report.when or "",
                outcome,
                hasattr(report, "wasxfail") and not excuse,
                report.duration,
                getattr(report, "worker_id", "") or _worker_of(report),
                self._failure(report) if outcome not in {"passed", "skipped"} else None,
                excuse,
            )
        )

    def _reports(self) -> list[PhaseReport]:
        """All that pytest said of its tests, by their own node ids."""
        from pytest_bugguard.adapters.report_ids import own_id  # noqa: PLC0415 - see the module
        from pytest_bugguard.core.outcomes import PhaseReport  # noqa: PLC0415

        named = cache(partial(own_id, cache(lambda path: os.path.lexists(self._config.rootpath / path))))
        return [PhaseReport(named(*one[:2]), *one[2:]) for one in self._seen]

    def _failure(self, report: pytest.TestReport) -> Failure:
        from pytest_bugguard.adapters.pytest_failures import failure_of  # noqa: PLC0415 - see the module

        return failure_of(report.longrepr, self._gate.top, self._config.invocation_params.dir)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge; a clean run with findings ends with 1, and no other exit status is ever changed.

        After everybody else, since others may change the exit status here too. Nor is a run changed that failed, but
        for one that only flaky tests have failed, where the settings want no more than a warning of these.
        """
        reason = self._why_not(int(session.exitstatus))
        if reason:
            self._gate.skip(reason)
        else:
            from pytest_bugguard.adapters.apart import apart  # noqa: PLC0415 - see the module

            with apart(self._environment):
                self._finish(session)
        if self._is_forgiven(session):
            session.exitstatus = pytest.ExitCode.OK
        if self._gate.is_failing and int(session.exitstatus) == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _is_forgiven(self, session: pytest.Session) -> bool:
        """Whether the run failed by flaky tests alone, and is to be warned of them alone: all of it was run."""
        return (
            int(session.exitstatus) == pytest.ExitCode.TESTS_FAILED
            and self._gate.is_forgiving
            and session.testsfailed <= self._failures
            and not (session.shouldstop or session.shouldfail)
        )

    def _finish(self, session: pytest.Session) -> None:
        facts, reports = self._facts(session), self._reports()
        self._gate.judge(reports, facts, self._progress)
        if not facts.stopped:
            self._gate.record(reports, self._started_s, time.time() - self._started_s)

    def _facts(self, session: pytest.Session) -> SessionFacts:
        from pytest_bugguard.core.selection import Selection, SessionFacts  # noqa: PLC0415 - see the module

        config = self._config
        own = config.getini("addopts")
        asked = Selection(
            [*config.invocation_params.args, *shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))],
            _named_paths(config),
            config.getini("testpaths"),
            own if isinstance(own, list) else shlex.split(own),
            self._deselected,
        )
        failed = {nodeid for nodeid, _, _, outcome, *_ in self._seen if outcome == "failed"}
        stopped = str(session.shouldstop or session.shouldfail or "")
        return SessionFacts(asked, stopped, len(failed), self._lost_workers)

    def _progress(self, done: int, total: int, sha: str) -> None:
        """Show on a terminal which fix is being proven."""
        _show_progress(self._config, f"proving {sha[:7]} ({done + 1} of {total})", is_first=done == 0)

    def _why_not(self, exitstatus: int) -> str:
        """Why this run cannot be judged; empty where it can."""
        if self._config.option.collectonly:
            return "the tests were only collected"
        if self._config.getoption("showfixtures", default=False) or self._config.getoption(
            "show_fixtures_per_test", default=False
        ):
            return "the fixtures were only listed"
        if self._config.getoption("setupplan", default=False) or self._config.getoption("setuponly", default=False):
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
        """Say on standard error why the run failed, where no terminal showed the section (``-p no:terminal``)."""
        if not self._is_shown and self._gate.has_complaints:
            with suppress(OSError, ValueError):  # closed, or nobody reads
                sys.stderr.writelines(f"{''.join(piece.text for piece in line)}\n" for line in self._gate.lines(80))


def _worker_of(report: pytest.TestReport) -> str:
    """The xdist worker of a report; that of one who died in a test is named by its controller, and otherwise."""
    node = getattr(report, "node", None)
    return "" if node is None else str(node.gateway.id)


def _named_paths(config: pytest.Config) -> list[str]:
    """The files and folders that were named on the command line, relative to rootdir; ``""`` is rootdir itself."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return []
    base = config.invocation_params.dir
    paths = (os.path.relpath(base / arg, config.rootpath).replace(os.sep, "/") for arg in config.args)
    return ["" if path == "." else path for path in paths]
