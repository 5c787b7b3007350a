"""Promise 10: no process and nothing open stays behind."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.torture import traps

if TYPE_CHECKING:
    from tests.torture.conftest import Observed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_reading_command_leaves_nothing_open_and_nothing_running(observed: Observed) -> None:
    """No descriptor and no child, a dead one that nobody took note of included."""
    assert (observed.left_open, observed.left_running) == (set(), [])


def test_what_is_left_is_seen() -> None:
    """Else the test above would show nothing."""
    before = traps.descriptors(), traps.children()
    pipe = os.pipe()
    child = os.posix_spawn("/bin/true", ["true"], {})
    try:
        assert len(traps.descriptors() - before[0]) >= len(pipe)
        assert child in traps.children()
    finally:
        os.waitpid(child, 0)
        for end in pipe:
            os.close(end)
