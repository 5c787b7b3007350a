"""Which tests read a changed data file? They name it, or take every file of a folder for a case. Frugal; no I/O.

Test modules beside the file and in the folders above it are asked first. Where none of them reads it, the whole side of
the tests is: modules, their helpers and conftests, as far as the names stand in their bytes.
"""

from __future__ import annotations

import ast
from copy import copy
from itertools import islice, pairwise
from typing import TYPE_CHECKING

from pytest_bugguard.core import made_tests, outline, reach
from pytest_bugguard.core.changes import Brought, Helpers
from pytest_bugguard.core.collection import folders_above
from pytest_bugguard.core.model import How
from pytest_bugguard.core.named_files import Folder, Listed, Named, Placed
from pytest_bugguard.core.naming import says_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.collect import Collector, Naming, Test
    from pytest_bugguard.core.modules import Module, Modules
    from pytest_bugguard.core.neighbours import Search
    from pytest_bugguard.core.outline import Scope
    from pytest_bugguard.core.syntax import FunctionNode

_FILES_SCANNED = 300
"""How many Python files are looked through for a name, where nothing near reads the file."""
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


class Readers:
    """Looks for the tests that read a data file."""

    def __init__(self, search: Search, modules: Modules, collector: Collector, naming: Naming) -> None:
        self._search = search
        self._modules = modules
        self._collector = collector
        self._naming = naming
        self._sides: dict[tuple[str, str], list[str]] = {}
        """By its top, and a folder of data in it that is left out: the Python files of a side of the tests."""
        self._takers: dict[str, list[Test]] = {}
        """By folder, the tests that take whatever is in it."""

    def of(self, path: str, *, is_new: bool) -> Iterator[tuple[Test, Brought]]:
        """The tests that name a changed file, or that take every file of its folder for a case."""
        folder, _, name = path.rpartition("/")
        if name in _NO_DATA or name.endswith(_NO_DATA_ENDINGS):
            return
        if self._naming.is_passed_over(path) and self._naming.is_test_file(path):
            yield from self._runners(path, folder)
            return
        modules = list(self._search.around(path, folder, climbs=True, deep=False))
        if path.endswith(".py") and any(module.may_import(name.partition(".")[0]) for module in modules):
            return
        case = Brought(How.CASES_ADDED if is_new else How.HELPER_CHANGED)
        for look in (self._by_name, self._by_folder, self._from_afar):
            found = False
            for test, brought in look(path, modules, case):
                found = True
                yield test, brought
            if found:
                return

    def _runners(self, path: str, folder: str) -> Iterator[tuple[Test, Brought]]:
        """The tests that name a module to run it: with its folder, since they make up many a ``test_a.py``."""
        wanted = Named({path, "/".join(path.split("/")[-2:])})
        for module in self._search.around(path, folder, climbs=True, deep=False):
            for test in self._reading(module, wanted):
                yield test, Brought(How.HELPER_CHANGED)

    def _by_name(self, path: str, modules: Sequence[Module], _: Brought) -> Iterator[tuple[Test, Brought]]:
        name = path.rpartition("/")[2]
        wanted = Named({name, name.partition(".")[0], path})
        for module in modules:
            if _is_made_of(module, wanted):
                self._search.limit(module.path, made_tests.UNNAMED, holds_tests=True)
            for test in self._reading(module, wanted):
                yield test, Brought(How.HELPER_CHANGED)

    def _by_folder(self, path: str, modules: Sequence[Module], case: Brought) -> Iterator[tuple[Test, Brought]]:
        folder = path.rpartition("/")[0]
        if not folder or _is_beside(path, modules):
            return  # what stands beside test modules is not read by the folder
        files = {name for name in self._modules.names_in(folder) if not name.endswith("/")}
        siblings = Named({part for name in files for part in (name, name.partition(".")[0])}, opens=True)
        for module in modules:
            found = {test.nodeid: test for test in self._reading(module, Named({folder.rpartition("/")[2]}))}
            others = {test.nodeid for test in self._reading(module, siblings)} if found else set()
            yield from ((test, case) for nodeid, test in found.items() if nodeid not in others)

    def _from_afar(self, path: str, near: Sequence[Module], case: Brought) -> Iterator[tuple[Test, Brought]]:
        """By anybody on the side of the tests: by its name and folder, or by all that is in a folder above it."""
        top = next((above for above in folders_above(path) if says_test(above.rpartition("/")[2])), None)
        if top is None or _is_beside(path, near):
            return
        data = self._data_of(top, path)
        if (top, data) not in self._sides:
            self._sides[top, data] = list(islice(self._scanned(top, data), _FILES_SCANNED))
        side = self._sides[top, data]
        named = [] if path.endswith(".py") else list(self._seen(side, Placed(path, top)))
        yield from ((test, Brought(How.HELPER_CHANGED)) for test in named)
        folder = path.rpartition("/")[0]
        if not named and folder not in self._takers:
            self._takers[folder] = list(self._seen(side, self._listed(top, path)))
        yield from ((test, case) for test in (() if named else self._takers[folder]))

    def _listed(self, top: str, path: str) -> Listed:
        """Each folder between the top of the tests and a file."""
        places = [place for place in folders_above(path) if place.startswith(f"{top}/")]
        return Listed(tuple(self._folder(top, place, inside) for place, inside in pairwise([*places, path])))

    def _folder(self, top: str, place: str, inside: str) -> Folder:
        taken = inside.rpartition("/")[2]
        return Folder(place, top, frozenset(self._entries(place) - {taken, taken.partition(".")[0]}))

    def _entries(self, folder: str) -> set[str]:
        """What a folder holds, by whole names and without their endings."""
        names = (name.rstrip("/") for name in self._modules.names_in(folder))
        return {part for name in names for part in (name, name.partition(".")[0])}

    def _scanned(self, top: str, data: str) -> Iterator[str]:
        """The Python files on a side of the tests, those of upper folders first; without the folder of the data."""
        folders = [top]
        for folder in folders:
            names = sorted(self._modules.names_in(folder))
            yield from (f"{folder}/{name}" for name in names if name.endswith(".py"))
            folders += [f"{folder}/{name[:-1]}" for name in names if name.endswith("/") and f"{folder}/{name}" != data]

    def _data_of(self, top: str, path: str) -> str:
        """The outermost folder above a file in which no Python lies; empty where there is none."""
        above = (place for place in folders_above(path) if place.startswith(f"{top}/"))
        bare = (place for place in above if not any(name.endswith(".py") for name in self._modules.names_in(place)))
        return "".join(f"{place}/" for place in islice(bare, 1))

    def _seen(self, side: Sequence[str], wanted: Placed | Listed) -> Iterator[Test]:
        """All that is found in those modules of a side of the tests whose bytes may hold what is wanted."""
        for place in side:
            text = self._modules.text(place)
            if text is not None and wanted.may_be_in(text):
                yield from self._reading(self._modules.taken(place, text), wanted)

    def _reading(self, module: Module, wanted: Named | Placed | Listed) -> Iterator[Test]:
        """The tests that hold what is wanted themselves or reach what does; of a helper module those that use it."""
        is_test_file = self._naming.is_test_file(module.path) and not self._naming.is_passed_over(module.path)
        wanted = wanted.within(module)
        found: dict[str, Test] = {}
        helpers = Helpers()
        for scope in wanted.scopes(module):
            _put(helpers, scope, wanted)
            for test in self._collector.tests(module, scope) if is_test_file else ():
                if wanted.are_in(test.function):
                    found[test.nodeid] = test
        users = reach.tests(module, helpers, self._collector) if is_test_file else self._search.users(module, helpers)
        for test, _ in users:
            found.setdefault(test.nodeid, test)
        yield from found.values()


