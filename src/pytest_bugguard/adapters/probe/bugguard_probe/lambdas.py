"""Which lambdas take other parameters with the fix? Who calls them is looked at. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from .lacking import parameters, watching
from .nodes import FUNCTIONS, target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .nodes import Function

    _Scope = ast.Module | Function | ast.ClassDef

_LAMBDA = re.compile(rb"\blambda\b([^:]*):")


def differ(old: bytes, new: bytes) -> bool:
    """Whether there may be any: a look at the text, since to walk through a tree takes long."""
    return set(_LAMBDA.findall(old)) != set(_LAMBDA.findall(new))


def watch(scopes: Iterable[tuple[_Scope, _Scope]]) -> None:
    """Look at those in the first of each pair of scopes: by what they are bound to, and their order there."""
    for was, now in scopes:
        theirs = _lambdas(now)
        looks: dict[ast.expr, ast.expr] = {}
        for name, found in _lambdas(was).items():
            if len(found) == len(theirs[name]):
                pairs = zip(found, theirs[name], strict=True)
                looks |= {one: watching(other, one) for one, other in pairs if parameters(one) != parameters(other)}
        if looks:
            _Watching(looks).visit(was)


class _Watching(ast.NodeTransformer):
    """Gives lambdas to what looks at them."""

    def __init__(self, looks: Mapping[ast.expr, ast.expr]) -> None:
        self._looks = looks

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self.generic_visit(node)
        look = self._looks.get(node)
        return node if look is None else ast.copy_location(ast.Call(look, [node], []), node)


def _lambdas(scope: _Scope) -> defaultdict[str, list[ast.Lambda]]:
    """Those of a scope, not of others within, by the name that their statement binds."""
    found: defaultdict[str, list[ast.Lambda]] = defaultdict(list)
    waiting: list[tuple[str, ast.AST]] = [("", statement) for statement in scope.body]
    while waiting:
        name, node = waiting.pop(0)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, ast.stmt):
            name = target(node)
        if isinstance(node, ast.Lambda):
            found[name].append(node)
        waiting += [(name, child) for child in ast.iter_child_nodes(node)]
    return found
