"""What the rules look at when they ask whether a unit is a bug fix. Pure; no I/O."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pytest_bugguard.core import messages, references, titles

if TYPE_CHECKING:
    import re

    from pytest_bugguard.core.messages import Message
    from pytest_bugguard.core.model import Unit
    from pytest_bugguard.core.references import Closing
    from pytest_bugguard.core.titles import Title


_CLOSING_STEMS = ("fix", "clos", "resolv", "implement")


class DiffFacts(Protocol):
    """What the diff shows. Asked only where a rule needs it: finding out means parsing."""

    @property
    def touches_source(self) -> bool:
        """Whether a file on the source side changed."""

    @property
    def touches_tests(self) -> bool:
        """Whether a file on the test side changed."""

    @property
    def behaviour_changed(self) -> bool:
        """Whether the source differs in more than comments, docstrings, annotations and version; True in doubt."""

    @property
    def changed_functions(self) -> int:
        """Functions of the source that were there before and differ now."""

    @property
    def new_public_names(self) -> int:
        """Public functions, classes and methods of the source that were not there before."""

    @property
    def tests_added(self) -> int:
        """Tests that were not there before."""

    @property
    def tests_changed(self) -> int:
        """Tests that were there before and differ now."""


class CiContext(Struct, frozen=True):
    """What the CI says of the change: from its event file and its variables, never from the network."""

    branch: str | None = None
    labels: tuple[str, ...] = ()
    title: str | None = None


NOBODY = CiContext()
"""No CI, or one that says nothing."""


class OwnPatterns(Struct, frozen=True):
    """What a project adds to the rules by its settings."""

    patterns: tuple[re.Pattern[str], ...] = ()
    """More signs."""
    exclude: tuple[re.Pattern[str], ...] = ()
    """What takes signs away."""
    issues: tuple[re.Pattern[str], ...] = ()
    """What an issue reference looks like besides ``#123``."""
    skip: frozenset[str] = frozenset()
    """Ids of commits that are never fixes, as ``.git-blame-ignore-revs`` lists them."""


NOTHING_OWN = OwnPatterns()


class Case(Struct, frozen=True, dict=True):
    """One unit, taken apart as it is asked."""

    unit: Unit
    diff: DiffFacts
    context: CiContext
    own: OwnPatterns

    @cached_property
    def message(self) -> Message:
        """The unit's own message."""
        return messages.parse(self.unit.commit.message)

    @property
    def titled(self) -> Title:
        """The title that speaks for the unit."""
        return self._speaking[1]

    @cached_property
    def deed(self) -> str:
        """What was done, as that title says."""
        return self.titled.deed

    @property
    def where(self) -> str:
        """Where that title stands."""
        return self._speaking[0]

    @cached_property
    def _speaking(self) -> tuple[str, Title]:
        """A merge without a title has that of the first commit it brought which speaks of the product.

        Who begins with the failing test, tidies a comment on the way or saves a draft, names the deed later.
        """
        if self.message.title.text or not self.inner:
            return "subject", self.message.title
        brought = [(f"inner {sha}", message.title) for sha, message in reversed(self.inner)]
        speaking = (one for one in brought if not (titles.is_beside_the_product(one[1]) or titles.says_nothing(one[1])))
        return next(speaking, brought[0])

    @cached_property
    def inner(self) -> tuple[tuple[str, Message], ...]:
        """The ids and messages of the commits that a merge brought."""
        return tuple((commit.sha, messages.parse(commit.message)) for commit in self.unit.inner)

    @cached_property
    def messages(self) -> tuple[tuple[str, Message], ...]:
        """The unit's own message and those that a merge brought, each with where it stands."""
        return (("message", self.message), *((f"inner {sha}", message) for sha, message in self.inner))

    @cached_property
    def closings(self) -> tuple[tuple[Closing, str], ...]:
        """The references that a verb closes, in all messages, each with where it stands."""
        return tuple(
            (found, where)
            for where, message in self.messages
            if any(stem in message.lower for stem in _CLOSING_STEMS)
            for found in references.closings(message.text, self.own.issues)
        )
