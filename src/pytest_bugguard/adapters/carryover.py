"""What packages need that no commit holds: ignored files that a build or a generator left in the work tree."""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.experiment import COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.adapters.repository import Repository

FILES_CAP = 200
BYTES_CAP = 50_000_000

_SUFFIXES = frozenset({".py", ".so", ".pyd", ".dll", ".dylib", ".mo"})
"""What can be imported, what that loads, and compiled catalogues of messages. Other data may be stale caches."""
_BUILT = frozenset({".so", ".pyd", ".dll", ".dylib"})
_CACHES = frozenset(
    {
        *("__pycache__", "node_modules", "site-packages", "__pypackages__", "venv", "env", "build", "dist"),
        *("htmlcov", "cmake-build-debug"),
    }
)
"""Folders that hold no package of the project, besides all whose name begins with a dot."""


class Carried(Struct, frozen=True):
    """One file that goes along."""

    path: str
    """Below the top, with ``/``."""
    package: str
    """The folder of the package that it belongs to."""
    source: Path
    digest: str
    made_from: tuple[tuple[str, str], ...] = ()
    """Of what a compiler has made: the files beside it that it was made from, each name with its digest."""


class Carryover(Struct, frozen=True):
    """The files that go along into every scratch tree."""

    files: tuple[Carried, ...] = ()
    note: str = ""
    """What was left behind because it is too much, in one sentence; empty where nothing was."""

    @property
    def digest(self) -> str:
        """The digest of all that goes along; the same for the same files."""
        digests = ((file.path, file.digest, *(part for one in file.made_from for part in one)) for file in self.files)
        lines = "".join("\0".join(parts) + "\n" for parts in digests)
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


NOTHING = Carryover()


def find(repository: Repository, packages: Sequence[str]) -> Carryover:
    """What the work tree's packages hold besides their committed files.

    Args:
        repository: One with a work tree; a bare one has nothing to carry.
        packages: Folders of importable packages below the top; ``""`` is the top.

    Raises:
        UnreadableHistoryError: git cannot list the ignored files.
    """
    if repository.top is None:
        return NOTHING
    wanted = [package for package in sorted(set(packages)) if (repository.top / package).is_dir()]
    if not wanted:  # an old fix, and its packages have moved since
        return NOTHING
    found = sorted(_ignored(repository, wanted), key=_rank)
    files: list[Carried] = []
    room = BYTES_CAP
    left: list[str] = []
    for path in found:
        source = repository.top / path
        with suppress(OSError):
            size = source.stat().st_size
            if len(files) == FILES_CAP or size > room:
                left.append(path)
                continue
            files.append(Carried(path, _owner(path, wanted), source, _digest(source), _made_from(source)))
            room -= size
    files.sort(key=lambda file: file.path)
    return Carryover(tuple(files), _note(left))


def lay(files: Iterable[Carried], top: Path, *, besides: frozenset[str]) -> None:
    """Copy what a tree does not have: nothing that its commit holds or that was taken out of it is touched.

    What a compiler has made stays behind where the tree has other sources for it: there it would be another program.

    Args:
        files: What goes along.
        top: The tree.
        besides: Paths that somebody else has decided on.

    Raises:
        OSError: A file cannot be written.
    """
    for file in files:
        place = top / file.path
        if file.path in besides or not (top / file.package).is_dir() or not _is_free(top, file.path):
            continue
        if _fits(file, place):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.source, place)


def _ignored(repository: Repository, packages: Sequence[str]) -> Iterator[str]:
    assert repository.top is not None
    options = ("-z", "--others", "--ignored", "--exclude-standard")
    output = repository.git().read("ls-files", *options, "--", *(package or "." for package in packages))
    for raw in output.split(b"\0")[:-1]:
        path = raw.decode("utf-8", "surrogateescape")
        if _is_wanted(PurePosixPath(path).relative_to(_owner(path, packages))):
            with suppress(OSError):
                if stat.S_ISREG((repository.top / path).stat().st_mode):
                    yield path


def _is_wanted(path: PurePosixPath) -> bool:
    """Whether a file may be needed, by its place in the package."""
    if any(part in _CACHES or part.startswith(".") for part in path.parts):
        return False
    return path.suffix in _SUFFIXES or _is_version(path.name)


def _is_version(name: str) -> bool:
    return name.lower().lstrip("_").startswith("version")


def _rank(path: str) -> tuple[bool, str]:
    """Version files first: nearly every project that generates anything has one, and cannot be imported without."""
    return not _is_version(path.rpartition("/")[2]), path


def _owner(path: str, packages: Sequence[str]) -> str:
    around = [package for package in packages if not package or path.startswith(f"{package}/")]
    return max(around, key=len)


def _is_free(top: Path, path: str) -> bool:
    """Whether nothing stands at a place, and no symlink or file on the way to it."""
    *folders, name = path.split("/")
    place = top
    for folder in folders:
        place /= folder
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return False
    return not os.path.lexists(place / name)  # also a dangling symlink


def _made_from(built: Path) -> tuple[tuple[str, str], ...]:
    """The sources of an extension module, by its name and theirs; none for anything else."""
    if built.suffix not in _BUILT:
        return ()
    with suppress(OSError):
        beside = sorted(one for one in built.parent.glob(f"{glob.escape(built.name.partition('.')[0])}.*"))
        return tuple((one.name, _digest(one)) for one in beside if _is_compiled(one))
    return ()


def _fits(file: Carried, place: Path) -> bool:
    """Whether it was made from what stands beside its place; a source that was made itself is in no tree."""
    ours, theirs = dict(file.made_from), dict(_made_from(place))
    both = ours.keys() & theirs.keys()
    return not theirs or (bool(both) and all(ours[name] == theirs[name] for name in both))


def _is_compiled(path: Path) -> bool:
    return path.name.lower().endswith(COMPILED) and path.is_file()


def _digest(source: Path) -> str:
    with source.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _note(left: Sequence[str]) -> str:
    if not left:
        return ""
    limits = f"{FILES_CAP} files or {BYTES_CAP // 1_000_000} MB"
    return f"{len(left)} generated files, such as {left[0]!a}, were not taken along: over the limit of {limits}"
