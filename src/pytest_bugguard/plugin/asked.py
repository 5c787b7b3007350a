"""What was pytest asked to run, and is that a run that can be judged?"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator


def asked_of(config: pytest.Config, deselected: int) -> Selection:
    """What the command line, the environment and the settings of pytest select.

    Args:
        config: Of the run that has ended.
        deselected: How many of the collected tests were left out, by whomever.
    """
    own = config.getini("addopts")
    return Selection(
        [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *_spelt_out(config)],
        _named_paths(config),
        config.getini("testpaths"),
        own if isinstance(own, list) else shlex.split(own),
        deselected,
    )


def _spelt_out(config: pytest.Config) -> Iterator[str]:
    """The words of the command line, with those of a file that it names (``@args.txt``), which hold one a line."""
    for word in map(str, config.invocation_params.args):
        if not word.startswith("@"):
            yield word
            continue
        with suppress(OSError):  # pytest has read it, and it is gone
            yield from (
                (config.invocation_params.dir / word[1:]).read_text(encoding="utf-8", errors="replace").splitlines()
            )


def _named_paths(config: pytest.Config) -> list[str]:
    """The files and folders that were named, relative to rootdir; ``""`` is rootdir itself.

    Whoever names none means the folder in which pytest was started, unless that is rootdir and ``testpaths`` are set.
    """
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        return []
    base = config.invocation_params.dir
    paths = (os.path.relpath(base / arg, config.rootpath).replace(os.sep, "/") for arg in config.args)
    return ["" if path == "." else path for path in paths]


def why_not(config: pytest.Config, exitstatus: int) -> str:
    """Why this run cannot be judged; empty where it can."""
    if config.option.collectonly:
        return "the tests were only collected"
    if config.getoption("showfixtures", default=False) or config.getoption("show_fixtures_per_test", default=False):
        return "the fixtures were only listed"
    if config.getoption("setupplan", default=False) or config.getoption("setuponly", default=False):
        return "the tests were only planned"
    if exitstatus in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}:
        return f"the run did not end well (exit status {exitstatus})"
    return ""
