"""pytest's configuration as it stood at each commit, followed from the newest commit back."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_bugguard.core import collection, naming, unittest_config
from pytest_bugguard.core.collection import folders_above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.model import FileChange, Unit
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.journeys.snapshot import Snapshot

    _Files = tuple[tuple[str, bytes], ...]

_CONFIG_FILES = frozenset(naming.CONFIG_FILES)


class Moment:
    """The configuration files while none of them changes. They are read and understood only if somebody asks."""

    def __init__(
        self,
        snapshot: Snapshot,
        tests: tuple[str, ...] | None,
        listed: Mapping[str, frozenset[str]] | None = None,
        changes: Sequence[FileChange] = (),
        may_be_configured: Callable[[str], bool] = bool,
    ) -> None:
        """Look back from a state.

        Args:
            snapshot: The state.
            tests: As for ``Trail``.
            listed: The names of the configuration files in a folder, where that is known.
            changes: What happened to configuration files on the way to the state.
            may_be_configured: Whether a folder below the top has to be looked into; by default each has.
        """
        self.snapshot = snapshot
        """A state in which the files are as they are here, but for the others."""
        self._tests = tests
        self._listed = dict(listed or {})
        self._changes = changes
        self._may_be_configured = may_be_configured
        self._other = {
            change.old_path: _reading_old(snapshot, change) for change in changes if change.old_path is not None
        }
        self._known: dict[str, Naming] = {}

    @property
    def naming(self) -> Naming:
        """The project's own names for tests, by the files at the top."""
        return self._of_folder("")

    def naming_of(self, path: str) -> Naming:
        """The names that hold where a file stands: by the nearest folder above it where pytest is configured."""
        return self._of_folder(path.rpartition("/")[0])

    def _of_folder(self, folder: str) -> Naming:
        known = self._known.get(folder)
        if known is None:
            files = tuple(self._files(folder))
            if folder:
                above = self._of_folder(folder.rpartition("/")[0])
                known = _below_the_top(folder, files, above, self._tests) if files else above
            else:
                known = _at_the_top(files, self._tests)
            self._known[folder] = known
        return known

    def _files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Those of a folder that can say something of tests."""
        there = self.names_in(folder)
        for name in naming.CONFIG_FILES if there else ():
            if name in there:
                path = f"{folder}/{name}" if folder else name
                content = self._other[path]() if path in self._other else self.snapshot.file(path)
                if content is not None and unittest_config.may_matter(name, content):
                    yield name, content

    def names_in(self, folder: str) -> frozenset[str]:
        """Which configuration files there are in a folder."""
        if folder and not self._may_be_configured(folder):
            return frozenset()
        if folder not in self._listed:
            found = self.snapshot.held_in(folder, _CONFIG_FILES)
            self._listed[folder] = _undone(found, folder, self._changes) if self._changes else found
        return self._listed[folder]

    def before(self, changes: Sequence[FileChange]) -> Moment:
        """The files before a unit that left them as they are here, and changed these of them."""
        listed = {folder: _undone(names, folder, changes) for folder, names in self._listed.items()}
        return Moment(self.snapshot, self._tests, listed, changes, self._may_be_configured)


def _undone(names: frozenset[str], folder: str, changes: Sequence[FileChange]) -> frozenset[str]:
    """The configuration files that were in a folder before changes, or were so anyway."""
    gone = {change.new_path for change in changes if change.status != "C"}
    came = {change.old_path for change in changes}
    here = {name: f"{folder}/{name}" if folder else name for name in _CONFIG_FILES}
    return frozenset(name for name, path in here.items() if path in came or (name in names and path not in gone))


@lru_cache(maxsize=64)
def _at_the_top(files: _Files, tests: tuple[str, ...] | None) -> Naming:
    """Most commits leave the configuration as it was, on side lines too."""
    return naming.from_files(dict(files)).looking_in(tests)


@lru_cache(maxsize=256)
def _below_the_top(folder: str, files: _Files, above: Naming, tests: tuple[str, ...] | None) -> Naming:
    return naming.below_the_top(folder, dict(files), above).looking_in(tests)


class Trail:
    """Looks the configuration up once, at the newest state, and again only where a unit changed it.

    A whole-history scan would otherwise look for eight files in every folder at each of its commits.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        tests: tuple[str, ...] | None = None,
        may_be_configured: Callable[[str], bool] = bool,
    ) -> None:
        """Look from this state.

        Args:
            snapshot: The state.
            tests: The setting of that name: it stands in for ``testpaths``.
            may_be_configured: As for ``Moment``.
        """
        self._snapshot = snapshot
        self._tests = tests
        self._packages: dict[str, bool] = {}
        self._kept_out: dict[str, tuple[str, ...]] = {}
        self._left: tuple[FileChange, ...] = ()
        self._touched: set[str] = set()
        self.moment = Moment(snapshot, tests, may_be_configured=may_be_configured)
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
        self._snapshot = self.moment.snapshot = snapshot
        for change in self._left:
            if change.status != "M":
                self._forget_packages(change)
            for path in (change.old_path, change.new_path):
                if path is not None and path.endswith("conftest.py"):
                    self._kept_out.pop(path.rpartition("/")[0], None)

    def step_back(self, unit: Unit) -> None:
        """Go from the configuration after a unit to the one before it; folders stay until ``look_from``."""
        self._left = unit.changes
        if touched := self.note(unit):
            self.moment = self.moment.before(touched)

    def note(self, unit: Unit) -> tuple[FileChange, ...]:
        """What a unit, also one of a side line, did to configuration files."""
        touched = tuple(change for change in unit.changes if _is_config(change.new_path) or _is_config(change.old_path))
        for change in touched:
            self._touched.update(path.rpartition("/")[0] for path in (change.new_path, change.old_path) if path)
        return touched

    def may_be_configured(self, folder: str) -> bool:
        """Whether configuration files can stand in a folder on a side line of which each unit was noted.

        What is there at a unit of the side and not on the line came or went with some unit on the way.
        """
        return folder in self._touched or bool(self.moment.names_in(folder))

    def _forget_packages(self, change: FileChange) -> None:
        for path in (change.old_path, change.new_path):
            if path is not None and path.endswith("__init__.py"):
                self._packages.pop(path.rpartition("/")[0], None)


def _is_config(path: str | None) -> bool:
    return path is not None and path.rpartition("/")[2] in _CONFIG_FILES


def _reading_old(snapshot: Snapshot, change: FileChange) -> Callable[[], bytes | None]:
    def read() -> bytes | None:
        content = snapshot.old_text(change)
        return content if isinstance(content, bytes) else None

    return read
