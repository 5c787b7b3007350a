"""What the title of a commit says: what was merged, tags before it, its conventional type. Pure; no I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

FIX_TYPES = frozenset({"fix", "fixes", "fixed", "bugfix", "hotfix", "bug"})
"""Words before the first colon that make a commit a fix: Conventional Commits, NumPy's ``BUG:``, Odoo's ``[FIX]``."""
OTHER_TYPES = frozenset(
    {
        "feat", "feature", "features", "docs", "doc", "documentation", "style", "styles", "refactor",
        "refactoring", "perf", "test", "tests", "testing", "build", "ci", "chore", "chores", "revert",
        "release", "deps", "dep", "dependencies", "typing", "types", "typ", "lint", "wip", "i18n", "l10n",
        "enh", "enhancement", "maint", "tst", "bld", "sty", "rel", "bench", "cln", "cleanup", "examples",
        "packaging", "improve", "improvement",
    }
)  # fmt: skip
"""Words before the first colon that make a commit something else, NumPy's dialect included."""

_CHECKERS = frozenset(
    {
        "lint", "lints", "linter", "linters", "linting", "flake8", "flakes", "pyflakes", "ruff", "pylint", "isort",
        "mypy", "pyright", "pyre", "typing", "types", "bandit", "pyupgrade", "refurb", "pep8", "pycodestyle",
        "pydocstyle",
    }
)  # fmt: skip
"""What looks at code without running it, and what it is asked to be content with."""
SIDE_SCOPES = _CHECKERS | frozenset(
    {
        "docs", "doc", "documentation", "readme", "changelog", "ci", "cd", "github", "actions", "workflow", "workflows",
        "test", "tests", "testing", "type", "pre-commit", "examples", "benchmarks", "typo", "typos", "style", "format",
    }
)  # fmt: skip
"""Scopes in which ``fix(...)`` repairs something that is not the product.

``deps``, ``build`` and ``release`` are not here: what touches no source is left out anyway, the rest is product code.
"""
_QUIET_WORDS = _CHECKERS | frozenset(
    {
        "doc", "docs", "documentation", "docstring", "docstrings", "typo", "typos", "typoes", "misspelling",
        "misspellings", "misspelled", "spelling", "spellings", "grammar", "comment", "comments",
        "whitespace", "ci", "gha", "travis", "appveyor", "codecov", "coveralls", "noxfile", "flaky",
        "changelog", "changelogs", "readme", "release", "copyright", "sphinx", "readthedocs", "refactor",
        "refactors", "refactored", "refactoring",
    }
)  # fmt: skip
"""Words of a title that say that documentation, style, types or machinery was repaired."""
_OF_A_STATE = re.compile(
    r"(?:wip|work in progress|tmp|temp|checkpoint|save|snapshot|first (?:try|draft)|draft|updates?)[ .:!\d]*",
    re.IGNORECASE,
)
_QUIET_PHRASE = re.compile(
    r"\b(?:type[ -](?:hint|annotation|error|check|ignore|on\b)\w{0,6}|pre-commit|github actions?"
    r"|cod(?:e|ing) (?:style|format)\w{0,6}|style (?:fix|issue|error|check|nit)\w{0,4}|merge conflicts?"
    r"|white[ -]space|read the docs|change-logs?|test_\w{1,80})",
    re.IGNORECASE,
)
_QUIET_HINTS = frozenset({"type", "pre", "github", "code", "coding", "style", "merge", "white", "read", "change"})
_WORD = re.compile(r"\w+")
_EMOJI_TYPES = {
    "🐛": "fix", ":bug:": "fix", "🚑": "fix", ":ambulance:": "fix", "🩹": "fix", ":adhesive_bandage:": "fix",
    "✨": "feat", ":sparkles:": "feat", "📝": "docs", ":memo:": "docs", "📚": "docs", ":books:": "docs",
    "✏": "docs", ":pencil2:": "docs", "💡": "docs", ":bulb:": "docs", "🎨": "style", ":art:": "style",
    "🚨": "lint", ":rotating_light:": "lint", "♻": "refactor", ":recycle:": "refactor", "⚡": "perf", ":zap:": "perf",
    "✅": "test", ":white_check_mark:": "test", "🧪": "test", ":test_tube:": "test", "💚": "ci", ":green_heart:": "ci",
    "👷": "ci", ":construction_worker:": "ci", "🔧": "chore", ":wrench:": "chore", "🔖": "release",
    ":bookmark:": "release", "⬆": "deps", ":arrow_up:": "deps", "⬇": "deps", ":arrow_down:": "deps", "📌": "deps",
    ":pushpin:": "deps", "🏷": "types", ":label:": "types", "⏪": "revert", ":rewind:": "revert", "📦": "build",
    ":package:": "build",
}  # fmt: skip
"""What the emoji of gitmoji.dev say, as types."""

