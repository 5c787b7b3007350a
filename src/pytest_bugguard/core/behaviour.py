"""Did a source file change what it does, or only its comments, docstrings, annotations and version? Pure; no I/O."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import likeness, outline, segments, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.outline import Scope

_TYPING = frozenset({"typing", "typing_extensions", "collections.abc", "_typeshed"})
"""Modules whose names serve annotations: an import of them alone does nothing."""
_ANNOTATIONS = frozenset({"annotation", "returns"})
_WORD = re.compile(r"\w+")
_VERSIONS = frozenset({"__version__", "__version_info__"})
_TYPE_MAKERS = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})
_TYPING_CLASSES = frozenset({"Protocol", "TypedDict"})
_TYPE_NODES = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.BitOr, ast.Tuple, ast.List, ast.Constant),
    ast.expr_context,
)
"""What a type is written with: nothing that could do something."""
_LOOKS = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.Compare, ast.BoolOp, ast.UnaryOp),
    *(ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context),
)
"""What a condition is written with that only looks: at ``sys.version_info`` or ``TYPE_CHECKING``."""


class SourceFacts(Struct, frozen=True):
    """What happened to one source file. Names are dotted: ``Class.method``."""

    behaviour_changed: bool
    new_public_names: tuple[str, ...] = ()
    """Functions, classes, methods and constants without a leading underscore that were not there before."""
    changed_functions: tuple[str, ...] = ()
    """Functions that were there before and do something else now."""
    removed_names: tuple[str, ...] = ()


def same_behaviour(old: bytes, new: bytes) -> bool:
    """Whether two versions do the same; False where either does not parse."""
    old, new = segments.clean(old), segments.clean(new)
    texts = segments.difference(old, new)
    if any(_is_changed(*pair) for pair in segments.versions(texts)):
        return False
    bodies = _bodies(old, new, texts)
    return bodies is not None and _same(old, new, *bodies)


def _is_changed(old: bytes, new: bytes) -> bool:
    """Whether two versions of one definition are known to do different things: that settles it for the whole file."""
    try:
        olds, news = stripped(syntax.parse(old)), stripped(syntax.parse(new))
    except syntax.UnparsableError:
        return False
    for body in (olds, news):
        _take_bound(body)  # they may stand below the definition; whether they count is for the whole file to say
    return not alike(olds, news)


def describe(old: bytes, new: bytes) -> SourceFacts:
    """What happened between two versions; of a file that does not parse only that it changed."""
    old, new = segments.clean(old), segments.clean(new)
    bodies = _bodies(old, new, segments.difference(old, new))
    if bodies is None:
        return SourceFacts(behaviour_changed=True)
    before, after = (dict(_definitions(outline.read(body))) for body in bodies)
    changed = tuple(name for name, node in after.items() if node and (was := before.get(name)) and not alike(was, node))
    # A function that changed settles it; only without one are the rest of the statements compared.
    if not changed and _same(old, new, *bodies):
        return SourceFacts(behaviour_changed=False)
    return SourceFacts(
        behaviour_changed=True,
        new_public_names=tuple(name for name in after if name not in before and _is_public(name)),
        changed_functions=changed,
        removed_names=tuple(name for name in before if name not in after),
    )


def _bodies(old: bytes, new: bytes, texts: segments.Difference) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    """The statements that differ; of the whole files where a piece has no meaning by itself."""
    for before, after in ((texts.old, texts.new), ((old,), (new,))):
        try:
            return _parsed(before), _parsed(after)
        except syntax.UnparsableError:
            continue
    return None


def _parsed(pieces: Sequence[bytes]) -> list[ast.stmt]:
    return [statement for piece in pieces for statement in syntax.parse(piece)]


def _same(old: bytes, new: bytes, old_body: list[ast.stmt], new_body: list[ast.stmt]) -> bool:
    """Whether nothing that differs runs; the sources are parsed whole only where nothing but what is bound differs."""
    olds, news = stripped(old_body), stripped(new_body)
    if alike(olds, news):
        return True
    old_bound, new_bound = _take_bound(olds), _take_bound(news)
    if not alike(olds, news):
        return False
    gone = {name for form, name in old_bound.items() if form not in new_bound}
    come = {name for form, name in new_bound.items() if form not in old_bound}
    return _serve_annotations(gone, old) and _serve_annotations(come, new)


def _take_bound(body: list[ast.stmt]) -> dict[str, str]:
    """Take what may serve annotations alone out of a stripped body: each by its form, with the name that it binds."""
    taken = {ast.dump(statement): name for statement in body if (name := _bound(statement))}
    body[:] = [statement for statement in body if not _bound(statement)]
    return taken


def _bound(statement: ast.stmt) -> str:
    """The name of an import or of a private alias of a type; empty where it is neither."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return statement.names[0].asname or statement.names[0].name.partition(".")[0]
    return _alias(statement)


def _alias(statement: ast.stmt) -> str:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ) if name.startswith("_") and not name.startswith("__"):
            return name if all(isinstance(node, _TYPE_NODES) for node in ast.walk(value)) else ""
    return ""


def _serve_annotations(names: set[str], source: bytes) -> bool:
    """Whether annotations use each of some names, and nothing else does."""
    if not names:
        return True
    try:
        running, annotating = _words(syntax.parse(source))
    except syntax.UnparsableError:
        return False
    return names <= annotating - running


