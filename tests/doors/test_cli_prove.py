"""``bugguard prove``: its arguments, what it prints, how it ends. The verdicts themselves: ``tests/proof``."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
    commit: feat: sell things
      file: pyproject.toml
        [tool.pytest.ini_options]
        addopts = "-p no:hypothesispytest -p no:platformdirs"
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10
      file: tests/test_pager.py
        from shop.pager import pages

        def test_full_page():
            assert pages(10) == 1
    branch: topic
    commit: fix: last page is missing
      file: src/shop/pager.py
        def pages(items):
            return -(-items // 10)
      file: tests/test_last.py
        from shop.pager import pages

        def test_last_page():
            assert pages(11) == 2

        def test_name():
            assert pages(10) == 1
    commit: fix: an empty shop has a page
      file: src/shop/pager.py
        def pages(items):
            return max(1, -(-items // 10))
      file: tests/test_empty.py
        from shop.pager import pages

        def test_many():
            assert pages(20) == 2
"""


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Two fixes on a branch: one is guarded, the test of the other passes without it."""
    return story(tmp_path_factory.mktemp("prove") / "shop", SHOP)


def test_each_fix_of_the_branch_is_proven_or_not(shop: Repo) -> None:
    """The default is what HEAD adds to its base; the unproven fix fails the command and says what to do."""
    done = Shell(shop.path).call("prove")
    assert done.code == 1, done.out + done.err
    first, last = shop.sha("last page")[:7], shop.sha("empty shop")[:7]
    lines = done.out.splitlines()
    assert f"PROVEN     {first} fix: last page is missing" in lines
    assert any("tests/test_last.py::test_last_page" in line and "red: assert 1 == 2" in line for line in lines)
    assert any(line.startswith(f"UNPROVEN   {last}") for line in lines)
    assert any("tests/test_empty.py::test_many" in line and "passes without the fix too" in line for line in lines)
    assert any("next: " in line and "fail" in line for line in lines)
    assert lines[-1].strip("= ") == "bugguard: 1 proven, 1 unproven"


def test_the_json_tells_both_sides_of_each_test(shop: Repo) -> None:
    """``before``, ``after`` and ``red`` are there for every test of a fix that was run both ways."""
    done = Shell(shop.path).call("prove", shop.sha("last page"), "--format", "json")
    assert done.code == 0, done.out + done.err
    (fix,) = done.document["fixes"]
    told = {test["nodeid"]: (test["before"], test["after"], test["red"]) for test in fix["tests"]}
    assert fix["verdict"] == "proven"
    assert told["tests/test_last.py::test_name"] == ("passed", "passed", None)
    before, after, red = told["tests/test_last.py::test_last_page"]
    assert (before, after, red["kind"]) == ("failed", "passed", "assertion")
    assert red["where"] == "tests/test_last.py:4"


def test_the_repository_is_as_it_was(shop: Repo) -> None:
    """No file, no ref, no configuration and no index entry of the user's changes."""
    before = _all(shop.path)
    Shell(shop.path).call("prove")
    assert _all(shop.path) == before


