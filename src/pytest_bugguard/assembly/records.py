"""Which history is meant, and what waits beside it to get in? By the settings, or the variable."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import files, given_files
from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core import run_files
from pytest_bugguard.core.run_files import RunFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.errors import BugguardError
    from pytest_bugguard.core.recorded_runs import RecordedRun
    from pytest_bugguard.core.settings import FlakySettings
    from pytest_bugguard.journeys.ports import RunHistory

VARIABLE = "BUGGUARD_HISTORY"
OFF = "off"
_SPOOL = ".bugguard/spool"


def address_of(flaky: FlakySettings, environ: Mapping[str, str] = os.environ) -> str:
    """Where the history is; ``off``: there is to be none."""
    return environ.get(VARIABLE) or flaky.history


def open_history(top: Path, flaky: FlakySettings, environ: Mapping[str, str] = os.environ) -> RunHistory:
    """The history by its address; paths begin at the repository's top. Nothing is touched before it is used."""
    address = address_of(flaky, environ)
    if address.startswith(("postgresql://", "postgres://")):
        from pytest_bugguard.adapters.history_server import HistoryServer  # noqa: PLC0415 - for those who have one

        return HistoryServer(address, keep_days=flaky.keep_days)
    # The variable is the user's; the settings may be those of whoever wrote the change.
    below = None if environ.get(VARIABLE) else top
    return HistoryStore(top / address, keep_days=flaky.keep_days, below=below)


def history_of(workshop: Workshop) -> RunHistory | None:
    """The history of an open repository; None where there is to be none."""
    settings, top = workshop.settings.flaky, workshop.repository.top
    return None if top is None or address_of(settings) == OFF else open_history(top, settings)


def told(error: BugguardError, top: Path | None) -> str:
    """What is wrong with a history, in words that are the same on every machine: of a path what is below the top."""
    return str(error).replace(f"{top}{os.sep}", "")


def hand_on(run: RecordedRun, folder: Path) -> None:
    """Leave a run as a file in a folder, which is made where it is not there.

    Raises:
        OSError: It cannot be written.
    """
    files.own_folder(folder)
    files.write(folder / run_files.name_of(run), run_files.to_text(run).encode())


class Spool:
    """Runs that the history could not take, each a run file, until it can."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._folder = top / _SPOOL

    def put(self, runs: Iterable[RecordedRun]) -> str:
        """Keep runs for later; the folder, for a message.

        Raises:
            OSError: It cannot be written.
        """
        files.stay_below(self._top, self._folder)
        for run in runs:
            hand_on(run, self._folder)
        return _SPOOL

    def waiting(self) -> dict[Path, RecordedRun]:
        """What waits, by file; one that cannot be read stays where it is."""
        found = {}
        for path in sorted(self._folder.glob(f"*{run_files.SUFFIX}")):
            with suppress(OSError, RunFileError):
                files.stay_below(self._top, path)
                found[path] = run_files.from_bytes(given_files.read(path), path.name)
        return found

    @staticmethod
    def drop(paths: Sequence[Path]) -> None:
        """Let go of what has got in."""
        for path in paths:
            with suppress(OSError):
                path.unlink()
