"""Which files does the project have pytest search for doctests? By ``addopts`` and names; nothing is run."""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WITH_VALUE = frozenset({"--doctest-glob", "--ignore", "--ignore-glob", "--import-mode", "-p"})
_NEVER_SEARCHED = frozenset({"setup.py", "__main__.py"})
_TEXTS = (".txt", ".rst")


class DoctestOptions(Struct, frozen=True):
    """pytest's own options for finding doctests, with its defaults."""

    is_on: bool = True
    """False by ``-p no:doctest``."""
    in_modules: bool = False
    """``--doctest-modules``: the docstrings of every Python file that is reached."""
    globs: tuple[str, ...] = ("test*.txt",)
    """``--doctest-glob``: the text files that are searched."""
    names_from: str | None = None
    """``--import-mode=importlib``: a module that is in no package is called by its whole path from this folder on."""

    def module_name(self, path: str, is_package: Callable[[str], bool]) -> str:
        """The dotted name under which pytest imports a Python file."""
        *folders, file_name = path.split("/")
        first = len(folders)
        while first and is_package("/".join(folders[:first])):
            first -= 1
        if self.names_from is not None and first == len(folders):
            first = len(self.names_from.split("/")) if self.names_from else 0
        own = [] if file_name == "__init__.py" else [file_name.removesuffix(".py")]
        return ".".join([*folders[first:], *own])

    def may_hold(self, path: str, *, is_named: bool) -> bool:
        """Whether a file is searched, given that pytest comes to it.

        Args:
            path: Relative to the top.
            is_named: Whether ``testpaths`` names the file itself: a text needs no pattern then.
        """
        return self.is_on and self._is_taken(path, is_named=is_named)

    def _is_taken(self, path: str, *, is_named: bool) -> bool:
        name = path.rpartition("/")[2]
        if name.endswith(".py"):
            return self.in_modules and name not in _NEVER_SEARCHED
        return (is_named and name.endswith(_TEXTS)) or any(_matches(path, name, glob) for glob in self.globs)


def _matches(path: str, name: str, glob: str) -> bool:
    """As pytest does it: a pattern with ``/`` is for the end of the whole path."""
    return fnmatch.fnmatchcase(f"/{path}", f"*/{glob}") if "/" in glob else fnmatch.fnmatchcase(name, glob)


def ignored(addopts: Iterable[str]) -> tuple[str, ...]:
    """The patterns of ``--ignore`` and ``--ignore-glob``: files and folders, relative to the top."""
    said = _said(addopts)
    return tuple(place.removeprefix("./").rstrip("/") for place in (*said["--ignore"], *said["--ignore-glob"]))


def from_words(addopts: Iterable[str], folder: str = "") -> DoctestOptions:
    """The options as the words of ``addopts`` set them, in the configuration of a folder."""
    said = _said(addopts)
    default = DoctestOptions()
    return DoctestOptions(
        is_on="no:doctest" not in said["-p"],
        in_modules="--doctest-modules" in said,
        globs=tuple(said["--doctest-glob"]) or default.globs,
        names_from=folder if said["--import-mode"][-1:] == ["importlib"] else None,
    )


def _said(words: Iterable[str]) -> dict[str, list[str]]:
    """Each option with the values that it was given."""
    found: dict[str, list[str]] = defaultdict(list)
    rest = iter(words)
    for word in rest:
        name, equals, value = (word[:2], "=", word[2:]) if word.startswith("-p") else word.partition("=")
        if name in _WITH_VALUE:
            found[name].append(value if equals and value else next(rest, ""))
        else:
            found[name].append(value)
    return found
