"""Which lines did the processes of a run go through? Read from what ``probe/bugguard_probe/measure.py`` left."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.probe.bugguard_probe.measure import MAIN, NO_TEST, TEST
from pytest_bugguard.core.runs import Ran

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read(folder: Path) -> tuple[Ran, ...] | None:
    """The lines of each watched file that was run at all; None where the process of pytest left nothing.

    What a process that was killed has run is lost, as it is for every user of coverage.py.
    """
    in_tests: dict[str, set[int]] = defaultdict(set)
    in_others: dict[str, set[int]] = defaultdict(set)
    at_import: dict[str, set[int]] = defaultdict(set)
    has_main = False
    for place in sorted(folder.iterdir()):
        is_main = place.name.startswith(MAIN)
        with suppress(OSError, ValueError, TypeError, AttributeError):  # the process ended while it wrote it
            for context, path, lines in _noted(place.read_bytes()):
                if not is_main:
                    in_others[path] |= lines
                elif context in {TEST, NO_TEST}:
                    (in_tests if context == TEST else at_import)[path] |= lines
            has_main = has_main or is_main
    files = sorted({*in_tests, *in_others, *at_import})
    found = (
        Ran(path, frozenset(in_tests[path]), frozenset(in_others[path]), frozenset(at_import[path] - in_tests[path]))
        for path in files
    )
    return tuple(found) if has_main else None


def _noted(content: bytes) -> Iterator[tuple[str, str, frozenset[int]]]:
    """Context, file and lines.

    Raises:
        ValueError: It is not what a process of ours writes.
    """
    for context, files in json.loads(content).items():
        for path, lines in files.items():
            yield context, path, frozenset(map(int, lines))
