"""Files that we write: whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_NEW_FILE_MODE = 0o666


def write(path: Path, content: bytes) -> None:
    """Replace a file in one step, keeping its mode; a symlink at its place is replaced, never followed.

    What hands bytes on instead of keeping them (``/dev/stdout``, ``/dev/null``, a pipe) is written to and stays.

    Raises:
        OSError: The folder cannot be written, or the disk is full; what was there is untouched.
    """
    if _hands_on(path):
        path.write_bytes(content)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".bugguard-")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.chmod(_mode(path))
        scratch.replace(path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise


def own_folder(path: Path) -> None:
    """Make a folder of ours, unless it is there: with a ``.gitignore`` that hides all of it, itself included, from git.

    Raises:
        OSError: It cannot be made.
    """
    if path.is_dir():
        return
    path.mkdir(parents=True, exist_ok=True)
    (path / ".gitignore").write_text("# Made by pytest-bugguard.\n*\n", encoding="utf-8")


def stay_below(top: Path, path: Path) -> None:
    """A file or folder that a name below the top stands for is there: a change can commit a link to anywhere.

    Raises:
        OSError: A link on the way leads out.
    """
    if not path.resolve().is_relative_to(top.resolve()):
        raise OSError(errno.ELOOP, "a link leads it out of the repository")


def _hands_on(path: Path) -> bool:
    """Whether it is a character device or a pipe, or leads to one: replaced, it would be gone for everybody."""
    with suppress(OSError):
        mode = path.stat().st_mode
        return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
    return False


def _mode(path: Path) -> int:
    """What the file has, or what the user's mask gives a new one: mkstemp's 0600 is for nobody else to read."""
    with suppress(OSError):
        if not path.is_symlink():
            return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return _NEW_FILE_MODE & ~mask
