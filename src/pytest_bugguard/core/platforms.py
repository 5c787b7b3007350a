"""Which lines are for some platforms or some Pythons alone? By the conditions around them. Pure; no I/O."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKED = {
    "sys": {"platform", "version_info", "implementation", "maxsize", "hexversion"},
    "os": {"name", "uname"},
    "platform": {"system", "machine", "python_implementation", "python_version", "release", "version", "platform"},
}
"""What a module of the standard library tells of where it runs."""
_NAMED = re.compile(
    r"_*(?:IS_|ON_|HAS_)?(?:WIN(?:DOWS|32|64)?|MAC(?:OS|OSX)?|OSX|DARWIN|LINUX|BSD|POSIX|UNIX|CYGWIN|MSYS|JYTHON|PYPY|"
    r"CPYTHON|PY(?:THON)?_?\d\w*)"
)
"""What projects call such a thing where they ask once and keep it: ``WIN``, ``IS_WINDOWS``, ``PY_3_13_PLUS``."""


def lines(tree: ast.AST) -> Iterator[range]:
    """The lines on either side of each condition that asks for the platform or for the version of Python."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and any(map(_is_asked, ast.walk(node.test))):
            for block in (node.body, node.orelse):
                if block:
                    yield range(block[0].lineno, (block[-1].end_lineno or block[-1].lineno) + 1)


def _is_asked(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=module), attr=name) if name in _ASKED.get(module, ()):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _NAMED.fullmatch(name) is not None
    return False
