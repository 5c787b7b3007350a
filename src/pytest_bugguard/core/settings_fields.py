"""Which settings are there? The one table that drives checking, messages and the reference page. Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_bugguard.core import settings_checks as checks
from pytest_bugguard.core.coverage_rules import Limits

if TYPE_CHECKING:
    from collections.abc import Collection

REQUIRED = object()
"""Stands as the default of what must be given."""
NOTHING = object()
"""Stands as the default of what is not done unless it is asked for."""


class Field(Struct, frozen=True):
    """One setting."""

    key: str
    accepts: str
    """For people, in TOML's words."""
    default: Any
    """In our own types; None: found by looking."""
    check: checks.Check
    doc: str
    """One sentence or two, Markdown."""
    example: str
    """A TOML value."""


MODES = ("strict", "default", "wide")


def top_fields() -> tuple[Field, ...]:
    """The keys of ``[tool.bugguard]`` itself."""
    return (
        Field("enabled", '`true`, `false` or `"ci"`', False,  # noqa: FBT003 - a default in a table
              checks.flag_or("ci"),
              'Switches the gate on in every pytest run; `"ci"`: only where the variable `CI` is set.', '"ci"'),
        Field("base", '`"auto"`, or a branch, tag or commit', "auto", checks.revision,
              "What the change is compared with. By itself: the CI's target branch, else the upstream's default "
              "branch.", '"origin/main"'),
        Field("source", "a list of folders or files", None, checks.list_of(checks.path),
              "Where the product's source lives. Everything else that is no test is neutral then. "
              "Without it: importable packages, Python and compiled sources.", '["src"]'),
        Field("tests", "a list of folders or files", None, checks.list_of(checks.path),
              "Where the tests live. Without it: pytest's `testpaths` and `python_files`, else what `test_suite` in "
              "setup.py names, and folders that are named for tests. pytest's settings nearest to a file decide: "
              "a project in a folder of the repository has its own.", '["tests"]'),
        Field("undecided", '`"fail"` or `"warn"`', "fail", checks.one_of("fail", "warn"),
              "What a verdict that could not be reached does to the run.", '"warn"'),
        Field("json", "a file below the repository's top", NOTHING, checks.path,
              "Where a pytest run also writes its result as JSON.", '"reports/bugguard.json"'),
        Field("html", "a file below the repository's top", NOTHING, checks.path,
              "Where a pytest run also writes its result as a page.", '"reports/bugguard.html"'),
        Field("web", "an `https://` address; `github+`, `gitlab+`, `bitbucket+` or `gitea+` before it where the host's "
              "name does not tell", NOTHING, checks.web,
              "Where people read the repository: commits and files of the page and of Markdown are linked there. "
              "It is never read from a remote.", '"https://github.com/acme/shop"'),
        Field("plugins", "a list of importable names", (), checks.list_of(checks.module),
              "Guests: modules with hook implementations of bugguard's own.", '["shop_rules.bugguard"]'),
    )  # fmt: skip


def fix_fields(known_rules: Collection[str]) -> tuple[Field, ...]:
    """The keys of ``[tool.bugguard.fixes]``."""
    return (
        Field("require", '`"test"`, `"proof"` or `"off"`', "test", checks.one_of("test", "proof", "off"),
              "What each bug fix must bring: a regression test, or one that is shown to fail without the fix.",
              '"proof"'),
        Field("scope", '`"change"` or `"unit"`', "change", checks.one_of("change", "unit"),
              "Where a fix's test may come from: anywhere in the change, or only from the same commit or merge.",
              '"unit"'),
        Field("rules", '`"strict"`, `"default"`, `"wide"` or a list of rule names', "default",
              checks.rules(MODES, known_rules), "Which signs make a commit a bug fix.", '"wide"'),
        Field("without", "a list of rule names", (), checks.list_of(checks.rule_name(known_rules)),
              "Rules that are switched off.", '["fragment"]'),
        Field("patterns", "a list of regular expressions", (), checks.list_of(checks.pattern),
              "More signs of a fix, searched for in each line of the message.", r"['^\[BUG\]']"),
        Field("exclude", "a list of regular expressions", (), checks.list_of(checks.pattern),
              "Signs that a commit is no fix, whatever else speaks for it.", r"['^Bump ']"),
        Field("issues", "a list of regular expressions", (), checks.list_of(checks.pattern),
              "What a reference to an issue looks like besides `#123`.", r"['SHOP-\d+']"),
        Field("on-weak", '`"warn"` or `"fail"`', "warn", checks.one_of("warn", "fail"),
              "What it does to the run where a test fails without the fix only because the fix's new names are not "
              "there.", '"fail"'),
        Field("receipts", "a folder below the repository's top", None, checks.path,
              "Where proofs are stored, and looked up before anything is run. Without it: in the user's cache.",
              '".bugguard/receipts"'),
    )  # fmt: skip


