"""pytest's door: options in, one section and at most one exit status out.

Only pytest and light parts of the standard library are imported here: a start of pytest with the gate off pays for
nothing else.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.plugin.switch import may_be_switched_on

if TYPE_CHECKING:
    from pathlib import Path

_MARK = "regression(*issues): this test guards the fix of these issues, as in regression('#123')"


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
    if asked is False or not (asked or may_be_switched_on(config.rootpath)):
        return
    from pytest_bugguard.plugin.importing import import_as_written  # noqa: PLC0415 - a door imports late

    import_as_written(config)
    from pytest_bugguard.assembly.gate import GateOptions, open_gate  # noqa: PLC0415
    from pytest_bugguard.assembly.judging import JudgeOptions  # noqa: PLC0415
    from pytest_bugguard.core.errors import BugguardError  # noqa: PLC0415
    from pytest_bugguard.plugin import progress  # noqa: PLC0415
    from pytest_bugguard.plugin.session import Session  # noqa: PLC0415

    try:
        gate = open_gate(
            config.rootpath,
            GateOptions(
                JudgeOptions(
                    config.invocation_params.dir,
                    base=config.getoption("bugguard_base"),
                    proves=bool(config.getoption("bugguard_prove")),
                    reruns=_count(config, "bugguard_reruns"),
                    burn_in=_count(config, "bugguard_burn_in"),
                    tell=partial(progress.of_rerun, config),
                ),
                is_asked=bool(asked),
                json=_place(config, "bugguard_json"),
                html=_place(config, "bugguard_html"),
                run_files=_place(config, "bugguard_run_files"),
            ),
        )
    except BugguardError as error:
        raise pytest.UsageError(f"bugguard: {error}" + (f"\nnext: {error.hint}" if error.hint else "")) from error
    if gate is not None:
        config.pluginmanager.register(Session(config, gate), "bugguard-session")
        if gate.excuses:
            from pytest_bugguard.adapters.excuser import Excuser  # noqa: PLC0415 - a door imports late

            config.pluginmanager.register(Excuser(config, gate.top, gate.excuses), "bugguard-quarantine")


def _join_worker(config: pytest.Config) -> None:
    """Take no part in a worker of xdist, but for what has to be done or seen where the tests run."""
    if "bugguard" in config.workerinput:  # type: ignore[attr-defined] # xdist's
        from pytest_bugguard.plugin.worker import Worker  # noqa: PLC0415 - a door imports late

        config.pluginmanager.register(Worker(config), "bugguard-worker")
    if "bugguard_quarantine" in config.workerinput:  # type: ignore[attr-defined]
        from pytest_bugguard.adapters.excuser import for_worker  # noqa: PLC0415

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
