"""Which files does coverage.py's configuration ask for, measured or not? Asked of an object that exists."""

from __future__ import annotations

import os
from contextlib import chdir
from typing import TYPE_CHECKING

from coverage.files import GlobMatcher, prep_patterns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coverage import Coverage

_SOURCES = ("run:source", "run:source_pkgs", "run:source_dirs")


class Scope:
    """What ``source``, ``include`` and ``omit`` leave in."""

    def __init__(self, coverage: Coverage, folder: Path) -> None:
        """Set up for one Coverage object; ``folder`` is what relative names in its configuration are relative to."""
        sources = [str(source) for option in _SOURCES for source in _listed(coverage, option)]
        folders = [os.path.realpath(folder / source) for source in sources if (folder / source).is_dir()]
        self._folders = tuple(f"{place}{os.sep}" for place in folders)
        self._packages = tuple(source.replace(".", os.sep) for source in sources if not (folder / source).is_dir())
        with chdir(folder):
            included = _matcher(coverage, "run:include"), _matcher(coverage, "report:include")
            omitted = _matcher(coverage, "run:omit"), _matcher(coverage, "report:omit")
        # As coverage.py has it, include says nothing where there is a source.
        self._included = [one for one in (included if not sources else included[1:]) if one is not None]
        self._omitted = [one for one in omitted if one is not None]
        self.follows_processes = "subprocess" in _listed(coverage, "run:patch")
        """Whether processes that tests start are measured too."""

    def holds(self, path: str) -> bool:
        """Whether a file is asked for, by its absolute path; without any ``source`` every one is."""
        is_below = not (self._folders or self._packages) or path.startswith(self._folders) or self._is_packaged(path)
        return (
            is_below
            and all(one.match(path) for one in self._included)
            and not any(one.match(path) for one in self._omitted)
        )

    def _is_packaged(self, path: str) -> bool:
        inside = path.removesuffix(".py") + os.sep
        return any(f"{os.sep}{package}{os.sep}" in inside for package in self._packages)


def _listed(coverage: Coverage, option: str) -> Iterator[object]:
    found = coverage.get_option(option)
    yield from found if isinstance(found, list | tuple) else ()


def _matcher(coverage: Coverage, option: str) -> GlobMatcher | None:
    patterns = prep_patterns([str(pattern) for pattern in _listed(coverage, option)])
    return GlobMatcher(patterns) if patterns else None
