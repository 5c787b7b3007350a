"""What is there before the first settings: the layout, the habits, and how many of the newest fixes are guarded."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_bugguard.core import layout, messages
from pytest_bugguard.core.first_look import FirstLook
from pytest_bugguard.journeys.audit import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_bugguard.core.base import Chosen, Undecided
    from pytest_bugguard.core.messages import Message
    from pytest_bugguard.core.model import Unit
    from pytest_bugguard.journeys.linking import Linker
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.survey import Survey

UNITS = 300
"""The newest ones: enough to know habits by, and read within a second or two."""


def look(  # noqa: PLR0913 - what the workshop has built, and what it knows already
    units: Iterable[Unit],
    tip: Snapshot,
    survey: Survey,
    linker: Linker,
    *,
    compared_with: Chosen | Undecided | None,
    progress: Callable[[int], None],
) -> FirstLook:
    """Look at a repository that has no settings yet.

    Args:
        units: Its first-parent history, newest first; no more than ``UNITS`` are taken.
        tip: Its newest state.
        survey: Looks at one unit.
        linker: Finds tests that stand elsewhere.
        compared_with: The base that the ladder found.
        progress: Told the number of units seen so far.
    """
    said: list[Message] = []
    fixes = audit(_overheard(islice(units, UNITS), said), survey, linker, progress=progress).records
    return FirstLook(layout.look(tip.folder, tip.file, said), fixes, compared_with)


def _overheard(units: Iterable[Unit], said: list[Message]) -> Iterator[Unit]:
    for unit in units:
        said.append(messages.parse(unit.commit.message))
        yield unit