def _all(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_uncommitted_work_takes_part_where_it_is_asked_for(tmp_path: Path) -> None:
    """The test that is only in the work tree proves the fix with ``--worktree``, and without it nothing does."""
    shop = story(tmp_path / "shop", SHOP)
    shop.write("tests/test_empty.py", "from shop.pager import pages\n\ndef test_empty():\n    assert pages(0) == 1\n")
    shell = Shell(shop.path)
    subject = "fix: an empty shop has a page"
    assert ("unproven", subject) in shell.call("prove", "--format", "json").verdicts
    with_work = shell.call("prove", "--worktree", "--format", "json")
    assert ("proven", subject) in with_work.verdicts, with_work.out


@pytest.mark.parametrize(
    ("revision", "code"),
    [pytest.param("last page", 0, id="proven-good"), pytest.param("empty shop", 1, id="unproven-bad")],
)
def test_bisect_speaks_the_exit_codes_of_git_bisect(shop: Repo, revision: str, code: int) -> None:
    """0 for proven, 1 for a verdict against it."""
    assert Shell(shop.path).call("prove", "--bisect", shop.sha(revision)).code == code


def test_bisect_skips_what_cannot_be_told(shop: Repo) -> None:
    """125 tells ``git bisect run`` to look elsewhere: the first commit is no fix of anything."""
    assert Shell(shop.path).call("prove", "--bisect", shop.sha("sell things")).code == 125


def test_side_by_side_gives_the_same_as_one_after_the_other(shop: Repo) -> None:
    """``--jobs`` changes how long it takes, and nothing else."""
    shell = Shell(shop.path)
    jobs = (("--jobs", "1"), ("--jobs", "2", "--fresh"))  # what is on record would answer for both
    one, two = (shell.call("prove", *words, "--format", "json").document["fixes"] for words in jobs)
    assert one == two


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("HEAD", "--base", "main"), id="base-with-a-revision"),
        pytest.param(("main..HEAD", "--worktree"), id="work-tree-with-a-range"),
        pytest.param(("no-such-thing",), id="unknown-revision"),
    ],
)
def test_wrong_usage_is_told_in_a_line_and_a_hint(shop: Repo, arguments: tuple[str, ...]) -> None:
    """Exit code 4, what is wrong, and what to type instead."""
    done = Shell(shop.path).call("prove", *arguments)
    assert done.code == 4
    assert done.complaint


TWO_PARTS = """
    commit: feat: sell things
      file: pyproject.toml
        [tool.pytest.ini_options]
        addopts = "-p no:hypothesispytest -p no:platformdirs"
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10


        def first(items):
            return items[0]
      file: tests/test_pager.py
        from shop.pager import pages

        def test_full_page():
            assert pages(10) == 1
    branch: topic
    commit: fix: last page is missing, and the first of nothing
      file: src/shop/pager.py
        def pages(items):
            return -(-items // 10)


        def first(items):
            return items[0] if items else None
      file: tests/test_last.py
        from shop.pager import pages

        def test_last_page():
            assert pages(11) == 2
    commit: feat: say who we are
      file: src/shop/__init__.py
        NAME = "the shop"
"""


