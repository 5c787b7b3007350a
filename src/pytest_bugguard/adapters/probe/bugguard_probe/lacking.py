"""What may be asked of the old code that only the fix brings? Who asks is looked at. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

from .nodes import FUNCTIONS, arguments, at, is_magic, own_name, target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .nodes import Function

_ATTRIBUTE = re.compile(rb"\.\s*([A-Za-z_]\w*)")
_QUOTED = re.compile(rb"""["']([A-Za-z_]\w*)["']""")
_GIVEN = re.compile(rb"\.\s*([A-Za-z_]\w*)\s*=(?!=)")
_BUILDING = re.compile(rb"setattr\(|__getattr__\(|__dict__|\b(?:globals|vars|type)\(")
"""Where a text has it, things may have names that it only holds in quotes."""

_NO_OPERATION = frozenset({"__match_args__", "__post_init__", "__slots__", *dir(object)}) - {
    *("__ge__", "__gt__", "__le__", "__lt__")
}
"""What Python does without, or has for every object; but an order, which is wanted as soon as one is asked for."""


class Fresh:
    """What a new text names that the old code did not, and where it names it as an attribute."""

    def __init__(self, text: bytes, old: bytes, taken: set[str]) -> None:
        self._taken = taken
        ways = (_GIVEN, _QUOTED) if _BUILDING.search(text) else (_GIVEN,)
        said = _said(text, ways) - _said(old, ways)
        self.mentioned = sorted(name for name in said if name not in taken and not name.startswith("__"))
        """What things may have by another way than a definition: what is given to an object, or held in quotes."""
        self._lines = {
            number
            for number, line in enumerate(text.splitlines(), start=1)
            if not all(name.decode() in taken for name in _ATTRIBUTE.findall(line))
        }

    def members(self, owner: ast.ClassDef) -> list[str]:
        """What objects of a class have, or it has itself, that is no part of Python's own protocols."""
        found = dict.fromkeys(own_name(name, owner) for statement in owner.body for name in self._named(statement))
        return [name for name in found if name not in self._taken and not is_magic(name)]

    def operations(self, owner: ast.ClassDef, was: ast.ClassDef) -> list[str]:
        """The methods of Python's own protocols that a class has now and had not."""
        old, new = ([name for one in each.body for name in self._bound(one)] for each in (was, owner))
        return [name for name in dict.fromkeys(new) if is_magic(name) and name not in old and name not in _NO_OPERATION]

    def told(self, statement: ast.stmt) -> list[str]:
        """The names that stand in its texts, as those of fields do."""
        texts = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
        names = (name for text in texts if isinstance(text, str) for name in text.replace(",", " ").split())
        return [name for name in dict.fromkeys(names) if name.isidentifier() and name not in self._taken]

    def _named(self, statement: ast.stmt) -> Iterator[str]:
        yield from self._bound(statement)
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._given_by(statement)
            case ast.Assign(targets=[ast.Name("__slots__")]):
                yield from self.told(statement)

    @staticmethod
    def _bound(statement: ast.stmt) -> Iterator[str]:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))

    def _given_by(self, method: Function) -> Iterator[str]:
        """The attributes that a method gives to its object."""
        if self._lines.isdisjoint(range(method.lineno, (method.end_lineno or method.lineno) + 1)):
            return
        own = next((argument.arg for argument in arguments(method)), "")
        for node in ast.walk(method):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=given, ctx=ast.Store()) if name == own:
                    yield given


def _said(text: bytes, ways: Iterable[re.Pattern[bytes]]) -> Counter[str]:
    """How often each name is said: what a comment has said before is not new."""
    return Counter(name.decode() for way in ways for name in way.findall(text))


