"""Which faults can the package tell a user of, and in which words? Read off its code, for the page of messages."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from typing import TYPE_CHECKING

from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLE = "…"
"""Stands for what differs from case to case."""


def kinds(package: Path) -> dict[str, type[BugguardError]]:
    """Every class of fault, by the name of the class; all modules that define one are imported for it."""
    for path in package.rglob("*.py"):
        if b"Error(BugguardError)" in path.read_bytes():
            parts = path.relative_to(package.parent).with_suffix("").parts
            importlib.import_module(".".join(parts))
    found: list[type[BugguardError]] = [BugguardError, *_below(BugguardError)]
    return {kind.__name__: kind for kind in found}


def _below(kind: type[BugguardError]) -> Iterator[type[BugguardError]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("pytest_bugguard."):
            yield one
            yield from _below(one)


@cache
def messages(package: Path) -> dict[str, tuple[str, ...]]:
    """The words of every fault that is told in so many words, by the name of its class; in their alphabet's order."""
    known = kinds(package)
    found: dict[str, set[str]] = {name: set() for name in known}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known and node.args:
                text = _words(node.args[0])
                if len(text.replace(HOLE, "").strip(" :")) > len("git"):
                    found[node.func.id].add(text)
    return {name: tuple(sorted(texts)) for name, texts in found.items()}


def _words(node: ast.expr) -> str:
    """A text as it is shown, with a hole where something is put in; empty where it is put together elsewhere."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            told = "".join(_words(part) if isinstance(part, ast.Constant) else HOLE for part in parts)
            return told.replace(HOLE * 2, HOLE)
        case _:
            return ""
