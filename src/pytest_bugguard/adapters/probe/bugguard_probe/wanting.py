"""Which name was not there? From the exception itself. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import builtins
import re
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_FINDERS = frozenset({"__getattr__", "__getattribute__"})
_NO_KEYWORD = re.compile(r"(?:[\w.<>]+\(\) )?got an unexpected keyword argument '(?P<name>\w+)'")

_CANNOT_IMPORT = re.compile(
    r"cannot import name '(?P<name>[^']*)' from (?:partially initialized module )?'(?P<module>[^']*)'"
)
"""CPython's own words: before 3.12 the name stands nowhere else."""
_NO_ATTRIBUTE = re.compile(
    r"(?:module '(?P<module>[\w.]+)'|'(?P<kind>\w+)' object|.*) (?:has no attribute|does not have the attribute) "
    r"'(?P<name>\w+)'|Can't get attribute '(?P<pickled>\w+)' on ",
    re.DOTALL,
)
"""The words of CPython, ``monkeypatch``, ``unittest.mock`` and ``pickle``, who do not always put the name into the
exception; one that came out of another process has lost it."""


def missing(error: BaseException) -> tuple[str, str]:
    """The last part of a name that was not there, and where it was looked for; both empty for other exceptions."""
    match error:
        case ImportError(msg=str(said)) if found := _CANNOT_IMPORT.match(said):
            return found["name"], found["module"]
        case ModuleNotFoundError(name=str(name)):
            owner, _, last = name.rpartition(".")
            return last, owner
        case AttributeError():
            return _attribute(error)
        case NameError(name=str(name)):
            return name, ""
    return "", ""


def name_of(kind: type) -> str:
    """A class's full name."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _attribute(error: AttributeError) -> tuple[str, str]:
    """By what it holds; by its words where it holds nothing, or None, which may be the thing itself."""
    said = _NO_ATTRIBUTE.match(str(error.args[0]) if error.args else "")
    told = (said["name"] or said["pickled"], said["module"] or _builtin(said["kind"])) if said else ("", "")
    return error.name or told[0], told[1] if error.obj is None else _owner(error.obj)


def _builtin(kind: str | None) -> str:
    """The full name of a class by its own one, where it is Python's: no fix adds anything to it."""
    return f"builtins.{kind}" if kind == "NoneType" or hasattr(builtins, kind or "") else ""


def _owner(thing: object) -> str:
    """A module's or a class's full name; for anything else that of its class."""
    kind = type(thing)
    if kind is super:  # what it looks in is the class that it was made for
        thing, kind = thing.__self_class__, type  # type: ignore[attr-defined]
    if issubclass(kind, ModuleType):
        return str(vars(thing).get("__name__", ""))
    return name_of(thing if isinstance(thing, type) and issubclass(kind, type) else kind)


def hands_on(frame: FrameType, wanted: str) -> bool:
    """Whether a function was itself asked for that name, or given that keyword, by its caller."""
    code = frame.f_code
    if code.co_name in _FINDERS:
        return any(frame.f_locals.get(name) == wanted for name in code.co_varnames[: code.co_argcount])
    if not code.co_flags & CO_VARKEYWORDS:
        return False
    at = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
    options = frame.f_locals.get(code.co_varnames[at])
    return type(options) is dict and wanted in options


def keyword(error: BaseException) -> str:
    """The keyword that did not fit a call."""
    said = _NO_KEYWORD.match(str(error.args[0])) if type(error) is TypeError and error.args else None
    return said["name"] if said else ""
