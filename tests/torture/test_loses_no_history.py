"""Promise 6: recorded history that was acknowledged is never lost or torn."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import history_rows, history_store
from pytest_bugguard.adapters.history_store import HistoryError, HistoryStore
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt
from tests.generated import TOP
from tests.histories import run_of
from tests.torture.faults import full_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_WRITER = """
import os, signal, sys, time
from pathlib import Path
from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt
from tests.histories import run_of
from tests.torture.faults import full_disk

path = Path(sys.argv[1])

def write(name, rows):
    attempts = tuple(Attempt(f"test_{n}", 1, Outcome.PASSED, "call", 0.1) for n in range(rows))
    HistoryStore(path, keep_days=180).add([run_of(id=name, attempts=attempts)])
"""
_ONE = f"{_WRITER}\nprint('ready', flush=True)\nsys.stdin.readline()\nwrite(sys.argv[2], 2000)\nprint(sys.argv[2])"
_KILLED = f"""{_WRITER}
for kill in range(int(sys.argv[2])):
    read, end = os.pipe()
    pid = os.fork()
    if not pid:
        for number in range(10_000):
            write(f"w{{kill}}-{{number}}", 20)
            os.write(end, f"w{{kill}}-{{number}}\\n".encode())
    os.close(end)
    with open(read) as told:
        for _ in range(1 + kill % 4):
            print(told.readline(), end="")
        time.sleep(kill % 10 / 2000)  # somewhere in the transaction, each time elsewhere
        os.kill(pid, signal.SIGKILL)
        print("".join(line for line in told if line.endswith("\\n")), end="")
    os.waitpid(pid, 0)
"""


def store_at(path: Path) -> HistoryStore:
    return HistoryStore(path, keep_days=180)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return store_at(tmp_path / "new" / "history.db")


def names_in(folder: Path) -> list[str]:
    """What a folder shows."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".gitignore")


def writer(path: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _ONE, str(path), name],
        cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def let_go(writers: Sequence[subprocess.Popen[str]]) -> None:
    """All of them, as soon as each has imported what it needs: else the first is done before the last begins."""
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in writers:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()


@pytest.mark.parametrize("is_damaged", [False, True], ids=["new", "damaged"])
def test_eight_writers_lose_nothing(tmp_path: Path, *, is_damaged: bool) -> None:
    """Eight processes with 2,000 outcomes each, at once: they make the file, or move a damaged one aside, once."""
    path = tmp_path / "history.db"
    if is_damaged:
        store_at(path).add([run_of("a.")])
        _garbage(path)
    writers = [writer(path, f"w{number}") for number in range(8)]
    let_go(writers)
    told = [one.communicate(timeout=60)[0] for one in writers]
    assert told == [f"w{number}\n" for number in range(8)]
    runs = list(store_at(path).runs())
    assert sorted(run.id for run in runs) == [f"w{number}" for number in range(8)]
    assert {len(run.attempts) for run in runs} == {2000}
    others = [name for name in names_in(tmp_path) if name != path.name]
    assert [name.partition("-")[0] for name in others] == ["history.db.corrupt"] * is_damaged


def test_nobody_else_writes_while_the_tables_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that both find a new file would both make them, and one of the two would fail."""
    path = tmp_path / "history.db"
    make = history_rows.make_tables

    def made(connection: sqlite3.Connection) -> None:
        with closing(sqlite3.connect(path, timeout=0)) as other, pytest.raises(sqlite3.OperationalError, match="lock"):
            other.execute("BEGIN IMMEDIATE")
        make(connection)

    monkeypatch.setattr(history_rows, "make_tables", made)
    assert store_at(path).add([run_of("a.")]) == 1


def test_who_looked_before_another_moved_it_moves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What took the damaged file's place holds runs that were acknowledged."""
    path = tmp_path / "history.db"
    path.write_bytes(b"garbage" * 4096)
    seen = history_store._identity(path)
    assert store_at(path).add([run_of("a.")]) == 1
    monkeypatch.setattr(history_store, "_identity", lambda _: seen)
    monkeypatch.setattr(history_store, "MOVED_S", 0.0, raising=False)
    store_at(path)._move_aside(seen)
    monkeypatch.undo()
    assert len(list(store_at(path).runs())) == 1


