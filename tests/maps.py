"""Small changed files and trees, and the map of what they brought."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from pytest_bugguard.core.model import FileChange, MappedTest, TestMap
from pytest_bugguard.core.naming import Naming
from pytest_bugguard.core.testmap import TestFile, map_tests


@dataclass
class FakeTree:
    """A tree of a few files."""

    files: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    def file(self, path: str) -> bytes | None:
        self.read.append(path)
        return textwrap.dedent(self.files[path]).encode() if path in self.files else None

    def folder(self, path: str) -> tuple[str, ...] | None:
        prefix = f"{path}/" if path else ""
        names = set()
        for name in self.files:
            if name.startswith(prefix):
                first, slash, _ = name[len(prefix) :].partition("/")
                names.add(first + slash)
        return tuple(sorted(names)) or None


def changed(path: str, old: str | None, new: str | None, *, old_path: str | None = None) -> TestFile:
    """A changed file; None where it is not on that side."""
    before, after = (None if text is None else textwrap.dedent(text).encode() for text in (old, new))
    status = "A" if old is None else "D" if new is None else "R" if old_path else "M"
    change = FileChange(
        status,
        None if old is None else old_path or path,
        None if new is None else path,
        0o100644,
        0o100644,
        None if old is None else "1",
        None if new is None else "2",
    )
    return TestFile(change, before, after, Naming(), Naming())


def mapped(*files: TestFile, **tree: str) -> TestMap:
    """The map of these files; ``tree`` has more files, ``__`` in their names for ``/`` and no ``.py``."""
    others = {f"{name.replace('__', '/')}.py": text for name, text in tree.items()}
    return map_tests(files, tree=FakeTree(others))


def name_of(test: MappedTest) -> str:
    """The node id without the path."""
    return test.nodeid.partition("::")[2]
