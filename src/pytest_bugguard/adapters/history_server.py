"""Where are recorded runs kept that outgrow one file? In a PostgreSQL database, under the rules of the file.

Needs psycopg 3 (the extra ``postgres``). Each call has a connection and a transaction of its own. Whoever writes, or
makes the tables, holds one advisory lock: DDL of two at once fails in PostgreSQL, ``IF NOT EXISTS`` or not.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_bugguard.adapters.history_rows import DAY_S, lost_ms, too_old
from pytest_bugguard.adapters.history_store import WAIT_S, HistoryError, NoRunsError
from pytest_bugguard.core.flakes import Sighting
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Counts, Failure, RecordedRun, Tally, Why
from pytest_bugguard.core.run_files import digest_of, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from psycopg import Connection

CONNECT_S = 5
VERSION = 1
_LOCK = 0x42754744
"""Of all who write into a database of ours."""
_SCHEMA = """
CREATE TABLE bugguard_version (version integer NOT NULL);
INSERT INTO bugguard_version VALUES (1);
CREATE TABLE bugguard_run (             -- as in the file: see history_rows
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, digest text NOT NULL,
    why text NOT NULL, number bigint NOT NULL, shard text NOT NULL, started_s bigint NOT NULL,
    duration_s double precision NOT NULL, commit_id text NOT NULL, tree text NOT NULL, branch text NOT NULL,
    environment text NOT NULL, environment_words text NOT NULL, seed text NOT NULL, is_natural boolean NOT NULL,
    lost_ms bigint NOT NULL, attempts bigint NOT NULL);
CREATE INDEX ON bugguard_run (started_s);
CREATE INDEX ON bugguard_run (tree, environment);
CREATE TABLE bugguard_test (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, nodeid text NOT NULL);
CREATE UNIQUE INDEX ON bugguard_test (md5(nodeid));     -- an index takes no text of any length
CREATE TABLE bugguard_failure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL, place text NOT NULL, message text NOT NULL);
CREATE UNIQUE INDEX ON bugguard_failure (md5(kind || E'\\n' || place || E'\\n' || message));
CREATE TABLE bugguard_outcome (
    run bigint NOT NULL REFERENCES bugguard_run, test bigint NOT NULL REFERENCES bugguard_test,
    number bigint NOT NULL, outcome text NOT NULL, phase text NOT NULL, duration_s double precision NOT NULL,
    worker text NOT NULL, place bigint NOT NULL, failure bigint REFERENCES bugguard_failure,
    PRIMARY KEY (run, test, number));
CREATE INDEX ON bugguard_outcome (test, run) WHERE outcome = 'failed';
CREATE TABLE bugguard_tally (
    test bigint PRIMARY KEY REFERENCES bugguard_test,
    runs bigint NOT NULL, failures bigint NOT NULL, lost_ms bigint NOT NULL);
"""
_ADDED = """
SELECT outcome.test, 1 AS runs, (outcome.outcome = 'failed')::int AS failures,
    CASE outcome.outcome WHEN 'failed' THEN run.lost_ms ELSE 0 END AS lost_ms
FROM bugguard_outcome AS outcome JOIN bugguard_run AS run ON run.id = outcome.run
WHERE run.id = %s AND run.is_natural AND outcome.number = 1 AND outcome.outcome IN ('passed', 'failed')
"""

_CONTRADICTED = """
SELECT DISTINCT nodeid FROM bugguard_outcome AS failed
JOIN bugguard_run AS one ON one.id = failed.run AND one.why <> 'experiment'
JOIN bugguard_run AS other ON other.why <> 'experiment' AND (other.id = one.id
    OR (one.tree <> '' AND other.tree = one.tree AND other.environment = one.environment))
