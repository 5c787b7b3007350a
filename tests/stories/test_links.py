"""Where a fix's test may stand: whole histories, told as they happen, and what the audit and the gate say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

START = """
commit: feat: show products page by page
  file: src/shop/__init__.py
    VERSION = 1
  file: src/shop/pager.py
    def pages(items, size):
        return len(items) // size + 1
  file: src/shop/cart.py
    def total(prices):
        return sum(prices)
  file: tests/test_cart.py
    from shop import cart


    def test_total():
        assert cart.total([1, 2]) == 3
"""
FIX = """
commit: fix: an even-sized list has an empty last page
  file: src/shop/pager.py
    def pages(items, size):
        return -(-len(items) // size)
"""
TEST = """
  file: tests/test_pager.py
    from shop import pager


    def test_even_size():
        assert pager.pages([1, 2], 1) == 2
"""


def told(folder: Path, *steps: str) -> Shell:
    """The repository after these steps, on a branch of its own."""
    return Shell(story(folder / "shop", START + "branch: topic\n" + "".join(steps)).path)


def checked(shell: Shell, *options: str) -> list[tuple[str, str, str]]:
    """Verdict, counting test and why it counts, of each fix of the branch; newest first."""
    found = []
    for fix in shell.call("check", "main..topic", "--format", "json", *options).document["fixes"]:
        counting = [(test["nodeid"], test["reason"]) for test in fix["tests"] if test["counts"]]
        found.append((fix["verdict"], *(counting[0] if counting else ("", ""))))
    return found


def test_the_test_came_first(tmp_path: Path) -> None:
    """Ann writes the failing test and commits it, then repairs the pager: the change as a whole is guarded.

    Under ``scope = "unit"`` a fix needs its test in its own commit, and hers has none.
    """
    shell = told(tmp_path, "commit: test: an even-sized list", TEST, FIX)
    ((verdict, nodeid, reason),) = checked(shell)
    assert (verdict, nodeid) == ("guarded", "tests/test_pager.py::test_even_size")
    assert "commit " in reason
    assert checked(shell, "--set", "fixes.scope=unit") == [("unguarded", "", "")]


def test_the_test_came_later_in_the_same_change(tmp_path: Path) -> None:
    """A reviewer asked for the test, and it came as a commit of its own, with another one in between."""
    between = "commit: docs: say how\n  file: README.md\n    A shop.\n"
    shell = told(tmp_path, FIX, between, "commit: test: an even-sized list", TEST)
    assert [verdict for verdict, *_ in checked(shell)] == ["guarded"]


def test_a_test_of_something_else_guards_nothing(tmp_path: Path) -> None:
    """A test that came along but has nothing to do with the pager is no guard, where there is another fix beside it."""
    other = """
    commit: fix: the total of nothing
      file: src/shop/cart.py
        def total(prices):
            return sum(prices, 0)
      file: tests/test_cart.py
        from shop import cart


        def test_total():
            assert cart.total([1, 2]) == 3


        def test_nothing():
            assert cart.total([]) == 0
    """.replace("\n    ", "\n")
    shell = told(tmp_path, FIX, other)
    assert [verdict for verdict, *_ in checked(shell)] == ["guarded", "unguarded"]


def test_a_trailer_names_the_test_that_was_there_all_along(tmp_path: Path) -> None:
    """The test had been there, skipped by everybody's eyes; the message of the fix says which one it is."""
    shell = told(
        tmp_path, "commit: test: pages", TEST, "tag: before\n",
        FIX.replace("\n  file", "\n  body: Regression-Test: tests/test_pager.py::test_even_size\n  file", 1),
    )  # fmt: skip
    ((verdict, nodeid, reason),) = checked(shell, "--set", "fixes.scope=unit")
    assert (verdict, nodeid, reason) == ("guarded", "tests/test_pager.py::test_even_size", "named by a trailer")


def test_a_trailer_may_name_a_doctest(tmp_path: Path) -> None:
    """An example in a text is a guard where pytest runs it; one in the repaired module itself leaves it open."""
    examples = """
    commit: test: examples
      file: pytest.ini
        [pytest]
        addopts = --doctest-modules --doctest-glob=*.rst
      file: docs/use.rst
        >>> from shop import pager
        >>> pager.pages([1, 2], 1)
        2
      file: src/shop/pager.py
        def pages(items, size):
            \"""
            >>> pages([1, 2], 1)
            2
            \"""
            return len(items) // size + 1
    tag: before
    """.replace("\n    ", "\n")
    fix = "commit: fix: pages\n  body: Regression-Test: {}\n  file: src/shop/pager.py\n    pages = len\n"
    text = told(tmp_path / "a", examples, fix.format("docs/use.rst::use.rst"))
    assert checked(text, "--set", "fixes.scope=unit") == [("guarded", "docs/use.rst::use.rst", "named by a trailer")]
    kept = FIX.replace(
        "size):\n", 'size):\n        """\n        >>> pages([1, 2], 1)\n        2\n        """\n'
    ).replace("\n  file", "\n  body: Regression-Test: src/shop/pager.py::shop.pager.pages\n  file", 1)
    module = told(tmp_path / "b", examples, kept)
    assert checked(module, "--set", "fixes.scope=unit") == [("undecided", "", "")]


def test_a_trailer_that_names_no_test_is_told(tmp_path: Path) -> None:
    """A slip in the name is no guard, and the reason says so."""
    shell = told(
        tmp_path, FIX.replace("\n  file", "\n  body: Regression-Test: tests/test_pager.py::test_od\n  file", 1)
    )
    done = shell.call("check", "main..topic")
    assert done.code == 1
    assert "is named by a trailer, but there is no such test" in done.out


def test_an_issue_number_ties_fix_and_test_together(tmp_path: Path) -> None:
    """The fix went in as a hotfix; its test followed days later, with the same issue. The audit finds it."""
    fix = FIX.replace("\n  file", "\n  body: Fixes #7\n  file", 1)
    shell = told(tmp_path, fix, "commit: docs: x\n  file: README.md\n    x\n", "commit: test: pages, see #7", TEST)
    document = shell.call("audit", "--format", "json").document
    (fix_found,) = document["fixes"]
    assert fix_found["verdict"] == "guarded"
    assert fix_found["issues"] == ["#7"]
    assert [test["nodeid"] for test in fix_found["tests"] if test["counts"]] == ["tests/test_pager.py::test_even_size"]


def test_a_mark_ties_a_test_to_an_issue(tmp_path: Path) -> None:
    """Wherever the test came from: its mark names the issue that the fix refers to."""
    marked = TEST.replace("    def test_even", '    @pytest.mark.regression("#7")\n    def test_even').replace(
        "from shop", "import pytest\n    from shop"
    )
    shell = told(tmp_path, "commit: chore: tests", marked, FIX.replace("\n  file", "\n  body: Fixes #7\n  file", 1))
    ((verdict, nodeid, reason),) = checked(shell, "--set", "fixes.scope=unit")
    assert (verdict, nodeid) == ("guarded", "tests/test_pager.py::test_even_size")
    assert "regression(" in reason


def test_a_backport_without_its_test_is_found_out(tmp_path: Path) -> None:
    """Picked onto the release branch, the fix lost its test to a conflict: the gate there says which one was lost."""
    repo = story(tmp_path / "shop", START + "branch: release\ncheckout: main\n" + FIX + TEST)
    original = repo.git("rev-parse", "main")
    repo.git("checkout", "-q", "-b", "backport", "release")
    repo.git("cherry-pick", "-n", original)
    repo.git("rm", "-q", "-f", "tests/test_pager.py")
    repo.commit(f"fix: an even-sized list has an empty last page\n\n(cherry picked from commit {original})")
    done = Shell(repo.path).call("check", "release..backport")
    assert done.code == 1
    assert "tests/test_pager.py::test_even_size was lost on the way" in done.out
    assert original[:7] in done.out


def test_a_backport_whose_test_was_there_already_is_guarded(tmp_path: Path) -> None:
    """Somebody had picked the test before; nothing is missing."""
    repo = story(
        tmp_path / "shop", START + "branch: release\ncommit: test: pages\n" + TEST + "checkout: main\n" + FIX + TEST
    )
    original = repo.git("rev-parse", "main")
    repo.git("checkout", "-q", "-b", "backport", "release")
    repo.git("cherry-pick", "-x", original)
    assert [fix for fix, _ in Shell(repo.path).call("check", "release..backport", "--format", "json").verdicts] == [
        "guarded"
    ]


def test_a_merged_branch_is_one_unit(tmp_path: Path) -> None:
    """On the main line a merge is what is judged: its fix and its test may stand in different commits of the branch.

    It is called by its title, not by "Merge pull request".
    """
    merge = "checkout: main\nmerge: topic\n  subject: Merge pull request #12 from ann/fix-pages\n"
    repo = story(tmp_path / "shop", f"{START}branch: topic\n{FIX}commit: more tests\n{TEST}{merge}")
    repo.git("commit", "--amend", "-q", "-m", "Merge pull request #12 from ann/fix-pages\n\nFix the empty last page")
    done = Shell(repo.path).call("audit", "--format", "json")
    assert done.verdicts == [("guarded", "Fix the empty last page")]
    assert len(done.document["fixes"][0]["parents"]) == 2
    assert "Fix the empty last page" in Shell(repo.path).call("audit", "--all").out


def test_the_merge_of_a_branch_lends_its_fixes_no_test(tmp_path: Path) -> None:
    """It names the issues of all that it brought: a test that came for something else is not that of each fix."""
    other = "commit: test: an empty cart\n  file: tests/test_cart.py\n    from shop import cart\n\n\n"
    other += "    def test_empty():\n        assert cart.total([]) == 0\n"
    fix = FIX.replace("page\n", "page\n  body: Fixes #12\n", 1)
    merge = "checkout: main\nmerge: stable\n  subject: Merge stable into main (#14)\n"
    repo = story(tmp_path / "shop", f"{START}branch: stable\n{fix}{other}{merge}")
    (found,) = Shell(repo.path).call("audit", "--format", "json").document["fixes"]
    assert (found["issues"], found["verdict"], found["tests"]) == (["#12"], "unguarded", [])


def test_uncommitted_work_counts_and_is_told(tmp_path: Path) -> None:
    """The test that Ann has just written guards her fix before she commits it, and the report says on what it rests."""
    shell = told(tmp_path, FIX)
    assert shell.call("check").code == 1
    tests = shell.folder / "tests" / "test_pager.py"
    tests.write_text("from shop import pager\n\n\ndef test_even():\n    assert pager.pages([1, 2], 1) == 2\n", "utf-8")
    done = shell.call("check")
    assert done.code == 0
    assert "not committed yet" in done.out


def test_a_mark_of_another_issue_links_to_its_own_fix_only(tmp_path: Path) -> None:
    """A test marked for #99 came with the change: it uses what the fix of #12 changed, and still is not its test."""
    marked = "import pytest\n    from shop import pager\n\n\n    @pytest.mark.regression('#99')"
    test = TEST.replace("from shop import pager", marked, 1).replace("regression('#99')\n\n\n", "regression('#99')\n")
    fix = FIX.replace("page\n", "page\n  body: Fixes #{}\n", 1)
    verdicts = {
        issue: checked(told(tmp_path / issue, fix.format(issue), "commit: test: the pager", test))[0][0]
        for issue in ("12", "99")
    }
    assert verdicts == {"12": "unguarded", "99": "guarded"}


def test_a_test_marked_as_that_of_another_issue_is_no_proof_of_the_fix_it_came_with(tmp_path: Path) -> None:
    """The fix of #12 also adapted, or brought, a test that says of itself that it is there for #99."""
    marked = "import pytest\n    from shop import pager\n\n\n    @pytest.mark.regression('#99')"
    test = TEST.replace("from shop import pager", marked, 1).replace("regression('#99')\n\n\n", "regression('#99')\n")
    fix = FIX.replace("page\n", "page\n  body: {}\n", 1)
    bodies = {"closes": "Fixes #12", "closes-both": "Fixes #12, #99", "names": "See #12, a pull request"}
    verdicts = {name: checked(told(tmp_path / name, fix.format(body) + test))[0][0] for name, body in bodies.items()}
    assert verdicts == {"closes": "unguarded", "closes-both": "guarded", "names": "guarded"}


def test_what_an_audit_links_explain_links_too(tmp_path: Path) -> None:
    """One word on a fix from both: the test had its own commit, before or after it, or was marked much later."""
    before = FIX.replace("page\n", "page\n  body: Fixes #7\n", 1)
    later = "commit: fix: a cart of nothing\n  body: Fixes #8\n  file: src/shop/cart.py\n    total = sum\n"
    mark = "commit: test: carts\n  file: tests/test_more.py\n    import pytest\n    from shop import cart\n\n"
    mark += "    @pytest.mark.regression('#8')\n    def test_nothing():\n        assert cart.total([]) == 0\n"
    shell = told(tmp_path, "commit: test: pages, see #7", TEST, before, later, "commit: docs: x\n", mark)
    audited = shell.call("audit", "--format", "json").document["fixes"]
    explained = shell.call("explain", *(fix["sha"] for fix in audited), "--format", "json").document["fixes"]
    assert [(fix["verdict"], [test["nodeid"] for test in fix["tests"]]) for fix in explained] == [
        ("guarded", ["tests/test_more.py::test_nothing"]),
        ("guarded", ["tests/test_pager.py::test_even_size"]),
    ]
    assert [(fix["verdict"], fix["tests"]) for fix in audited] == [(fix["verdict"], fix["tests"]) for fix in explained]


def test_explain_looks_into_a_merged_branch_as_an_audit_does(tmp_path: Path) -> None:
    """The test followed its fix on a long-lived branch: no unit of the main line brought it."""
    fix = FIX.replace("page\n", "page\n  body: Fixes #12\n", 1)
    merge = "checkout: main\nmerge: stable\n  subject: Merge stable into main\n"
    repo = story(tmp_path / "shop", f"{START}branch: stable\n{fix}commit: test: pages, see #12\n{TEST}{merge}")
    shell = Shell(repo.path)
    (audited,) = shell.call("audit", "--format", "json").document["fixes"]
    (explained,) = shell.call("explain", audited["sha"], "--format", "json").document["fixes"]
    assert [test["nodeid"] for test in audited["tests"]] == ["tests/test_pager.py::test_even_size"]
    assert (explained["verdict"], explained["tests"]) == (audited["verdict"], audited["tests"])


def test_a_name_in_a_message_outlives_the_test(tmp_path: Path) -> None:
    """No commit can be told that its test has moved since; within a change, the test has to be there at its end."""
    fix = FIX.replace("\n  file", "\n  body: Regression-Test: tests/test_pager.py::test_even_size\n  file", 1)
    rename = "commit: test: another name\n  rename: tests/test_pager.py -> tests/test_pages.py\n"
    shell = told(tmp_path, "commit: test: pages", TEST, "tag: before\n", fix, rename)
    ((verdict, _),) = shell.call("audit", "--format", "json").verdicts
    assert verdict == "guarded"
    assert checked(shell, "--set", "fixes.scope=unit") == [("unguarded", "", "")]


def test_a_fix_that_the_change_takes_back_needs_no_test(tmp_path: Path) -> None:
    """Nothing of it is left that a test could fail without; whether it is, the files say and not a message."""
    undone = START.partition("file: src/shop/pager.py\n")[2].partition("  file:")[0]
    revert = "commit: Revert the pager\n  file: src/shop/pager.py\n" + undone
    again = "commit: chore: tidy\n  file: src/shop/pager.py\n" + FIX.partition("pager.py\n")[2]
    assert checked(told(tmp_path / "a", FIX, revert)) == [("not-applicable", "", "")]
    assert checked(told(tmp_path / "b", FIX, revert, again)) == [("unguarded", "", "")]
    assert checked(told(tmp_path / "c", FIX, "commit: Revert the pager\n", "commit: x\n")) == [("unguarded", "", "")]
    left = told(tmp_path / "d", FIX, revert)
    (left.folder / "src" / "shop" / "pager.py").write_text("pages = len\n", "utf-8")
    assert [verdict for verdict, _ in left.call("check", "--base", "main", "--format", "json").verdicts] == [
        "unguarded"
    ]


def test_a_trailer_may_name_a_test_that_is_made(tmp_path: Path) -> None:
    """No text holds its name, and without the trailer nobody can tell which one it is."""
    made = "  file: tests/test_pager.py\n    import unittest\n    from shop import pager\n\n\n"
    made += "    class TestPager(unittest.TestCase):\n        pass\n\n\n    CASES = [{}]\n    def made(size):\n"
    made += "        return lambda self: self.assertEqual(pager.pages([1, 2], size), 2)\n"
    made += "    for size in CASES:\n        setattr(TestPager, f'test_{{size}}', made(size))\n"
    before = "commit: test: pages\n" + made.format("2")
    trailer = FIX.replace("\n  file", "\n  body: Regression-Test: tests/test_pager.py::TestPager::test_1\n  file", 1)
    unnamed = checked(told(tmp_path / "a", before, FIX + made.format("2, 1")))
    assert unnamed == [("undecided", "", "")]
    assert checked(told(tmp_path / "b", before, trailer + made.format("2, 1"))) == [
        ("guarded", "tests/test_pager.py::TestPager::test_1", "named by a trailer")
    ]


@pytest.mark.parametrize(
    ("place", "is_one"),
    [
        ("tests/cases/even.case", True),
        ("tests/test_pager.py", True),
        ("tests/helpers.py", False),
        ("src/shop/pager.py", False),
        ("src/shop/rates.json", False),
        ("conftest.py", False),
    ],
)
def test_a_trailer_may_name_a_test_that_a_hook_collects(tmp_path: Path, place: str, is_one: bool) -> None:
    """From what may hold some: not from the product, nor from what helps tests. Here nothing is run that would tell."""
    before = "commit: test: cases\n" + "".join(
        f"  file: {path}\n    {text}\n"
        for path, text in {
            "conftest.py": "def pytest_collect_file(parent, file_path): ...",
            "tests/cases/even.case": "2 1",
            "tests/test_pager.py": "ROWS = [2]",
            "tests/helpers.py": "ROWS = [2]",
            "src/shop/rates.json": "{}",
        }.items()
    )
    trailer = FIX.replace("\n  file", f"\n  body: Regression-Test: {place}::made-up\n  file", 1)
    found = checked(told(tmp_path, before, trailer))
    assert found == [("guarded", f"{place}::made-up", "named by a trailer") if is_one else ("unguarded", "", "")]


@pytest.mark.parametrize(
    ("mark", "verdict"),
    [("", "guarded"), ("#12", "guarded"), ('#12", "#34', "guarded"), ("#34", "unguarded")],
    ids=["no-mark", "of-the-fix", "of-both", "of-the-other"],
)
def test_a_commit_of_tests_names_two_issues(tmp_path: Path, mark: str, verdict: str) -> None:
    """Ann tests what was reported twice, in one commit: whose test it is the test says itself, where it does."""
    marked = f'    @pytest.mark.regression("{mark}")\n' if mark else ""
    text = f"""
  file: tests/test_more.py
    import pytest
    import shop.pager

{marked}    def test_two():
        assert shop.pager.pages([1, 2], 1) == 2
"""
    fix = FIX.replace("last page", "last page (#12)")
    shell = told(tmp_path, fix, "commit: test: for #12, reported again as #34", text)
    assert [found for found, _, _ in checked(shell)] == [verdict]
