"""A commit message is taken apart line by line, whatever dialect it is written in."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_bugguard.core import fragments, messages, references
from pytest_bugguard.core.fragments import Kind
from pytest_bugguard.core.references import Closing


@pytest.mark.parametrize(
    ("message", "title", "branch"),
    [
        pytest.param("fix: a\n\nbody", "fix: a", None, id="plain"),
        pytest.param("\n\n  fix: a  \nbody", "fix: a", None, id="blank-lines-before"),
        pytest.param("Merge pull request #5 from ann/fix-a\n\nfix: a", "fix: a", "ann/fix-a", id="github"),
        pytest.param("Merge branch 'fix-a' into 'main'\n\nfix: a\n\nSee !5", "fix: a", "fix-a", id="gitlab"),
        pytest.param("Merged in fix-a (pull request #5)\n\nfix: a", "fix: a", "fix-a", id="bitbucket"),
        pytest.param("Merge PR #5: fix: a", "fix: a", "PR #5", id="title-on-the-line"),
        pytest.param("Merge fix-a-12: Fix a\n\nAuthor: ann", "Fix a", "fix-a-12", id="branch-and-title"),
        pytest.param("Auto merge of #5 - ann:fix-a, r=bo\n\nfix: a", "fix: a", "ann:fix-a", id="homu"),
        pytest.param("Merge #5\n\nfix: a", "fix: a", "", id="bors"),
        pytest.param("Merge remote-tracking branch 'origin/main'", "", "origin/main", id="no-title"),
        pytest.param("Merge `stable` into `main` after a move (#5)", "", "stable", id="backticks"),
        pytest.param("Merge the two pagers", "Merge the two pagers", None, id="a-sentence"),
        pytest.param("", "", None, id="empty"),
    ],
)
def test_the_title_is_the_first_line_that_says_more_than_what_was_merged(
    message: str, title: str, branch: str | None
) -> None:
    """The merge line is taken for itself: it tells the branch, and the title stands below it."""
    found = messages.parse(message).title
    assert found.text == title
    assert (found.merge and found.merge.branch) == branch


@pytest.mark.parametrize(
    ("message", "kind", "scope", "description"),
    [
        pytest.param("fix: a", "fix", "", "a", id="type"),
        pytest.param("Fix(CLI)!: a", "fix", "cli", "a", id="scope"),
        pytest.param("🐛 fix(cli): a", "fix", "cli", "a", id="emoji-and-type"),
        pytest.param("🐛 a", "fix", "", "a", id="emoji"),
        pytest.param("🚑️ a", "fix", "", "a", id="emoji-with-selector"),
        pytest.param(":sparkles: a", "feat", "", "a", id="gitmoji"),
        pytest.param("✨ fix: a", "fix", "", "a", id="written-over-emoji"),
        pytest.param("[3.9] gh-12: fix: a", "fix", "", "a", id="backport"),
        pytest.param("[PR #5/1c0ffee backport][3.9] fix: a", "fix", "", "a", id="backport-bot"),
        pytest.param("(backport 3.9) fix: a", "fix", "", "a", id="backport-in-parentheses"),
        pytest.param("#12 - fix: a", "fix", "", "a", id="number"),
        pytest.param("SHOP-7: fix: a", "fix", "", "a", id="jira-key"),
        pytest.param("[FIX] pager: a", "fix", "", "pager: a", id="bracket"),
        pytest.param("pager: fix a", "", "", "pager: fix a", id="area-is-no-type"),
        pytest.param("a [fix] b", "", "", "a [fix] b", id="bracket-inside"),
        pytest.param("[3.9]", "", "", "[3.9]", id="nothing-but-a-tag"),
    ],
)
def test_tags_before_a_title_hide_neither_type_nor_words(message: str, kind: str, scope: str, description: str) -> None:
    """Emoji, versions and issue numbers in front are taken off; the type is found behind them."""
    found = messages.parse(message).title
    assert (found.type, found.scope, found.description) == (kind, scope, description)


@pytest.mark.parametrize(
    ("title", "deed"),
    [
        pytest.param("Fixed #12 -- Added pages", "Added pages", id="django"),
        pytest.param("fix #12 - warn early", "warn early", id="dash"),
        pytest.param("pager: add pages", "add pages", id="area"),
        pytest.param(
            "A whole sentence with a colon: add pages", "A whole sentence with a colon: add pages", id="prose"
        ),
    ],
)
def test_the_deed_is_what_was_done(title: str, deed: str) -> None:
    """What was closed and where it was done are not what was done."""
    assert messages.parse(title).title.deed == deed


def test_trailers_count_wherever_they_stand() -> None:
    """The parser of git looks only into the last paragraph; squashed pull requests put them above a rule."""
    message = "a (#5)\n\nRegression-Test: tests/test_a.py::test_b\n---------\nx\n\nCo-authored-by: B <b@example.com>\n"
    found = messages.parse(message)
    assert found.trailer("regression-test") == ("tests/test_a.py::test_b",)
    assert [key for key, _ in found.trailers] == ["Regression-Test", "Co-authored-by"]
    assert found.trailer("Bugguard") == ()


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        pytest.param("Fixes #1, #2 and #3", ["fix #1", "fix #2", "fix #3"], id="list"),
        pytest.param("Fixes: #1 #2", ["fix #1", "fix #2"], id="colon"),
        pytest.param("closes GH-1, fixes bpo-2", ["close GH-1", "fix bpo-2"], id="two-verbs"),
        pytest.param("resolved ann/shop#3", ["resolve ann/shop#3"], id="other-repository"),
        pytest.param("Fix https://example.com/shop/-/issues/4", ["fix https://example.com/shop/-/issues/4"], id="url"),
        pytest.param("Implements #5", ["implement #5"], id="gitlab-implements"),
        pytest.param("Closing issues #1 and #2", ["close #1", "close #2"], id="ing"),
        pytest.param("Closes-Bug: #1234567", ["fix #1234567"], id="launchpad"),
        pytest.param("Fixed: 1234567", ["fix #1234567"], id="chromium"),
        pytest.param('Fixes: 1c0ffee12345 ("a")', ["fix 1c0ffee12345"], id="kernel"),
        pytest.param("Bug: 1234567\nRelated-Bug: #2222", [], id="only-references"),
        pytest.param("Fix a crash in the pager (#6)", [], id="words-between"),
        pytest.param("See #1. Fixes nothing", [], id="verb-behind"),
        pytest.param("prefixes #1, suffix-fix #2", [], id="parts-of-words"),
    ],
)
def test_a_verb_closes_the_references_that_follow_it(text: str, closed: list[str]) -> None:
    """The dialects of GitHub, GitLab, Django, Launchpad, Gerrit and the kernel, lists included."""
    assert [f"{found.verb} {found.reference}" for found in references.closings(text)] == closed


def test_references_stand_once_as_they_are_written() -> None:
    """Each reference is told once, in the order of the text; a key only where its pattern is set."""
    message = (
        "a (#5)\n\nFixes #12, GH-12 and ann/shop#3; see #12\nSHOP-7 and https://example.com/x/issues/9\nBug: 12345"
    )
    found = ("#5", "#12", "GH-12", "ann/shop#3", "https://example.com/x/issues/9", "#12345")
    assert messages.issues(message) == found
    assert messages.issues(message, [r"SHOP-\d+"]) == (*found[:4], "SHOP-7", *found[4:])
    assert messages.issues(message, [re.compile("shop-7", re.IGNORECASE)])[4] == "SHOP-7"


def test_a_pattern_that_matches_what_we_know_does_no_harm() -> None:
    """A project's own pattern may meet our words and numbers, or nothing at all."""
    assert list(references.closings("Fixes #1", [r"#\d+", r"[Ff]ixes", r"x*"])) == [Closing("fix", "#1", "Fixes #1")]
    assert list(references.closings("fix PAY-1", ["PAY-1"])) == [Closing("fix", "PAY-1", "fix PAY-1")]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("changelog/12.bugfix.rst", Kind.FIX, id="pytest"),
        pytest.param("news/12.bugfix.1.rst", Kind.FIX, id="counter"),
        pytest.param("src/shop/newsfragments/12.bugfix", Kind.FIX, id="twisted"),
        pytest.param("CHANGES/12.bugfix.rst", Kind.FIX, id="aiohttp"),
        pytest.param("docs/changelog/12.bugfix.rst", Kind.FIX, id="tox"),
        pytest.param("changelog.d/+slug.fixed.md", Kind.FIX, id="keep-a-changelog"),
        pytest.param("upcoming/12.bugfix.rst", Kind.FIX, id="unmistakable-elsewhere"),
        pytest.param("changelog/12.feature.rst", Kind.OTHER, id="feature"),
        pytest.param("news/x.trivial.rst", Kind.OTHER, id="trivial"),
        pytest.param("changelog/README.rst", None, id="readme"),
        pytest.param("src/shop/pager.fix.py", None, id="no-folder"),
        pytest.param("changelog/bugfix", None, id="no-kind"),
    ],
)
def test_a_fragment_tells_its_kind_by_its_path(path: str, kind: Kind | None) -> None:
    """The names of towncrier and their dialects; everything else in the folder is no fragment."""
    assert fragments.kind(path) is kind


KIB_64 = 65_536
HOSTILE = (
    "#1 ",
    "a/",
    "a/b#",
    "https://a/",
    "Fixes #1, ",
    "fix ",
    "Merge branch '",
    "[",
    "[a] ",
    ": ",
    "#",
    "-",
    " ",
    "\n",
    "🐛",
    "A-1: ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_taking_a_message_apart_costs_no_more_than_its_length(piece: str) -> None:
    """64 KiB of one piece take less than 50 ms of CPU (best of three: the machine is shared)."""
    assert min(_seconds(piece * (KIB_64 // len(piece))) for _ in range(3)) < 0.05


def _seconds(text: str) -> float:
    start = time.process_time()
    found = messages.parse(text)
    _ = (found.title, found.trailers, found.lower)
    messages.issues(text)
    return time.process_time() - start


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_any_bytes_are_a_message(text: str) -> None:
    """Absurd messages are taken apart like any other, and every reference found stands in the text or is its number."""
    found = messages.parse(text)
    assert "\n" not in found.title.text
    assert all(reference.removeprefix("#") in text for reference in messages.issues(text))
