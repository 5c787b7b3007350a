"""What does a fix add that was not there before: modules, names, attributes, parameters? From texts; nothing is run.

A test that fails without the fix only because it uses such an addition shows that the API is new, and no bug. What
was moved or renamed counts as added: without the fix it is not there under that name.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core import behaviour, loading, outline, syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.outline import Class, Scope
    from pytest_bugguard.core.syntax import FunctionNode

_MODULE_ENDINGS = (".py", ".pyx")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_QUOTED = re.compile(rb"""["']([A-Za-z_]\w*)["']""")
_GIVEN = re.compile(rb"\.\s*([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)")
_CONSTRUCTORS = ("__init__", "__new__")
_LAMBDA = "<lambda>"
"""What Python calls each of them."""
_FIELD_MAKERS = frozenset({"attrib", "field", "ib"})
"""As ``attrs`` calls what makes a field of a class without an annotation."""
_PYTHONS_OWN = frozenset({"builtins.function", "builtins.method", "builtins.module", "builtins.type"})
"""Classes of Python itself whose objects get attributes from the source."""


class SourceVersions(NamedTuple):
    """A changed source file, without the fix and with it."""

    old_path: str | None
    """None: it was not there."""
    new_path: str | None
    """None: it is gone."""
    old: bytes | None
    """Its text; None also where it could not be had."""
    new: bytes | None


class Novelty(Struct, frozen=True):
    """What a fix adds to the source side."""

    modules: frozenset[str] = frozenset()
    """Dotted, from the top of the tree: ``src.shop.pager``."""
    files: frozenset[str] = frozenset()
    """The paths of files that are no modules: package data."""
    names: frozenset[str] = frozenset()
    """The last parts of what modules and classes have now and did not have: functions, values, methods, attributes."""
    parameters: frozenset[tuple[str, str]] = frozenset()
    """A callable's own name (``__init__`` for the fields of a class) and a parameter that it did not take."""
    reshaped: frozenset[str] = frozenset()
    """The own names of callables that are called otherwise now: other parameters, or others that may be left out."""
    mentions: frozenset[str] = frozenset()
    """Names that no text of before holds in any way, and that the new ones hold in quotes, or as what an object is
    given: ``setattr(Pager, "first", ...)`` adds one too, and so does ``page.first = ...``."""
    grown: frozenset[str] = frozenset()
    """The own names of classes and modules that were there and have more names now."""
    filled: frozenset[str] = frozenset()
    """The own names of classes that were there and whose objects hold more now."""
    at_load: frozenset[str] = frozenset()
    """Paths, of either side, of files that do something else as they are loaded: a constant, a base, a decorator."""
    functions: frozenset[tuple[str, str]] = frozenset()
    """The functions that do something else now: the path of their file, on either side, and the dotted name there."""

    def changes(self, path: str, function: str) -> bool:
        """Whether a function does something else now, named as Python does: ``Pager.first``, ``pages.<locals>.up``."""
        return (path, function.partition(".<locals>")[0]) in self.functions

    def adds(self, missing: str, owner: str = "") -> bool:
        """Whether a name that was missing is one that the fix adds.

        Args:
            missing: The name alone.
            owner: Where it was looked for, dotted: a module or a class. What was looked for in a value of one of
                Python's own classes (``None``, a string) is nothing that a fix can add.
        """
        if not missing or _is_of_python(owner):
            return False
        return missing in self.names or self._adds_module(f"{owner}.{missing}" if owner else missing)

    def mentions_alone(self, missing: str, owner: str) -> bool:
        """Whether a name that was missing is one that only the texts of the fix mention."""
        return missing in self.mentions and not _is_of_python(owner)

    def takes(self, function: str, parameter: str) -> bool:
        """Whether the fix adds a parameter to a callable, named as Python does: ``Pager.first``."""
        return (_own(function), parameter) in self.parameters

    def reshapes(self, function: str) -> bool:
        """Whether the fix changes how a callable is called; of a class: how it is made."""
        names = {_own(function), *(f"{function}.{name}" for name in _CONSTRUCTORS)}
        return not names.isdisjoint(self.reshaped)

    def names_addition(self, text: str) -> bool:
        """Whether a text is the name of an addition: of a name, a parameter, or a module, dotted or as a path."""
        if text in self.names or any(text == parameter for _, parameter in self.parameters):
            return True
        return self.names_module(text)

    def names_module(self, text: str) -> bool:
        """Whether a text is the name of a module that the fix adds, dotted or as the path of its file."""
        ending = next((ending for ending in _MODULE_ENDINGS if text.endswith(ending)), "")
        dotted = text.removesuffix(ending).strip("./").replace("/", ".")
        return bool(dotted) and (bool(ending) or "." in dotted) and self._adds_module(dotted)

    def names_file(self, text: str) -> bool:
        """Whether a text is the name or the path of a file that the fix adds: of a module, or of package data."""
        name = text.removeprefix("./")
        is_data = any(path == name or path.endswith(f"/{name}") for path in self.files) if name else False
        return is_data or self.names_module(text)

    def _adds_module(self, dotted: str) -> bool:
        inside = f".{dotted}."
        return any(inside in f".{module}." for module in self.modules)


def of(files: Iterable[SourceVersions]) -> Novelty:
    """What the changed source files of a fix add; of a file that does not parse with the fix, nothing is known."""
    found = _Additions()
    for versions in files:
        found.compare(versions)
    known = {word for text in found.old for word in _WORD.findall(text)}
    mentions = {word for text in found.new for said in (_QUOTED, _GIVEN) for word in said.findall(text)} - known
    return Novelty(
        frozenset(found.modules),
        frozenset(found.files),
        frozenset(found.names),
        frozenset(found.parameters),
        frozenset(found.reshaped),
        frozenset(word.decode() for word in mentions),
        frozenset(found.grown),
        frozenset(found.filled),
        frozenset(found.at_load),
        frozenset(found.functions),
    )


class _Additions(Struct):
    modules: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    parameters: set[tuple[str, str]] = field(default_factory=set)
    reshaped: set[str] = field(default_factory=set)
    grown: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    at_load: set[str] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    old: list[bytes] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)

    def compare(self, versions: SourceVersions) -> None:
        path = versions.new_path
        self.old.append(versions.old or b"")
        if path is not None and path.endswith(_MODULE_ENDINGS):
            self.new.append(versions.new or b"")
        if path is not None and path.endswith(_MODULE_ENDINGS) and path != versions.old_path:
            self.modules.add(_dotted(path))
        elif path is not None and path != versions.old_path:
            self.files.add(path)
        new = _api(versions.new) if path is not None and path.endswith(".py") else None
        if new is None:
            return
        there = _api(versions.old)
        moved = versions.old_path != versions.new_path
        old = (None if moved else there) or _Api()
        added = new.names - old.names
        self.names.update(map(_own, added))
        owners = {name.rpartition(".")[0] for name in added}
        self.grown.update(_own(owner or _dotted(path or "")) for owner in owners if not owner or owner in old.names)
        holders = {name.rpartition(".")[0] for name in new.given - old.given}
        self.filled.update(_own(holder) for holder in holders if holder in old.names)
        for name, signature in new.callables.items():
            if old.callables.get(name) != signature:
                self._reshape(name, signature, old.callables.get(name))
        if there is not None:
            self._compare_loading(versions, has_same_callables=there.callables.keys() == new.callables.keys())

    def _compare_loading(self, versions: SourceVersions, *, has_same_callables: bool) -> None:
        old, new = versions.old or b"", versions.new or b""
        facts = behaviour.describe(old, new)
        paths = [path for path in versions[:2] if path is not None]
        self.functions.update((path, name) for path in paths for name in facts.changed_functions)
        is_data = has_same_callables and facts.behaviour_changed and not facts.changed_functions
        if is_data or loading.differs(old, new):
            self.at_load.update(paths)

    def _reshape(self, name: str, now: _Signature, was: _Signature | None) -> None:
        own = _own(name)
        self.reshaped.update({own, name} if own in _CONSTRUCTORS else {own})
        known = was.names if was is not None else frozenset()
        self.parameters.update((own, parameter) for parameter in now.names - known)


