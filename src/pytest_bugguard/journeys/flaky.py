"""What does the history say: which tests are flaky, the dearest first; and what is the story of one of them?"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core.alike import with_alike
from pytest_bugguard.core.called import called, named
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.experiments import diagnoses
from pytest_bugguard.core.flakes import Ranking, flake_of, ranked
from pytest_bugguard.core.kinds import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.core.kinds import Diagnosis
    from pytest_bugguard.journeys.ports import RunHistory

_STORIES = 50
_DEAREST = 20
"""So many of the dearest tests are looked through for those that fail as one of which the story is told."""
_OFFERED = 5
"""So many of those of which one may be meant are named."""
_EXPERIMENTS = 20
"""So many of the newest hunts are looked at for what they say of a test."""


class UnknownTestError(BugguardError):
    """The history knows no such test."""

    slug = "unknown-test"
    hint = "give a node id as pytest prints it, from the repository's top: bugguard flaky list shows some"


def ranking(history: RunHistory, *, limit: int) -> Ranking:
    """So many of the tests that failed at least once: the flaky ones first, then by what they cost."""
    known = diagnoses(history.experiments(_EXPERIMENTS))
    flaky = history.contradicted() | known.keys()
    failed = dict.fromkeys([*(row.nodeid for row in history.ranking()), *sorted(known)])
    found = sorted(failed, key=lambda nodeid: nodeid not in flaky)
    return _ranking(history, found[:limit], known)


def story(history: RunHistory, name: str) -> Ranking:
    """One test, or the cases of one, or the tests of a file; with those of the dearest tests that fail alike.

    Args:
        history: What was recorded.
        name: A node id, or so much of its end as stands for nothing else.

    Raises:
        UnknownTestError: The history has none of that name, or several.
    """
    found = _meant(name, history.mentioning(name))[:_STORIES]
    dearest = [row.nodeid for row in history.ranking(_DEAREST)]
    whole = _ranking(history, list(dict.fromkeys([*found, *dearest])), diagnoses(history.experiments(_EXPERIMENTS)))
    return replace(whole, flakes=tuple(one for one in whole.flakes if one.nodeid in found))


def _meant(name: str, nodeids: Sequence[str]) -> tuple[str, ...]:
    found = named(name, nodeids)
    if found:
        return found
    others = called(name, nodeids)
    if len(others) > 1:
        several = ", ".join([*islice(others, _OFFERED), *(["..."] if len(others) > _OFFERED else [])])
        raise UnknownTestError(f"{len(others)} are called {name!a}", hint=f"name one of them in full: {several}")
    if not others:
        raise UnknownTestError(f"the history has no test {name!a}")
    return next(iter(others.values()))


def _ranking(history: RunHistory, nodeids: Sequence[str], known: Mapping[str, Diagnosis]) -> Ranking:
    seen = history.sightings(nodeids)
    flaky = history.contradicted() | known.keys()
    runs, tests, failed = history.counts()
    only_hunted = known.keys() - {row.nodeid for row in history.ranking()}
    flakes = ranked(flake_of(nodeid, seen[nodeid], known.get(nodeid, UNKNOWN)) for nodeid in nodeids)
    return Ranking(with_alike(flakes), runs, tests, failed + len(only_hunted), len(flaky))
