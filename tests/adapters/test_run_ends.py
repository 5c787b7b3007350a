"""How a run comes to its end, and what is left when it does not: nothing is green that was not seen green."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.runs import End, RunRequest
from tests.generated import TOP
from tests.runs import Folder, cases, outcomes, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runs import Run

SLEEP = "import time; time.sleep(600)"


def test_a_test_that_leaves_is_no_end(run: Run) -> None:
    """``os._exit(0)`` looks like success from outside; the test that was running is named, and not green."""
    done = run("import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\ndef test_c(): pass")
    assert (done.end, done.running) == (End.CRASHED, "tests/test_it.py::test_b")
    assert done.detail == "its process left with exit status 0 before pytest said that it had ended"
    assert outcomes(done) == {"test_a": "passed", "test_b": "failed"}
    assert (cases(done)["test_b"].raised, cases(done)["test_b"].reason) == (None, "it did not come to its end")


def test_a_module_that_leaves_starts_nothing(run: Run) -> None:
    """At import, before there is a test: still no success."""
    done = run("import os\nos._exit(0)\ndef test_a(): pass")
    assert (done.end, done.cases) == (End.NOT_STARTED, ())


def test_a_signal_is_named(run: Run) -> None:
    """A crash of the interpreter."""
    done = run("import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGSEGV)")
    assert (done.end, done.detail) == (End.CRASHED, "its process was ended by SIGSEGV")
    assert outcomes(done) == {"test_a": "failed"}


def test_a_hanging_test_is_ended_with_all_that_it_started(run: Run) -> None:
    """In time, and those that have left its session, too."""
    text = f"""
        import subprocess, sys, time
        def test_hang():
            subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True, env={{}})
            time.sleep(600)
    """
    done = run(text, limit_s=2.0)
    assert (done.end, done.running, done.survivors) == (End.TIMEOUT, "tests/test_it.py::test_hang", 1)
    assert done.detail == "it was still running when its time was up"
    assert outcomes(done) == {"test_hang": "failed"}


@pytest.mark.parametrize(
    ("before", "environment"),
    [
        pytest.param("", "{}", id="none"),
        pytest.param("", "{**os.environ, 'BUGGUARD_RUN': ''}", id="empty-mark"),
        pytest.param("", "{**os.environ, 'BUGGUARD_RUN': '/another'}", id="foreign-mark"),
        pytest.param("os.environ.clear()", "{}", id="emptied"),
        pytest.param("os.environ.clear()", "None", id="emptied-and-inherited"),
        pytest.param("os.environ['BUGGUARD_RUN'] = '/another'", "None", id="foreign-mark-inherited"),
    ],
)
def test_no_process_hides_behind_its_environment(run: Run, before: str, environment: str) -> None:
    """In a session of its own, too: it is ended and counted."""
    text = f"""
        import os, subprocess, sys
        from unittest import mock
        def test_hides():
            with mock.patch.dict(os.environ):
                {before or "pass"}
                subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True, env={environment})
    """
    done = run(text)
    assert (done.end, outcomes(done), done.survivors) == (End.FINISHED, {"test_hides": "passed"}, 1)


def test_a_daemon_does_not_hold_us(run: Run) -> None:
    """It has our output open and a session of its own; it is ended and counted, and the run is a good one."""
    text = """
        import os, time
        def test_daemon():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    time.sleep(600)
                os._exit(0)
            os.wait()
    """
    done = run(text)
    assert (done.end, outcomes(done), done.survivors) == (End.FINISHED, {"test_daemon": "passed"}, 1)
    assert done.duration_s < 30


def test_a_child_that_goes_on_with_the_session_says_nothing(run: Run) -> None:
    """A test forks and forgets to leave: what its double tells is not in the record."""
    text = """
        import os
        def test_fork():
            if os.fork():
                os.wait()
        def test_next():
            pass
    """
    done = run(text)
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_fork": "passed", "test_next": "passed"})


def test_a_flood_is_cut(run: Run) -> None:
    """Its head and its tail are kept, and neither our memory nor the disk is filled."""
    done = run("import os\ndef test_flood():\n    for _ in range(400): os.write(2, b'x' * 65536)", options=("-s",))
    assert (done.end, len(done.output) < 70_000) == (End.FINISHED, True)
    assert "bytes left out" in done.output
    assert done.output.rstrip().splitlines()[-1].startswith("=")


def test_the_last_words_outlive_a_cut(run: Run) -> None:
    """A program that says all it has to say before the file of its output is emptied, and nothing after."""
    text = """
        import os
        def test_flood():
            os.write(2, b"x" * 5_000_000 + b" the last words")
            while os.fstat(2).st_size:
                pass
            os._exit(1)
    """
    done = run(text, options=("-s",))
    assert done.end == End.CRASHED, "while it ran its file was emptied: else it would still wait"
    assert done.output.rstrip().endswith("the last words")


FORGERY = """
    import pytest

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        if report.failed:
            report.outcome = "passed"
            report.longrepr = None
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(session):
        session.exitstatus = 0
