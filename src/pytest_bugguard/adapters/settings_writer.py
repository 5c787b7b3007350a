"""How does a waiver, or a first table, get into the settings file? Every byte that stands there stays.

New lines are put between old ones; nothing is parsed and written anew, so no comment, quote or line ending can
change. ``tomlkit`` writes the values. The result is read back before the file is touched, and replaces it in one
step: whoever reads meanwhile sees the old file or the new one, never half of one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import InlineTable, Item

from pytest_bugguard.adapters import files, given_files
from pytest_bugguard.adapters.settings_file import OWN, PYPROJECT, layer
from pytest_bugguard.core import toml_lines
from pytest_bugguard.core.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_bugguard.core.model import Quarantine, Waiver


def target(folder: Path) -> Path:
    """The file of this folder to write to: our own where there is one, or nothing else; else pyproject.toml."""
    own, pyproject = folder / OWN, folder / PYPROJECT
    return own if own.exists() or not pyproject.exists() else pyproject


def add_waiver(path: Path, waiver: Waiver) -> None:
    """Put a waiver after those that the file has.

    Raises:
        SettingsError: the file cannot be read or written, or is written so that a table cannot be added.
    """
    _append(path, "waivers", {
        "fix": waiver.fix, "owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires,
    })  # fmt: skip


def add_quarantine(path: Path, entry: Quarantine) -> None:
    """Put a test into quarantine, behind those that are there.

    Raises:
        SettingsError: as for ``add_waiver``.
    """
    _append(path, "quarantine", {
        "test": entry.test, "owner": entry.owner, "reason": entry.reason, "expires": entry.expires,
        "failures": list(entry.failures),
    })  # fmt: skip


def _append(path: Path, key: str, entry: dict[str, Any]) -> None:
    """A table more in a list of tables."""
    old = _read(path)
    before = _settings(old, path)
    after = {**before, key: [*_listed(before.get(key, [])), entry]}
    block = _rendered(_nested(path, {key: [entry]}))
    _replace(path, _inserted(old, block, _line_behind(old, path, (key,))), after)


def drop_quarantine(path: Path, test: str) -> None:
    """Take a test out of quarantine: its table goes, and every comment outside of it stays.

    Raises:
        SettingsError: the file cannot be read or written, or is written so that a table cannot be taken out.
    """
    old = _read(path)
    before = _settings(old, path)
    entries = _listed(before.get("quarantine", []))
    index = next(place for place, one in enumerate(entries) if isinstance(one, dict) and one.get("test") == test)
    left = [one for place, one in enumerate(entries) if place != index]
    after = {key: left if key == "quarantine" else value for key, value in before.items()}
    if not left:
        del after["quarantine"]
    wanted = (*_prefix(path), "quarantine", index)
    block = next((one for one in toml_lines.blocks(old) if one.path == wanted), None)
    _replace(path, _without(old, block) if block is not None else old, after)


def _without(text: str, block: toml_lines.Block) -> str:
    """The text without a table, and without one of the blank lines that parted it from others."""
    lines = _lines(text)
    above, below = lines[: block.first - 1], lines[block.last :]
    if above and not above[-1].strip() and (not below or not below[0].strip()):
        above.pop()
    return "".join([*above, *below])


def add_coverage(path: Path, table: Mapping[str, Any]) -> None:
    """Write the first ``[tool.bugguard.coverage]``, behind our other tables.

    Raises:
        SettingsError: there is one already, or the file cannot be read or written.
    """
    old = _read(path)
    before = _settings(old, path)
    if "coverage" in before:
        raise SettingsError(
            f"{path.name}: there are settings for coverage already",
            hint="change them by hand: they are never overwritten",
        )
    after = {**before, "coverage": dict(table)}
    _replace(path, _inserted(old, shown_coverage(path, table), _line_behind(old, path, ())), after)


def shown_coverage(path: Path, table: Mapping[str, Any]) -> str:
    """The lines that ``add_coverage`` puts into this file."""
    inline = {key: _inline(value) if isinstance(value, dict) else value for key, value in table.items()}
    return _rendered(_nested(path, {"coverage": inline}))


def _inline(table: dict[str, Any]) -> Item:
    """A small table on one line, with blanks inside its braces as our docs show it."""
    pairs = ", ".join(f"{key} = {tomlkit.item(value).as_string()}" for key, value in table.items())
    return tomlkit.value(f"{{ {pairs} }}")


def add_table(path: Path, table: Mapping[str, Any]) -> None:
    """Write the project's first settings at the end of the file, which is made where it is missing.

    Raises:
        SettingsError: there are settings already, or the file cannot be read or written.
    """
    old = _read(path)
    if _settings(old, path):
        raise SettingsError(
            f"{path.name}: there are settings already", hint="change them by hand: they are never overwritten"
        )
    _replace(path, _inserted(old, shown_table(path, table), len(_lines(old))), dict(table))


def shown_table(path: Path, table: Mapping[str, Any]) -> str:
    """The lines that ``add_table`` puts into this file."""
    return _rendered(_nested(path, dict(table)))


def _read(path: Path) -> str:
    try:
        return given_files.read(path).decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path.name}: is not UTF-8", hint="save the file as UTF-8: TOML knows nothing else"
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _settings(text: str, path: Path) -> dict[str, Any]:
    found = layer(text.encode(), path.name)
    return dict(found.table) if found else {}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _prefix(path: Path) -> tuple[str, ...]:
    return ("tool", "bugguard") if path.name == PYPROJECT else ()


def _nested(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    for key in reversed(_prefix(path)):
        table = {key: table}
    return table


def _rendered(table: dict[str, Any]) -> str:
    try:
        return tomlkit.dumps(_styled(table)).strip("\n") + "\n"
    except ValueError as error:  # text that TOML cannot hold
        raise SettingsError(f"cannot be written as TOML: {error}", hint="use printable text") from None


def _styled(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Regular expressions read best between single quotes."""
    match value:
        case InlineTable():
            return value
        case dict():
            return {key: _styled(below) for key, below in value.items()}
        case list() | tuple():
            return [_styled(below) for below in value]
        case str() if "\\" in value and "'" not in value and value.isprintable():
            return tomlkit.string(value, literal=True)
    return value


