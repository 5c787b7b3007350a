"""What does a repository look like before it has settings, and which settings fit it? Pure; no I/O."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_bugguard.core import fragments, naming, references
from pytest_bugguard.core.collection import folders_above
from pytest_bugguard.core.model import Side
from pytest_bugguard.core.sides import NEWS_FOLDERS, Sides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.messages import Message
    from pytest_bugguard.core.naming import IsPackage, Naming

_FILES = 50_000
"""Files looked at; a larger tree shows its layout in so many."""
_KEY = re.compile(r"(?<![\w-])([A-Z][A-Z0-9]{1,9})-(\d{1,9})(?![\w-])")
_NO_TRACKERS = frozenset(
    {
        "AES", "BPO", "CP", "CVE", "CWE", "GH", "IEC", "ISO", "LATIN", "LP", "MD", "MR", "PEP", "PR", "RFC", "RSA",
        "SHA", "UCS", "UTF",
    }
)  # fmt: skip
"""What is written like an issue's key and is a standard, or a reference that is known anyway."""
_FEWEST_NUMBERS = 3
_MANY = 5
"""Folders of tests that are named one by one."""
_LEAST_SHARE = 0.05


class Habits(Struct, frozen=True):
    """How commit messages are written here."""

    messages: int = 0
    """How many were read."""
    conventional: int = 0
    """Titles with a type: ``fix: ...``, ``BUG: ...``."""
    closing: int = 0
    """Messages that close an issue: ``Fixes #12``."""
    trackers: tuple[str, ...] = ()
    """Prefixes of issue keys that are in use (``SHOP`` of ``SHOP-12``), the busiest first."""


class Layout(Struct, frozen=True):
    """What is to be seen in the newest state and the newest messages."""

    source: tuple[str, ...] = ()
    """Where the product's Python lives: folders, or modules that stand at the top."""
    tests: tuple[str, ...] = ()
    """Folders of tests; none where tests stand beside the source."""
    news: str = ""
    """The folder of news fragments; empty where there is none."""
    problems: tuple[str, ...] = ()
    """Configuration that could not be read, one line each."""
    habits: Habits = Habits()

    @property
    def lines(self) -> tuple[str, ...]:
        """What was seen, in plain lines; paths in them are as the repository has them."""
        return (
            f"source: {', '.join(self.source) or 'none found'}",
            f"tests: {', '.join(_together(self.tests)) or 'no folder of tests'}",
            *([f"news fragments: {self.news}"] if self.news else []),
            *self.problems,
            *_said(self.habits),
        )

    @property
    def table(self) -> dict[str, Any]:
        """The first settings: the gate on in CI, and what no default knows.

        Source and tests are shown but not pinned: they would hold for the whole history, and a project that once
        moved into ``src`` would lose what was before.
        """
        table: dict[str, Any] = {"enabled": "ci"}
        if self.habits.trackers:
            table["fixes"] = {"issues": [rf"\b{tracker}-\d+" for tracker in self.habits.trackers]}
        return table


def look(
    folder_at: Callable[[str], tuple[str, ...] | None],
    file_at: Callable[[str], bytes | None],
    messages: Sequence[Message],
) -> Layout:
    """Look at a repository.

    Args:
        folder_at: The sorted names in a folder (``""`` is the top), folders ending with ``/``; None: no such folder.
        file_at: The content of a file; None where there is none.
        messages: The newest commit messages.
    """
    paths = tuple(islice(_files(folder_at), _FILES))
    contents = ((name, file_at(name)) for name in naming.CONFIG_FILES)
    names = naming.from_files({name: content for name, content in contents if content is not None})
    is_package = {path.rpartition("/")[0] for path in paths if path.endswith("/__init__.py")}.__contains__
    sides = Sides(names)
    found: dict[Side, list[str]] = {side: [] for side in Side}
    for path in paths:
        found[sides.side(path, is_package)].append(path)
    source = {path: _source_root(path, is_package) for path in found[Side.SOURCE] if path.endswith(".py")}
    tests = {path: _test_root(path, names, is_package) for path in found[Side.TEST]}
    beside = {_source_root(path, is_package) for path, root in tests.items() if not root and path.endswith(".py")}
    only_tests = beside.intersection(source.values()) - {
        root for path, root in source.items() if not path.endswith("/__init__.py") or (file_at(path) or b"").strip()
    }
    return Layout(
        source=_outermost(set(source.values()) - only_tests),
        tests=_outermost([*filter(None, tests.values()), *only_tests]),
        news=next(filter(None, map(_news, paths)), ""),
        problems=names.problems,
        habits=habits_of(messages),
    )


