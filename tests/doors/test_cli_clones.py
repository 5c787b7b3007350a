"""What a clone lacks is never taken for what is not there: partial and shallow clones at the command line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.repository import open_repository
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

HISTORY = """
commit: feat: sell things
  file: pyproject.toml
    [tool.pytest.ini_options]
    pythonpath = ["src"]
  file: src/shop/__init__.py
    NAME = "shop"
  file: src/shop/pager.py
    def pages(items):
        return items // 10
  file: tests/test_pager.py
    from shop.pager import pages

    def test_full_page():
        assert pages(10) == 1
commit: fix: last page is missing
  file: src/shop/pager.py
    def pages(items):
        return -(-items // 10)
  file: tests/test_pager.py
    from shop.pager import pages

    def test_full_page():
        assert pages(10) == 1

    # Nothing but a comment was added.
commit: docs: say what the shop is
  file: README.md
    A shop.
"""


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A history whose one fix changed a test file and no test in it."""
    repo = story(tmp_path_factory.mktemp("clones") / "origin", HISTORY)
    repo.git("config", "uploadpack.allowFilter", "true")
    return repo


def cloned(origin: Repo, path: Path, *options: str) -> Shell:
    """A clone of it, with its newest files checked out."""
    origin.git("clone", "-q", *options, f"file://{origin.path}", str(path))
    return Shell(path)


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_test_file_whose_old_text_is_not_there_brings_no_test(origin: Repo, tmp_path: Path, command: str) -> None:
    """A blobless clone has the new text alone: all tests in it would look added, and each fix guarded."""
    whole = cloned(origin, tmp_path / "whole")
    blobless = cloned(origin, tmp_path / "blobless", "--filter=blob:none")
    asked = {"check": ["check", "HEAD~2..HEAD"], "explain": ["explain", "HEAD~1"]}[command]
    assert whole.call(*asked, "--format", "json").verdicts == [("unguarded", "fix: last page is missing")]
    (fix,) = blobless.call(*asked, "--format", "json").document["fixes"]
    assert (fix["verdict"], fix["tests"], fix["next"]) == ("undecided", [], "git fetch --refetch --no-filter")
    assert fix["reason"] == "could not look into tests/test_pager.py: not in this partial clone"


def test_the_cure_of_a_partial_clone_cures_it(origin: Repo, tmp_path: Path) -> None:
    """What we print for people to run does what we say."""
    blobless = cloned(origin, tmp_path / "blobless", "--filter=blob:none")
    (fix,) = blobless.call("explain", "HEAD~1", "--format", "json").document["fixes"]
    program, *arguments = fix["next"].split()
    assert program == "git"
    Repo(blobless.folder).git(*arguments)
    assert blobless.call("explain", "HEAD~1", "--format", "json").verdicts == [
        ("unguarded", "fix: last page is missing")
    ]


def test_many_files_that_are_not_there_are_one_note(tmp_path: Path) -> None:
    """A line a file would bury the verdict."""
    files = "".join(f"  file: {number}.py\n    NAME = {number}\n" for number in range(9))
    origin = story(tmp_path / "origin", f"commit: one\n{files}")
    origin.git("config", "uploadpack.allowFilter", "true")
    shell = cloned(origin, tmp_path / "blobless", "--filter=blob:none", "--no-checkout")
    with open_repository(shell.folder) as repository, repository.history() as history:
        head = str(history.resolve("HEAD"))
        assert [history.file_at(head, f"{number}.py") for number in range(9)] == [None] * 9
        (said,) = history.warnings
    assert said.startswith("'0.py', '1.py', '2.py' and 6 more were read as if they were not there: not in this partial")


@pytest.mark.parametrize("layout", ["text", "markdown", "json"])
def test_an_audit_of_a_shallow_clone_says_that_it_is_short(origin: Repo, tmp_path: Path, layout: str) -> None:
    """What it shows is no history: a share of one hundred per cent may be that of the newest commit."""
    shallow = cloned(origin, tmp_path / "shallow", "--depth", "1")
    assert "the clone is shallow" in shallow.call("audit", "--format", layout).out
    whole = cloned(origin, tmp_path / "whole")
    assert "shallow, " not in whole.call("audit", "--format", layout).out


def test_a_share_is_not_met_in_a_clone_that_cannot_tell(origin: Repo, tmp_path: Path) -> None:
    """Neither where older fixes are out of sight, nor where one could not be looked into."""
    for options, said in (
        (["--depth", "1"], "the clone is shallow"),
        (["--filter=blob:none"], "the guarded share is not known"),
    ):
        shell = cloned(origin, tmp_path / said.replace(" ", "-"), *options)
        assert shell.call("audit").code == 0
        done = shell.call("audit", "--fail-under", "0")
        assert (done.code, said in done.out, "next: " in done.out) == (1, True, True), done.out
        softened = shell.call("audit", "--fail-under", "0", "--set", "undecided=warn")
        assert (softened.code, said in softened.out) == (0, True), softened.out


def test_what_a_shallow_clone_hides_is_not_still_guarded(origin: Repo, tmp_path: Path) -> None:
    """A nightly look at older fixes passes only where they are there to be looked at."""
    for depth, verdicts in ((1, []), (2, [("undecided", "fix: last page is missing")])):
        shell = cloned(origin, tmp_path / f"shallow-{depth}", "--depth", str(depth))
        done = shell.call("prove", "--decay", "--format", "json")
        assert (done.code, done.verdicts) == (1, verdicts)
        assert "the clone is shallow" in done.document["findings"][-1]["message"]
        assert shell.call("prove", "--decay", "--set", "undecided=warn").code == 0
    whole = cloned(origin, tmp_path / "whole").call("prove", "--decay")
    assert (whole.code, "shallow" in whole.out) == (0, False)


TOPIC = """
branch: topic
commit: fix: no page for no items
  file: src/shop/pager.py
    def pages(items):
        return -(-items // 10) or 1
commit: say why
  file: src/shop/pager.py
    def pages(items):
        return -(-items // 10) or 1  # a page says that there is nothing
checkout: main
merge: topic
"""


def test_a_merge_that_is_cut_short_passes_no_gate(tmp_path: Path) -> None:
    """Its title says nothing, and the commit that says fix is one deeper than the clone of a pull request's merge."""
    origin = story(tmp_path / "origin", HISTORY + TOPIC)
    shallow = cloned(origin, tmp_path / "shallow", "--depth=2")
    told = shallow.call("check", "HEAD^1..HEAD", "--format", "json")
    assert (told.code, told.verdicts) == (1, [("undecided", "Merge branch 'topic'")])
    (fix,) = told.document["fixes"]
    assert "the clone ends within what it merges" in fix["reason"]
    Repo(shallow.folder).git(*fix["next"].partition("git ")[2].partition(" (")[0].split())
    whole = shallow.call("check", "HEAD^1..HEAD", "--format", "json")
    assert whole.verdicts == [("unguarded", "Merge branch 'topic'")]


def test_a_merge_that_is_cut_short_is_not_proven_by_tests_of_something(tmp_path: Path) -> None:
    """A test came with it, which is all that the gate asks for, unless it asks for a proof."""
    test = "  file: tests/test_none.py\n    from shop.pager import pages\n\n"
    test += "    def test_none():\n        assert pages(0) == 1\n"
    origin = story(tmp_path / "origin", HISTORY + TOPIC.replace("checkout: main", f"{test}checkout: main"))
    shallow = cloned(origin, tmp_path / "shallow", "--depth=2")
    asked = ("check", "HEAD^1..HEAD", "--format", "json")
    assert shallow.call(*asked).verdicts == []
    for asking in ((*asked, "--set", 'fixes.require="proof"'), ("prove", *asked[1:])):
        done = shallow.call(*asking)
        assert (done.code, [verdict for verdict, _ in done.verdicts]) == (1, ["undecided"]), asking
    command = [sys.executable, "-m", "pytest", "--bugguard", "--bugguard-base=HEAD^1"]
    for option, status in (((), 0), (("--bugguard-prove",), 1)):
        ran = subprocess.run([*command, *option], cwd=shallow.folder, capture_output=True, text=True, check=False)
        assert (ran.returncode, "UNDECIDED" in ran.stdout) == (status, bool(status)), ran.stdout