"""


def test_a_painted_report_is_seen_through(run: Run) -> None:
    """A conftest turns failures into passes and the exit status into 0, and a test prints results: all in vain."""
    text = "def test_red():\n    print('tests/test_it.py::test_red PASSED')\n    assert False"
    done = run(text, {"conftest.py": FORGERY}, options=("-s", "-v"))
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_red": "failed"})
    assert cases(done)["test_red"].raised is not None


def test_a_test_that_stops_pytest_stops_no_more(run: Run) -> None:
    """What was not run is missing, and the run has no proper end."""
    done = run("import pytest\ndef test_a(): pytest.exit('enough', 0)\ndef test_b(): pass")
    assert (done.end, done.detail) == (End.CRASHED, "Exit: enough")
    assert outcomes(done) == {"test_a": "failed"}


def test_an_error_of_pytest_itself_is_a_crash(run: Run) -> None:
    """A hook of the project's conftest fails."""
    conftest = "def pytest_runtest_logreport(report):\n    if report.when == 'call': raise RuntimeError('no hook')"
    done = run("def test_a(): pass\ndef test_b(): pass", {"conftest.py": conftest})
    assert (done.end, done.detail) == (End.CRASHED, "RuntimeError: no hook")


def test_no_summary_is_written_and_the_project_still_tidies_up(run: Run, tmp_path: Path) -> None:
    """Nobody reads the one, and Hypothesis would be imported for it; a server that runs on, say, is ended."""
    conftest = """
        import sys
        from pathlib import Path
        def note(name):
            with Path("ends").open("a") as file:
                file.write(f"{name} {'hypothesis' in sys.modules}\\n")
        def pytest_sessionfinish(): note("finish")
        def pytest_terminal_summary(): note("summary")
        def pytest_unconfigure(): note("unconfigure")
    """
    run("def test_a(): pass", {"conftest.py": conftest})
    assert (tmp_path / "ends").read_text(encoding="utf-8") == "finish False\nunconfigure False\n"


def test_a_broken_conftest_is_told(run: Run) -> None:
    """No test was looked for, and the exception says why."""
    done = run("def test_a(): pass", {"tests/conftest.py": "from shop.pager import count"})
    assert (done.end, done.cases) == (End.NOT_STARTED, ())
    assert done.raised is not None
    assert done.raised.cause is not None
    assert (done.raised.cause.missing, done.raised.cause.owner) == ("count", "shop.pager")
    assert [frame.path for frame in done.raised.cause.frames] == ["tests/conftest.py"]


def test_a_module_that_cannot_be_imported_is_told(run: Run) -> None:
    """The others are run all the same."""
    broken = "from shop.pages import last\ndef test_b(): pass"
    done = run("def test_a(): pass", {"tests/test_b.py": broken}, targets=("tests/test_b.py", "tests/test_it.py"))
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_a": "passed"})
    (uncollected,) = done.uncollected
    assert uncollected.path == "tests/test_b.py"
    assert uncollected.raised is not None
    assert uncollected.raised.cause is not None
    assert (uncollected.raised.cause.missing, uncollected.raised.cause.owner) == ("pages", "shop")


def test_wrong_options_are_told_in_pytests_own_words(run: Run) -> None:
    """Nothing was run."""
    done = run("def test_a(): pass", options=("--no-such-option",))
    assert (done.end, done.cases) == (End.NOT_STARTED, ())
    assert "--no-such-option" in done.output
    assert done.detail


def test_an_interpreter_that_is_not_there_is_told(tmp_path: Path) -> None:
    """In words, and with no exception."""
    write(tmp_path, {"test_a.py": "def test_a(): pass"})
    with Workspace(tmp_path) as space, PytestRunner(space, original=None, python="/no/python") as runner:
        done = runner.run(Folder(tmp_path), RunRequest(("test_a.py",), ()))
    assert (done.end, done.detail) == (End.NOT_STARTED, "/no/python cannot be started: No such file or directory")


def test_what_the_projects_options_leave_out_is_told(run: Run) -> None:
    """By mark, by name, by path, by a conftest that says nothing of it: it guards nothing."""
    text = """
        import pytest
        def test_a(): pass
        @pytest.mark.slow
        def test_slow(): pass
        def test_named(): pass
        def test_silent(): pass
    """
    files = {
        "tests/test_ignored.py": "def test_x(): pass",
        "tests/sub/conftest.py": "collect_ignore = ['test_sub.py']",
        "tests/sub/test_sub.py": "def test_x(): pass",
        "pytest.ini": "[pytest]\nmarkers = slow\n",
        "conftest.py": "def pytest_collection_modifyitems(items):\n"
        "    items[:] = [item for item in items if item.name != 'test_silent']",
    }
    done = run(
        text,
        files,
        targets=("tests/test_it.py", "tests/test_ignored.py", "tests/sub/test_sub.py"),
        options=("-m", "not slow", "-k", "not named", "--ignore=tests/test_ignored.py"),
    )
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_a": "passed"})
    names = ("test_slow", "test_named", "test_silent")
    assert set(done.deselected) == {
        "tests/test_ignored.py::test_x",
        "tests/sub/test_sub.py::test_x",
        *(f"tests/test_it.py::{name}" for name in names),
    }


