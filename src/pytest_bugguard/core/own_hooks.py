"""Does a project collect tests by a hook of its own? Then what is a test there stands in no text that we can read.

pytest's documentation shows it for tests that are no Python
(https://docs.pytest.org/en/stable/example/nonpython.html); mypy and SQLAlchemy do it for all of theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_bugguard.core.collection import folders_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.modules import Tree

_HOOK = re.compile(rb"^def (pytest_collect_file|pytest_pycollect_makeitem|pytest_pycollect_makemodule)\b", re.MULTILINE)
_PLUGINS = re.compile(rb"^pytest_plugins\b[^=\n]*=\s*(?:[\[(]([^\])]*)|([\"'][^\n]*))", re.MULTILINE)
_NAME = re.compile(rb"[\"']([\w.]+)[\"']")
_STARRED = re.compile(rb"^[ \t]*from[ \t]+(\w[\w.]*)[ \t]+import[ \t]*\*", re.MULTILINE)
_ROOTS = ("", "src/", "lib/")


def above(path: str, tree: Tree) -> str:
    """What may collect tests from a file, as ``conftest.py: pytest_collect_file``; empty where nothing of the kind is.

    Looked for in the conftest files above it, and in the modules that these name as plugins or take all names of. Where
    such a module is not in the tree, its hooks are unknown.
    """
    for folder in ("", *folders_above(path)):
        place = f"{folder}/conftest.py" if folder else "conftest.py"
        conftest = tree.file(place)
        if conftest is not None and (found := _in_conftest(place, conftest, tree)):
            return found
    return ""


def _in_conftest(place: str, conftest: bytes, tree: Tree) -> str:
    plugins = [name for listed in _PLUGINS.findall(conftest) for name in _NAME.findall(b"".join(listed))]
    starred = _STARRED.findall(conftest)
    sources = [(place, conftest)]
    for name in (*plugins, *starred):
        modules = tuple(_modules(name.decode(), tree))
        if not modules and name in starred:
            return f"{place}: from {name.decode()} import *"
        sources += modules
    found = ((name, hook[1].decode()) for name, content in sources if (hook := _HOOK.search(content)))
    return next((f"{name}: {hook}" for name, hook in found), "")


def _modules(name: str, tree: Tree) -> Iterator[tuple[str, bytes]]:
    stem = name.replace(".", "/")
    for root in _ROOTS:
        for place in (f"{root}{stem}.py", f"{root}{stem}/__init__.py"):
            content = tree.file(place)
            if content is not None:
                yield place, content
