"""Which file of the repository does coverage data speak of? Data names files as the machine did that measured them."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import cached_property
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_INSTALLED = ("site-packages", "dist-packages")
_SAFE_PARTS = 2
"""Of a path of another machine at least so many parts have to be found here: one name alone is too common."""


class MeasuredPaths:
    """Finds the file of a repository that a name in coverage data means."""

    def __init__(self, top: Path, files: Sequence[str]) -> None:
        """Set up for one work tree; ``files`` are the paths in it that could be meant."""
        self.top = Path(os.path.realpath(top))
        self.files = frozenset(files)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for path in self.files:
            found[path.rpartition("/")[2]].append(path)
        return found

    def find(self, name: str, bases: Iterable[Path]) -> str | None:
        """The path from the repository's top, with ``/``; None where it lies outside.

        Args:
            name: As the data has it: absolute or relative, of this machine or of another one, with either slash.
            bases: Folders that a relative name may be relative to, the likeliest first.
        """
        for place in self._places(name, bases):
            path = self._below(place)
            if path is not None and (path in self.files or place.is_file()):
                return path
        return self._elsewhere(_parts(name))

    def _places(self, name: str, bases: Iterable[Path]) -> Iterator[Path]:
        if os.path.isabs(name):  # noqa: PTH117 - a name of another system is no path of ours
            yield Path(name)
        elif not PureWindowsPath(name).drive:
            yield from (base / "/".join(_parts(name)) for base in (*bases, self.top))

    def _below(self, place: Path) -> str | None:
        real = os.path.realpath(place)
        prefix = f"{self.top}{os.sep}"
        return real[len(prefix) :].replace(os.sep, "/") if real.startswith(prefix) else None

    def _elsewhere(self, parts: tuple[str, ...]) -> str | None:
        """A copy that was installed, or the same file on another machine: by as much of the path as is the same."""
        for folder in _INSTALLED:
            if folder in parts:
                return self._ending(parts[len(parts) - parts[::-1].index(folder) :], is_whole=True)
        return None if Path("/".join(parts)).exists() else self._ending(parts, is_whole=False)

    def _ending(self, parts: tuple[str, ...], *, is_whole: bool) -> str | None:
        """The one file that shares the longest end with a path; all of the path, where it has to be whole."""
        if not parts:
            return None
        shared = {path: _shared(path.split("/"), parts) for path in self._by_name.get(parts[-1], ())}
        best = max(shared.values(), default=0)
        found = [path for path, count in shared.items() if count == best]
        needed = len(parts) if is_whole else _SAFE_PARTS
        is_enough = best >= needed or any(
            count == path.count("/") + 1 for path, count in shared.items() if count == best
        )
        return found[0] if len(found) == 1 and is_enough else None

    def aliases(self, names: Iterable[str], folder: Path) -> dict[str, list[str]]:
        """What coverage.py's ``[paths]`` would have to say for names that are none of this work tree, yet mean it."""
        found: dict[tuple[str, str], None] = {}
        for name in names:
            path = self.find(name, (folder,))
            if path is None or any(self._below(place) == path for place in self._places(name, (folder,))):
                continue
            parts = path.split("/")
            count = _shared(parts, _parts(name))
            here = "/".join((str(self.top), *parts[:-count]))
            found[here, name[: _cut(name, count)]] = None
        return {f"bugguard-{number}": list(pair) for number, pair in enumerate(found)}

    def is_copy(self, name: str, path: str) -> bool:
        """Whether a name means another file of this machine than the one of the repository, with other content."""
        place = Path(name)
        mine = self.top / path
        try:
            if not place.is_absolute() or place.samefile(mine):
                return False
            return place.read_bytes() != mine.read_bytes()
        except OSError:
            return False


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a path, whatever system wrote it."""
    is_windows = bool(PureWindowsPath(name).drive) or ("\\" in name and "/" not in name)
    pure = PureWindowsPath(name).as_posix() if is_windows else name
    return tuple(part for part in pure.split("/") if part not in ("", "."))


def _shared(parts: Sequence[str], others: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(parts), reversed(others), strict=False):
        if one != other:
            break
        count += 1
    return count


def _cut(name: str, count: int) -> int:
    """Where the last so many parts of a path begin, the slash before them left out."""
    end = len(name)
    for _ in range(count):
        end = max(name.rfind("/", 0, end), name.rfind("\\", 0, end))
    return max(end, 0)
