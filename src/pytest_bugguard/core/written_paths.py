"""Which paths does the code of a test write, and where do they lead? Put together of their parts. Pure; no I/O."""

from __future__ import annotations

import ast
from functools import cached_property, lru_cache
from itertools import chain, islice, product
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import syntax
from pytest_bugguard.core.assertions import assigned

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from pytest_bugguard.core.modules import Module

_LONGEST_PATH = 300
"""Characters of a string that may be a path."""
MAKING_PATHS = frozenset(
    {"Path", "PurePath", "abspath", "absolute", "dirname", "fspath", "join", "joinpath", "normpath", "realpath"}
    | {"resolve", "str"}
)
"""What puts a path together of what it is given."""
_WRITING = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.JoinedStr)
"""The expressions of which paths are made."""
_DEEP = 30
"""So many expressions in each other are read, names followed."""
_CHOICES = 10
"""So many paths are put together of one expression whose parts may be several."""


class Way(NamedTuple):
    """A path that a tree writes, put together of its parts; ``*`` stands for what is not known of it."""

    text: str
    beside: frozenset[frozenset[str]] = frozenset()
    """The names that stand with each value of the module which is a part of it."""

    def is_without(self, names: frozenset[str]) -> bool:
        """Whether none of those stands beside it."""
        return all(map(names.isdisjoint, self.beside))


_UNKNOWN = Way("*")
_UP = ast.Constant("..")


@lru_cache(maxsize=2_000)
def _plain(path: str) -> str:
    """A path without the parts that lead nowhere, and without the place it begins at, where that is not known."""
    names: list[str] = []
    for name in path.split("/"):
        if name == "..":
            del names[-1:]
        elif name not in {"", "."} and (names or name != "*"):
            names.append(name)
    return "/".join(names)


class Reader:
    """Puts the paths together that are written in a tree: ``HERE.parent / "rules"``, ``join(HERE, "..", "rules")``."""

    def __init__(self, tree: ast.AST, module: Module) -> None:
        self._tree = tree
        self._module = module
        self._known = {"__file__": [Way(module.path)], "pardir": [Way("..")], "sep": [Way("/")]}
        """By name: what it stands for."""
        self._called: dict[ast.Call, list[Way]] = {}

    @cached_property
    def _assigned(self) -> dict[str, list[ast.expr]]:
        return assigned(self._tree)

    def uses(self, names: Container[str], part: ast.AST) -> bool:
        """Whether a part of the tree uses one of the names, or what the tree itself gives a name."""
        used = (node.id for node in syntax.walk(part) if isinstance(node, ast.Name))
        return any(name in names or name in self._assigned for name in used)

    def ways(self, tree: ast.AST) -> set[Way]:
        """All that a part of the tree writes, each from its beginning to its end, without ``..``."""
        return {Way(_plain(way.text), way.beside) for way in set(self._written(tree, _DEEP))}

    def _written(self, tree: ast.AST, depth: int) -> Iterator[Way]:
        """All of them; what is given a name counts where that is used."""
        waiting: list[ast.AST | None] = [tree]
        held_back = _named_in(tree)
        while waiting:
            node = waiting.pop()
            if node is None or node in held_back:
                continue
            if isinstance(node, _WRITING):
                yield from self._of(node, depth)
            else:
                waiting += syntax.children(node)

    def _of(self, node: ast.AST, depth: int) -> Iterable[Way]:
        """What an expression stands for, one or the other."""
        match node:
            case _ if not depth:
                return [_UNKNOWN]
            case ast.Constant(value=value):
                return [Way(value if isinstance(value, str) and len(value) < _LONGEST_PATH else "")]
            case ast.Name(id=name) | ast.Attribute(attr="pardir" | "sep" as name):
                return self._named(name, depth - 1)
        if (parts := _put_together(node)) is not None:
            between, made_of = parts
            return _joined(between, (self._of(part, depth - 1) for part in made_of))
        if isinstance(node, ast.Call):
            if node not in self._called:
                self._called[node] = self._of_call(node, depth - 1)
            return self._called[node]
        return [way for child in syntax.children(node) if child is not None for way in self._of(child, depth - 1)]

    def _named(self, name: str, depth: int) -> list[Way]:
        if name not in self._known:
            self._known[name] = [_UNKNOWN]  # for who is bound to itself
            self._known[name] = [*dict.fromkeys(self._given(name, depth))] or [_UNKNOWN]
        return self._known[name]

    def _given(self, name: str, depth: int) -> Iterator[Way]:
        """What a name is bound to in the tree, or else in the module."""
        if name in self._assigned:
            for value in self._assigned[name]:
                yield from self._written(value, depth)
            return
        scope = self._module.scope_of(name)
        for statement in scope.values.get(name, ()) if scope is not None else ():
            names = frozenset({frozenset(names_in(statement))})
            yield from (Way(way.text, way.beside | names) for way in self._written(statement, depth))

    def _of_call(self, call: ast.Call, depth: int) -> list[Way]:
        """All that it is given as one path; where nobody knows what it does, also each of those alone."""
        owner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        given = [self._of(part, depth) for part in (*owner, *_spread(call.args))]
        joined = _joined("/", given)
        if syntax.last_name(call) in MAKING_PATHS:
            return joined
        given += [self._of(part, depth) for part in call.keywords]
        return [*dict.fromkeys(chain(joined, *given))]


