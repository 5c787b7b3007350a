"""Which tags are releases, and which release carried a commit first? Pure; no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.patterns import LINE_CAP, compile_safely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

USUAL = re.compile(r"^(?:[A-Za-z][A-Za-z0-9]*[-_/@])?v?[0-9]{1,8}(?:[._][0-9]{1,8}){1,4}(?:[.-]?post[0-9]{1,3})?\Z")
"""What a release's tag looks like where the settings say nothing: ``1.2``, ``v1.2.3``, ``rel_2_0_30``, ``shop-1.4.0``.

Pre-releases are none (``1.0rc1``), nor is a tag that moves (``v2``).
"""
_PICKED = re.compile(
    r"(?:cherry[- ]picked from commit|\bbackport of) ([0-9a-f]{64}|[0-9a-f]{40})\b",
    re.IGNORECASE,
)


class Tag(NamedTuple):
    """A tag that leads to a commit."""

    name: str
    commit: str
    made_s: int
    """When it was made; of a lightweight tag: when its commit was."""


class Node(NamedTuple):
    """A commit's place in the graph, and its times in seconds since the epoch."""

    parents: tuple[str, ...]
    authored_s: int
    committed_s: int


Graph = dict[str, Node]


def of_tags(tags: Iterable[Tag], patterns: Sequence[str]) -> tuple[Tag, ...]:
    """The tags that are releases, oldest first; of several on the same commit the first one."""
    looks = [compile_safely(pattern) for pattern in patterns] or [USUAL]
    found = sorted((tag for tag in tags if any(look.search(tag.name[:LINE_CAP]) for look in looks)), key=_by_age)
    by_commit: dict[str, Tag] = {}
    for tag in found:
        by_commit.setdefault(tag.commit, tag)
    return tuple(by_commit.values())


def _by_age(tag: Tag) -> tuple[int, str]:
    return tag.made_s, tag.name


def reached(tip: str, graph: Graph) -> frozenset[str]:
    """Every commit that a tip leads to, itself with them."""
    return frozenset(_walk(tip, graph, set()))


def carriers(releases: Iterable[Tag], graph: Graph, copies: Mapping[str, Sequence[str]]) -> dict[str, Tag]:
    """For each commit the first release that had it, or a copy of it.

    Args:
        releases: Oldest first.
        graph: Every commit that they lead to.
        copies: The cherry-picks of a commit onto other branches.
    """
    found: dict[str, Tag] = {}
    seen: set[str] = set()
    for release in releases:
        for commit in _walk(release.commit, graph, seen):
            found[commit] = release
    for original, picked in copies.items():
        had = [found[commit] for commit in (original, *picked) if commit in found]
        if had:
            found[original] = min(had, key=_by_age)
    return found


def _walk(start: str, graph: Graph, seen: set[str]) -> Iterator[str]:
    """What a commit leads to and was not seen before; it is then."""
    waiting = [start]
    while waiting:
        commit = waiting.pop()
        if commit in seen or commit not in graph:
            continue
        seen.add(commit)
        yield commit
        waiting.extend(graph[commit].parents)


def copies_of(messages: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The cherry-picks by the commit that each names in its message, as ``git cherry-pick -x`` and Django write it."""
    found: dict[str, list[str]] = {}
    for commit, message in messages:
        for original in _PICKED.findall(message):
            found.setdefault(original.lower(), []).append(commit)
    return found
