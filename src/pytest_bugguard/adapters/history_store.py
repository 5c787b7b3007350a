"""Where are recorded runs kept? One SQLite file that many processes may write, and none can tear.

The rollback journal, never WAL: the file can be copied, cached and read in a read-only folder on its own. One immediate
transaction holds all that a session has to say. Nothing is held open between two calls, and so across no fork.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pytest_bugguard.adapters import files
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.flakes import Sighting
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Counts, Failure, RecordedRun, Tally, Why
from pytest_bugguard.core.run_files import digest_of, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

WAIT_S = 30.0
"""How long one writer waits for the others."""
CHECK_BELOW = 32 * 1024 * 1024
"""Bytes up to which the whole file is checked whenever it is written; a larger one where runs are imported."""
DAY_S = 86_400
APPLICATION = 0x42754744
"""``BuGD``: what tells our files from those of others."""
VERSION = 1
MAGIC = b"SQLite format 3\0"
"""How such a file begins."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_JOURNAL = "-journal"

_SCHEMA = """
-- version 1
CREATE TABLE run (                -- one for each recorded run
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,    -- the same in every store
    digest TEXT NOT NULL,         -- of all that is recorded of it
    why TEXT NOT NULL,
    number INTEGER NOT NULL,      -- over 1 where a CI ran the same job again
    shard TEXT NOT NULL,
    started_s INTEGER NOT NULL,
    duration_s REAL NOT NULL,
    commit_id TEXT NOT NULL,      -- empty where it is not known; so for what follows
    tree TEXT NOT NULL,
    branch TEXT NOT NULL,
    environment TEXT NOT NULL,
    environment_words TEXT NOT NULL,
    seed TEXT NOT NULL,
    is_natural INTEGER NOT NULL,  -- whether rates may be taken from it
    lost_ms INTEGER NOT NULL,     -- its time, shared among the tests that failed in it
    attempts INTEGER NOT NULL
);
CREATE INDEX run_by_age ON run (started_s);
CREATE TABLE test (id INTEGER PRIMARY KEY, nodeid TEXT NOT NULL UNIQUE);
CREATE TABLE failure (            -- each kind of failure once
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (kind, place, message)
);
CREATE TABLE outcome (            -- one for each attempt of each test in each run
    run INTEGER NOT NULL REFERENCES run,
    test INTEGER NOT NULL REFERENCES test,
    number INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    phase TEXT NOT NULL,
    duration_s REAL NOT NULL,
    worker TEXT NOT NULL,
    place INTEGER NOT NULL,       -- which test of its worker it was; 0 where that is not known
    failure INTEGER REFERENCES failure,
    PRIMARY KEY (run, test, number)
) WITHOUT ROWID;
CREATE TABLE tally (              -- sums over natural first attempts, so that a ranking need not read every outcome
    test INTEGER PRIMARY KEY REFERENCES test,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    lost_ms INTEGER NOT NULL
);
"""
_ADDED = """
SELECT outcome.test, 1, outcome.outcome = 'failed', iif(outcome.outcome = 'failed', run.lost_ms, 0)
FROM outcome JOIN run ON run.id = outcome.run
WHERE run.id = ? AND run.is_natural AND outcome.number = 1 AND outcome.outcome IN ('passed', 'failed')
"""
_RUN_COLUMNS = (
    "id, name, why, number, shard, started_s, duration_s, commit_id, tree, branch, environment, environment_words, seed"
)


class HistoryError(BugguardError):
    """The history cannot be used as it stands."""

    slug = "history-file"
    hint = "see whether it is the file that was meant (setting: flaky.history, variable: BUGGUARD_HISTORY)"


