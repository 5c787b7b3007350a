"""How is a file of a work tree read that anybody may have made? Only if it is one, and of a size that can be read.

A commit can hold a link to anything: to a device that never ends, or to a pipe that nobody writes to.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 32 * 1024 * 1024
"""Bytes; more than any settings, floors or module have."""
_HOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting for somebody at the other end."""


def read(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: It is none, or too large, or cannot be read.
    """
    with os.fdopen(os.open(path, _HOW), "rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no file, but a device or a pipe")
        content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise OSError(errno.EFBIG, f"it is larger than {LIMIT >> 20} MB")
    return content
