"""A unit is a bug fix by the first sign in the table that stands before the diff."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_bugguard.core import fixes
from pytest_bugguard.core.evidence import NOTHING_OWN, Case, CiContext
from pytest_bugguard.core.fixes import RULES, Mode, RuleSet
from pytest_bugguard.core.model import Commit, FileChange, NotAFix, Recognition, Sign, Unit
from pytest_bugguard.core.rule import Example
from pytest_bugguard.core.rules import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.rule import Rule


@dataclass(frozen=True)
class Diff:
    """What a diff shows; by itself a small repair with a test."""

    touches_source: bool = True
    touches_tests: bool = True
    behaviour_changed: bool = True
    changed_functions: int = 1
    new_public_names: int = 0
    tests_added: int = 1
    tests_changed: int = 0


class Unasked:
    """A diff that nobody may look into."""

    def __getattr__(self, name: str) -> bool:
        raise AssertionError(f"asked the diff for {name}")


SHA = "a" * 40


def _commit(message: str, author: str = "Ann <ann@example.com>", sha: str = SHA) -> Commit:
    return Commit(sha, ("b" * 40,), 0, author, message)


def _unit(example: Example) -> Unit:
    added = FileChange("A", None, example.adds, 0, 0o100644, None, "1" * 40)
    inner = tuple(_commit(message, sha=str(number) * 40) for number, message in enumerate(example.inner))
    return Unit(_commit(example.message, example.author), (added,), inner)


def _say(message: str, rules: RuleSet | None = None, diff: Diff | None = None) -> Recognition:
    return fixes.recognise(_unit(Example(message)), rules=rules or RuleSet.of(), diff=diff or Diff())


def _examples(kind: str) -> Iterator[pytest.ParameterSet]:
    for rule in RULES:
        side = "fix" if rule.says_fix else "no"
        for number, example in enumerate(getattr(rule, kind)):
            yield pytest.param(rule, example, id=f"{rule.name}-{side}-{number}")


@pytest.mark.parametrize(("rule", "example"), [*_examples("speaks")])
def test_a_rule_speaks_of_its_examples(rule: Rule, example: Example) -> None:
    """Each example of the table is one that its rule answers, for or against as the table says."""
    answer = rule.ask(Case(_unit(example), Diff(), example.context, NOTHING_OWN))
    assert isinstance(answer, Sign if rule.says_fix else NotAFix)
    assert answer.rule == rule.name
    assert answer.matched
    assert "\n" not in answer.matched


@pytest.mark.parametrize(("rule", "example"), [*_examples("silent")])
def test_a_rule_leaves_alone_what_only_looks_alike(rule: Rule, example: Example) -> None:
    """Each counterexample of the table is one that its rule does not answer."""
    assert rule.ask(Case(_unit(example), Diff(), example.context, NOTHING_OWN)) is None


SETTINGS_MAKE_THEM = {"skip-list", "exclude", "pattern"}


def test_every_rule_has_examples() -> None:
    """A rule without an example is neither tested nor documented; those that need a setting are tested below."""
    assert {rule.name for rule in RULES if not rule.speaks} == SETTINGS_MAKE_THEM
    assert {rule.name for rule in RULES if rule.find.__doc__ is None} == set()


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        pytest.param("docs: fix\n\nBugguard: fix", "trailer", id="trailer-over-type"),
        pytest.param("fix(ci): x", "other-type", id="side-scope"),
        pytest.param("fix: typo in the docs", "quiet-title", id="quiet-over-type"),
        pytest.param("Fix some spellings", "quiet-title", id="spellings"),
        pytest.param("Fix last page\n\nFixes #12", "subject", id="subject-over-reference"),
        pytest.param("Fixed #12 -- Last page", "reference", id="django"),
        pytest.param("Fixed #12 -- Added pages", "another-deed", id="django-feature"),
        pytest.param("Pages\n\nCloses #12", "none", id="closing-is-wide"),
        pytest.param("", "none", id="empty"),
        pytest.param("Merge pull request #5 from x/fix-pages\n\nMove pages", "another-deed", id="branch-and-deed"),
        pytest.param("fix: x\n\nBugguard: fix\nBugguard: not-a-fix", "trailer", id="last-trailer-decides"),
    ],
)
def test_the_first_rule_that_answers_decides(message: str, rule: str) -> None:
    """The order of the table is the order of precedence."""
    assert _say(message).rule == rule


def test_a_fix_trailer_in_one_commit_of_a_merge_is_heard() -> None:
    """What a commit says of itself also speaks for the merge that brought it, and names it."""
    unit = _unit(Example("Merge branch 'pages'", inner=("b", "a\n\nBugguard: fix")))
    said = fixes.recognise(unit, rules=RuleSet.of(), diff=Diff())
    assert said == Sign("trailer", "Bugguard: fix", f"inner {'1' * 40}")


MODES = {
    "fix: last page": "strict",
    "Last page\n\nFixes #12": "strict",
    "Fix last page": "default",
    "Merge pull request #5 from x/fix-1\n\nLast page": "default",
    "Last page\n\nCloses #12": "wide",
    "Last page\n\nIt was wrong.": "wide",
    "Add pages\n\nFixes #12": "wide",
}


@pytest.mark.parametrize(("message", "narrowest"), list(MODES.items()))
def test_a_mode_takes_what_the_narrower_ones_take(message: str, narrowest: str) -> None:
    """The narrow mode believes clear signs, default adds words and names, wide adds everything that hints at a bug."""
    no_test = Diff(touches_tests=False, tests_added=0)
    taken = [mode for mode in Mode if isinstance(_say(message, RuleSet.of(mode), no_test), Sign)]
    assert taken == list(Mode)[list(Mode).index(Mode(narrowest)) :]


def test_a_list_names_the_signs_and_keeps_what_speaks_against_them() -> None:
    """The list ["subject"] leaves that sign alone on; a revert stays none."""
    rules = RuleSet.of(["subject"])
    assert _say("Fix last page", rules) == Sign("subject", "Fix last page", "subject")
    assert _say("BUG: last page", rules) == NotAFix("none")
    assert _say('Revert "Fix last page"', rules).rule == "revert"


@pytest.mark.parametrize("name", NAMES)
def test_without_switches_both_sides_of_a_rule_off(name: str) -> None:
    """A name in ``without`` is asked nothing, for or against."""
    assert name not in {rule.name for rule in RuleSet.of(Mode.WIDE, without=[name]).rules}


def test_a_project_adds_signs_takes_them_away_and_lists_commits() -> None:
    """patterns, exclude and the list of ignored revisions stand above the words of the message, line by line."""
    rules = RuleSet.of(patterns=[r"^\[BUG-\d+\]", r"^Ticket-Kind: defect$"], exclude=[r"^\[chore-fix\]"])
    assert _say("[BUG-7] pages", rules) == Sign("pattern", "[BUG-7]", "message")
    assert _say("pages\n\nTicket-Kind: defect\nx", rules, Diff(touches_source=False)).rule == "pattern"
    assert _say("[chore-fix] fix pages", rules).rule == "exclude"
    assert _say("fix: x", RuleSet.of(skip=[SHA])) == NotAFix("skip-list", SHA)


def test_issue_keys_are_references_only_where_they_are_listed() -> None:
    """SHOP-7 could be anything until the settings say that it is an issue."""
    message = "Last page\n\nFixes SHOP-7"
    quiet = Diff(tests_added=0)
    assert _say(message, diff=quiet) == NotAFix("none")
    assert _say(message, RuleSet.of(issues=[r"SHOP-\d+"]), quiet) == Sign("reference", "Fixes SHOP-7", "message")


@pytest.mark.parametrize(
    ("diff", "rule"),
    [
        pytest.param(Diff(touches_source=False), "no-source", id="no-source"),
        pytest.param(Diff(behaviour_changed=False), "same-behaviour", id="comments-only"),
        pytest.param(Diff(), "type", id="product"),
    ],
)
def test_words_have_to_stand_before_the_diff(diff: Diff, rule: str) -> None:
    """A fix of what is no product, or of comments and annotations, is none that needs a test."""
    assert _say("fix: last page", diff=diff).rule == rule


def test_a_trailer_and_a_fragment_need_no_product_change() -> None:
    """Who says it outright is believed."""
    nothing = Diff(touches_source=False, behaviour_changed=False)
    assert isinstance(_say("x\n\nBugguard: fix", diff=nothing), Sign)
    unit = _unit(Example("x", adds="changelog/1.bugfix.rst"))
    assert isinstance(fixes.recognise(unit, rules=RuleSet.of(), diff=nothing), Sign)


def test_a_footer_over_a_large_diff_is_a_feature() -> None:
    """``Fixes #12`` below also closes features: it counts over few changed functions, or in the title."""
    large = Diff(changed_functions=12, tests_added=0)
    assert isinstance(_say("Last page\n\nFixes #12"), Sign)
    assert _say("Last page\n\nFixes #12", diff=large) == NotAFix("none")
    assert _say("Fixes #12: last page", diff=large).rule == "reference"


