"""What does a test say of itself: regression marks, issues that it refers to, modules that it imports? Pure; no I/O."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pytest_bugguard.core import cases, mentions, outline, segments, syntax
from pytest_bugguard.core.references import references as references_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_bugguard.core.outline import Scope
    from pytest_bugguard.core.syntax import FunctionNode

_NAMED_ISSUE = re.compile(r"(?:^|_)(?:issue|gh|bug|ticket|bpo|pr|regression)s?_?(\d{1,9})(?=_|$)", re.IGNORECASE)
_ROLE = re.compile(r":(?:issue|gh|bug|bpo|pr|pull|ticket|user)s?:`#?(\d{1,9})`", re.IGNORECASE)
_SPOKEN = re.compile(r"\b(?:(?:issue|bug|ticket|GH|bpo|PR)[ :#-]{1,3}|(?:GH|bpo|PR)(?=\d\d))(\d{1,9})\b", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"\d+$")
_COMMENT = re.compile(r"(?:^|\s)#[^\n]{1,300}", re.MULTILINE)
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)


class TestFacts(Struct, frozen=True):
    """What the tests of one file say; by node id, only where there is something."""

    __test__ = False

    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The arguments of ``@pytest.mark.regression(...)``, as written; those of the module and of classes first."""
    issues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """References in the name, the docstring and the comments of a test: ``#12``."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every name and attribute that a test mentions, but for functions and classes of its own file."""
    modules: tuple[str, ...] = ()
    """Imported modules, dotted; relative ones with their dots."""


def references(path: str, source: bytes) -> TestFacts:
    """What a test file says; nothing where it does not parse."""
    source = segments.clean(source)
    marks: dict[str, tuple[str, ...]] = {}
    issues: dict[str, tuple[str, ...]] = {}
    words: dict[str, set[str]] = {}
    own: set[str] = set()
    whole: list[ast.stmt] = []
    for piece in segments.split(source):
        try:
            scope = outline.read(syntax.parse(piece))
        except syntax.UnparsableError:
            continue
        own |= {*scope.functions, *scope.classes}
        whole += scope.values.get("pytestmark", ())
        lines = piece.decode(errors="replace").split("\n")
        for qualname, function, inherited in _functions(scope, (), ()):
            nodeid = f"{path}::{qualname}"
            marks[nodeid] = (*inherited, *_marked(function.decorator_list))
            issues[nodeid] = tuple(dict.fromkeys(_issues(function, lines)))
            words[nodeid] = set(mentions.words(function))
    of_all = _marked(cases.marks(whole))
    return TestFacts(
        _said({nodeid: (*of_all, *found) for nodeid, found in marks.items()}),
        _said(issues),
        _said({nodeid: tuple(sorted(said - own)) for nodeid, said in words.items()}),
        _modules(source),
    )


def _said(found: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {nodeid: said for nodeid, said in found.items() if said}


def _functions(
    scope: Scope, classes: tuple[str, ...], inherited: tuple[str, ...]
) -> Iterator[tuple[str, FunctionNode, tuple[str, ...]]]:
    """``(qualified name, function, regression marks of the classes around it)``."""
    for name, function in scope.functions.items():
        yield "::".join([*classes, name]), function, inherited
    for name, owner in scope.classes.items():
        marks = [*owner.node.decorator_list, *cases.marks(owner.scope.values.get("pytestmark", ()))]
        yield from _functions(owner.scope, (*classes, name), (*inherited, *_marked(marks)))


def _marked(decorators: list[ast.expr]) -> tuple[str, ...]:
    return tuple(
        str(word.value)
        for decorator in decorators
        if isinstance(decorator, ast.Call) and syntax.dotted(decorator).endswith("mark.regression")
        for word in decorator.args
        if isinstance(word, ast.Constant) and isinstance(word.value, str | int)
    )


def _issues(function: FunctionNode, lines: list[str]) -> Iterator[str]:
    yield from (f"#{number}" for number in _NAMED_ISSUE.findall(function.name))
    text = "\n".join(lines[function.lineno - 1 : function.end_lineno])
    comments = "\n".join(_COMMENT.findall(text)) if "#" in text else ""
    told = f"{syntax.docstring(function)}\n{comments}"
    if not any(character.isdigit() for character in told):
        return
    written = references_in(told)
    yield from written
    known = {number for reference in written for number in _LAST_NUMBER.findall(reference)}
    for pattern in (_ROLE, _SPOKEN):
        yield from (f"#{number}" for number in pattern.findall(told) if number not in known)


def _modules(source: bytes) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for taken, plain in _IMPORT.findall(source):
        for name in [taken] if taken else plain.split(b","):
            if words := name.split():
                found[words[0].decode(errors="replace")] = None
    return tuple(found)
