"""Where are recorded runs kept? One SQLite file that many processes may write, and none can tear.

The rollback journal, never WAL: the file can be copied, cached and read in a read-only folder on its own. One immediate
transaction holds all that a session has to say. Nothing is held open between two calls, and so across no fork.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import files
from pytest_bugguard.adapters import history_rows as rows
from pytest_bugguard.adapters.history_rows import DAY_S
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.run_files import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.recorded_runs import Counts, RecordedRun, Tally

WAIT_S = 30.0
"""How long one writer waits for the others."""
MOVED_S = 2.0
"""How long one that found a damaged file waits for another one that is about to move it aside."""
CHECK_BELOW = 8 * 1024 * 1024
"""Bytes up to which the whole file is checked whenever it is written; a larger one where runs are imported."""
_MAPPED = 1 << 30
"""Bytes of the file that are read as memory."""
APPLICATION = 0x42754744
"""``BuGD``: what tells our files from those of others."""
VERSION = 1
MAGIC = b"SQLite format 3\0"
"""How such a file begins."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_JOURNAL = "-journal"
_NOT_OURS = "somebody else has changed it: move it away, and the next recorded run begins a new one"


class HistoryError(BugguardError):
    """The history cannot be used as it stands."""

    slug = "history-file"
    hint = "see whether it is the file that was meant (setting: flaky.history, variable: BUGGUARD_HISTORY)"


class NoRunsError(HistoryError):
    """Nothing has been recorded yet."""

    slug = "no-runs"
    hint = "run pytest with the gate on, or import runs"


