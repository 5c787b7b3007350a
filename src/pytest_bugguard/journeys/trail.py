"""pytest's configuration as it stood at each commit, followed from the newest commit back."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from pytest_bugguard.core import collection, naming, unittest_config
from pytest_bugguard.core.collection import folders_above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_bugguard.core.model import FileChange, Unit
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.journeys.snapshot import Snapshot

_CONFIG_FILES = frozenset(naming.CONFIG_FILES)


class Moment:
    """The configuration files at one commit. They are read and understood only if somebody asks for the naming."""

    def __init__(self, files: Mapping[str, Callable[[], bytes | None]], tests: tuple[str, ...] | None) -> None:
        self.files = files
        self._tests = tests

    @cached_property
    def naming(self) -> Naming:
        """The project's own names for tests."""
        found = ((path, read()) for path, read in self.files.items())
        there = ((path, content) for path, content in found if content is not None)
        return _understood(tuple(one for one in there if unittest_config.may_matter(*one)), self._tests)


@lru_cache(maxsize=64)
def _understood(files: tuple[tuple[str, bytes], ...], tests: tuple[str, ...] | None) -> Naming:
    """Most commits leave the configuration as it was, on side lines too."""
    return naming.from_files(dict(files)).looking_in(tests)


class Trail:
    """Looks the configuration up once, at the newest state, and then notes only what a unit changed of it.

    A whole-history scan would otherwise look up eight files for each of its commits.
    """

    def __init__(self, snapshot: Snapshot, tests: tuple[str, ...] | None = None) -> None:
        """Look from this state. ``tests`` is the setting of that name: it stands in for ``testpaths``."""
        self._snapshot = snapshot
        self._tests = tests
        self._packages: dict[str, bool] = {}
        self._kept_out: dict[str, tuple[str, ...]] = {}
        self._left: tuple[FileChange, ...] = ()
        self.moment = Moment({path: _reading(snapshot, path) for path in naming.CONFIG_FILES}, tests)
        """The configuration after the unit that is looked at."""

    def is_package(self, folder: str) -> bool:
        """Whether a folder was an importable package, as far back as the trail has come."""
        if folder not in self._packages:
            self._packages[folder] = self._snapshot.is_package(folder)
        return self._packages[folder]

    def left_out(self, path: str) -> Iterator[str]:
        """What the conftest files above a path kept out of the collection, as far back as the trail has come."""
        for folder in ("", *folders_above(path)):
            if folder not in self._kept_out:
                self._kept_out[folder] = tuple(collection.left_out_by(folder, self._snapshot))
            yield from self._kept_out[folder]

    def look_from(self, snapshot: Snapshot) -> None:
        """Take further questions about folders to this older state, the one before the last unit."""
        self._snapshot = snapshot
        for change in self._left:
            if change.status != "M":
                self._forget_packages(change)
            for path in (change.old_path, change.new_path):
                if path is not None and path.endswith("conftest.py"):
                    self._kept_out.pop(path.rpartition("/")[0], None)

    def step_back(self, unit: Unit) -> None:
        """Go from the configuration after a unit to the one before it; folders stay until ``look_from``."""
        self._left = unit.changes
        for change in unit.changes:
            if change.new_path in _CONFIG_FILES or change.old_path in _CONFIG_FILES:
                self._undo(change)

    def _undo(self, change: FileChange) -> None:
        files = dict(self.moment.files)
        if change.new_path is not None and change.status != "C":
            files.pop(change.new_path, None)
        if change.old_path in _CONFIG_FILES:
            files[change.old_path] = _reading_old(self._snapshot, change)
        self.moment = Moment(files, self._tests)

    def _forget_packages(self, change: FileChange) -> None:
        for path in (change.old_path, change.new_path):
            if path is not None and path.endswith("__init__.py"):
                self._packages.pop(path.rpartition("/")[0], None)


def _reading(snapshot: Snapshot, path: str) -> Callable[[], bytes | None]:
    return lambda: snapshot.file(path)


def _reading_old(snapshot: Snapshot, change: FileChange) -> Callable[[], bytes | None]:
    def read() -> bytes | None:
        content = snapshot.old_text(change)
        return content if isinstance(content, bytes) else None

    return read
