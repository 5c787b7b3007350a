"""``bugguard flaky``: reports of a CI go in once, whatever the order, and come out as what a team can act on."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.history_store import HistoryStore
from tests.histories import run_of
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

STORY = """
    commit: feat: sell
      file: tests/test_net.py
        def test_a(): pass
    commit: feat: sell more
      file: src/shop.py
        MORE = True
"""
RED = '<failure message="TimeoutError: after 3 s">src/net.py:41: TimeoutError</failure>'


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return story(tmp_path / "shop", STORY)


def report(folder: Path, commit: str, *ends: str) -> None:
    """A JUnit file of a commit for each end of ``test_a``: ``.`` or ``F``."""
    (folder / commit).mkdir(parents=True, exist_ok=True)
    for place, end in enumerate(ends):
        case = (
            f'<testcase classname="tests.test_net" name="test_a[x y]" time="1">{RED if end == "F" else ""}</testcase>'
        )
        suite = f'<testsuite name="ci" time="60" timestamp="2026-09-0{place + 1}T08:00:00">{case}</testsuite>'
        (folder / commit / f"{place}.xml").write_text(suite)


def test_a_quarter_of_ci_becomes_a_ranking(repo: Repo, tmp_path: Path) -> None:
    """Import, list, show; each command that is printed as the next one works as printed."""
    shell = Shell(repo.path)
    report(tmp_path / "ci", repo.git("rev-parse", "HEAD").strip(), *"..F.")
    (tmp_path / "ci" / "broken.xml").write_text("<testsuite>")
    done = shell.call("flaky", "import", str(tmp_path / "ci"))
    assert done.code == 1
    assert "4 of 4 runs in 4 files were new" in done.out
    assert "broken.xml cannot be read: " in done.err
    again = shell.call("flaky", "import", str(tmp_path / "ci"))
    assert "0 of 4 runs" in again.out
    listed = shell.call("flaky", "list")
    assert listed.out.startswith("1 flaky test, 1 that failed at least once, in 4 runs of 1 test\n")
    assert "TimeoutError at src/net.py:41" in listed.out
    (command,) = re.findall(r"next: bugguard (.*)", listed.out)
    shown = shell.call(*shlex.split(command))
    assert "passed 3 and failed 1 times on the same code" in shown.out
    assert "..F.   . passed, F failed" in shown.out
    for verb in (["list"], ["show", "tests/test_net.py"]):
        (flake,) = shell.call("flaky", *verb, "--format=json").document["flaky"]
        assert (flake["verdict"], flake["runs"], flake["failures"], flake["lost_s"]) == ("flaky", 4, 1, 60)
    assert "| **flaky** | `tests/test_net.py::test_a[x y]` |" in shell.call("flaky", "list", "--format=markdown").out
    assert repo.git("status", "--porcelain") == ""


def test_reports_that_are_too_old_to_keep_are_new_no_time(repo: Repo, tmp_path: Path) -> None:
    """The same content and the same words, however often they come; and what a damaged history became is told."""
    history = tmp_path / "history.db"
    shell = Shell(repo.path, {"BUGGUARD_HISTORY": str(history)})
    report(tmp_path / "ci", repo.git("rev-parse", "HEAD").strip(), *"F....")
    command = ("flaky", "import", str(tmp_path / "ci"), "--set", "flaky.keep-days=2")
    first = shell.call(*command).out
    kept = list(HistoryStore(history, keep_days=2).runs())
    again = shell.call(*command).out
    assert list(HistoryStore(history, keep_days=2).runs()) == kept
    assert [said.splitlines()[0] for said in (first, again)] == [
        f"{new} of 5 runs in 5 files were new" for new in (3, 0)
    ]
    assert "\n2 runs are older than the newest one by more than flaky.keep-days (2): not kept\n" in again
    history.write_bytes(history.read_bytes()[:5000])
    assert "history.db was damaged: it is history.db.corrupt-" in shell.call(*command).out


def test_what_is_handed_out_is_what_is_taken_in(repo: Repo, tmp_path: Path) -> None:
    """Run files and whole histories move a history to another place, and nothing is lost or doubled."""
    mine, theirs = tmp_path / "mine.db", tmp_path / "theirs.db"
    runs = [run_of("aF.", number=number) for number in range(1, 5)]
    HistoryStore(mine, keep_days=9).add(runs)
    Shell(repo.path, {"BUGGUARD_HISTORY": str(mine)}).call("flaky", "export", str(tmp_path / "out"))
    shell = Shell(repo.path, {"BUGGUARD_HISTORY": str(theirs)})
    for source in (tmp_path / "out", mine, mine):
        assert shell.call("flaky", "import", str(source)).code == 0
    assert list(HistoryStore(theirs, keep_days=9).runs()) == runs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["list"], "there is no history at", id="none-yet"),
        pytest.param(["list", "--set", "flaky.history=off"], "the history is switched off", id="off"),
        pytest.param(["import", "nowhere"], "there is no nowhere", id="no-file"),
        pytest.param(["import", "src"], "src holds no file to import", id="empty-folder"),
        pytest.param(["import", "src/shop.py", "--commit", "nope"], "no commit 'nope'", id="no-commit"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(repo: Repo, words: list[str], said: str) -> None:
    """One line that names it, and what to do."""
    done = Shell(repo.path).bugguard("flaky", *words)
    assert done.code in {3, 4}
    assert said in done.err
    assert "\nnext: " in done.err


def test_reports_without_a_commit_are_taken_with_a_word(repo: Repo, tmp_path: Path) -> None:
    """They count failures; to call a test flaky by them would be a guess."""
    shell = Shell(repo.path)
    report(tmp_path / "ci", "no-commit", *"F.")
    taken = shell.call("flaky", "import", str(tmp_path / "ci"))
    assert "2 of them name no commit" in taken.out
    assert shell.call("flaky", "list", "--format=json").document["flaky"][0]["verdict"] == "undecided"
