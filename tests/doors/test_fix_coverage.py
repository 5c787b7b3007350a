"""Fix coverage: whether a fix's own tests run what the fix changed, through pytest's door and the shell's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARDING, shown
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

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
SUBTESTS = """\
import unittest
from shop.pager import pages

class TestPages(unittest.TestCase):
    def test_last_page(self):
        for items in (10, 11):
            with self.subTest(items=items):
                assert pages(items) == -(-items // 10)
"""
ODD_IDS = """\
import pytest
from shop.pager import pages

@pytest.mark.parametrize("items", [11], ids=["a::b/c [d] \\x00 \\N{SNOWMAN} # = \\n"])
def test_last_page(items):
    assert pages(items) == 2
"""
WITHIN = """\
import pytest

def test_last_page(tmp_path):
    inner = "from shop.pager import pages\\n\\ndef test_it():\\n    assert pages(11) == 2\\n"
    (tmp_path / "test_inner.py").write_text(inner)
    assert pytest.main([str(tmp_path), "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]) == 0
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
    result = shop.run("--bugguard")
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
    shop.repo.write(".coveragerc", "[run]\nplugins = conditional\n")
    shop.repo.commit("test: what cannot run here is left out of the count")
    said = shown(shop.run_apart("--bugguard"))
    assert "COVERAGE" not in said
    assert "not judged: coverage.py's plugins may leave out what its tests did not run, and are not loaded" in said


@pytest.mark.parametrize("test", [SUBTESTS, ODD_IDS, WITHIN], ids=["subtests", "any-id", "a-pytest-within"])
def test_what_a_test_of_any_kind_runs_is_told_as_its_own(shop: Shop, test: str) -> None:
    """Of the one statement that was mended, which no import runs."""
    shop.settings(FIXES)
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.commit("feat: pages anew")
    _fix(shop, test)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "coverage: 1 of 1 rule met" in shown(result)


def test_what_may_be_the_cure_by_being_gone_is_left_to_a_proof(shop: Shop) -> None:
    """A fix that takes a function away, and whose test runs nothing of the rest: no gate passes unseen."""
    shop.settings(FIXES)
    shop.repo.write("src/shop/pager.py", PAGER + "\n\ndef odd(items):\n    return items\n")
    shop.repo.commit("feat: pages anew")
    gone = "from shop import pager\n\ndef test_last_page():\n    assert not hasattr(pager, 'odd')\n"
    sha = _fix(shop, gone, PAGER.replace("whole + bool(rest)", "whole"))
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert f"the tests of {sha[:7]} run nothing of what it added, and it took code away" in shown(result)
    assert f"bugguard prove {sha[:7]} tells" in shown(result)


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
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert f"no test of {sha[:7]} passed when they ran alone" in shown(result)


def test_after_a_run_of_pytest_they_run_where_it_was(shop: Shop) -> None:
    """In the user's own checkout, with what no commit holds."""
    shop.settings(FIXES)
    shop.repo.write(".git/info/exclude", "local.txt\n")
    shop.repo.write("local.txt", "11")
    _fix(shop, GUARDING.replace("pages(11)", "pages(int(open('local.txt').read()))"))
    result = shop.run_apart("--bugguard")
    assert result.ret == 0
    assert "coverage: 1 of 1 rule met" in shown(result)


def test_the_command_that_proves_judges_it_too(shop: Shop) -> None:
    """With the rule and the fix in its JSON."""
    shop.settings(FIXES)
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.commit("feat: pages anew")
    sha = _fix(shop, GUARDING)
    done = Shell(shop.repo.path).call("prove", "main..", "--format", "json")
    assert done.code == 0, done.out
    (row,) = done.document["coverage"]
    assert (row["rule"], row["fix"], row["verdict"], row["covered"], row["total"]) == ("fixes", sha, "met", 1, 1)


def test_nothing_of_the_user_is_touched(shop: Shop) -> None:
    """No data file of coverage.py appears, and the work tree is as it was."""
    shop.settings(FIXES)
    _fix(shop, GUARDING)
    shop.run("--bugguard", "-p", "no:cacheprovider")
    assert not list(shop.repo.path.rglob(".coverage*"))
    assert "src" not in shop.repo.git("status", "--porcelain")


def _counting(log: Path, test: str = GUARDING) -> str:
    """A test that leaves a line wherever it is run."""
    return test.replace(
        "    assert", f"    with open({str(log)!r}, 'a') as log:\n        print(file=log)\n    assert", 1
    )


def test_a_proof_and_its_coverage_share_a_run(shop: Shop, tmp_path: Path) -> None:
    """The run with the fix is measured: what the fix's tests reach costs no run more."""
    log = tmp_path / "runs"
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.commit("feat: pages anew")
    _fix(shop, _counting(log))
    runs = {}
    for asked in ("off", "any"):
        shop.settings(f'[coverage]\nfixes = "{asked}"\n')
        log.write_text("", encoding="utf-8")
        done = Shell(shop.repo.path).call("prove", "main..", "--fresh", "--format", "json")
        runs[asked] = log.read_text(encoding="utf-8").count("\n")
    assert [row["verdict"] for row in done.document["coverage"]] == ["met"]
    assert runs["off"] == runs["any"] > 0


def test_other_tests_of_the_same_file_are_not_the_fixs_own(shop: Shop) -> None:
    """A test that was there before may run the fix; the new one has to."""
    shop.settings(FIXES)
    old = GUARDING.replace("test_last_page", "test_old").replace("== 2", ">= 1")
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.write("tests/test_last.py", old)
    shop.repo.commit("feat: pages anew")
    sha = _fix(shop, f"{old}\n\n{AROUND}")
    done = Shell(shop.repo.path).call("prove", "main..")
    assert f"COVERAGE   {sha[:7]}   its own tests: 1 never" in done.out


def test_what_another_test_made_ready_is_not_held_against_the_fixs_own(shop: Shop) -> None:
    """A fixture that all share runs for the first test only: where others ran before, the fix's own run alone."""
    shop.settings(FIXES)
    old = (
        "import pytest\nfrom shop.pager import pages\n\n@pytest.fixture(scope='module')\ndef count():\n"
        "    return pages(11)\n\ndef test_old(count):\n    assert count\n"
    )
    shop.repo.write("src/shop/pager.py", PAGER.replace("return whole + bool(rest)", "return whole"))
    shop.repo.write("tests/test_last.py", old)
    shop.repo.commit("feat: pages anew")
    _fix(shop, f"{old}\n\ndef test_last_page(count):\n    assert count == 2\n")
    done = Shell(shop.repo.path).call("prove", "main..", "--format", "json")
    (row,) = done.document["coverage"]
    assert (row["verdict"], row["covered"], row["missing"]) == ("met", 1, [])


def test_a_test_that_fails_of_the_tracer_is_proven_all_the_same(shop: Shop) -> None:
    """Measuring must not turn a proof: what fails under the tracer is run without it."""
    shop.settings(FIXES)
    untraced = "    import sys\n    assert sys.gettrace() is None\n    assert"
    _fix(shop, GUARDING.replace("    assert", untraced, 1))
    done = Shell(shop.repo.path).call("prove", "main..", "--format", "json")
    assert [fix["verdict"] for fix in done.document["fixes"]] == ["proven"]
    by_monitor = sys.version_info >= (3, 12)  # where no test can see it
    assert [row["verdict"] for row in done.document["coverage"]] == ["met" if by_monitor else "undecided"]