def _put(helpers: Helpers, scope: Scope, wanted: Named | Placed | Listed) -> None:
    """Add what a scope defines that holds what is wanted."""
    for name, function in scope.functions.items():
        if outline.is_fixture(function):
            # What every test is set up with tells nothing about one of them.
            if wanted.are_in(_undecorated(function)) and not outline.is_autouse(function):
                helpers.fixtures.add(outline.fixture_name(function))
        elif wanted.are_in(function):
            helpers.names.add(name)
    helpers.names.update(name for name, values in scope.values.items() if any(map(wanted.are_in, values)))


def _undecorated(fixture: FunctionNode) -> FunctionNode:
    """Without what its decorator says: ``scope="module"`` is no file."""
    bare = copy(fixture)
    bare.decorator_list = []
    return bare


def _is_beside(path: str, modules: Iterable[Module]) -> bool:
    """Whether test modules stand in the folder of a file."""
    folder = path.rpartition("/")[0]
    return any(module.path.startswith(f"{folder}/") for module in modules)


def _is_made_of(module: Module, wanted: Named) -> bool:
    """Whether a module makes tests of a file: by a call of its own while it is imported (``load("cases.txt")``)."""
    return any(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and wanted.are_in(statement)
        for text in wanted.texts
        if text
        for statement in module.statements_near(text)
    )
