"""Files that we write are there whole or not at all, and what is no file is left in its place."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import files

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="has no named pipes")


@posix
@pytest.mark.parametrize("is_linked", [False, True])
def test_a_pipe_is_written_to_and_stays(tmp_path: Path, is_linked: bool) -> None:
    """``/dev/stdout`` and ``>(jq .)`` lead to one; replaced by a file, it would be gone for everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    named = tmp_path / "link" if is_linked else pipe
    if is_linked:
        named.symlink_to(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    files.write(named, b"all of it")
    reader.join(timeout=10)
    assert read == [b"all of it"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert named.is_symlink() is is_linked


@posix
def test_a_link_to_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """A repository may hold a link that leads out of it."""
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    files.write(tmp_path / "link", b"ours")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "link").read_bytes() == b"ours"
    assert not (tmp_path / "link").is_symlink()


@posix
def test_a_file_is_as_open_as_it_was_or_as_the_user_lets_files_be(tmp_path: Path) -> None:
    """A report that is written beside its place first would be for nobody else to read."""
    (tmp_path / "old").touch(mode=0o640)
    (tmp_path / "old").chmod(0o640)
    mask = os.umask(0o027)
    try:
        files.write(tmp_path / "old", b"ours")
        files.write(tmp_path / "new", b"ours")
    finally:
        os.umask(mask)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("old", "new")] == [0o640, 0o640]
    (tmp_path / "old").chmod(0o604)
    files.write(tmp_path / "old", b"again")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o604
