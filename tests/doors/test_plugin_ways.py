"""Whether the gate keeps its word however pytest is run: in workers, in part, without a terminal, from elsewhere."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARD, GUARDING, shown
from tests.doors.test_plugin_history import kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.doors.shop import Shop


_TWO_CASES = "import pytest\n\n@pytest.mark.parametrize('size', ['1.1', 'a@b'])\n"


def test_workers_run_the_tests_and_one_process_judges(shop: Shop) -> None:
    """With xdist the outcomes come from the workers; there is one section, and one run in the history."""
    shop.fix(GUARDING)
    result = shop.run_apart("--bugguard", "-n", "2")
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)
    assert result.stdout.str().count("bugguard: 1 fix since main") == 1
    assert [len(run.attempts) for run in kept(shop)] == [2]


def test_a_group_is_no_part_of_a_test(shop: Shop) -> None:
    """``--dist loadgroup`` puts the group behind the node id; the test is still the one that the fix brought."""
    marks = f"{_TWO_CASES}@pytest.mark.xdist_group('db')\n"
    shop.fix(GUARDING.replace("def test_last_page()", f"{marks}def test_last_page(size)"))
    result = shop.run_apart("--bugguard", "-n", "2", "--dist", "loadgroup")
    assert result.ret == 0
    assert f"{GUARD}[1.1]   added   passed" in shown(result)
    assert f"{GUARD}[a@b]   added   passed" in shown(result)


def test_a_group_is_taken_off_whatever_it_stands_behind(shop: Shop) -> None:
    """Before 9.2 pytest reported a node id as xdist had changed it; an ``@`` in a parameter id is no group."""
    shop.repo.write(
        "conftest.py",
        "import pytest\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_logreport(report):\n"
        "    if 'a@b' not in report.nodeid:\n        report.nodeid += '@db'\n",
    )
    shop.fix(f"{GUARDING}\n\n{_TWO_CASES}def test_sizes(size):\n    assert pages(11) == 2\n")
    result = shop.run("--bugguard")
    assert result.ret == 0
    for case in ("test_last_page", "test_sizes[1.1]", "test_sizes[a@b]"):
        assert f"tests/test_last.py::{case}   added   passed" in shown(result)


def test_a_worker_that_dies_guards_nothing(shop: Shop) -> None:
    """A test that took its process down has failed."""
    shop.fix(GUARDING.replace("    assert", "    import os\n    os._exit(3)\n    assert"))
    result = shop.run_apart("--bugguard", "-n", "2")
    assert result.ret == 1
    assert f"{GUARD} fails with the fix in place" in shown(result)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-q",), id="quiet"),
        pytest.param(("-qqq",), id="very-quiet"),
        pytest.param(("-v",), id="verbose"),
        pytest.param(("--tb=no", "-rN"), id="brief"),
        pytest.param(("-s",), id="no-capture"),
        pytest.param(("-x",), id="until-the-first-failure"),
        pytest.param(("--lf",), id="last-failed-first-time"),
        pytest.param(("--setup-show",), id="setup-show"),
        pytest.param(("-k", "page"), id="selection-with-the-test"),
        pytest.param(("--import-mode=importlib",), id="importlib"),
        pytest.param(("-p", "no:cacheprovider"), id="no-cache"),
        pytest.param(("--color=yes",), id="colours"),
    ],
)
def test_a_guarded_fix_is_guarded_in_every_usual_run(shop: Shop, options: tuple[str, ...]) -> None:
    """How much pytest prints, and which of the other tests it runs, changes nothing."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard", *options)
    assert result.ret == 0
    assert "1 guarded" in result.stdout.str()


@pytest.mark.parametrize(
    ("options", "stream"),
    [
        pytest.param(("--no-summary",), "stdout", id="no-summary"),
        pytest.param(("--no-summary", "-qqq"), "stdout", id="ide-runner"),
        pytest.param(("-p", "no:terminal"), "stderr", id="no-terminal"),
    ],
)
def test_the_reason_is_always_seen(shop: Shop, options: tuple[str, ...], stream: str) -> None:
    """A run that fails without a word would be a riddle: without a terminal standard error has the section, once."""
    shop.fix()
    result = shop.run("--bugguard", *options)
    assert result.ret == 1
    assert getattr(result, stream).str().count("next: add a test") == 1
    assert (result.stdout.str() + result.stderr.str()).count("UNGUARDED") == 1


