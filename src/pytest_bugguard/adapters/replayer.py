"""How are tests run again in the user's own checkout? As he runs them there, each time in a fresh process.

Implements ``journeys.ports.Replayer`` over ``adapters.testrun``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters.testrun import Folder
from pytest_bugguard.core.replays import Replayed

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.adapters.testrun import PytestRunner
    from pytest_bugguard.core.replays import Home, Replay


class PytestReplayer:
    """Replays tests of one checkout, in as many threads as like."""

    def __init__(self, runner: PytestRunner, top: Path, home: Home) -> None:
        """Use a runner that is at home in the checkout with this top."""
        self._runner = runner
        self._checkout = Folder(str(top))
        self._home = home

    def replay(self, asked: Replay) -> Replayed:
        """Run the tests in their order, in one process.

        Raises:
            OSError: Our own folders cannot be written.
        """
        return Replayed(asked, self._runner.run(self._checkout, asked.request(self._home)))

    def stop(self) -> None:
        """End every replay that is going on, from another thread."""
        self._runner.stop()
