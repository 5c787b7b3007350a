"""What a rule that tells bug fixes is: how it finds its sign, in which modes it is on, its examples. Pure; no I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.evidence import NOBODY, CiContext
from pytest_bugguard.core.model import NotAFix, Recognition, Sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_bugguard.core.evidence import Case

_MATCHED_LIMIT = 200
"""Characters of a matched text that are kept as evidence."""


class Mode(StrEnum):
    """How readily a unit is taken for a fix; each takes what the one before it takes."""

    STRICT = "strict"
    DEFAULT = "default"
    WIDE = "wide"


ALL = frozenset(Mode)
NOT_STRICT = frozenset({Mode.DEFAULT, Mode.WIDE})
NOT_WIDE = frozenset({Mode.STRICT, Mode.DEFAULT})
WIDE = frozenset({Mode.WIDE})


class Example(NamedTuple):
    """A unit that a rule speaks of or leaves alone; its diff changes one function of the product and adds a test."""

    message: str
    author: str = "Ann <ann@example.com>"
    adds: str = "src/shop/pager.py"
    """The path of a file that it adds."""
    inner: tuple[str, ...] = ()
    """Messages that a merge brought, newest first."""
    context: CiContext = NOBODY


class Rule(Struct, frozen=True):
    """One reason to take a unit for a bug fix, or not to."""

    name: str
    find: Callable[[Case], tuple[str, str] | None]
    """The text that matched, and where it stands."""
    says_fix: bool = True
    modes: frozenset[Mode] = ALL
    """The modes in which it is on."""
    is_sure: bool = False
    """Whether the sign stands even where the diff shows no changed behaviour of the product."""
    speaks: tuple[Example, ...] = ()
    """Units that it speaks of; both kinds of examples are run as tests."""
    silent: tuple[Example, ...] = ()
    """Units that look alike and are left alone."""

    def ask(self, case: Case) -> Recognition | None:
        """What this rule says of the unit; None where it has nothing to say."""
        answer = self.find(case)
        if answer is None:
            return None
        matched, where = answer
        matched = " ".join(matched.split())[:_MATCHED_LIMIT]
        return Sign(self.name, matched, where) if self.says_fix else NotAFix(self.name, matched)
