"""How does a recorded run become rows of SQLite, and rows a run? The tables, and every statement that knows them."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import convert

from pytest_bugguard.core.flakes import Sighting
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Counts, Failure, RecordedRun, Tally, Why
from pytest_bugguard.core.run_files import digest_of, storable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

DAY_S = 86_400
# Looking a word up is faster than calling its enum, and a ranking reads a hundred thousand of each.
_WHYS = {why.value: why for why in Why}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
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
CREATE INDEX run_by_code ON run (tree, environment);
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
CREATE INDEX red ON outcome (test, run) WHERE outcome = 'failed';
CREATE TABLE tally (              -- sums over natural first attempts, so that a ranking need not read every outcome
    test INTEGER PRIMARY KEY REFERENCES test,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    lost_ms INTEGER NOT NULL
);
"""
_OF_SQLITE = frozenset(
    {
        "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
        "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
    }
)
"""What ``ANALYZE`` adds."""
_ADDED = """
SELECT outcome.test, 1, outcome.outcome = 'failed', iif(outcome.outcome = 'failed', run.lost_ms, 0)
FROM outcome JOIN run ON run.id = outcome.run
WHERE run.id = ? AND run.is_natural AND outcome.number = 1 AND outcome.outcome IN ('passed', 'failed')
"""
_CONTRADICTED = """
SELECT nodeid FROM tally JOIN test ON test.id = tally.test WHERE EXISTS (
    SELECT 1 FROM outcome AS failed INDEXED BY red JOIN run AS one ON one.id = failed.run
    WHERE failed.outcome = 'failed' AND failed.test = tally.test AND one.why <> 'experiment' AND EXISTS (
        SELECT 1 FROM (
            SELECT id FROM run AS other WHERE tree = one.tree AND tree <> '' AND environment = one.environment
                AND why <> 'experiment' UNION ALL SELECT one.id
        ) AS same CROSS JOIN outcome AS passed ON passed.run = same.id AND passed.test = failed.test
        WHERE passed.outcome = 'passed'))
"""
_ATTEMPTS = list[tuple[str, int, str, str, float, str, int, str | None, str | None, str | None]]
"""What is read of the attempts of a run: SQLite keeps anything in any column."""
_RUN_COLUMNS = (
    "id, name, why, number, shard, started_s, duration_s, commit_id, tree, branch, environment, environment_words, seed"
)


def make_tables(connection: sqlite3.Connection) -> None:
    """The tables of a new file."""
    for statement in _SCHEMA.split(";\n"):
        connection.execute(statement)


