"""Tests that do what tests do to a process, and projects that are strict: the run is seen as it was."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import testrun
from pytest_bugguard.core.runs import End
from tests.runs import WATCHED, cases, outcomes

if TYPE_CHECKING:
    from tests.runs import Run

STRICT = """
    [pytest]
    filterwarnings = error
    xfail_strict = true
"""
NASTY = """
    import builtins, gc, json, os, shutil, sys, threading, time
    from pathlib import Path
    import pytest
    from shop import pager

    def test_names(monkeypatch):
        monkeypatch.setattr(os, "name", "java")
        assert pager.pages(10) == 1

    def test_functions(monkeypatch):
        for module, name in [(os, "getcwd"), (builtins, "open"), (time, "time"), (json, "dumps"), (os, "write")]:
            monkeypatch.setattr(module, name, None)
        monkeypatch.setattr(os, "open", None)
        assert pager.pages(10) == 1

    def test_descriptors():
        kept = [os.dup(number) for number in range(3)]
        os.closerange(0, 3)
        for number, copy in enumerate(kept):
            os.dup2(copy, number)
            os.close(copy)
        for number in range(200, 220):
            try:
                os.close(number)
            except OSError:
                pass
        with open("mine", "w") as mine:
            for number in range(200, 220):
                os.dup2(mine.fileno(), number)
            assert pager.pages(10) == 1
            assert Path("mine").read_text() == ""
            os.closerange(200, 220)

    def test_tracers():
        seen = []
        sys.settrace(lambda frame, event, _: seen.append(frame.f_code.co_name))
        assert pager.pages(10) == 1
        sys.settrace(None)
        assert "pages" in seen
        sys.setprofile(lambda frame, event, _: seen.append(event))
        pager.pages(10)
        sys.setprofile(None)
        assert "call" in seen

    def test_thread():
        done = []
        thread = threading.Thread(target=lambda: done.append(pager.pages(10)))
        thread.start()
        thread.join()
        assert done == [1]

    def test_environment(monkeypatch):
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(before)

    def test_modules(monkeypatch):
        monkeypatch.delitem(sys.modules, "shop.pager")
        from shop import pager as again
        assert again.pages(10) == 1

    def test_folder(tmp_path):
        here = os.getcwd()
        gone = tmp_path / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
        assert pager.pages(10) == 1
        os.chdir(here)

    def test_message():
        class Odd(Exception):
            def __str__(self):
                raise ValueError("not even that")
        raise Odd

    def test_group():
        raise ExceptionGroup("both", [KeyError("a"), AssertionError("b")])

    def test_deep():
        def down(n):
            return down(n + 1)
        down(0)

    def test_surrogate():
        assert "\\udcff" == pager.pages(10)
"""


def test_a_message_names_no_place_of_this_machine(run: Run, tmp_path: Path) -> None:
    """Neither the interpreter, nor the tree, nor the folders that we made: it is read elsewhere, and compared.

    Each in an assertion of its own: pytest cuts a text of 240 characters, before we see it.
    """
    test = """
        import sys
        def test_interpreter():
            assert not sys.executable
        def test_file():
            assert not __file__
        def test_made(tmp_path):
            assert not str(tmp_path)
    """
    found = cases(run(test))
    messages = [case.raised.message for case in found.values() if case.raised is not None]
    assert [message.splitlines()[0] for message in messages] == [
        "assert not 'python'", "assert not 'tests/test_it.py'", "assert not 'base/test_made0'",
    ]  # fmt: skip
    assert not [place for place in (sys.executable, str(tmp_path), "/tmp") for message in messages if place in message]


def test_nothing_that_a_test_does_bends_the_record(run: Run) -> None:
    """It patches, closes, deletes and traces; a project that takes warnings for errors sees none of ours."""
    done = run(NASTY, {"pytest.ini": STRICT}, options=("--strict-config", "--strict-markers", "-W", "error"))
    assert done.end is End.FINISHED, done
    good = ["names", "functions", "descriptors", "tracers", "thread", "environment", "modules", "folder"]
    red = ["message", "group", "deep", "surrogate"]
    expected = dict.fromkeys([f"test_{name}" for name in good], "passed")
    assert outcomes(done) == expected | dict.fromkeys([f"test_{name}" for name in red], "failed")
    found = cases(done)
    assert {name for name, case in found.items() if case.executed} == {*expected, "test_surrogate"} - {
        "test_environment"
    }
    raised = {name: found[f"test_{name}"].raised for name in red}
    assert all(raised.values())
    assert raised["message"].message == "<no message: ValueError in its __str__>"  # type: ignore[union-attr]
    assert [inner.type for inner in raised["group"].inner] == [  # type: ignore[union-attr]
        "builtins.KeyError",
        "builtins.AssertionError",
    ]
    assert len(raised["deep"].frames) == 200  # type: ignore[union-attr]


def test_a_configuration_below_the_top_changes_no_node_id(run: Run) -> None:
    """Pytest's own ids start at its rootdir; ours at the top."""
    text = "from shop.pager import pages\ndef test_a(): assert pages(10) == 1"
    done = run(text, {"tests/pytest.ini": STRICT}, folder="tests")
    assert [(case.nodeid, case.executed) for case in done.cases] == [("tests/test_it.py::test_a", WATCHED)]


