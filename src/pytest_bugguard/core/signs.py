"""What says that a unit is a bug fix. Pure; no I/O.

Each function answers for one rule of the table in ``rules``: the text that matched and where it stands, or None. They
look at cheap things first: a word in the lower-case message before a pattern, the message before the diff.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_bugguard.core import fragments, references, refusals, titles

if TYPE_CHECKING:
    from pytest_bugguard.core.evidence import Case
    from pytest_bugguard.core.refusals import Answer

_FIX_WORD = re.compile(
    r"(?<![\w-])(?:bug-?fix(?:e[sd])?|hot-?fix(?:e[sd])?|fix(?:e[sd]|ing)?)(?![\w-])"
    r"(?!:? {0,3}(?:issue |bug |ticket )?(?:#|gh-|bpo-|https?://)\w)",
    re.IGNORECASE,
)
_LEADING_FIX = re.compile(
    r"(?:[\w./`*()<>-]{1,40}(?: [\w./`*-]{1,40}){0,2}: )?(?:bug[ -]?fix|hot[ -]?fix|fix(?:e[sd]|ing)?)\b(?!-)",
    re.IGNORECASE,
)
_FEW_FUNCTIONS = 3
"""A repair changes few functions; a footer such as ``Fixes #12`` also closes features, and those change more."""
_FIX_BRANCH = re.compile(
    r"(?:^|[/_-])(?:bugs?|bug-?fix(?:es)?|fix(?:es|ed)?|hot-?fix(?:es)?)(?=$|[/_#-]|\d)", re.IGNORECASE
)
_FIX_LABEL = re.compile(r"(?:[\w ]{1,20}[:/] ?)?(?:bug|bug-?fix|fix|hot-?fix|regression|crash|defect)", re.IGNORECASE)
_SYMPTOM = re.compile(
    r"""(?xi) \b (?:
      bugs? | crash(?:e[sd]|ing)? | incorrect(?:ly)? | wrong(?:ly)? | broken
      | regress(?:ion|ions|ed) | hangs? | hanging | leak(?:s|ed|ing)?
      | dead-?locks? | race[ ]conditions? | segfaults?
      | infinite[ ](?:loop|recursion) | traceback | corrupt(?:s|ed|ion)?
      | unexpected(?:ly)? | erroneous(?:ly)? | fail(?:s|ed|ing|ures?)?
    ) \b | \b [A-Z]\w{2,40} (?: Error | Exception ) \b """
)
_REPAIR = re.compile(
    r"""(?xi) (?:
      prevent | avoid | handle | don.?t | do[ ]not | restore | correct | ensure | make[ ]sure | properly
      | no[ ]longer | stop
      | un-?br(?:eak|oke)n?
      | never | respect | honou?r | preserve | repair | resolve | address | work[ ]?around | guard[ ]against | tolerate
    ) (?: e?s | e?d | ing | ly )? \b """
)


def trailer(case: Case) -> Answer | None:
    """``Bugguard: fix`` or ``Bugguard: waive REASON``, in the message or in one that a merge brought."""
    for where, message in case.messages:
        said = message.trailer("Bugguard")
        if said and said[-1].lower().split(" ", 1)[0] in ("fix", "waive"):
            return f"Bugguard: {said[-1]}", where.replace("message", "trailer")
    return None


def pattern(case: Case) -> Answer | None:
    """A pattern of the setting ``fixes.patterns`` matches a line."""
    return refusals.first_match(case.message.text, case.own.patterns)


def fragment(case: Case) -> Answer | None:
    """The change adds a news fragment for a bug fix."""
    path = next((path for path, kind in fragments.added(case.unit.changes) if kind is fragments.Kind.FIX), None)
    return None if path is None else (path, f"fragment {path}")


def conventional(case: Case) -> Answer | None:
    """The title's type is a fix."""
    return (case.titled.text, case.where) if case.titled.type in titles.FIX_TYPES else None