def _words(body: list[ast.stmt]) -> tuple[set[str], set[str]]:
    """The names and texts that take part in a run, and the words of the annotations."""
    running: set[str] = set()
    annotating: set[str] = set()
    statements = stripped(body)
    _gather([(one, running) for one in statements if not _alias(one)], running, annotating)
    _gather([(one, annotating) for one in body if _is_idle_choice(one)], running, annotating)
    for one in reversed(statements):  # an alias may stand for those before it
        if name := _alias(one):
            words = running if name in running else annotating
            _gather([(part, words) for part in ast.iter_child_nodes(one)][1:], running, annotating)
    return running, annotating


def _gather(waiting: list[tuple[ast.AST, set[str]]], running: set[str], annotating: set[str]) -> None:
    while waiting:
        node, words = waiting.pop()
        match node:
            case ast.Name():
                words.add(node.id)
            case ast.Constant(value=str() as text):
                words.update([text] if words is running else _WORD.findall(text))
        is_field = isinstance(node, ast.ClassDef) and _has_fields(node)
        for part, value in ast.iter_fields(node):
            into = annotating if part in _ANNOTATIONS else words
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    waiting.append((child, into))
                if is_field and isinstance(child, ast.AnnAssign):
                    waiting.append((child.annotation, running))  # a dataclass or a model reads it


def alike(one: object, other: object) -> bool:
    """Whether two trees (or lists of them) do the same, annotations and what else does nothing aside."""
    return _Likeness().holds(one, other)


class _Likeness(likeness.Likeness):
    """Leaves out annotations wherever they stand; a name is a name, also that of a local variable."""

    fields = syntax.Fields(_ANNOTATIONS | frozenset({"type_comment", "ctx", "kind", "type_params"}))

    def body(self, statements: list[ast.stmt], owner: ast.AST) -> list[ast.stmt]:
        return stripped(statements, owner)

    def arguments(self, one: ast.arg, other: ast.arg) -> bool:
        return one.arg == other.arg

    def names(self, one: str, other: str) -> bool:
        return one == other


def stripped(body: Sequence[ast.stmt], owner: ast.AST | None = None) -> list[ast.stmt]:
    """The statements that do something."""
    keeps_fields = isinstance(owner, ast.ClassDef) and _has_fields(owner)
    kept: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If) and syntax.last_name(statement.test) == "TYPE_CHECKING":
            kept.extend(stripped(statement.orelse, owner))
        elif not _is_idle_choice(statement) and not _is_idle(statement, keeps_fields=keeps_fields):
            kept.append(statement)
    return _sorted_imports(kept)


def _is_idle_choice(statement: ast.stmt) -> bool:
    """Whether nothing is done either way: names for annotations come from another module in an older Python."""
    match statement:
        case ast.If(test=test, body=body, orelse=orelse) if all(isinstance(node, _LOOKS) for node in ast.walk(test)):
            return not stripped(body) and not stripped(orelse)
        case ast.Try(body=body, handlers=[ast.ExceptHandler(body=handled)], orelse=[], finalbody=[]):
            return not stripped(body) and not stripped(handled)
    return False


def _has_fields(owner: ast.ClassDef) -> bool:
    """Whether a bare annotation in a class body makes a field, as in a dataclass or a model."""
    bases = {syntax.last_name(base) for base in owner.bases} - {"object"}
    return bool(owner.decorator_list) or bool(bases - _TYPING_CLASSES)


def _is_idle(statement: ast.stmt, *, keeps_fields: bool) -> bool:
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            is_idle = True
        case ast.AnnAssign(value=None):
            is_idle = not keeps_fields
        case ast.ImportFrom(module="__future__", names=names):
            is_idle = all(alias.name == "annotations" for alias in names)
        case ast.ImportFrom(module=str() as module, level=0):
            is_idle = module in _TYPING
        case ast.Import(names=names):
            is_idle = all(alias.name in _TYPING for alias in names)
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.Tuple()) if name in _VERSIONS:
            is_idle = True
        case ast.Assign(value=ast.Call() as call):
            is_idle = syntax.last_name(call) in _TYPE_MAKERS
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            is_idle = any(syntax.last_name(decorator) == "overload" for decorator in statement.decorator_list)
        case _:
            is_idle = False
    return is_idle


def _sorted_imports(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with every run of imports in one order: which of two imports comes first seldom matters."""
    if not any(isinstance(statement, ast.Import | ast.ImportFrom) for statement in body):
        return body
    ordered: list[ast.stmt] = []
    run: list[ast.stmt] = []
    for statement in [*body, None]:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.extend(_single_imports(statement))
            continue
        ordered.extend(sorted(run, key=ast.dump))
        run = []
        if statement is not None:
            ordered.append(statement)
    return ordered


def _single_imports(statement: ast.Import | ast.ImportFrom) -> Iterator[ast.stmt]:
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield ast.ImportFrom(module=statement.module, names=[alias], level=statement.level)
        else:
            yield ast.Import(names=[alias])


def _definitions(scope: Scope, prefix: str = "") -> Iterator[tuple[str, syntax.FunctionNode | None]]:
    """Dotted names; with the function where it is one."""
    for name, function in scope.functions.items():
        yield f"{prefix}{name}", function
    for name, owner in scope.classes.items():
        yield f"{prefix}{name}", None
        yield from _definitions(owner.scope, f"{prefix}{name}.")
    for name in scope.values:
        yield f"{prefix}{name}", None


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))
