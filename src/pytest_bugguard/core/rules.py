"""The rules that tell a bug fix, as a table: name, mode, what it says, examples. Pure; no I/O.

``RULES`` stands in the order in which the rules are asked; the first that answers decides. A rule that speaks against
comes before the signs that it takes away, and the sides of one rule share its name. The examples of a rule are its
documentation and its tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pytest_bugguard.core import refusals, signs
from pytest_bugguard.core.model import NotAFix, Recognition, Sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_bugguard.core.evidence import Case

MATCHED_LIMIT = 200
"""Characters of a matched text that are kept as evidence."""


class Mode(StrEnum):
    """How readily a unit is taken for a fix; each takes what the one before it takes."""

    STRICT = "strict"
    DEFAULT = "default"
    WIDE = "wide"


_ALL = frozenset(Mode)
_NOT_STRICT = frozenset({Mode.DEFAULT, Mode.WIDE})
_NOT_WIDE = frozenset({Mode.STRICT, Mode.DEFAULT})
_WIDE = frozenset({Mode.WIDE})


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to take a unit for a bug fix, or not to."""

    name: str
    find: Callable[[Case], tuple[str, str] | None]
    """The text that matched, and where it stands."""
    says_fix: bool = True
    modes: frozenset[Mode] = _ALL
    """The modes in which it is on."""
    is_sure: bool = False
    """Whether the sign stands even where the diff shows no changed behaviour of the product."""
    yes: tuple[str, ...] = ()
    """Messages that it matches."""
    no: tuple[str, ...] = ()
    """Messages that look alike and are left alone."""

    def ask(self, case: Case) -> Recognition | None:
        """What this rule says of the unit; None where it has nothing to say."""
        answer = self.find(case)
        if answer is None:
            return None
        matched, where = answer
        matched = " ".join(matched.split())[:MATCHED_LIMIT]
        return Sign(self.name, matched, where) if self.says_fix else NotAFix(self.name, matched)


RULES: tuple[Rule, ...] = (
    Rule("trailer", refusals.trailer, says_fix=False),
    Rule("trailer", signs.trailer, is_sure=True),
    Rule("skip-list", refusals.skip_list, says_fix=False),
    Rule("exclude", refusals.exclude, says_fix=False),
    Rule("pattern", signs.pattern, is_sure=True),
    Rule("bot", refusals.bot, says_fix=False),
    Rule("revert", refusals.revert, says_fix=False),
    Rule("autosquash", refusals.autosquash, says_fix=False),
    Rule("branch-merge", refusals.branch_merge, says_fix=False),
    Rule("fragment", signs.fragment, is_sure=True),
    Rule("fragment", refusals.fragment, says_fix=False),
    Rule("other-type", refusals.other_type, says_fix=False),
    Rule("quiet-title", refusals.quiet_title, says_fix=False),
    Rule("type", signs.conventional),
    Rule("subject", signs.subject, modes=_NOT_STRICT),
    Rule("label", signs.label, modes=_NOT_STRICT),
    Rule("another-deed", refusals.another_deed, says_fix=False, modes=_NOT_WIDE),
    Rule("reference", signs.reference),
    Rule("branch", signs.branch, modes=_NOT_STRICT),
    Rule("repair", signs.repair, modes=_NOT_STRICT),
    Rule("symptom", signs.symptom, modes=_NOT_STRICT),
    Rule("inner", signs.inner, modes=_WIDE),
    Rule("closing", signs.closing, modes=_WIDE),
    Rule("symptom-anywhere", signs.symptom_anywhere, modes=_WIDE),
    Rule("tested-change", signs.tested_change, modes=_WIDE),
)
"""All rules, in the order in which they are asked."""
NAMES = tuple(dict.fromkeys(rule.name for rule in RULES))
"""What ``fixes.rules`` and ``fixes.without`` accept."""
