"""What is told of a fault that nobody foresaw."""

from __future__ import annotations

import errno

import pytest

from pytest_bugguard.core.errors import RefusedError, refused

DENIED = "Permission denied"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(PermissionError(errno.EACCES, DENIED, "/home/ann/shop/a.py"), f"{DENIED}: a.py", id="path"),
        pytest.param(PermissionError(errno.EACCES, DENIED, "C:\\Users\\ann\\a.py"), f"{DENIED}: a.py", id="windows"),
        pytest.param(PermissionError(errno.EACCES, DENIED, "a.py"), f"{DENIED}: a.py", id="name"),
        pytest.param(PermissionError(errno.EACCES, DENIED, "/tmp/"), DENIED, id="folder-without-a-name"),
        pytest.param(OSError(errno.ENOSPC, "No space left on device"), "No space left on device", id="no-file"),
        pytest.param(TimeoutError(), "TimeoutError", id="no-words"),
    ],
)
def test_what_the_system_refuses_is_told_without_a_path(error: OSError, said: str) -> None:
    """Results are shown to others: they hold no path of a machine, and no name of a user."""
    told = refused(error)
    assert isinstance(told, RefusedError)
    assert str(told) == f"the system refused: {said}"
    assert "(TMPDIR)" in told.hint
