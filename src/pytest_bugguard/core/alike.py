"""Which tests fail alike, with the same exception at the same place? What is behind them is mended once. Pure; no I/O.

Flaky tests mostly come in such clusters: a fixture, a helper or a server behind many of them (Parry et al. 2025).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_bugguard.core.flakes import Flake


def with_alike(flakes: Sequence[Flake]) -> tuple[Flake, ...]:
    """The same tests, each with those of them whose commonest failure is the same, at a place that is known."""
    tests: dict[str, list[str]] = defaultdict(list)
    for one in flakes:
        if " at " in one.signature:
            tests[one.signature].append(one.nodeid)
    return tuple(
        replace(one, alike=tuple(other for other in tests.get(one.signature, ()) if other != one.nodeid))
        for one in flakes
    )


def gathered(flakes: Iterable[Flake]) -> tuple[tuple[Flake, ...], ...]:
    """The tests in groups of one verdict and one failure; a group stands where its first test stood."""
    groups: dict[tuple[str, ...], list[Flake]] = defaultdict(list)
    for place, one in enumerate(flakes):
        groups[(one.verdict, one.signature) if one.alike else (str(place),)].append(one)
    return tuple(map(tuple, groups.values()))
