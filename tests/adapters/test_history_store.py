"""The history's file: no acknowledged run is lost, no damage goes unseen, and the order of arrival leaves no trace."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pytest_bugguard.adapters.history_store import HistoryError, HistoryStore
from pytest_bugguard.core.flakes import flake_of
from pytest_bugguard.core.recorded_runs import Counts, RecordedRun, Why
from tests.histories import run_of

if TYPE_CHECKING:
    from pathlib import Path

_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def store_at(path: Path, days: int = 180) -> HistoryStore:
    return HistoryStore(path, keep_days=days)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    return store_at(tmp_path / "new" / "history.db")


def content(store: HistoryStore) -> tuple[object, ...]:
    return (*store.runs(),), store.ranking(), store.counts()


def test_what_is_kept_comes_back(store: HistoryStore) -> None:
    """To the letter, the oldest first."""
    runs = (run_of("aF.", "b.", "cs"), run_of("a.", number=2, why=Why.RERUN, shard="2/4"))
    assert store.add(reversed(runs)) == 2
    assert tuple(store.runs()) == runs
    assert store.counts() == Counts(2, 2, 1)


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
