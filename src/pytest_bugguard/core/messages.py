"""What a commit message says, taken apart: its title, type, trailers and references. Pure; no I/O.

Messages are read whole, line by line, and not only in git's trailer block: squashed pull requests put ``Fixes #5``
above a rule of dashes, where git's own parser does not look. Every pattern takes time linear in the message, which is
text that anybody may have written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core import references

if TYPE_CHECKING:
    from collections.abc import Sequence

FIX_TYPES = frozenset({"fix", "fixes", "fixed", "bugfix", "hotfix", "bug"})
"""Words before the first colon that make a commit a fix: Conventional Commits, NumPy's ``BUG:``, Odoo's ``[FIX]``."""
OTHER_TYPES = frozenset(
    {
        "feat", "feature", "features", "docs", "doc", "documentation", "style", "styles", "refactor",
        "refactoring", "perf", "test", "tests", "testing", "build", "ci", "chore", "chores", "revert",
        "release", "deps", "dep", "dependencies", "typing", "types", "typ", "lint", "wip", "i18n", "l10n",
        "enh", "enhancement", "maint", "tst", "bld", "sty", "rel", "bench", "cln", "cleanup", "examples",
        "packaging",
    }
)  # fmt: skip
"""Words before the first colon that make a commit something else, NumPy's dialect included."""

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

_TITLE_LIMIT = 500  # characters; longer ones come from tools that put everything on one line
_TITLE_SEARCH = 20  # lines after a merge line in which its title is looked for

_MERGE = re.compile(
    r"""(?xi)
      merge[ ]pull[ ]request[ ][\#!]?\d{1,9}[ ](?:from|in)[ ](?P<pull>\S{1,300}).*
    | merged[ ]in[ ](?P<bitbucket>\S{1,300})[ ]\(pull[ ]request[ ]\#\d{1,9}\).*
    | merge[ ](?:remote-tracking[ ])?(?:branch(?:es)?|commit|tag)[ ]['"]?(?P<branch>[^'"\s]{1,300})['"]?.*
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
_TRAILER = re.compile(r"^[ \t]{0,3}([A-Za-z][A-Za-z0-9-]{0,60})[ \t]{0,3}:[ \t]{1,8}(\S.*)$", re.MULTILINE)


class Merge(NamedTuple):
    """What the first line of a merge says."""

    branch: str
    """The branch that was merged; empty where the line does not name it."""
    is_request: bool
    """Whether a pull or merge request says so, and not somebody's ``git merge``."""


class _Heading(NamedTuple):
    """A title without its leading tags."""

    text: str
    tags: tuple[str, ...]
    """Words in square brackets, lower case: ``[BUG]`` gives ``bug``."""
    type_by_emoji: str


@dataclass(frozen=True)
class Message:
    """A commit message, taken apart as it is asked."""

    text: str

    @cached_property
    def lower(self) -> str:
        """The whole message in lower case, for cheap looks before a pattern is run."""
        return self.text.lower()

    @cached_property
    def _first(self) -> tuple[str, Merge | None]:
        return _title_and_merge(self.text)

    @property
    def title(self) -> str:
        """The first line that is not blank and does not only say what was merged."""
        return self._first[0]

    @property
    def merge(self) -> Merge | None:
        """What was merged, where the first line says so."""
        return self._first[1]

    @cached_property
    def _heading(self) -> _Heading:
        return _strip_tags(self.title)

    @cached_property
    def _typed(self) -> re.Match[str] | None:
        return _TYPED.match(self._heading.text) if ":" in self._heading.text else None

    @property
    def heading(self) -> str:
        """The title without leading emoji, issue numbers and tags such as ``[3.9]``."""
        return self._heading.text

    @property
    def tags(self) -> tuple[str, ...]:
        """Leading words in square brackets, in lower case."""
        return self._heading.tags

    @cached_property
    def type(self) -> str:
        """The conventional type in lower case: written, in brackets, or said by an emoji; empty where there is none.

        A word before a colon is a type only where it is a known one: ``pager: fix ...`` names an area.
        """
        written = self._typed["type"].lower() if self._typed else ""
        known = FIX_TYPES | OTHER_TYPES
        tagged = next((tag for tag in self.tags if tag in known), "")
        return (written if written in known else "") or tagged or self._heading.type_by_emoji

    @cached_property
    def scope(self) -> str:
        """The conventional scope in lower case; empty where there is none."""
        return (self._typed["scope"] or "").strip().lower() if self._typed else ""

    @cached_property
    def description(self) -> str:
        """The title without tags and without its type; an area prefix stays."""
        is_typed = self._typed is not None and self._typed["type"].lower() in FIX_TYPES | OTHER_TYPES
        return self._typed["rest"] if self._typed and is_typed else self.heading

    @cached_property
    def trailers(self) -> tuple[tuple[str, str], ...]:
        """``Key: value`` lines wherever they stand, in order."""
        return tuple((key, value.strip()) for key, value in _TRAILER.findall(self.text)) if ":" in self.text else ()

    def trailer(self, key: str) -> tuple[str, ...]:
        """The values of one trailer; its key in any case."""
        if f"{key.lower()}:" not in self.lower:
            return ()
        return tuple(value for name, value in self.trailers if name.lower() == key.lower())


def parse(message: str) -> Message:
    """Take a message apart. Nothing is worked out before it is asked for."""
    return Message(message)


def issues(message: str, extra_patterns: Sequence[references.Pattern] = ()) -> tuple[str, ...]:
    """References to issues as written, without repeats: ``#12``, ``GH-12``, ``owner/repo#3``, and what matches."""
    return references.references(message, extra_patterns)


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
    return Merge(pull or found["branch"] or "", is_request=found["branch"] is None)


def _title_behind_colon(line: str, merge: Merge | None) -> tuple[str, Merge | None]:
    """``Merge PR #12: title`` and ``Merge some-branch: title`` have their title on the same line."""
    if found := _MERGE_COLON.fullmatch(line):
        return found["title"], merge or Merge(found["name"], is_request=True)
    return line, merge


def _strip_tags(title: str) -> _Heading:
    tags: list[str] = []
    emoji = ""
    at = 0
    while found := _LEADING_TAG.match(title, at):
        if found["tag"] is not None:
            tags.append(found["tag"].strip().lower())
        emoji = emoji or _EMOJI_TYPES.get(found["emoji"] or "", "")
        at = found.end()
    return _Heading(title[at:].strip() or title, tuple(tags), emoji)
