"""How fast is the history: recording 10,000 outcomes, and ranking out of ten million?

    python benchmarks/history.py [--runs 5000] [--tests 2000] [--flaky 200]

``record`` is what a run of pytest with 10,000 tests pays for being kept: the median of five, each into the same file.
The large history is made by SQL, so many runs of so many tests; each of the flaky ones fails in 2 % of its runs.
``ranking`` is all that ``bugguard flaky list`` asks of the history, and ``story`` what ``show`` does, in one process,
wall clock, the file not yet read by it.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from msgspec.structs import replace
from ratios import Ratio, tell

from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Failure, RecordedRun, Why
from pytest_bugguard.journeys import flaky

_RUN = RecordedRun("r", Why.FIRST, 1_700_000_000, 60.0, Circumstances("c" * 40, "t" * 40, "main", "e", "e"), ())
_FILL = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :runs)
INSERT INTO run SELECT i + 100, 'run-' || i, '', 'first', 1, '', 1700000000 + i * 600, 60.0, printf('%040x', i / 4),
    printf('%040x', i / 4), 'main', 'e', 'e', '', 1, 1000, :tests FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tests)
INSERT INTO test SELECT i + 100, 'tests/test_m' || (i / 50) || '.py::test_' || i FROM n;
INSERT INTO outcome SELECT run.id, test.id, 1,
    iif(test.id <= 100 + :flaky AND (run.id * 7919 + test.id * 104729) % 50 = 0, 'failed', 'passed'), 'call', 0.01, '',
    0, iif(test.id <= 100 + :flaky AND (run.id * 7919 + test.id * 104729) % 50 = 0, 1, NULL)
    FROM run CROSS JOIN test WHERE run.id > 100 AND test.id > 100;
INSERT INTO tally SELECT test, count(*), sum(outcome = 'failed'), 1000 * sum(outcome = 'failed') FROM outcome
    WHERE run > 100 GROUP BY test;
"""

PROMISED_RECORD_S, PROMISED_RANKING_S = 0.2, 1.0


def main() -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--flaky", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record_s = recording(Path(folder) / "small.db")
        path = Path(folder) / "large.db"
        fill(path, vars(options))
        store = HistoryStore(path, keep_days=3650)
        size = path.stat().st_size // 2**20
        print(f"{options.runs * options.tests:,} outcomes, {size} MiB")
        started = time.perf_counter()
        found = flaky.ranking(store, limit=20)
        ranking_s = time.perf_counter() - started
        print(f"{found.failed} tests failed")
        started = time.perf_counter()
        flaky.story(store, found.flakes[0].nodeid)
        print(f"story                    {time.perf_counter() - started:6.3f} s")
    return tell(
        Ratio("recording 10,000 outcomes", record_s, PROMISED_RECORD_S, "s"),
        Ratio(f"ranking out of {options.runs * options.tests:,} outcomes", ranking_s, PROMISED_RANKING_S, "s"),
    )


def recording(path: Path) -> float:
    """Seconds, the median of five."""
    attempts = tuple(
        Attempt(f"tests/test_{i // 50}.py::test_{i}", 1, Outcome.PASSED, "call", 0.01) for i in range(10_000)
    )
    store = HistoryStore(path, keep_days=3650)
    taken = []
    for number in range(5):
        run = replace(_RUN, id=f"run-{number}", attempts=attempts)
        started = time.perf_counter()
        store.add([run])
        taken.append(time.perf_counter() - started)
    return median(taken)


def fill(path: Path, counts: dict[str, int]) -> None:
    """A history of so many runs, by SQL."""
    failure = Failure("TimeoutError", "src/shop/net.py:41", "00")
    first = Attempt("tests/test_first.py::test", 1, Outcome.FAILED, "call", 0.01, failure=failure)
    HistoryStore(path, keep_days=3650).add([replace(_RUN, attempts=(first,))])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement in _FILL.split(";\n"):
            wanted = {name: value for name, value in counts.items() if f":{name}" in statement}
            connection.execute(statement, wanted)


if __name__ == "__main__":
    raise SystemExit(main())