def waiver_fields() -> tuple[Field, ...]:
    """The keys of each ``[[tool.bugguard.waivers]]``."""
    return (
        Field("fix", "at least seven hexadecimal digits", REQUIRED, checks.commit_id,
              "The commit that is excused.", '"1c0ffee"'),
        Field("owner", "a text", REQUIRED, checks.text, "Who answers for it.", '"payments"'),
        Field("reason", "a text", REQUIRED, checks.text, "Why there is no test.", '"needs the vendor\'s simulator"'),
        Field("expires", "a date", REQUIRED, checks.day,
              "The last day on which it holds; after it the waiver fails the run and names its owner.", "2027-01-31"),
    )  # fmt: skip


_LIMITS = checks.table_of({"line": checks.percent, "branch": checks.percent, "missing": checks.amount}, Limits)
_LIMITS_DOC = "a table of `line`, `branch` (per cent) and `missing` (a number)"


def coverage_fields() -> tuple[Field, ...]:
    """The keys of ``[tool.bugguard.coverage]`` itself."""
    return (
        Field("each-file", _LIMITS_DOC, NOTHING, _LIMITS,
              "What each measured file but tests must reach that no gate says otherwise of.", "{ line = 80 }"),
        Field("total", _LIMITS_DOC, NOTHING, _LIMITS,
              "What all measured files must reach together.", "{ line = 90, branch = 85 }"),
        Field("floors", "a file below the repository's top", NOTHING, checks.path,
              "The list of files with statements that no test runs, and how many each may have: a number that may "
              "only fall.", '"bugguard-floors.txt"'),
        Field("changed", "a table of `line` (per cent) and `missing` (a number)", NOTHING,
              checks.table_of({"line": checks.percent, "missing": checks.amount}, Limits),
              "What the statements that the change touched must reach together.", "{ line = 100 }"),
        Field("fixes", '`"any"`, `"all"`, a number (per cent) or `"off"`', "off",
              checks.word_or_percent("any", "all", "off"),
              "How many of the statements that a fix changed its own tests must run.", '"any"'),
    )  # fmt: skip


def gate_fields() -> tuple[Field, ...]:
    """The keys of each ``[[tool.bugguard.coverage.gate]]``."""
    return (
        Field("paths", "a list of files, folders or patterns", (), checks.list_of(checks.path),
              "The files that it is for: `*` within a folder, `**` for any folders.", '["src/shop/pay/**"]'),
        Field("modules", "a list of importable names", (), checks.list_of(checks.module),
              "The modules and packages that it is for.", '["shop.pay"]'),
        Field("scope", '`"each"` or `"group"`', "each", checks.one_of("each", "group"),
              "Whether it is asked of each of the files, or of all of them added up.", '"group"'),
        Field("line", "a number over 0 and up to 100", NOTHING, checks.percent,
              "The share of statements that must be run, in per cent.", "100"),
        Field("branch", "a number over 0 and up to 100", NOTHING, checks.percent,
              "The share of branches that must be taken, in per cent.", "95"),
        Field("missing", "a whole number from 0 on", NOTHING, checks.amount,
              "How many statements may be missing.", "12"),
        Field("reason", "a text", "", checks.text, "Why; shown with whatever fails it.", '"money"'),
    )  # fmt: skip


