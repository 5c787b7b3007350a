"""Where does a path of this process lie: in the tree, in the user's checkout, or elsewhere? PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Tests replace functions of `os` and of `os.path`: what is needed after the start is held on to.
_realpath = os.path.realpath
_join = os.path.join
_isabs = os.path.isabs
_getcwd = os.getcwd
_exists = os.path.exists
_islink = os.path.islink
_SEP = os.sep


class Places:
    """The tree of this run, and the checkout that it stands for."""

    def __init__(self, top: str, original: str, roots: Sequence[str], watched: Sequence[str], private: str) -> None:
        self.top = top
        self.roots = [_join(top, root) if root else top for root in roots]
        self.watched = {path.replace("/", _SEP): path for path in watched}
        self._private = private
        self._original = original
        # An environment that lies in the checkout is no part of it.
        prefixes = {_realpath(prefix) for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix)}
        self._foreign = tuple(prefix + _SEP for prefix in prefixes if original and prefix.startswith(original + _SEP))
        self._by_name: dict[str, list[str]] = {}
        for path in self.watched:
            self._by_name.setdefault(path.rpartition(_SEP)[2], []).append(path)
        self._tails = {path: tuple(_tails(path, roots)) for path in self.watched}
        self._real_folders: dict[str, str] = {}
        self._known: dict[str, tuple[str, str] | None] = {}

    def watched_at(self, path: str) -> tuple[str, str] | None:
        """The watched file that a path is, and where it was found: empty for the tree; None for all other paths."""
        if path.rpartition(_SEP)[2] not in self._by_name:
            return None
        if not _isabs(path):
            path = _join(_getcwd(), path)
        if path not in self._known:
            self._known[path] = self._look_up(_realpath(path))
        return self._known[path]

    def _look_up(self, real: str) -> tuple[str, str] | None:
        inside = self.in_tree(real)
        if inside is not None:
            return (self.watched[inside], "") if inside in self.watched else None
        at_home = self.in_original(real)
        if at_home is not None and at_home in self.watched:
            return self.watched[at_home], real
        if self.is_private(real):
            return None  # a copy that a test made
        for candidate in self._by_name.get(real.rpartition(_SEP)[2], ()):
            if self._is_copy(real, candidate):
                return self.watched[candidate], real
        return None

    def _is_copy(self, real: str, candidate: str) -> bool:
        """Whether a file elsewhere is importable under the name that a watched file has."""
        for tail in self._tails[candidate]:
            if real.endswith(_SEP + tail):
                folder = real[: -len(tail) - 1]
                if self.in_original(folder) is not None or any(
                    _realpath(entry) == folder for entry in sys.path if entry
                ):
                    return True
        return False

    def in_tree(self, path: str) -> str | None:
        """A path relative to the tree's top, or None outside of it."""
        return _below(path, self.top)

    def is_private(self, path: str) -> bool:
        """Whether it lies in the run's own folders, where tests put what they make."""
        return bool(self._private) and path.startswith(self._private + _SEP)

    def told(self, text: str) -> str:
        """A text with the paths of this run as everybody knows them: of the tree, our own folders, the interpreter."""
        for place, name in ((self._private, ""), (self.top, "."), (sys.executable, "python")):
            if place:
                text = text.replace(f"{place}{_SEP}", "").replace(place, name)
        return text

    def in_original(self, path: str) -> str | None:
        """A path relative to the top of the user's checkout, or None outside of it."""
        if not self._original or path.startswith(self._foreign):
            return None
        return _below(path, self._original)

    def turned(self, path: str) -> str | None:
        """The tree's path for one in the user's checkout, whether or not it exists; None outside of the checkout."""
        if not self._original:
            return None
        rest = self.in_original(self.real(path))
        if rest is None:
            return None
        return _join(self.top, rest) if rest else self.top

    def real(self, path: str) -> str:
        """The path without symlinks; each folder is looked at once."""
        folder, _, name = path.rpartition(_SEP)
        if not folder or _islink(path):
            return _realpath(path)
        if folder not in self._real_folders:
            self._real_folders[folder] = _realpath(folder)
        return f"{self._real_folders[folder]}{_SEP}{name}"

    def is_gone(self, turned: str) -> bool:
        """Whether the tree is right to lack a file of the checkout: it is watched, or a neighbour is there."""
        rest = self.in_tree(turned) or ""
        return rest in self.watched or _exists(_join(self.top, rest.partition(_SEP)[0]))


def _below(path: str, top: str) -> str | None:
    if path == top:
        return ""
    return path[len(top) + 1 :] if path.startswith(top + _SEP) else None


def _tails(path: str, roots: Iterable[str]) -> Iterable[str]:
    """The path as it is found below each of the roots that hold it."""
    for root in roots:
        native = root.replace("/", _SEP)
        if not native:
            yield path
        elif path.startswith(native + _SEP):
            yield path[len(native) + 1 :]
