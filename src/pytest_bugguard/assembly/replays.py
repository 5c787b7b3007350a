"""A replayer for the checkout that a command or a run of pytest stands in, with the options that hold there."""

from __future__ import annotations

import os
import posixpath
import shlex
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import given_files
from pytest_bugguard.adapters.replayer import PytestReplayer
from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core import addopts, experiment
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.replays import Home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop


@contextmanager
def open_replayer(top: Path, home: Home) -> Iterator[PytestReplayer]:
    """Replay tests of a checkout; nothing that was started outlives this."""
    with Workspace() as space, PytestRunner(space, original=None, is_at_home=True) as runner:
        yield PytestReplayer(runner, top, home)


def start_of(workshop: Workshop, folder: Path) -> str:
    """Where pytest was started, below the repository's top; outside of it: where the workshop was opened instead."""
    below = os.path.relpath(folder, workshop.repository.top).replace(os.sep, "/")
    return workshop.repository.prefix if below.startswith("..") else below.removeprefix(".")


def home_of(top: Path, folder: str, paths: Sequence[str] = (), words: Sequence[str] = ()) -> Home:
    """How pytest is run here.

    Args:
        top: The repository's top.
        folder: Where it is started, below the top; empty at the top.
        paths: The files and folders that it is given, relative to the top: its settings are looked for above them.
        words: Its options, besides those of its settings and of ``PYTEST_ADDOPTS``.

    Raises:
        BugguardError: Its settings hold no options where they should.
    """
    near = [posixpath.join(path, "_") if (top / path).is_dir() else path for path in paths or [folder]]
    config = experiment.place_of(near, lambda path: _read(top / path)).config
    try:
        own = config.words("addopts") or ()
    except ValueError as error:
        raise BugguardError(f"{config.file}: addopts: {error}", hint="mend pytest's own settings") from None
    around = shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    kept = addopts.kept([*own, *around, *words])
    return Home(folder, kept, drops=addopts.kept(own) != own)


def _read(path: Path) -> bytes | None:
    with suppress(OSError):
        return given_files.read(path)
    return None
