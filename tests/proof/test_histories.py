"""Which commits make up the fix, and where its test stands. Real repositories, real runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixes import GUARD, LAST, NEW, PAGER, REPAIRED, TEST, commit, opened, prove
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Repo

RANGE = "base..HEAD"
SOURCE = {PAGER: NEW}
GUARDED = {"tests/test_last.py": GUARD}


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """The shop before the fix, where the tag ``base`` stands."""
    shop = opened(tmp_path)
    shop.git("tag", "base")
    return shop


def verdicts(repo: Repo, *arguments: str) -> dict[str, str]:
    """The verdict by subject, of what a range holds."""
    done = Shell(repo.path).call("prove", *(arguments or (RANGE,)), "--format", "json")
    return {fix["subject"]: fix["verdict"] for fix in done.document["fixes"]}


def test_23_a_test_that_only_moved_guards_nothing(repo: Repo) -> None:
    """Under its new name it is no new test."""
    repo.git("mv", TEST, "tests/test_pages.py")
    commit(repo, SOURCE)
    said = prove(repo)
    assert (said.verdict, said.done.code) == ("unguarded", 1)
    assert said.test("tests/test_pages.py::test_full")["change"] == "moved"


@pytest.mark.parametrize("asked", ["{sha}", RANGE])
def test_a_test_without_an_assertion_is_run_where_it_stands(repo: Repo, asked: str) -> None:
    """The later states, in which a test may be found for the issue, need not have it any more."""
    own = "from shop.pager import pages\n\ndef test_none():\n    pages(None)\n"
    body = "    if items is None:\n        return 0\n"
    sha = commit(
        repo, {PAGER: NEW.replace("    return", f"{body}    return"), "tests/test_none.py": own}, "fix: none (#7)"
    )
    commit(repo, {"tests/test_none.py": None, "README.md": "A shop.\n"}, "docs: say what it is")
    assert verdicts(repo, asked.format(sha=sha)) == {"fix: none (#7)": "proven"}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param(GUARDED, "changes no source file", id="24-tests-only"),
        pytest.param(
            {PAGER: '"""Pages."""\n\ndef pages(items):\n    # round up\n    return items // 10\n'},
            "changes only comments",
            id="25-comments-only",
        ),
        pytest.param({"setup.cfg": "[metadata]\nname = shop\n"}, "changes no source file", id="26-build-only"),
    ],
)
def test_24_25_26_what_repairs_no_source_needs_no_proof(repo: Repo, files: dict[str, str | None], words: str) -> None:
    """It says fix, and nothing of the product does anything else than before."""
    commit(repo, files)
    said = prove(repo)
    assert (said.verdict, said.done.code) == ("not-applicable", 0)
    assert words in said.reason


@pytest.mark.parametrize(
    "commits",
    [
        pytest.param(((SOURCE, "fix: the last page"), (GUARDED, "test: the last page")), id="28-test-after"),
        pytest.param(((GUARDED, "test: the last page"), (SOURCE, "fix: the last page")), id="29-test-first"),
    ],
)
def test_28_29_fix_and_test_may_be_different_commits(
    repo: Repo, commits: tuple[tuple[dict[str, str | None], str], ...]
) -> None:
    """They belong to one change, in either order."""
    for files, message in commits:
        commit(repo, files, message)
    assert verdicts(repo)["fix: the last page"] == "proven"


def test_30_a_squash_merge_is_one_fix(repo: Repo) -> None:
    """Its title decides, whatever stands among its bullets."""
    commit(repo, REPAIRED, "fix: the last page (#12)\n\n* wip\n* feat: page size\n* fix tests\n")
    assert verdicts(repo) == {"fix: the last page (#12)": "proven"}


def test_31_the_merge_of_a_pull_request_is_one_fix(repo: Repo) -> None:
    """What it brought is its difference to the first parent; its inner commits are none of their own."""
    repo.git("checkout", "-q", "-b", "topic")
    commit(repo, {PAGER: NEW.replace("10)", "11)")}, "wip")
    commit(repo, REPAIRED, "the last page")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #12 from ann/fix-last-page\n\nfix: last page", "topic")
    assert verdicts(repo) == {"fix: last page": "proven"}


def test_32_a_long_lived_branch_is_taken_apart(repo: Repo) -> None:
    """Each fix that it brings is proven by itself."""
    repo.git("checkout", "-q", "-b", "stable")
    commit(repo, REPAIRED, "fix: the last page")
    more = {PAGER: NEW.replace("-(", "max(1, -(") + ")", "tests/test_none.py": GUARD.replace("11) == 2", "0) == 1")}
    more[PAGER] = "def pages(items):\n    return max(1, -(-items // 10))\n"
    commit(repo, more, "fix: an empty shop has a page")
    repo.git("checkout", "-q", "main")
    commit(repo, {"README": "shop\n"}, "docs: say what it is")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'stable'", "stable")
    found = verdicts(repo)
    assert (found["fix: the last page"], found["fix: an empty shop has a page"]) == ("proven", "proven")
    assert found.get("Merge branch 'stable'", "not-applicable") == "not-applicable"


def test_33_an_octopus_is_its_difference_to_the_first_parent(repo: Repo) -> None:
    """However many parents it has."""
    for branch, files in (("one", SOURCE), ("two", GUARDED)):
        repo.git("checkout", "-q", "-b", branch, "base")
        commit(repo, files, "wip")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "fix: the last page", "one", "two")
    assert verdicts(repo) == {"fix: the last page": "proven"}


def test_34_the_revert_of_a_feature_is_no_fix(repo: Repo) -> None:
    """It takes something away, and repairs nothing by that."""
    commit(repo, REPAIRED, "feat: round pages up")
    repo.git("revert", "--no-edit", "HEAD")
    assert set(verdicts(repo).values()) <= {"not-applicable"}


def test_35_the_revert_of_a_fix_is_no_fix(repo: Repo) -> None:
    """Nor has a fix that the same change takes back, with its test, anything left to prove."""
    commit(repo, REPAIRED, "fix: the last page")
    repo.git("revert", "--no-edit", "HEAD")
    found = verdicts(repo)
    assert found.pop("fix: the last page") == "not-applicable"
    assert set(found.values()) <= {"not-applicable"}


@pytest.mark.parametrize(("brings_test", "verdict"), [(True, "proven"), (False, "unguarded")])
def test_36_a_backport_is_a_fix_with_its_own_test(repo: Repo, brings_test: bool, verdict: str) -> None:
    """One that lost the test of its original guards nothing."""
    original = commit(repo, REPAIRED, "fix: the last page")
    repo.git("checkout", "-q", "-b", "backport", "base")
    repo.git("cherry-pick", "-x", "-n", original)
    if not brings_test:
        repo.git("rm", "-q", "-f", "tests/test_last.py")
    repo.commit(f"fix: the last page\n\n(cherry picked from commit {original})")
    assert verdicts(repo) == {"fix: the last page": verdict}


def test_37_a_fixup_is_part_of_another_commit(repo: Repo) -> None:
    """It is no fix of its own."""
    commit(repo, REPAIRED, "fix: the last page")
    commit(repo, {PAGER: NEW.replace("items", "count")}, "fixup! fix: the last page")
    found = verdicts(repo)
    assert found.pop("fix: the last page") == "proven"
    assert set(found.values()) <= {"not-applicable"}


def test_38_a_commit_that_blame_passes_over_is_no_fix(repo: Repo) -> None:
    """``.git-blame-ignore-revs`` lists what only changed the format."""
    sha = commit(repo, SOURCE, "fix: formatting all over")
    commit(repo, {".git-blame-ignore-revs": f"{sha}\n"}, "chore: blame passes over it")
    assert set(verdicts(repo).values()) <= {"not-applicable"}


def test_39_a_rename_hides_the_proof(repo: Repo) -> None:
    """Only the new name is tested: that it is missing without the fix shows no bug."""
    commit(
        repo, {PAGER: NEW.replace("pages", "count"), TEST: None, "tests/test_last.py": GUARD.replace("pages", "count")}
    )
    said = prove(repo)
    assert said.verdict == "weak"
    assert "if the fix also renames, split it" in said.record["next"]


def test_43_a_shallow_clone_says_what_to_fetch(repo: Repo, tmp_path: Path) -> None:
    """What the commit changed is not there: that is never "no fixes"."""
    commit(repo, REPAIRED)
    repo.git("clone", "-q", "--depth", "1", repo.path.as_uri(), str(tmp_path / "clone"))
    repo.path = tmp_path / "clone"
    said = prove(repo)
    assert (said.verdict, said.done.code) == ("undecided", 1)
    assert "git fetch --unshallow" in said.record["next"]


def test_44_the_first_commit_repairs_nothing(repo: Repo) -> None:
    """There is nothing before it."""
    said = prove(repo, "base")
    assert (said.verdict, said.done.code) == ("not-applicable", 0)


def test_45_the_work_tree_is_looked_at_where_it_is_asked_for(repo: Repo) -> None:
    """By default only commits count; a test that is not committed yet guards nothing."""
    commit(repo, SOURCE, "fix: the last page")
    repo.write("tests/test_last.py", GUARD)
    assert verdicts(repo) == {"fix: the last page": "unguarded"}
    assert verdicts(repo, "--base", "base", "--worktree")["fix: the last page"] == "proven"


def test_46_a_base_that_has_the_fix_too_does_not_turn_the_proof(repo: Repo) -> None:
    """A fix is measured by its own parent, never by the base, which may have it already."""
    original = commit(repo, REPAIRED, "fix: the last page")
    repo.git("checkout", "-q", "-b", "topic", "base")
    commit(repo, {"README": "shop\n"}, "docs: say what it is")
    repo.git("cherry-pick", original)
    assert verdicts(repo, "main..HEAD") == {"fix: the last page": "proven"}


def test_50_a_waived_fix_is_listed_and_fails_nothing(repo: Repo) -> None:
    """Its own message says why there is no test."""
    commit(repo, SOURCE, "fix: the last page\n\nBugguard: waive needs a printer\n")
    said = prove(repo)
    assert (said.verdict, said.done.code, said.record["waiver"]["reason"]) == ("waived", 0, "needs a printer")


def test_a_test_of_a_later_commit_does_not_break_the_fix(repo: Repo) -> None:
    """It names the issue, and asks for more than the fix did: that is no fault of the fix."""
    commit(repo, {PAGER: NEW}, "fix: the last page is missing (#5)")
    later = {
        PAGER: "def pages(items):\n    return max(1, -(-items // 10))\n",
        "tests/test_none.py": "from shop.pager import pages\n\ndef test_none():\n    assert pages(0) == 1\n",
    }
    commit(repo, later, "feat: a page for nothing, see #5")
    said = prove(repo, RANGE)
    assert said.verdict == "undecided", said.reason
    assert "asks for more than this fix" in said.reason


def test_a_later_state_is_no_hindrance(repo: Repo) -> None:
    """The fix is taken out of its own commit; what came later to the same lines does not matter."""
    commit(repo, REPAIRED, "fix: the last page")
    commit(repo, {PAGER: "def pages(items):\n    return max(1, -(-items // 10))\n"}, "feat: at least one page")
    assert verdicts(repo)["fix: the last page"] == "proven"
    assert prove(repo, "HEAD~1").proving == [LAST]
