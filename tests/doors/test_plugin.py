"""What a run of pytest says of the fixes of a change, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARD, GUARDING, shown

if TYPE_CHECKING:
    from tests.doors.shop import Shop

_SKIPPED = GUARDING.replace("    assert", "    import pytest\n    pytest.skip('slow')\n    assert")
_XFAILED = GUARDING.replace("    assert", "    import pytest\n    pytest.xfail('later')\n    assert")


def test_a_fix_without_a_test_fails_the_run(shop: Shop) -> None:
    """The tests pass, the run fails, and the section says what is missing and what to do."""
    sha = shop.fix()
    result = shop.run("--bugguard")
    assert result.ret == 1
    result.assert_outcomes(passed=1)
    said = shown(result)
    assert f"UNGUARDED  {sha[:7]} fix: last page is missing   changed src/shop/pager.py" in said
    assert "next: add a test that fails without it" in said
    assert "base: main, the local default branch" in said
    assert "bugguard: 1 unguarded" in said


def test_a_fix_with_a_test_that_passed_is_guarded(shop: Shop) -> None:
    """The section names the test and how it ended."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert f"{GUARD}   added   passed" in shown(result)
    assert "bugguard: 1 guarded" in shown(result)


@pytest.mark.parametrize(
    ("test", "options", "status", "said"),
    [
        pytest.param(_SKIPPED, (), 1, f"guards nothing here: {GUARD} skipped", id="skipped"),
        pytest.param(_XFAILED, (), 1, f"guards nothing here: {GUARD} xfailed", id="expected-to-fail"),
        pytest.param(GUARDING, ("-k", "full"), 1, f"{GUARD} was not run", id="deselected"),
        pytest.param(GUARDING, ("tests/test_pager.py",), 1, f"{GUARD} was not run", id="not-asked-for"),
        pytest.param(GUARDING, ("--ignore", "tests/test_last.py"), 1, f"{GUARD} was not run", id="ignored"),
        pytest.param(GUARDING.replace("== 2", "== 3"), (), 1, f"{GUARD} fails with the fix in place", id="fails"),
        pytest.param("import nowhere\n" + GUARDING, (), 2, "not judged", id="does-not-import"),
    ],
)
def test_only_a_test_that_ran_and_passed_guards(
    shop: Shop, test: str, options: tuple[str, ...], status: int, said: str
) -> None:
    """A test that was skipped, left out, expected to fail or failed guards nothing in this run."""
    shop.fix(test)
    result = shop.run("--bugguard", *options)
    assert result.ret == status
    assert said in result.stdout.str()


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        pytest.param((), 1, "is never collected: it is outside of testpaths (tests)", id="plain"),
        pytest.param(("tests", "checks"), 0, "checks/test_last.py::test_last_page   added   passed", id="asked-for"),
    ],
)
def test_a_run_knows_best_what_it_collects(shop: Shop, asked: tuple[str, ...], status: int, said: str) -> None:
    """A test outside of ``testpaths`` guards nothing, until a run is told to collect it."""
    shop.repo.write("pytest.ini", "[pytest]\npythonpath = src\ntestpaths = tests\n")
    shop.repo.write("checks/test_last.py", GUARDING)
    shop.fix()
    result = shop.run("--bugguard", *asked)
    assert result.ret == status
    assert said in shown(result)


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        pytest.param("[10, 11]", ["10", "11"], id="numbers"),
        pytest.param("['a[b]', 'c::d', 'e]::f[']", ["a[b]", "c::d", "e]::f["], id="brackets-and-colons"),
        pytest.param(r"['a\\b', 'tab\t', 'ü']", [r"a\\b", r"tab\t", r"\xfc"], id="backslashes"),
        pytest.param("['x@y', '1.5@z']", ["x@y", "1.5@z"], id="at-signs"),
    ],
)
def test_parameter_ids_come_from_the_run(shop: Shop, body: str, ids: list[str]) -> None:
    """Each case of a mapped test is named as the run named it, whatever its id holds."""
    shop.fix(
        "import pytest\nfrom shop.pager import pages\n\n"
        f"@pytest.mark.parametrize('case', {body})\ndef test_last_page(case):\n    assert pages(11) == 2\n"
    )
    result = shop.run("--bugguard")
    assert result.ret == 0
    for case in ids:
        assert f"{GUARD}[{case}]   added   passed" in shown(result)


