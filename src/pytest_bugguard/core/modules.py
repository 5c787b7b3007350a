"""Where is a name defined: in this file, in another one of the tree, or nobody knows where? Frugal; no I/O.

Names are looked for in the bytes first; only the pieces of a file that mention them are parsed.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pytest_bugguard.core import outline, segments, syntax
from pytest_bugguard.core.outline import Scope

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.outline import Class, Imported
    from pytest_bugguard.core.syntax import FunctionNode

_FILES_READ = 60
"""How many unchanged files are read for one unit: a fix that reaches further is told as far as that."""
_BASES_DEEP = 8
_OWN_AND_ANOTHER = 2
"""How often a class has to be named where it is defined and inherited."""
_ROOTS = ("src", "lib", "python")
"""Folders from which absolute imports may start, besides the folders above the importing file."""


class Tree(Protocol):
    """The files of the commit that is mapped."""

    def file(self, path: str) -> bytes | None:
        """The content of a regular file; None where there is none."""

    def folder(self, path: str) -> tuple[str, ...] | None:
        """The names in a folder, folders ending with ``/``; ``""`` is the top; None where there is none."""


class NoTree:
    """A tree of which nothing is known but the changed files."""

    def file(self, path: str) -> None:
        """Nothing."""

    def folder(self, path: str) -> None:
        """Nothing."""


class Module:
    """One Python file, parsed piece by piece."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = segments.clean(source)
        self._scopes: dict[bytes, Scope] = {}
        self._parsed: dict[bytes, list[ast.stmt]] = {}

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The whole source, cut at top-level definitions."""
        return segments.split(self.source)

    def statements(self, piece: bytes) -> list[ast.stmt]:
        """The statements of a piece, be it one of ``pieces`` or any other text of this file.

        Raises:
            UnparsableError: It is no Python.
        """
        known = self._parsed.get(piece)
        if known is None:
            known = self._parsed[piece] = syntax.parse(piece)
        return known

    def scope(self, piece: bytes) -> Scope:
        """What a piece defines; nothing where it cannot be parsed."""
        known = self._scopes.get(piece)
        if known is None:
            try:
                known = outline.read(self.statements(piece))
            except syntax.UnparsableError:
                known = Scope()
            self._scopes[piece] = known
        return known

    def mentions(self, name: str) -> bool:
        """Whether the name stands anywhere in the text."""
        return name.encode() in self.source

    def scopes_mentioning(self, names: Iterable[str]) -> Iterator[Scope]:
        """What the pieces define in which one of the names stands."""
        words = [name.encode() for name in names]
        if not any(word in self.source for word in words):
            return
        pattern = re.compile(rb"\b(?:" + b"|".join(map(re.escape, words)) + rb")\b")
        for piece in self.pieces:
            if pattern.search(piece):
                yield self.scope(piece)

    def scopes_where(self, fits: Callable[[bytes], bool]) -> Iterator[Scope]:
        """What the pieces define whose bytes are of some kind."""
        yield from (self.scope(piece) for piece in self.pieces if fits(piece))

    def scope_of(self, name: str) -> Scope | None:
        """The scope of the last piece that binds a name."""
        word = name.encode()
        if word not in self.source:
            return None
        binding = [self.scope(piece) for piece in self._defining.get(name, ()) or self._loose if word in piece]
        return next((scope for scope in reversed(binding) if name in scope), None)

    @cached_property
    def _defining(self) -> dict[str, list[bytes]]:
        """The pieces by the names of the functions and classes that their texts define."""
        found: dict[str, list[bytes]] = {}
        for piece in self.pieces:
            if name := segments.own_name(piece):
                found.setdefault(name, []).append(piece)
        return found

    def classes_along(self, names: Sequence[str]) -> tuple[Class, ...]:
        """A top-level class and the classes nested in it by their names, each whole; empty where one is missing."""
        chain: list[Class] = []
        for name in names:
            owner = chain[-1].scope.classes.get(name) if chain else self.class_named(name)
            if owner is None:
                return ()
            chain.append(owner)
        return tuple(chain)

    def may_construct(self, name: str) -> bool:
        """Whether a top-level class may have a constructor of its own: False where its text has none."""
        return segments.may_construct(self.source, name)

    @cached_property
    def _loose(self) -> tuple[bytes, ...]:
        """The pieces that hold more than one definition: imports, values, whatever stands between definitions."""
        return tuple(piece for piece in self.pieces if segments.has_statements(piece))

    def has_subclass_of(self, name: str) -> bool:
        """Whether a class statement in it seems to name this class among its bases."""
        if self.source.count(name.encode()) < _OWN_AND_ANOTHER:
            return False
        bases = rb"\bclass[ \t]+\w+[ \t]*\([^)]*\b" + re.escape(name.encode()) + rb"\b"
        return re.search(bases, self.source) is not None

    def statements_near(self, word: str) -> Iterator[ast.stmt]:
        """The top-level statements of each piece that holds a word, where it holds more than one definition."""
        for piece in self._loose if self.mentions(word) else ():
            if word.encode() in piece:
                with suppress(syntax.UnparsableError):
                    yield from self.statements(piece)

    def may_import(self, name: str) -> bool:
        """Whether an import statement seems to take in a module of this name."""
        word = name.encode()
        return (
            word in self.source
            and re.search(rb"\b(?:from|import)\b[^\n]*\b" + re.escape(word) + rb"\b", self.source) is not None
        )

    def imports(self, words: Iterable[str]) -> Iterator[tuple[str, Imported]]:
        """The module's own imports, as far as one of the words stands near them."""
        wanted = [word.encode() for word in words]
        for piece in self._loose:
            if any(word in piece for word in wanted):
                yield from self.scope(piece).imports.items()

    def class_named(self, name: str) -> Class | None:
        """A top-level class, whole."""
        scope = self.scope_of(name)
        return scope.classes.get(name) if scope else None


