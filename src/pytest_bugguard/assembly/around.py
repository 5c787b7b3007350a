"""Which units stand around a commit, and which of their tests may be its own? Where it brought none itself."""

from __future__ import annotations

from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING

from pytest_bugguard.journeys.audit import REACH, offers_among
from pytest_bugguard.journeys.neighbours import with_neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Unit
    from pytest_bugguard.journeys.linking import Offers
    from pytest_bugguard.journeys.survey import Seen

_Around = tuple["Offers", tuple["Seen", ...]]


def offers(workshop: Workshop, sha: str) -> _Around:
    """The tests of the units around a commit, the same ones as for an audit; and the units after it, newest first.

    None came after a commit that HEAD does not lead to. For one that an audit sees only as a part of what a merge
    brought, those are looked through that the main line got after it.
    """
    survey, history, head = workshop.survey, workshop.history, workshop.head
    after: Sequence[Unit] = ()
    if head is not None and history.merge_base(sha, head) == sha:
        line = workshop.line(head, history.resolve(f"{sha}~{REACH + 1}"))
        if (found := _around(sha, survey.stream(line))) is not None:
            return found
        after = deque(history.units(head, since=[sha]), maxlen=REACH)
    before = islice(history.units(sha), REACH + 1)
    found = _around(sha, chain(survey.stream(after), survey.stream(before)))
    assert found is not None, "the units before a commit begin with it"
    return found


def _around(sha: str, stream: Iterable[Seen]) -> _Around | None:
    """As in an audit; None where the commit is none of the units."""
    pairs: Iterator[tuple[Seen, Sequence[Seen]]] = with_neighbours(stream, REACH)
    later: deque[Seen] = deque(maxlen=REACH)
    for seen, neighbours in pairs:
        if seen.unit.commit.sha == sha:
            return offers_among(neighbours), tuple(later)
        later.append(seen)
    return None
