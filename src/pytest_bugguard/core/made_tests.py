"""Does a module make tests while it is imported? Then their names are in no text. From syntax trees; no I/O."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bugguard.core import syntax

if TYPE_CHECKING:
    from pytest_bugguard.core.collect import Collector
    from pytest_bugguard.core.modules import Module

UNNAMED = "makes its tests while it is imported, and which of them use what changed cannot be told"
_HINTS = (b"setattr", b"globals")


def are_in(module: Module, collector: Collector) -> bool:
    """Whether it puts something into a class of tests (``setattr(TestPager, name, test)``) or among its own names."""
    for piece in module.pieces:
        if any(hint in piece for hint in _HINTS):
            with suppress(syntax.UnparsableError):
                if any(_puts(node, module, collector) for node in syntax.walk(*module.statements(piece))):
                    return True
    return False


def _puts(node: ast.AST, module: Module, collector: Collector) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=name), *_]):
            owner = module.class_named(name)
            return owner is not None and collector.is_collected(module, (owner,))
        case (
            ast.Assign(targets=[ast.Subscript(value=ast.Call(func=ast.Name(id="globals")))])
            | ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="globals")), attr="update"))
        ):
            return True
    return False