def test_hypothesis_draws_the_same_each_time_and_keeps_nothing(run: Run, tmp_path: Path) -> None:
    """And the project's own profile holds."""
    conftest = """
        from hypothesis import settings
        settings.register_profile("ours", max_examples=7)
        settings.load_profile("ours")
    """
    text = """
        from pathlib import Path
        from hypothesis import given, strategies as st
        drawn = []
        @given(st.integers())
        def test_a(n):
            drawn.append(n)
        def test_b():
            assert len(drawn) == 7
            with Path("drawn").open("a") as out:
                print(drawn, file=out)
    """
    for _ in range(2):
        done = run(text, {"conftest.py": conftest})
        assert outcomes(done) == {"test_a": "passed", "test_b": "passed"}, done
    first, second = (tmp_path / "drawn").read_text(encoding="utf-8").splitlines()
    assert first == second
    assert not (tmp_path / ".hypothesis").exists()


def test_a_child_inherits_what_it_should(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its own temporary folder and the user's ``sitecustomize``; nothing of a hook or a run around us, no secret."""
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "sitecustomize.py").write_text("import builtins\nbuiltins.greeting = 'hello'\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "user"))
    for name in ("GIT_DIR", "COVERAGE_PROCESS_START", "PYTEST_ADDOPTS", "MY_TOKEN"):
        monkeypatch.setenv(name, "--no-such")
    text = """
        import os, subprocess, sys, tempfile
        def test_child():
            script = "import os, tempfile; print(greeting, *os.environ); print(tempfile.gettempdir())"
            names, folder = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True
            ).stdout.splitlines()
            names = names.split()
            assert names[0] == "hello"
            assert {"GIT_DIR", "COVERAGE_PROCESS_START", "PYTEST_ADDOPTS", "MY_TOKEN"}.isdisjoint(names)
            assert "BUGGUARD_RECORD" not in names
            assert folder == tempfile.gettempdir() != os.path.abspath(os.sep + "tmp")
    """
    done = run(text)
    assert outcomes(done) == {"test_child": "passed"}, done


def test_a_run_within_a_run_is_seen_by_its_own_eyes(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test that proves something itself, as ours do: what looks into its processes does not look into ours too."""
    around = tmp_path / "around"
    shutil.copytree(Path(testrun.__file__).parent / "probe", around)
    monkeypatch.setenv("PYTHONPATH", str(around))
    test = """
        import sys
        from shop import pager

        def test_pages():
            assert pager.pages(10) == 1
            assert not [entry for entry in sys.path if entry.endswith("around")]
    """
    done = run(test)
    assert (done.end, outcomes(done)) == (End.FINISHED, {"test_pages": "passed"})


def test_use_is_seen_in_processes_of_every_kind(run: Run) -> None:
    """Forked, spawned, a pool, and on behalf of the test that started them."""
    text = """
        import multiprocessing, os, subprocess, sys
        import pytest
        from shop import pager

        @pytest.mark.parametrize("how", ["fork", "spawn"])
        def test_pool(how):
            with multiprocessing.get_context(how).Pool(1) as pool:
                assert pool.map(pager.pages, [10]) == [1]

        def test_fork():
            if os.fork() == 0:
                pager.pages(10)
                os._exit(0)
            os.wait()

        def test_shell():
            os.system(f"{sys.executable} -c 'from shop import pager; pager.pages(1)'")

        def test_own_path():
            path = {"PYTHONPATH": os.path.abspath("src")}
            subprocess.run([sys.executable, "-c", "from shop import pager; pager.pages(1)"], env=path, check=True)

        def test_none():
            pass
    """
    done = run(text)
    assert set(outcomes(done).values()) == {"passed"}, done
    used = {name for name, case in cases(done).items() if case.executed == WATCHED}
    assert used == {"test_pool[fork]", "test_pool[spawn]", "test_fork", "test_shell", "test_own_path"}
    assert {name for name, case in cases(done).items() if case.started_process} == used


def test_data_that_is_opened_is_used(run: Run) -> None:
    """Package data is source too."""
    text = """
        from importlib.resources import files
        import pytest
        def test_data():
            assert files("shop").joinpath("page.html").read_text() == "<p>"
        def test_none():
            pass
    """
    done = run(text, {"src/shop/page.html": "<p>"}, watched=("src/shop/page.html",))
    assert {name: case.executed for name, case in cases(done).items()} == {
        "test_data": ("src/shop/page.html",),
        "test_none": (),
    }


@pytest.mark.skipif(os.name == "nt", reason="symlinks need a right there")
def test_a_tree_behind_a_symlink_is_the_tree(run: Run, tmp_path: Path) -> None:
    """Whatever the way to it."""
    (tmp_path / "link").symlink_to("src")
    done = run("from shop import pager\ndef test_a(): assert pager.pages(10) == 1", roots=("link",))
    assert [case.executed for case in done.cases] == [WATCHED]
    assert [each.place for each in done.loaded] == [""]
