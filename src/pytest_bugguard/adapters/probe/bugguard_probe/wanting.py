"""Which name was not there? From the exception itself. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import re
from types import ModuleType

_CANNOT_IMPORT = re.compile(
    r"cannot import name '(?P<name>[^']*)' from (?:partially initialized module )?'(?P<module>[^']*)'"
)
"""CPython's own words: before 3.12 the name stands nowhere else."""


def missing(error: BaseException) -> tuple[str, str]:
    """The last part of a name that was not there, and where it was looked for; both empty for other exceptions."""
    match error:
        case ImportError(msg=str(said)) if found := _CANNOT_IMPORT.match(said):
            return found["name"], found["module"]
        case ModuleNotFoundError(name=str(name)):
            owner, _, last = name.rpartition(".")
            return last, owner
        case AttributeError(name=str(name)):
            return name, "" if error.obj is None else _owner(error.obj)
        case NameError(name=str(name)):
            return name, ""
    return "", ""


def name_of(kind: type) -> str:
    """A class's full name."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _owner(thing: object) -> str:
    """A module's or a class's full name; for anything else that of its class."""
    kind = type(thing)
    if issubclass(kind, ModuleType):
        return str(vars(thing).get("__name__", ""))
    return name_of(thing if isinstance(thing, type) and issubclass(kind, type) else kind)