@pytest.mark.parametrize("title", ["Correct the last page", "Last page crashes"])
@pytest.mark.parametrize(
    ("diff", "is_fix"),
    [
        pytest.param(Diff(), True, id="one-function-and-a-test"),
        pytest.param(Diff(changed_functions=3), True, id="three-functions"),
        pytest.param(Diff(changed_functions=4), False, id="many-functions"),
        pytest.param(Diff(changed_functions=0), False, id="no-function-that-was-there"),
        pytest.param(Diff(touches_tests=False), False, id="no-tests"),
        pytest.param(Diff(tests_added=0), False, id="no-new-test"),
        pytest.param(Diff(new_public_names=1), False, id="a-new-name"),
    ],
)
def test_a_word_of_repair_needs_a_small_tested_diff(title: str, diff: Diff, *, is_fix: bool) -> None:
    """A verb or a symptom alone says little: features are told of with the same words."""
    assert isinstance(_say(title, diff=diff), Sign) is is_fix


def test_words_are_believed_where_history_was_cut() -> None:
    """At a shallow boundary nothing is known of the diff; the journey says so, we do not guess."""
    unit = Unit(_commit("fix: last page"), (), is_boundary=True)
    said = fixes.recognise(unit, rules=RuleSet.of(), diff=Diff(touches_source=False))
    assert said == Sign("type", "fix: last page", "subject")


