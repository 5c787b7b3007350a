"""Which lines did the processes of a run go through? Read from what ``probe/bugguard_probe/measure.py`` left."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING

from coverage import CoverageData
from coverage.exceptions import CoverageException

from pytest_bugguard.adapters.probe.bugguard_probe.measure import MAIN, OTHER_TEST, TEST
from pytest_bugguard.core.runs import Ran

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, top: Path) -> tuple[Ran, ...] | None:
    """The lines of each watched file that was run at all; None where the process of pytest left nothing.

    What a process that was killed has run is lost, as it is for every user of coverage.py.
    """
    in_tests: dict[str, set[int]] = defaultdict(set)
    in_others: dict[str, set[int]] = defaultdict(set)
    at_import: dict[str, set[int]] = defaultdict(set)
    has_main = False
    for path in sorted(folder.iterdir()):
        is_main = path.name.startswith(MAIN)
        lines = _lines(path)
        has_main = has_main or (is_main and lines is not None)
        for name, contexts_of in (lines or {}).items():
            inside = os.path.relpath(os.path.realpath(name), top).replace(os.sep, "/")
            for line, contexts in contexts_of.items():
                if not is_main:
                    in_others[inside].add(line)
                elif TEST in contexts:
                    in_tests[inside].add(line)
                elif set(contexts) != {OTHER_TEST}:
                    at_import[inside].add(line)
    files = sorted({*in_tests, *in_others, *at_import})
    found = (
        Ran(path, frozenset(in_tests[path]), frozenset(in_others[path]), frozenset(at_import[path])) for path in files
    )
    return tuple(found) if has_main else None


def _lines(path: Path) -> dict[str, dict[int, list[str]]] | None:
    """The lines of each file, with the contexts that ran them; None where the process ended while it wrote them."""
    data = CoverageData(basename=str(path))
    try:
        data.read()
        return {name: data.contexts_by_lineno(name) for name in data.measured_files()}
    except (CoverageException, sqlite3.Error):
        return None
    finally:
        data.close(force=True)
