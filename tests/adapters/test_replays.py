"""Tests run again in an order of one's own, in the user's own checkout, in real processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.assembly.replays import home_of, open_replayer
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions, Replay, Replayed
from pytest_bugguard.core.runs import End
from tests.runs import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_bugguard.adapters.replayer import PytestReplayer

KINDS = '''
import asyncio, unittest
import pytest

LOG = []

@pytest.fixture
def value():
    LOG.append("up")
    yield len(LOG)
    LOG.append("down")

@pytest.mark.parametrize("text", ["a::b[c] d", "back\\\\slash", "new\\nline", "[x]::"])
def test_odd(text):
    LOG.append(text)

def test_fixture_is_made_anew(value, tmp_path, request):
    assert not list(tmp_path.iterdir())
    (tmp_path / "left").touch()
    assert LOG.count("up") == LOG.count("down") + 1

class TestUnit(unittest.TestCase):
    def setUp(self):
        self.fresh = []
    def test_sub(self):
        with self.subTest("one"):
            self.fresh.append(1)
            assert self.fresh == [1]
        LOG.append("unit")

class TestAwaiting(unittest.IsolatedAsyncioTestCase):
    async def test_await(self):
        await asyncio.sleep(0)

class TestOwn:
    def test_has_an_instance_of_its_own(self):
        assert vars(self) == {}
        self.seen = True

def shown():
    """
    >>> LOG.count("shown") < 2
    True
    >>> LOG.append("shown")
    """

def test_once():
    """A second time it fails."""
    assert LOG.count("once") == 0
    LOG.append("once")

def test_last():
    assert LOG == EXPECTED

EXPECTED = ["[x]::", "back\\\\slash", "up", "down", "up", "down", "unit", "unit", "shown", "shown", "once",
            "a::b[c] d", "new\\nline"]
'''
CRASH = """
import os, time
def test_before():
    pass
def test_dies():
    os._exit(3)
def test_hangs():
    time.sleep(600)
def test_raises():
    raise LookupError("no page 17")
def test_is_killed():
    os.kill(os.getpid(), 9)
def test_tells_its_session():
    import psutil
    raise LookupError(sum(os.getsid(process.pid) == os.getsid(0) for process in psutil.process_iter()))
"""
AROUND = """
import os
def test_around():
    assert not __import__("hypothesis").core.global_force_seed
    raise LookupError(" ".join(os.environ.get(name, "-") for name in ("PYTHONHASHSEED", "TZ", "LC_ALL", "MY_TOKEN")))
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("project")
    settings = '[tool.pytest.ini_options]\naddopts = "-x --maxfail=1 -v -p no:randomly -n 4 --doctest-modules"\n'
    write(
        top, {"pyproject.toml": settings, "t/test_kinds.py": KINDS, "t/test_ends.py": CRASH, "t/test_around.py": AROUND}
    )
    return top


@pytest.fixture(scope="module")
def replayer(project: Path) -> Iterator[PytestReplayer]:
    with open_replayer(project, home_of(project, "t", ["t"], ["--lf", "-q"])) as opened:
        yield opened


def told(done: Replayed) -> list[tuple[str, int, str]]:
    return [(one.nodeid.partition("::")[2], one.number, str(one.outcome)) for one in done.attempts]


def test_the_order_is_kept_and_what_is_named_twice_runs_twice(replayer: PytestReplayer) -> None:
    """Whatever stands in their ids; each time is a test of its own, with its own fixtures and its own outcome."""
    asked = (
        "test_odd[[x]::]",
        r"test_odd[back\\slash]",
        "test_fixture_is_made_anew",
        "test_fixture_is_made_anew",
        "TestUnit::test_sub",
        "TestUnit::test_sub",
        *2 * ["TestAwaiting::test_await"],
        *2 * ["TestOwn::test_has_an_instance_of_its_own"],
        *2 * ["test_kinds.shown"],
        "test_once",
        "test_odd[a::b[c] d]",
        r"test_odd[new\nline]",
        "test_last",
        "test_once",
        "test_gone",
    )
    done = replayer.replay(Replay(tuple(f"t/test_kinds.py::{name}" for name in asked), limit_s=60.0))
    assert done.run.end is End.FINISHED, done.run
    again = {name: 0 for name in asked if asked.count(name) > 1}
    expected = []
    for name in asked[:-1]:
        if name in again:
            again[name] += 1
        failed = name == "test_once" and again[name] == 2
        expected.append((name, again.get(name, 1), "failed" if failed else "passed"))
    assert told(done) == expected
    assert done.outcomes("t/test_kinds.py::test_once") == (Outcome.PASSED, Outcome.FAILED)
    assert done.missing == {"t/test_kinds.py::test_gone"}


