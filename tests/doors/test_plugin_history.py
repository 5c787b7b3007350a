"""What a run of pytest leaves in the history, and that it leaves nothing else and costs the run nothing."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core import run_files
from pytest_bugguard.core.recorded_runs import Why
from tests.doors.shop import GUARD, GUARDING
from tests.histories import run_of
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.core.recorded_runs import Failure, RecordedRun
    from tests.doors.shop import Shop

ENDS = """
import pytest

class Odd(Exception):
    pass

def _reach(host):
    raise Odd(f"{host} is gone since {id(host)}")

def test_call():
    _reach("db")

@pytest.fixture
def broken():
    raise TimeoutError("after 34 s")

def test_setup(broken):
    pass

@pytest.mark.skip
def test_skipped():
    pass

@pytest.mark.parametrize("value", ["a[::]", "b"])
def test_case(value):
    assert value == "b"
"""


def kept(shop: Shop) -> list[RecordedRun]:
    """What the history holds."""
    path = shop.repo.path / ".bugguard" / "history.db"
    return list(HistoryStore(path, keep_days=1).runs()) if path.exists() else []


def _signature(failure: Failure) -> str:
    return f"{failure.kind} at {failure.place}"


def test_a_run_is_kept_with_all_that_it_depends_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit, branch, environment and seed; each test with its place, and each failure so that it can be told again."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("GITHUB_RUN_ATTEMPT", "2")
    shop.repo.write("tests/test_ends.py", ENDS)
    sha = shop.fix(GUARDING)
    tree = shop.repo.git("rev-parse", "HEAD^{tree}").strip()
    assert shop.run("--bugguard", "tests/test_ends.py", "tests/test_last.py").ret == 1
    (run,) = kept(shop)
    where = run.circumstances
    assert (where.commit, where.tree, where.branch, where.seed) == (sha, tree, "topic", "7")
    assert where.environment_words.startswith("CPython 3.")
    assert (run.why, run.number, run.is_natural) == (Why.FIRST, 2, False)
    assert [
        (one.nodeid.partition("::")[2], one.outcome, one.phase, one.place, one.failure and _signature(one.failure))
        for one in sorted(run.attempts, key=lambda one: one.place)
    ] == [
        ("test_call", "failed", "call", 1, "Odd at tests/test_ends.py:8"),
        ("test_setup", "failed", "setup", 2, "TimeoutError at tests/test_ends.py:15"),
        ("test_skipped", "skipped", "setup", 3, None),
        ("test_case[a[::]]", "failed", "call", 4, "AssertionError at tests/test_ends.py:26"),
        ("test_case[b]", "passed", "call", 5, None),
        (GUARD.partition("::")[2], "passed", "call", 6, None),
    ]  # fmt: skip
    assert shop.run("--bugguard", "tests/test_ends.py").ret == 1
    first, second = (
        {one.nodeid: one.failure for one in run.attempts if one.nodeid.endswith("test_call")} for run in kept(shop)
    )
    assert first == second, "the same failure, though an address in its message differs"


@pytest.mark.parametrize("style", ["long", "short", "native", "line", "no"])
def test_a_failure_is_the_same_however_its_traceback_is_shown(shop: Shop, style: str) -> None:
    """A history is kept by many runs, each as somebody likes to read it."""
    shop.repo.write("tests/test_ends.py", ENDS)
    assert shop.run("--bugguard", f"--tb={style}", "tests/test_ends.py").ret == 1
    (run,) = kept(shop)
    attempts = sorted(run.attempts, key=lambda one: one.place)
    assert [_signature(one.failure) for one in attempts if one.failure] == [
        "Odd at tests/test_ends.py:8",
        "TimeoutError at tests/test_ends.py:15",
        "AssertionError at tests/test_ends.py:26",
    ]


RETRYING = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "retried"
        item.ihook.pytest_runtest_logreport(report=report)
        report.outcome, report.longrepr = "passed", None
    return report
"""


