"""What is old code like with the words, the places and the new names of the fix? PYTEST_DONT_REWRITE.

A test that is red over what the code does is red over this too. One that looks at a docstring, an annotation, the
version, the line that something stands on, or at what is there, sees what it sees with the fix.

An addition is taken over where it cannot turn what the old code does: that names it nowhere, no decorator and no base
class of the project is told of it. What fails as it is added is left out. Of that, and of what objects have now, it is
only told who misses it (``absence.py``), of parameters who makes a call that does not fit (``fitting.py``).
"""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from types import CodeType
from typing import TYPE_CHECKING

from . import lambdas
from .lacking import Fresh, answering, missing, parameters, watching
from .nodes import FUNCTIONS, arguments, at, is_magic, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .nodes import Function

    _Definition = Function | ast.ClassDef

_BUILT_IN = frozenset(vars(builtins))
_VERSIONS = frozenset({"__version__", "__version_info__"})
_MADE_VERSIONS = frozenset({"VERSION", "__version_tuple__", "version", "version_tuple"})
"""What else may hold one, as setuptools-scm writes it; or anything else."""
_VERSION = re.compile(r"v?\d+(\.\w+)+[-+.\w]*")
_QUIET = frozenset({"abstractmethod", "asynccontextmanager", "cache", "contextmanager", "dataclass", "lru_cache"})
"""Decorators that tell nobody of what they are given."""


def dressed(old: bytes, new: bytes) -> ast.Module:
    """The old module in the new one's dress.

    Raises:
        SyntaxError: One of them cannot be parsed.
        ValueError: The same, for what is no text.
    """
    was, now = ast.parse(old), ast.parse(new)
    taken = _words(compile(old, "", "exec", dont_inherit=True))
    fresh = Fresh(new, old, taken)
    lacking = list(missing(was, now, fresh))
    additions = list(_additions(now, taken))
    imported = {name for addition in additions for name in _imported(addition)}
    lacking += answering(was, now, _bound(now) - taken - imported, fresh)
    known = _BUILT_IN | _bound(was) | imported
    _word(was, now)
    _annotate_fields(was, now, known)
    pairs = [*_pairs(was, now)]
    for one, other in pairs:
        _dress(one, other, known)
    if lambdas.differ(old, new):
        lambdas.watch([(was, now), *pairs])
    _put_versions(was, now)
    _add(was, additions)
    was.body += map(_tried, [*lacking, *_shown(was, now)])
    return was


def _dress(was: _Definition, now: _Definition, known: set[str] | frozenset[str]) -> None:
    if type(was) is not type(now):
        return
    if was.lineno != now.lineno:
        ast.increment_lineno(was, now.lineno - was.lineno)
    _word(was, now)
    is_plain = not (was.decorator_list or now.decorator_list)
    if isinstance(was, FUNCTIONS) and isinstance(now, FUNCTIONS):
        if is_plain:
            _annotate(was, now, known)
        if parameters(was) != parameters(now):
            was.decorator_list.append(watching(now, was))
    if isinstance(was, ast.ClassDef) and isinstance(now, ast.ClassDef) and is_plain and not (was.bases or now.bases):
        _annotate_fields(was, now, known)  # of any other class the fields may be made by them


def _pairs(was: ast.Module, now: ast.Module) -> Iterator[tuple[_Definition, _Definition]]:
    """The functions and classes that both have, as often, under a dotted name."""
    theirs = _definitions(now)
    for name, found in _definitions(was).items():
        if len(found) == len(theirs[name]):
            yield from zip(found, theirs[name], strict=True)


def _definitions(tree: ast.Module) -> dict[str, list[_Definition]]:
    """The functions and classes of each dotted name, the outer ones first, in the order of the text."""
    found: dict[str, list[_Definition]] = defaultdict(list)
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop(0)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
                found[f"{prefix}{child.name}"].append(child)
                waiting.append((f"{prefix}{child.name}.", child))
            elif isinstance(child, ast.stmt | ast.excepthandler):
                waiting.append((prefix, child))
    return found


# Words


def _word(was: ast.Module | _Definition, now: ast.Module | _Definition) -> None:
    """Let it have the other's docstring, or none."""
    said = now.body[:1] if _is_said(now) else []
    rest = was.body[1:] if _is_said(was) else was.body
    if said != was.body[:1]:
        was.body = [*said, *rest] or [ast.copy_location(ast.Pass(), was.body[0])]


def _is_said(node: ast.Module | _Definition) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _annotate(was: Function, now: Function, known: set[str] | frozenset[str]) -> None:
    theirs = {argument.arg: argument.annotation for argument in arguments(now)}
    for argument in arguments(was):
        if argument.arg in theirs and _is_known(theirs[argument.arg], known):
            argument.annotation = theirs[argument.arg]
    if _is_known(now.returns, known):
        was.returns = now.returns


