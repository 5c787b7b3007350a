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

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from pytest_bugguard.core.modules import Module
    from pytest_bugguard.core.outline import Scope

_LONGEST_PATH = 300
"""Characters of a string that may be a path."""
_TELLING = 3
"""So many names at the end of a path tell which file is meant."""
_LISTERS = frozenset({"listdir", "scandir", "walk", "fwalk", "glob", "iglob", "rglob", "iterdir"})
"""What tells the names of a folder's files."""
_GIVEN_BACK = frozenset(
    {"Path", "PurePath", "abspath", "absolute", "dirname", "joinpath", "join", "parametrize", "resolve", "str"}
)
"""What makes a path of a folder, or hands it on as it is."""
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
        return not self.texts.isdisjoint(_parts(tree, set(_compared(tree)) if self.opens else ()))


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
        texts = {text.lstrip("./") for text in _strings(tree)}
        if not self.others.isdisjoint(part for text in texts for part in text.split("/")):
            return False
        start = _climbed_to(tree, module.path) or self.top.rpartition("/")[0]
        way = self.path.removeprefix(f"{start}/" if start else "")
        is_whole = any(_is_all_of(way, text) for text in texts)
        return self.path.startswith(start) and (is_whole or texts.issuperset(way.split("/")))


@lru_cache(maxsize=1_000)
def _shape(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[\"'/]" + re.escape(name) + rb"(?:/?[\"'{]|/[^\"'/\n]*\*)")


def _is_all_of(folder: str, text: str) -> bool:
    """Whether a path is that of a folder, or a pattern of all that is in it."""
    before, _, after = f"{text}/".partition(f"{folder}/")
    first = after.partition("/")[0]
    return not before and f"{text}/".startswith(f"{folder}/") and (not first or "*" in first)


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
        ends = [[part for part in text.split("/") if part not in {"", ".", ".."}] for text in _strings(tree)]
        longest = max((len(end) for end in ends if end and f"/{self.path}".endswith("/" + "/".join(end))), default=0)
        if longest >= _TELLING:
            return True
        if not longest or self.module is None:
            return False
        return self.is_around or self._folder.is_in(tree, self.module)


class Listed(Struct, frozen=True):
    """Folders, of one of which all that it holds is taken."""

    folders: tuple[Folder, ...]
    module: Module | None = None
    """Who may write it."""
    constants: tuple[tuple[str, frozenset[str]], ...] = ()
    """The names that the module gives to one of them, with what else is in it."""

    def scopes(self, module: Module) -> Iterator[Scope]:
        """Of what is worth a look in a module."""
        names = [name.encode() for name, _ in self.constants]
        return module.scopes_where(lambda piece: any(name in piece for name in names) or self.may_be_in(piece))

    def may_be_in(self, text: bytes) -> bool:
        """Whether one of the folders stands in it at all."""
        return any(folder.may_be_in(text) for folder in self.folders)

    def within(self, module: Module) -> Listed:
        """As one module may write it."""
        constants = (
            (name, folder.others)
            for scope in module.scopes_where(self.may_be_in)
            for name, values in scope.values.items()
            for folder in self.folders
            if any(folder.is_in(value, module) for value in values)
        )
        return replace(self, module=module, constants=tuple(constants))

    def are_in(self, tree: ast.AST) -> bool:
        """Whether a tree takes whatever is in one of the folders."""
        return any(map(self._is_named, _lists(tree)))

    def _is_named(self, tree: ast.AST) -> bool:
        if self.module is not None and any(folder.is_in(tree, self.module) for folder in self.folders):
            return True
        names = {node.id for node in syntax.walk(tree) if isinstance(node, ast.Name)}
        held = set(_parts(tree))
        return any(name in names and others.isdisjoint(held) for name, others in self.constants)


def _climbed_to(tree: ast.AST, path: str) -> str | None:
    """The folder that a tree means by ``Path(__file__).parent``, or ``dirname(__file__)`` and ``".."``."""
    nodes = list(syntax.walk(tree))
    if not any(isinstance(node, ast.Name) and node.id == "__file__" for node in nodes):
        return None
    climbed = sum(syntax.last_name(node) == "dirname" for node in nodes if isinstance(node, ast.Call))
    climbed += sum(node.attr == "parent" for node in nodes if isinstance(node, ast.Attribute))
    climbed += sum(part == ".." for part in _parts(tree))
    above = path.split("/")[:-climbed]
    return "/".join(above) if above else None


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


def _strings(tree: ast.AST, without: Container[ast.AST] = ()) -> Iterator[str]:
    """The strings in a tree that may be paths."""
    for node in syntax.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in without:
            yield from [node.value] if len(node.value) < _LONGEST_PATH else []


def _parts(tree: ast.AST, without: Container[ast.AST] = ()) -> Iterator[str]:
    """The strings in a tree, and the names that they are made of as paths."""
    for text in _strings(tree, without):
        yield text
        yield from text.split("/")


def _compared(tree: ast.AST) -> Iterator[ast.AST]:
    for node in syntax.walk(tree):
        if isinstance(node, ast.Compare):
            yield from syntax.walk(node.left, *node.comparators)