def test_the_report_of_an_attempt_may_become_that_of_the_next(shop: Shop) -> None:
    """pytest-retry sends one object twice: what it said first is kept, as it was then."""
    shop.repo.write("conftest.py", RETRYING)
    shop.repo.write("tests/test_retried.py", "def test_retried():\n    raise TimeoutError\n")
    assert shop.run("--bugguard", "tests/test_retried.py").ret == 0
    (run,) = kept(shop)
    assert [(one.number, one.outcome, one.failure and _signature(one.failure)) for one in run.attempts] == [
        (1, "failed", "TimeoutError at tests/test_retried.py:2"),
        (2, "passed", None),
    ]


def test_the_work_tree_stays_clean(shop: Shop) -> None:
    """What we write ignores itself, as pytest's cache does; the code of a clean tree is known by its id."""
    shop.fix(GUARDING)
    shop.run("--bugguard")
    shop.run("--bugguard")
    assert shop.repo.git("status", "--porcelain", "--untracked-files=all") == ""
    assert [bool(run.circumstances.tree) for run in kept(shop)] == [True, True]
    shop.repo.write("src/shop/pager.py", "pages = None\n")
    shop.run("--bugguard")
    assert [bool(run.circumstances.tree) for run in kept(shop)] == [True, True, False]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--collect-only",), id="collected"),
        pytest.param(("-x",), id="stopped"),
        pytest.param(("tests/missing.py",), id="usage"),
        pytest.param(("-k", "nothing"), id="no-test"),
        pytest.param(("-p", "no:bugguard"), id="off"),
    ],
)
def test_what_did_not_come_to_its_end_is_no_evidence(shop: Shop, options: tuple[str, ...]) -> None:
    """It is not recorded at all, and no folder is made."""
    shop.repo.write("tests/test_a.py", "def test_a():\n    assert 0\n\ndef test_b():\n    pass\n")
    shop.fix(GUARDING)
    if "no:bugguard" in options:
        shop.run_apart()
    else:
        shop.run("--bugguard", *options)
    assert not (shop.repo.path / ".bugguard").exists()


def test_off_is_off(shop: Shop) -> None:
    """No file, no folder."""
    shop.settings('enabled = true\nflaky.history = "off"\n')
    shop.fix(GUARDING)
    shop.run()
    assert not (shop.repo.path / ".bugguard").exists()


