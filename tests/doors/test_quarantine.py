"""A test in quarantine: it runs, guards no fix, and its day comes."""

from __future__ import annotations

import pytest

from tests.doors.shop import GUARD, GUARDING, Shop
from tests.shell import Shell

ENTRY = """
[[quarantine]]
test = "{test}"
owner = "platform"
reason = "real clock"
expires = {expires}
"""


def test_a_test_in_quarantine_guards_no_fix(shop: Shop) -> None:
    """Though it passed: the run fails, and says whose it is and what to do; so does the check without a run."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "UNGUARDED *fix: last page is missing*",
            f"*{GUARD} is in quarantine (platform: real clock)",
            "*next: mend it and take it out of quarantine, or add another test",
        ]
    )
    assert Shell(shop.repo.path).call("check", "--base", "main").code == 1


def test_an_overdue_quarantine_fails_the_run(shop: Shop) -> None:
    """Whatever the change: test, owner, date and place are named."""
    shop.settings(ENTRY.format(test="tests/test_pager.py::test_full_page", expires="2020-01-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "UNGUARDED*::test_full_page   the quarantine of platform ended on 2020-01-31: real clock",
            "*next: platform: mend the test and take it out (bugguard.toml:2), or agree on a new date there*",
        ]
    )
