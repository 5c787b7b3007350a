"""What does the project tell pytest? Options out of the bytes of its configuration files. Pure; no I/O.

The order of the files, what makes a file the chosen one and how a value is read follow pytest's
``_pytest/config/findpaths.py``, with two kindnesses, since a history holds files that no living pytest
was asked to read: a broken file is named and passed over, and ``[pytest]`` in setup.cfg (read until
pytest 4) still counts.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import iniconfig
import tomli
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""The files that may configure pytest, the strongest first."""

_Options = dict[str, Any]


class PytestConfig(Struct, frozen=True):
    """The options of the one file that pytest would have chosen."""

    file: str = ""
    """Empty where no file configures pytest."""
    options: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def words(self, option: str) -> tuple[str, ...] | None:
        """An option of pytest's type ``args``: a list, or a text split as a shell would; None where it is not set.

        Raises:
            ValueError: it holds something else.
        """
        match self.options.get(option):
            case None:
                return None
            case str() as text:
                return tuple(shlex.split(text))
            case list() as items if all(isinstance(item, str) for item in items):
                return tuple(items)
            case other:
                raise ValueError(f"found {other!r}, needs a list of texts")


def read(files: Mapping[str, bytes]) -> PytestConfig:
    """Choose among the files that exist as pytest would; never raises."""
    problems: list[str] = []
    for name in FILES:
        if name not in files:
            continue
        try:
            options = _READERS[name](files[name])
        except (ValueError, RecursionError, iniconfig.ParseError) as error:
            problems.append(f"{name}: {_one_line(error)}")
            continue
        if options is not None:
            return PytestConfig(name, options, tuple(problems))
    return PytestConfig(problems=tuple(problems))


def _one_line(error: Exception) -> str:
    if isinstance(error, iniconfig.ParseError):  # its own text repeats the path
        return f"{error.msg} (line {error.lineno + 1})"
    return " ".join(str(error).split())[:200]


def _own_toml(content: bytes) -> _Options | None:
    """pytest.toml is the chosen file even where it says nothing."""
    return dict(_table(_toml(content), "pytest") or {})


def _pyproject(content: bytes) -> _Options | None:
    tool = _table(_toml(content), "tool") or {}
    native = _table(tool, "pytest") or {}
    as_ini = _table(native, "ini_options")
    return {key: value for key, value in native.items() if key != "ini_options"} or as_ini


def _own_ini(content: bytes) -> _Options | None:
    return _section(content, "pytest") or {}


def _tox_ini(content: bytes) -> _Options | None:
    return _section(content, "pytest")


def _setup_cfg(content: bytes) -> _Options | None:
    chosen = _section(content, "tool:pytest")
    return _section(content, "pytest") if chosen is None else chosen


_READERS: dict[str, Callable[[bytes], _Options | None]] = {
    "pytest.toml": _own_toml,
    ".pytest.toml": _own_toml,
    "pytest.ini": _own_ini,
    ".pytest.ini": _own_ini,
    "pyproject.toml": _pyproject,
    "tox.ini": _tox_ini,
    "setup.cfg": _setup_cfg,
}


def _toml(content: bytes) -> _Options:
    return tomli.loads(content.decode("utf-8-sig"))


def _table(parent: Mapping[str, Any], key: str) -> _Options | None:
    found = parent.get(key)
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"{key} is no table")
    return found


def _section(content: bytes, name: str) -> _Options | None:
    text = content.decode("utf-8-sig", "replace")  # only a comment may be in another encoding, and that harms nobody
    parsed = iniconfig.IniConfig("", data=text)
    return dict(parsed[name].items()) if name in parsed else None
