"""Fix coverage: whether a fix's own tests run what the fix changed, through pytest's door and the shell's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARDING, shown
from tests.shell import Shell

if TYPE_CHECKING:
    from tests.doors.shop import Shop

FIXES = '[coverage]\nfixes = "any"\n'
AROUND = "from shop.pager import NAME\n\ndef test_last_page():\n    assert NAME == 'pager'\n"
"""A test that passes with the fix and runs nothing of it."""
SUBPROCESS = """\
import subprocess
import sys

def test_last_page():
    code = "import sys; sys.path.insert(0, 'src'); from shop.pager import pages; print(pages(11))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "2\\n"
"""
PAGER = """\
NAME = "pager"


def pages(items):
    whole, rest = divmod(
        items,
        10,
    )
    return whole + bool(rest)


def over(items):
    return items > 10
"""


def _fix(shop: Shop, test: str, source: str = PAGER) -> str:
    """Commit a fix with this source and this test."""
    shop.repo.write("src/shop/pager.py", source)
    shop.repo.write("tests/test_last.py", test)
    return shop.repo.commit("fix: last page is missing")


@pytest.mark.parametrize(
    ("test", "status", "said"),
    [
        pytest.param(GUARDING, 0, "coverage: 1 of 1 rule met", id="run"),
        pytest.param(AROUND, 0, "coverage: 1 of 1 rule met", id="import-only-is-left-to-the-proof"),
        pytest.param(SUBPROCESS, 0, "coverage: 1 of 1 rule met", id="subprocess"),
    ],
)
def test_a_test_that_reaches_its_fix_is_enough(shop: Shop, test: str, status: int, said: str) -> None:
    """In the test's own process or in one that it starts; what runs at import alone cannot be told."""
    shop.settings(FIXES)
    _fix(shop, test)
    result = shop.run_apart("--bugguard")
    assert result.ret == status
    assert said in shown(result)


def test_a_test_that_never_reaches_its_fix_fails_the_run(shop: Shop) -> None:
    """Its passing says nothing: the statements are named, with their function and the next command."""
    shop.settings(FIXES)
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.commit("feat: pages anew")
    sha = _fix(shop, AROUND)
    result = shop.run_apart("--bugguard")
    assert result.ret == 1
    assert f"COVERAGE   {sha[:7]}   its own tests: 1 never" in shown(result)
    assert "not run: src/shop/pager.py 9 (pages)" in shown(result)
    assert f"bugguard prove {sha[:7]}" in shown(result)
    assert "fixes, bugguard.toml:2" in shown(result)


def test_all_and_a_share_can_be_asked_for(shop: Shop) -> None:
    """A fix that changes two functions, with a test of one."""
    shop.settings('[coverage]\nfixes = "all"\n')
    shop.repo.write("src/shop/pager.py", PAGER.replace("> 10", "> 1").replace("whole + bool(rest)", "whole"))
    shop.repo.commit("feat: pages anew")
    sha = _fix(shop, GUARDING)
    result = shop.run_apart("--bugguard")
    assert result.ret == 1
    assert f"COVERAGE   {sha[:7]}   its own tests: 1 run, 1 never" in shown(result)
    assert "not run: src/shop/pager.py 13 (over)" in shown(result)
    shop.settings("[coverage]\nfixes = 50\n")
    assert shop.run_apart("--bugguard").ret == 0


def test_later_work_on_the_file_does_not_shift_what_was_changed(shop: Shop) -> None:
    """The lines of a fix are followed to where its tests are run."""
    shop.settings('[coverage]\nfixes = "all"\n')
    sha = _fix(shop, "def test_nothing():\n    assert True\n")
    shop.repo.write("src/shop/pager.py", f"import os\nimport sys\n\n\ndef early():\n    return os, sys\n\n\n{PAGER}")
    shop.repo.commit("feat: more of it")
    shop.repo.write("tests/test_late.py", GUARDING)
    shop.repo.commit(f"test: guard it\n\nRegression-Test: tests/test_late.py::test_last_page\nFixes {sha[:12]}")
    result = shop.run_apart("--bugguard")
    assert f"COVERAGE   {sha[:7]}   its own tests: 2 run, 2 at import only, 1 never" in shown(result)
    assert "(over)" in shown(result)


def test_a_test_that_fails_alone_leaves_it_open(shop: Shop) -> None:
    """Undecided, with the command that shows how it ends."""
    shop.settings(FIXES)
    alone = "    assert 'BUGGUARD_RUN' not in os.environ\n    assert"
    sha = _fix(shop, "import os\n" + GUARDING.replace("    assert", alone))
    result = shop.run_apart("--bugguard")
    assert result.ret == 1
    assert f"no test of {sha[:7]} passed when they ran alone" in shown(result)


def test_the_command_that_proves_judges_it_too(shop: Shop) -> None:
    """With the rule and the fix in its JSON."""
    shop.settings(FIXES)
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.commit("feat: pages anew")
    sha = _fix(shop, GUARDING)
    done = Shell(shop.repo.path).bugguard("prove", "main..", "--format", "json")
    assert done.code == 0, done.out
    (row,) = done.document["coverage"]
    assert (row["rule"], row["fix"], row["verdict"], row["covered"], row["total"]) == ("fixes", sha, "met", 1, 1)


def test_nothing_of_the_user_is_touched(shop: Shop) -> None:
    """No data file of coverage.py appears, and the work tree is as it was."""
    shop.settings(FIXES)
    _fix(shop, GUARDING)
    shop.run_apart("--bugguard", "-p", "no:cacheprovider")
    assert not list(shop.repo.path.rglob(".coverage*"))
    assert "src" not in shop.repo.git("status", "--porcelain")
