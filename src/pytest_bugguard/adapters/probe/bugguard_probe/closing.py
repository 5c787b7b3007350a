"""What is left out where a run comes to its end, all being told? What is costly and for nobody. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def cut_short(config: pytest.Config) -> None:
    """Write no summary, and look for no garbage among all that is there; what the project does at the end, it does.

    Plugins are asked for their part of the summary even under ``--no-summary`` (since pytest 9), and Hypothesis' plugin
    imports all of Hypothesis to say that it has none.
    """
    config.hook.pytest_terminal_summary = _nothing  # type: ignore[attr-defined] # it has each hook by its name
    gc.freeze()


def _nothing(**_: object) -> None:
    """In the place of a hook."""
