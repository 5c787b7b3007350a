"""What does the history say: which tests are flaky, the dearest first; and what is the story of one of them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.flakes import Ranking, flake_of, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.journeys.ports import RunHistory

_STORIES = 50


class UnknownTestError(BugguardError):
    """The history knows no such test."""

    slug = "unknown-test"
    hint = "give a node id as pytest prints it, from the repository's top: bugguard flaky list shows some"


def ranking(history: RunHistory, *, limit: int) -> Ranking:
    """So many of the tests that failed at least once: the flaky ones first, then by what they cost."""
    flaky = history.contradicted()
    found = sorted((row.nodeid for row in history.ranking()), key=lambda nodeid: nodeid not in flaky)
    return _ranking(history, found[:limit])


def story(history: RunHistory, name: str) -> Ranking:
    """One test, or the cases of one, or the tests of a file.

    Raises:
        UnknownTestError: The history has none of that name.
    """
    found = history.named(name)
    if not found:
        raise UnknownTestError(f"the history has no test {name!a}")
    return _ranking(history, found[:_STORIES])


def _ranking(history: RunHistory, nodeids: Sequence[str]) -> Ranking:
    seen = history.sightings(nodeids)
    flaky = len(history.contradicted())
    return Ranking(ranked(flake_of(nodeid, seen[nodeid]) for nodeid in nodeids), *history.counts(), flaky)