def test_one_passing_case_is_enough(shop: Shop) -> None:
    """Cases that were skipped are left out of what guards."""
    shop.fix(
        "import pytest\nfrom shop.pager import pages\n\n@pytest.mark.parametrize('size', [0, 11])\n"
        "def test_last_page(size):\n    if not size:\n        pytest.skip('empty')\n    assert pages(size) == 2\n"
    )
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert f"{GUARD}[11]   added   passed" in shown(result)
    assert f"{GUARD}[0]" not in shown(result)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("assert pages(11) == 2", 0, id="passes"),
        pytest.param("assert pages(11) == 3", 1, id="fails"),
    ],
)
def test_a_failed_sub_test_is_no_guard(shop: Shop, body: str, expected: int) -> None:
    """A unittest method whose ``subTest`` failed has failed, though pytest reports its call as passed."""
    shop.fix(
        "import unittest\nfrom shop.pager import pages\n\nclass TestLast(unittest.TestCase):\n"
        "    def test_page(self):\n"
        f"        with self.subTest('last'):\n            {body}\n        assert pages(10) == 1\n"
    )
    result = shop.run("--bugguard")
    assert result.ret == expected
    assert ("tests/test_last.py::TestLast::test_page   added   passed" in shown(result)) == (not expected)
    assert ("BROKEN" in shown(result)) == bool(expected)


@pytest.mark.parametrize(
    ("conftest", "status"),
    [
        pytest.param("", 1, id="0-becomes-1"),
        pytest.param("def pytest_sessionfinish(session):\n    session.exitstatus = 7\n", 7, id="a-status-of-others"),
        pytest.param("def pytest_sessionfinish(session):\n    session.exitstatus = 0\n", 1, id="whitewashed-by-others"),
        pytest.param("import pytest\ndef pytest_runtest_call():\n    pytest.exit('enough', 9)\n", 9, id="pytest-exit"),
        pytest.param("def pytest_runtest_call():\n    raise KeyboardInterrupt\n", 2, id="interrupted"),
        pytest.param("def pytest_runtest_protocol():\n    raise RuntimeError\n", 3, id="internal-error"),
        pytest.param("def pytest_runtest_call():\n    assert 0\n", 1, id="tests-failed"),
        pytest.param("collect_ignore = ['tests']\n", 5, id="no-tests"),
        pytest.param("def pytest_collection_modifyitems(items):\n    items.clear()\n", 5, id="no-tests-left"),
    ],
)
def test_only_a_clean_end_becomes_a_failure(shop: Shop, conftest: str, status: int) -> None:
    """An unguarded fix turns 0 into 1; every other exit status stays what it was."""
    shop.repo.write("conftest.py", conftest)
    shop.fix()
    assert shop.run("--bugguard").ret == status


def test_wrong_usage_stays_wrong_usage(shop: Shop) -> None:
    """Wrong usage, pytest's own 4, is not masked."""
    shop.fix()
    assert shop.run("--bugguard", "nowhere.py").ret == 4


def test_nothing_is_asked_of_a_change_without_fixes(shop: Shop) -> None:
    """A feature needs no regression test."""
    shop.fix(subject="feat: count the last page")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "bugguard: no fixes in 1 commit" in shown(result)


def test_a_branch_without_a_commit_has_nothing_to_judge(shop: Shop) -> None:
    """The section says so, and with what it compared."""
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "bugguard: no commits to judge" in shown(result)
    assert "base: main" in shown(result)


def test_on_the_default_branch_the_newest_commit_is_judged(shop: Shop) -> None:
    """Without anything unpushed, as after a push to main, it is compared with the commit before."""
    shop.repo.git("checkout", "-q", "main")
    shop.fix()
    shop.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert "the commit before: HEAD is main itself, with nothing unpushed" in shown(result)
