"""What has pytest-cov measured in this session? Its private shape, behind one door.

pytest-cov keeps its Coverage objects for itself: ``CovPlugin.cov_controller`` has ``cov``, and with xdist or not
``combining_cov``, which takes its place once everything is combined. So it is in 6 and 7. Where it is otherwise, there
is nothing to judge by, and that is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_bugguard.adapters.coverage_data import placed, with_unseen
from pytest_bugguard.adapters.coverage_objects import Listener
from pytest_bugguard.adapters.measured_scope import Scope

if TYPE_CHECKING:
    from pytest_bugguard.adapters.measured_paths import MeasuredPaths
    from pytest_bugguard.core.measured import Measured

PLUGIN = "_cov"
"""The name under which it registers itself with pytest."""
_OBJECTS = ("cov", "combining_cov")


class PytestCov:
    """Listens to pytest-cov while it reports, so that nothing is worked out twice."""

    def __init__(self, plugin: Any) -> None:  # noqa: ANN401 - a class of pytest-cov's own
        """Begin to listen, before the tests run.

        Args:
            plugin: What is registered under ``PLUGIN``.
        """
        self._controller = getattr(plugin, "cov_controller", None)
        self._listeners = {}
        for name in _OBJECTS:
            coverage = getattr(self._controller, name, None)
            if coverage is not None:
                self._listeners[id(coverage)] = Listener(coverage)

    @property
    def is_measuring(self) -> bool:
        """Whether there is anything to listen to."""
        return bool(self._listeners)

    @property
    def failed_workers(self) -> int:
        """How many xdist workers brought no data home."""
        return len(getattr(self._controller, "failed_workers", ()))

    def measured(self, known: MeasuredPaths) -> Measured:
        """What was measured, once it is combined.

        Raises:
            CoverageDataError: coverage.py cannot make sense of it.
        """
        assert self._controller is not None
        final = self._listeners[id(self._controller.cov)]
        folder = Path(getattr(self._controller, "topdir", "."))
        try:
            measured = placed(final.files(), known, "pytest-cov", bases=(folder,))
            return with_unseen(measured, known, Scope(self._controller.cov, folder))
        finally:
            for listener in self._listeners.values():
                listener.close()
