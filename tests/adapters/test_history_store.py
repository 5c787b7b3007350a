"""The history's file: no acknowledged run is lost, no damage goes unseen, and the order of arrival leaves no trace."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.history_store import HistoryError, HistoryStore
from pytest_bugguard.core.flakes import flake_of
from pytest_bugguard.core.recorded_runs import Counts, RecordedRun, Why
from tests.generated import TOP
from tests.histories import run_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
_WRITER = """
import sys
from pathlib import Path
from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt
from tests.histories import run_of
path, name, runs, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
attempts = tuple(Attempt(f"test_{n}", 1, Outcome.PASSED, "call", 0.1) for n in range(rows))
for number in range(runs):
    HistoryStore(path, keep_days=180).add([run_of(id=f"{name}-{number}", attempts=attempts)])
    print(f"{name}-{number}", flush=True)
"""


def store_at(path: Path, days: int = 180) -> HistoryStore:
    return HistoryStore(path, keep_days=days)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return store_at(tmp_path / "new" / "history.db")


def content(store: HistoryStore) -> tuple[object, ...]:
    return (*store.runs(),), store.ranking(), store.counts()


def writer(path: Path, name: str, *, runs: int, rows: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", _WRITER, str(path), name, str(runs), str(rows)]
    return subprocess.Popen(arguments, cwd=TOP, stdout=subprocess.PIPE, text=True)


def test_what_is_kept_comes_back(store: HistoryStore) -> None:
    """To the letter, the oldest first."""
    runs = (run_of("aF.", "b.", "cs"), run_of("a.", number=2, why=Why.RERUN, shard="2/4"))
    assert store.add(reversed(runs)) == 2
    assert tuple(store.runs()) == runs
    assert store.counts() == Counts(2, 2, 1)


def names_in(folder: Path) -> list[str]:
    """What a folder shows."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".gitignore")


def test_runs_that_are_there_already_change_nothing(store: HistoryStore) -> None:
    """CI artefacts are imported again and again."""
    store.add([run_of("aF")])
    before = content(store)
    assert store.add([run_of("aF"), run_of("aF")]) == 0
    assert content(store) == before


def test_the_order_of_arrival_leaves_no_trace(tmp_path: Path) -> None:
    """In any order, twice or not, also of runs that are too old to keep, or that claim the id of another."""
    runs = [
        run_of("aF", "b."),
        run_of("a.", "bF", number=2),
        run_of("aF", number=2),
        run_of("aF", number=24 * 399 + 2),
    ]
    found = []
    for place, order in enumerate(itertools.permutations(runs)):
        store = store_at(tmp_path / f"{place}.db", days=399)
        for run in order[: 1 + place % 3]:
            store.add([run])
        store.add([*order, order[0]])
        found.append(content(store))
    assert all(one == found[0] for one in found)
    assert [run.id for run in found[0][0]] == ["run-2", "run-9578"]  # type: ignore[attr-defined]


def test_a_run_from_the_future_lets_nothing_go(store: HistoryStore) -> None:
    """A clock that is wrong somewhere must not cost the history."""
    now = replace(run_of("a."), started_s=int(time.time()))
    store.add([now, replace(run_of("b.", number=2), started_s=1 << 61)])
    assert store.counts()[0] == 2


def test_the_ranking_knows_first_runs_alone(store: HistoryStore) -> None:
    """Reruns, repeats and experiments are kept and not counted; a run's time is shared among what failed in it."""
    store.add(
        [
            run_of("aF.", "bF", "c."),
            run_of("aF", "b.", number=2),
            run_of("bF", id="again", number=3, why=Why.RERUN),
            replace(run_of("bF", number=4), number=2),
        ]
    )
    assert [tuple(row) for row in store.ranking()] == [
        ("tests/test_a.py::test", 2, 2, 90_000),
        ("tests/test_b.py::test", 2, 1, 30_000),
    ]
    assert [row.nodeid for row in store.ranking(1)] == ["tests/test_a.py::test"]


def test_experiments_come_alone_and_the_newest_first(store: HistoryStore) -> None:
    """So many of them, with all that was recorded."""
    made = [run_of("aF.", number=number, why=Why.EXPERIMENT) for number in (1, 3, 2)]
    store.add([*made, run_of("aF", number=4)])
    assert store.experiments(2) == (made[1], made[2])


def test_the_story_of_a_test_agrees_with_the_ranking(store: HistoryStore) -> None:
    """Two ways through the file, one number."""
    store.add([run_of("aF.", "bF"), run_of("a.", "b.", number=2), run_of("as", number=3)])
    for row in store.ranking():
        flake = flake_of(row.nodeid, store.sightings([row.nodeid])[row.nodeid])
        assert (flake.rate.runs, flake.rate.failures, flake.lost_s * 1000) == row[1:]


def test_eight_writers_lose_nothing(tmp_path: Path) -> None:
    """Eight processes with 2,000 outcomes each, at once, into a file that is not there yet."""
    path = tmp_path / "history.db"
    writers = [writer(path, f"w{number}", runs=1, rows=2000) for number in range(8)]
    told = [one.communicate(timeout=60)[0] for one in writers]
    assert told == [f"w{number}-0\n" for number in range(8)]
    runs = list(store_at(path).runs())
    assert sorted(run.id for run in runs) == [f"w{number}-0" for number in range(8)]
    assert {len(run.attempts) for run in runs} == {2000}
    assert [path.name for path in tmp_path.iterdir()] == ["history.db"]


