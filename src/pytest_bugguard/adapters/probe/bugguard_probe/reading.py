"""Who looks at a file, or at its code: a test, Python, a library? By the frames of the call. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from .places import Places

_SEP = os.sep
_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who asks
_IMPORTING = frozenset({"_find_and_load", "_load_unlocked", "exec_module"})
_SHOWING = frozenset({"traceback.py", "warnings.py", "runpy.py"})
"""Modules of the standard library that read a source to show a line of it, or to run it."""
_FOLLOWING = frozenset({"bdb.py", "pdb.py", "trace.py"})
"""Modules of the standard library that trace what somebody else names."""
_TEST_FOLDERS = frozenset({"test", "tests", "testing"})


class Readers:
    """Knows tests from others by where their files lie."""

    def __init__(self, places: Places, targets: Iterable[str]) -> None:
        self._places = places
        self._targets = frozenset(target.partition("::")[0].replace("/", _SEP) for target in targets)
        self._stdlib = os.path.dirname(os.path.realpath(os.__file__)) + _SEP

    def is_test(self, path: str) -> bool:
        """Whether a file of the tree is one of tests, or there for them."""
        inside = self._places.in_tree(path)
        if inside is None:
            return False
        *folders, name = inside.split(_SEP)
        return (
            inside in self._targets
            or name == "conftest.py"
            or name.startswith("test_")
            or name.endswith("_test.py")
            or not _TEST_FOLDERS.isdisjoint(folders)
        )

    def taker(self, frame: FrameType | None) -> str | None:
        """The file of the tree that code is given to; empty for a test, or a program of its own that it has started.

        None for anybody else, such as who asks for a signature. Who looks for a test is passed by.
        """
        return self._of_tree(_behind(frame, self._is_looking))

    def follower(self, frame: FrameType | None) -> str | None:
        """The same of who has it traced what runs, where that is not the source itself, nor another library."""
        return self._of_tree(_behind(frame, self._is_following))

    def _of_tree(self, frame: FrameType | None) -> str | None:
        if frame is None:
            return None
        path = frame.f_code.co_filename
        inside = self._places.in_tree(path)
        if inside is None:
            return "" if frame.f_globals.get("__name__") == "__main__" else None
        return "" if self.is_test(path) else inside.replace(_SEP, "/")

    def _is_looking(self, code: CodeType) -> bool:
        name = code.co_filename.removeprefix(self._stdlib)
        return name == "dis.py" or (name == "inspect.py" and code.co_name.endswith("getmembers"))

    def _is_following(self, code: CodeType) -> bool:
        name = code.co_filename
        is_coverage = f"{_SEP}coverage{_SEP}" in name and self._places.in_tree(name) is None
        return is_coverage or name.removeprefix(self._stdlib) in _FOLLOWING

    def reads_text(self, frame: FrameType | None) -> bool:
        """Whether the nearest caller outside of the standard library stands in a test, and not to import.

        None: it is Python itself, about to run a file as a script.
        """
        while frame is not None:
            name, function = frame.f_code.co_filename, frame.f_code.co_name
            if name.startswith("<frozen importlib"):
                if function in _IMPORTING:
                    return False
            elif name.startswith(self._stdlib) and "site-packages" not in name:
                if name.rpartition(_SEP)[2] in _SHOWING:
                    return False
            elif name == "<frozen runpy>":
                return False
            elif not name.startswith("<"):
                return self.is_test(name)
            frame = frame.f_back
        return False


def _behind(frame: FrameType | None, passes: Callable[[CodeType], bool]) -> FrameType | None:
    """The first caller that is not passed by."""
    while frame is not None and passes(frame.f_code):
        frame = frame.f_back
    return frame


def asking(above: int) -> FrameType | None:
    """The frame so many above the caller's: above a handler of ours stand the listener and who has it called.

    None where there is none: Python itself is about to do it.
    """
    try:
        return _getframe(above + 1)
    except ValueError:
        return None
