"""By which names does this project know its tests? pytest's rules, with the project's own settings. Pure; no I/O."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import collection, doctest_options, pytest_config, unittest_config
from pytest_bugguard.core.collection import Collection, folders_above
from pytest_bugguard.core.doctest_options import DoctestOptions
from pytest_bugguard.core.unittest_config import UnittestConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_bugguard.core.modules import Tree
    from pytest_bugguard.core.pytest_config import PytestConfig

CONFIG_FILES = tuple(dict.fromkeys((*pytest_config.FILES, *unittest_config.FILES)))
"""The files that ``from_files`` can use."""

TEST_FOLDERS = frozenset({"test", "tests", "testsuite", "unittests"})
"""Folder names that mean tests wherever they stand."""

_KINDS_OF_TESTS = frozenset({"unit", "integration", "functional", "acceptance", "e2e", "smoke"})
"""Folder names that mean tests where they stand side by side."""

_UNITTEST_NAMES = ("tests_*.py", "*_tests.py")
"""Names that only test modules bear. pytest does not collect them by default, ``python -m unittest`` users do."""
_UNITTEST_NAMES_IN_TEST_FOLDERS = ("test*.py",)
"""What ``python -m unittest discover`` looks for; elsewhere it would catch ``testing.py``."""
_MODULE_OF_TESTS = frozenset({"tests.py", "test.py"})
_ORDINARY_NAMES = ("__init__.py", "module.py")
_DJANGO_APP_PACKAGES = ("migrations", "templatetags", "management")
_NEVER_TEST_FOLDERS = frozenset({"", "src", "lib", "doc", "docs", "examples"})

_DOCTESTS_BY_DEFAULT = DoctestOptions()
_COLLECTED_BY_DEFAULT = Collection()
_NOTHING_TOLD = UnittestConfig()
_OPTIONS = ("python_files", "python_classes", "python_functions", "testpaths", "norecursedirs", "addopts")

_FOR_TESTS = re.compile(r"_?tests?(_?(cases?|ers?|helpers?|ing|kit|lib|suite|support|tools?|utils?))?|\w+_tests?")
"""How folders and modules are called that help with tests."""

IsPackage = Callable[[str], bool]
"""Whether a folder (no trailing ``/``) holds ``__init__.py`` in the tree that the paths come from."""


def is_for_tests(path: str) -> bool:
    """Whether a file's name, or that of a folder around it, says that it is there for tests: ``shop/testing.py``."""
    names = path.rpartition(".")[0].split("/")
    return any(_FOR_TESTS.fullmatch(name) for name in names)


def _nothing_is_a_package(folder: str) -> bool:
    del folder
    return False