def test_sudden_death_loses_no_run_that_was_acknowledged(tmp_path: Path) -> None:
    """Killed while it writes, a dozen times or ``BUGGUARD_KILLS``: what it said was kept is whole, nothing by half."""
    path = tmp_path / "history.db"
    told: set[str] = set()
    kills = int(os.environ.get("BUGGUARD_KILLS", "12"))
    for number in range(kills):
        with writer(path, f"w{number}", runs=10_000, rows=20) as one:
            assert one.stdout is not None
            told.update(one.stdout.readline().strip() for _ in range(1 + number % 4))
            one.send_signal(signal.SIGKILL)
            told.update(line.strip() for line in one.stdout if line.endswith("\n"))
    runs = {run.id: len(run.attempts) for run in store_at(path).runs()}
    assert told <= set(runs)
    assert len(told) >= kills
    assert set(runs.values()) == {20}
    assert store_at(path).add([run_of("a.")]) == 1


def test_what_a_killed_writer_left_is_put_right_by_whoever_reads(store: HistoryStore, tmp_path: Path) -> None:
    """Its journal lies beside the file: what it had not finished is taken back, and all that was kept is there."""
    store.add([run_of("a.")])
    with closing(sqlite3.connect(store.path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")  # so that it begins to write before it has come to its end
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE half AS WITH RECURSIVE n(x) AS (VALUES(0) UNION ALL SELECT x+1 FROM n LIMIT 500) "
                       "SELECT x, randomblob(400) FROM n")  # fmt: skip
        shutil.copytree(store.path.parent, tmp_path / "killed")
        writer.execute("ROLLBACK")
    left = store_at(tmp_path / "killed" / "history.db")
    assert names_in(left.path.parent) == ["history.db", "history.db-journal"]
    assert content(left) == content(store)
    assert names_in(left.path.parent) == ["history.db"]


def _garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    page = int.from_bytes(raw[16:18])
    for place in range(page + 2, page + 12):  # the header of the second page, where the first table begins
        raw[place] ^= 0xFF
    path.write_bytes(raw)


def _pointer(path: Path) -> None:
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")


def _few_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:10])


def _json(path: Path) -> None:
    path.write_text('{"tests": []}\n' * 100)


@pytest.mark.parametrize("harm", [_garbage, _cut, _flipped, _pointer, _few_bytes, _json])
def test_a_damaged_file_is_moved_aside_and_said(store: HistoryStore, harm: Callable[[Path], None]) -> None:
    """The run is recorded in a new one; what was there is kept for whoever can mend it."""
    store.add([run_of("a.", "bF", number=number) for number in range(1, 40)])
    harm(store.path)
    damaged = store.path.read_bytes()
    assert store.add([run_of("aF", number=99)]) == 1
    assert [run.id for run in store.runs()] == ["run-99"]
    (note,) = store.notes
    (aside,) = store.path.parent.glob("history.db.*")
    assert aside.name.startswith("history.db.corrupt-")
    assert aside.name in note
    assert aside.read_bytes() == damaged


def test_a_damaged_file_is_not_read_as_if_it_were_sound(store: HistoryStore) -> None:
    """Reading moves nothing; it says what the next recorded run will do."""
    store.add([run_of("a.")])
    _garbage(store.path)
    with pytest.raises(HistoryError, match="is damaged"):
        store.counts()
    assert names_in(store.path.parent) == ["history.db"]


def test_an_empty_file_is_a_new_history(store: HistoryStore) -> None:
    """As ``mktemp`` and a failed copy leave one."""
    store.path.parent.mkdir()
    store.path.touch()
    with pytest.raises(HistoryError, match="is empty"):
        store.counts()
    assert store.add([run_of("a.")]) == 1
    assert not store.notes


def _of_others(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (it TEXT)")


def _of_the_future(path: Path) -> None:
    store_at(path).add([run_of("a.")])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(_of_others, "the database of another program", id="foreign"),
        pytest.param(_of_the_future, "written by a newer bugguard", id="newer"),
        pytest.param(_a_folder, "cannot be used", id="folder"),
    ],
)
def test_what_is_not_ours_stays_as_it_is(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    """Refused for writing and for reading, byte for byte as before."""
    path = tmp_path / "history.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for act in (lambda: store_at(path).add([run_of("a.")]), store_at(path).counts):
        with pytest.raises(HistoryError, match=said):
            act()
    assert (path.read_bytes() if path.is_file() else None) == before
    assert [one.name for one in tmp_path.iterdir()] == ["history.db"]


def test_what_cannot_be_written_can_be_read(store: HistoryStore) -> None:
    """A history in a read-only folder, as a CI's cache may be."""
    store.add([run_of("aF")])
    store.path.chmod(0o444)
    store.path.parent.chmod(0o555)
    try:
        assert store.counts() == Counts(1, 1, 1)
        if not _IS_ROOT:
            with pytest.raises(HistoryError, match="cannot be used"):
                store.add([run_of("a.", number=2)])
    finally:
        store.path.parent.chmod(0o755)


def test_a_run_is_kept_whole_or_not_at_all(store: HistoryStore) -> None:
    """One that cannot be stored takes the others of its call with it, and nothing else."""
    store.add([run_of("a.")])
    twice = run_of("a.", number=3)
    with pytest.raises(HistoryError):
        store.add([run_of("a.", number=2), replace(twice, attempts=twice.attempts * 2)])
    assert [run.id for run in store.runs()] == ["run-1"]


def test_odd_texts_are_stored(store: HistoryStore) -> None:
    """Parameter ids hold NUL, lone surrogates, newlines, brackets and colons."""
    run: RecordedRun = run_of("a.")
    odd = replace(run.attempts[0], nodeid="t.py::test[a\0b\udcff\n::]")
    store.add([replace(run, attempts=(odd,))])
    assert [one.nodeid for found in store.runs() for one in found.attempts] == ["t.py::test[a\\x00b\\udcff\n::]"]
    assert len(store.sightings([odd.nodeid])[odd.nodeid]) == 1