class HistoryStore:
    """A file of recorded runs."""

    def __init__(self, path: Path, *, keep_days: int, below: Path | None = None) -> None:
        """Nothing is touched before it is used.

        Args:
            path: Of the file.
            keep_days: After so many days a run is let go of.
            below: The folder out of which no link may lead it.
        """
        self.path = path
        self._below = below
        self._keep_s = keep_days * DAY_S
        self.notes: list[str] = []
        """What a user has to know of what was done to the file."""

    @property
    def _journal(self) -> Path:
        return self.path.with_name(self.path.name + _JOURNAL)

    def add(self, runs: Iterable[RecordedRun], *, checks: bool = False) -> int:
        """Take runs in, all or none; those that are there already stay as they are. When it returns, they are kept.

        Args:
            runs: In any order. The same runs leave the same content, whatever the order and however often.
            checks: Whether to look the whole file through first, however large it is.

        Returns:
            How many were new, and are kept.

        Raises:
            HistoryError: It cannot be written. What it held is untouched.
        """
        with self._writing(checks=checks) as connection:
            added = {storable(run.id) for run in runs if rows.add(connection, run)}
            gone = rows.forget(connection, self._keep_s)
        self.notes += rows.too_old(added & gone, self._keep_s)
        return len(added - gone)

    def ranking(self, limit: int | None = None) -> tuple[Tally, ...]:
        """The tests that failed at least once, the dearest first."""
        with self._reading() as connection:
            return rows.ranking(connection, limit)

    def contradicted(self) -> frozenset[str]:
        """The tests that both passed and failed on the same code in the same environment, no experiment counted."""
        with self._reading() as connection:
            return rows.contradicted(connection)

    def counts(self) -> Counts:
        """How much there is."""
        with self._reading() as connection:
            return rows.counts(connection)

    def mentioning(self, text: str) -> tuple[str, ...]:
        """The tests whose node id holds this text, in order."""
        with self._reading() as connection:
            return rows.mentioning(connection, text)

    def sightings(self, nodeids: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
        """All that is recorded of some tests, each in no special order."""
        with self._reading() as connection:
            return dict(zip(nodeids, rows.sightings(connection, nodeids), strict=True))

    def runs(self) -> Iterator[RecordedRun]:
        """Every run, the oldest first."""
        with self._reading() as connection:
            yield from rows.runs(connection)

    def experiments(self, limit: int) -> tuple[RecordedRun, ...]:
        """So many of the runs that were made to find out something, the newest first."""
        with self._reading() as connection:
            return rows.experiments(connection, limit)

    @contextmanager
    def _writing(self, *, checks: bool) -> Iterator[sqlite3.Connection]:
        with self._told(), closing(self._opened_for_writing(checks=checks)) as connection:
            yield connection
            connection.execute("COMMIT")

    def _opened_for_writing(self, *, checks: bool) -> sqlite3.Connection:
        files.own_folder(self.path.parent)
        for _ in range(3):
            seen = _identity(self.path)
            connection = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("BEGIN IMMEDIATE")
                _prepare(connection, self.path, checks=checks)
            except sqlite3.DatabaseError as error:
                connection.close()
                if not _is_broken(error):
                    raise
                self._move_aside(seen)
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise HistoryError(f"{self.path.name} is damaged, and so is what took its place")

    def _move_aside(self, seen: tuple[int, int] | None) -> None:
        """Out of the way with a damaged file: kept, never deleted. Who makes its new name may do it, and nobody else.

        Who looked at the file before another one moved it would move the new one.
        """
        if seen is None:
            return
        aside = self.path.with_name(f"{self.path.name}.corrupt-{seen[1] // 1_000_000_000}-{seen[0]}")
        try:
            aside.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            self._wait_for_the_mover(seen, aside)
            return
        if _identity(self.path) != seen:
            aside.unlink()
            return
        with suppress(FileNotFoundError):  # it belongs to the damaged file, and would be played into the new one
            self._journal.rename(aside.with_name(aside.name + _JOURNAL))
        self.path.replace(aside)
        self.notes.append(f"{self.path.name} was damaged: it is {aside.name} now, and a new history begins")

    def _wait_for_the_mover(self, seen: tuple[int, int], aside: Path) -> None:
        """Until the damaged file has gone; where it does not, the one who was to move it was killed: make way."""
        until = time.monotonic() + MOVED_S
        while _identity(self.path) == seen:
            if time.monotonic() > until:
                with suppress(FileNotFoundError):
                    if not aside.stat().st_size:
                        aside.unlink()
                return
            time.sleep(0.01)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            raise NoRunsError(f"there is no history at {self.path}")
        with self._told():
            self._take_back_what_was_killed()
            address = f"{self.path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, timeout=WAIT_S, isolation_level=None, uri=True)) as connection:
                connection.execute(f"PRAGMA mmap_size = {_MAPPED}")  # a story is thousands of small reads
                _need_ours(connection, self.path)
                if not _version(connection):
                    raise NoRunsError(f"the history {self.path} is empty")
                yield connection

    def _take_back_what_was_killed(self) -> None:
        """A writer that died in the middle has left its journal; SQLite plays it back for who may write."""
        if self._journal.exists():
            with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self.path, timeout=WAIT_S)) as connection:
                _version(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong below, in our words."""
        try:
            if self._below is not None:
                files.stay_below(self._below, self.path)
            yield
        except sqlite3.Error as error:
            if _is_broken(error):
                raise HistoryError(
                    f"the history {self.path} is damaged: {error}",
                    hint="the next recorded run moves it aside and begins a new one",
                ) from error
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
                raise HistoryError(
                    f"the history {self.path} was left by a killed process, and cannot be put right here",
                    hint="read it once where it and its folder may be written",
                ) from error
            raise HistoryError(f"the history {self.path} cannot be used: {error}") from error
        except OSError as error:
            raise HistoryError(f"the history {self.path} cannot be used: {error.strerror}") from error
        except (LookupError, TypeError, ValueError) as error:
            raise HistoryError(
                f"the history {self.path} holds what no bugguard writes: {error}", hint=_NOT_OURS
            ) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, and when it was changed; None where there is none."""
    with suppress(OSError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns
    return None


def _is_broken(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BROKEN


def _prepare(connection: sqlite3.Connection, path: Path, *, checks: bool) -> None:
    """Within a transaction: the file is ours, sound and of our version, or becomes so."""
    _need_ours(connection, path)
    if not _version(connection):
        rows.make_tables(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    elif checks or path.stat().st_size <= CHECK_BELOW:
        _check(connection)


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _need_ours(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or tables):
        raise HistoryError(f"{path} is the database of another program")
    if _version(connection) > VERSION:
        raise HistoryError(f"{path} was written by a newer bugguard", hint="upgrade bugguard; nothing was changed")
    if _version(connection) and not rows.is_as_made(connection):
        raise HistoryError(f"{path} has other tables than bugguard makes", hint=_NOT_OURS)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
