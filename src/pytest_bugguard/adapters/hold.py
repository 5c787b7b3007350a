"""A run that is started ahead of its time: it collects, then waits until it is told which tests to run, and how long.

Its start and its collection cost as much as many a test; they need not wait for another run to end. The word is a file
that the process looks for (``probe/bugguard_probe/recorder.py``).
"""

from __future__ import annotations

import marshal
import math
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Hold:
    """What keeps a run, which may take several processes one after the other, from its first test."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._place: Path | None = None
        self._word: bytes | None = None
        self._since = math.inf
        self._until = math.inf

    @contextmanager
    def keep(self, place: Path) -> Iterator[None]:
        """Keep a process, which looks for a file of this name; not for long where the word was given before."""
        with self._guard:
            self._place = place
            if self._word is not None:
                _write(place, self._word)
        try:
            yield
        finally:
            with self._guard:
                self._place = None

    def release(self, targets: Sequence[str], limit_s: float) -> None:
        """Let it run those of its tests that are, or lie below, one of the targets; ended after so many seconds."""
        with self._guard:
            self._since = time.monotonic()
            self._until = self._since + limit_s
            self._word = marshal.dumps(list(targets))
            if self._place is not None:
                _write(self._place, self._word)

    def drop(self) -> None:
        """Let it be ended, since nobody wants it any more."""
        self._until = -math.inf

    def since(self) -> float:
        """When it was let go, by the monotonic clock, in seconds; infinity while it is kept."""
        return self._since

    def until(self) -> float:
        """When it is to be ended, by the same clock."""
        return self._until


def _write(place: Path, word: bytes) -> None:
    """All at once: it is looked for again and again."""
    new = place.with_suffix(".new")
    new.write_bytes(word)
    new.replace(place)