_AREA_LIMIT, _AREA_WORDS = 80, 3  # what stands before a colon and is longer is a sentence
_TITLE_LIMIT = 500  # characters; longer ones come from tools that put everything on one line
_TITLE_SEARCH = 20  # lines after a merge line in which its title is looked for

_MERGE = re.compile(
    r"""(?xi)
      merge[ ]pull[ ]request[ ][\#!]?\d{1,9}[ ](?:from|in)[ ](?P<pull>\S{1,300}).*
    | merged[ ]in[ ](?P<bitbucket>\S{1,300})[ ]\(pull[ ]request[ ]\#\d{1,9}\).*
    | merge[ ](?:remote-tracking[ ])?(?:branch(?:es)?|commit|tag)[ ]['"`]?(?P<branch>[^'"`\s]{1,300})['"`]?.*
    | merge[ ]['"`]?(?P<moved>[\w./-]{1,100})['"`]?[ ](?:branch[ ])?into[ ]\S.*
    | merge[ ](?P<version>v?\d{1,5}(?:[._](?:\d{1,5}|x)){1,4})
    | merge[ ]from[ ]['"`]?(?P<taken>[\w./-]{1,100})['"`]?
    | auto[ ]merge[ ]of[ ]\#\d{1,9}(?:[ ]-[ ](?P<homu>[^\s,]{1,300}))?.*
    | merge[ ](?:pr[ ])?[\#!]\d{1,9}\s{0,9}
    """
)
_MERGE_COLON = re.compile(r"(?i)merge (?P<name>(?:pr )?[#!\w./-]{1,100}): (?P<title>.+)")
_LEADING_TAG = re.compile(
    r"""(?x)
      \[ (?P<tag> [^\][]{0,80} ) \] [:\s-]{0,3}
    | \( (?: backport | cherry-?pick ) [^()]{0,60} \) [:\s-]{0,3}
    | (?P<emoji> :[a-z0-9_+-]{2,30}: | [\u203c-\u2bff\U0001f000-\U0001faff] ) \ufe0f? \s{0,3}
    | (?: \#\d{1,9} | (?: gh|bpo|pr|issue|GH|PR ) -\#?\d{1,9} | [A-Z][A-Z0-9]{1,9}-\d{1,9} )
      (?: \s?[:,-]{1,2} | (?=\s) ) \s{0,3}
    """
)
_TYPED = re.compile(r"(?P<type>[A-Za-z][\w-]{0,30})(?:\s?\((?P<scope>[^()]{0,80})\))?!?\s?:\s{0,3}(?P<rest>.*)")
_LEADING_CLOSING = re.compile(
    r"(?:fix(?:e[sd]|ing)?|clos(?:e[sd]?|ing)|resolv(?:e[sd]?|ing)|refs?):?[ ]{1,3}"
    r"(?:issue |bug |ticket )?#\d{1,9}[\s:,.-]{1,5}",
    re.IGNORECASE,
)
_KNOWN_TYPES = FIX_TYPES | OTHER_TYPES


class Merge(NamedTuple):
    """What the first line of a merge says."""

    branch: str
    """The branch that was merged; empty where the line does not name it."""
    is_request: bool
    """Whether a pull or merge request says so, and not somebody's ``git merge``."""