def test_a_run_file_is_left_where_it_is_asked_for(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option or the setting, one a run and under a name of its own; the variable moves the history."""
    monkeypatch.setenv("BUGGUARD_HISTORY", str(tmp_path / "moved" / "h.db"))
    shop.settings('enabled = true\nflaky.run-files = "out/runs"\n')
    shop.fix(GUARDING)
    shop.run()
    shop.run("--bugguard-run-files=other")
    folders = (shop.repo.path / "out/runs", shop.repo.path / "other")
    read = [run_files.from_bytes(path.read_bytes(), path.name) for folder in folders for path in folder.glob("*.jsonl")]
    moved = HistoryStore(tmp_path / "moved" / "h.db", keep_days=1)
    assert sorted(read, key=lambda run: run.id) == sorted(moved.runs(), key=lambda run: run.id)
    assert len(read) == 2
    assert not (shop.repo.path / ".bugguard").exists()


def _a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def _of_others(path: Path) -> None:
    import sqlite3  # noqa: PLC0415 - for one of two

    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (it TEXT)")


@pytest.mark.parametrize("harm", [_a_folder, _of_others])
def test_a_history_that_cannot_be_used_costs_one_warning(shop: Shop, harm: object) -> None:
    """Its outcomes wait, and the next run takes them along; whether its guard is flaky is not known meanwhile."""
    shop.fix(GUARDING)
    path = shop.repo.path / ".bugguard" / "history.db"
    harm(path)  # type: ignore[operator]
    result = shop.run("--bugguard")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["UNDECIDED  history*cannot be looked up: *.bugguard/history.db *"])
    assert result.stdout.str().count("waits in .bugguard/spool for the next one") == 1
    assert len(list((shop.repo.path / ".bugguard" / "spool").glob("*.jsonl"))) == 1
    path.rename(path.with_name("aside"))
    assert "spool" not in shop.run("--bugguard").stdout.str()
    assert len(kept(shop)) == 2
    assert list((shop.repo.path / ".bugguard" / "spool").glob("*.jsonl")) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_committed_link_leads_us_nowhere(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a run nor a command moves, writes or empties what lies where a change's ``.bugguard`` leads."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "spool").mkdir(parents=True)
    (elsewhere / "history.db").write_text("precious")
    waiting = elsewhere / "spool" / "theirs.jsonl"
    waiting.write_text(run_files.to_text(run_of("a.")))
    (shop.repo.path / ".bugguard").symlink_to(elsewhere)
    shop.fix(GUARDING)
    monkeypatch.chdir(shop.repo.path)
    result = shop.run("--bugguard")
    assert result.ret == 1, "whether the guard is flaky cannot be known"
    assert "a link leads it out of the repository; nor could this run be kept" in result.stdout.str()
    shell = Shell(shop.repo.path)
    assert shell.call("flaky", "import", str(waiting)).code == 4
    assert shell.call("hunt", "--runs", "1", "tests").code != 0
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["history.db", "spool", "theirs.jsonl"]
    assert (elsewhere / "history.db").read_text() == "precious"
    shell = Shell(shop.repo.path, {"BUGGUARD_HISTORY": ".bugguard/own.db"})
    assert shell.call("flaky", "import", str(waiting)).code == 0, "the variable is the user's own"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_history_in_place_of_which_a_link_stands_is_not_written(shop: Shop) -> None:
    """SQLite would follow it, and make what is not there."""
    shop.repo.write(".bugguard/.gitignore", "")
    (shop.repo.path / ".bugguard" / "history.db").symlink_to(shop.repo.path.parent / "made.db")
    shop.fix(GUARDING)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "a link leads it out of the repository; this run waits in .bugguard/spool" in result.stdout.str()
    assert not (shop.repo.path.parent / "made.db").exists()


def test_a_server_out_of_reach_costs_one_warning(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run waits for the next one, no password is told, and no gate passes because it could not look."""
    monkeypatch.setenv("BUGGUARD_HISTORY", f"postgresql://ci:geheim@/shop?host={shop.repo.path}")
    shop.fix(GUARDING)
    result = shop.run("--bugguard")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["UNDECIDED  history*is known to be flaky cannot be looked up: the history*"])
    assert result.stdout.str().count("this run waits in .bugguard/spool") == 1
    assert "geheim" not in result.stdout.str() + result.stderr.str()
    monkeypatch.delenv("BUGGUARD_HISTORY")
    shop.run("--bugguard")
    assert len(kept(shop)) == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_where_nothing_can_be_written_the_run_goes_on(shop: Shop) -> None:
    """Not even the file for later: one line says so."""
    shop.fix(GUARDING)
    (shop.repo.path / ".bugguard").write_text("a file, where a folder would be")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "nor could this run be kept for later" in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_workers_of_xdist_are_kept_apart(shop: Shop) -> None:
    """Each test with the worker that ran it and its place there; a crash is a crash."""
    shop.repo.write("tests/test_crash.py", "import os\n\ndef test_crash():\n    os._exit(3)\n")
    shop.fix(GUARDING)
    assert shop.run_apart("--bugguard", "-n1").ret == 1
    (run,) = kept(shop)
    assert {(one.outcome, one.phase) for one in run.attempts if one.nodeid.endswith("test_crash")} == {
        ("failed", "crash")
    }
    assert {one.worker for one in run.attempts if one.outcome == "passed"} <= {"gw0", "gw1"}