class HistoryStore:
    """A file of recorded runs."""

    def __init__(self, path: Path, *, keep_days: int) -> None:
        self.path = path
        self._keep_s = keep_days * DAY_S
        self.notes: list[str] = []
        """What a user has to know of what was done to the file."""

    def add(self, runs: Iterable[RecordedRun], *, checks: bool = False) -> int:
        """Take runs in, all or none; those that are there already stay as they are. When it returns, they are kept.

        Args:
            runs: In any order. The same runs leave the same content, whatever the order and however often.
            checks: Whether to look the whole file through first, however large it is.

        Returns:
            How many were new.

        Raises:
            HistoryError: It cannot be written. What it held is untouched.
        """
        with self._writing(checks=checks) as connection:
            added = sum([_add(connection, run) for run in runs])
            _forget(connection, self._keep_s)
        return added

    def ranking(self, limit: int | None = None) -> tuple[Tally, ...]:
        """The tests that failed at least once, the dearest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT nodeid, runs, failures, lost_ms FROM tally JOIN test ON test.id = tally.test"
                " WHERE failures ORDER BY lost_ms DESC, failures * 1.0 / runs DESC, nodeid LIMIT ?",
                [-1 if limit is None else limit],
            )
            return tuple(Tally(*row) for row in rows)

    def counts(self) -> Counts:
        """How much there is."""
        with self._reading() as connection:
            (found,) = connection.execute(
                "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM tally),"
                " (SELECT count(*) FROM tally WHERE failures)"
            )
            return Counts(*found)

    def named(self, name: str) -> tuple[str, ...]:
        """The tests of this node id: itself, else its cases, or those of a file or class; in order."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT nodeid FROM test WHERE nodeid = ?1 OR substr(nodeid, 1, length(?1) + 1) = ?1 || '['"
                " OR substr(nodeid, 1, length(?1) + 2) = ?1 || '::' ORDER BY nodeid <> ?1, nodeid",
                [storable(name)],
            )
            found = tuple(nodeid for (nodeid,) in rows)
        return found[:1] if name in found else found

    def sightings(self, nodeids: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
        """All that is recorded of some tests, each in no special order."""
        with self._reading() as connection:
            return {nodeid: tuple(_sightings(connection, storable(nodeid))) for nodeid in nodeids}

    def runs(self) -> Iterator[RecordedRun]:
        """Every run, the oldest first."""
        with self._reading() as connection:
            for row in connection.execute(f"SELECT {_RUN_COLUMNS} FROM run ORDER BY started_s, name").fetchall():  # noqa: S608 - our own words
                yield _run(connection, row)

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
        """Out of the way with a damaged file: kept, never deleted. Another process may have done it by now."""
        if seen is None or _identity(self.path) != seen:
            return
        aside = self.path.with_name(f"{self.path.name}.corrupt-{seen[1] // 1_000_000_000}-{seen[0]}")
        journal = self.path.with_name(self.path.name + _JOURNAL)
        with suppress(FileNotFoundError):  # it belongs to the damaged file, and would be played into the new one
            journal.rename(aside.with_name(aside.name + _JOURNAL))
        with suppress(FileNotFoundError):
            self.path.rename(aside)
        self.notes.append(f"{self.path.name} was damaged: it is {aside.name} now, and a new history begins")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            raise HistoryError(
                f"there is no history at {self.path}", hint="run pytest with the gate on, or import runs"
            )
        with self._told():
            address = f"{self.path.resolve().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, timeout=WAIT_S, isolation_level=None, uri=True)) as connection:
                _need_ours(connection, self.path)
                if not _version(connection):
                    raise HistoryError(f"the history {self.path} is empty", hint="run pytest with the gate on")
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong below, in our words."""
        try:
            yield
        except sqlite3.Error as error:
            if _is_broken(error):
                raise HistoryError(
                    f"the history {self.path} is damaged: {error}",
                    hint="the next recorded run moves it aside and begins a new one",
                ) from error
            raise HistoryError(f"the history {self.path} cannot be used: {error}") from error
        except OSError as error:
            raise HistoryError(f"the history {self.path} cannot be used: {error.strerror}") from error


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
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
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


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _add(connection: sqlite3.Connection, run: RecordedRun) -> bool:
    """Take one run in. Of two that claim the same id the same one stays, whichever came first."""
    digest = digest_of(run)
    there = connection.execute("SELECT id, attempts, digest FROM run WHERE name = ?", [storable(run.id)]).fetchone()
    if there is not None:
        if (len(run.attempts), digest) <= (there[1], there[2]):
            return False
        _remove(connection, there[0])
    where = run.circumstances
    cursor = connection.execute(
        "INSERT INTO run (name, digest, why, number, shard, started_s, duration_s, commit_id, tree, branch,"
        " environment, environment_words, seed, is_natural, lost_ms, attempts)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            storable(run.id), digest, run.why, run.number, storable(run.shard), run.started_s, run.duration_s,
            *map(storable, (where.commit, where.tree, where.branch, where.environment, where.environment_words)),
            storable(where.seed), run.is_natural, lost_ms(run), len(run.attempts),
        ],
    )  # fmt: skip
    _add_attempts(connection, cursor.lastrowid or 0, run.attempts)
    return there is None


def lost_ms(run: RecordedRun) -> int:
    """What each test that failed in a run has cost."""
    failed = sum(one.outcome is Outcome.FAILED and one.number == 1 for one in run.attempts)
    return round(run.duration_s * 1000 / failed) if failed else 0


def _add_attempts(connection: sqlite3.Connection, run: int, attempts: Sequence[Attempt]) -> None:
    nodeids = {storable(one.nodeid) for one in attempts}
    connection.executemany("INSERT OR IGNORE INTO test (nodeid) VALUES (?)", ([nodeid] for nodeid in sorted(nodeids)))
    failures = {_kept(one.failure) for one in attempts if one.failure is not None}
    connection.executemany("INSERT OR IGNORE INTO failure (kind, place, message) VALUES (?, ?, ?)", sorted(failures))
    connection.executemany(
        "INSERT INTO outcome VALUES (?, (SELECT id FROM test WHERE nodeid = ?), ?, ?, ?, ?, ?, ?,"
        " (SELECT id FROM failure WHERE kind = ? AND place = ? AND message = ?))",
        (
            [
                run, storable(one.nodeid), one.number, one.outcome, one.phase, one.duration_s, storable(one.worker),
                one.place,
                *(_kept(one.failure) if one.failure is not None else (None, None, None)),
            ]
            for one in attempts
        ),
    )  # fmt: skip
    connection.execute(
        f"INSERT INTO tally {_ADDED} ON CONFLICT DO UPDATE SET runs = runs + 1,"
        " failures = failures + excluded.failures, lost_ms = lost_ms + excluded.lost_ms",
        [run],
    )


def _kept(failure: Failure) -> tuple[str, str, str]:
    return storable(failure.kind), storable(failure.place), storable(failure.message)


def _remove(connection: sqlite3.Connection, run: int) -> None:
    connection.execute(
        "UPDATE tally SET runs = tally.runs - 1, failures = tally.failures - gone.failures,"  # noqa: S608 - our own words
        f" lost_ms = tally.lost_ms - gone.lost_ms FROM (WITH gone (test, runs, failures, lost_ms) AS ({_ADDED})"
        " SELECT * FROM gone) AS gone WHERE gone.test = tally.test",
        [run],
    )
    connection.execute("DELETE FROM outcome WHERE run = ?", [run])
    connection.execute("DELETE FROM run WHERE id = ?", [run])


def _forget(connection: sqlite3.Connection, keep_s: int) -> None:
    """Let go of what is older than the newest run by so much; by the clock at the most, if that one is ahead of it."""
    old = connection.execute(
        "SELECT id FROM run WHERE started_s < (SELECT min(max(started_s), ?) FROM run) - ?", [int(time.time()), keep_s]
    ).fetchall()
    for (run,) in old:
        _remove(connection, run)
    if old:
        connection.execute("DELETE FROM tally WHERE NOT runs")


def _sightings(connection: sqlite3.Connection, nodeid: str) -> Iterator[Sighting]:
    rows = connection.execute(
        "SELECT run.name, started_s, why, is_natural AND outcome.number = 1, commit_id, tree, environment,"
        " environment_words, branch, outcome.number, outcome, kind, failure.place,"
        " message, lost_ms"
        " FROM test CROSS JOIN run CROSS JOIN outcome ON outcome.run = run.id AND outcome.test = test.id"
        " LEFT JOIN failure ON failure.id = outcome.failure WHERE nodeid = ?",
        [nodeid],
    )
    for name, started, why, natural, commit, tree, env, words, branch, number, ended, *failure, lost in rows:
        yield Sighting(
            name, started, Why(why), bool(natural), commit, tree or name, env, words, branch, number, Outcome(ended),
            Failure(*failure) if failure[0] is not None else None, lost if ended == Outcome.FAILED else 0,
        )  # fmt: skip


def _run(connection: sqlite3.Connection, row: tuple[Any, ...]) -> RecordedRun:
    rows = connection.execute(
        "SELECT nodeid, number, outcome, phase, duration_s, worker, outcome.place, kind, failure.place, message"
        " FROM outcome"
        " JOIN test ON test.id = outcome.test LEFT JOIN failure ON failure.id = outcome.failure"
        " WHERE run = ? ORDER BY nodeid, number",
        [row[0]],
    )
    attempts = tuple(
        Attempt(nodeid, number, Outcome(ended), phase, taken_s, worker,
                Failure(*failure) if failure[0] is not None else None, place)
        for nodeid, number, ended, phase, taken_s, worker, place, *failure in rows
    )  # fmt: skip
    _, name, why, number, shard, started_s, duration_s, *circumstances = row
    return RecordedRun(
        str(name), Why(why), int(started_s), float(duration_s), Circumstances(*map(str, circumstances)), attempts,
        int(number), str(shard),
    )  # fmt: skip
