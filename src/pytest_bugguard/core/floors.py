"""How many statements may each file have that no test runs? The ratchet: numbers that may only fall. Pure; no I/O.

A floors file has one line for each file that owes statements, ``4 src/shop/util.py``, by path. Nothing in it depends
on anything but the files themselves: no total, no share, no date. So two branches that pay off different files merge
line by line; with ``merge=union`` in .gitattributes also where lines touch, and of two lines for one file the smaller
number holds. A file that has paid off all stays with a 0 until ``tidy``: else a union would bring the old line back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.paths import quoted, unquoted

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = (
    "# How many statements of each file no test runs. The numbers may only fall; a file that is not here owes none.\n"
    "# bugguard coverage floors update lowers them; bugguard coverage floors raise needs a reason.\n"
    "# Keep `merge=union` for this file in .gitattributes: branches then merge, and the smaller number holds.\n"
)
_LINE = re.compile(r"(?P<missing>\d{1,9})\s+(?P<path>\"(?:[^\"\\]|\\.)*\"|.*?)(?:\s+#\s*(?P<reason>.*))?")


class Floor(NamedTuple):
    """What one file may owe."""

    missing: int
    reason: str = ""
    """Why it was raised; empty where it never was."""


Floors = Mapping[str, Floor]
"""By path from the repository's top."""


def parse(text: str, name: str) -> dict[str, Floor]:
    """The floors that a file holds; of several lines for one path the smallest number.

    Raises:
        SettingsError: There are lines that are none; each is named.
    """
    floors: dict[str, Floor] = {}
    faults = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or not found["path"]:
            faults.append(f"{name}:{number}: found {line[:60]!r}, needs a number and a path: 4 src/shop/util.py")
            continue
        path = unquoted(found["path"])
        floor = Floor(int(found["missing"]), found["reason"] or "")
        floors[path] = min(floors.get(path, floor), floor)
    if faults:
        hint = "take away conflict markers and what else is no entry; of two lines for one file the smaller holds"
        raise SettingsError("\n".join(faults), hint=hint)
    return floors


def rendered(floors: Floors) -> str:
    """The file's text: the same floors give the same bytes."""
    return HEADER + "".join(
        f"{floor.missing} {_spelt(path)}{f'  # {floor.reason}' if floor.reason else ''}\n"
        for path, floor in sorted(floors.items())
    )


def renamed(floors: Floors, renames: Mapping[str, str]) -> dict[str, Floor]:
    """The floors under the names that files have now (old to new)."""
    kept = {path: floor for path, floor in floors.items() if path not in renames}
    for old, new in renames.items():
        if old in floors:
            kept[new] = min(kept.get(new, floors[old]), floors[old])
    return kept


class Update(Struct, frozen=True):
    """What floors become, and what was done."""

    floors: Floors
    lowered: tuple[str, ...] = ()
    """``src/shop/util.py: 4 to 2``."""
    refused: tuple[str, ...] = ()
    """Files that owe more than they may: never raised by an update."""


def lowered(floors: Floors, owed: Mapping[str, int]) -> Update:
    """The floors as low as what was measured allows; none is raised, and none is added.

    Args:
        floors: As they are.
        owed: Missing statements of every measured file.
    """
    new = dict(floors)
    said, refused = [], []
    for path, missing in sorted(owed.items()):
        allowed = floors.get(path, Floor(0)).missing
        if missing < allowed:
            new[path] = Floor(missing)
            said.append(f"{path}: {allowed} to {missing}")
        elif missing > allowed:
            refused.append(path)
    return Update(new, tuple(said), tuple(refused))


def raised(floors: Floors, path: str, missing: int, reason: str) -> dict[str, Floor]:
    """The floors with one of them raised, and why."""
    before = floors.get(path, Floor(0)).missing
    return {**floors, path: Floor(missing, f"raised from {before}: {' '.join(reason.split())}")}


def tidied(floors: Floors, paths: Iterable[str]) -> dict[str, Floor]:
    """The floors without files that owe nothing, and without files that are gone."""
    there = set(paths)
    return {path: floor for path, floor in floors.items() if floor.missing and path in there}


def begun(owed: Mapping[str, int]) -> dict[str, Floor]:
    """The floors of today."""
    return {path: Floor(missing) for path, missing in owed.items() if missing}


def _spelt(path: str) -> str:
    """A path as one word of a line: quoted, where a reader of lines could take it for something else."""
    is_plain = path.isprintable() and path == path.strip() and " #" not in path and not path.startswith(('"', "#"))
    return path if is_plain else quoted(path)