def flaky_fields() -> tuple[Field, ...]:
    """The keys of ``[tool.bugguard.flaky]``."""
    return (
        Field("reruns", "a whole number from 0 to 100", 3, checks.whole(0, 100),
              "How often a test that failed is run again in fresh processes, alone and after what ran before it; 0: "
              "never. The option `--bugguard-reruns` wins.", "5"),
        Field("reruns-seconds", "a whole number from 1 to 86400", 300, checks.whole(1, 86_400),
              "After how long no further rerun begins, nor one that takes longer than what is left: what ran before a "
              "test may be the whole suite.", "60"),
        Field("max-failures", "a whole number from 1 to 10000", 20, checks.whole(1, 10_000),
              "Where more tests failed than that, none is run again: it will be the change, or the machine.", "50"),
        Field("on-flaky", '`"fail"` or `"warn"`', "fail", checks.one_of("fail", "warn"),
              "What it does to the run where each test that failed turns out to be flaky; and where a test was "
              "rescued by another plugin's reruns.", '"warn"'),
        Field("burn-in", "a whole number from 0 to 1000", NOTHING, checks.whole(0, 1000),
              "How often each test that guards a fix of the change is run in fresh processes, shuffled among its "
              "neighbours and several times in one, before it may; 0: it is not. Without it: 20 times in a run of "
              "pytest, and not by `bugguard prove`. The option `--bugguard-burn-in` wins.", "20"),
        Field("burn-in-seconds", "a whole number from 1 to 3600", 30, checks.whole(1, 3600),
              "After how long no further process of a burn-in begins; the run says how far it came. "
              "`bugguard prove` has so long for each fix.", "120"),
        Field("history", 'a file below the repository\'s top, a `postgresql://` address without a password, or `"off"`',
              ".bugguard/history.db", checks.history,
              "Where the outcomes of every run are kept; the variable `BUGGUARD_HISTORY` wins.",
              '"postgresql://ci@db.example.org/bugguard"'),
        Field("keep-days", "a whole number from 1 to 3660", 365, checks.whole(1, 3660),
              "How long a run is kept, counted back from the newest one.", "90"),
        Field("run-files", "a folder below the repository's top", NOTHING, checks.path,
              "Where each run also leaves a file of its outcomes, for `bugguard flaky import` elsewhere.",
              '"reports/runs"'),
    )  # fmt: skip


def delivery_fields() -> tuple[Field, ...]:
    """The keys of ``[tool.bugguard.delivery]``."""
    return (
        Field("releases", "a list of regular expressions", (), checks.list_of(checks.pattern),
              "Which tags are releases, searched for in a tag's name. Without it: what looks like a version, "
              "pre-releases left out.", r"['^deploy-\d+$']"),
        Field("days", "a whole number from 1 to 3660", 365, checks.whole(1, 3660),
              "How many days the figures look back from the newest commit.", "90"),
        Field("failure-days", "a whole number from 1 to 365", 30, checks.whole(1, 365),
              "For how long after a release a fix of what it changed makes it a failed one.", "7"),
    )  # fmt: skip


def quarantine_fields() -> tuple[Field, ...]:
    """The keys of each ``[[tool.bugguard.quarantine]]``."""
    return (
        Field("test", "a node id", REQUIRED, checks.nodeid,
              "The test; while it, or a case of it, is in quarantine it guards no fix.",
              '"tests/test_net.py::test_retry"'),
        Field("owner", "a text", REQUIRED, checks.text, "Who mends it.", '"platform"'),
        Field("reason", "a text", REQUIRED, checks.text, "Why it is not mended yet.", '"real clock; see #812"'),
        Field("expires", "a date", REQUIRED, checks.day,
              "The last day on which it holds; after it the run fails and names the owner.",
              "2027-01-31"),
        Field("failures", "a list of failures: the exception's type, and where", (), checks.list_of(checks.signature),
              "How it is known to fail: only that does not fail the run. Without it every failure does.",
              '["TimeoutError at src/shop/net.py::Client.fetch"]'),
    )  # fmt: skip