class Modules:
    """The files that a unit's tests may draw on: the changed ones as they are now, the others from the tree."""

    def __init__(self, changed: Iterable[Module], tree: Tree) -> None:
        self._known: dict[str, Module | None] = {module.path: module for module in changed}
        self.changed = frozenset(self._known)
        """Paths of the changed ones."""
        self._folders: dict[str, frozenset[str]] = {}
        self.tree = tree
        self._left = _FILES_READ

    @property
    def is_exhausted(self) -> bool:
        """Whether more files were asked for than are read for one unit."""
        return self._left < 0

    def names_in(self, folder: str) -> frozenset[str]:
        """The names in a folder, folders ending with ``/``."""
        if folder not in self._folders:
            self._folders[folder] = frozenset(self.tree.folder(folder) or ())
        return self._folders[folder]

    def at(self, path: str) -> Module | None:
        """A file by its path; None where there is none, or where enough files have been read."""
        if path not in self._known:
            self._left -= 1
            source = self.tree.file(path) if self._left >= 0 else None
            self._known[path] = Module(path, source) if source is not None else None
        return self._known[path]

    def text(self, path: str) -> bytes | None:
        """A file as it stands in the tree, to be looked through and not to be kept; None where there is none."""
        return self.tree.file(path)

    def taken(self, path: str, text: bytes) -> Module:
        """The same, once it was looked through: to be kept, and not counted among the files that are read."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = Module(path, text)
        return known

    def imported(self, importer: Module, source: Imported) -> tuple[Module, str | None] | None:
        """The module that an import means, and the name to look for in it (None: the module itself)."""
        for start in _starts(importer.path, source):
            path = self._path(start, source.module)
            if source.name is not None:
                below = self._path(f"{start}/{source.module.replace('.', '/')}".strip("/"), source.name)
                module = self.at(below) if below else None
                if module is not None:
                    return module, None
            module = self.at(path) if path else None
            if module is not None and module is not importer:
                return module, source.name
        return None

    def _path(self, start: str, dotted: str) -> str | None:
        """The file of a dotted module below a folder; its parts are looked up so that nothing is read in vain."""
        folder = start
        parts = [part for part in dotted.split(".") if part]
        for index, part in enumerate(parts):
            names = self.names_in(folder)
            if index == len(parts) - 1 and f"{part}.py" in names:
                return f"{folder}/{part}.py".lstrip("/")
            if f"{part}/" not in names:
                return None
            folder = f"{folder}/{part}".lstrip("/")
        return f"{folder}/__init__.py".lstrip("/") if "__init__.py" in self.names_in(folder) else None

    def defined(self, module: Module, name: str) -> tuple[Module, Scope, str] | None:
        """Where a name is defined in the end: the module, the scope and its name there; imports are followed."""
        for _ in range(_BASES_DEEP):
            scope = module.scope_of(name)
            if scope is None:
                return None
            if name in scope.functions or name in scope.classes or name in scope.values:
                return module, scope, name
            target = self.imported(module, scope.imports[name])
            if target is None or target[1] is None:
                return None
            module, name = target[0], target[1]
        return None

    def bases(self, module: Module, owner: Class) -> Iterator[tuple[Module, Class] | str]:
        """The bases of a class, each with its module; a base that cannot be found is given by its name."""
        for base in owner.node.bases:
            found = self.base(module, base)
            yield found if found is not None else syntax.last_name(base)

    def base(self, module: Module, base: ast.expr) -> tuple[Module, Class] | None:
        """The class that an expression in the list of bases means, with its module.

        ``Base``, ``module.Base``, and ``Holder.Base``, as who hides an abstract class from unittest writes it.
        """
        root, *rest = syntax.dotted(base).split(".")
        scope = module.scope_of(root) if root and rest else None
        target = self.imported(module, scope.imports[root]) if scope and root in scope.imports else None
        if target is not None and target[1] is None:
            module, (root, *rest) = target[0], rest
        place = self.defined(module, root) if root else None
        if place is None:
            return None
        owner = place[1].classes.get(place[2])
        for name in rest:
            owner = owner.scope.classes.get(name) if owner is not None else None
        return (place[0], owner) if owner is not None else None

    def lineage(self, module: Module, owner: Class) -> tuple[list[tuple[Module, Class]], list[str]]:
        """A class and all its bases that can be found, nearest first, and the names of those that cannot."""
        found, unknown = [(module, owner)], []
        seen = {(module.path, owner.name)}
        for here, one in found:
            if len(found) > _BASES_DEEP * 4:
                break
            for base in self.bases(here, one):
                if isinstance(base, str):
                    unknown.append(base)
                elif (base[0].path, base[1].name) not in seen:
                    seen.add((base[0].path, base[1].name))
                    found.append(base)
        return found, unknown

    def method(self, module: Module, owner: Class, name: str, *, above: bool = False) -> FunctionNode | None:
        """A method of a class or of its bases; with ``above`` of its bases alone."""
        lineage = self.lineage(module, owner)[0][1 if above else 0 :]
        return next((one.scope.functions[name] for _, one in lineage if name in one.scope.functions), None)


def _starts(path: str, source: Imported) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    if source.level:
        for _ in range(source.level - 1):
            folder = folder.rpartition("/")[0]
        yield folder
        return
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
    yield from _ROOTS
