"""A folder of our own among the system's temporary ones: it goes when we go, and after a sudden death with the next."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

_PREFIX = "bugguard-"
_OURS = re.compile(r"bugguard-[0-9]+-[a-z0-9_]{8}")
"""A process id, for people who look, and what ``mkdtemp`` adds."""
_KEPT = "kept"
_TRIES = 3

if sys.platform == "win32":
    import msvcrt

    def _lock(folder: Path) -> int:
        handle = os.open(folder / "owner", os.O_CREAT | os.O_RDWR)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            os.close(handle)
            raise BlockingIOError from None
        return handle

else:
    import fcntl

    def _lock(folder: Path) -> int:
        # The lock is on the folder itself: so it is there as soon as the folder is, and systemd-tmpfiles heeds it too.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        return handle


class Workspace:
    """Fresh folders with names that tell nothing, removed one by one or all at the end.

    Whose owner lives is told by a lock that the system itself takes away with the process: process ids are used
    again, and mean nothing to another container that shares the folder.
    """

    def __init__(self, parent: Path | None = None) -> None:
        """Nothing is made before the first folder is asked for; ``parent`` stands for the system's temporary folder."""
        self._parent = parent
        self._owner = os.getpid()
        self._base: Path | None = None
        self._handle: int | None = None
        self._guard = threading.Lock()

    @property
    def parent(self) -> Path:
        """Where it stands."""
        return self._parent or Path(tempfile.gettempdir())

    def folder(self) -> Path:
        """A new empty folder.

        Raises:
            OSError: The disk is full, or nothing can be written there.
        """
        with self._guard:
            if self._base is None:
                sweep(self.parent)
                self._base, self._handle = _claimed(self.parent)
            return Path(tempfile.mkdtemp(dir=self._base, prefix=""))

    def close(self) -> None:
        """Take away all that was not kept."""
        with self._guard:
            if self._base is None or self._owner != os.getpid():  # a forked child has no say
                return
            _clear(self._base)
            if self._handle is not None:
                os.close(self._handle)
            self._base = self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def keep(folder: Path) -> None:
    """Leave a folder of a workspace where it is, for good.

    Raises:
        OSError: The mark that says so cannot be written.
    """
    (folder / _KEPT).touch()


def is_kept(folder: Path) -> bool:
    """Whether a folder is to stay."""
    return os.path.exists(folder / _KEPT)  # noqa: PTH110  # this one never raises


def copy(source: Path, target: Path) -> Path:
    """A folder's copy, which is not there yet.

    Raises:
        OSError: Something cannot be written; of many reasons (``shutil`` collects them) the first.
    """
    try:
        return Path(shutil.copytree(source, target))
    except shutil.Error as error:
        said = str(error.args[0][0][2])  # "[Errno 28] No space left on device: 'one' -> 'other'"
        raise OSError(said.partition("] ")[2].partition(": ")[0] or said) from error


def remove(folder: Path) -> None:
    """Take a folder away, with what nobody may write in it; what cannot go now goes with the next sweep."""
    for _ in range(_TRIES):
        with suppress(OSError, RecursionError):
            shutil.rmtree(folder)
        if not os.path.lexists(folder):  # also a dangling symlink
            return
        _unlock(folder)


def sweep(parent: Path) -> None:
    """Take away what dead processes of this user left; what belongs to a living one, or cannot be told, stays."""
    for folder in sorted(parent.glob(f"{_PREFIX}*")):
        with suppress(OSError):
            if _is_ours(folder):
                _take(folder)


def _take(base: Path) -> None:
    handle = _lock(base)
    if sys.platform == "win32":  # what is open cannot be removed there
        os.close(handle)
        _clear(base)
    else:
        try:
            _clear(base)
        finally:
            os.close(handle)


def _claimed(parent: Path) -> tuple[Path, int | None]:
    """A new folder, locked. Where another process sweeps it before it is locked, the next one."""
    while True:
        base = Path(tempfile.mkdtemp(dir=parent, prefix=f"{_PREFIX}{os.getpid()}-"))
        try:
            handle = _lock(base)
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError:  # no locks on this file system, so nobody will sweep here either
            return base, None
        if base.exists():
            return base, handle
        os.close(handle)


def _is_ours(folder: Path) -> bool:
    if not _OURS.fullmatch(folder.name):
        return False
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


def _clear(base: Path) -> None:
    for entry in base.iterdir():
        if entry.is_symlink() or not entry.is_dir():
            with suppress(OSError):
                entry.unlink()
        elif not is_kept(entry):
            remove(entry)
    with suppress(OSError):  # something was kept
        base.rmdir()


def _unlock(folder: Path) -> None:
    """Let the owner write again. Symlinks are left alone: what they point at is none of ours."""
    with suppress(OSError):
        folder.chmod(stat.S_IRWXU)
    for around, folders, files in os.walk(folder):
        names = [*folders, *files] if sys.platform == "win32" else folders
        for name in names:
            place = Path(around, name)
            if not place.is_symlink():
                with suppress(OSError):
                    place.chmod(stat.S_IRWXU)