@pytest.mark.parametrize(
    ("order", "limit_s", "expected", "failure"),
    [
        pytest.param(
            "raises before dies hangs", 60, ["failed", "passed", "failed"], ("crash", "crash", ""), id="death"
        ),
        pytest.param("before hangs dies", 3, ["passed", "failed"], ("crash", "hang", ""), id="hang"),
        pytest.param("raises", 60, ["failed"], ("call", "LookupError", "t/test_ends.py:10"), id="exception"),
    ],
)
def test_the_end_of_the_process_is_an_outcome_of_the_test_that_ran(
    replayer: PytestReplayer, order: str, limit_s: float, expected: list[str], failure: tuple[str, str, str]
) -> None:
    """And what would have come after it is missing, neither passed nor failed."""
    names = [f"test_{name}" for name in order.split()]
    done = replayer.replay(Replay(tuple(f"t/test_ends.py::{name}" for name in names), limit_s=limit_s))
    assert told(done) == [(name, 1, outcome) for name, outcome in zip(names, expected, strict=False)]
    last = done.attempts[-1]
    assert last.failure is not None
    assert (last.phase, last.failure.kind, last.failure.place) == failure
    assert done.missing == {f"t/test_ends.py::{name}" for name in names[len(expected) :]}


def test_conditions_and_the_users_environment_hold(
    replayer: PytestReplayer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hash seed, time zone and locale are as asked; what the user's tests need is there."""
    monkeypatch.setenv("MY_TOKEN", "mine")
    conditions = Conditions(hash_seed=7, time_zone="Pacific/Apia", locale="C.UTF-8")
    done = replayer.replay(Replay(("t/test_around.py::test_around",), conditions, limit_s=60.0))
    (case,) = done.run.cases
    assert case.raised is not None
    assert case.raised.message == "7 Pacific/Apia C.UTF-8 mine"
    assert not (project / ".pytest_cache").exists()


@pytest.mark.parametrize(("busy", "processes"), [(0, 1), (2, 4)])
def test_the_machine_is_kept_busy_in_the_session_of_the_tests(
    replayer: PytestReplayer, busy: int, processes: int
) -> None:
    """Linux shares a machine among sessions first: what is busy in another one hardly disturbs them."""
    asked = Replay(("t/test_ends.py::test_tells_its_session",), Conditions(busy=busy), limit_s=60.0)
    (case,) = replayer.replay(asked).run.cases
    assert case.raised is not None
    assert case.raised.message == str(processes)


def test_on_a_busy_machine_a_process_ends_as_it_does_elsewhere(replayer: PytestReplayer) -> None:
    """Of the signal that killed it."""
    asked = Replay(("t/test_ends.py::test_is_killed",), Conditions(busy=1), limit_s=60.0)
    done = replayer.replay(asked)
    assert (done.run.end, done.outcomes("t/test_ends.py::test_is_killed")) == (End.CRASHED, (Outcome.FAILED,))
    assert "SIGKILL" in done.run.detail


def test_tests_run_again_where_pytest_loads_no_plugin_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours is not there either then, so it need not be switched off."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    write(tmp_path, {"test_a.py": "def test_a():\n    pass\n"})
    with open_replayer(tmp_path, home_of(tmp_path, "")) as replayer:
        assert replayer.replay(Replay(("test_a.py::test_a",))).outcomes("test_a.py::test_a") == (Outcome.PASSED,)