def _lines(text: str) -> list[str]:
    """Lines as TOML counts them: ``str.splitlines`` would also split at U+2028 inside a text."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _line_behind(text: str, path: Path, kind: tuple[str, ...]) -> int:
    """After how many lines a table goes: behind the last of its kind, else behind our last table, else to the end."""
    prefix, lines = _prefix(path), _lines(text)
    all_blocks = toml_lines.blocks(text)
    for wanted in ((*prefix, *kind), prefix):
        ours = [index for index, block in enumerate(all_blocks) if wanted and block.path[: len(wanted)] == wanted]
        if ours:
            following = all_blocks[ours[-1] + 1 : ours[-1] + 2]
            return _after_comments(lines, all_blocks[ours[-1]].last, following[0].first if following else None)
    return len(lines)


def _after_comments(lines: list[str], last: int, next_header: int | None) -> int:
    """Comments right below a table belong to it, unless the next header follows right below them."""
    end = last
    while end < len(lines) and lines[end].lstrip().startswith("#"):
        end += 1
    return last if end + 1 == next_header else end


def _inserted(text: str, block: str, after_line: int) -> str:
    """The block after so many lines, a blank line before it and, where something follows, one after it."""
    lines = _lines(text)
    above, below = "".join(lines[:after_line]), "".join(lines[after_line:])
    newline = "\r\n" if "\r\n" in text else "\n"
    block = block.replace("\n", newline)
    if above and not above.endswith("\n"):
        above, block = above + newline, block.removesuffix(newline)
    elif below and not below.startswith(("\n", "\r\n")):
        block += newline
    blank = "" if not above.strip("\ufeff") or above.endswith(newline * 2) else newline
    return above + blank + block + below


def _replace(path: Path, new: str, expected: dict[str, Any]) -> None:
    """Write the text, once our own reader finds in it what was meant."""
    try:
        is_right = _settings(new, path) == expected
    except UnicodeEncodeError:
        raise SettingsError(
            f"{path.name}: cannot hold what is to be written: it has bytes that are no UTF-8",
            hint="say it in UTF-8: TOML knows nothing else",
        ) from None
    except SettingsError:
        is_right = False
    if not is_right:
        raise SettingsError(
            f"{path.name}: cannot be changed: our settings stand in an inline table or list",
            hint="write them as [tool.bugguard], [[tool.bugguard.waivers]] and so on, then run again",
        )
    try:
        files.write(_real(path), new.encode())
    except OSError as error:
        raise _unwritable(path, error) from None


def _real(path: Path) -> Path:
    """The file behind a symlink, where it stays in the folder."""
    if not path.is_symlink():
        return path
    real = Path(os.path.realpath(path))
    if real.parent != Path(os.path.realpath(path.parent)):
        raise SettingsError(
            f"{path.name}: is a link out of its folder, to {str(real)!r}", hint="add the lines there by hand"
        )
    return real


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"{path.name}: cannot be read or written: {error.strerror}",
        hint=f"check what {path.name} is, and who may write it",
    )
