"""A test that failed is run again in fresh processes, and told apart; the failure stays where it was."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core.recorded_runs import Why
from tests.doors.shop import GUARDING
from tests.doors.test_plugin_history import kept

if TYPE_CHECKING:
    from tests.doors.shop import Shop

UNSTEADY = r"""
import asyncio, ctypes, os, pathlib, unittest
import pytest

SEEN = []

def once(name):
    place = pathlib.Path(os.environ["MARKS"], name)
    if not place.exists():
        place.touch()
        return True

def test_pollutes():
    SEEN.append(1)

@pytest.mark.parametrize("value", ["a[::] b\\c\n'd\" --x"])
def test_victim(value):
    assert not SEEN

def test_broken():
    assert 1 == 2

@pytest.fixture
def server():
    yield
    assert not once("teardown")

def test_teardown(server):
    pass

def test_parts(subtests):
    with subtests.test("one"):
        assert not once("parts")

def test_exit():
    if once("exit"):
        os._exit(3)

def test_segfault():
    if once("segfault"):
        ctypes.string_at(0)

@pytest.fixture(scope="session")
def database():
    if once("database"):
        raise ConnectionError("it did not come up")

def test_session(database):
    pass

@pytest.fixture
def client():
    assert not once("set-up")

def test_set_up(client):
    pass

class TestUnit(unittest.IsolatedAsyncioTestCase):
    def test_unit(self):
        with self.subTest("one"):
            self.assertFalse(once("unit"))

    async def test_awaiting(self):
        await asyncio.sleep(0)
        self.assertFalse(once("awaiting"))

def test_sound():
    pass
"""
LEAKING = """
import os

def test_needs():
    assert "READY" in os.environ

def test_leaks():
    os.environ["READY"] = "1"
    del os.environ["SET_BEFORE"]
"""
REPEATING = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for again in (False, True):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        for report in reports:
            if report.failed and not again:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        if not failed:
            break
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
"""What pytest-rerunfailures does: a test that failed is run once more, and its first reports are renamed."""
ASKED = ("--bugguard", "--bugguard-base", "main", "--bugguard-reruns=3")


@pytest.fixture
def unsteady(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Tests that fail in one run and not in the next, each in a way of its own."""
    monkeypatch.setenv("MARKS", str(tmp_path_factory.mktemp("marks")))
    shop.repo.write("tests/test_unsteady.py", UNSTEADY)
    shop.repo.commit("test: all kinds")
    shop.repo.git("branch", "-f", "main", "HEAD")
    shop.fix(GUARDING)
    return shop


def told(shop: Shop) -> dict[str, tuple[str, str]]:
    """Verdict and reason of each test that failed, by the JSON of the run."""
    document = json.loads((shop.repo.path / "b.json").read_text(encoding="utf-8"))
    return {one["nodeid"].partition("::")[2]: (one["verdict"], one["reason"]) for one in document["flaky"]}


