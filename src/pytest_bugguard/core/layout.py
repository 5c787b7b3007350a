"""Where do a project's source and its tests live? Read off the names in one tree. Pure; no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_bugguard.core.model import Side
from pytest_bugguard.core.naming import folders_above
from pytest_bugguard.core.sides import Sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_bugguard.core.naming import IsPackage, Naming

_MOST_ROOTS = 4
"""A list that is longer is no help to its reader, and goes stale with the next folder."""

Roots = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of source and tests, where a short list says it."""

    source: Roots | None = None
    """For the setting ``source``; None where looking at each file says it better than a list."""
    tests: Roots | None = None
    """For the setting ``tests``; None as above, for example where tests stand beside the source."""
    source_files: int = 0
    test_files: int = 0


def layout_of(paths: Sequence[str], naming: Naming, is_package: IsPackage) -> Layout:
    """The layout of a tree.

    A list is given only if with it every Python file stays on the side where looking puts it: what is written into
    the settings changes no verdict.

    Args:
        paths: Every file, relative to the repository's top.
        naming: The project's own names for tests.
        is_package: Whether a folder of the tree holds ``__init__.py``.
    """
    found = _divided(paths, Sides(naming), is_package)
    source_files = [path for path, side in found.items() if side is Side.SOURCE]
    test_files = [path for path, side in found.items() if side is Side.TEST]

    def changes_nothing(sides: Sides) -> bool:
        python = [path for path in found if path.endswith(".py")]
        return all(sides.side(path, is_package) is found[path] for path in python)

    tests = _roots(test_files, _test_root)
    tests = tests if tests and changes_nothing(Sides(naming, tests=tests)) else None
    source = _roots(source_files, lambda path: _source_root(path, is_package))
    source = source if source and changes_nothing(Sides(naming, tests=tests, source=source)) else None
    return Layout(source, tests, len(source_files), len(test_files))


def _divided(paths: Iterable[str], sides: Sides, is_package: IsPackage) -> dict[str, Side]:
    return {path: sides.side(path, is_package) for path in paths}


def _roots(paths: Iterable[str], root_of: Callable[[str], str]) -> Roots | None:
    """The places that hold all of them, none inside another; None where there are none or too many."""
    roots = {root_of(path) for path in paths}
    outermost = sorted(root for root in roots if roots.isdisjoint(folders_above(root)))
    return tuple(outermost) if 0 < len(outermost) <= _MOST_ROOTS else None


def _source_root(path: str, is_package: IsPackage) -> str:
    """``src``, else the outermost package, else the top folder; a module at the top stands for itself."""
    folders = tuple(folders_above(path))
    named = (folder for folder in folders if folder.rpartition("/")[2] == "src" or is_package(folder))
    return next(named, folders[0] if folders else path)


def _test_root(path: str) -> str:
    """The outermost folder that is named for tests, else the file's own folder; a module at the top is its own."""
    folders = tuple(folders_above(path))
    named = (folder for folder in folders if "test" in folder.rpartition("/")[2].lower())
    return next(named, folders[-1] if folders else path)
