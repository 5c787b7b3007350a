"""Where receipts are kept: a file for each proof, under the digests of all that it depends on.

``<code key>/<environment key>.json``, and for each file of tests that has proofs ``tests/<its digest>/<code key>``, an
empty file. What several CI legs wrote is merged by laying one folder over the other. No file is believed because of
its place, and none that cannot be read or written is an error.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import platformdirs
from msgspec import Struct

from pytest_bugguard.adapters import files
from pytest_bugguard.core import receipts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_bugguard.core.receipts import Receipt, Recorded

RECEIPTS_CAP = 10_000
BYTES_CAP = 200_000_000
_LEGS_CAP = 100
"""So many environments of one proof are looked at."""
_PROOFS_CAP = 200
"""So many proofs are looked at for one file of tests, the newest first."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_OWN = re.compile(r"(?:[0-9a-f]{64}/[0-9a-f]{64}\.json|tests/[0-9a-f]{64}/[0-9a-f]{64})")
_TIDYING = "00"
"""A code key that begins so, one in 256, has the folder tidied up."""


class Shelf(Struct, frozen=True):
    """One folder with receipts."""

    folder: Path
    scope: str = ""
    """Tells the files of tests of one repository from another's, where several share the folder."""

    def place(self, code: str) -> Path:
        """Where the receipts of one code are."""
        return self.folder / code

    def marks(self, path: str) -> Path:
        """Where it is marked which code has a proof in a file of tests."""
        name = f"{self.scope}\0{path}".encode("utf-8", "surrogateescape")
        return self.folder / "tests" / hashlib.sha256(name).hexdigest()


class Receipts(Struct, frozen=True):
    """Receipts in a folder, and in others that are only read."""

    own: Shelf
    """Written to and read; made when there is something to write."""
    others: tuple[Shelf, ...] = ()

    def get(self, code: str, environment: str) -> Receipt | None:
        """The receipt of just this proof."""
        for shelf in self._shelves:
            path = shelf.place(code) / f"{environment}.json"
            if receipt := _read(path, code):
                with suppress(OSError):  # what is used is not the first to go
                    os.utime(path)
                return receipt
        return None

    def elsewhere(self, code: str, environment: str) -> tuple[Receipt, ...]:
        """What other environments say of the same code."""
        found = {receipt.environment: receipt for receipt in self._legs(code)}
        found.pop(environment, None)
        return tuple(found[key] for key in sorted(found))

    def put(self, receipt: Receipt) -> None:
        """Keep a receipt, if it is worth keeping; best effort."""
        content = receipts.to_bytes(receipt)
        if content is None:
            return
        with suppress(OSError):
            place = self.own.place(receipt.code) / f"{receipt.environment}.json"
            if place.exists() and not place.is_file():
                return
            place.parent.mkdir(parents=True, exist_ok=True)
            files.write(place, content)
            for path in {_file(test) for test in receipts.recorded([receipt])}:
                marks = self.own.marks(path)
                marks.mkdir(parents=True, exist_ok=True)
                (marks / receipt.code).touch()
            if receipt.code.startswith(_TIDYING):
                prune(self.own.folder)

    def recorded(self, paths: Iterable[str] | None, *, words: str = "") -> tuple[Recorded, ...]:
        """The tests in some files that are on record as proofs; None: in whichever, of other repositories too.

        With the words of an environment those that prove something in one that is like it.
        """
        if paths is None:
            every = self.everything()
            return receipts.recorded(one for one in every if not words or receipts.are_alike(one.words, words))
        wanted = set(paths)
        codes = dict.fromkeys(code for path in sorted(wanted) for code in self._proofs_in(path))
        found = receipts.recorded(receipt for code in codes for receipt in self._legs(code))
        return tuple(test for test in found if _file(test) in wanted)

    def everything(self) -> Iterator[Receipt]:
        """Every receipt that can be read, also those of other repositories that share the folder."""
        for shelf in self._shelves:
            for path in sorted(_own_files(shelf.folder, "*/*.json")):
                if receipt := _read(path, path.parent.name):
                    yield receipt

    @property
    def has_proofs(self) -> bool:
        """Whether any test is on record."""
        return any((shelf.folder / "tests").is_dir() for shelf in self._shelves)

    @property
    def _shelves(self) -> tuple[Shelf, ...]:
        return (self.own, *self.others)

    def _legs(self, code: str) -> Iterator[Receipt]:
        for shelf in self._shelves:
            with suppress(OSError):
                paths = sorted(path for path in shelf.place(code).iterdir() if _DIGEST.fullmatch(path.stem))
                yield from filter(None, (_read(path, code) for path in paths[:_LEGS_CAP]))

    def _proofs_in(self, path: str) -> Iterator[str]:
        for shelf in self._shelves:
            with suppress(OSError):
                marks = [mark for mark in shelf.marks(path).iterdir() if _DIGEST.fullmatch(mark.name)]
                marks.sort(key=lambda mark: (-mark.stat().st_mtime, mark.name))
                yield from (mark.name for mark in marks[:_PROOFS_CAP])


def default_shelf(common_dir: Path) -> Shelf:
    """Where a repository's receipts are kept if nobody names a folder: in the user's cache, together with others'."""
    scope = hashlib.sha256(os.fsencode(common_dir.resolve())).hexdigest()
    return Shelf(platformdirs.user_cache_path("bugguard", appauthor=False) / "receipts", scope)


def prune(folder: Path) -> None:
    """Let a folder not grow for ever: what has not been used for longest goes. Files of others are never touched."""
    room_files, room_bytes = RECEIPTS_CAP, BYTES_CAP
    for _, size, path in sorted(_by_use(folder), reverse=True):
        room_files -= 1
        room_bytes -= size
        if room_files < 0 or room_bytes < 0:
            _remove(path)
    for mark in _own_files(folder, "tests/*/*"):
        if not (folder / mark.name).exists():
            _remove(mark)


def _by_use(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each receipt was used last, and its size."""
    for path in _own_files(folder, "*/*.json"):
        with suppress(OSError):
            found = path.lstat()
            yield found.st_mtime, found.st_size, path


def _own_files(folder: Path, pattern: str) -> list[Path]:
    return [path for path in folder.glob(pattern) if _OWN.fullmatch(path.relative_to(folder).as_posix())]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()  # where it is empty now


def _read(path: Path, code: str) -> Receipt | None:
    with suppress(OSError):
        if path.is_file() and path.stat().st_size <= receipts.SIZE_CAP:
            return receipts.from_bytes(path.read_bytes(), code, path.stem)
    return None


def _file(test: Recorded) -> str:
    return test.nodeid.partition("::")[0]
