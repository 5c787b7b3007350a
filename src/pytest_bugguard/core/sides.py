"""Which side is a changed file on: the product's source, its tests, or neither? Pure; no I/O.

Decided by whole names of folders and files, never by a piece of one (``src/_pytest/latest.py`` is no test),
in this order:

1. the longest entry of the settings ``tests`` and ``source`` that covers the path;
2. ``conftest.py`` and what lies in a folder of tests; where ``testpaths`` names tests of one kind (``t/unit``),
   those of another kind beside them (``t/integration``) are some too;
3. what the project's naming calls a test file. Where ``testpaths`` (or the setting ``tests``) says where the
   tests live, a name alone does not make a test of a module in a package (``aiohttp/test_utils.py``) or
   among the examples;
4. what is plainly neither: documentation, examples, tools, build scripts, news, whatever is hidden, and
   text in a folder of documentation inside a package;
5. Python and compiled sources, and any file inside an importable package: the product;
6. everything else is neutral.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.collection import folders_above
from pytest_bugguard.core.model import Files, Side
from pytest_bugguard.core.naming import TEST_FOLDERS, is_importable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.naming import IsPackage, Naming


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SOURCE_SUFFIXES = _words("""
    .py .pyw .pyi .pyx .pxd .pxi .c .cc .cpp .cxx .h .hh .hpp .hxx .inl .cu .cuh .rs .go .zig .asm .s
    .f .for .f77 .f90 .f95 .f03 .f08 .pyf
""")
"""Python, stubs, Cython and what extension modules are compiled from; lower case."""

NEUTRAL_FOLDERS = _words("""
    doc docs documentation example examples sample samples demo demos tutorial tutorials
    bench benchmark benchmarks asv_bench perf performance profiling tool tools script scripts task tasks
    extra extras misc maint ci dev requirements changelog changes news releasenotes
""")
"""Folders that hold no product where they stand outside the packages; inside one they are part of it."""

_DATA_OF_TESTS = _words("testdata test-data test_data")
_DOCS = _words("doc docs documentation")
_PROSE = _words(".md .rst .txt .adoc")

NEWS_FOLDERS = _words("newsfragments changelog.d changes.d news.d topfiles")
"""Folders of changelog fragments, wherever they stand: twisted keeps its own inside the packages."""

NEUTRAL_MODULES = _words("""
    setup.py conf.py hatch_build.py noxfile.py toxfile.py tasks.py fabfile.py dodo.py pavement.py versioneer.py
    ez_setup.py
""")
"""Python files that build or document, where they stand outside the packages."""

_NEUTRAL_NAMES = re.compile(
    r"(?:readme|changelog|changes|history|news|authors|contributors|contributing|copying|license|licence|notice)"
    r"(?:\.(?:md|rst|txt))?",
    re.IGNORECASE,
)
_CACHE_CAP = 50_000  # paths; more than any tree we met, and still only some megabytes


class Sides(Struct, frozen=True, dict=True):
    """The project's own division of its files. Remembers what names alone decide: a history asks the same often."""

    naming: Naming
    tests: tuple[str, ...] | None = None
    """The setting ``tests``: folders or files. None: found by looking."""
    source: tuple[str, ...] | None = None
    """The setting ``source``: folders or files, nothing else is product then. None: found by looking."""

    @cached_property
    def _settled(self) -> dict[str, Side]:
        return {}

    def side(self, path: str, is_package: IsPackage) -> Side:
        """The side of one file.

        Args:
            path: Relative to the repository's top, with ``/``.
            is_package: Whether a folder holds ``__init__.py`` in the tree that the path comes from. Asked only
                where names do not settle it.
        """
        settled = self._settled.get(path)
        if settled is not None:
            return settled
        asked = False

        def ask(folder: str) -> bool:
            nonlocal asked
            asked = True
            return is_package(folder)

        side = self._judge(path, ask)
        if not asked:  # else the next commit's tree may say otherwise
            if len(self._settled) >= _CACHE_CAP:
                self._settled.clear()
            self._settled[path] = side
        return side

    def _judge(self, path: str, is_package: IsPackage) -> Side:
        test_root, source_root = _longest(self.tests, path), _longest(self.source, path)
        if test_root and len(test_root) >= len(source_root):
            return Side.TEST
        if source_root == path:
            return Side.SOURCE
        if path.startswith("."):
            return Side.NEUTRAL
        if self._is_test(path, source_root, is_package):
            return Side.TEST
        if self.source is not None:
            return Side.SOURCE if source_root else Side.NEUTRAL
        return _source_or_neutral(path, is_package)

    def _is_test(self, path: str, source_root: str, is_package: IsPackage) -> bool:
        if path.rpartition("/")[2] == "conftest.py":
            return True
        if self.tests is None and self._is_in_test_folder(path, source_root, is_package):
            return True
        return self.naming.is_test_file(path, is_package) and self._is_tested_there(path, is_package)

    def _is_in_test_folder(self, path: str, source_root: str, is_package: IsPackage) -> bool:
        inside = (folder for folder in folders_above(path) if len(folder) > len(source_root))
        return any(self._is_test_folder(folder, is_package) for folder in inside)

    def _is_test_folder(self, folder: str, is_package: IsPackage) -> bool:
        name = folder.rpartition("/")[2]
        if self.naming.is_testpath(folder, is_package) or self.naming.is_beside_testpath(folder):
            return True
        if name == "test" and _is_inside_package(folder, is_package):
            return not (self.naming.testpaths or _has_its_own_tests(folder, is_package))
        if folder.endswith("/test/testing"):
            return True
        if name in TEST_FOLDERS or name in _DATA_OF_TESTS:
            return True
        return "tests" in re.split(r"[\W_]+", name) and not _is_inside_package(folder, is_package)

    def _is_tested_there(self, path: str, is_package: IsPackage) -> bool:
        """Whether a test-like name can be believed where it stands."""
        if self.tests is None and self.naming.is_reached(path):
            return True
        return not (_is_inside_package(path, is_package) or _is_in_neutral_folder(path, is_package))