JOIN bugguard_outcome AS passed ON passed.run = other.id AND passed.test = failed.test AND passed.outcome = 'passed'
JOIN bugguard_test AS test ON test.id = failed.test
WHERE failed.outcome = 'failed'
"""


class HistoryServer:
    """A database of recorded runs. It answers what ``HistoryStore`` answers."""

    def __init__(self, address: str, *, keep_days: int) -> None:
        self._address = address
        self._keep_s = keep_days * DAY_S
        self.notes: list[str] = []

    def add(self, runs: Iterable[RecordedRun], *, checks: bool = False) -> int:  # noqa: ARG002 - the server does
        """Take runs in, all or none; how many were new, and are kept.

        Raises:
            HistoryError: The server is out of reach, or refuses.
        """
        with self._connected() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            _migrate(connection)
            added = {storable(run.id) for run in runs if _add(connection, run)}
            gone = _forget(connection, self._keep_s)
        self.notes += too_old(added & gone, self._keep_s)
        return len(added - gone)

    def ranking(self, limit: int | None = None) -> tuple[Tally, ...]:
        """The tests that failed at least once, the dearest first."""
        rows = self._rows(
            "SELECT nodeid, runs, failures, lost_ms FROM bugguard_tally AS tally"
            " JOIN bugguard_test AS test ON test.id = tally.test WHERE failures > 0"
            ' ORDER BY lost_ms DESC, failures::float8 / runs DESC, nodeid COLLATE "C" LIMIT %s',
            [limit],
        )
        return tuple(Tally(*row) for row in rows)

    def contradicted(self) -> frozenset[str]:
        """The tests that both passed and failed on the same code in the same environment, no experiment counted."""
        return frozenset(nodeid for (nodeid,) in self._rows(_CONTRADICTED, []))

    def counts(self) -> Counts:
        """How much there is."""
        (found,) = self._rows(
            "SELECT (SELECT count(*) FROM bugguard_run), (SELECT count(*) FROM bugguard_tally),"
            " (SELECT count(*) FROM bugguard_tally WHERE failures > 0)",
            [],
        )
        return Counts(*found)

    def mentioning(self, text: str) -> tuple[str, ...]:
        """The tests whose node id holds this text, in order."""
        query = 'SELECT nodeid FROM bugguard_test WHERE strpos(nodeid, %s) > 0 ORDER BY nodeid COLLATE "C"'
        return tuple(nodeid for (nodeid,) in self._rows(query, [storable(text)]))

    def sightings(self, nodeids: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
        """All that is recorded of some tests, each in no special order."""
        asked = {storable(nodeid): nodeid for nodeid in nodeids}
        found: dict[str, list[Sighting]] = {nodeid: [] for nodeid in nodeids}
        rows = self._rows(
            "SELECT nodeid, run.name, started_s, why, is_natural AND outcome.number = 1, commit_id, tree, environment,"
            " environment_words, branch, outcome.number, outcome, kind, failure.place, message, lost_ms"
            " FROM bugguard_test AS test JOIN bugguard_outcome AS outcome ON outcome.test = test.id"
            " JOIN bugguard_run AS run ON run.id = outcome.run"
            " LEFT JOIN bugguard_failure AS failure ON failure.id = outcome.failure WHERE nodeid = ANY(%s)",
            [list(asked)],
        )
        for (
            nodeid,
            name,
            started,
            why,
            natural,
            commit,
            tree,
            env,
            words,
            branch,
            number,
            ended,
            *failure,
            lost,
        ) in rows:
            found[asked[nodeid]].append(
                Sighting(name, started, Why(why), natural, commit, tree or name, env, words, branch, number,
                         Outcome(ended), Failure(*failure) if failure[0] is not None else None,
                         lost if ended == Outcome.FAILED else 0)
            )  # fmt: skip
        return {nodeid: tuple(seen) for nodeid, seen in found.items()}

    def runs(self) -> Iterator[RecordedRun]:
        """Every run, the oldest first."""
        yield from self._runs('ORDER BY started_s, name COLLATE "C"', [])

    def experiments(self, limit: int) -> tuple[RecordedRun, ...]:
        """So many of the runs that were made to find out something, the newest first."""
        chosen = 'WHERE why = %s ORDER BY started_s DESC, name COLLATE "C" DESC LIMIT %s'
        return tuple(self._runs(chosen, [Why.EXPERIMENT.value, limit]))

    def _runs(self, chosen: str, values: list[Any]) -> Iterator[RecordedRun]:
        with self._connected() as connection:
            _need_tables(connection)
            heads = connection.execute(
                "SELECT id, name, why, number, shard, started_s, duration_s, commit_id, tree, branch, environment,"  # noqa: S608 - our own words
                f" environment_words, seed FROM bugguard_run {chosen}",  # type: ignore[arg-type,unused-ignore]
                values,
            ).fetchall()
            for row, name, why, number, shard, started_s, duration_s, *circumstances in heads:
                yield RecordedRun(
                    name, Why(why), started_s, duration_s, Circumstances(*circumstances), _attempts(connection, row),
                    number, shard,
                )  # fmt: skip

    def _rows(self, query: str, values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - psycopg's parameters
        with self._connected() as connection:
            _need_tables(connection)
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connected(self) -> Iterator[Connection[tuple[Any, ...]]]:
        """A connection with one transaction, and what goes wrong in it in our words; none of them is a password."""
        try:
            import psycopg  # noqa: PLC0415 - an extra
        except ImportError:
            raise HistoryError(
                "a history in PostgreSQL needs psycopg", hint="pip install 'pytest-bugguard[postgres]'"
            ) from None
        wait_ms = round(WAIT_S * 1000)
        try:
            with psycopg.connect(self._address, connect_timeout=CONNECT_S) as connection:
                connection.execute("SELECT set_config('lock_timeout', %s, false)", [str(wait_ms)])
                yield connection
        except psycopg.Error as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise HistoryError(
                f"the history {_shown(self._address)} cannot be used: {said[:300]}",
                hint="see whether the server runs and the address is right (variable: BUGGUARD_HISTORY)",
            ) from None


def _shown(address: str) -> str:
    """Server and database alone."""
    parts = urlsplit(address)
    return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _version(connection: Connection[tuple[Any, ...]]) -> int:
    """0: there are no tables of ours yet."""
    row = connection.execute("SELECT to_regclass('bugguard_version') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    found = connection.execute("SELECT max(version) FROM bugguard_version").fetchone()
    version = int(found[0]) if found and found[0] is not None else 0
    if version > VERSION:
        raise HistoryError("the history was made by a newer bugguard", hint="upgrade bugguard; nothing was changed")
    return version


def _migrate(connection: Connection[tuple[Any, ...]]) -> None:
    """Within a transaction and under the lock."""
    if not _version(connection):
        connection.execute(_SCHEMA)


def _need_tables(connection: Connection[tuple[Any, ...]]) -> None:
    if not _version(connection):
        raise NoRunsError("the history is empty")


def _add(connection: Connection[tuple[Any, ...]], run: RecordedRun) -> bool:
    """Take one run in. Of two that claim the same id the same one stays, whichever came first."""
    digest = digest_of(run)
    there = connection.execute(
        "SELECT id, attempts, digest FROM bugguard_run WHERE name = %s", [storable(run.id)]
    ).fetchone()
    if there is not None:
        if (len(run.attempts), digest) <= (there[1], there[2]):
            return False
        _remove(connection, there[0])
    where = run.circumstances
    row = connection.execute(
        "INSERT INTO bugguard_run (name, digest, why, number, shard, started_s, duration_s, commit_id, tree, branch,"
        " environment, environment_words, seed, is_natural, lost_ms, attempts)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            storable(run.id), digest, run.why.value, run.number, storable(run.shard), run.started_s, run.duration_s,
            *map(storable, (where.commit, where.tree, where.branch, where.environment, where.environment_words)),
            storable(where.seed), run.is_natural, lost_ms(run), len(run.attempts),
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    _add_attempts(connection, row[0], run.attempts)
    return there is None


def _add_attempts(connection: Connection[tuple[Any, ...]], run: int, attempts: Sequence[Attempt]) -> None:
    tests = _ids_of_tests(connection, sorted({storable(one.nodeid) for one in attempts}))
    failures = _ids_of_failures(connection, sorted({_kept(one.failure) for one in attempts if one.failure is not None}))
    with connection.cursor().copy("COPY bugguard_outcome FROM STDIN") as copy:
        for one in attempts:
            failure = failures[_kept(one.failure)] if one.failure is not None else None
            copy.write_row(
                (run, tests[storable(one.nodeid)], one.number, one.outcome.value, one.phase, one.duration_s,
                 storable(one.worker), one.place, failure)
            )  # fmt: skip
    connection.execute(
        f"INSERT INTO bugguard_tally AS tally {_ADDED} ON CONFLICT (test) DO UPDATE SET runs = tally.runs + 1,"
        " failures = tally.failures + excluded.failures, lost_ms = tally.lost_ms + excluded.lost_ms",
        [run],
    )


def _ids_of_tests(connection: Connection[tuple[Any, ...]], nodeids: list[str]) -> dict[str, int]:
    connection.execute("INSERT INTO bugguard_test (nodeid) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [nodeids])
    query = "SELECT nodeid, id FROM bugguard_test WHERE md5(nodeid) = ANY(SELECT md5(unnest(%s::text[])))"
    return dict(connection.execute(query, [nodeids]).fetchall())


def _ids_of_failures(
    connection: Connection[tuple[Any, ...]], kinds: list[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    found = {}
    for kind in kinds:
        connection.execute(
            "INSERT INTO bugguard_failure (kind, place, message) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", kind
        )
        row = connection.execute(
            "SELECT id FROM bugguard_failure WHERE md5(kind || E'\\n' || place || E'\\n' || message)"
            " = md5(%s::text || E'\\n' || %s::text || E'\\n' || %s::text)",
            kind,
        ).fetchone()
        assert row is not None
        found[kind] = int(row[0])
    return found


def _kept(failure: Failure) -> tuple[str, str, str]:
    return storable(failure.kind), storable(failure.place), storable(failure.message)


def _remove(connection: Connection[tuple[Any, ...]], run: int) -> None:
    connection.execute(
        "UPDATE bugguard_tally AS tally SET runs = tally.runs - 1, failures = tally.failures - gone.failures,"  # noqa: S608 - our own words
        f" lost_ms = tally.lost_ms - gone.lost_ms FROM ({_ADDED}) AS gone WHERE gone.test = tally.test",
        [run],
    )
    connection.execute("DELETE FROM bugguard_outcome WHERE run = %s", [run])
    connection.execute("DELETE FROM bugguard_run WHERE id = %s", [run])


def _forget(connection: Connection[tuple[Any, ...]], keep_s: int) -> set[str]:
    """As the file does: by the newest run, and by the clock where that one is ahead of it."""
    old = connection.execute(
        "SELECT id, name FROM bugguard_run WHERE started_s < (SELECT least(max(started_s), %s) FROM bugguard_run) - %s",
        [int(time.time()), keep_s],
    ).fetchall()
    for run, _ in old:
        _remove(connection, run)
    if old:
        connection.execute("DELETE FROM bugguard_tally WHERE runs = 0")
    return {name for _, name in old}


def _attempts(connection: Connection[tuple[Any, ...]], run: int) -> tuple[Attempt, ...]:
    rows = connection.execute(
        "SELECT nodeid, number, outcome, phase, duration_s, worker, outcome.place, kind, failure.place, message"
        " FROM bugguard_outcome AS outcome JOIN bugguard_test AS test ON test.id = outcome.test"
        " LEFT JOIN bugguard_failure AS failure ON failure.id = outcome.failure"
        ' WHERE run = %s ORDER BY nodeid COLLATE "C", number',
        [run],
    ).fetchall()
    return tuple(
        Attempt(nodeid, number, Outcome(ended), phase, taken_s, worker,
                Failure(*failure) if failure[0] is not None else None, place)
        for nodeid, number, ended, phase, taken_s, worker, place, *failure in rows
    )  # fmt: skip