def test_a_file_that_holds_no_tests_keeps_no_other_from_running(run: Run) -> None:
    """Pytest itself runs nothing where one of the files means nothing to it."""
    done = run("def test_a(): pass", {"tests/table.json": "{}"}, targets=("tests/table.json", "tests/test_it.py"))
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_a": "passed"})
    assert [(each.path, each.raised) for each in done.uncollected] == [("tests/table.json", None)]


def test_only_what_is_asked_for_is_run(run: Run) -> None:
    """A function with all its cases, one case, a class; what is not asked for is nothing that was left out."""
    text = """
        import pytest
        @pytest.mark.parametrize("n", [1, 2])
        def test_a(n): pass
        def test_ab(): pass
        @pytest.mark.parametrize("n", [1, 2])
        def test_b(n): pass
        class TestC:
            def test_c(self): pass
    """
    ids = ("test_a", "test_b[2]", "TestC", "test_gone")
    done = run(text, targets=tuple(f"tests/test_it.py::{name}" for name in ids))
    assert (done.end, done.deselected) == (End.FINISHED, ())
    assert set(outcomes(done)) == {"test_a[1]", "test_a[2]", "test_b[2]", "TestC::test_c"}


def test_files_that_are_not_there_are_nothing_to_run(run: Run) -> None:
    """Pytest is not asked for whatever it finds."""
    done = run("def test_a(): pass", targets=("tests/test_gone.py",))
    assert (done.end, done.detail) == (End.NOT_STARTED, "none of the test files is in the tree")


DRIVER = """
import sys
from pathlib import Path
from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.runs import RunRequest
from tests.runs import Folder

with Workspace(Path(sys.argv[1])) as space, PytestRunner(space, original=None) as runner:
    runner.run(Folder(Path(sys.argv[2])), RunRequest(("test_it.py",), ()))
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_no_process_outlives_us(name: str, tmp_path: Path) -> None:
    """Whatever takes us down while a test runs takes down what the test has started, in a session of its own too.

    And what it lay in goes with it.
    """
    text = f"""
        import os, subprocess, sys, time
        from pathlib import Path
        def test_hang():
            child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}], start_new_session=True)
            Path("pids.new").write_text(f"{{os.getpid()}} {{child.pid}}")
            os.rename("pids.new", "pids")
            time.sleep(600)
    """
    write(tmp_path, {"test_it.py": text, "space/x": ""})
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "space"), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as ours:
        pids = tmp_path / "pids"
        _wait_for(pids.exists)
        theirs = [int(pid) for pid in pids.read_text().split()]
        ours.send_signal(getattr(signal, name))
        ours.wait()
    _wait_for(lambda: not any(map(_runs, theirs)))
    _wait_for(lambda: [path.name for path in (tmp_path / "space").iterdir()] == ["x"])


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_no_run_within_a_run_outlives_it(run: Run, tmp_path: Path) -> None:
    """Where a test starts a run of ours: its guardian, who may be too late, is ended with it."""
    inner = tmp_path / "inner"
    hang = f"""
        import os, time
        from pathlib import Path
        def test_hang():
            Path({str(inner / "pid.new")!r}).write_text(str(os.getpid()))
            os.rename({str(inner / "pid.new")!r}, {str(inner / "pid")!r})
            time.sleep(600)
    """
    write(inner, {"test_it.py": hang, "space/x": ""})
    command = [sys.executable, "-c", DRIVER, str(inner / "space"), str(inner)]
    text = f"""
        import os, psutil, time
        def test_starts_a_run():
            owner = psutil.Popen({command!r}, cwd={str(TOP)!r})
            while not os.path.exists({str(inner / "pid")!r}): time.sleep(0.01)
            guardian, = (child for child in owner.children() if "adapters.vigil" in str(child.cmdline()))
            guardian.suspend()
            os.kill(os.getpid(), 9)
    """
    done = run(text)
    assert done.end is End.CRASHED
    hanging = int((inner / "pid").read_text())
    _wait_for(lambda: not _runs(hanging))


def test_a_run_within_a_run_has_its_own_probe_alone(run: Run, tmp_path: Path) -> None:
    """Where a test calls us inside its own process, out of an environment that says nothing of the outer run, too."""
    write(tmp_path / "inner", {"test_it.py": "def test_it(): pass", "space/x": ""})
    text = f"""
        import os
        from pathlib import Path
        from unittest import mock
        from pytest_bugguard.adapters.testrun import Folder, PytestRunner
        from pytest_bugguard.adapters.workspace import Workspace
        from pytest_bugguard.core.runs import RunRequest
        def test_runs():
            inner = Path({str(tmp_path / "inner")!r})
            with (
                mock.patch.dict(os.environ, {{"PATH": os.environ["PATH"]}}, clear=True),
                Workspace(inner / "space") as space,
                PytestRunner(space, original=None) as runner,
            ):
                done = runner.run(Folder(str(inner)), RunRequest(("test_it.py",), ()))
            assert (str(done.end), len(done.cases)) == ("finished", 1), done
    """
    done = run(text)
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_runs": "passed"}), done


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)
