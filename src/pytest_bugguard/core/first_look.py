"""What does ``bugguard init`` find out about a repository? A frozen value; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pytest_bugguard.core.base import Chosen, Undecided
    from pytest_bugguard.core.layout import Layout
    from pytest_bugguard.core.model import Record


class FirstLook(Struct, frozen=True):
    """A repository before it has settings."""

    layout: Layout
    fixes: tuple[Record, ...] = ()
    """The fixes among the units whose messages ``layout.habits`` counts, newest first."""
    base: Chosen | Undecided | None = None
    """What a change made here would be compared with; None before the first commit."""
