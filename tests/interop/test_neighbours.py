"""A run with somebody else's plugin ends as it does without us, and we judge it as we should.

Run by ``nox`` alone, which installs the neighbours: see ``noxfile.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Why
from tests.interop.neighbours import NEIGHBOURS, Neighbour
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

_OPENING = """
    commit: feat: sell things
      file: pyproject.toml
        [tool.pytest.ini_options]
        pythonpath = ["src"]
        testpaths = ["tests"]
        markers = ["flaky"]
        [tool.coverage.run]
        relative_files = true
      file: .gitignore
        __pycache__/
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10
      file: src/shop/basket.py
        def total(prices):
            return sum(prices) + 1
      file: tests/test_shop.py
        import pytest
        from shop.basket import total
        from shop.pager import pages

        def test_full_page():
            assert pages(10) == 1

        @pytest.mark.parametrize("count", [1, 2])
        def test_basket(count):
            assert total([1] * count)

        @pytest.mark.skip(reason="later")
        def test_skipped():
            pass

        @pytest.mark.xfail(reason="known")
        def test_known():
            assert pages(0) == 1
    branch: topic
"""
_RECORDER = """
import json, os
import pytest

_seen = []

def pytest_runtest_logreport(report):
    _seen.append([report.nodeid, report.when, report.outcome, hasattr(report, "wasxfail")])

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and "BUGGUARD_RUN" not in os.environ:  # a burn-in loads it too
        with open(os.environ["SEEN"], "w") as file:
            json.dump(sorted(_seen), file)
"""
"""A conftest that keeps what pytest reported, whoever else listens."""


def _plugins(needs: tuple[str, ...]) -> list[str]:
    """The options that load what these distributions register with pytest."""
    points = [point.name for need in needs for point in distribution(need).entry_points.select(group="pytest11")]
    return [part for name in points for part in ("-p", name)]


@dataclass(frozen=True)
class Ran:
    """How a run ended, and every report of it."""

    status: int
    reports: list[list[object]]
    said: str


@dataclass(frozen=True)
class Project:
    """A shop with two fixes and one neighbour."""

    path: Path
    neighbour: Neighbour

    def run(self, *options: str) -> Ran:
        """Run pytest with the neighbour, and with us where the options say so."""
        seen = self.path.parent / "seen.json"
        seen.unlink(missing_ok=True)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("CI", "GIT", "PYTEST", "COV"))
        }
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *_plugins(self.neighbour.needs), *options,
             *self.neighbour.options],
            cwd=self.path,
            env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SEEN": str(seen), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert seen.exists(), said
        return Ran(done.returncode, json.loads(seen.read_text()), said)


@pytest.fixture(params=NEIGHBOURS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """The shop of one neighbour: the first fix has a guard of its kind, the second has none."""
    neighbour = NEIGHBOURS[request.param]
    repo = story(tmp_path / "shop", _OPENING)
    repo.git("checkout", "-q", "main")
    repo.write("conftest.py", _RECORDER)
    for path, text in neighbour.files.items():
        repo.write(path, text)
    repo.commit("test: a neighbour")
    repo.git("checkout", "-q", "-B", "topic")
    repo.write("src/shop/pager.py", "def pages(items):\n    return -(-items // 10)\n")
    repo.write("tests/test_last.py", neighbour.guard)
    repo.commit("fix: last page is missing")
    repo.write("src/shop/basket.py", "def total(prices):\n    return sum(prices)\n")
    repo.commit("fix: a basket costs one too much")
    return Project(repo.path, neighbour)


def test_a_neighbour_is_left_alone_and_the_change_is_judged(project: Project) -> None:
    """The same reports without us, with us idle, and with the gate on; the gate knows the one fix from the other."""
    without = project.run()
    idle = project.run("-p", "bugguard")
    assert without.status == 0, without.said
    assert (idle.status, idle.reports) == (0, without.reports)
    assert "bugguard:" not in idle.said

    result = project.path.parent / "result.json"
    judged = project.run("-p", "bugguard", "--bugguard", "--bugguard-base=main", f"--bugguard-json={result}")
    assert (judged.status, judged.reports) == (1, without.reports), judged.said
    guarded, bare = sorted(json.loads(result.read_text())["fixes"], key=lambda fix: "basket" in fix["subject"])
    assert bare["verdict"] == "unguarded"
    guards = [(test["nodeid"], test["after"]) for test in guarded["tests"]]
    if project.neighbour.guards:
        assert guarded["verdict"] == "guarded", judged.said
        assert guards == [(f"tests/test_last.py::{name}", "passed") for name in project.neighbour.guards]
    else:
        assert guarded["verdict"] == "undecided", judged.said
    assert _rescued(project.path) == ([project.neighbour.rescued] if project.neighbour.rescued else [])


def test_a_proof_works_beside_a_neighbour(project: Project) -> None:
    """The guard of the neighbour's kind is red without its fix and green with it, in trees of our own too."""
    result = project.path.parent / "result.json"
    options = ("-p", "bugguard", "--bugguard-prove", "--bugguard-base=main", f"--bugguard-json={result}")
    judged = project.run("--bugguard", *options)
    verdicts = {fix["verdict"]: fix["tests"] for fix in json.loads(result.read_text())["fixes"]}
    if project.neighbour.guards:
        assert set(verdicts) == {"proven", "unguarded"}, judged.said
        assert {(test["before"], test["after"]) for test in verdicts["proven"]} == {("failed", "passed")}
    else:
        assert set(verdicts) == {"undecided", "unguarded"}, judged.said


def _rescued(path: Path) -> list[str]:
    """The tests of which the history knows that they failed first and passed then."""
    runs = HistoryStore(path / ".bugguard" / "history.db", keep_days=1).runs()
    (run,) = (run for run in runs if run.why is Why.FIRST)
    by_test: dict[str, list[Outcome]] = {}
    for attempt in run.attempts:
        by_test.setdefault(attempt.nodeid.rpartition("::")[2], []).append(attempt.outcome)
    assert all(outcomes == [Outcome.FAILED, Outcome.PASSED] for outcomes in by_test.values() if len(outcomes) > 1)
    return [name for name, outcomes in by_test.items() if len(outcomes) > 1]