def _joined(between: str, parts: Iterable[Iterable[Way]]) -> list[Way]:
    """One path of some parts, each of which may be one or the other."""
    return [
        Way(between.join(way.text for way in ways), frozenset().union(*(way.beside for way in ways)))
        for ways in islice(product(*parts), _CHOICES)
    ]


def _put_together(node: ast.AST) -> tuple[str, list[ast.expr]] | None:
    """Of what a path is made by other means than a call, and what comes between; a step up is ``..``."""
    match node:
        case (
            ast.Attribute(attr="parent", value=below)
            | ast.Call(func=ast.Name(id="dirname") | ast.Attribute(attr="dirname"), args=[below])
        ):
            return "/", [below, _UP]
        case ast.Subscript(value=ast.Attribute(attr="parents", value=below), slice=ast.Constant(value=int(number))):
            return "/", [below, *[_UP] * min(number + 1, _DEEP)]
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return "/", [left, right]
        case ast.BinOp(left=left, op=ast.Add(), right=right) if _is_text(left) or _is_text(right):  # else: two lists
            return "", [left, right]
        case ast.JoinedStr(values=parts):
            return "", parts
    return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr) or syntax.last_name(node) == "sep"


def _named_in(tree: ast.AST) -> set[ast.AST]:
    """The names that a tree gives, and what it gives them to, where it uses them itself."""
    nodes = list(syntax.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    values = (
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and node is not tree
        if all(isinstance(target, ast.Name) and target.id in used for target in node.targets)
    )
    return {*values, *(name for name in names if isinstance(name.ctx, ast.Store))}


def _spread(arguments: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """What a call is given, one by one: also of ``*("a", "b")``, and of ``["a", "b"]``."""
    for given in arguments:
        match given:
            case ast.List(elts=parts) | ast.Starred(value=ast.List(elts=parts) | ast.Tuple(elts=parts)):
                yield from parts
            case _:
                yield given


def texts_in(tree: ast.AST, without: Container[ast.AST] = ()) -> Iterator[str]:
    """The strings in a tree that may be paths."""
    for node in syntax.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in without:
            yield from [node.value] if len(node.value) < _LONGEST_PATH else []


def names_in(tree: ast.AST, without: Container[ast.AST] = ()) -> Iterator[str]:
    """The strings in a tree, and the names that they are made of as paths."""
    for text in texts_in(tree, without):
        yield text
        yield from text.split("/")