def test_the_diff_is_not_looked_into_for_a_message_that_says_nothing() -> None:
    """Looking costs parsing: ordinary commits are told by their words alone."""
    for message in ("Add pages", "docs: pages", "Merge branch 'main'", "Pages", "chore: fix lint"):
        said = fixes.recognise(_unit(Example(message)), rules=RuleSet.of(), diff=Unasked())
        assert isinstance(said, NotAFix)


def test_every_match_is_evidence() -> None:
    """A reader is shown all that spoke, in the order of the table; the first is the one that decides."""
    unit = _unit(Example("fix: last page is wrong\n\nFixes #12"))
    found = fixes.matches(unit, rules=RuleSet.of(), diff=Diff(), context=CiContext(branch="fix/12"))
    assert [one.rule for one in found] == ["type", "reference", "branch", "symptom"]
    assert found[0] == fixes.recognise(unit, rules=RuleSet.of(), diff=Diff())


def test_a_waiver_in_a_trailer_gives_its_reason() -> None:
    """The words behind ``waive`` are the reason; other trailers are none."""
    assert fixes.waiver_reason(_unit(Example("a\n\nBugguard: waive needs a printer"))) == "needs a printer"
    assert fixes.waiver_reason(_unit(Example("a\n\nBugguard: fix"))) is None
    merged = Example("Merge branch 'x'", inner=("a\n\nbugguard: Waive  no clock ",))
    assert fixes.waiver_reason(_unit(merged)) == "no clock"