def reference(case: Case) -> Answer | None:
    """A verb of the fix family stands before a reference: in the title, or over a diff of few changed functions."""
    found = next((found for found in case.closings if found[0].verb == references.FIX), None)
    if found is None:
        return None
    closing, where = found
    is_in_title = closing.text in case.titled.text
    return (closing.text, where) if is_in_title or case.diff.changed_functions <= _FEW_FUNCTIONS else None


def subject(case: Case) -> Answer | None:
    """The title says ``fix``."""
    if "fix" not in case.titled.text.lower():
        return None
    found = _FIX_WORD.search(case.titled.description)
    return (case.titled.text, case.where) if found else None


def label(case: Case) -> Answer | None:
    """The pull request has a label for bugs."""
    found = next((label for label in case.context.labels if _FIX_LABEL.fullmatch(label.strip())), None)
    return None if found is None else (found, "label")


def request_title(case: Case) -> Answer | None:
    """The title of the pull request, as the CI knows it, begins with ``fix``."""
    if not case.context.title:
        return None
    title = titles.read(case.context.title)
    is_fix = title.type in titles.FIX_TYPES or _LEADING_FIX.match(title.heading)
    return (title.text, "request title") if is_fix else None


def branch(case: Case) -> Answer | None:
    """The branch of the pull request, or the one that the merge names, is called after a fix."""
    named = case.message.title.merge.branch if case.message.title.merge else ""
    for name in (case.context.branch or "", named):
        if name and _FIX_BRANCH.search(name):
            return name, "branch"
    return None


def inner(case: Case) -> Answer | None:
    """A commit that the merge brought begins with ``fix``."""
    for sha, message in case.inner:
        if message.title.type in titles.FIX_TYPES or _LEADING_FIX.match(message.title.heading):
            return message.title.text, f"inner {sha}"
    return None


def repair(case: Case) -> Answer | None:
    """The title begins with a verb of repair, and the diff changes existing functions and brings a test."""
    found = _REPAIR.match(case.deed)
    return (f"{found[0]}; {_evidence(case)}", "diff") if found and _is_tested_repair(case) else None


def symptom(case: Case) -> Answer | None:
    """The title names a symptom, and the diff changes existing functions and brings a test."""
    found = _SYMPTOM.search(case.titled.description)
    return (f"{found[0]}; {_evidence(case)}", "diff") if found and _is_tested_repair(case) else None


def tested_change(case: Case) -> Answer | None:
    """Whatever the words: the diff changes existing behaviour, adds no public name and touches tests."""
    diff = case.diff
    if not (diff.touches_source and diff.touches_tests and diff.behaviour_changed and not diff.new_public_names):
        return None
    return _evidence(case), "diff"


def small_change(case: Case) -> Answer | None:
    """Whatever the words: the diff changes few existing functions of the product and adds no public name."""
    diff = case.diff
    is_small = diff.touches_source and 0 < diff.changed_functions <= _FEW_FUNCTIONS and not diff.new_public_names
    return (_evidence(case), "diff") if is_small else None


def closing(case: Case) -> Answer | None:
    """Any closing verb stands before a reference: features are closed so too."""
    return next(((found.text, where) for found, where in case.closings), None)


def symptom_anywhere(case: Case) -> Answer | None:
    """The message names a symptom anywhere."""
    for where, message in case.messages:
        if found := _SYMPTOM.search(message.text):
            return found[0], where
    return None


def _is_tested_repair(case: Case) -> bool:
    """Few functions that were there before differ, no public name is new, and there is a new test."""
    diff = case.diff
    if not (diff.touches_source and diff.touches_tests and 0 < diff.changed_functions <= _FEW_FUNCTIONS):
        return False
    return not diff.new_public_names and diff.tests_added > 0


def _evidence(case: Case) -> str:
    return f"diff: {case.diff.changed_functions} functions changed, {case.diff.tests_added} tests added"