class Division:
    """The sides of all files of a repository, each by the names for tests that hold where it stands."""

    def __init__(self, tests: tuple[str, ...] | None, source: tuple[str, ...] | None) -> None:
        """Divide by these settings, as ``Sides`` has them."""
        self._tests = tests
        self._source = source
        self._sides: dict[Naming, Sides] = {}

    def side(self, path: str, naming: Naming, is_package: IsPackage) -> Side:
        """The side of one file, for which this naming holds; the rest as for ``Sides.side``."""
        if naming not in self._sides:
            self._sides[naming] = Sides(naming, self._tests, self._source)
        return self._sides[naming].side(path, is_package)


def sorted_by(side: Callable[[str], Side], changes: Iterable[FileChange]) -> Files:
    """The changed files by side; a renamed file is on the side where it ended."""
    found: dict[Side, list[str]] = {one: [] for one in Side}
    for change in changes:
        found[side(change.path)].append(change.path)
    return Files(*(tuple(found[one]) for one in (Side.SOURCE, Side.TEST, Side.NEUTRAL)))


def _has_its_own_tests(folder: str, is_package: IsPackage) -> bool:
    """Whether a package called ``test`` is a product, as ``django.test`` and ``py.test`` are: it is tested itself."""
    return any(is_package(f"{folder}/{name}") for name in ("tests", "testing"))


def _longest(roots: tuple[str, ...] | None, path: str) -> str:
    """The longest of the folders (or files) that the path is in (or is); empty where none is."""
    covering = (root for root in roots or () if path == root or path.startswith(f"{root}/"))
    return max(covering, key=len, default="")


def _source_or_neutral(path: str, is_package: IsPackage) -> Side:
    name = path.rpartition("/")[2]
    if _NEUTRAL_NAMES.fullmatch(name) or "/." in path or _is_prose(path) or _is_in_neutral_folder(path, is_package):
        return Side.NEUTRAL
    if _suffix(name) in SOURCE_SUFFIXES:
        is_ours = name not in NEUTRAL_MODULES or _is_inside_package(path, is_package)
    else:
        is_ours = any(is_importable(folder, is_package) for folder in folders_above(path))
    return Side.SOURCE if is_ours else Side.NEUTRAL


def _is_prose(path: str) -> bool:
    """Whether it is text for readers in a folder of documentation, also where that stands inside a package."""
    return _suffix(path) in _PROSE and any(folder.rpartition("/")[2] in _DOCS for folder in folders_above(path))


def _is_in_neutral_folder(path: str, is_package: IsPackage) -> bool:
    for folder in folders_above(path):
        name = folder.rpartition("/")[2]
        if name in NEWS_FOLDERS or (name in NEUTRAL_FOLDERS and not _is_inside_package(folder, is_package)):
            return True
    return False


def _is_inside_package(path: str, is_package: IsPackage) -> bool:
    """Whether the folder that holds it is importable; all that stands directly in ``src`` is."""
    folder = path.rpartition("/")[0]
    return folder == "src" or (folder != "" and is_importable(folder, is_package))


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""
