"""Tests find the fix that they guard by what they name, and by nothing vaguer."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core.links import (
    Offer,
    OfferedTest,
    Wanted,
    issue_key,
    issue_keys,
    link,
    module_of,
    without_foreign,
)
from pytest_bugguard.core.model import How, MappedTest

TEST = MappedTest("tests/test_pager.py::test_last", How.ADDED, counts=True)
WANTED = Wanted(issue_keys(["#12"]), frozenset({"shop.pager"}), frozenset({"last_page"}))


def offer(
    *,
    issues: tuple[str, ...] = (),
    own_issues: tuple[str, ...] = (),
    modules: tuple[str, ...] = (),
    words: tuple[str, ...] = (),
    is_only_tests: bool = True,
    is_fix: bool = False,
) -> Offer:
    """An offer of the one test."""
    offered = OfferedTest(TEST, issue_keys(own_issues), frozenset(modules), frozenset(words))
    return Offer("commit 1c0ffee", issue_keys(issues), (offered,), is_only_tests=is_only_tests, is_fix=is_fix)


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("#12", "12"),
        ("GH-12", "12"),
        ("gh-12", "12"),
        ("bpo-12", "12"),
        ("org/name#12", "12"),
        ("https://github.com/org/name/issues/12", "12"),
        ("12", "12"),
        ("SHOP-12", "SHOP-12"),
        ("shop-12", "SHOP-12"),
    ],
)
def test_one_issue_has_one_key(reference: str, key: str) -> None:
    """However it is spelt, a reference leads to the same issue."""
    assert issue_key(reference) == key


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("src/shop/pager.py", "shop.pager"),
        ("lib/shop/pager.py", "shop.pager"),
        ("python/shop/pager.py", "shop.pager"),
        ("src/pager.py", "pager"),
        ("src/src/pager.py", "src.pager"),
        ("shop/lib/pager.py", "shop.lib.pager"),
        ("shop/pager.py", "shop.pager"),
        ("shop/deep/__init__.py", "shop.deep"),
        ("lib.py", "lib"),
        ("__init__.py", "__init__"),
        ("shop/__init__.py", "shop"),
        ("pager.py", "pager"),
    ],
)
def test_a_path_is_imported_by_its_module(path: str, module: str) -> None:
    """Source folders are no packages."""
    assert module_of(path) == module


@pytest.mark.parametrize(
    ("offered", "reason"),
    [
        pytest.param(offer(issues=("GH-12",)), "names the same issue (12)", id="message-names-the-issue"),
        pytest.param(
            offer(issues=("#12",), is_only_tests=False, is_fix=True), "names the same issue (12)", id="a-fix-of-it-too"
        ),
        pytest.param(
            offer(issues=("#12",), own_issues=("12",), is_only_tests=False),
            "names the same issue (12)",
            id="test-of-a-feature-names-the-issue",
        ),
        pytest.param(offer(own_issues=("12",)), "names the same issue (12)", id="test-names-the-issue"),
        pytest.param(
            offer(modules=("shop.pager",), words=("last_page",), is_only_tests=False),
            "uses last_page, which the fix changed",
            id="uses-what-was-fixed",
        ),
        pytest.param(
            offer(modules=("shop",), words=("last_page",), is_only_tests=False),
            "uses last_page, which the fix changed",
            id="through-its-package",
        ),
    ],
)
def test_a_test_is_linked_by_what_it_names(offered: Offer, reason: str) -> None:
    """The reason says what ties the two together, and where the test is."""
    (linked,) = link(WANTED, [offered])
    assert (linked.change, linked.counts, linked.reason) == (How.LINKED, True, f"{reason}, in commit 1c0ffee")


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param(offer(issues=("#13",)), id="another-issue"),
        pytest.param(offer(issues=("#12",), is_only_tests=False), id="a-feature-that-names-the-issue"),
        pytest.param(offer(modules=("shop.pager",)), id="imports-the-module-only"),
        pytest.param(offer(words=("last_page",)), id="same-word-from-elsewhere"),
        pytest.param(offer(modules=("shopping",), words=("last_page",)), id="a-package-of-a-longer-name"),
    ],
)
def test_an_unrelated_test_guards_nothing(offered: Offer) -> None:
    """Standing nearby is not enough."""
    assert link(WANTED, [offered]) == ()


def test_tests_that_share_a_helper_with_the_one_that_is_meant_are_not_named() -> None:
    """A commit that adds the test of an issue, and shortens a sleep in ``setUp``, changes all tests of the class."""
    helped = [OfferedTest(replace(TEST, nodeid=f"t.py::test_{one}", change=How.HELPER_CHANGED)) for one in "ab"]
    both = Offer("commit 1c0ffee", issue_keys(["#12"]), (*helped, OfferedTest(TEST)), is_only_tests=True)
    assert [test.nodeid for test in link(WANTED, [both])] == [TEST.nodeid]
    alone = Offer("commit 1c0ffee", issue_keys(["#12"]), tuple(helped), is_only_tests=True)
    assert [test.nodeid for test in link(WANTED, [alone])] == ["t.py::test_a", "t.py::test_b"]


def test_a_test_that_is_marked_for_another_issue_is_not_taken_by_its_words() -> None:
    """It says itself whose it is; a fix that names no issue may be the one that is meant."""
    marked = replace(offer().tests[0], issues=frozenset({"99"}), marks=frozenset({"99"}), words=WANTED.functions)
    offered = Offer("commit 1c0ffee", frozenset(), (replace(marked, modules=WANTED.modules),), is_only_tests=True)
    assert link(WANTED, [offered]) == ()
    (linked,) = link(replace(WANTED, issues=frozenset()), [offered])
    assert linked.reason == "uses last_page, which the fix changed, in commit 1c0ffee"


@pytest.mark.parametrize(
    ("marks", "named", "counts"),
    [
        pytest.param("", "", [True], id="no-mark"),
        pytest.param("12 99", "", [True], id="marked-for-both"),
        pytest.param("99", "", [], id="marked-for-the-other"),
        pytest.param("99", "12", [True], id="marked-for-the-other-and-named-after-this"),
    ],
)
def test_a_commit_that_names_two_issues_leaves_it_to_the_marks(marks: str, named: str, counts: list[bool]) -> None:
    """A test of the one issue guards no fix of the other, though both came together."""
    marked = OfferedTest(TEST, frozenset([*marks.split(), *named.split()]), marks=frozenset(marks.split()))
    offered = Offer("commit 1c0ffee", issue_keys(["#12", "#99"]), (marked,), is_only_tests=True)
    assert [test.counts for test in link(WANTED, [offered])] == counts


def test_tests_that_come_alone_belong_to_the_only_fix() -> None:
    """A commit of tests beside one fix is for that fix; a feature's tests are not."""
    wanted = Wanted(frozenset(), frozenset(), frozenset(), is_only_fix=True)
    (linked,) = link(wanted, [offer()])
    assert (linked.counts, linked.reason) == (True, "comes with the only fix of the change, in commit 1c0ffee")
    assert link(wanted, [offer(is_only_tests=False)]) == ()


