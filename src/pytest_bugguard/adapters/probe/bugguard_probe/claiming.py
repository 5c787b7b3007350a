"""What had an assertion claimed that failed: its text, and what has to be known to read it. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import inspect
import sys
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import FrameType, TracebackType

    from .places import Places

_CHARACTERS = 20_000
"""The text of a larger function is not told, nor that of helpers beyond so much."""
_HELPERS = 20
_LOCALS = 50
_TEXT_CHARACTERS = 200


def claim(traceback: TracebackType | None, places: Places) -> dict[str, Any] | None:
    """The facts of ``core.runs.Claim``: of the innermost function of the tree; None where it has no text."""
    innermost: TracebackType | None = None
    while traceback is not None:
        if places.in_tree(traceback.tb_frame.f_code.co_filename) is not None:
            innermost = traceback
        traceback = traceback.tb_next
    if innermost is None:
        return None
    frame = innermost.tb_frame
    source, start = _text(frame.f_code)
    if not source:
        return None
    return {
        "source": source,
        "line": (innermost.tb_lineno or start) - max(start, 1) + 1,
        "strings": list(_strings(frame.f_locals)),
        "helpers": list(_helpers(frame, places)),
        "kinds": list(_kinds(frame, places)),
    }


def _text(code: CodeType) -> tuple[str, int]:
    """The text of a function and its first line; empty where there is none, or too much."""
    try:
        lines, start = inspect.getsourcelines(code)
    except (OSError, TypeError, SyntaxError, IndexError):
        return "", 0
    text = "".join(lines)
    return (text, start) if len(text) <= _CHARACTERS else ("", 0)


def _strings(names: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """The names that hold text, or a few texts; no method of any value is called."""
    for name, value in list(names.items())[:_LOCALS]:
        held = list(value) if type(value) in {list, tuple, set, frozenset} and len(value) <= _LOCALS else [value]
        texts = [text[:_TEXT_CHARACTERS] for text in held if type(text) is str]
        if texts:
            yield name, texts


def _kinds(frame: FrameType, places: Places) -> Iterator[tuple[str, str]]:
    """The names that hold objects of a class of the tree, and that class's own name."""
    for name in _names(frame.f_code):
        for value in _held(name, [frame.f_locals, frame.f_globals])[:1]:
            if _is_ours(sys.modules.get(type(value).__module__), places):
                yield name, type(value).__name__


def _helpers(frame: FrameType, places: Places) -> Iterator[tuple[str, str, str]]:
    """The functions of the tree that are named there, and those that they name: name, path and text of each."""
    seen: set[CodeType] = {frame.f_code}
    left = _CHARACTERS
    waiting = [(frame.f_code, [frame.f_locals, *_of_self(frame), frame.f_globals])]
    while waiting and len(seen) <= _HELPERS:
        code, spaces = waiting.pop(0)
        for name, function in _functions(code, spaces, places):
            inside = places.in_tree(function.__code__.co_filename)
            if function.__code__ in seen or inside is None:
                continue
            seen.add(function.__code__)
            text, _ = _text(function.__code__)
            left -= len(text)
            if text and left >= 0:
                yield name, inside.replace("\\", "/"), text
                waiting.append((function.__code__, [function.__globals__]))


def _of_self(frame: FrameType) -> Iterator[Mapping[str, Any]]:
    """What the first argument's classes hold, where there is one."""
    if frame.f_code.co_argcount:
        own = frame.f_locals.get(frame.f_code.co_varnames[0])
        yield from (vars(kind) for kind in type(own).__mro__)


def _functions(code: CodeType, spaces: list[Mapping[str, Any]], places: Places) -> Iterator[tuple[str, FunctionType]]:
    """What is named in a function, and in what stands inside of it, as far as that is a function of its own."""
    names = list(dict.fromkeys(_names(code)))
    modules = [vars(value) for name in names for value in _held(name, spaces) if _is_ours(value, places)]
    for name in names:
        for value in _held(name, [*spaces, *modules]):
            for called, one in [(name, value), *_in_table(name, value, [code.co_consts, *spaces[0].values()])]:
                function = vars(one).get("__wrapped__", one) if type(one) is FunctionType else None
                if type(function) is FunctionType:
                    yield called, function


def _in_table(name: str, table: object, keys: Iterable[object]) -> Iterator[tuple[str, object]]:
    """What a table of functions holds under the texts that are at hand there."""
    if type(table) is dict:
        texts = {key for held in keys for key in (held if type(held) is tuple else (held,)) if type(key) is str}
        yield from ((f"{name}[{key}]", table[key]) for key in sorted(texts) if key in table)


def _names(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_varnames, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _held(name: str, spaces: list[Mapping[str, Any]]) -> list[Any]:
    return [space[name] for space in spaces if name in space]


def _is_ours(value: object, places: Places) -> bool:
    path = vars(value).get("__file__") if type(value) is ModuleType else None
    return type(path) is str and places.in_tree(path) is not None