def is_as_made(connection: sqlite3.Connection) -> bool:
    """Whether there are the tables that are made here, and nothing else.

    A view in the place of a table need never end, and a trigger may undo what is written.
    """
    found = {text for (text,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    return found - _OF_SQLITE == _as_made()


@cache
def _as_made() -> frozenset[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        make_tables(connection)
        return frozenset(text for (text,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


def ranking(connection: sqlite3.Connection, limit: int | None) -> tuple[Tally, ...]:
    """The tests that failed at least once, the dearest first."""
    found = connection.execute(
        "SELECT nodeid, runs, failures, lost_ms FROM tally JOIN test ON test.id = tally.test"
        " WHERE failures ORDER BY lost_ms DESC, failures * 1.0 / runs DESC, nodeid LIMIT ?",
        [-1 if limit is None else limit],
    )
    return tuple(Tally(*row) for row in found)


def contradicted(connection: sqlite3.Connection) -> frozenset[str]:
    """The tests that both passed and failed on the same code in the same environment, no experiment counted."""
    return frozenset(nodeid for (nodeid,) in connection.execute(_CONTRADICTED))


def counts(connection: sqlite3.Connection) -> Counts:
    """How much there is."""
    (found,) = connection.execute(
        "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM tally), (SELECT count(*) FROM tally WHERE failures)"
    )
    return Counts(*found)


def mentioning(connection: sqlite3.Connection, text: str) -> tuple[str, ...]:
    """The tests whose node id holds this text, in order."""
    rows = connection.execute("SELECT nodeid FROM test WHERE instr(nodeid, ?) ORDER BY nodeid", [storable(text)])
    return tuple(nodeid for (nodeid,) in rows)


def runs(connection: sqlite3.Connection) -> Iterator[RecordedRun]:
    """Every run, the oldest first."""
    for row in connection.execute(f"SELECT {_RUN_COLUMNS} FROM run ORDER BY started_s, name").fetchall():  # noqa: S608 - our own words
        yield _run(connection, row)


def experiments(connection: sqlite3.Connection, limit: int) -> tuple[RecordedRun, ...]:
    """So many of the runs that were made to find out something, the newest first."""
    query = f"SELECT {_RUN_COLUMNS} FROM run WHERE why = ? ORDER BY started_s DESC, name DESC LIMIT ?"  # noqa: S608 - our own words
    return tuple(_run(connection, row) for row in connection.execute(query, [Why.EXPERIMENT, limit]).fetchall())


def add(connection: sqlite3.Connection, run: RecordedRun) -> bool:
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
    tests = _ids_of_tests(connection, {storable(one.nodeid) for one in attempts})
    failures = {_kept(one.failure) for one in attempts if one.failure is not None}
    connection.executemany("INSERT OR IGNORE INTO failure (kind, place, message) VALUES (?, ?, ?)", sorted(failures))
    connection.executemany(
        "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
        " (SELECT id FROM failure WHERE kind = ? AND place = ? AND message = ?))",
        (
            (
                run, tests[storable(one.nodeid)], one.number, str(one.outcome), one.phase, one.duration_s,
                storable(one.worker), one.place,
                *(_kept(one.failure) if one.failure is not None else (None, None, None)),
            )
            for one in attempts
        ),
    )  # fmt: skip
    connection.execute(
        f"INSERT INTO tally {_ADDED} ON CONFLICT DO UPDATE SET runs = runs + 1,"
        " failures = failures + excluded.failures, lost_ms = lost_ms + excluded.lost_ms",
        [run],
    )


def _ids_of_tests(connection: sqlite3.Connection, nodeids: Collection[str]) -> dict[str, int]:
    """The row of each test, made where there is none; all at once, since a run has as many as there are."""
    asked = [json.dumps(sorted(nodeids))]
    connection.execute("INSERT OR IGNORE INTO test (nodeid) SELECT value FROM json_each(?)", asked)
    return dict(connection.execute("SELECT nodeid, test.id FROM json_each(?) JOIN test ON nodeid = value", asked))


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


def forget(connection: sqlite3.Connection, keep_s: int) -> set[str]:
    """Let go of what is older than the newest run by so much; by the clock at the most, if that one is ahead of it.

    Returns:
        The ids of those runs.
    """
    old = connection.execute(
        "SELECT id, name FROM run WHERE started_s < (SELECT min(max(started_s), ?) FROM run) - ?",
        [int(time.time()), keep_s],
    ).fetchall()
    for run, _ in old:
        _remove(connection, run)
    if old:
        connection.execute("DELETE FROM tally WHERE NOT runs")
    return {name for _, name in old}


def too_old(ids: Collection[str], keep_s: int) -> list[str]:
    """What there is to say of runs that came in and were let go of at once."""
    if not ids:
        return []
    runs = "1 run is" if len(ids) == 1 else f"{len(ids)} runs are"
    return [f"{runs} older than the newest one by more than flaky.keep-days ({keep_s // DAY_S}): not kept"]


def sightings(connection: sqlite3.Connection, nodeids: Sequence[str]) -> Iterator[tuple[Sighting, ...]]:
    """The runs are read once: each of them is met by every test."""
    runs = {
        row: (name, started, _WHYS[why], natural == 1, commit, tree or name, *rest)
        for row, name, started, why, natural, commit, tree, *rest in connection.execute(
            "SELECT id, name, started_s, why, is_natural, commit_id, tree, environment, environment_words, branch,"
            " lost_ms FROM run"
        )
    }
    failures = {
        row: Failure(*failure) for row, *failure in connection.execute("SELECT id, kind, place, message FROM failure")
    }
    for nodeid in nodeids:
        found = connection.execute(
            "SELECT run.id, outcome.number, outcome, failure FROM test CROSS JOIN run"
            " CROSS JOIN outcome ON outcome.run = run.id AND outcome.test = test.id WHERE nodeid = ?",
            [storable(nodeid)],
        )
        yield tuple(_sighting(runs[run], number, ended, failures.get(failure)) for run, number, ended, failure in found)


def _sighting(run: tuple[Any, ...], number: int, ended: str, failure: Failure | None) -> Sighting:
    name, started, why, natural, commit, code, environment, words, branch, lost = run
    return Sighting(
        name, started, why, natural and number == 1, commit, code, environment, words, branch, number,
        _OUTCOMES[ended], failure, lost if ended == "failed" else 0,
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
                Failure(*(one or "" for one in failure)) if failure[0] is not None else None, place)
        for nodeid, number, ended, phase, taken_s, worker, place, *failure in convert(rows.fetchall(), _ATTEMPTS)
    )  # fmt: skip
    _, name, why, number, shard, started_s, duration_s, *circumstances = row
    return RecordedRun(
        str(name), Why(why), int(started_s), float(duration_s), Circumstances(*map(str, circumstances)), attempts,
        int(number), str(shard),
    )  # fmt: skip
