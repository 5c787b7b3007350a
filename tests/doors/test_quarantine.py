"""A test in quarantine: it runs, guards no fix, and its day comes."""

from __future__ import annotations

import json

import pytest

from tests.doors.shop import GUARD, GUARDING, REPAIRED, Shop
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


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("prove", "main..HEAD"), id="prove"),
        pytest.param(("prove", "HEAD"), id="prove-one"),
        pytest.param(("prove", "--decay"), id="decay"),
        pytest.param(("audit", "main..HEAD"), id="audit"),
        pytest.param(("explain", "HEAD"), id="explain"),
    ],
)
def test_no_command_leans_on_a_test_in_quarantine(shop: Shop, command: tuple[str, ...]) -> None:
    """A proof does not make it trustworthy: it is red and green as the clock has it."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    said = Shell(shop.repo.path).call(*command, "--format", "json")
    (fix,) = [fix for fix in json.loads(said.out)["fixes"] if fix["subject"] == "fix: last page is missing"]
    assert (fix["verdict"], fix["tests"][0]["counts"]) == ("unguarded", False)
    assert fix["reason"].endswith(f"{GUARD} is in quarantine (platform: real clock)")


def test_a_commit_about_to_be_made_leans_on_none_either(shop: Shop) -> None:
    """The hook says so before the commit is there."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.repo.write("src/shop/pager.py", REPAIRED)
    shop.repo.write("tests/test_last.py", GUARDING)
    shop.repo.git("add", "src", "tests")
    message = shop.repo.path / ".git/COMMIT_EDITMSG"
    message.write_text("fix: last page is missing\n", encoding="utf-8")
    said = Shell(shop.repo.path).call("check", "--staged", "--message-file", str(message))
    assert said.code == 1
    assert "is in quarantine (platform: real clock)" in said.out


@pytest.mark.parametrize(
    ("more", "options"),
    [
        pytest.param("", ("--bugguard-prove",), id="option"),
        pytest.param('[fixes]\nrequire = "proof"\n', (), id="setting"),
    ],
)
def test_the_proof_of_a_run_leans_on_none_either(shop: Shop, more: str, options: tuple[str, ...]) -> None:
    """Whichever way the run is asked for a proof."""
    shop.settings(more + ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main", *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["UNGUARDED *fix: last page is missing*", f"*{GUARD} is in quarantine*"])


def test_an_overdue_quarantine_fails_the_check(shop: Shop) -> None:
    """Without any run, too."""
    shop.settings(ENTRY.format(test="tests/test_pager.py::test_full_page", expires="2020-01-31"))
    shop.fix(GUARDING)
    said = Shell(shop.repo.path).call("check", "--base", "main")
    assert said.code == 1
    assert "the quarantine of platform ended on 2020-01-31: real clock" in said.out


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