class Naming(Struct, frozen=True, dict=True, cache_hash=True):
    """pytest's own options for finding tests, and what they say of a name. Paths are relative to the top."""

    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    python_classes: tuple[str, ...] = ("Test",)
    python_functions: tuple[str, ...] = ("test",)
    testpaths: tuple[str, ...] = ()
    """Relative to the top, without ``./`` and trailing ``/``; the top itself is ``""``."""
    files_are_configured: bool = False
    """Whether the project chose ``python_files`` itself: then unittest's customs no longer count."""
    doctests: DoctestOptions = _DOCTESTS_BY_DEFAULT
    collection: Collection = _COLLECTED_BY_DEFAULT
    unittest: UnittestConfig = _NOTHING_TOLD
    problems: tuple[str, ...] = ()
    """Configuration that could not be read, one line each; defaults stand in for it."""
    folder: str = ""
    """Where the options stand: they speak for what lies below."""

    def is_test_file(self, path: str, is_package: IsPackage = _nothing_is_a_package) -> bool:
        """Whether a Python file is a module of tests.

        A pattern that also matches ordinary modules (``*.py``, scrapy's ``__init__.py``) tells pytest which
        files to open, not which are tests: it counts inside test folders only. Where the project did not set
        ``python_files``, unittest's customs count too, and ``tests.py`` outside a test folder holds tests
        unless it sits in an importable package that is no Django app (``jinja2/tests.py`` is a product
        module; ``polls/tests.py`` beside ``polls/migrations/`` holds tests), and so do modules of any name that
        the project's settings have unittest look into.
        """
        return path.endswith(".py") and (
            self._is_named_as_tests(path, is_package) or self._is_told_to_unittest(path, is_package)
        )

    def is_for_unittest_alone(self, path: str, is_package: IsPackage = _nothing_is_a_package) -> bool:
        """Whether nothing but the project's settings for unittest makes a file one of tests: functions are none there.

        ``path`` is a test file's.
        """
        return self.unittest != _NOTHING_TOLD and not self._is_named_as_tests(path, is_package)

    def _is_named_as_tests(self, path: str, is_package: IsPackage) -> bool:
        if self._clear_files(path):
            return True
        if self._broad_files(path) and self.is_in_test_folder(path, is_package):
            return True
        return not self.files_are_configured and self._is_unittest_file(path, is_package)

    def is_test_class(self, name: str) -> bool:
        """Whether pytest collects a class of this name (unittest classes are collected whatever their name)."""
        return self._class_names(name)

    def is_test_function(self, name: str) -> bool:
        """Whether pytest collects a function or method of this name."""
        return self._function_names(name)

    def is_in_test_folder(self, path: str, is_package: IsPackage = _nothing_is_a_package) -> bool:
        """Whether a folder above the path is one of tests: by its own name, or because ``testpaths`` names it."""
        return not TEST_FOLDERS.isdisjoint(path.split("/")[:-1]) or any(
            self.is_testpath(folder, is_package) or self.is_beside_testpath(folder) for folder in folders_above(path)
        )

    def is_testpath(self, folder: str, is_package: IsPackage = _nothing_is_a_package) -> bool:
        """Whether ``testpaths`` names this very folder, and names it as a folder of tests.

        Many projects list their product package there too, for its doctests: a folder called ``src`` or
        ``docs``, or a package whose name does not say test, does not make what it holds a test.
        """
        return self._testpaths(folder) is not None and self._may_hold_only_tests(folder, is_package)

    def is_beside_testpath(self, folder: str) -> bool:
        """Whether ``testpaths`` names tests of one kind (``t/unit``), and this folder beside them has another's name.

        A plain ``pytest`` leaves those alone, but a product they are not.
        """
        above, _, kind = folder.rpartition("/")
        return kind in _KINDS_OF_TESTS and any(
            place.rpartition("/")[::2] == (above, other) for place in self.testpaths for other in _KINDS_OF_TESTS
        )

    def is_reached(self, path: str) -> bool:
        """Whether a plain ``pytest`` run looks there: under any of ``testpaths``, or anywhere without them."""
        return not self.testpaths or self.folder in self.testpaths or any(map(self._testpaths, folders_above(path)))

    def holds_doctests(self, path: str) -> bool:
        """Whether pytest runs the doctests of a file, if it has any."""
        is_named = bool(self.testpaths) and self._testpaths(path) is not None
        if self.collection.refuses(path) or not self.doctests.may_hold(path, is_named=is_named):
            return False
        return is_named or self.is_reached(path)

    def is_passed_over(self, path: str) -> bool:
        """Whether pytest passes a file over on its way, so that it is no test module but perhaps a test's data."""
        return bool(self.collection.refuses(path))

    def why_not_collected(self, path: str, tree: Tree, patterns: Callable[[str], Iterable[str]]) -> str:
        """Why a plain ``pytest`` never collects the tests of a file; empty where it does."""
        return collection.why_not(path, self.collection, tree, patterns)

    def looking_in(self, tests: tuple[str, ...] | None) -> Naming:
        """The same for a project whose settings say where its tests live: that stands in for ``testpaths``."""
        if tests is None:
            return self
        return replace(self, collection=replace(self.collection, testpaths=tests))

    def _is_told_to_unittest(self, path: str, is_package: IsPackage) -> bool:
        if self.files_are_configured or path.endswith("conftest.py"):
            return False
        return self._suites(path) or (self._unittest_files(path) and self.is_in_test_folder(path, is_package))

    def _suites(self, path: str) -> bool:
        roots = (folder for folder in self.unittest.suites if says_test(folder.rpartition("/")[2]))
        path = self._from_here(path)
        return any(path.startswith((f"{root}/", f"src/{root}/", f"lib/{root}/")) for root in roots)

    def _is_unittest_file(self, path: str, is_package: IsPackage) -> bool:
        folder, _, name = path.rpartition("/")
        if _matches_any(name, _UNITTEST_NAMES):
            return True
        if self.is_in_test_folder(path, is_package):
            return _matches_any(name, _UNITTEST_NAMES_IN_TEST_FOLDERS)
        return name in _MODULE_OF_TESTS and (
            not is_importable(folder, is_package) or _is_django_app(folder, is_package)
        )

    def _may_hold_only_tests(self, folder: str, is_package: IsPackage) -> bool:
        if self._from_here(folder) in _NEVER_TEST_FOLDERS:
            return False
        return says_test(folder.rpartition("/")[2]) or not is_importable(folder, is_package)

    def _from_here(self, path: str) -> str:
        """A path at or below the folder of the options, relative to it; any other as it is."""
        return path[len(self.folder) :].lstrip("/") if _is_in(path, self.folder) else path

    @cached_property
    def _clear_files(self) -> Callable[[str], bool]:
        return _file_matcher(pattern for pattern in self.python_files if not _is_broad(pattern))

    @cached_property
    def _broad_files(self) -> Callable[[str], bool]:
        return _file_matcher(pattern for pattern in self.python_files if _is_broad(pattern))

    @cached_property
    def _unittest_files(self) -> Callable[[str], bool]:
        return _file_matcher(self.unittest.patterns)

    @cached_property
    def _class_names(self) -> Callable[[str], bool]:
        return _name_matcher(self.python_classes)

    @cached_property
    def _function_names(self) -> Callable[[str], bool]:
        return _name_matcher(self.python_functions)

    @cached_property
    def _testpaths(self) -> Callable[[str], re.Match[str] | None]:
        return _union(folder for folder in self.testpaths if folder)


