"""Which tests in other files reach a changed conftest, helper module or data file? Frugal: bytes first, few files."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pytest_bugguard.core import made_tests, reach, syntax
from pytest_bugguard.core.changes import Brought, Helpers
from pytest_bugguard.core.model import How, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.collect import Collector, Naming, Test
    from pytest_bugguard.core.modules import Module, Modules

_LONGEST_PATH = 300
_FILES_SEARCHED = 50
"""How many test modules are searched for one changed file."""
_TESTS_NAMED = 50
"""What reaches more tests than this in files that did not change says nothing about one bug: none of them is named."""
_NO_DATA = frozenset(
    {
        "README.md",
        "__init__.py",
        "conftest.py",
        "pytest.ini",
        "tox.ini",
        "setup.cfg",
        "setup.py",
        "pyproject.toml",
        "requirements.txt",
    }
)
_NO_DATA_ENDINGS = (".pyc", ".ini", ".lock", ".sh", ".gitignore", ".gitkeep")


class Search:
    """Looks for tests around changed files."""

    def __init__(self, modules: Modules, collector: Collector, naming: Naming) -> None:
        self._modules = modules
        self._collector = collector
        self._naming = naming
        self.limits: list[Unreadable] = []
        """Files whose reach is wider than was looked."""
        self._is_cut = False

    def of_helpers(self, module: Module, helpers: Helpers) -> Sequence[tuple[Test, Brought]]:
        """The tests that use changed helpers of a conftest or a module without tests."""
        self._is_cut = False
        found = self._unless_too_many(module.path, self._users(module, helpers))
        if self._is_cut and not found:
            self._limit(
                module.path, "what changed in it is not used in the test files nearest to it; the others are too many"
            )
        return found

    def of_bases(self, module: Module, helpers: Helpers) -> Sequence[tuple[Test, Brought]]:
        """The tests that classes of other files inherit from those of a test module."""
        return self._unless_too_many(module.path, self._users(module, helpers))

    def of_data(self, path: str, *, is_new: bool) -> Sequence[tuple[Test, Brought]]:
        """The tests that name a changed data file, or that take every file of its folder for a case."""
        name = path.rpartition("/")[2]
        if name in _NO_DATA or name.endswith(_NO_DATA_ENDINGS):
            return ()
        return self._unless_too_many(path, self._readers(path, is_new=is_new))

    def _unless_too_many(self, path: str, found: Iterator[tuple[Test, Brought]]) -> Sequence[tuple[Test, Brought]]:
        first = tuple(islice(found, _TESTS_NAMED + 1))
        if len(first) <= _TESTS_NAMED:
            return first
        self._limit(
            path, f"its change reaches more than {_TESTS_NAMED} tests in other files: too many to be about one bug"
        )
        return ()

    def _limit(self, path: str, reason: str, *, holds_tests: bool = False) -> None:
        if path not in {limit.path for limit in self.limits}:
            self.limits.append(Unreadable(path, reason, holds_tests=holds_tests))

    def _users(self, module: Module, helpers: Helpers) -> Iterator[tuple[Test, Brought]]:
        reached = _within(module, helpers)
        if not reached:
            return
        folder = module.path.rpartition("/")[0]
        is_conftest = module.path.endswith("conftest.py")
        sources = [(module, reached), *self._heirs(module, reached)]
        for other in self._around(module.path, folder, climbs=not is_conftest):
            here = (
                Helpers(fixtures=set(reached.fixtures), has_autouse=reached.has_autouse) if is_conftest else Helpers()
            )
            for source, inside in sources:
                self._take_imports(other, source, inside, here)
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
        for local, source in other.imports(_near_imports(module)):
            target = self._modules.imported(other, source)
            if target is not None and target[0].path == module.path:
                _put_import(local, target[1], reached, here)

    def _readers(self, path: str, *, is_new: bool) -> Iterator[tuple[Test, Brought]]:
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        if self._naming.is_passed_over(path) and self._naming.is_test_file(path):
            yield from self._runners(path, folder)
            return
        found = False
        modules = list(self._around(path, folder, climbs=True, deep=False))
        if path.endswith(".py") and any(module.may_import(stem) for module in modules):
            return
        wanted = _Strings({name, stem, path})
        for module in modules:
            if _is_made_of(module, wanted):
                self._limit(module.path, made_tests.UNNAMED, holds_tests=True)
            for test in self._saying(module, wanted):
                found = True
                yield test, Brought(How.HELPER_CHANGED)
        if found or not folder or any(module.path.startswith(f"{folder}/") for module in modules):
            return  # what stands beside test modules is not read by the folder
        siblings = {part for entry in self._modules.names_in(folder) for part in (entry, entry.partition(".")[0])}
        for module in modules:
            for test in self._saying(module, _Strings({folder.rpartition("/")[2]}, but_not=siblings)):
                yield test, Brought(How.CASES_ADDED if is_new else How.HELPER_CHANGED)

    def _runners(self, path: str, folder: str) -> Iterator[tuple[Test, Brought]]:
        """The tests that name a module to run it: with its folder, since they make up many a ``test_a.py``."""
        wanted = _Strings({path, "/".join(path.split("/")[-2:])})
        for module in self._around(path, folder, climbs=True, deep=False):
            for test in self._saying(module, wanted):
                yield test, Brought(How.HELPER_CHANGED)

    def _saying(self, module: Module, wanted: _Strings) -> Iterator[Test]:
        """The tests that hold one of the strings, or use a helper or a table that does."""
        found = self._holding(module, wanted)
        others = self._holding(module, _Strings(wanted.but_not, opens=True)) if found and wanted.but_not else {}
        yield from (test for nodeid, test in found.items() if nodeid not in others)

    def _holding(self, module: Module, wanted: _Strings) -> dict[str, Test]:
        """By node id, the tests that hold one of the strings themselves or reach what does."""
        names: set[str] = set()
        found: dict[str, Test] = {}
        for scope in module.scopes_mentioning(sorted(text for text in wanted.texts if len(text) > 1)):
            for test in self._collector.tests(module, scope):
                if wanted.are_in(test.function):
                    found[test.nodeid] = test
            names.update(name for name, function in scope.functions.items() if wanted.are_in(function))
            names.update(name for name, values in scope.values.items() if any(map(wanted.are_in, values)))
        for test, _ in reach.tests(module, Helpers(names=names), self._collector):
            found.setdefault(test.nodeid, test)
        return found

    def _around(self, path: str, folder: str, *, climbs: bool, deep: bool = True) -> Iterator[Module]:
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


class _Strings(Struct, frozen=True):
    """Names of files, as a test may write them: alone or as a part of a path."""

    texts: set[str]
    but_not: set[str] = field(default_factory=set)
    """Whoever reads by one of these reads that very file, and not all of the folder."""
    opens: bool = False
    """Whether a file is to be opened by it: who compares a name with the string has that name from elsewhere."""

    def are_in(self, tree: ast.AST) -> bool:
        """Whether a tree holds one of the strings."""
        held: set[str] = set()
        compared = set(_compared(tree)) if self.opens else set()
        for node in syntax.walk(tree):
            if (
                node not in compared
                and isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and len(node.value) < _LONGEST_PATH
            ):
                held.update((node.value, *node.value.split("/")))
        return not held.isdisjoint(self.texts)


def _is_made_of(module: Module, wanted: _Strings) -> bool:
    """Whether a module makes tests of a file: by a call of its own while it is imported (``load("cases.txt")``)."""
    return any(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and wanted.are_in(statement)
        for text in wanted.texts
        if text
        for statement in module.statements_near(text)
    )


def _compared(tree: ast.AST) -> Iterator[ast.AST]:
    for node in syntax.walk(tree):
        if isinstance(node, ast.Compare):
            yield from syntax.walk(node.left, *node.comparators)
