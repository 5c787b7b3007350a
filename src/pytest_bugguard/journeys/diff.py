"""What one unit changed, looked into only as far as somebody asks: sides, source behaviour, tests."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from pytest_bugguard.core import behaviour, doctests, testmap
from pytest_bugguard.core.links import module_of
from pytest_bugguard.core.model import How, Side, TestMap, Unavailable, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_bugguard.core.behaviour import SourceFacts
    from pytest_bugguard.core.model import FileChange, Files, MappedTest, Unit
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.trail import Moment

_SOURCE_FILES_LOOKED_INTO = 40
"""A unit that changes more source files than this is no single fix; its facts are taken from the first ones."""


class Sorter(NamedTuple):
    """Puts files on their sides, by the project's habits as the unit left them."""

    changed: Callable[[], Files]
    """The files that the unit changed."""
    side: Callable[[str], Side]
    """Of any path."""
    left_out: Callable[[str], Iterable[str]]
    """What conftest files keep pytest from collecting, as patterns; of any path."""


class Diff:
    """The changes of one unit. Each answer is worked out once, when it is first asked for, because it costs parsing."""

    def __init__(self, unit: Unit, sorter: Sorter, *, snapshot: Snapshot, before: Moment, after: Moment) -> None:
        self._sorter = sorter
        self._changes = unit.changes
        self.snapshot = snapshot
        """The files as the unit left them."""
        self._before = before
        self._after = after
        self._known: dict[str, SourceFacts] = {}

    @cached_property
    def files(self) -> Files:
        """The changed files, each on its side."""
        return self._sorter.changed()

    def naming_of(self, path: str) -> Naming:
        """The project's names for tests where a file stands, as the unit left them."""
        return self._after.naming_of(path)

    def old_naming_of(self, path: str) -> Naming:
        """The same before the unit."""
        return self._before.naming_of(path)

    @property
    def source_changes(self) -> tuple[FileChange, ...]:
        """What happened to each file of the source side."""
        return tuple(self._on(self.files.source))

    def is_source(self, path: str) -> bool:
        """Whether a path lies on the source side, as the project was when the unit was made."""
        return self._sorter.side(path) is Side.SOURCE

    def is_test_module(self, path: str) -> bool:
        """Whether pytest would look for tests in a file, by the project's names as the unit left them."""
        return self.naming_of(path).is_test_file(path, self.snapshot.is_package)

    @property
    def touches_source(self) -> bool:
        """Whether a source-side file changed."""
        return bool(self.files.source)

    @property
    def touches_tests(self) -> bool:
        """Whether a test-side file changed."""
        return bool(self.files.test)

    @cached_property
    def behaviour_changed(self) -> bool:
        """Whether more than comments, docstrings, annotations and its version of the source changed."""
        return any(not self._is_same(change) for change in self._source())

    @cached_property
    def source_facts(self) -> tuple[SourceFacts, ...]:
        """What happened in each changed Python source file that can be read."""
        return tuple(facts for facts in map(self._facts, self._source()) if facts is not None)

    @property
    def new_public_names(self) -> int:
        """How many public functions, classes, methods and constants the source gained."""
        return sum(len(facts.new_public_names) for facts in self.source_facts)

    @property
    def changed_functions(self) -> int:
        """How many functions that the source had before have another body now."""
        return sum(len(facts.changed_functions) for facts in self.source_facts)

    @cached_property
    def function_names(self) -> frozenset[str]:
        """Last names of the functions and classes that changed or came."""
        return frozenset(
            name.rpartition(".")[2]
            for facts in self.source_facts
            for name in (*facts.changed_functions, *facts.new_public_names)
        )

    @property
    def modules(self) -> frozenset[str]:
        """Dotted modules of the changed Python source."""
        return frozenset(module_of(path) for path in self.files.source if path.endswith(".py"))

    @property
    def tests_added(self) -> int:
        """How many tests that may guard came new or with new cases."""
        return self._count(How.ADDED, How.CASES_ADDED)

    @property
    def tests_changed(self) -> int:
        """How many tests that may guard changed in their own text."""
        return self._count(How.CHANGED)

    @property
    def test_files(self) -> tuple[testmap.TestFile, ...]:
        """The changed files of the test side, before and after; without those that cannot be had."""
        return tuple(self._read(self._on(self.files.test))[0])

    @cached_property
    def test_map(self) -> TestMap:
        """The tests that it added, changed and moved."""
        files, unreadable = self._read(self._on(self.files.test))
        mapped = testmap.map_tests(files, tree=self.snapshot, left_out=self._sorter.left_out)
        examples = self._doctests()
        tests = sorted((*mapped.tests, *examples.tests), key=lambda test: test.nodeid)
        unreadable += [*mapped.unreadable, *examples.unreadable]
        return TestMap(tuple(tests), tuple(dict.fromkeys(unreadable)), (*mapped.moves, *examples.moves))

    def _doctests(self) -> TestMap:
        """The doctests that it brought, on whichever side they stand."""
        changes = (change for change in self._changes if self.naming_of(change.path).holds_doctests(change.path))
        files, unreadable = self._read(changes)
        mapped = doctests.map_doctests(files, tree=self.snapshot, is_fixed=self.repairs)
        return replace(mapped, unreadable=(*unreadable, *mapped.unreadable))

    def _read(self, changes: Iterable[FileChange]) -> tuple[list[testmap.TestFile], list[Unreadable]]:
        """Changed files before and after, and what could not be had of them."""
        files: list[testmap.TestFile] = []
        unreadable: list[Unreadable] = []
        for change in changes:
            old, new = self.snapshot.old_text(change), self.snapshot.new_text(change)
            missing = next((text for text in (old, new) if isinstance(text, Unavailable)), None)
            if missing is not None:  # with one side alone, each of its tests would look new, or gone
                unreadable.append(Unreadable(change.path, missing.reason, missing.cure))
                continue
            namings = self._before.naming_of(change.old_path or change.path), self._after.naming_of(change.path)
            files.append(testmap.TestFile(change, _text(old), _text(new), *namings))
        return files, unreadable

    def repairs(self, path: str) -> bool:
        """Whether a path is Python source that does something else now."""
        is_source = path.endswith(".py") and path in self.files.source
        return is_source and any(not self._is_same(change) for change in self._on((path,)))

    def new_test_texts(self) -> Iterator[tuple[str, bytes]]:
        """Path and new text of each changed file on the test side that still is there."""
        for change in self._on(self.files.test):
            new = self.snapshot.new_text(change)
            if change.new_path is not None and isinstance(new, bytes):
                yield change.new_path, new

    def _count(self, *kinds: How) -> int:
        return sum(test.counts and test.change in kinds for test in self.test_map.tests)

    def _source(self) -> Iterator[FileChange]:
        for count, change in enumerate(self._on(self.files.source)):
            if count == _SOURCE_FILES_LOOKED_INTO:
                return
            yield change

    def _on(self, paths: tuple[str, ...]) -> Iterator[FileChange]:
        wanted = frozenset(paths)
        return (change for change in self._changes if change.path in wanted)

    def _facts(self, change: FileChange) -> SourceFacts | None:
        """None where it is no Python text that can be read."""
        texts = self._python_texts(change)
        if texts is None:
            return None
        facts = self._known[change.path] = behaviour.describe(*texts)
        return facts

    def _is_same(self, change: FileChange) -> bool:
        """Whether a source file does what it did; what cannot be read is taken for a change."""
        if change.path in self._known:
            return not self._known[change.path].behaviour_changed
        texts = self._python_texts(change)
        return texts is not None and behaviour.same_behaviour(*texts)

    def _python_texts(self, change: FileChange) -> tuple[bytes, bytes] | None:
        if not change.path.endswith((".py", ".pyi")):
            return None
        old, new = self.snapshot.old_text(change), self.snapshot.new_text(change)
        if isinstance(old, Unavailable) or isinstance(new, Unavailable) or (old is None and new is None):
            return None  # the last: a symlink, whose target is no text of its own
        return old or b"", new or b""


def listed(test_map: TestMap) -> tuple[MappedTest, ...]:
    """The tests of a map, those that may guard first."""
    return tuple(sorted(test_map.tests, key=lambda test: (not test.counts, test.nodeid)))


def _text(text: bytes | Unavailable | None) -> bytes | None:
    return text if isinstance(text, bytes) else None
