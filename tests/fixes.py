"""A shop with a bug, repaired in one commit, and what ``bugguard prove`` says of that."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

from msgspec.structs import replace

from pytest_bugguard.core import proof
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_bugguard.core.proof import Proof
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.core.trial import Trial
    from tests.shell import Done

PAGER = "src/shop/pager.py"
TEST = "tests/test_pager.py"
OLD = "def pages(items):\n    return items // 10\n"
NEW = "def pages(items):\n    return -(-items // 10)\n"
GUARD = "from shop.pager import pages\n\ndef test_last():\n    assert pages(11) == 2\n"
CONFIGURED = """
    [tool.pytest.ini_options]
    pythonpath = ["src"]
    addopts = "-p no:hypothesispytest -p no:xdist -p no:pytest_cov -p no:platformdirs"
"""
"""Plugins that these tests have no use for are left out: a run of pytest takes two thirds of the time without them."""
OPENING = {
    "pyproject.toml": CONFIGURED,
    ".gitignore": "__pycache__/\n.pytest_cache/\n",
    "src/shop/__init__.py": "",
    PAGER: OLD,
    TEST: "from shop.pager import pages\n\ndef test_full():\n    assert pages(10) == 1\n",
}
REPAIRED = {PAGER: NEW, "tests/test_last.py": GUARD}
"""What the plainest fix changes."""
LAST = "tests/test_last.py::test_last"


@dataclass(frozen=True)
class Said:
    """What was said of one fix."""

    done: Done
    record: dict[str, Any]
    trials: tuple[Trial, ...] = field(default=(), repr=False)
    """What it was judged by; none where nothing had to be run, or a run could not be made."""

    @property
    def verdict(self) -> str:
        """One word."""
        return str(self.record["verdict"])

    @property
    def reason(self) -> str:
        """One sentence."""
        return str(self.record["reason"])

    def test(self, nodeid: str) -> dict[str, Any]:
        """The row of a case."""
        (row,) = [test for test in self.record["tests"] if test["nodeid"] == nodeid]
        return dict(row)

    def red(self, nodeid: str) -> tuple[str, str]:
        """Of which kind a case was red without the fix, and where."""
        red = self.test(nodeid)["red"]
        return red["kind"], red["where"]

    def alone(self, test: str) -> Proof:
        """What these very runs would have said of the fix if it had brought this test, case or test file alone.

        So one proof tries many things, and none hides behind another.
        """
        (trial,) = self.trials

        def is_of_it(nodeid: str) -> bool:
            return nodeid == test or nodeid.startswith((f"{test}[", f"{test}::"))

        def bare(run: TestRun | None) -> TestRun | None:
            return None if run is None else replace(run, cases=tuple(one for one in run.cases if is_of_it(one.nodeid)))

        runs = {name: bare(getattr(trial, name)) for name in ("after", "before", "again", "veiled", "control")}
        mapped = tuple(one for one in trial.tests if is_of_it(one.nodeid) or test.startswith(f"{one.nodeid}["))
        said = proof.judge(replace(trial, tests=mapped, **runs))
        assert all(is_of_it(one.nodeid) for one in said.tests)
        assert said.tests
        return said

    @property
    def proving(self) -> list[str]:
        """The cases that were green with the fix, red without it, and count."""
        return [
            test["nodeid"]
            for test in self.record["tests"]
            if (test["before"], test["after"], test["counts"]) == ("failed", "passed", True)
        ]


def commit(repo: Repo, files: Mapping[str, str | None], message: str = "fix: the last page is missing") -> str:
    """Commit these files, None for one that goes, and return the id."""
    for path, text in files.items():
        if text is None:
            (repo.path / path).unlink()
        else:
            repo.write(path, textwrap.dedent(text).lstrip("\n"))
    return repo.commit(message)


def opened(folder: Path, files: Mapping[str, str | None] | None = None) -> Repo:
    """The shop before the fix, with some files besides."""
    repo = story(folder / "shop", "")
    commit(repo, {**OPENING, **(files or {})}, "feat: sell things")
    return repo


def prove(repo: Repo, *arguments: str, **environment: str) -> Said:
    """What is said of the one fix that the arguments name: of HEAD where there are none."""
    with mock.patch.object(proof, "judge", wraps=proof.judge) as judge:
        done = Shell(repo.path, environment).call("prove", *(arguments or ("HEAD",)), "--format", "json")
    (record,) = done.document["fixes"]
    return Said(done, record, tuple(call.args[0] for call in judge.call_args_list))


def repaired(
    folder: Path,
    fix: Mapping[str, str | None] | None = None,
    *arguments: str,
    base: Mapping[str, str | None] | None = None,
    **environment: str,
) -> Said:
    """What is said of the shop's fix: ``base`` lies beside the bug, ``fix`` is what the fix changes."""
    repo = opened(folder, base)
    commit(repo, REPAIRED if fix is None else fix)
    return prove(repo, *(("HEAD", *arguments) if arguments else ()), **environment)
