"""Which file does an import load? That of the tree, whatever was installed. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from .places import Places

_isfile = os.path.isfile
_isdir = os.path.isdir
_dirname = os.path.dirname
_METADATA = (".egg-info", ".dist-info")


class Guide:
    """Stands before all other finders, asks them, and turns an answer that leaves the tree."""

    def __init__(self, places: Places, on_found: Callable[[ModuleSpec], None] | None) -> None:
        self._places = places
        self._on_found = on_found
        self._stdlib = os.path.dirname(os.path.realpath(os.__file__)) + os.sep

    def turn_path(self) -> None:
        """Let entries of ``sys.path`` that lie in the user's checkout name the tree instead.

        An entry stays, behind all others, where metadata of an installed project lie in it.
        """
        turned: list[str] = []
        behind: list[str] = []
        for entry in sys.path:
            instead = self._places.turned(entry) if entry else None
            if instead is None or not _isdir(instead):
                turned.append(entry)
            else:
                turned.append(instead)
                behind += [entry] if _holds_metadata(entry) and not _holds_metadata(instead) else []
        sys.path[:] = [*turned, *behind]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer as the first of the others does; where that lies outside, with the tree's file of the same name."""
        spec = self._found(name, path, target)
        if self._on_found is not None and spec is not None:
            self._on_found(spec)
        return spec

    def _found(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        spec = _ask_others(self, name, path, target)
        if spec is None:
            return self._in_roots(name) if path is None else None
        if spec.origin is None or not spec.has_location:
            return self._with_turned_portions(spec)
        if self._places.in_tree(spec.origin) is not None:
            return spec
        instead = self._places.turned(spec.origin)
        if instead is not None:
            return self._turned(spec, instead)
        if path is None and (not spec.origin.startswith(self._stdlib) or "site-packages" in spec.origin):
            return self._in_roots(name) or spec
        return spec

    def _turned(self, spec: ModuleSpec, instead: str) -> ModuleSpec:
        """What stands for a file of the user's checkout.

        Raises:
            ModuleNotFoundError: The tree has none: in this state of the project there is no such module.
        """
        if _isfile(instead):
            portions = spec.submodule_search_locations
            turned = spec_from_file_location(
                spec.name, instead, submodule_search_locations=None if portions is None else self._portions(portions)
            )
            if turned is not None:
                return turned
        if instead.endswith(tuple(EXTENSION_SUFFIXES)) or not self._places.is_gone(instead):
            return spec  # built or generated, and not carried over
        raise ModuleNotFoundError(f"No module named {spec.name!r}", name=spec.name)

    def _with_turned_portions(self, spec: ModuleSpec) -> ModuleSpec:
        """A namespace package with its portions in the tree; anything else as it is."""
        portions = spec.submodule_search_locations
        if portions is None or all(self._places.turned(portion) is None for portion in portions):
            return spec
        namespace = ModuleSpec(spec.name, None, is_package=True)
        namespace.submodule_search_locations = self._portions(portions)
        return namespace

    def _portions(self, portions: Sequence[str]) -> list[str]:
        """Folders that a package is looked for in, each turned into the tree where it has one there."""
        turned = [(self._places.turned(portion), portion) for portion in portions]
        return list(dict.fromkeys(instead if instead and _isdir(instead) else portion for instead, portion in turned))

    def _in_roots(self, name: str) -> ModuleSpec | None:
        """A module or regular package of this name straight below one of the tree's roots."""
        spec = PathFinder.find_spec(name, self._places.roots)
        return spec if spec is not None and spec.has_location else None


def _ask_others(own: Guide, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        if finder is own or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


def _holds_metadata(folder: str) -> bool:
    try:
        return any(entry.endswith(_METADATA) for entry in os.listdir(folder))
    except OSError:
        return False