def habits_of(messages: Sequence[Message]) -> Habits:
    """The habits that some messages show."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for message in messages:
        for prefix, number in dict.fromkeys(_KEY.findall(message.title.text)):
            if prefix not in _NO_TRACKERS:
                numbers[prefix].append(number)
    busiest = sorted(numbers, key=lambda prefix: (-len(numbers[prefix]), prefix))
    return Habits(
        messages=len(messages),
        conventional=sum(bool(message.title.type) for message in messages),
        closing=sum(any(references.closings(message.text)) for message in messages),
        trackers=tuple(prefix for prefix in busiest if _is_habit(numbers[prefix], len(messages))),
    )


def _is_habit(numbers: list[str], messages: int) -> bool:
    return len(set(numbers)) >= _FEWEST_NUMBERS and len(numbers) >= _LEAST_SHARE * messages


def _said(habits: Habits) -> Iterator[str]:
    if habits.messages:
        yield (
            f"commits: of the newest {habits.messages}, {habits.conventional} have a type (fix: ...) "
            f"and {habits.closing} close an issue (Fixes #1)"
        )
    yield from (f"issue keys: {tracker}-1" for tracker in habits.trackers)


def _together(folders: Sequence[str]) -> Iterator[str]:
    """Folders in order, with one pattern in place of many that have one name below one folder."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for folder in folders:
        alike[_pattern(folder)].append(folder)
    for pattern, those in alike.items():
        yield from those if len(those) <= _MANY else (f"{pattern} ({len(those)} folders)",)


def _pattern(folder: str) -> str:
    top, *between = folder.split("/")
    return "/".join([top, "**", between[-1]] if between else [top])


def _files(folder_at: Callable[[str], tuple[str, ...] | None]) -> Iterator[str]:
    folders = [""]
    while folders:
        folder = folders.pop()
        for name in folder_at(folder.rstrip("/")) or ():
            if name.endswith("/"):
                folders.append(folder + name)
            else:
                yield folder + name


def _outermost(roots: Iterable[str]) -> tuple[str, ...]:
    """The roots that are not inside another."""
    known = set(roots)
    return tuple(sorted(root for root in known if known.isdisjoint(folders_above(root))))


def _source_root(path: str, is_package: IsPackage) -> str:
    """``src``, else the outermost package, else the top folder; a module at the top stands for itself."""
    folders = tuple(folders_above(path))
    named = (folder for folder in folders if folder.rpartition("/")[2] == "src" or is_package(folder))
    return next(named, folders[0] if folders else path)


def _test_root(path: str, names: Naming, is_package: IsPackage) -> str:
    """The outermost folder of tests above a file; empty where it stands beside the source."""
    folders = folders_above(path)
    named = (
        folder
        for folder in folders
        if naming.says_test(folder.rpartition("/")[2])
        or names.is_testpath(folder, is_package)
        or names.is_beside_testpath(folder)
    )
    return next(named, "")


def _news(path: str) -> str:
    """The folder of news fragments that a file stands in; empty where it stands in none."""
    folder = path.rpartition("/")[0]
    is_news = folder.rpartition("/")[2] in NEWS_FOLDERS or fragments.kind(path) is not None
    return folder if is_news else ""