@pytest.mark.parametrize("checker", ["pylint", "ruff", "mypy", "flake8", "lint"])
def test_a_title_that_is_tagged_with_a_checker_is_no_fix(checker: str) -> None:
    """What a checker finds is mended in the code, and no user ever met it."""
    assert _say(f"[{checker}] Fix use-yield-from") == NotAFix("other-type", f"[{checker}] Fix use-yield-from")


@pytest.mark.parametrize(
    ("title", "quiet"),
    [
        ("Style fixes in pager.py", "Style fixes"),
        ("Fix code format.", "code format"),
        ("fix merge conflicts", "merge conflicts"),
        ("fix pep8", "pep8"),
        ("Fix style of the last page", ""),
        ("Fix conflicts of two pagers", ""),
        ("Fix date format", ""),
    ],
)
def test_a_title_of_how_code_looks_is_no_fix(title: str, quiet: str) -> None:
    """Style is mended in the code and not in what it does; a product may have styles and formats of its own."""
    assert _say(title) == (NotAFix("quiet-title", quiet) if quiet else Sign("subject", title, "subject"))


@pytest.mark.parametrize("first", ["WIP", "wip: 2", "checkpoint", "Work in progress.", "test: the pager"])
def test_a_merge_without_a_title_speaks_by_the_first_commit_that_says_what_was_done(first: str) -> None:
    """Who saves a draft, or begins with the test, names the deed in a later commit."""
    merge = _unit(Example("Merge branch 'pages'", inner=("Fixed crash on the last page", first)))
    said = fixes.recognise(merge, rules=RuleSet.of(), diff=Diff())
    assert said == Sign("subject", "Fixed crash on the last page", f"inner {'0' * 40}")


WORDS = st.sampled_from(
    ["fix", "Fixes", "#12", "gh-1", ":", ": ", "(", ")", "[", "]", "\n", "Merge branch '",
     "Merge pull request #1 from ", "Bugguard: ", "waive", "\x1b[31m", "\udcff", "🐛", "closes ", "a/b", "https://",
     "-", " " * 50, "é", "\r", "\x00", "revert"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS | st.text(max_size=5), max_size=30).map("".join))
def test_no_message_is_too_absurd(text: str) -> None:
    """Whatever stands in a message, every rule gives an answer of one line, and the same one twice."""
    unit = Unit(_commit(text, author=text), (), (_commit(text),))
    found = fixes.matches(unit, rules=RuleSet.of(Mode.WIDE), diff=Diff())
    assert found == fixes.matches(unit, rules=RuleSet.of(Mode.WIDE), diff=Diff())
    assert all("\n" not in one.matched for one in found)


KIB_64 = 65_536
HOSTILE = {
    "spaces": "fix" + " " * KIB_64,
    "words": "fix " * (KIB_64 // 4),
    "letters": "a" * KIB_64,
    "dots": "a." * (KIB_64 // 2),
    "slashes": "https://x" + "/a" * (KIB_64 // 2),
    "hashes": "#" * KIB_64,
    "lists": "Fixes " + "#1, " * (KIB_64 // 4),
    "brackets": "[a]" * (KIB_64 // 3),
    "open-brackets": "[" * KIB_64,
    "colons": "a: " * (KIB_64 // 3),
    "trailers": "Bugguard: x\n" * 5_000,
    "merges": "Merge branch 'a'\n" * (KIB_64 // 17),
    "dashes": "-" * KIB_64,
    "lines": "\n" * KIB_64,
    "urls": "https://a.b/c " * (KIB_64 // 14),
    "owners": "a/b " * (KIB_64 // 4),
    "errors": "Error" * (KIB_64 // 5),
    "areas": "a b c " * (KIB_64 // 6),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_costs_no_more_than_its_length(name: str) -> None:
    """64 KiB of anything are judged by all rules in less than 50 ms of CPU (best of three: the machine is shared)."""
    unit = Unit(_commit(HOSTILE[name]), ())
    best = min(_seconds(unit) for _ in range(3))
    assert best < 0.05


def _seconds(unit: Unit) -> float:
    start = time.process_time()
    fixes.matches(unit, rules=RuleSet.of(Mode.WIDE), diff=Diff())
    return time.process_time() - start
