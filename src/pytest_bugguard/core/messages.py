"""What a commit message says, taken apart: its title, trailers and references. Pure; no I/O.

Messages are read whole, line by line, and not only in git's trailer block: squashed pull requests put ``Fixes #5``
above a rule of dashes, where git's own parser does not look. Every pattern takes time linear in the message, which is
text that anybody may have written.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import references, titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.core.titles import Title

_TRAILER = re.compile(r"^[ \t]{0,3}([A-Za-z][A-Za-z0-9-]{0,60})[ \t]{0,3}:[ \t]{1,8}(\S.*)$", re.MULTILINE)


class Message(Struct, frozen=True, dict=True):
    """A commit message, taken apart as it is asked."""

    text: str

    @cached_property
    def title(self) -> Title:
        """The title, taken apart."""
        return titles.read(self.text)

    @cached_property
    def lower(self) -> str:
        """The whole message in lower case, for cheap looks before a pattern is run."""
        return self.text.lower()

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
