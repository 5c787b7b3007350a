"""Where do the settings stand? ``[tool.bugguard]`` of pyproject.toml, or bugguard.toml, in the nearest folder.

Found and read here, judged in ``core.settings``. Nothing is imported that an idle pytest start would have to pay
for: a caller asks ``mentions_bugguard`` before anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters import given_files
from pytest_bugguard.core.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_bugguard.core.settings import KeyPath, Layer

PYPROJECT = "pyproject.toml"
OWN = "bugguard.toml"
NAMES = (PYPROJECT, OWN)


def mentions_bugguard(content: bytes) -> bool:
    """Whether a pyproject.toml can hold settings of ours at all; costs no import."""
    return b"bugguard" in content


def find(start: Path, top: Path) -> Layer | None:
    """The settings of the nearest folder that has any, from ``start`` up to ``top``; None: there are none.

    Args:
        start: A folder below ``top``, or ``top`` itself; from outside only ``top`` is looked at.
        top: The repository's top level; places in messages are relative to it.

    Raises:
        SettingsError: a file cannot be read, is no TOML, or two files of one folder hold settings.
    """
    for folder in folders(start, top):
        below = folder.relative_to(top).as_posix()
        found = choose(_contents_in(folder), "" if below == "." else f"{below}/")
        if found is not None:
            return found
    return None


def folders(start: Path, top: Path) -> tuple[Path, ...]:
    """The folders in which ``find`` looks, in its order."""
    if start != top and top not in start.parents:
        return (top,)
    return tuple(folder for folder in (start, *start.parents) if folder == top or top in folder.parents)


def holds_settings(folder: Path) -> bool:
    """Whether ``find`` would stop at this folder."""
    return choose(_contents_in(folder)) is not None


def choose(content_of: Callable[[str], bytes | None], folder: str = "") -> Layer | None:
    """The settings out of one folder, wherever its files are kept: also in a commit of a bare repository.

    Args:
        content_of: The bytes of a file by name; None where there is none.
        folder: What to put before the file's name in messages: ``""`` or a path that ends with ``/``.
    """
    contents = ((name, content_of(name)) for name in NAMES)
    layers = {name: layer(content, folder + name) for name, content in contents if content is not None}
    found = [name for name, one in layers.items() if one is not None]
    if len(found) > 1:
        raise SettingsError(
            f"{folder}{OWN}: {folder}{PYPROJECT} holds a [tool.bugguard] table too",
            hint="keep the settings in one of the two files",
        )
    return layers[found[0]] if found else None


def layer(content: bytes, name: str) -> Layer | None:
    """The settings in the bytes of one file; None where a pyproject.toml holds none of ours.

    Args:
        content: The file.
        name: Its path for messages; the last part says which of the two files it is.

    Raises:
        SettingsError: it is no TOML, or our table is no table.
    """
    is_pyproject = name.rpartition("/")[2] == PYPROJECT
    if is_pyproject and not mentions_bugguard(content):
        return None
    from pytest_bugguard.core import settings  # noqa: PLC0415 - an idle pytest start never gets here

    table, text = _parsed(content, name)
    prefix = ("tool", "bugguard") if is_pyproject else ()
    for key in prefix:
        below = table.get(key)
        if below is None:
            return None
        if not isinstance(below, dict):
            raise SettingsError(f"{name}: {key}: needs a table", hint="write [tool.bugguard] on a line of its own")
        table = below
    return settings.Layer(table, _places(text, name, prefix))


def _parsed(content: bytes, name: str) -> tuple[dict[str, object], str]:
    import tomli  # noqa: PLC0415 - as above

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{name}:{line}: is not UTF-8", hint="save the file as UTF-8: TOML knows nothing else"
        ) from None
    text = text.removeprefix("\ufeff")
    try:
        return tomli.loads(text), text
    except tomli.TOMLDecodeError as error:
        raise SettingsError(
            f"{name}:{error.lineno}: is no TOML: {error.msg}", hint="mend the file, then run again"
        ) from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{name}: cannot be read: {error}", hint="mend the file, then run again") from None


def _places(text: str, name: str, prefix: KeyPath) -> Callable[[KeyPath], str]:
    """Where a key stands; the file is searched through only once there is a fault to tell."""
    from pytest_bugguard.core import toml_lines  # noqa: PLC0415 - as above

    lines: dict[KeyPath, int] = {}

    def place(path: KeyPath) -> str:
        if not lines:
            lines.update(toml_lines.find(text))
        line = toml_lines.line_of(lines, (*prefix, *path))
        return name if line is None else f"{name}:{line}"

    return place


def _contents_in(folder: Path) -> Callable[[str], bytes | None]:
    def content_of(name: str) -> bytes | None:
        try:
            return given_files.read(folder / name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise SettingsError(
                f"{name}: cannot be read: {error.strerror}", hint=f"check what {name} is, and who may read it"
            ) from None

    return content_of
