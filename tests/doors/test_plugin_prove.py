"""``pytest --bugguard --bugguard-prove``: the session is the half with the fix, only the other half is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARD, GUARDING, Shop

if TYPE_CHECKING:
    from pathlib import Path

VACUOUS = "from shop.pager import pages\n\ndef test_last_page():\n    assert pages(20) == 2\n"


def test_a_test_that_is_red_without_the_fix_proves_it(shop: Shop) -> None:
    """The section names the test, how it was red and where; the run ends well."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-prove", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["PROVEN     ??????? fix: last page is missing", f" *{GUARD}   red: assert 1 == 2   at tests/test_last.py:4"]
    )


def test_a_test_that_passes_either_way_fails_the_run(shop: Shop) -> None:
    """A green suite does not hide it: exit status 1, the verdict, and the next action."""
    shop.fix(VACUOUS)
    result = shop.run("--bugguard", "--bugguard-prove", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["UNPROVEN   ??????? fix: last page is missing*", " *next: *"])


def test_the_setting_asks_for_it_too(shop: Shop) -> None:
    """``fixes.require = "proof"`` needs no option."""
    shop.settings('enabled = true\nbase = "main"\n[fixes]\nrequire = "proof"\n')
    shop.fix(VACUOUS)
    assert shop.run().ret == pytest.ExitCode.TESTS_FAILED


def test_without_asking_nothing_is_proven(shop: Shop) -> None:
    """``require = "test"``, the default, is content with a test that came with the fix."""
    shop.fix(VACUOUS)
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["GUARDED    ??????? fix: last page is missing"])


def test_a_test_that_needs_a_file_that_git_ignores_proves_nothing(shop: Shop) -> None:
    """Red in the scratch tree for want of a file that only the work tree has is not red for want of the fix."""
    shop.repo.write(".gitignore", "__pycache__/\n.pytest_cache/\nlocal.txt\n")
    shop.repo.write("tests/local.txt", "11")
    shop.fix(
        "from pathlib import Path\n\nfrom shop.pager import pages\n\n"
        "def test_last_page():\n    assert pages(10) == 1\n"
        "    assert Path(__file__).with_name('local.txt').exists()\n"
    )
    result = shop.run("--bugguard", "--bugguard-prove", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.no_fnmatch_line("PROVEN*")


def test_a_test_that_knows_its_place_proves_nothing(shop: Shop) -> None:
    """It is green in the work tree and red in any scratch tree: with the fix as without it."""
    shop.fix(
        "from pathlib import Path\n\nfrom shop.pager import pages\n\n"
        "def test_last_page():\n    assert pages(10) == 1\n"
        f"    assert str(Path(__file__).parent.parent) == {str(shop.repo.path)!r}\n"
    )
    result = shop.run("--bugguard", "--bugguard-prove", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "UNDECIDED  ??????? fix: last page is missing*",
            "*passes in your work tree, but not in a fresh tree with the fix*",
        ]
    )


def test_ctrl_c_while_it_proves_is_told_in_a_line(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It ends the run as it would end the tests, shows no traceback, and leaves nothing behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shop.fix(
        "import os, signal, time\n\nfrom shop.pager import pages\n\ndef test_last_page():\n"
        "    if pages(11) == 1:\n        os.kill(os.getppid(), signal.SIGINT)\n        time.sleep(20)\n"
        "    assert pages(11) == 2\n"
    )
    result = shop.run_apart("--bugguard", "--bugguard-prove", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["bugguard: not judged: it was broken off"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("bugguard-")] == []