def test_what_failed_is_told_apart(unsteady: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under xdist with workers that die: each phase, subtests, unittest, odd parameters; each by what it depends on."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # plugins of others take longer than all of this
    loaded = ("-p", "xdist", "-p", "bugguard")
    result = unsteady.run_apart(
        *loaded, *ASKED, "--bugguard-json=b.json", "--junitxml=j.xml", "-n1", "-k", "not broken"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = told(unsteady)
    victim = next(name for name in found if name.startswith("test_victim"))
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        victim: "order-dependent",
        **dict.fromkeys(
            ["test_teardown", "test_parts", "test_exit", "test_segfault", "test_session", "test_set_up"], "flaky"
        ),
        **dict.fromkeys(["TestUnit::test_unit", "TestUnit::test_awaiting"], "flaky"),
    }
    assert found[victim][1].startswith("passed 3 of 3 times alone, and failed 3 of 3 times after what ran before it")
    assert found["test_parts"][1] == "failed 1 of 3 times on the same code"
    result.stdout.fnmatch_lines(
        ["FLAKY      tests/test_unsteady.py::test_teardown   failed 1 of 3 times*", "*next: bugg*"]
    )
    assert (unsteady.repo.path / "j.xml").read_text(encoding="utf-8").count("<failure") >= 3, "no failure is hidden"
    first, again = sorted(kept(unsteady), key=lambda run: run.why is Why.RERUN)
    assert (again.why, again.is_natural, again.circumstances) == (Why.RERUN, False, first.circumstances)
    outcomes = {(one.nodeid.partition("::")[2], one.number): str(one.outcome) for one in again.attempts}
    assert [outcomes["test_parts", number] for number in (1, 2)] == ["passed"] * 2
    assert [outcome for (name, _), outcome in outcomes.items() if name == victim] == ["failed"] * 3


@pytest.mark.parametrize(
    ("more", "options", "code", "said"),
    [
        pytest.param("", (), 1, "FLAKY *", id="fail"),
        pytest.param('on-flaky = "warn"\n', (), 0, "FLAKY *", id="warn"),
        pytest.param('on-flaky = "warn"\n', ("-x",), 1, "FLAKY *", id="not-all-was-run"),
        pytest.param('on-flaky = "warn"\n', ("-k", "parts or broken or last"), 1,
                     "FAILING *; it failed on the base too", id="one-is-broken"),
        pytest.param('on-flaky = "warn"\nmax-failures = 1\n', ("-k", "parts or teardown or last"), 1,
                     "note: 2 tests failed: of more than 1 none is run again*", id="too-many"),
        pytest.param('on-flaky = "warn"\nreruns = 0\n', ("--bugguard-reruns=0",), 1, "*1 guarded =*", id="off"),
    ],
)  # fmt: skip
def test_the_settings_say_what_a_flaky_test_does(
    unsteady: Shop, more: str, options: tuple[str, ...], code: int, said: str
) -> None:
    """It fails the run, or is warned of; whatever else failed fails it in any case."""
    unsteady.settings(f"[flaky]\n{more}")
    result = unsteady.run(*ASKED, "-k", "parts or last", *options)
    assert result.ret == code
    result.stdout.fnmatch_lines([said, "*failed*"])


def test_what_another_plugin_has_rescued_is_told(unsteady: Shop) -> None:
    """It passed at last, so pytest is content; it is flaky all the same, and not run once more."""
    unsteady.repo.write("conftest.py", REPEATING)
    result = unsteady.run(*ASKED, "-k", "teardown or last", "--bugguard-json=b.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    said = "failed 1 of 2 times in one process, where another plugin repeats it"
    assert told(unsteady) == {"test_teardown": ("flaky", said)}


def test_a_test_that_another_plugin_has_rescued_guards_nothing(shop: Shop) -> None:
    """It is flaky, whatever is made of flaky tests besides."""
    shop.repo.write("conftest.py", REPEATING)
    shop.fix(f"TRIES = []\n{GUARDING}    assert TRIES.append(1) or len(TRIES) > 1\n")
    shop.settings('[flaky]\non-flaky = "warn"\n')
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["UNSTABLE *", "*test_last_page failed 1 of 2 times in this run, and passed when another plugin repeated it"]
    )


def test_what_tests_leave_in_the_environment_reaches_no_rerun(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh process is one without it: what fails in each of them is not flaky. The session keeps what it has."""
    monkeypatch.setenv("SET_BEFORE", "1")
    monkeypatch.setenv("READY", "1")
    monkeypatch.delenv("READY")
    shop.repo.write("tests/test_leaking.py", LEAKING)
    result = shop.run(*ASKED, "--bugguard-json=b.json", "tests/test_leaking.py")
    verdict, reason = told(shop)["test_needs"]
    assert verdict == "failing"
    assert "it runs what the change touched: tests/test_leaking.py; the base does not have it" in reason
    assert "FLAKY" not in result.stdout.str()
    assert "READY" in os.environ
    assert "SET_BEFORE" not in os.environ


def test_a_test_in_quarantine_that_fails_as_it_may_is_not_run_again(unsteady: Shop) -> None:
    """Its failure is known."""
    unsteady.settings(
        '[[quarantine]]\ntest = "tests/test_unsteady.py::test_broken"\nowner = "a"\nreason = "b"\n'
        'expires = 9999-12-31\nfailures = ["AssertionError at tests/test_unsteady.py::test_broken"]\n'
    )
    result = unsteady.run(*ASKED, "-k", "broken or last", "--bugguard-json=b.json")
    assert (result.ret, told(unsteady)) == (0, {})


def test_a_number_of_reruns_below_none_is_refused(unsteady: Shop) -> None:
    """As any wrong usage."""
    result = unsteady.run("--bugguard", "--bugguard-reruns=-1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*bugguard: --bugguard-reruns: found -1, needs 0 or more"])


@pytest.mark.parametrize(
    ("guarding", "code", "said"),
    [
        pytest.param(GUARDING, 0, "note: burn-in: 1 test that guards passed 6 times: a failure rate above*", id="ok"),
        pytest.param(f"SEEN = []\n{GUARDING}    assert SEEN.append(1) or len(SEEN) < 2\n", 1,
                     "*test_last_page failed in run 2 of its burn-in with Asse*test_last.py:6, the second time in*",
                     id="spent"),
    ],
)  # fmt: skip
def test_a_test_is_burned_in_before_it_may_guard(shop: Shop, guarding: str, code: int, said: str) -> None:
    """It ran green once; what more runs show of it decides."""
    shop.fix(guarding)
    result = shop.run("--bugguard", "--bugguard-base", "main", "--bugguard-burn-in=6")
    assert result.ret == code
    result.stdout.fnmatch_lines([f"{'GUARDED' if code == 0 else 'UNSTABLE'} *fix: last page is missing*", said])
    burned = next(run for run in kept(shop) if run.why is Why.BURN_IN)
    assert len(burned.attempts) >= 1
    assert not burned.is_natural