def test_a_test_that_does_not_count_is_not_mended_by_a_link() -> None:
    """An empty test stays empty wherever it is found."""
    empty = MappedTest(TEST.nodeid, How.ADDED, counts=False, reason="has no assertion")
    offered = Offer("commit 1c0ffee", issue_keys(["#12"]), (OfferedTest(empty),), is_only_tests=True)
    (linked,) = link(WANTED, [offered])
    assert not linked.counts
    assert linked.reason.startswith("has no assertion")


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        pytest.param((), "", id="unmarked"),
        pytest.param(("GH-12",), "", id="its own, in another dialect"),
        pytest.param(("#99", "#12"), "", id="its own among others"),
        pytest.param(("#99", "SHOP-7"), "is marked as the test of another issue (#99, SHOP-7)", id="others alone"),
    ],
)
def test_a_mark_of_other_issues_alone_takes_a_test_out(marks: tuple[str, ...], reason: str) -> None:
    """The test says itself whose it is; the reason names the marks as they are written."""
    other = replace(TEST, nodeid="tests/test_pager.py::test_first")
    (test, unmarked) = without_foreign([TEST, other], {TEST.nodeid: marks}, issue_keys(["#12", "#13"]))
    assert (test.counts, test.reason) == (not reason, reason)
    assert unmarked == other
