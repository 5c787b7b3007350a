"""What a hunt has tried is written in lines, and read again as it was."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.hunt_log import Reading, Writing, key_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions, Replay
from pytest_bugguard.core.runs import Case, End, Frame, Raised, TestRun, Uncollected
from tests.trials import raised

GONE = Raised(
    "shop.net.GoneError", (), "no \udcff\n page", (Frame("t.py", 3, "test", True), Frame("/x.py", 1, "f", False))
)
ASKED = Replay(("a.py::x", "b.py::z"), Conditions(hash_seed=7))
RUNS = [
    TestRun(End.FINISHED),
    TestRun(
        End.CRASHED,
        (
            Case("a.py::x", Outcome.PASSED, duration_s=0.25),
            Case('b.py::"\udcff\n"', Outcome.FAILED, "setup", GONE, "why", 3.000001, number=2),
        ),
        ("b.py::z", "a.py::x"),
        (Uncollected("c.py", None), Uncollected("\udcff.py", None)),
        running="b.py::z",
        detail="SIGSEGV",
        duration_s=1.5,
    ),
    TestRun(End.FINISHED, (Case("b.py::z", Outcome.SKIPPED, "call", None, "no network"),), ("b.py::z",)),
    TestRun(End.NOT_STARTED, (), ("c.py::y", "a.py::x"), detail="no such option"),
    TestRun(End.FINISHED, (Case("c.py::y", Outcome.FAILED, "teardown", replace(GONE, frames=())),), ("c.py::y",)),
]


@pytest.mark.parametrize("first", range(len(RUNS) + 1))
def test_what_is_written_is_read_again(first: int) -> None:
    """To the letter; and so is what a later process writes behind it, which has read those lines."""
    before, reading, after = Writing(), Reading(), Writing()
    rows = [before.row(ASKED, run) for run in RUNS[:first]]
    for row in rows:
        reading.run(row)
        after.learn(reading)
    rows += [after.row(ASKED, run) for run in RUNS[first:]]
    assert not any("\n" in row for row in rows)
    again = Reading()
    assert [again.run(row) for row in rows] == [(key_of(ASKED), run) for run in RUNS]


def test_times_are_kept_to_the_microsecond() -> None:
    """More is noise, of which a long log would be full."""
    case = Case("a.py::x", Outcome.PASSED, duration_s=0.1234567)
    _, run = Reading().run(Writing().row(ASKED, TestRun(End.FINISHED, (case,), duration_s=7.6543219)))
    assert (run.cases[0].duration_s, run.duration_s) == (0.123457, 7.654322)


def test_a_test_is_spelt_once() -> None:
    """A hunt of a large suite runs the same tests a thousand times."""
    writing, run = Writing(), TestRun(End.FINISHED, (Case("a.py::x", Outcome.PASSED),), ("a.py::x", "a.py::y"))
    rows = [writing.row(ASKED, run), writing.row(ASKED, run)]
    assert [json.loads(row)["new"] for row in rows] == [["a.py::x", "a.py::y"], []]
    assert "a.py" not in rows[1]


def test_a_file_that_skips_itself_is_not_told_of() -> None:
    """Its tests are not for here: nobody has to mend it."""
    skips = raised("_pytest.outcomes.Skipped")
    files = (Uncollected("a.py", skips), Uncollected("b.py", raised("SyntaxError")))
    _, run = Reading().run(Writing().row(ASKED, TestRun(End.FINISHED, uncollected=files)))
    assert [one.path for one in run.uncollected] == ["b.py"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Replay(("b.py::z", "a.py::x"), Conditions(hash_seed=7)), id="another-order"),
        pytest.param(Replay(("a.py::x", "b.py::z"), Conditions(hash_seed=8)), id="another-seed"),
        pytest.param(Replay(("a.py::x", "b.py::z"), Conditions(hash_seed=7), is_typed=True), id="typed"),
        pytest.param(Replay((), Conditions(hash_seed=7), paths=("a.py", "b.py")), id="other-places"),
    ],
)
def test_only_what_is_asked_alike_has_one_key(other: Replay) -> None:
    """How long it may take is no part of the question."""
    assert key_of(other) != key_of(ASKED)
    assert key_of(Replay(ASKED.tests, ASKED.conditions, limit_s=1.0)) == key_of(ASKED)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("", id="empty"),
        pytest.param('{"key": "1", "new": ["a"], "cas', id="cut-off"),
        pytest.param("[]", id="another-kind"),
        pytest.param("{}", id="nothing-in-it"),
        pytest.param('{"key": "1", "first": 0, "new": [], "cases": [], "collected": [0]}', id="not-named"),
        pytest.param('{"key": "1", "first": 1, "new": ["a"], "cases": [], "collected": [0]}', id="named-in-a-lost-one"),
        pytest.param('{"key": "1", "first": 0, "new": ["a"], "cases": [[0]], "collected": []}', id="half-a-case"),
        pytest.param(
            '{"key": "1", "first": 0, "new": [], "cases": [], "collected": [], "uncollected": [], "end": "?"}',
            id="unknown-end",
        ),
    ],
)
def test_any_other_line_is_refused(row: str) -> None:
    """So that the hunt runs anew what it has told."""
    with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
        Reading().run(row)
