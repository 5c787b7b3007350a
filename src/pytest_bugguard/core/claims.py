"""Does an assertion that failed only ask whether something is there that the fix adds? From its text; nothing is run.

``assert hasattr(shop, "pages")`` is red without the fix for the same reason as ``shop.pages(1)`` would be: the name is
not there. What such a test asks for is read off the statement, with the local names in it followed to where they come
from, and the helpers of the tests to what they answer by. An assertion that asks for anything else besides is left
alone: it may have failed over that.
"""

from __future__ import annotations

import ast
import textwrap
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pytest_bugguard.core import protocols
from pytest_bugguard.core.assertions import (
    assigned,
    beginnings,
    catches_a_want,
    key_of_a_class,
    own_name,
    questions,
    tried,
    used_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_bugguard.core.novelty import Novelty
    from pytest_bugguard.core.runs import Claim, Helper

    _Function = ast.FunctionDef | ast.Lambda

_BY_NAME = frozenset({"hasattr", "getattr", "getattr_static"})
"""They are given a name, the second, and look whether it is there."""
_REFLECTING = frozenset(
    {"dir", "fields", "fields_dict", "getmembers", "get_type_hints", "globals", "iter_modules", "listdir", "scandir"}
)
"""What they give holds the names of what is there."""
_REFLECTIONS = frozenset(
    {"__all__", "__slots__", "__annotations__", "__dataclass_fields__", "__match_args__", "_fields"}
    | {"__members__", "__code__", "__module__"}
)
"""Attributes that do."""
_COUNTABLE = _REFLECTIONS | {"__dict__", "__optional_keys__", "__required_keys__"}
"""Attributes that may be counted; of a class they hold what all its objects have."""
_HOLDING = frozenset({"frozenset", "list", "set", "sorted", "tuple"})
_OF_KINDS = frozenset({"isinstance", "issubclass"})
_OF_CALLABLES = frozenset({"signature", "getfullargspec", "getargspec", "getcallargs"})
_OF_FILES = frozenset({"exists", "is_file", "isfile", "is_dir", "isdir", "find_spec", "find_loader"})
_IN_FOLDERS = _OF_FILES | {"listdir", "scandir"}
"""They look at what lies somewhere."""
_TEMPORARY = frozenset({"tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"})
"""The fixtures of pytest below which the product writes: what lies there is none of the source's own files."""
_HARMLESS = frozenset(
    {"all", "any", "bool", "callable", "frozenset", "isclass", "isfunction", "isinstance", "ismethod", "isroutine"}
    | {
        "endswith",
        "issubclass",
        "keys",
        "len",
        "list",
        "next",
        "set",
        "sorted",
        "startswith",
        "str",
        "sum",
        "tuple",
        "type",
    }
)
"""They only turn what they are given about."""
_DEEP = 40
_FAR = 4
"""So many names are followed, one to the other."""


class _Part(Enum):
    """What a part of a question is about."""

    NOVELTY = auto()
    """Whether something is there that the fix adds."""
    REFLECTION = auto()
    """Which names are there."""
    NAME = auto()
    """The name of something that the fix adds."""
    OTHER = auto()
    """Something else."""


def takes_novelty(claim: Claim, novelty: Novelty) -> bool:
    """Whether the statement that failed takes what the fix adds out of a namespace: ``vars(shop)["pages"]``."""
    tree = _parsed(claim.source)
    if tree is None:
        return False
    strings = dict(claim.strings)
    return any(
        any(map(novelty.names_addition, _key(node.slice, strings)))
        and (_is_namespace(node.value) or key_of_a_class(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and node.lineno <= claim.line <= (node.end_lineno or node.lineno)
    )


def _key(node: ast.expr, strings: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Name(id=name):
            return strings.get(name, ())
    return ()


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def asks_for_novelty(claim: Claim, novelty: Novelty) -> bool:
    """Whether all that a failed assertion asks is whether there is something that the fix adds."""
    tree = _parsed(claim.source)
    if tree is None:
        return False
    reader = _Reader(novelty, dict(claim.strings), assigned(tree), tried(tree), _read(claim.helpers), dict(claim.kinds))
    return any(reader.asks(question) for question in questions(tree, claim.line))


def _read(helpers: Iterable[Helper]) -> dict[str, _Function]:
    """By name, what each helper is; of several with one name the nearest."""
    found: dict[str, _Function] = {}
    for helper in helpers:
        tree = _parsed(helper.source) or _parsed(f"{{{helper.source}}}")  # a lambda may be a line of a table
        nodes = ast.walk(tree) if tree is not None else ()
        function = next((node for node in nodes if isinstance(node, ast.FunctionDef | ast.Lambda)), None)
        if function is not None:
            found.setdefault(helper.name, function)
    return found


def _is_namespace(node: ast.expr) -> bool:
    """Whether it is ``vars(x)``, ``x.__dict__``, or the keys of that."""
    match node:
        case ast.Call(func=ast.Attribute(attr="keys", value=inner)):
            return _is_namespace(inner)
        case ast.Call(func=ast.Name(id="vars" | "globals")) | ast.Attribute(attr="__dict__"):
            return True
    return False


class _Reader(Struct):
    novelty: Novelty
    strings: dict[str, tuple[str, ...]]
    """What local names held when it failed, as far as that is text."""
    assigned: dict[str, list[ast.expr]]
    tried: dict[str, list[str]]
    """By local name: what was used where it got its value, if that was given up for want of a name."""
    helpers: dict[str, _Function] = field(default_factory=dict)
    """By name: functions that stand with the tests."""
    kinds: dict[str, str] = field(default_factory=dict)
    """By name: the class of what it held."""
    temporary: frozenset[str] = _TEMPORARY
    """The names of what makes a temporary folder, or is one."""
    _followed: set[str] = field(default_factory=set)

    def asks(self, question: list[ast.expr]) -> bool:
        parts = {part for expression in question for part in self._parts(expression)}
        has_it = _Part.NOVELTY in parts or {_Part.REFLECTION, _Part.NAME} <= parts
        return has_it and _Part.OTHER not in parts

    def _parts(self, node: ast.AST, depth: int = _DEEP) -> Iterator[_Part]:
        if not depth:
            yield _Part.OTHER
            return
        match node:
            case ast.Call():
                yield from self._of_call(node, depth - 1)
            case ast.Attribute(attr=name) if name in _REFLECTIONS:
                yield _Part.REFLECTION
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[held]) if _is_namespace(held):
                yield _Part.REFLECTION
                yield from self._parts(left, depth - 1)
            case ast.Name(id=name):
                yield from self._of_name(name, depth - 1)
            case ast.Constant(value=str(text)) if self._is_novel(text):
                yield _Part.NAME
            case ast.comprehension(iter=ast.Name(id=name)) if name in self.novelty.grown:
                yield _Part.REFLECTION  # the members of an enumeration
            case _:
                for child in ast.iter_child_nodes(node):
                    yield from self._parts(child, depth - 1)

    def _of_name(self, name: str, depth: int) -> Iterator[_Part]:
        if any(map(self._is_novel, self.strings.get(name, ()))):
            yield _Part.NAME
        if any(map(self._is_wanted, self.tried.get(name, ()))):
            yield _Part.NOVELTY
        elif name not in self._followed:
            self._followed.add(name)
            for value in self.assigned.get(name, ()):
                yield from self._parts(value, depth)

    def _of_call(self, call: ast.Call, depth: int) -> Iterator[_Part]:
        name = own_name(call.func) or self._named_in_table(call.func)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name in _BY_NAME:
            is_novel = any(self._holds(self._is_wanted, one) for one in given[1:2])
            yield _Part.NOVELTY if is_novel else _Part.OTHER
        elif self._asks_what_it_can(name, given):
            yield _Part.NOVELTY
        elif name in _IN_FOLDERS and self._is_temporary(call):
            yield _Part.OTHER
        elif name in _OF_FILES:
            is_novel = any(self._holds(self.novelty.names_file, one) for one in (call.func, *given))
            yield _Part.NOVELTY if is_novel else _Part.OTHER
        elif name in _OF_CALLABLES:
            yield _Part.NOVELTY if any(map(self._names_reshaped, given)) else _Part.REFLECTION
        elif name == "len" and any(map(self._has_grown, given)):
            yield _Part.NOVELTY
        elif name in _REFLECTING:
            yield _Part.REFLECTION
        elif name in self.helpers:
            yield from (part for one in given for part in self._parts(one, depth))
            yield from self._of_helper(self.helpers[name], call, depth)
        else:
            inside = {part for child in (call.func, *given) for part in self._parts(child, depth)}
            yield from inside
            if name not in _HARMLESS and not inside & {_Part.NOVELTY, _Part.REFLECTION}:
                yield _Part.OTHER

    def _named_in_table(self, node: ast.expr) -> str:
        """The name of a helper that is taken out of a table; empty for anything else."""
        if not isinstance(node, ast.Subscript):
            return ""
        names = (f"{own_name(node.value)}[{key}]" for key in _key(node.slice, self.strings))
        return next((name for name in names if name in self.helpers), "")

    def _of_helper(self, helper: _Function, call: ast.Call, depth: int) -> Iterator[_Part]:
        """What a function of the tests answers by, given what it is given here."""
        parameters = [*helper.args.posonlyargs, *helper.args.args, *helper.args.kwonlyargs]
        if isinstance(call.func, ast.Attribute) and parameters and parameters[0].arg in {"self", "cls"}:
            parameters = parameters[1:]
        given = dict(zip((parameter.arg for parameter in parameters), call.args, strict=False))
        given.update((keyword.arg, keyword.value) for keyword in call.keywords if keyword.arg is not None)
        texts = {name: tuple(self._texts(value)) for name, value in given.items()}
        others = {name: function for name, function in self.helpers.items() if function is not helper}
        inside = _Reader(self.novelty, texts, assigned(helper), tried(helper), others)
        inside.temporary = _TEMPORARY - given.keys() | {name for name in given if self._is_temporary(given[name])}
        if isinstance(helper, ast.Lambda):
            yield from inside._parts(helper.body, depth)
        else:
            yield from inside._answers(helper.body, depth)

    def _texts(self, node: ast.AST, depth: int = _FAR) -> Iterator[str]:
        """The texts in it, and those that its names hold or are bound to."""
        for part in ast.walk(node):
            match part:
                case ast.Constant(value=str(text)):
                    yield text
                case ast.Name(id=name) if name in self.strings:
                    yield from self.strings[name]
                case ast.Name(id=name) if depth:
                    for value in self.assigned.get(name, ()):
                        yield from self._texts(value, depth - 1)

    def _answers(self, statements: list[ast.stmt], depth: int) -> Iterator[_Part]:
        """What decides the value that a function returns."""
        for statement in statements:
            match statement:
                case ast.Return(value=ast.expr() as value):
                    yield from self._parts(value, depth)
                case ast.Try() | ast.TryStar() if any(map(catches_a_want, statement.handlers)) and any(
                    map(self._is_wanted, used_in(statement))
                ):
                    yield _Part.NOVELTY
                case ast.If(test=asked) | ast.While(test=asked) | ast.For(iter=asked):
                    yield from self._parts(asked, depth)
                    yield from self._answers([*statement.body, *statement.orelse], depth)
                case ast.With(body=body):
                    yield from self._answers(body, depth)
                case ast.Try() | ast.TryStar():
                    handled = [inner for handler in statement.handlers for inner in handler.body]
                    yield from self._answers([*statement.body, *handled, *statement.orelse], depth)

    def _holds(self, is_wanted: Callable[[str], bool], node: ast.AST) -> bool:
        """Whether text like that stands anywhere in it, or in what its names are bound to."""
        return any(map(is_wanted, self._texts(node)))

    def _is_temporary(self, place: ast.AST, depth: int = _FAR) -> bool:
        """Whether it lies in a temporary folder: each way to get there begins with one."""
        names = set(beginnings(place))
        if not names.isdisjoint(self.temporary):
            return True
        return depth > 0 and any(self._is_bound_to_temporary(name, depth - 1) for name in names)

    def _is_bound_to_temporary(self, name: str, depth: int) -> bool:
        values = [value for value in self.assigned.get(name, ()) if name not in beginnings(value)]
        return bool(values) and all(self._is_temporary(value, depth) for value in values)

    def _names_reshaped(self, node: ast.AST) -> bool:
        names = (own_name(part) for part in ast.walk(node) if isinstance(part, ast.Name | ast.Attribute))
        return any(not name.startswith("__") and self.novelty.reshapes(name) for name in names if name)

    def _has_grown(self, counted: ast.expr, depth: int = _FAR) -> bool:
        """Whether what is counted are the names of something that has more of them now, or the members of it."""
        match counted:
            case ast.Name(id=name) if name in self.assigned and depth:
                return any(self._has_grown(value, depth - 1) for value in self.assigned[name])
            case ast.Call(func=way, args=[held, *_]) if own_name(way) in _HOLDING:
                return self._has_grown(held, depth)
            case ast.ListComp(generators=[one]) | ast.SetComp(generators=[one]):
                return self._has_grown(one.iter, depth)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name[:1].isupper():
                owner = name
            case ast.Call(func=ast.Name(id="vars"), args=[thing]) | ast.Attribute(attr="__dict__", value=thing) if (
                kind := self._kind(thing)
            ):
                return kind in self.novelty.filled
            case ast.Attribute(attr=name, value=thing) if name in _COUNTABLE:
                owner = own_name(thing)
            case ast.Call(func=way, args=[thing, *_]) if own_name(way) in _REFLECTING | {"vars"}:
                owner = own_name(thing)
            case _:
                return False
        return owner in self.novelty.grown

    def _kind(self, thing: ast.expr) -> str:
        """The own name of the class that a thing is an object of; empty where it may be none."""
        match thing:
            case ast.Call(func=made):
                return own_name(made)
            case ast.Name(id=name):
                return self.kinds.get(name, "")
        return ""

    def _asks_what_it_can(self, name: str, given: list[ast.expr]) -> bool:
        """Whether it asks if an object can be called, or belongs to a class of those that can do something."""
        if name == "callable":
            return "__call__" in self.novelty.names
        classes = [own_name(part) for one in given[1:2] for part in ast.walk(one)] if name in _OF_KINDS else []
        return any(method in self.novelty.names for one in classes for method in protocols.of_class(one))

    def _is_novel(self, text: str) -> bool:
        return self.novelty.names_addition(text)

    def _is_wanted(self, text: str) -> bool:
        """The same, also of a name that is only mentioned: where it is looked for, that is enough."""
        return self._is_novel(text) or text in self.novelty.mentions
