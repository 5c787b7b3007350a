"""A history in PostgreSQL: the same answers as the file, no run lost among many writers, and no password told."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import uuid4

import pytest

from pytest_bugguard.adapters.history_server import HistoryServer
from pytest_bugguard.adapters.history_store import HistoryError, HistoryStore
from pytest_bugguard.core.recorded_runs import Why
from tests import postgres
from tests.generated import TOP
from tests.histories import run_of
from tests.torture.test_loses_no_history import let_go

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WRITER = """
import sys
from msgspec.structs import replace
from pytest_bugguard.adapters.history_server import HistoryServer
from tests.histories import run_of
run = run_of("aF", "b.", id=sys.argv[2])
rows = tuple(replace(run.attempts[0], nodeid=f"t.py::test_{row}") for row in range(2000))
import psycopg
print("ready", flush=True)
sys.stdin.readline()
HistoryServer(sys.argv[1], keep_days=99).add([replace(run, attempts=rows)])
"""


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A real server. A CI that has none is set up wrongly; anywhere else it is said and skipped."""
    programs = postgres.programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql")
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgres.home(programs) as folder, postgres.server(folder) as address:
        yield address


@pytest.fixture
def address(server: str) -> str:
    """A database of the test's own: a schema that nobody else looks into."""
    import psycopg  # noqa: PLC0415 - with the server alone

    schema = f"t{uuid4().hex}"
    with psycopg.connect(server) as connection:
        connection.execute(f'CREATE SCHEMA "{schema}"')  # type: ignore[arg-type, unused-ignore] # our own name
    return f"{server}&options={quote(f'-csearch_path={schema}')}"


def test_the_server_answers_what_the_file_answers(address: str, tmp_path: Path) -> None:
    """Whatever goes in, in whatever order and however often: ranking, counts, stories and runs are the same."""
    runs = [
        run_of("aF.", "bF", "c."),
        run_of("a.", "bF", number=2),
        run_of("aF", "bs", number=2),
        run_of("bF", id="again", number=3, why=Why.RERUN),
        run_of("aF", number=24 * 399 + 2),
        run_of("b.F", number=5, why=Why.EXPERIMENT),
        run_of("bF", number=6, why=Why.EXPERIMENT),
    ]
    store, database = HistoryStore(tmp_path / "h.db", keep_days=399), HistoryServer(address, keep_days=399)
    new = [(store.add(part), database.add(part)) for part in (runs[:2], runs[::-1], runs)]
    assert [one == other for one, other in new] == [True] * 3
    assert database.notes == store.notes != []
    assert list(database.runs()) == list(store.runs())
    assert database.experiments(1) == store.experiments(1) == (runs[-1],)
    assert (database.ranking(), database.ranking(1)) == (store.ranking(), store.ranking(1))
    assert database.counts() == store.counts()
    names = [row.nodeid for row in store.ranking()]
    for text in ("tests/test_a.py", "_a.py::", "tests/test_", "%", "nothing"):
        assert database.mentioning(text) == store.mentioning(text)
    assert {key: set(seen) for key, seen in database.sightings(names).items()} == {
        key: set(seen) for key, seen in store.sightings(names).items()
    }


def test_the_order_of_arrival_leaves_no_trace(address: str) -> None:
    """Of two runs that claim one id the same stays, whichever came first."""
    runs = [run_of("aF", "b."), run_of("aF"), run_of("c.", number=2)]
    for order in itertools.permutations(runs):
        database = HistoryServer(address, keep_days=9)
        database.add(order)
        assert list(database.runs()) == [runs[0], runs[2]]
    assert database.ranking()[0].failures == 1


def test_odd_texts_are_stored(address: str) -> None:
    """Of any length, with any character."""
    from msgspec.structs import replace  # noqa: PLC0415

    run = run_of("aF")
    odd = replace(run.attempts[0], nodeid="t.py::test[a\0b\udcff\n%s::" + "x" * 9000 + "]")
    database = HistoryServer(address, keep_days=9)
    database.add([replace(run, attempts=(odd,))])
    (kept,) = (one.nodeid for found in database.runs() for one in found.attempts)
    assert kept.startswith("t.py::test[a\\x00b\\udcff\n%s::x")
    assert len(database.sightings([odd.nodeid])[odd.nodeid]) == 1


def test_eight_writers_lose_nothing(address: str) -> None:
    """Eight processes at once, into a database that has no tables yet."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, address, f"w{number}"],
            cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    let_go(writers)
    for one in writers:
        one.communicate(timeout=120)
    assert [one.wait(timeout=120) for one in writers] == [0] * 8
    database = HistoryServer(address, keep_days=9)
    assert {(run.id, len(run.attempts)) for run in database.runs()} == {(f"w{number}", 2000) for number in range(8)}
    assert {row[1:3] for row in database.ranking()} == {(8, 8)}


def test_a_newer_history_is_left_alone(address: str) -> None:
    """And an empty one is no history."""
    import psycopg  # noqa: PLC0415

    database = HistoryServer(address, keep_days=9)
    with pytest.raises(HistoryError, match="is empty"):
        database.counts()
    database.add([run_of("a.")])
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE bugguard_version SET version = 99")
    for act in (lambda: database.add([run_of("b.", number=2)]), database.counts):
        with pytest.raises(HistoryError, match="newer bugguard"):
            act()


def test_a_server_that_is_gone_is_told_without_the_password(tmp_path: Path) -> None:
    """In one line that names host and database."""
    database = HistoryServer(f"postgresql://ci:geheim@/shop?host={tmp_path}", keep_days=9)
    with pytest.raises(HistoryError) as caught:
        database.add([run_of("a.")])
    assert "postgresql:///shop cannot be used" in str(caught.value)
    assert "geheim" not in str(caught.value) + caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_server_that_says_nothing_is_waited_for_in_vain_for_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the address asks for: a run of pytest waits for its end."""
    import psycopg  # noqa: PLC0415 - as above

    asked: dict[str, object] = {}

    def connect(_address: str, **options: object) -> None:
        asked.update(options)
        raise psycopg.OperationalError("connection timeout expired")

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(HistoryError, match="connection timeout expired"):
        HistoryServer("postgresql://ci@192.0.2.1/shop?connect_timeout=600", keep_days=9).counts()
    assert asked == {"connect_timeout": 5}
