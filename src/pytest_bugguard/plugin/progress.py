"""What a terminal shows while tests are run again; a log shows the result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.model import short

if TYPE_CHECKING:
    import pytest


def of_rerun(config: pytest.Config, done: int, total: int, nodeid: str) -> None:
    """Show which failed test is being run again."""
    _show(config, f"running {nodeid} again ({done + 1} of {total})", is_first=done == 0)


def of_proof(config: pytest.Config, done: int, total: int, sha: str) -> None:
    """Show which fix is being proven."""
    _show(config, f"proving {short(sha)} ({done + 1} of {total})", is_first=done == 0)


def _show(config: pytest.Config, said: str, *, is_first: bool) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.isatty:
        if is_first:
            reporter.ensure_newline()
        reporter.rewrite(f"bugguard: {said}", erase=True)
