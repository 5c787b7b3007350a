"""The history, opened for a command: what it says, what goes in and what comes out."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.adapters import junit_reports
from pytest_bugguard.adapters.history_store import MAGIC, HistoryStore
from pytest_bugguard.assembly import quarantine, records
from pytest_bugguard.core import junit, run_files
from pytest_bugguard.core.errors import BugguardError, UnknownRevisionError
from pytest_bugguard.core.results import Exceptions, Result, Summary
from pytest_bugguard.journeys import flaky

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Ranking
    from pytest_bugguard.core.recorded_runs import RecordedRun
    from pytest_bugguard.journeys.ports import RunHistory

_TAKEN = (".xml", run_files.SUFFIX, ".db")
"""What is looked for in a folder; a file that is named may be called anything."""
_SHOWN, _ALL = 20, 1000
"""Tests in a list: those that a team has use for, and more than anybody reads."""
_LARGEST = 512 * 1024 * 1024


class Told(NamedTuple):
    """What the command line says of the runs behind JUnit files, which seldom say it themselves."""

    commit: str = ""
    branch: str = ""
    environment: str = ""


class Imported(NamedTuple):
    """What came of an import."""

    said: tuple[str, ...]
    refused: tuple[str, ...]
    """A line for each file that could not be taken in."""


def listing(workshop: Workshop, *, shows_all: bool = False) -> Result:
    """Which tests are flaky, the dearest first."""
    limit = _ALL if shows_all else _SHOWN
    return _result(workshop, "flaky list", flaky.ranking(_history(workshop), limit=limit))


def story(workshop: Workshop, name: str) -> Result:
    """All that is known of a test."""
    return _result(workshop, "flaky show", flaky.story(_history(workshop), name))


def take_in(workshop: Workshop, paths: Sequence[Path], told: Told, progress: Callable[[int], None]) -> Imported:
    """Put what files hold into the history: all runs of all files that can be read, in one step.

    Args:
        workshop: The repository.
        paths: JUnit XML, run files, histories of ours, and folders of such.
        told: What JUnit files do not say.
        progress: Told how many files are done.

    Raises:
        BugguardError: There is no history to write to, or nothing to read.
    """
    history = _history(workshop)
    files = _files(paths)
    reading = _Reading(workshop, told)
    new = history.add(reading.runs(files, progress), checks=True)
    said = f"{new} of {reading.seen} runs in {len(files) - len(reading.refused)} files were new"
    return Imported((said, *reading.notes(), *history.notes), tuple(reading.refused))


def hand_out(workshop: Workshop, folder: Path) -> str:
    """Write every run of the history into a folder, a run file each; what was done, in one sentence.

    Raises:
        BugguardError: There is no history, or the folder cannot be written.
    """
    written = 0
    try:
        for run in _history(workshop).runs():
            records.hand_on(run, folder)
            written += 1
    except OSError as error:
        raise BugguardError(f"{folder} cannot be written: {error.strerror}", hint="name another folder") from None
    return f"{written} runs are in {folder}: bugguard flaky import takes them in elsewhere"


def _history(workshop: Workshop) -> RunHistory:
    flaky_settings = workshop.settings.flaky
    if workshop.repository.top is None:
        raise BugguardError("a bare repository has no folder for a history", hint="work in a clone of it")
    if records.address_of(flaky_settings) == records.OFF:
        raise BugguardError("the history is switched off", hint=f"name one in {records.VARIABLE}, or in flaky.history")
    return records.open_history(workshop.repository.top, flaky_settings)


def _result(workshop: Workshop, command: str, ranking: Ranking) -> Result:
    exceptions = Exceptions(quarantine=quarantine.held_of(workshop))
    return Result(command, workshop.facts, Summary(), ranking=ranking, exceptions=exceptions)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix in _TAKEN and one.is_file())
            if not inside:
                raise BugguardError(f"{path} holds no file to import", hint=f"it looks for {', '.join(_TAKEN)}")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise BugguardError(f"there is no {path}", hint="name JUnit XML, run files, histories or folders of them")
    return list(dict.fromkeys(found))


class _Reading:
    """Reads file after file; what cannot be read is noted and left out."""

    def __init__(self, workshop: Workshop, told: Told) -> None:
        self._workshop = workshop
        self._told = told._replace(commit=workshop.resolve(told.commit) if told.commit else "")
        self._sources = workshop.repository.worktree.python_files()
        self._trees: dict[str, str] = {}
        self.seen = 0
        self._undated = 0
        self._without_commit = 0
        self.refused: list[str] = []

    def runs(self, files: Sequence[Path], progress: Callable[[int], None]) -> Iterator[RecordedRun]:
        """The runs of all files, one after the other."""
        for place, path in enumerate(files):
            progress(place)
            try:
                found = list(self._runs(path))
            except BugguardError as error:
                self.refused.append(str(error))
                continue
            except OSError as error:
                self.refused.append(f"{path} cannot be read: {error.strerror}")
                continue
            self.seen += len(found)
            yield from found
        progress(len(files))

    def notes(self) -> Iterator[str]:
        """What there is to know of what was read."""
        if self._without_commit:
            yield (
                f"{self._without_commit} of them name no commit, so nothing can be called flaky by them alone:"
                " --commit REV, a property commit in the file, or its id in the path tell it"
            )
        if self._undated:
            yield f"{self._undated} of them say no time: that of the file was taken"

    def _runs(self, path: Path) -> Iterator[RecordedRun]:
        with path.open("rb") as file:
            head = file.read(64)
            if head.startswith(MAGIC):
                yield from HistoryStore(path, keep_days=1).runs()
                return
            content = head + file.read(_LARGEST)
        if len(content) >= _LARGEST:
            raise BugguardError(f"{path} is larger than {_LARGEST // 2**20} MiB")
        if head.startswith(b"{"):
            yield run_files.from_bytes(content, path.name)
        else:
            yield self._of_junit(path, content)

    def _of_junit(self, path: Path, content: bytes) -> RecordedRun:
        report = junit_reports.read(content, str(path))
        known = junit.Known(
            id=f"junit-{hashlib.sha256(content).hexdigest()[:32]}",
            written_s=max(0, int(path.stat().st_mtime)),
            path=path.as_posix(),
            files=self._sources,
            tree_of=self._tree_of,
            **self._told._asdict(),
        )
        run = junit.run_of(report, known)
        self._undated += report.started_s is None
        self._without_commit += not run.circumstances.commit
        return run

    def _tree_of(self, commit: str) -> str:
        if commit not in self._trees:
            self._trees[commit] = ""
            with suppress(UnknownRevisionError):
                self._trees[commit] = self._workshop.history.tree_of(commit)
        return self._trees[commit]
