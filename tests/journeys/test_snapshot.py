"""The text of a changed file is read where it is a file: a link may hold whatever somebody likes, a whole test too."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from pytest_bugguard.core.model import FileChange
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from pytest_bugguard.journeys.ports import Reader


class _Blobs:
    """A reader that has a text for every blob."""

    def blob(self, blob_id: str) -> bytes:
        return b"def test_" + blob_id.encode() + b"(): ...\n"


@pytest.mark.parametrize(
    ("mode", "is_read"),
    [
        pytest.param(0o100644, True, id="file"),
        pytest.param(0o100755, True, id="program"),
        pytest.param(0o100664, True, id="file-of-an-old-git"),
        pytest.param(0o120000, False, id="link"),
        pytest.param(0o160000, False, id="submodule"),
    ],
)
def test_only_a_file_has_a_text(mode: int, *, is_read: bool) -> None:
    """On each side by its own mode: a link may have become a file."""
    snapshot = Snapshot(cast("Reader", _Blobs()), "c")
    file = 0o100644
    was = FileChange("T", "tests/test_a.py", "tests/test_a.py", mode, file, "old", "new")
    became = was._replace(old_mode=file, new_mode=mode)
    assert snapshot.old_text(was) == (b"def test_old(): ...\n" if is_read else None)
    assert snapshot.new_text(became) == (b"def test_new(): ...\n" if is_read else None)
    assert snapshot.new_text(was) == b"def test_new(): ...\n"
    assert snapshot.old_text(became) == b"def test_old(): ...\n"
