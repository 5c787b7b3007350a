"""Which doctests did a unit bring? From the bytes of the files that hold them, before and after; nothing is run."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core import collection, outline, segments, syntax
from pytest_bugguard.core.model import How, MappedTest, TestMap, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.modules import Tree
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.core.testmap import TestFile

SHARES_FILE = "shares its file with the fix"
"""Why a doctest in repaired source does not count: whoever takes the fix away takes the test away too."""

_PROMPT = ">>> "
_MORE = "..."
_DOES_SOMETHING = re.compile(r"^[ \t]*[^\s#]", re.MULTILINE)
_SKIPPED = re.compile(r"#\s*doctest:[^\n]*\+SKIP\b")
_ASSERTS = re.compile(r"\b(?:assert|raise)\b")


class Example(NamedTuple):
    """A piece of code, and what it has to print."""

    code: str
    expected: str
    """Empty where it has to print nothing."""


Doctest = tuple[Example, ...]


def examples(text: str) -> Doctest:
    """The examples of a docstring or of a text, without their indentation."""
    found: list[Example] = []
    code: list[str] = []
    expected: list[str] = []
    for line in [*text.splitlines(), _PROMPT]:
        bare = line.strip()
        if f"{bare} ".startswith(_PROMPT):
            if code:
                found.append(Example("\n".join(code), "\n".join(expected)))
            code, expected = [bare[len(_PROMPT) :]], []
        elif code and not expected and (bare == _MORE or bare.startswith(f"{_MORE} ")):
            code.append(bare[len(_MORE) + 1 :])
        elif code and bare:
            expected.append(bare)
        elif code:
            found.append(Example("\n".join(code), "\n".join(expected)))
            code, expected = [], []
    return tuple(one for one in found if _DOES_SOMETHING.search(one.code))


def map_doctests(files: Iterable[TestFile], *, tree: Tree, is_fixed: Callable[[str], bool]) -> TestMap:
    """The doctests that changed files bring, and the files that could not be understood.

    Args:
        files: Changed files, as far as pytest searches them for doctests.
        tree: The files of the commit.
        is_fixed: Whether a path is a source file that the unit gave another behaviour.
    """
    compared = [_compare(file, tree) for file in files]
    origins = {doctest: nodeid for one in compared for nodeid, doctest in one.removed}
    rows: list[MappedTest] = []
    moves: list[tuple[str, str]] = []
    for one in compared:
        for nodeid, doctest in one.added:
            if origin := origins.get(doctest):
                moves.append((origin, nodeid))
                rows.append(MappedTest(nodeid, How.MOVED, counts=False, reason=f"is not new: it was {origin}"))
            else:
                rows.append(_row(nodeid, How.ADDED, _why_not(doctest), one, is_fixed))
        for nodeid, before, now in one.changed:
            how, reason = _changed(before, now)
            rows.append(_row(nodeid, how, reason or _why_not(now), one, is_fixed))
    unreadable = tuple(Unreadable(one.path, one.fault) for one in compared if one.fault)
    return TestMap(tuple(sorted(rows, key=lambda row: row.nodeid)), unreadable, tuple(moves))


def _row(nodeid: str, how: How, reason: str, one: _Compared, is_fixed: Callable[[str], bool]) -> MappedTest:
    reason = reason or (SHARES_FILE if is_fixed(one.path) else "")
    return MappedTest(nodeid, how, counts=not reason, reason=reason)


def _why_not(doctest: Doctest) -> str:
    if all(_SKIPPED.search(one.code) for one in doctest):
        return "is skipped"
    if not any(one.expected or _ASSERTS.search(one.code) for one in doctest):
        return "has no assertion"
    return ""


def _changed(before: Doctest, now: Doctest) -> tuple[How, str]:
    gone, come = Counter(before) - Counter(now), Counter(now) - Counter(before)
    if come:
        return (How.CHANGED if gone else How.CASES_ADDED), ""
    return How.CHANGED, "its examples were only removed" if gone else ""


class _Compared(Struct):
    """What happened in one file; doctests by their node ids."""

    path: str
    fault: str = ""
    added: list[tuple[str, Doctest]] = field(default_factory=list)
    removed: list[tuple[str, Doctest]] = field(default_factory=list)
    changed: list[tuple[str, Doctest, Doctest]] = field(default_factory=list)


def _compare(file: TestFile, tree: Tree) -> _Compared:
    change = file.change
    found = _Compared(change.path)
    old_path = change.old_path if change.status != "C" else None
    old_text = file.old if old_path is not None and file.naming_old.holds_doctests(old_path) else None
    new_text = file.new if change.new_path is not None and file.naming_new.holds_doctests(change.new_path) else None
    is_renamed = change.old_path != change.new_path
    olds, news, found.fault = _doctests(change.path, old_text or b"", new_text or b"", is_whole=is_renamed)
    if (olds or news) and collection.is_covered(change.path, collection.left_out(change.path, tree)):
        return _Compared(change.path)
    for name, now in news.items():
        nodeid = _nodeid(change.path, name, file.naming_new, tree)
        before = olds.get(name)
        if before is None or (is_renamed and before == now):
            found.added.append((nodeid, now))
        elif before != now:
            found.changed.append((nodeid, before, now))
    for name, before in olds.items():
        if name not in news or (is_renamed and before == news[name]):
            found.removed.append((_nodeid(old_path or "", name, file.naming_old, tree), before))
    return found


def _nodeid(path: str, name: str, naming: Naming, tree: Tree) -> str:
    """As pytest calls it: by the dotted name of the module, or by the name of the text file."""
    if not path.endswith(".py"):
        return f"{path}::{path.rpartition('/')[2]}"
    module = naming.doctests.module_name(path, lambda folder: "__init__.py" in (tree.folder(folder) or ()))
    return f"{path}::{module}.{name}" if name else f"{path}::{module}"


_Named = dict[str, Doctest]
"""Doctests by dotted name in their file; empty for that of the module, or of the text, itself."""


def _doctests(path: str, old: bytes, new: bytes, *, is_whole: bool) -> tuple[_Named, _Named, str]:
    """What stands in two versions where they differ, or in all of them; and why a version could not be read."""
    if _PROMPT.encode() not in old and _PROMPT.encode() not in new:
        return {}, {}, ""
    if not path.endswith(".py"):
        return _of_text(old), _of_text(new), ""
    old, new = segments.clean(old), segments.clean(new)
    texts = segments.Difference((old,), (new,)) if is_whole else segments.difference(old, new)
    fault = ""
    for olds, news in ((texts.old, texts.new), ((old,), (new,))):
        try:
            return _of_pieces(olds), _of_pieces(news), ""
        except syntax.UnparsableError as error:
            fault = str(error)
    return {}, {}, f"does not parse: {fault}; its doctests were not looked into"


def _of_text(text: bytes) -> _Named:
    found = examples(text.decode(errors="replace"))
    return {"": found} if found else {}


def _of_pieces(pieces: Sequence[bytes]) -> _Named:
    found: _Named = {}
    for piece in pieces:
        if _PROMPT.encode() in piece:
            body = syntax.parse(piece)
            # Other pieces than the first one begin with a definition, never with a string.
            told = chain([("", syntax.first_text(body))], _docstrings(body))
            found.update((name, doctest) for name, text in told if (doctest := examples(text)))
    return found


def _docstrings(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The docstrings in which Python's doctest looks: of classes, functions and methods, not of inner functions."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield f"{prefix}{statement.name}", syntax.docstring(statement)
            yield from _docstrings(statement.body, f"{prefix}{statement.name}.")
        elif syntax.is_function(statement):
            yield f"{prefix}{statement.name}", syntax.docstring(statement)
        else:
            for block in outline.blocks(statement):
                yield from _docstrings(block, prefix)
