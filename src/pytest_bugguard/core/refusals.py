"""What says that a unit is no bug fix, whatever its words. Pure; no I/O."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_bugguard.core import fragments, titles
from pytest_bugguard.core.patterns import LINE_CAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.core.evidence import Case
    from pytest_bugguard.core.messages import Message

Answer = tuple[str, str]
"""The text that matched, one line, and where it stands."""

NOT_A_FIX = "not-a-fix"
_BOT = re.compile(
    r"\[bot\]|\b(?:dependabot|renovate|pre-commit-ci|github-actions|greenkeeper|pyup|snyk|mergify|allcontributors|weblate)\b"
    r"|(?:^|[\s._-])bot(?:[\s@>]|$)",
    re.IGNORECASE,
)
_REVERT = re.compile(r"revert(?:s|ed|ing)?\b(?!-)|back(?:ed|s)? ?out\b", re.IGNORECASE)
_AUTOSQUASH = re.compile(r"(?:fixup|squash|amend)! ")
_LONG_LIVED = re.compile(
    r"""(?xi) (?: [\w.-]{1,60} / )? (?:
      main | master | trunk | develop(?:ment)? | dev | devel | next | stable | release | maint(?:enance)? | staging
      | production
      | (?: stable | release | releases | maint | support | features? ) [-/_v]? \d [\w.x-]{0,20}
      | v? \d{1,2} | v? \d{1,5} (?: [._-] (?: \d{1,5} | x | maintenance | stable | branch ) ){1,4}
      | HEAD | (?: stable | release | maintenance | maint | features? ) ) """
)
_ANOTHER_DEED = re.compile(
    r"""(?xi) (?: [a-z]{2,20}ly [ ] )? (?:
      (?: add | support | extend | implement | refactor | rework | revamp | vendor | split | extract | document | clean
        | port | accept | prefer | warn | disallow | reorder ) (?: s | ed | ing )?
    | (?: introduc | deprecat | remov | delet | improv | renam | updat | merg | upgrad | integrat | chang | expos
        | enabl | enhanc | mov | replac | migrat | moderni[sz] | optimi[sz] | creat | rewrit | us | inlin | reorgani[sz]
        | requir | prepar | annotat | provid ) (?: e[sd]? | ing )
    | (?: drop | bump | sync | refresh | convert | switch | allow ) (?: e?s | p?ed | p?ing )?
    | (?: simplif | clarif | unif | notif ) (?: y | ie[sd] | ying )
    | speeds?[ ]?up | make | new | initial | removal
    ) \b """
)
_IMPROVEMENT = re.compile(
    r"\b(?:better|nicer|faster|cheaper|more (?:concise|helpful|readable|informative)|speed(?:s|ing)? up|performance)\b",
    re.IGNORECASE,
)


def trailer(case: Case) -> Answer | None:
    """``Bugguard: not-a-fix``, anywhere in the unit's own message."""
    said = case.message.trailer("Bugguard")
    return (f"Bugguard: {said[-1]}", "trailer") if said and said[-1].lower().startswith(NOT_A_FIX) else None


def skip_list(case: Case) -> Answer | None:
    """The commit is listed in ``.git-blame-ignore-revs``."""
    sha = case.unit.commit.sha
    return (sha, "skip-list") if sha in case.own.skip else None


def exclude(case: Case) -> Answer | None:
    """A pattern of the setting ``fixes.exclude`` matches a line."""
    return first_match(case.message.text, case.own.exclude)


def bot(case: Case) -> Answer | None:
    """A program wrote the commit."""
    found = _bot_word(case.unit.commit.author)
    return (found, "author") if found else None


def revert(case: Case) -> Answer | None:
    """The title takes something back."""
    found = _REVERT.match(case.titled.description)
    return (case.titled.text, case.where) if found or case.titled.type == "revert" else None


def autosquash(case: Case) -> Answer | None:
    """``fixup!``, ``squash!``, ``amend!``: part of another commit."""
    return (case.titled.text, case.where) if _AUTOSQUASH.match(case.titled.text) else None


def branch_merge(case: Case) -> Answer | None:
    """A merge of a long-lived branch, which brings what is judged unit by unit."""
    branch = long_lived_branch(case.message)
    return (branch, "subject") if branch else None


def long_lived_branch(message: Message) -> str:
    """The long-lived branch that a merge says it brought; empty where it is none."""
    merge = message.title.merge
    if merge is None:
        return ""
    if merge.is_request:
        branch = merge.branch.partition("/")[2] or merge.branch
        return merge.branch if _LONG_LIVED.fullmatch(branch) and not message.title.text else ""
    return merge.branch if _LONG_LIVED.fullmatch(merge.branch) else ""


def fragment(case: Case) -> Answer | None:
    """The change adds a news fragment, and none for a bug fix."""
    added = tuple(fragments.added(case.unit.changes))
    is_other = bool(added) and all(kind is fragments.Kind.OTHER for _, kind in added)
    return (added[0][0], f"fragment {added[0][0]}") if is_other else None


def other_type(case: Case) -> Answer | None:
    """A conventional type that is no fix, or a fix in a scope that is not the product."""
    kind, scope = case.titled.type, case.titled.scope
    if kind in titles.OTHER_TYPES or any(tag in titles.SIDE_SCOPES for tag in case.titled.tags):
        return case.titled.text, case.where
    return (case.titled.text, case.where) if scope in titles.SIDE_SCOPES else None


def quiet_title(case: Case) -> Answer | None:
    """The title speaks of documentation, typos, comments, style, types, CI or a release."""
    found = case.titled.quiet_word
    return (found, case.where) if found else None


def another_deed(case: Case) -> Answer | None:
    """The title begins with a verb of another deed (add, support, deprecate...), or speaks of an improvement."""
    found = _ANOTHER_DEED.match(case.deed) or _IMPROVEMENT.search(case.deed)
    return (found[0], case.where) if found else None


@lru_cache(maxsize=4096)
def _bot_word(author: str) -> str:
    """The word that gives a bot away; kept, because a history has many commits of few authors."""
    found = _BOT.search(author[:LINE_CAP])
    return found[0].strip() if found else ""


def first_match(text: str, patterns: Iterable[re.Pattern[str]]) -> Answer | None:
    """The first line that one of a project's own patterns matches."""
    for pattern in patterns:
        for line in text.split("\n"):
            if (found := pattern.search(line[:LINE_CAP])) and found[0]:
                return found[0], "message"
    return None