class _Signature(NamedTuple):
    """How a callable can be called; annotations and the values of defaults aside."""

    names: frozenset[str]
    shape: tuple[object, ...]


class _Api(Struct):
    """What a module offers."""

    names: set[str] = field(default_factory=set)
    """Dotted below the module: ``Pager.first``."""
    given: set[str] = field(default_factory=set)
    """Those of them that objects hold themselves."""
    callables: dict[str, _Signature] = field(default_factory=dict)


def _api(source: bytes | None) -> _Api | None:
    if source is None:
        return None
    try:
        statements = syntax.parse(source)
    except syntax.UnparsableError:
        return None
    api = _Api()
    _read(outline.read(statements), "", api)
    return api


def _read(scope: Scope, prefix: str, api: _Api) -> None:
    api.names.update(f"{prefix}{name}" for name in (*scope.values, *scope.imports))
    for name, function in scope.functions.items():
        api.names.add(f"{prefix}{name}")
        api.callables[f"{prefix}{name}"] = _signature(function)
    for name, owner in scope.classes.items():
        api.names.add(f"{prefix}{name}")
        _read_class(owner, f"{prefix}{name}.", api)
    for name, statements in scope.values.items():
        api.callables.update((f"{prefix}{name}.{_LAMBDA}", _signature(one)) for one in _lambdas(statements))
        _read_fields([field for statement in statements for field in _tuple_fields(statement)], f"{prefix}{name}.", api)


