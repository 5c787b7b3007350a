"""How does the code of a test name a file, or all files of a folder? Read off its syntax. Pure; no I/O.

All of them answer alike: ``within`` a module, as that one may write it; the ``scopes`` in it that are worth a look; and
whether they ``are_in`` a tree.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import syntax
from pytest_bugguard.core.written_paths import MAKING_PATHS, Reader, names_in, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.modules import Module
    from pytest_bugguard.core.outline import Scope
    from pytest_bugguard.core.written_paths import Way

_TELLING = 3
"""So many names at the end of a path tell which file is meant."""
_LISTERS = frozenset({"listdir", "scandir", "walk", "fwalk", "glob", "iglob", "rglob", "iterdir"})
"""What tells the names of a folder's files."""
_GIVEN_BACK = MAKING_PATHS | {"parametrize"}
"""That, and what hands a folder on as it is."""
_PATTERN = re.compile(r"[^\s*]*\*[^\s]*")


class Named(Struct, frozen=True):
    """Names of files, as a test may write them: alone or as a part of a path."""

    texts: set[str]
    opens: bool = False
    """Whether a file is to be opened by it: who compares a name with the string has that name from elsewhere."""

    def scopes(self, module: Module) -> Iterator[Scope]:
        """Of what is worth a look in a module."""
        return module.scopes_mentioning(sorted(text for text in self.texts if len(text) > 1))

    def within(self, _: Module) -> Named:
        """As one module may write it."""
        return self

    def are_in(self, tree: ast.AST) -> bool:
        """Whether a tree holds one of the names."""
        return not self.texts.isdisjoint(names_in(tree, set(_compared(tree)) if self.opens else ()))


class Folder(NamedTuple):
    path: str
    top: str
    """The folder of tests that it is in."""
    others: frozenset[str] = frozenset()
    """What else is in it: who names one of those does not take all."""

    @property
    def name(self) -> str:
        """Its last name."""
        return self.path.rpartition("/")[2]

    def may_be_in(self, text: bytes) -> bool:
        """Whether it stands in it as a whole string, or at the end of one, or before a pattern."""
        name = self.name.encode()
        return name in text and _shape(name).search(text) is not None

    def is_in(self, tree: ast.AST, module: Module) -> bool:
        """Whether a tree names it, all the way from the top of the tests or from its own place, and nothing in it."""
        return self.is_among(Reader(tree, module).ways(tree), set(names_in(tree)))

    def is_among(self, ways: Iterable[Way], names: Iterable[str] = ()) -> bool:
        """Whether one of the ways leads to it, and none of the names that stand with that is one of what is in it."""
        if not self.others.isdisjoint(names):
            return False
        own = _written(self.path, self.top)
        return any(any(_is_all_of(path, way.text) for path in own) and way.is_without(self.others) for way in ways)


@lru_cache(maxsize=1_000)
def _shape(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[\"'/]" + re.escape(name) + rb"(?:/?[\"'{]|/[^\"'/\n]*\*)")


def _written(path: str, top: str) -> set[str]:
    """How a path is written: whole, and from where its folder of tests lies."""
    return {path, path.removeprefix(f"{top.rpartition('/')[0]}/")}


def _is_all_of(folder: str, text: str) -> bool:
    """Whether a path is that of a folder, or a pattern of all that is in it."""
    return text == folder or (text.startswith(f"{folder}/") and "*" in text[len(folder) + 1 :].partition("/")[0])


class Placed(Struct, frozen=True):
    """A file by its name and place: many a ``main.yml`` lies in a folder ``tasks``."""

    path: str
    top: str
    """The folder of tests that it is in."""
    module: Module | None = None
    """Who may write it."""
    is_around: bool = False
    """Whether a value of the module names the file's folder."""

    def scopes(self, module: Module) -> Iterator[Scope]:
        """Of what is worth a look in a module."""
        return module.scopes_mentioning([self.path.rpartition("/")[2]])

    @property
    def _folder(self) -> Folder:
        return Folder(self.path.rpartition("/")[0], self.top)

    def may_be_in(self, text: bytes) -> bool:
        """Whether its name and that of its folder stand in it at all."""
        return all(part.encode() in text for part in self.path.split("/")[-2:])

    def within(self, module: Module) -> Placed:
        """As one module may write it."""
        folder = self._folder
        scopes = module.scopes_mentioning([folder.name])
        values = (value for scope in scopes for values in scope.values.values() for value in values)
        return replace(self, module=module, is_around=any(folder.is_in(value, module) for value in values))

    def are_in(self, tree: ast.AST) -> bool:
        """Whether a tree holds its name, and where it lies."""
        ends = [[part for part in text.split("/") if part not in {"", ".", ".."}] for text in texts_in(tree)]
        longest = max((len(end) for end in ends if end and f"/{self.path}".endswith("/" + "/".join(end))), default=0)
        if longest >= _TELLING:
            return True
        if not longest or self.module is None:
            return False
        if self.is_around:
            return True
        ways = Reader(tree, self.module).ways(tree)
        return self._folder.is_among(ways) or not _written(self.path, self.top).isdisjoint(way.text for way in ways)


class Listed(Struct, frozen=True):
    """Folders, of one of which all that it holds is taken."""

    folders: tuple[Folder, ...]
    module: Module | None = None
    """Who may write it."""
    constants: frozenset[str] = frozenset()
    """The names that the module gives to one of them."""

    def scopes(self, module: Module) -> Iterator[Scope]:
        """Of what is worth a look in a module."""
        names = [name.encode() for name in sorted(self.constants)]
        return module.scopes_where(lambda piece: any(name in piece for name in names) or self.may_be_in(piece))

    def may_be_in(self, text: bytes) -> bool:
        """Whether one of the folders stands in it at all."""
        return any(folder.may_be_in(text) for folder in self.folders)

    def within(self, module: Module) -> Listed:
        """As one module may write it."""
        constants = (
            name
            for scope in module.scopes_where(self.may_be_in)
            for name, values in scope.values.items()
            if any(self._are_among(Reader(value, module), value) for value in values)
        )
        return replace(self, module=module, constants=frozenset(constants))

    def are_in(self, tree: ast.AST) -> bool:
        """Whether a tree takes whatever is in one of the folders."""
        if self.module is None:
            return False
        reader = Reader(tree, self.module)
        return any(self._are_among(reader, part) for part in _lists(tree))

    def _are_among(self, reader: Reader, part: ast.AST) -> bool:
        names = set(names_in(part))
        if names.isdisjoint(folder.name for folder in self.folders) and not reader.uses(self.constants, part):
            return False
        ways = reader.ways(part)
        return any(folder.is_among(ways, names) for folder in self.folders)


def _lists(tree: ast.AST) -> Iterator[ast.AST]:
    """Where the names of a folder's files are asked for.

    All of a function that asks for them; and, of what a module works out while it is imported, the calls of whatever
    is given a folder: a table of cases, the cases of a decorator.
    """
    if any(map(_is_lister, syntax.walk(tree))):
        yield tree
        return
    at_import = tree.decorator_list if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef) else [tree]
    for node in syntax.walk(*at_import):
        if isinstance(node, ast.Call) and syntax.last_name(node) not in _GIVEN_BACK:
            yield node


def _is_lister(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return syntax.last_name(node) in _LISTERS
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATTERN.fullmatch(node.value) is not None


def _compared(tree: ast.AST) -> Iterator[ast.AST]:
    for node in syntax.walk(tree):
        if isinstance(node, ast.Compare):
            yield from syntax.walk(node.left, *node.comparators)