def missing(
    was: ast.Module | ast.ClassDef, now: ast.Module | ast.ClassDef, fresh: Fresh, prefix: str = ""
) -> Iterator[ast.stmt]:
    """For each old class statements that have it looked at who misses what is new in it, and how it is made."""
    theirs = {one.name: one for one in now.body if isinstance(one, ast.ClassDef)}
    for owner in was.body:
        if isinstance(owner, ast.ClassDef) and owner.name in theirs:
            place, now_owner = f"{prefix}{owner.name}", theirs[owner.name]
            if new := dict.fromkeys([*fresh.members(now_owner), *fresh.mentioned]):
                yield at(_called("absence", "put", [place, *map(repr, new)]), owner)
            if able := fresh.operations(now_owner, owner):
                yield at(_called("operating", "watch", [place, *map(repr, able)]), owner)
            if inherited := [
                name for name in _methods(now_owner) if name not in _methods(owner) and not is_magic(name)
            ]:
                yield at(_called("fitting", "watch_inherited", [place, *map(repr, inherited)]), owner)
            if _made_by(now_owner) != _made_by(owner):
                yield at(_called("fitting", "watch_making", [place]), owner)
            yield from missing(owner, now_owner, fresh, f"{place}.")
    made = {target(one): one for one in now.body if _is_made(one)}
    for statement in was.body:
        other = made.get(target(statement))
        if other is not None and _is_made(statement) and ast.dump(statement) != ast.dump(other):
            place = f"{prefix}{target(statement)}"
            yield at(_called("absence", "put", [place, *map(repr, fresh.told(other))]), statement)
            yield at(_called("fitting", "watch_making", [place]), statement)


def answering(was: ast.Module, now: ast.Module, defined: set[str], fresh: Fresh) -> Iterator[ast.stmt]:
    """A statement that has the old module looked at who misses what it has with the fix: by definition, or by asking.

    Args:
        was: The old module.
        now: The new one.
        defined: The names that only the new one defines. What can be there already is never asked for.
        fresh: The names that only the new one mentions.
    """
    told = fresh.mentioned if "__getattr__" in _methods(now) else []
    names = [name for name in sorted({*defined, *told}) if not is_magic(name)]
    if names:
        yield at(_called("absence", "look_in", ["globals()", *map(repr, names)]), (was.body or now.body)[-1])


def _methods(owner: ast.ClassDef | ast.Module) -> list[str]:
    return [one.name for one in owner.body if isinstance(one, FUNCTIONS)]


def _is_made(statement: ast.stmt) -> bool:
    """Whether one name is bound to what a call has made: it may be a class, as ``namedtuple`` makes one."""
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and target(statement) != ""


def _called(module: str, function: str, given: list[str]) -> ast.stmt:
    """A statement that calls a function that stands beside us."""
    (call,) = ast.parse(f"__import__('bugguard_probe.{module}', fromlist=['']).{function}({', '.join(given)})").body
    return call


def _made_by(owner: ast.ClassDef) -> tuple[set[str], set[str]]:
    """What says how objects of a class are made, besides parameters that can be read: constructors and fields."""
    makers = {"__init__", "__new__"}.intersection(_methods(owner))
    fields = {
        one.target.id for one in owner.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    made = (one for one in owner.body if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call))
    return makers, fields | {target(one) for one in made}


def parameters(function: Function | ast.Lambda) -> str:
    """What a call has to fit, as a text: names, kinds, and which may be left out."""
    return ast.dump(_bare(function.args, ast.Constant(None)))


def watching(now: Function | ast.Lambda, place: ast.stmt | ast.Lambda) -> ast.expr:
    """The decorator by which an old function shows the parameters of the new one."""
    watched = _called("fitting", "watched", [])
    assert isinstance(watched, ast.Expr) and isinstance(watched.value, ast.Call)  # noqa: PT018 - as it is parsed
    watched.value.args.append(ast.Lambda(_bare(now.args), ast.Constant(None)))
    return ast.fix_missing_locations(at(watched.value, place))


def _bare(given: ast.arguments, value: ast.Constant | None = None) -> ast.arguments:
    """Parameters without annotations, their defaults replaced; without a value for it only those that must be run."""

    def default(node: ast.expr | None) -> ast.expr | None:
        if node is None:
            return None
        return value or (node if isinstance(node, ast.Constant) else ast.Constant(...))

    def bare(argument: ast.arg) -> ast.arg:
        return ast.arg(argument.arg)

    return ast.arguments(
        [*map(bare, given.posonlyargs)],
        [*map(bare, given.args)],
        given.vararg and bare(given.vararg),
        [*map(bare, given.kwonlyargs)],
        [*map(default, given.kw_defaults)],
        given.kwarg and bare(given.kwarg),
        [one for one in map(default, given.defaults) if one is not None],
    )
