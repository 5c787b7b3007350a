"""Which files are the module that a gate names? By the names under which they are imported. Pure; no I/O."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, combinations
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.measured import Measured
from pytest_bugguard.core.naming import says_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Namespace(Struct, frozen=True, dict=True):
    """The names under which the Python files of a repository are imported."""

    paths: Sequence[str]
    """Every Python file of the repository."""
    measured: Measured = Measured()
    """What ran of it, which says what is a test."""

    def holds(self, name: str, path: str) -> bool:
        """Whether a file is the module of this name, or lies in the package.

        A folder of tests that is called like it, as ``tests/shop`` is, is not the module where the product has one.
        """
        roots = [*self._roots(name, path)]
        products = self._products(name) if roots else frozenset()
        return bool(roots) and (not products or not products.isdisjoint(roots))

    def names(self) -> frozenset[str]:
        """Every name of a module or package."""
        return frozenset(chain.from_iterable(map(self._names_of, filter(_is_python, self.paths))))

    def _names_of(self, path: str) -> Iterator[str]:
        """The names of a module, and of the packages that it lies in."""
        parts = _parts(path.removesuffix("/__init__.py"))
        for start, end in combinations(range(len(parts) + 1), 2):
            if self._may_begin(parts, start):
                yield ".".join(parts[start:end])

    def _roots(self, name: str, path: str) -> Iterator[str]:
        """The folders below which a file has this name or lies in it, the outermost first."""
        parts, wanted = _parts(path), name.split(".")
        for start in range(len(parts) - len(wanted) + 1 if _is_python(path) else 0):
            if parts[start : start + len(wanted)] == wanted and self._may_begin(parts, start):
                yield "/".join(parts[:start])

    def _may_begin(self, parts: Sequence[str], start: int) -> bool:
        """Whether a name may begin with this part of a path: the folder that it stands in is no package."""
        return "/".join(parts[:start]) not in self._packages

    def _products(self, name: str) -> frozenset[str]:
        """The innermost folders below which files of the product have a name."""
        if name not in self._found:
            product = (path for path in self._all if not self._is_test(path))
            roots = (tuple(self._roots(name, path)) for path in product)
            self._found[name] = frozenset(those[-1] for those in roots if those)
        return self._found[name]

    @cached_property
    def _found(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _all(self) -> frozenset[str]:
        return frozenset({*self.paths, *(file.path for file in self.measured.files)})

    @cached_property
    def _packages(self) -> frozenset[str]:
        """The folders that hold an ``__init__.py``."""
        return frozenset(path.removesuffix("/__init__.py") for path in self.paths if path.endswith("/__init__.py"))

    def _is_test(self, path: str) -> bool:
        """Whether a file is a test; one that was not measured, by what it and the folders around it are called."""
        if self.measured.file(path) is not None:
            return path in self.measured.tests
        return any(map(says_test, _parts(path)))


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _parts(path: str) -> list[str]:
    return path.removesuffix(".py").split("/")
