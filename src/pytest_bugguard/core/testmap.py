"""Which tests did a unit bring? From the bytes of its test-side files before and after; nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_bugguard.core import cases, guards, neighbours, reach, syntax
from pytest_bugguard.core.cases import Decorated
from pytest_bugguard.core.changes import Changes, between
from pytest_bugguard.core.collect import Collector, Test
from pytest_bugguard.core.model import How, MappedTest, TestMap, Unreadable
from pytest_bugguard.core.modules import Module, Modules, NoTree, Tree
from pytest_bugguard.core.regressions import TestFacts, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.core.syntax import FunctionNode

__all__ = ["TestFacts", "TestFile", "Tree", "map_tests", "references"]

_ACTIVATED = "the test of a known bug, no longer expected to fail"


@dataclass(frozen=True, slots=True)
class TestFile:
    """One changed file of the test side: test module, conftest, helper module or data."""

    __test__ = False

    change: FileChange
    old: bytes | None
    """None where it was not there, or could not be had."""
    new: bytes | None
    naming_old: Naming
    naming_new: Naming


def map_tests(files: Sequence[TestFile], *, tree: Tree) -> TestMap:
    """The tests that changed files bring, and the files that could not be understood."""
    return _Mapping(files, tree).result()


class _Mapping:
    def __init__(self, files: Sequence[TestFile], tree: Tree) -> None:
        self._files = [_Sides(file) for file in files]
        self._modules = Modules([file.new for file in self._files if file.new], tree)
        self._olds = Modules([file.old for file in self._files if file.old], NoTree())
        self._collectors: dict[Naming, Collector] = {}
        self._rows: dict[str, MappedTest] = {}
        self._unreadable: list[Unreadable] = []
        self._moves: list[tuple[str, str]] = []
        self._added: list[Test] = []
        self._removed: list[Test] = []

    def result(self) -> TestMap:
        """Own changes first: they say more than a changed helper does."""
        changed = [(file, self._compare(file)) for file in self._files if file.is_python]
        for file, changes in changed:
            self._own(file, changes)
        self._moved()
        for file, changes in changed:
            self._reached(file, changes)
        self._from_elsewhere(changed)
        rows = tuple(self._rows[nodeid] for nodeid in sorted(self._rows))
        return TestMap(rows, tuple(self._unreadable), tuple(self._moves))

    def _compare(self, file: _Sides) -> Changes:
        changes = between(file.old, file.new, Collector(file.naming_old, self._olds), self._collector(file))
        if changes.fault and not file.is_data:
            self._unreadable.append(Unreadable(file.path, changes.fault))
        return changes

    def _collector(self, file: _Sides) -> Collector:
        if file.naming_new not in self._collectors:
            self._collectors[file.naming_new] = Collector(file.naming_new, self._modules)
        return self._collectors[file.naming_new]

    def _own(self, file: _Sides, changes: Changes) -> None:
        if file.was_test:
            self._removed.extend(changes.removed)
        if not file.is_test or file.new is None:
            return
        collector = self._collector(file)
        for test in changes.added:
            if test.function.name in changes.hidden:
                self._put(test, How.CHANGED, collector)
            else:
                self._added.append(test)
                self._put(test, How.ADDED, collector)
        for old, test in changes.changed:
            self._changed(old, test, collector)
        for names in changes.inheriting:
            if chain := file.new.classes_along(names):
                for test in collector.inherited(file.new, chain):
                    self._put(test, How.ADDED, collector)
        if file.is_renamed:
            self._renamed(file, collector)

    def _changed(self, old: FunctionNode, test: Test, collector: Collector) -> None:
        function = test.function
        decorated = cases.compare(old.decorator_list, function.decorator_list)
        renamed = cases.renamed(old.decorator_list, function.decorator_list)
        note = _ACTIVATED if cases.expects_no_failure_now(old.decorator_list, function.decorator_list) else ""
        if not syntax.same_body(old, function, renamed):
            weaker = decorated in {Decorated.SAME, Decorated.MARKED} and guards.only_weaker(old, function)
            self._put(
                test, How.CHANGED, collector, "its assertions were only removed or loosened" if weaker else "", note
            )
        elif decorated is Decorated.GREW:
            self._put(test, How.CASES_ADDED, collector)
        elif decorated is Decorated.CHANGED:
            self._put(test, How.CHANGED, collector, note=note)
        elif decorated is Decorated.SHRUNK:
            self._put(test, How.CHANGED, collector, "its cases were only removed")
        elif decorated is Decorated.MARKED:
            self._put(test, How.CHANGED, collector, "only its marks changed")

    def _put(self, test: Test, how: How, collector: Collector, reason: str = "", note: str = "") -> None:
        if test.nodeid not in self._rows:
            reason = reason or collector.why_not(test)
            self._rows[test.nodeid] = MappedTest(test.nodeid, how, counts=not reason, reason=reason or note)

    def _renamed(self, file: _Sides, collector: Collector) -> None:
        """The tests that stand unchanged in a file with a new name."""
        assert file.new is not None
        assert file.old is not None
        for piece in file.new.pieces:
            for test in collector.tests(file.new, file.new.scope(piece)):
                if test.nodeid not in self._rows:
                    self._move(test, f"{file.old.path}::{test.qualname}")

    def _move(self, test: Test, origin: str) -> None:
        self._moves.append((origin, test.nodeid))
        reason = f"is not new: it was {origin}"
        self._rows[test.nodeid] = MappedTest(test.nodeid, How.MOVED, counts=False, reason=reason)

    def _moved(self) -> None:
        """Added tests that do what a removed one did."""
        if not self._added or not self._removed:
            return
        origins = {syntax.function_form(test.function): test for test in reversed(self._removed)}
        for test in self._added:
            origin = origins.get(syntax.function_form(test.function))
            if origin is not None:
                self._move(test, origin.nodeid)

    def _reached(self, file: _Sides, changes: Changes) -> None:
        if not file.is_test or file.new is None:
            return
        collector = self._collector(file)
        for how, names in changes.touched:
            for test in self._below(file.new, names, collector):
                self._put(test, how, collector)
        for test, how in reach.tests(file.new, changes.helpers, collector):
            self._put(test, how, collector)

    def _below(self, module: Module, names: tuple[str, ...], collector: Collector) -> Iterator[Test]:
        if not names:
            for piece in module.pieces:
                yield from collector.tests(module, module.scope(piece))
        elif chain := module.classes_along(names):
            yield from collector.tests(module, chain[-1].scope, chain)

    def _from_elsewhere(self, changed: Sequence[tuple[_Sides, Changes]]) -> None:
        if not self._files:
            return
        collector = self._collector(self._files[0])
        search = neighbours.Search(self._modules, collector, self._files[0].naming_new)
        for file, changes in changed:
            if file.new is not None and not file.is_test:
                for test, how in search.of_helpers(file.new, changes.helpers):
                    self._put(test, how, collector)
        for file in self._files:
            if file.is_data:
                for test, how in search.of_data(file.path, is_new=file.is_new):
                    self._put(test, how, collector)
        self._unreadable.extend(search.limits)


class _Sides:
    """A changed file as modules before and after."""

    def __init__(self, file: TestFile) -> None:
        change = file.change
        self.path = change.path
        self.naming_old, self.naming_new = file.naming_old, file.naming_new
        self.is_python = change.path.endswith(".py")
        has_old = file.old is not None and change.old_path is not None and change.status != "C" and self.is_python
        self.old = Module(change.old_path or "", file.old or b"") if has_old else None
        self.new = Module(self.path, file.new) if file.new is not None and self.is_python else None
        self.was_test = change.old_path is not None and file.naming_old.is_test_file(change.old_path)
        self.is_test = change.new_path is not None and file.naming_new.is_test_file(change.new_path)
        self.is_renamed = self.old is not None and self.new is not None and self.old.path != self.new.path
        self.is_new = file.old is None
        self.is_data = file.new is not None and not self.is_test and not self.path.endswith("conftest.py")
        """Whether it may be read by tests: a ``.py`` file too, and then it need not parse."""