@pytest.fixture(scope="session")
def two_parts(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A fix of two functions, with a test for one of them, and a commit after it."""
    return story(tmp_path_factory.mktemp("hunks") / "shop", TWO_PARTS)


def test_hunks_tell_which_part_no_test_holds(two_parts: Repo) -> None:
    """Each part is taken out alone: one turns the test red, the other goes unseen."""
    done = Shell(two_parts.path).call("prove", "--hunks", two_parts.sha("last page"))
    assert "held       src/shop/pager.py:2   by tests/test_last.py::test_last_page" in done.out
    assert "not held   src/shop/pager.py:6   no test fails without it alone" in done.out
    json = Shell(two_parts.path).call("prove", "--hunks", two_parts.sha("last page"), "--format", "json")
    (fix,) = json.document["fixes"]
    assert [(hunk["first"], hunk["held"]) for hunk in fix["hunks"]] == [(2, True), (6, False)]


def test_decay_takes_the_fix_out_of_todays_head(tmp_path: Path) -> None:
    """Still guarded while its test is there; where the test was loosened since, it is not guarded any more and fails.

    So it does for ``git bisect run bugguard prove --decay --bisect FIX``: 0 while it is guarded, 1 after.
    """
    repo = story(tmp_path / "shop", TWO_PARTS)
    shell, bisect = Shell(repo.path), ("prove", "--decay", "--bisect", repo.sha("last page"))
    before = shell.call("prove", "--decay", "--format", "json")
    assert (before.code, before.verdicts) == (0, [("proven", "fix: last page is missing, and the first of nothing")])
    assert shell.call(*bisect).code == 0
    loose = "from shop.pager import pages\n\ndef test_last_page():\n    assert pages(11)\n"
    repo.write("tests/test_last.py", loose)
    repo.commit("test: say less")
    after = shell.call("prove", "--decay")
    assert after.code == 1, after.out
    assert "not guarded in today's HEAD: tests/test_last.py::test_last_page passes without the fix too" in after.out
    assert f"bugguard prove --decay {repo.sha('last page')[:7]} --keep leaves you HEAD without" in after.out
    assert shell.call(*bisect).code == 1


def test_what_later_work_is_woven_into_cannot_be_told(tmp_path: Path) -> None:
    """A fix whose lines were changed again is undecided in today's HEAD, with what to do instead, as it is typed."""
    repo = story(tmp_path / "shop", TWO_PARTS)
    shell, fix = Shell(repo.path), repo.sha("last page")
    repo.write("src/shop/pager.py", "def pages(items):\n    return max(1, -(-items // 10))\n")
    repo.commit("feat: a page at least")
    done = shell.call("prove", "--decay")
    assert done.code == 1
    assert "woven" in done.out
    assert f"next: prove the fix at its own commit: bugguard prove {fix[:7]}\n" in done.out


def test_keep_leaves_the_tree_and_says_how_to_run_it(two_parts: Repo, tmp_path: Path) -> None:
    """The command on standard error shows the red by hand; the tree is still there afterwards."""
    shell = Shell(two_parts.path, {"TMPDIR": str(tmp_path)})
    done = shell.bugguard("prove", "--keep", two_parts.sha("last page"))
    (command,) = [line for line in done.err.splitlines() if line.startswith("cd ")]
    again = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert again.returncode == 1, again.stderr
    assert "assert 1 == 2" in again.stdout


def test_a_test_that_moved_later_proves_the_fix_under_its_old_name(tmp_path: Path) -> None:
    """In a range each fix is looked at in its own tree, where its test has the name that it had then."""
    repo = story(tmp_path / "shop", TWO_PARTS)
    repo.git("mv", "tests/test_last.py", "tests/test_pages.py")
    repo.commit("test: a better name")
    done = Shell(repo.path).call("prove", "main..HEAD", "--format", "json")
    (fix,) = done.document["fixes"]
    assert (fix["verdict"], [test["nodeid"] for test in fix["tests"]]) == (
        "proven",
        ["tests/test_last.py::test_last_page"],
    )


def test_a_strangers_code_is_not_run_beside_secrets(shop: Repo) -> None:
    """On ``pull_request_target`` prove refuses, names the danger and the way out; ``--i-know`` takes it on."""
    shell = Shell(shop.path, {"GITHUB_EVENT_NAME": "pull_request_target"})
    refused = shell.call("prove", shop.sha("last page"))
    assert refused.code == 4
    assert "pull_request_target" in refused.complaint[0]
    assert shell.call("prove", "--i-know", shop.sha("last page")).code == 0


@pytest.mark.skipif(os.name != "posix", reason="sets a limit of the system")
def test_a_full_disk_is_told_in_a_line(shop: Repo) -> None:
    """Our own files cannot be written: nothing is claimed, the reason names no place, and there is a cure."""
    import resource  # noqa: PLC0415 - not there on Windows

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, usual[1]))
    try:
        done = Shell(shop.path).call("prove", shop.sha("last page"), "--fresh", "--format", "json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    (record,) = done.document["fixes"]
    assert (record["verdict"], record["reason"]) == ("undecided", "the tests could not be run: File too large")
    assert "TMPDIR" in record["next"]


@pytest.mark.skipif(os.name != "posix", reason="a folder's name is no drive's there")
def test_a_temporary_folder_that_no_path_can_name_is_told_in_a_line(
    shop: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a child imports first could not be found: the reason names the folder's fault, not what follows from it."""
    (tmp_path / "12:30").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "12:30"))
    monkeypatch.setattr("tempfile.tempdir", None)
    shell = Shell(shop.path)
    (record,) = shell.call("prove", shop.sha("last page"), "--fresh", "--format", "json").document["fixes"]
    assert record["verdict"] == "undecided"
    assert record["reason"].endswith("PYTHONPATH can name no temporary folder with ':' in its path")
    assert "TMPDIR" in record["next"]
    hunted = shell.call("hunt", "tests")
    assert hunted.code == 4
    assert "PYTHONPATH can name no temporary folder" in hunted.complaint[0]
    assert "TMPDIR" in hunted.complaint[1]
