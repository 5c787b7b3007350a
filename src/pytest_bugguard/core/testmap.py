"""Which tests did a unit bring? From the bytes of its test-side files before and after; nothing is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import cases, copies, likeness, made_tests, neighbours, own_hooks, reach
from pytest_bugguard.core.cases import Decorated
from pytest_bugguard.core.changes import Brought, Changes, Helpers, between
from pytest_bugguard.core.collect import Collector, Test
from pytest_bugguard.core.model import How, MappedTest, TestMap, Unreadable
from pytest_bugguard.core.modules import Module, Modules, NoTree, Tree
from pytest_bugguard.core.regressions import TestFacts, references

if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterator, Sequence

    from pytest_bugguard.core.collect import LeftOut
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.naming import Naming

__all__ = ["TestFacts", "TestFile", "Tree", "map_tests", "references"]

Reaching = Callable[[Module, Helpers, Collector], "Iterator[tuple[Test, Brought]]"]
"""Which tests of a module reach helpers that changed."""


class TestFile(Struct, frozen=True):
    """One changed file of the test side: test module, conftest, helper module or data."""

    __test__ = False

    change: FileChange
    old: bytes | None
    """None where it was not there, or could not be had."""
    new: bytes | None
    naming_old: Naming
    naming_new: Naming


def map_tests(files: Sequence[TestFile], *, tree: Tree, left_out: LeftOut | None = None) -> TestMap:
    """The tests that changed files bring, and the files that could not be understood.

    Args:
        files: The changed ones of the test side.
        tree: All files as they are now.
        left_out: What conftest files keep out of the collection, where that is known without reading the tree.
    """
    return _Mapping(files, tree, left_out).result()


class _Mapping:
    def __init__(self, files: Sequence[TestFile], tree: Tree, left_out: LeftOut | None) -> None:
        self._left_out = left_out
        self._files = [_Sides(file) for file in files]
        self._modules = Modules([file.new for file in self._files if file.new], tree)
        self._olds = Modules([file.old for file in self._files if file.old], NoTree())
        self._collectors: dict[Naming, Collector] = {}
        self._searches: dict[Naming, neighbours.Search] = {}
        self._rows: dict[str, MappedTest] = {}
        self._unreadable: list[Unreadable] = []
        self._moves: list[tuple[str, str]] = []
        self._added: list[Test] = []
        self._removed: list[Test] = []

    def result(self) -> TestMap:
        """Own changes first: they say more than a changed helper does; what a whole class is set up with says least."""
        changed = [(file, self._compare(file)) for file in self._files if file.is_python]
        for file, changes in changed:
            self._own(file, changes)
        self._moved()
        for file, changes in changed:
            self._reached(file, changes)
        self._from_elsewhere(changed)
        if not any(row.counts for row in self._rows.values()):
            for file, changes in changed:
                self._reached(file, changes, reach.tests_through_bases)
                self._made(file, changes)
            self._collected_otherwise({file.path for file, changes in changed if changes.helpers})
        rows = tuple(self._rows[nodeid] for nodeid in sorted(self._rows))
        return TestMap(rows, tuple(self._unreadable), tuple(self._moves))

    def _compare(self, file: _Sides) -> Changes:
        changes = between(file.old, file.new, Collector(file.naming_old, self._olds), self._collector(file))
        if changes.fault and not file.is_data:
            self._unreadable.append(Unreadable(file.path, changes.fault))
        return changes

    def _collector(self, file: _Sides) -> Collector:
        if file.naming_new not in self._collectors:
            self._collectors[file.naming_new] = Collector(file.naming_new, self._modules, self._left_out)
        return self._collectors[file.naming_new]

    def _search(self, file: _Sides) -> neighbours.Search:
        if file.naming_new not in self._searches:
            search = neighbours.Search(self._modules, self._collector(file), file.naming_new)
            self._searches[file.naming_new] = search
        return self._searches[file.naming_new]

    def _own(self, file: _Sides, changes: Changes) -> None:
        if file.was_test:
            self._removed.extend(changes.removed)
        if not file.is_test or file.new is None:
            return
        collector = self._collector(file)
        for test in changes.added:
            self._added.append(test)
            self._put(test, Brought(How.ADDED), collector)
        for test, brought in changes.changed:
            self._put(test, brought, collector)
        for names in changes.inheriting:
            if chain := file.new.classes_along(names):
                for test in collector.inherited(file.new, chain):
                    self._put(test, Brought(How.ADDED), collector)
        if file.is_renamed:
            self._renamed(file, collector)

    def _put(self, test: Test, brought: Brought, collector: Collector) -> None:
        if test.nodeid not in self._rows:
            reason = brought.reason or collector.why_not(test)
            row = MappedTest(test.nodeid, brought.how, counts=not reason, reason=reason or brought.note)
            self._rows[test.nodeid] = row

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
        """Added tests that do what a removed one did, maybe with other cases."""
        if not self._added:
            return
        origins: dict[Hashable, list[Test]] = {}
        shapes = {likeness.body_shape(test.function) for test in self._added}
        for test in self._removed:
            if likeness.body_shape(test.function) in shapes:
                origins.setdefault(likeness.body_form(test.function), []).append(test)
        shapes = {likeness.body_shape(test.function) for test in self._removed}
        for test in self._added:
            may_have_moved = likeness.body_shape(test.function) in shapes
            twins = origins.get(likeness.body_form(test.function), ()) if may_have_moved else ()
            if twins:
                self._moved_from(min(twins, key=lambda twin: _decorated(twin, test).value), test)
            elif origin := self._original(test):
                self._copied_from(origin, test)

    def _original(self, test: Test) -> Test | None:
        file = next((file for file in self._files if file.new is test.module), None)
        if file is None or file.old is None:
            return None
        return copies.original(test, file.old, Collector(file.naming_old, self._olds))

    def _copied_from(self, origin: Test, test: Test) -> None:
        """A copy with the same cases shows nothing new; with others it is as good as those."""
        match _decorated(origin, test):
            case Decorated.GREW | Decorated.CHANGED:
                return
            case _:
                reason = f"is not new: it does what {origin.nodeid} did"
                self._rows[test.nodeid] = replace(self._rows[test.nodeid], counts=False, reason=reason)

    def _moved_from(self, origin: Test, test: Test) -> None:
        decorated = _decorated(origin, test)
        if decorated in {Decorated.GREW, Decorated.CHANGED}:
            how = How.CASES_ADDED if decorated is Decorated.GREW else How.CHANGED
            self._moves.append((origin.nodeid, test.nodeid))
            self._rows[test.nodeid] = replace(self._rows[test.nodeid], change=how)
        else:
            self._move(test, origin.nodeid)

    def _reached(self, file: _Sides, changes: Changes, reaching: Reaching = reach.tests) -> None:
        if not file.is_test or file.new is None:
            return
        collector = self._collector(file)
        for how, names in changes.touched:
            for test in self._below(file.new, names, collector):
                self._put(test, Brought(how), collector)
        for test, brought in reaching(file.new, changes.helpers, collector):
            self._put(test, brought, collector)

    def _made(self, file: _Sides, changes: Changes) -> None:
        """A file that makes tests of a table that changed, or by a function: it brought some, under names unknown."""
        if file.new is None or not changes.helpers.names:
            return
        is_named = any(nodeid.startswith(f"{file.path}::") for nodeid in self._rows)
        if is_named or not made_tests.are_in(file.new, self._collector(file)):
            return
        if file.is_test or self._search(file).is_imported_by_tests(file.new):
            self._unreadable.append(Unreadable(file.path, made_tests.UNNAMED, holds_tests=True))

    def _collected_otherwise(self, python: Container[str]) -> None:
        """What may hold tests of a kind that only a hook of the project's knows; of Python files some have changed."""
        for file in self._files:
            if file.path not in python and not (file.is_data and not file.is_python):
                continue
            is_named = any(nodeid.startswith(f"{file.path}::") for nodeid in self._rows)
            if not is_named and (hook := own_hooks.above(file.path, self._modules.tree)):
                reason = f"a hook of the project's own may collect tests from it ({hook})"
                self._unreadable.append(Unreadable(file.path, reason, holds_tests=True))

    def _below(self, module: Module, names: tuple[str, ...], collector: Collector) -> Iterator[Test]:
        if not names:
            for piece in module.pieces:
                yield from collector.tests(module, module.scope(piece))
        elif chain := module.classes_along(names):
            yield from collector.tests(module, chain[-1].scope, chain)

    def _from_elsewhere(self, changed: Sequence[tuple[_Sides, Changes]]) -> None:
        for file, changes in changed:
            if file.new is None:
                continue
            search, collector = self._search(file), self._collector(file)
            found = (
                search.of_bases(file.new, changes.helpers.of_bases())
                if file.is_test
                else search.of_helpers(file.new, changes.helpers)
            )
            for test, brought in found:
                self._put(test, brought, collector)
        for file in self._files:
            if file.is_data:
                for test, brought in self._search(file).of_data(file.path, is_new=file.is_new):
                    self._put(test, brought, self._collector(file))
        self._unreadable.extend(dict.fromkeys(limit for search in self._searches.values() for limit in search.limits))


def _decorated(old: Test, new: Test) -> Decorated:
    return cases.compare(old.function.decorator_list, new.function.decorator_list)


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
        self.was_test = change.old_path is not None and _holds_tests(change.old_path, file.old, file.naming_old)
        self.is_test = change.new_path is not None and _holds_tests(change.new_path, file.new, file.naming_new)
        self.is_renamed = self.old is not None and self.new is not None and self.old.path != self.new.path
        self.is_new = file.old is None
        is_module = self.is_test and not file.naming_new.is_passed_over(self.path)
        self.is_data = file.new is not None and not is_module and not self.path.endswith("conftest.py")
        """Whether it may be read by tests: a ``.py`` file too, and then it need not parse."""


def _holds_tests(path: str, text: bytes | None, naming: Naming) -> bool:
    """Whether a file is a module of tests; where unittest alone looks for them, one of its classes has to be there."""
    return naming.is_test_file(path) and (not naming.is_for_unittest_alone(path) or b"TestCase" in (text or b""))
