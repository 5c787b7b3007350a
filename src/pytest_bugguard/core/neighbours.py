"""Which tests in other files reach a changed conftest, helper module or data file? Frugal: bytes first, few files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_bugguard.core import reach
from pytest_bugguard.core.changes import Brought, Helpers
from pytest_bugguard.core.collect import Test
from pytest_bugguard.core.data_files import Readers
from pytest_bugguard.core.model import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.collect import Collector, Naming
    from pytest_bugguard.core.modules import Module, Modules

_FILES_SEARCHED = 50
"""How many test modules are searched for one changed file."""
_TESTS_NAMED = 50
"""What reaches more tests than this in files that did not change says nothing about one bug: none of them is named."""


class Search:
    """Looks for tests around changed files."""

    def __init__(self, modules: Modules, collector: Collector, naming: Naming) -> None:
        self._modules = modules
        self._collector = collector
        self._naming = naming
        self._readers = Readers(self, modules, collector, naming)
        self.limits: list[Unreadable] = []
        """Files whose reach is wider than was looked."""
        self._is_cut = False

    def of_helpers(self, module: Module, helpers: Helpers) -> Sequence[tuple[Test, Brought]]:
        """The tests that use changed helpers of a conftest or a module without tests."""
        self._is_cut = False
        found = self._unless_too_many(module.path, self.users(module, helpers))
        if self._is_cut and not found:
            self.limit(
                module.path, "what changed in it is not used in the test files nearest to it; the others are too many"
            )
        return found

    def of_bases(self, module: Module, helpers: Helpers) -> Sequence[tuple[Test, Brought]]:
        """The tests that classes of other files inherit from those of a test module."""
        return self._unless_too_many(module.path, self.users(module, helpers))

    def of_data(self, path: str, *, is_new: bool) -> Sequence[tuple[Test, Brought]]:
        """The tests that read a changed data file."""
        return self._unless_too_many(path, self._readers.of(path, is_new=is_new))

    def _unless_too_many(self, path: str, found: Iterator[tuple[Test, Brought]]) -> Sequence[tuple[Test, Brought]]:
        first = tuple(islice(found, _TESTS_NAMED + 1))
        if len(first) <= _TESTS_NAMED:
            return first
        self.limit(
            path, f"its change reaches more than {_TESTS_NAMED} tests in other files: too many to be about one bug"
        )
        return ()

    def limit(self, path: str, reason: str, *, holds_tests: bool = False) -> None:
        """Note a file that reaches further than was looked, or what it may hold unseen."""
        if path not in {limit.path for limit in self.limits}:
            self.limits.append(Unreadable(path, reason, holds_tests=holds_tests))

    def users(self, module: Module, helpers: Helpers) -> Iterator[tuple[Test, Brought]]:
        """The tests of other modules that use helpers of this one."""
        reached = _within(module, helpers)
        if not reached:
            return
        folder = module.path.rpartition("/")[0]
        is_conftest = module.path.endswith("conftest.py")
        sources = [(module, reached), *self._heirs(module, reached)]
        for other in self.around(module.path, folder, climbs=not is_conftest):
            here = (
                Helpers(fixtures=set(reached.fixtures), has_autouse=reached.has_autouse) if is_conftest else Helpers()
            )
            for source, inside in sources:
                self._take_imports(other, source, inside, here)
                yield from self._collected_there(other, source, inside)
            yield from reach.tests(other, here, self._collector)

    def _heirs(self, module: Module, reached: Helpers) -> Iterator[tuple[Module, Helpers]]:
        """Other modules with classes that inherit what was reached, and what is reached there; at any distance."""
        sources = [(module, reached)]
        folder = module.path.rpartition("/")[0]
        for source, inside in sources:
            if not inside.tests and not inside.members:
                continue
            known = {one.path for one, _ in sources}
            for other in self._modules_around(folder):
                here = Helpers()
                if other.path not in known:
                    self._take_imports(other, source, inside, here)
                if here.tests or here.members:
                    heir = other, _within(other, Helpers(tests=here.tests, members=here.members))
                    sources.append(heir)
                    yield heir

    def _modules_around(self, folder: str) -> Iterator[Module]:
        """The Python files in a folder, below it and above it, as far as files are read for one unit."""
        places = (place for place in self._paths(folder, climbs=True, deep=True) if place.endswith(".py"))
        for place in islice(places, _FILES_SEARCHED):
            module = self._modules.at(place)
            if module is not None:
                yield module

    def _take_imports(self, other: Module, module: Module, reached: Helpers, here: Helpers) -> None:
        """Put the changed helpers under the names that a module imports them by."""
        for local, name in self._imports_of(other, module):
            _put_import(local, name, reached, here)

    def is_imported_by_tests(self, module: Module) -> bool:
        """Whether a test module around takes something from it."""
        around = self.around(module.path, module.path.rpartition("/")[0], climbs=True)
        return any(True for other in around for _ in self._imports_of(other, module))

    def _imports_of(self, other: Module, module: Module) -> Iterator[tuple[str, str | None]]:
        """What a module imports of another one, by the name that it has there; None: the module itself."""
        for local, source in other.imports(_near_imports(module)):
            target = self._modules.imported(other, source)
            if target is not None and target[0].path == module.path:
                yield local, target[1]

    def _collected_there(self, other: Module, module: Module, reached: Helpers) -> Iterator[tuple[Test, Brought]]:
        """The tests in classes that a test module only imports from one that is none: pytest finds them by name.

        Where it has an heir of such a class, that one's tests say enough.
        """
        if not reached.tests or self._naming.is_test_file(module.path):
            return
        names = {name for local, name in self._imports_of(other, module) if local in {name, "*"}}
        for owner, tests in reached.tests.items():
            is_imported = not names.isdisjoint({owner, "*"}) and not other.has_subclass_of(owner)
            whole = module.class_named(owner) if is_imported else None
            if whole is not None and self._collector.is_collected(module, (whole,)):
                for name in tests.keys() & whole.scope.functions.keys():
                    yield Test(other, (whole,), whole.scope.functions[name], module), tests[name]

    def around(self, path: str, folder: str, *, climbs: bool, deep: bool = True) -> Iterator[Module]:
        """Test modules in a folder and below it, then (climbing) in the folders above, until enough are seen."""
        seen = 0
        for place in self._paths(folder, climbs=climbs, deep=deep):
            if place == path or not self._naming.is_test_file(place) or self._naming.is_passed_over(place):
                continue
            seen += 1
            if seen > _FILES_SEARCHED or self._modules.is_exhausted:
                self._is_cut = True
                return
            module = self._modules.at(place)
            if module is not None:
                yield module

    def _paths(self, folder: str, *, climbs: bool, deep: bool) -> Iterator[str]:
        waiting = [folder]
        visited = set()
        while waiting:
            here = waiting.pop(0)
            visited.add(here)
            places = (f"{here}/{name}".lstrip("/") for name in self._modules.names_in(here))
            for place in sorted(places, key=lambda place: (place not in self._modules.changed, place)):
                if not place.endswith("/"):
                    yield place
                elif deep and place[:-1] not in visited:
                    waiting.append(place[:-1])
            if climbs and not waiting and here and _is_test_side(folder):
                above = folder.rpartition("/")[0]
                if above and above not in visited:
                    waiting.append(above)
                    folder = above


def _is_test_side(folder: str) -> bool:
    return "test" in folder.lower()


def _near_imports(module: Module) -> tuple[str, ...]:
    """What stands in a line that imports a module: its name; or dots alone, for a package (``from . import name``)."""
    path = module.path.removesuffix(".py")
    package = path.removesuffix("/__init__")
    return (package.rpartition("/")[2], *(["from ."] if package != path else []))


def _put_import(local: str, name: str | None, reached: Helpers, here: Helpers) -> None:
    if name is None:
        here.names.update(f"{local}.{changed}" for changed in (*reached.names, *reached.members))
        here.names.discard(local)
        here.tests |= reached.tests
    elif name == "*":
        here.names |= reached.names
        here.fixtures |= reached.fixtures
        here.grown |= reached.grown
        here.tests |= reached.tests
        here.members.update({owner: set(names) for owner, names in reached.members.items()})
    else:
        _put_name(local, name, reached, here)


def _put_name(local: str, name: str, reached: Helpers, here: Helpers) -> None:
    if name in reached.names:
        here.names.add(local)
        if name in reached.grown:
            here.grown.add(local)
    elif name in reached.members:
        here.members.setdefault(local, set()).update(reached.members[name])
    elif name in reached.fixtures:
        here.fixtures.add(local)
    if name in reached.tests:
        here.tests[local] = reached.tests[name]


def _within(module: Module, helpers: Helpers) -> Helpers:
    """The helpers of a module that changed themselves or reach one that did."""
    return reach.widened(module, helpers) if helpers else helpers
