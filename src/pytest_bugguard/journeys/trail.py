"""pytest's configuration as it stood at each commit, followed from the newest commit back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import naming

if TYPE_CHECKING:
    from pytest_bugguard.core.model import FileChange, Unit
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.journeys.snapshot import Snapshot

_CONFIG_FILES = frozenset(naming.CONFIG_FILES)


class Trail:
    """Reads the configuration once, at the newest state, and then only what a unit changed of it.

    A whole-history scan would otherwise look up eight files for each of its commits.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        found = {path: snapshot.file(path) for path in naming.CONFIG_FILES}
        self._files = {path: content for path, content in found.items() if content is not None}
        self._packages: dict[str, bool] = {}
        self.naming: Naming = naming.from_files(self._files)
        """The project's own names for tests, after the unit that is looked at."""

    def is_package(self, folder: str) -> bool:
        """Whether a folder was an importable package, as far back as the trail has come."""
        if folder not in self._packages:
            self._packages[folder] = self._snapshot.is_package(folder)
        return self._packages[folder]

    def look_from(self, snapshot: Snapshot) -> None:
        """Take further questions about packages to this older state."""
        self._snapshot = snapshot

    def step_back(self, unit: Unit) -> None:
        """Go from the state after a unit to the state before it."""
        for change in unit.changes:
            paths = {change.old_path, change.new_path}
            if not paths.isdisjoint(_CONFIG_FILES):
                self._undo(change)
            self._forget_packages(change)

    def _undo(self, change: FileChange) -> None:
        files = dict(self._files)
        if change.new_path is not None and change.status != "C":
            files.pop(change.new_path, None)
        old = self._snapshot.old_text(change)
        if change.old_path in _CONFIG_FILES and isinstance(old, bytes):
            files[change.old_path] = old
        if files != self._files:
            self._files = files
            self.naming = naming.from_files(files)

    def _forget_packages(self, change: FileChange) -> None:
        if change.status == "M":
            return
        for path in (change.old_path, change.new_path):
            if path is not None and path.endswith("__init__.py"):
                self._packages.pop(path.rpartition("/")[0], None)
