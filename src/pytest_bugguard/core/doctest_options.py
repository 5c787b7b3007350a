"""Which files does the project have pytest search for doctests? By ``addopts`` and names; nothing is run."""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WITH_VALUE = frozenset({"--doctest-glob", "--ignore", "--ignore-glob", "-p"})
_NEVER_SEARCHED = frozenset({"setup.py", "__main__.py"})
_TEXTS = (".txt", ".rst")


@dataclass(frozen=True, slots=True)
class DoctestOptions:
    """pytest's own options for finding doctests, with its defaults."""

    is_on: bool = True
    """False by ``-p no:doctest``."""
    in_modules: bool = False
    """``--doctest-modules``: the docstrings of every Python file that is reached."""
    globs: tuple[str, ...] = ("test*.txt",)
    """``--doctest-glob``: the text files that are searched."""
    ignored: tuple[str, ...] = ()
    """``--ignore`` and ``--ignore-glob``: patterns of files and folders, relative to the top."""
    not_entered: tuple[str, ...] = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
    """``norecursedirs``: patterns of folder names."""

    def may_hold(self, path: str, *, is_named: bool) -> bool:
        """Whether a file is searched, given that pytest comes to the folder it is in.

        Args:
            path: Relative to the top.
            is_named: Whether ``testpaths`` names the file itself: a text needs no pattern then.
        """
        if not self.is_on or not self._is_taken(path, is_named=is_named):
            return False
        *folders, _ = parts = path.split("/")
        if any(fnmatch.fnmatchcase(folder, pattern) for folder in folders for pattern in self.not_entered):
            return False
        places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        return not any(fnmatch.fnmatchcase(place, pattern) for place in places for pattern in self.ignored)

    def _is_taken(self, path: str, *, is_named: bool) -> bool:
        name = path.rpartition("/")[2]
        if name.endswith(".py"):
            return self.in_modules and name not in _NEVER_SEARCHED
        return (is_named and name.endswith(_TEXTS)) or any(_matches(path, name, glob) for glob in self.globs)


def _matches(path: str, name: str, glob: str) -> bool:
    """As pytest does it: a pattern with ``/`` is for the end of the whole path."""
    return fnmatch.fnmatchcase(f"/{path}", f"*/{glob}") if "/" in glob else fnmatch.fnmatchcase(name, glob)


def from_words(addopts: Iterable[str], not_entered: Sequence[str] | None) -> DoctestOptions:
    """The options as the words of ``addopts`` and of ``norecursedirs`` set them; None where that is not set."""
    said = _said(addopts)
    default = DoctestOptions()
    return DoctestOptions(
        is_on="no:doctest" not in said["-p"],
        in_modules="--doctest-modules" in said,
        globs=tuple(said["--doctest-glob"]) or default.globs,
        ignored=tuple(place.removeprefix("./").rstrip("/") for place in (*said["--ignore"], *said["--ignore-glob"])),
        not_entered=default.not_entered if not_entered is None else tuple(not_entered),
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
