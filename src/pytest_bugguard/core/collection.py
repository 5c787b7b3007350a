"""Does a plain ``pytest`` come to a file at all? By its options and by what conftest files say. Pure; no I/O.

A test that is never collected guards nothing, however well it is written: a folder called ``build`` is not entered, and
nobody notices.
"""

from __future__ import annotations

import ast
import fnmatch
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import outline, syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_bugguard.core.modules import Tree

NEVER = "is never collected"
"""How each reason begins that this module gives."""
BESIDE = f"{NEVER}: it is outside of testpaths"
"""The same of what another run may well collect: ``tests = [...]`` in the settings can say so."""
NOT_ENTERED = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""What pytest's own ``norecursedirs`` holds."""
_GLOB = frozenset("*?[")
_ADDING = frozenset({"add", "append", "extend", "insert", "update"})
"""How a list or a set takes something up."""
_TAKING_OUT = frozenset({"clear", "discard", "difference_update", "intersection_update", "pop", "remove"})


class Collection(Struct, frozen=True):
    """pytest's own options for where it looks, with its defaults. Places are relative to the top."""

    testpaths: tuple[str, ...] = ()
    """``testpaths``; empty: everywhere."""
    ignored: tuple[str, ...] = ()
    """``--ignore`` and ``--ignore-glob``: patterns of files and folders."""
    not_entered: tuple[str, ...] = NOT_ENTERED
    """``norecursedirs``: patterns of folder names, or with ``/`` of the end of a folder's path."""
    start: str = ""
    """The folder where pytest is started: it looks below, and no pattern keeps it out of there."""

    def refuses(self, path: str) -> str:
        """Why pytest passes a file over on its way; empty where it does not."""
        if is_covered(path, self.ignored):
            return f"{NEVER}: addopts ignores it"
        named = (len(place) for place in self.testpaths if path.startswith(f"{place}/"))
        start = max(named, default=len(self.start))
        for folder in folders_above(path):
            if len(folder) > start and any(_is_named(folder, pattern) for pattern in self.not_entered):
                return f"{NEVER}: norecursedirs keeps pytest out of {folder}"
        return ""

    def looks_beside(self, path: str, tree: Tree) -> bool:
        """Whether ``testpaths`` leads pytest to other places only; where none of them is there, it looks everywhere."""
        if not self.testpaths or any(is_covered(path, (place or "*",)) for place in self.testpaths):
            return False
        return any(_is_there(place, tree) for place in self.testpaths)


def why_not(path: str, collection: Collection, tree: Tree, patterns: Callable[[str], Iterable[str]]) -> str:
    """Why a plain ``pytest`` never collects a file, whatever machine it runs on; empty where it does.

    Args:
        path: Relative to the top.
        collection: The options.
        tree: The files of that state.
        patterns: What the conftest files above a path leave out (``left_out``).
    """
    if reason := collection.refuses(path):
        return reason
    if collection.looks_beside(path, tree):
        return f"{BESIDE} ({', '.join(collection.testpaths)})"
    if is_covered(path, patterns(path)):
        return f"{NEVER}: collect_ignore in a conftest.py leaves it out"
    return ""


def is_covered(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern stands for a path or for a folder above it."""
    places = (*folders_above(path), path)
    return any(fnmatch.fnmatchcase(place, pattern) for pattern in patterns for place in places)


def left_out(path: str, tree: Tree) -> Iterator[str]:
    """Patterns of what the conftest files above a path keep out of the collection without any condition."""
    for folder in ("", *folders_above(path)):
        yield from left_out_by(folder, tree)


def left_out_by(folder: str, tree: Tree) -> Iterator[str]:
    """The patterns of the conftest file in one folder."""
    prefix = f"{folder}/" if folder else ""
    conftest = tree.file(f"{prefix}conftest.py")
    if conftest is not None and b"collect_ignore" in conftest:
        yield from (f"{prefix}{place}" for place in _ignored(conftest))


def _ignored(conftest: bytes) -> Iterator[str]:
    try:
        body = syntax.parse(conftest)
    except syntax.UnparsableError:
        return
    scope = outline.read([statement for statement in body if not any(outline.blocks(statement))])
    for name in ("collect_ignore", "collect_ignore_glob"):
        yield from _held(scope.values.get(name, ()))


def _held(statements: Iterable[ast.stmt]) -> list[str]:
    """What a list holds after these statements, as far as they say it in plain sight."""
    held: list[str] = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=value):
                held = [*_texts(value)]
            case ast.Assign(value=value) | ast.AugAssign(op=ast.Add() | ast.BitOr(), value=value):
                held += _texts(value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=way), args=given)) if way in _ADDING:
                held += (text for value in given for text in _texts(value))
            case ast.AugAssign():
                held = []
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=way))) if way in _TAKING_OUT:
                held = []
    return held


def _texts(value: ast.expr | None) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(place)):
            yield place.removeprefix("./").rstrip("/")
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            for part in parts:
                yield from _texts(part)


def _is_named(folder: str, pattern: str) -> bool:
    if "/" in pattern:
        return fnmatch.fnmatchcase(f"/{folder}", f"*/{pattern.strip('/')}")
    return fnmatch.fnmatchcase(folder.rpartition("/")[2], pattern)


def _is_there(place: str, tree: Tree) -> bool:
    if not _GLOB.isdisjoint(place):
        return True
    above, _, name = place.rpartition("/")
    return not {name, f"{name}/"}.isdisjoint(tree.folder(above) or ())


def folders_above(path: str) -> Iterator[str]:
    """``a``, ``a/b`` for ``a/b/c.py``."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