def _annotate_fields(
    was: ast.Module | ast.ClassDef, now: ast.Module | ast.ClassDef, known: set[str] | frozenset[str]
) -> None:
    theirs = {ast.dump(one.target): one.annotation for one in now.body if isinstance(one, ast.AnnAssign)}
    for statement in was.body:
        if isinstance(statement, ast.AnnAssign):
            annotation = theirs.get(ast.dump(statement.target))
            if annotation is not None and _is_known(annotation, known):
                statement.annotation = annotation


def _is_known(annotation: ast.expr | None, known: set[str] | frozenset[str]) -> bool:
    """Whether the old module can evaluate it."""
    return annotation is None or {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} <= known


def _put_versions(was: ast.Module, now: ast.Module) -> None:
    theirs = {name: one.value for one in now.body if isinstance(one, ast.Assign) for name in _targets(one)}
    for statement in was.body:
        if isinstance(statement, ast.Assign):
            for name in _targets(statement):
                if name in theirs and (name in _VERSIONS or (name in _MADE_VERSIONS and _is_version(statement.value))):
                    statement.value = theirs[name]


def _targets(statement: ast.Assign) -> list[str]:
    return [name.id for name in statement.targets if isinstance(name, ast.Name)]


def _is_version(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=str(said)):
            return _VERSION.fullmatch(said) is not None
        case ast.Tuple(elts=[ast.Constant(value=int()), ast.Constant(value=int()), *_]):
            return True
    return False


# Names


def _shown(was: ast.Module, now: ast.Module) -> Iterator[ast.stmt]:
    """A statement that shows the names that the new module does, as far as they are there."""
    ours, theirs = (next((one for one in tree.body if target(one) == "__all__"), None) for tree in (was, now))
    if isinstance(ours, ast.Assign) and isinstance(theirs, ast.Assign) and ast.dump(ours) != ast.dump(theirs):
        shown = f"__all__ = [name for name in {ast.unparse(theirs.value)} if name in globals()]"
        yield at(ast.parse(shown).body[0], ours)


def _words(code: CodeType) -> set[str]:
    """All names and texts that a module mentions, wherever. Walking its tree would take ten times as long."""
    found = {*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars}
    for constant in code.co_consts:
        match constant:
            case str():
                found.add(constant)
            case tuple() | frozenset():
                found.update(one for one in constant if isinstance(one, str))
            case CodeType():
                found |= _words(constant)
    return found


def _bound(tree: ast.Module) -> set[str]:
    """What a module binds at its top."""
    bound: set[str] = set()
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        match node := waiting.pop():
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.Import() | ast.ImportFrom():
                bound.update(_imported(node))
            case ast.stmt() | ast.excepthandler() | ast.withitem() | ast.Tuple():
                waiting += ast.iter_child_nodes(node)
    return bound


def _imported(node: ast.AST) -> list[str]:
    names = node.names if isinstance(node, ast.Import | ast.ImportFrom) else []
    return [alias.asname or alias.name.partition(".")[0] for alias in names]


def _additions(now: ast.Module, taken: set[str]) -> Iterator[ast.stmt]:
    """The statements at the top of the new module that only add something: a name that is not taken."""
    for statement in now.body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                names = [alias for alias in statement.names if taken.isdisjoint((alias.name, alias.asname or "*"))]
                if names and getattr(statement, "module", "") != "__future__":
                    statement.names = [alias for alias in names if alias.name != "*"]
                    yield from [statement] if statement.names else []
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name not in taken and not is_magic(name):
                    statement.decorator_list = [one for one in statement.decorator_list if _last_name(one) in _QUIET]
                    yield statement
            case ast.ClassDef(name=name):
                if name not in taken and _is_alone(statement):
                    yield statement
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                name = target(statement)
                calls = any(isinstance(node, ast.Call | ast.NamedExpr) for node in ast.walk(value))
                if name and name not in taken and not is_magic(name) and not calls:
                    yield statement


def _is_alone(owner: ast.ClassDef) -> bool:
    """Whether nobody but Python learns that there is such a class."""
    decorators = all(_last_name(one) in _QUIET for one in owner.decorator_list)
    return decorators and not owner.keywords and all(_last_name(base) in _BUILT_IN for base in owner.bases)


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Call(func=inner):
            return _last_name(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _add(tree: ast.Module, additions: list[ast.stmt]) -> None:
    """Imports at the head, all else at the end."""
    start = next((at for at, one in enumerate(tree.body) if not _stands_first(one)), len(tree.body))
    imports = [one for one in additions if isinstance(one, ast.Import | ast.ImportFrom)]
    others = [one for one in additions if not isinstance(one, ast.Import | ast.ImportFrom)]
    tree.body[start:start] = map(_tried, imports)
    tree.body += map(_tried, others)


def _stands_first(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant()) | ast.ImportFrom(module="__future__"):
            return True
    return False


def _tried(statement: ast.stmt) -> ast.stmt:
    """The statement; where it fails, nothing."""
    failing = ast.ExceptHandler(type=at(ast.Name("Exception", ast.Load()), statement), name=None, body=[])
    failing.body.append(at(ast.Pass(), statement))
    attempt = ast.Try(body=[statement], handlers=[at(failing, statement)], orelse=[], finalbody=[])
    return at(attempt, statement)
