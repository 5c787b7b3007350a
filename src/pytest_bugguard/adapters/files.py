"""Files that we write: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NEW_FILE_MODE = 0o666


def write(path: Path, text: str) -> None:
    """Replace a file in one step; a symlink at its place is replaced, never followed.

    Raises:
        OSError: The folder cannot be written, or the disk is full; what was there is untouched.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, _mode(path))  # noqa: PTH101 - mkstemp gave a name, and 0600 that nobody else could read
        os.replace(temporary, path)  # noqa: PTH105 - as above
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise


def _mode(path: Path) -> int:
    """What the file has, or what the user's mask gives a new one."""
    with suppress(OSError):
        if not path.is_symlink():
            return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return _NEW_FILE_MODE & ~mask
