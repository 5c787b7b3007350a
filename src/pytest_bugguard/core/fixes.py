"""Is this unit a bug fix, and by which sign? Pure; no I/O.

The rules are asked in the order of their table and the first answer decides. A sign found in words then has to stand
before the diff: where no file of the product changed, or only its comments, docstrings, annotations or version, words
such as "fix" speak of something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import messages, refusals
from pytest_bugguard.core.evidence import NOBODY, NOTHING_OWN, Case, CiContext, DiffFacts, OwnPatterns
from pytest_bugguard.core.model import NotAFix, Recognition
from pytest_bugguard.core.rule import Mode, Rule
from pytest_bugguard.core.rules import NAMES, RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.model import Commit, Unit

__all__ = [
    "NAMES",
    "RULES",
    "CiContext",
    "DiffFacts",
    "Mode",
    "Rule",
    "RuleSet",
    "matches",
    "recognise",
    "waiver_reason",
]

_MERGE_WORD = 64  # characters within which the word has to stand
NO_SOURCE = "no-source"
SAME_BEHAVIOUR = "same-behaviour"


class RuleSet(Struct, frozen=True):
    """The rules that are on, and what a project adds to them."""

    rules: tuple[Rule, ...]
    own: OwnPatterns = NOTHING_OWN

    @classmethod
    def of(  # noqa: PLR0913 - one argument for each setting of the table
        cls,
        rules: str | Sequence[str] = Mode.DEFAULT,
        *,
        without: Iterable[str] = (),
        patterns: Iterable[str] = (),
        exclude: Iterable[str] = (),
        issues: Iterable[str] = (),
        skip: Iterable[str] = (),
    ) -> RuleSet:
        """The rules of a mode, or those named, less those in ``without``.

        A list names the signs; what speaks against a fix stays on unless ``without`` names it.

        Raises:
            re.error: a pattern does not compile; the settings have said so before, with the place.
            ValueError: no mode has this name.
        """
        off = frozenset(without)
        own = OwnPatterns(_compiled(patterns), _compiled(exclude), _compiled(issues), frozenset(skip))
        return cls(tuple(rule for rule in RULES if rule.name not in off and _is_chosen(rule, rules)), own)


def recognise(unit: Unit, *, rules: RuleSet, diff: DiffFacts, context: CiContext | None = None) -> Recognition:
    """Whether the unit is a bug fix: the first rule that answers decides."""
    case = Case(unit, diff, context or NOBODY, rules.own)
    return next(_answers(case, rules.rules), NotAFix("none"))


def matches(
    unit: Unit, *, rules: RuleSet, diff: DiffFacts, context: CiContext | None = None
) -> tuple[Recognition, ...]:
    """What every rule that is on says of the unit, in the order of the table; the first one decides."""
    return tuple(_answers(Case(unit, diff, context or NOBODY, rules.own), rules.rules))


def is_branch_merge(commit: Commit) -> bool:
    """Whether a commit merges a long-lived branch: then what it brought is judged unit by unit, not as one."""
    return commit.message[:_MERGE_WORD].lstrip()[:5].lower() == "merge" and bool(
        refusals.long_lived_branch(messages.parse(commit.message))
    )


def waiver_reason(unit: Unit) -> str | None:
    """The reason in a trailer ``Bugguard: waive REASON`` of the unit; None where there is no such trailer."""
    for commit in (unit.commit, *unit.inner):
        for said in reversed(messages.parse(commit.message).trailer("Bugguard")):
            word, _, reason = said.partition(" ")
            if word.lower() == "waive":
                return reason.strip()
    return None


def _answers(case: Case, rules: Iterable[Rule]) -> Iterator[Recognition]:
    for rule in rules:
        answer = rule.ask(case)
        if answer is None:
            continue
        doubt = _doubt(case, answer.matched) if rule.says_fix and not rule.is_sure else None
        yield doubt or answer


def _doubt(case: Case, matched: str) -> NotAFix | None:
    """What the diff has to say against a sign found in words."""
    if case.unit.is_boundary:
        return None  # what it changed cannot be known: the words stand
    if not case.diff.touches_source:
        return NotAFix(NO_SOURCE, matched)
    return None if case.diff.behaviour_changed else NotAFix(SAME_BEHAVIOUR, matched)


def _is_chosen(rule: Rule, rules: str | Sequence[str]) -> bool:
    if isinstance(rules, str):
        return Mode(rules) in rule.modes
    return not rule.says_fix or rule.name in rules


def _compiled(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)