def test_a_mover_that_was_killed_is_in_nobodys_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It had claimed the damaged file, and never moved it."""
    path = tmp_path / "history.db"
    path.write_bytes(b"garbage" * 4096)
    changed_ns, inode = path.stat().st_mtime_ns, path.stat().st_ino
    (tmp_path / f"history.db.corrupt-{changed_ns // 1_000_000_000}-{inode}").touch()
    monkeypatch.setattr(history_store, "MOVED_S", 0.0)
    assert store_at(path).add([run_of("a.")]) == 1
    assert len(names_in(tmp_path)) == 2


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_sudden_death_loses_no_run_that_was_acknowledged(tmp_path: Path) -> None:
    """Killed while it writes, sixty times: what it said was kept is whole, and nothing is there by half."""
    path, kills = tmp_path / "history.db", 60
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(kills)], cwd=TOP, capture_output=True, text=True, check=True
    )
    told = set(done.stdout.split())
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
    assert list(left.runs()) == list(store.runs())
    assert names_in(left.path.parent) == ["history.db"]


@pytest.mark.skipif(os.name != "posix", reason="sets a limit of the system")
def test_a_disk_that_is_full_loses_nothing_that_was_kept(store: HistoryStore) -> None:
    """Wherever it fills up within a transaction: the run is kept whole, or refused in words, and the file is sound."""
    kept = ["run-1"]
    store.add([run_of("a.", "bF")])
    size, refused = store.path.stat().st_size, 0
    attempts = tuple(Attempt(f"test_{n}", 1, Outcome.PASSED, "call", 0.1) for n in range(2000))
    for step, limit in enumerate((*range(0, 12_288, 1024), *range(size, size + 200_000, 20_480), 1 << 30)):
        run = run_of(id=f"big-{step}", attempts=attempts)
        with full_disk(limit):
            try:
                store.add([run])
                kept.append(run.id)
            except HistoryError:
                refused += 1
        assert sorted(one.id for one in store.runs()) == sorted(kept)
    assert refused > 12
    assert len(kept) > 1
    assert not store.notes


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
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (it TEXT)")


def _of_the_future(path: Path) -> None:
    store_at(path).add([run_of("a.")])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _changed(path: Path, script: str) -> None:
    store_at(path).add([run_of("a.F")])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


_ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x"
_A_VIEW = f"DROP TABLE tally; CREATE VIEW tally AS {_ENDLESS} AS test, 1 AS runs, 1 AS failures, 1 AS lost_ms FROM n"
_A_TRIGGER = "CREATE TRIGGER undone AFTER INSERT ON run BEGIN DELETE FROM run; END"
_GENERATED = "ALTER TABLE test ADD COLUMN more AS (hex(zeroblob(1000000000)))"


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(_of_others, "the database of another program", id="foreign"),
        pytest.param(_of_the_future, "written by a newer bugguard", id="newer"),
        pytest.param(_a_folder, "cannot be used", id="folder"),
        pytest.param(partial(_changed, script=_A_VIEW), "has other tables than bugguard makes", id="endless-view"),
        pytest.param(partial(_changed, script=_A_TRIGGER), "has other tables than bugguard makes", id="trigger"),
        pytest.param(partial(_changed, script=_GENERATED), "has other tables than bugguard makes", id="generated"),
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


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE run SET why = 'for fun'", id="word"),
        pytest.param("UPDATE run SET started_s = 'soon'", id="number"),
        pytest.param("UPDATE outcome SET outcome = 'exploded'", id="outcome"),
        pytest.param("UPDATE test SET nodeid = x'ff'", id="bytes"),
    ],
)
def test_what_nobody_of_ours_has_written_is_told(tmp_path: Path, change: str) -> None:
    """The tables are ours, and what stands in them is not."""
    path = tmp_path / "history.db"
    _changed(path, change)
    with pytest.raises(HistoryError, match="holds what no bugguard writes"):
        list(store_at(path).runs())


def test_what_sqlite_adds_on_demand_is_no_harm(store: HistoryStore) -> None:
    """Somebody has had it analysed."""
    store.add([run_of("a.F")])
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("ANALYZE")
    assert store.add([run_of("b.F", number=2)]) == 1