def from_files(files: Mapping[str, bytes]) -> Naming:
    """The naming that the configuration files (name to bytes, as they stand at the top) ask for; never raises."""
    return _understood(pytest_config.read(files), files, "")


def below_the_top(folder: str, files: Mapping[str, bytes], above: Naming) -> Naming:
    """The naming for what lies in a folder: by its own files, where pytest started there would be configured by one.

    Where the settings around it keep pytest out of the folder (pytest's own ``example_scripts``), those in it are
    somebody's data; and what lies in a folder of tests stays there.

    Args:
        folder: Relative to the top, and not the top.
        files: The configuration files in it, name to bytes.
        above: The naming for the folder around it.
    """
    config = pytest_config.read(files)
    if not config.file or above.is_passed_over(f"{folder}/{config.file}"):
        return above
    own = _understood(config, files, folder)
    around = tuple(place for place in above.testpaths if _is_in(folder, place) and says_test(place.rpartition("/")[2]))
    return replace(own, testpaths=(*own.testpaths, *around)) if around else own


def _understood(config: PytestConfig, files: Mapping[str, bytes], folder: str) -> Naming:
    problems = list(config.problems)
    chosen: dict[str, tuple[str, ...]] = {}
    for option in _OPTIONS:
        try:
            words = config.words(option)
        except ValueError as error:
            problems.append(f"{config.file}: {option}: {error}")
            continue
        if words is not None:
            chosen[option] = words
    if "testpaths" in chosen:
        chosen["testpaths"] = tuple(dict.fromkeys(_place(folder, place) for place in chosen["testpaths"]))
    addopts, not_entered = chosen.pop("addopts", ()), chosen.pop("norecursedirs", collection.NOT_ENTERED)
    ignored = tuple(_place(folder, place) for place in doctest_options.ignored(addopts))
    return Naming(
        **chosen,
        files_are_configured="python_files" in chosen,
        doctests=doctest_options.from_words(addopts, folder),
        collection=Collection(chosen.get("testpaths", ()), ignored, not_entered, folder),
        unittest=unittest_config.read(files),
        problems=tuple(problems),
        folder=folder,
    )


def _is_in(folder: str, place: str) -> bool:
    """Whether a folder is a place or lies in it; all lies in the top."""
    return not place or f"{folder}/".startswith(f"{place}/")


def is_importable(folder: str, is_package: IsPackage) -> bool:
    """Whether a folder belongs to a package: it is one, or lies below ``src`` (which may hold namespace packages)."""
    return folder.startswith("src/") or is_package(folder)


def _place(folder: str, written: str) -> str:
    """What a place that is written in a folder's settings is, seen from the top."""
    parts: list[str] = []
    for part in f"{folder}/{written}".replace("\\", "/").split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def says_test(name: str) -> bool:
    """Whether one of the words of a folder's name is test, tests or testing: ``unit_tests``, not ``contest``."""
    return name in TEST_FOLDERS or not {"test", "tests", "testing"}.isdisjoint(re.split(r"[\W_]+", name.lower()))


def _is_django_app(folder: str, is_package: IsPackage) -> bool:
    return any(is_package(f"{folder}/{name}") for name in _DJANGO_APP_PACKAGES)


def _is_broad(pattern: str) -> bool:
    return "/" not in pattern and any(fnmatch.fnmatchcase(name, pattern) for name in _ORDINARY_NAMES)


def _matches_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _file_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """A pattern with ``/`` is for the end of the whole path, any other for the file's name."""
    by_path, by_name = [], []
    for pattern in patterns:
        if "/" in pattern:
            by_path.append(pattern if pattern.startswith("/") else f"*/{pattern}")
        else:
            by_name.append(pattern)
    in_path, in_name = _union(by_path), _union(by_name)

    def matches(path: str) -> bool:
        return in_name(path.rpartition("/")[2]) is not None or in_path(f"/{path}") is not None

    return matches


def _name_matcher(options: tuple[str, ...]) -> Callable[[str], bool]:
    matches_glob = _union(option for option in options if not {"*", "?", "["}.isdisjoint(option))

    def matches(name: str) -> bool:
        return name.startswith(options) or matches_glob(name) is not None

    return matches


def _union(patterns: Iterable[str]) -> Callable[[str], re.Match[str] | None]:
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)").match
