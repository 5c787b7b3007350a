"""The rules that tell a bug fix, as a table: name, mode, what it says, examples. Pure; no I/O.

``RULES`` stands in the order in which the rules are asked; the first that answers decides. A rule that speaks against
comes before the signs that it takes away, and the sides of one rule share its name. The examples of a rule are its
documentation and its tests.
"""

from __future__ import annotations

from pytest_bugguard.core import refusals, signs
from pytest_bugguard.core.evidence import CiContext
from pytest_bugguard.core.rule import NOT_STRICT, NOT_WIDE, WIDE, Example, Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "trailer",
        refusals.trailer,
        says_fix=False,
        speaks=(
            Example("fix: slow import\n\nBugguard: not-a-fix"),
            Example("Fix it\n\nBugguard: Not-A-Fix (perf)\nCC: x"),
        ),
        silent=(Example("fix: slow import"), Example("fix: pages\n\nBugguard: fix"), Example("Mention not-a-fix here")),
    ),
    Rule(
        "trailer",
        signs.trailer,
        is_sure=True,
        speaks=(
            Example("Tidy the pager\n\nBugguard: fix"),
            Example("Pager (#5)\n\n* wip\n\nBugguard: waive needs a simulator\n---------\nCo-authored-by: B <b@x>"),
            Example("Merge pull request #5 from x/y\n\nPager", inner=("Pager\n\nBugguard: fix",)),
        ),
        silent=(Example("Say Bugguard: fix in the middle of a line"), Example("Pager\n\nBugguard: fixture")),
    ),
    Rule("skip-list", refusals.skip_list, says_fix=False),
    Rule("exclude", refusals.exclude, says_fix=False),
    Rule("pattern", signs.pattern, is_sure=True),
    Rule(
        "bot",
        refusals.bot,
        says_fix=False,
        speaks=(
            Example(
                "fix(deps): bump urllib3", author="dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"
            ),
            Example("[pre-commit.ci] auto fixes", author="pre-commit-ci[bot] <66853113@users.noreply.github.com>"),
            Example("Fix imports", author="Release Bot <bot@example.com>"),
        ),
        silent=(Example("Fix imports", author="Ann Abbott <abbott@example.com>"),),
    ),
    Rule(
        "revert",
        refusals.revert,
        says_fix=False,
        speaks=(
            Example('Revert "fix: last page"\n\nThis reverts commit 1c0ffee.'),
            Example("revert: fix last page"),
            Example("[3.9] Reverts fix of #12"),
        ),
        silent=(Example("fix: revert-url is wrong"), Example("Fix the revert command")),
    ),
    Rule(
        "autosquash",
        refusals.autosquash,
        says_fix=False,
        speaks=(Example("fixup! fix: last page"), Example("squash! Fix #12"), Example("amend! fix: last page")),
        silent=(Example("fixup the last page"),),
    ),
    Rule(
        "branch-merge",
        refusals.branch_merge,
        says_fix=False,
        speaks=(
            Example("Merge branch 'stable'"),
            Example("Merge remote-tracking branch 'origin/main' into fix/pages"),
            Example("Merge branch '8.2.x' into main", inner=("fix: last page",)),
            Example("Merge tag 'v2.1.0'"),
            Example("Merge 3.9", inner=("fix: last page",)),
        ),
        silent=(Example("Merge branch 'fix-pages'"), Example("Merge pull request #5 from ann/main\n\nFix last page")),
    ),
    Rule(
        "fragment",
        signs.fragment,
        is_sure=True,
        speaks=(
            Example("Last page (#13)", adds="changelog/12.bugfix.rst"),
            Example("Last page", adds="src/shop/newsfragments/12.bugfix"),
            Example("Last page", adds="CHANGES/12.bugfix.1.rst"),
            Example("Last page", adds="changelog.d/+pages.fixed.md"),
        ),
        silent=(Example("Last page", adds="changelog/12.feature.rst"), Example("Last page", adds="src/shop/x.fix.py")),
    ),
    Rule(
        "fragment",
        refusals.fragment,
        says_fix=False,
        speaks=(Example("Fix naming", adds="news/12.feature.rst"), Example("Fix #1", adds="changelog/1.misc.rst")),
        silent=(Example("Fix naming", adds="docs/feature.rst"),),
    ),
    Rule(
        "other-type",
        refusals.other_type,
        says_fix=False,
        speaks=(
            Example("docs: fix the example"),
            Example("✨ feat(cli): fix up pages"),
            Example("fix(ci): pin the runner"),
            Example("🐛 fix(typing): cast the value"),
            Example("DOC: fix a link"),
            Example("[TEST] fix the pager's test"),
            Example(":memo: fix a link"),
            Example("[pylint] Fix ``use-yield-from``"),
        ),
        silent=(
            Example("fix(cli): last page"),
            Example("pager: fix last page"),
            Example("fix(deps): accept urllib3 2"),
        ),
    ),
    Rule(
        "quiet-title",
        refusals.quiet_title,
        says_fix=False,
        speaks=(
            Example("Fix typo in pager"),
            Example("Fix type hints of pages()"),
            Example("Fix mypy errors"),
            Example("Merge pull request #5 from x/fix-ci\n\nFix CI on Windows"),
            Example("Fix flaky pager"),
        ),
        silent=(Example("Fix doctest collection"), Example("Fix wrong type of the last page")),
    ),
    Rule(
        "type",
        signs.conventional,
        speaks=(
            Example("fix: last page"),
            Example("Fix(cli)!: last page"),
            Example("🐛 last page"),
            Example(":bug: last page"),
            Example("🚑️ fix(cli): last page"),
            Example("[3.9] hotfix: last page"),
            Example("[PR #12/1c0ffee backport][3.9] bugfix: last page"),
            Example("gh-12: fix: last page"),
            Example("#12: fix: last page"),
            Example("BUG: last page is empty"),
            Example("[FIX] pager: last page"),
            Example("Merge pull request #5 from x/y\n\nfix: last page"),
        ),
        silent=(Example("fixture: last page"), Example("Prefix: last page"), Example("pager: last page")),
    ),
    Rule(
        "subject",
        signs.subject,
        modes=NOT_STRICT,
        speaks=(
            Example("Fix last page"),
            Example("pager: fixes the last page"),
            Example("Merge pull request #5 from x/y\n\nReally fix the last page"),
            Example("Merge branch 'pages'", inner=("Tidy", "Fix last page")),
            Example("Merge branch 'pages'", inner=("Fix last page", "test: show the last page")),
            Example("Merge pull request #5 from ann/10328", inner=("Fix last page",)),
        ),
        silent=(
            Example("Add fixtures"),
            Example("Strip the suffix-fix-prefix"),
            Example("Merge branch 'pages'", inner=("Fix last page", "Pages for everybody")),
            Example("Add pages (fixes #12)"),
            Example("Fixed #12 -- Added pages"),
        ),
    ),
    Rule(
        "label",
        signs.label,
        modes=NOT_STRICT,
        speaks=(
            Example("Last page", context=CiContext(labels=("docs", "bug"))),
            Example("Last page", context=CiContext(labels=("type: bug",))),
            Example("Last page", context=CiContext(labels=("kind/regression",))),
        ),
        silent=(Example("Last page", context=CiContext(labels=("bug-bounty", "not a bug"))),),
    ),
    Rule(
        "request-title",
        signs.request_title,
        modes=NOT_STRICT,
        speaks=(Example("Last page", context=CiContext(title="fix: last page")),),
        silent=(Example("Last page", context=CiContext(title="Pages for everybody")),),
    ),
    Rule(
        "another-deed",
        refusals.another_deed,
        says_fix=False,
        modes=NOT_WIDE,
        speaks=(
            Example("Add pages\n\nFixes #12"),
            Example("pager: deprecate pages()\n\nFix #12"),
            Example("Fixed #12 -- Added pages"),
            Example("Merge pull request #5 from x/fix-12\n\nSupport pages"),
            Example("pager: a nicer error for the last page\n\nFixes #12"),
            Example("Optionally allow an empty last page\n\nFixes #12"),
        ),
        silent=(Example("Address the last page"), Example("Last page is added twice"), Example("Address: last page")),
    ),
    Rule(
        "reference",
        signs.reference,
        speaks=(
            Example("Last page\n\nFixes #12"),
            Example("Last page\n\nfix: https://example.com/shop/issues/12"),
            Example("Last page (#13)\n\n* tidy\n\nfixed GH-12\n\n---------\n\nCo-authored-by: B <b@example.com>"),
            Example("Fixed #12 -- Last page was empty."),
            Example("Last page\n\nCloses-Bug: #1234567"),
            Example("Last page\n\nFixed: 1234567\nChange-Id: I0"),
            Example('Last page\n\nFixes: 1c0ffee12345 ("pager: count from one")'),
            Example("bpo-12: Last page\n\nThis fixes bpo-12"),
            Example("Last page\n\nFixing issues #1, #2 and shop/pager#3"),
            Example(
                "Merge branch 'pages' into 'main'\n\nLast page\n\nSee merge request shop/pager!5",
                inner=("a\n\nFix #12",),
            ),
        ),
        silent=(
            Example("Last page\n\nCloses #12"),
            Example("Last page\n\nBug: 1234567"),
            Example("Last page\n\nPrefix #12"),
            Example("Last page, fixing nothing in particular (#12)"),
        ),
    ),
    Rule(
        "branch",
        signs.branch,
        modes=NOT_STRICT,
        speaks=(
            Example("Merge pull request #5 from ann/fix-last-page\n\nLast page"),
            Example("Merge branch 'bugfix/12' into 'main'"),
            Example("Merged in hotfix/pages (pull request #5)\n\nLast page"),
            Example("Last page", context=CiContext(branch="fix/12-last-page")),
        ),
        silent=(
            Example("Merge pull request #5 from ann/fixtures\n\nLast page"),
            Example("Last page", context=CiContext(branch="prefix-pages")),
        ),
    ),
    Rule(
        "repair",
        signs.repair,
        modes=NOT_STRICT,
        speaks=(
            Example("Don't lose the last page"),
            Example("pager: handle an even number of items"),
            Example("Prevents an empty page (#12)"),
            Example("Unbroke the last page"),
        ),
        silent=(Example("Handler for pages"), Example("Pages are never empty")),
    ),
    Rule(
        "symptom",
        signs.symptom,
        modes=NOT_STRICT,
        speaks=(
            Example("Last page crashes"),
            Example("KeyError for the last page"),
            Example("No more wrong last page"),
        ),
        silent=(Example("Debugger for pages"), Example("Errors are pages too")),
    ),
    Rule(
        "inner",
        signs.inner,
        modes=WIDE,
        speaks=(Example("Merge pull request #5 from x/y\n\nLast page", inner=("Tidy", "pager: fix last page")),),
        silent=(Example("Merge pull request #5 from x/y\n\nLast page", inner=("Fixtures",)),),
    ),
    Rule(
        "closing",
        signs.closing,
        modes=WIDE,
        speaks=(Example("Last page\n\nCloses #12"), Example("Last page\n\nResolves: shop/pager#12")),
        silent=(Example("Last page\n\nSee #12"), Example("Last page (#12)")),
    ),
    Rule(
        "symptom-anywhere",
        signs.symptom_anywhere,
        modes=WIDE,
        speaks=(Example("Last page\n\nThe result was incorrect."), Example("Last page\n\nA regression in 2.1.")),
        silent=(Example("Last page\n\nIt is nicer now."),),
    ),
    Rule(
        "tested-change",
        signs.tested_change,
        modes=WIDE,
        speaks=(Example("Last page"),),
    ),
    Rule("small-change", signs.small_change, modes=WIDE, speaks=(Example("Last page"),)),
)
"""All rules, in the order in which they are asked."""
NAMES = tuple(dict.fromkeys(rule.name for rule in RULES))
"""What ``fixes.rules`` and ``fixes.without`` accept."""