def _read_class(owner: Class, prefix: str, api: _Api) -> None:
    fields = list(_fields(owner.node))
    _read_fields(fields, prefix, api)
    api.given.update(f"{prefix}{name}" for name in (*fields, *_attributes(owner)))
    api.names |= api.given
    _read(owner.scope, prefix, api)


def _read_fields(fields: list[str], prefix: str, api: _Api) -> None:
    shape = _Signature(frozenset(fields), tuple(fields))
    api.callables.update((f"{prefix}{name}", shape) for name in _CONSTRUCTORS if fields)
    api.names.update(f"{prefix}{name}" for name in fields)


def _fields(owner: ast.ClassDef) -> Iterator[str]:
    """The names that a class body annotates, or gets from ``attr.ib``: the fields of a dataclass or a model."""
    for statement in owner.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
                if syntax.last_name(call) in _FIELD_MAKERS:
                    yield name


def _lambdas(statements: Iterable[ast.stmt]) -> Iterator[ast.Lambda]:
    for statement in statements:
        match statement:
            case ast.Assign(value=ast.Lambda() as function) | ast.AnnAssign(value=ast.Lambda() as function):
                yield function


def _tuple_fields(statement: ast.stmt) -> Iterator[str]:
    """The fields of ``namedtuple("Page", "number size")``, as they may be written."""
    match statement:
        case ast.Assign(value=ast.Call(args=[_, fields]) as call) if syntax.last_name(call) == "namedtuple":
            texts = [part.value for part in ast.walk(fields) if isinstance(part, ast.Constant)]
            for text in texts:
                yield from text.replace(",", " ").split() if isinstance(text, str) else ()


def _attributes(owner: Class) -> Iterator[str]:
    """What methods give to their objects: ``self.size = 1``; and what is named in ``__slots__``."""
    for function in owner.scope.functions.values():
        first = [argument.arg for argument in syntax.arguments(function)][:1]
        for node in syntax.walk(function):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _names(node.value) == first:
                yield node.attr
    for statement in owner.scope.values.get("__slots__", ()):
        for node in syntax.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _names(node: ast.expr) -> list[str]:
    return [node.id] if isinstance(node, ast.Name) else []


def _signature(function: FunctionNode | ast.Lambda) -> _Signature:
    given = function.args
    shape = (
        tuple(argument.arg for argument in given.posonlyargs),
        tuple(argument.arg for argument in given.args),
        tuple(argument.arg for argument in given.kwonlyargs),
        given.vararg is not None,
        given.kwarg is not None,
        len(given.defaults),
        tuple(default is None for default in given.kw_defaults),
    )
    return _Signature(frozenset(argument.arg for argument in syntax.arguments(function)), shape)


def _is_of_python(owner: str) -> bool:
    """Whether it is a class of Python itself, to whose objects no source adds anything."""
    return owner.startswith("builtins.") and owner not in _PYTHONS_OWN


def _dotted(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("/__init__").replace("/", ".")


def _own(name: str) -> str:
    return name.rpartition(".")[2]
