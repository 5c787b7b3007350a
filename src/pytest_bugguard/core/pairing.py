"""Which test case of one run is which of another? By node id; where ids change from run to run, by place or function.

Ids may hold the time of day, an address or what the source said, so the id of a case in one run may be missing in
another one. A case that is in one run alone has no partner: missing is neither red nor green.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.runs import Case

_WORST_FIRST = (Outcome.FAILED, Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED, Outcome.PASSED)


class Pair(NamedTuple):
    """One test case in two runs."""

    nodeid: str
    """As the first run names it; a test's own id where its cases can only be compared all together."""
    one: Case
    other: Case | None
    """None where the other run has no such case."""


def pairs(one: Sequence[Case], other: Sequence[Case]) -> tuple[Pair, ...]:
    """Every case of the first run with its partner in the other, ordered by node id."""
    mine, theirs = _by_id(one), _by_id(other)
    found = [Pair(nodeid, case, theirs[nodeid]) for nodeid, case in mine.items() if nodeid in theirs]
    strangers = _by_test(case for nodeid, case in theirs.items() if nodeid not in mine)
    for test, cases in _by_test(case for nodeid, case in mine.items() if nodeid not in theirs).items():
        found.extend(_unlike(test, cases, strangers.get(test, [])))
    return tuple(sorted(found, key=lambda pair: pair.nodeid))


def test_of(nodeid: str) -> str:
    """A case's id without its parameters, which may hold anything, ``::`` and brackets too."""
    path, colons, name = nodeid.partition("::")
    return f"{path}{colons}{name.partition('[')[0]}"


def is_case_of(nodeid: str, test: str) -> bool:
    """Whether a node id is a test's own, or that of one of its cases."""
    return nodeid == test or nodeid.startswith(f"{test}[")


def _unlike(test: str, mine: list[Case], theirs: list[Case]) -> Iterator[Pair]:
    if not theirs:
        yield from (Pair(case.nodeid, case, None) for case in mine)
    elif len(mine) == len(theirs):
        yield from (Pair(case.nodeid, case, partner) for case, partner in zip(mine, theirs, strict=True))
    else:
        yield Pair(test, _worst(mine), _worst(theirs))


def _by_id(cases: Iterable[Case]) -> dict[str, Case]:
    grouped: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[case.nodeid].append(case)
    return {nodeid: _worst(same) for nodeid, same in grouped.items()}


def _by_test(cases: Iterable[Case]) -> dict[str, list[Case]]:
    grouped: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        grouped[test_of(case.nodeid)].append(case)
    return grouped


def _worst(cases: Sequence[Case]) -> Case:
    return min(cases, key=lambda case: _WORST_FIRST.index(case.outcome))