def test_without_a_terminal_a_run_that_is_well_says_nothing(shop: Shop) -> None:
    """Nothing is said where nothing is wrong and nobody looks; what runs a test again has a terminal of its own."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-burn-in", "1", "-p", "no:terminal")
    assert result.ret == 0
    assert result.stdout.str() + result.stderr.str() == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(("--collect-only",), "not judged: the tests were only collected", id="collect-only"),
        pytest.param(("--co", "-q"), "not judged: the tests were only collected", id="collect-only-quiet"),
        pytest.param(("--fixtures",), "not judged: the fixtures were only listed", id="fixtures"),
        pytest.param(("--fixtures-per-test",), "not judged: the fixtures were only listed", id="fixtures-per-test"),
        pytest.param(("--setup-plan",), "not judged: the tests were only planned", id="setup-plan"),
        pytest.param(("--setup-only",), "not judged: the tests were only planned", id="setup-only"),
    ],
)
def test_a_run_without_tests_is_not_judged(shop: Shop, options: tuple[str, ...], said: str) -> None:
    """What did not run is no evidence in either direction, and no failure; no file is written over a real result."""
    shop.fix()
    result = shop.run("--bugguard", "--bugguard-json=out.json", *options)
    assert result.ret == 0
    assert said in result.stdout.str()
    assert not (shop.repo.path / "out.json").exists()


def _fail_elsewhere(shop: Shop) -> None:
    shop.repo.write("tests/test_a.py", "def test_a():\n    assert 0\n")
    shop.repo.commit("test: something else")
    shop.repo.git("branch", "-f", "main")


def test_a_run_that_stopped_early_says_what_was_not_run(shop: Shop) -> None:
    """``-x`` ended before the fix's test: the failure is pytest's own, the section does not claim a guard."""
    _fail_elsewhere(shop)
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "-x")
    assert result.ret == 1
    assert f"{GUARD} was not run" in shown(result)


def test_last_failed_leaves_out_what_passed(shop: Shop) -> None:
    """After ``--lf`` with another test's failure the fix's own test was not run, and cannot guard."""
    _fail_elsewhere(shop)
    shop.fix(GUARDING)
    shop.run("--bugguard")
    shop.repo.write("tests/test_a.py", "def test_a():\n    assert 1\n")
    result = shop.run("--bugguard", "--lf")
    assert result.ret == 1
    assert f"{GUARD} was not run" in shown(result)


@pytest.mark.parametrize(
    ("start", "options"),
    [
        pytest.param(".", ("--rootdir=tests", "tests"), id="rootdir-below"),
        pytest.param("tests", ("--rootdir=.",), id="started-below"),
        pytest.param("tests", ("--rootdir=..",), id="started-below-rootdir-at-the-top"),
        pytest.param(".", ("--rootdir=src", "tests"), id="tests-beside-the-rootdir"),
    ],
)
def test_node_ids_are_told_from_the_top(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, start: str, options: tuple[str, ...]
) -> None:
    """Wherever pytest's rootdir lies in the repository, a mapped test is found in the run."""
    shop.fix(GUARDING)
    monkeypatch.chdir(start)
    monkeypatch.syspath_prepend(shop.repo.path / "src")
    result = shop.run("--bugguard", *options)
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)


def test_a_linked_work_tree_is_a_place_like_any_other(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``git worktree add`` leaves a file called ``.git``, which is enough."""
    shop.fix(GUARDING)
    shop.repo.git("checkout", "-q", "main")
    shop.repo.git("worktree", "add", "-q", str(tmp_path / "linked"), "topic")
    monkeypatch.chdir(tmp_path / "linked")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)


def test_a_run_inside_a_test_is_a_run_of_its_own(shop: Shop) -> None:
    """Outcomes of a pytest run that a test starts do not mix with those of the run around it."""
    shop.fix(
        "pytest_plugins = 'pytester'\n\ndef test_last_page(pytester):\n"
        "    pytester.makepyfile('def test_inner():\\n    assert 0')\n"
        "    assert pytester.runpytest_inprocess('-p', 'bugguard', '--no-bugguard').ret == 1\n"
    )
    result = shop.run_apart("--bugguard")
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)
    assert result.stdout.str().count("bugguard: 1 fix since main") == 1


@pytest.mark.parametrize(
    "conftest",
    [
        pytest.param(
            "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_logreport(report):\n"
            "    report.sections.append(('x', 'y'))\n",
            id="reports-with-sections",
        ),
        pytest.param("def pytest_collection_modifyitems(items):\n    items.reverse()\n", id="another-order"),
        pytest.param("def pytest_report_teststatus(report):\n    return 'x', 'X', 'ODD'\n", id="odd-words"),
    ],
)
def test_hooks_of_others_do_not_disturb(shop: Shop, conftest: str) -> None:
    """A conftest may do what conftests do."""
    _is_guarded_with(shop, conftest, shop.run)


@pytest.mark.parametrize(
    "conftest",
    [
        pytest.param(
            "import os\ndef pytest_runtest_teardown():\n    os.environ['GIT_DIR'] = '/nowhere'\n", id="leaks-git-dir"
        ),
        pytest.param("import sys\nsys.setrecursionlimit(400)\n", id="little-room-on-the-stack"),
        pytest.param(
            "import os, tempfile\ndef pytest_sessionfinish():\n"
            "    gone = tempfile.mkdtemp()\n    os.chdir(gone)\n    os.rmdir(gone)\n",
            id="leaves-to-nowhere",
            marks=pytest.mark.skipif(os.name == "nt", reason="there a folder in use cannot go"),
        ),
    ],
)
def test_a_process_that_others_have_changed_is_no_trouble(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, conftest: str
) -> None:
    """Environment, folder and limits may be odd by the end of a run; what was asked for is done all the same."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # Hypothesis's plugin needs a folder that is there
    _is_guarded_with(shop, conftest, partial(shop.run_apart, "-p", "bugguard"))


def _is_guarded_with(shop: Shop, conftest: str, run: Callable[..., pytest.RunResult]) -> None:
    shop.repo.write("conftest.py", conftest)
    shop.fix(GUARDING)
    result = run("--bugguard", "--bugguard-json=out.json")
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)
    assert (shop.repo.path / "out.json").exists()
