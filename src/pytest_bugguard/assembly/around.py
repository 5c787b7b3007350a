"""Which units stand around a commit, and which of their tests may be its own? Where it brought none itself."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from pytest_bugguard.journeys.audit import REACH, offers_among

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Unit
    from pytest_bugguard.journeys.linking import Offers
    from pytest_bugguard.journeys.survey import Seen


def offers(workshop: Workshop, sha: str) -> tuple[Offers, tuple[Seen, ...]]:
    """The tests of as many units before and after a commit as an audit looks through; and those after it, newest first.

    None came after a commit that is not on HEAD's line.
    """
    later = tuple(workshop.survey.stream(_after(workshop, sha)))
    earlier = workshop.survey.stream(islice(workshop.history.units(sha), 1, REACH + 1))
    return offers_among((*reversed(later), *earlier)), later


def _after(workshop: Workshop, sha: str) -> Sequence[Unit]:
    history, head = workshop.history, workshop.head
    if head is None or history.merge_base(sha, head) != sha:
        return ()
    return deque(history.units(head, since=[sha]), maxlen=REACH)