class Title(NamedTuple):
    """A title, taken apart."""

    text: str
    """The first line that is not blank and does not only say what was merged."""
    merge: Merge | None
    """What was merged, where the line before it says so."""
    heading: str
    """The title without leading emoji, issue numbers and tags such as ``[3.9]``."""
    tags: tuple[str, ...]
    """Leading words in square brackets, in lower case: ``[BUG]`` gives ``bug``."""
    type: str
    """The conventional type in lower case: written, in brackets, or said by an emoji; empty where there is none.

    A word before a colon is a type only where it is a known one: ``pager: fix ...`` names an area.
    """
    scope: str
    """The conventional scope in lower case; empty where there is none."""
    description: str
    """The heading without its type; an area prefix stays."""

    @property
    def deed(self) -> str:
        """What was done: the description without a leading ``Fixed #12 --`` and without the area before a colon."""
        text = self.description
        if "#" in text:
            text = _LEADING_CLOSING.sub("", text, count=1)
        area, colon, rest = text.partition(": ")
        return rest if colon and len(area) <= _AREA_LIMIT and area.count(" ") < _AREA_WORDS else text

    @property
    def quiet_word(self) -> str:
        """What says that documentation, style, types or machinery is meant; empty where nothing does."""
        words = _WORD.findall(self.description.lower())
        word = next((word for word in words if word in _QUIET_WORDS), "")
        if word or (_QUIET_HINTS.isdisjoint(words) and "test_" not in self.description):
            return word
        found = _QUIET_PHRASE.search(self.description)
        return found[0] if found else ""


def is_beside_the_product(title: Title) -> bool:
    """Whether a title speaks of tests, documentation, style, types or machinery."""
    return title.type in SIDE_SCOPES or title.scope in SIDE_SCOPES or bool(title.quiet_word)


def says_nothing(title: Title) -> bool:
    """Whether a title is only that of a state of the work: ``WIP``, ``checkpoint``."""
    return _OF_A_STATE.fullmatch(title.text.strip()) is not None


def read(message: str) -> Title:
    """The title of a message, taken apart."""
    text, merge = _title_and_merge(message)
    heading, tags, emoji_type = _strip_tags(text)
    tag_type = next((tag for tag in tags if tag in _KNOWN_TYPES), "")
    typed = _TYPED.match(heading) if ":" in heading else None
    if typed is None:
        return Title(text, merge, heading, tags, tag_type or emoji_type, "", heading)
    written, scope = typed["type"].lower(), (typed["scope"] or "").strip().lower()
    if written in _KNOWN_TYPES:
        return Title(text, merge, heading, tags, written, scope, typed["rest"])
    return Title(text, merge, heading, tags, tag_type or emoji_type, scope, heading)


def _title_and_merge(text: str) -> tuple[str, Merge | None]:
    merge: Merge | None = None
    for line in text.lstrip().split("\n", _TITLE_SEARCH)[:_TITLE_SEARCH]:
        stripped = line[:_TITLE_LIMIT].strip()
        if not stripped:
            continue
        if stripped[:5].lower() not in ("merge", "auto "):
            return stripped, merge
        found = _MERGE.fullmatch(stripped)
        if found is None:
            return _title_behind_colon(stripped, merge)
        merge = merge or _merge(found)
    return "", merge


def _merge(found: re.Match[str]) -> Merge:
    pull = found["pull"] or found["bitbucket"] or found["homu"]
    branch = found["branch"] or found["moved"] or found["taken"] or found["version"]
    return Merge(pull or branch or "", is_request=branch is None)


def _title_behind_colon(line: str, merge: Merge | None) -> tuple[str, Merge | None]:
    """``Merge PR #12: title`` and ``Merge some-branch: title`` have their title on the same line."""
    if found := _MERGE_COLON.fullmatch(line):
        return found["title"], merge or Merge(found["name"], is_request=True)
    return line, merge


def _strip_tags(title: str) -> tuple[str, tuple[str, ...], str]:
    """The title without its tags, the tags in brackets, and the type that an emoji gives."""
    tags: list[str] = []
    emoji = ""
    at = 0
    while found := _LEADING_TAG.match(title, at):
        if found["tag"] is not None:
            tags.append(found["tag"].strip().lower())
        emoji = emoji or _EMOJI_TYPES.get(found["emoji"] or "", "")
        at = found.end()
    return title[at:].strip() or title, tuple(tags), emoji
