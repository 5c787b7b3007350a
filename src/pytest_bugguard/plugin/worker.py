"""What does a worker of xdist know that its controller does not see?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

DESELECTED = "bugguard_deselected"


class Worker:
    """Tells the controller, when its tests have run, how many tests were collected and left out."""

    def __init__(self, config: Any) -> None:  # noqa: ANN401 - as xdist has dressed it
        self._told = config.workeroutput
        self._told[DESELECTED] = 0

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._told[DESELECTED] += len(items)


def deselected_in(node: Any) -> int:  # noqa: ANN401 - xdist's
    """How many it was in a worker that is done; 0 where that is not known."""
    return int(getattr(node, "workeroutput", {}).get(DESELECTED, 0))
