"""Which tags are there, and how do commits hang together? Asked of git, each within bounds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_bugguard.core.releases import Node, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.adapters.history import GitHistory
    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.core.releases import Graph

GRAPH_CAP = 300_000
"""Commits that are laid out: about 150 MB of memory."""
_MESSAGES_CAP = 20_000
_LOG = (
    "log",
    "-z",
    "--no-patch",
    "--encoding=UTF-8",
    "--no-show-signature",  # would run gpg
    "--no-mailmap",
    "--no-decorate",
    "--stdin",
)


class GitTimeline:
    """Implements ``journeys.ports.Timeline``."""

    def __init__(self, repository: Repository, history: GitHistory) -> None:
        self._git = repository.git()
        self._history = history
        self.boundary = repository.boundary

    def tags(self) -> tuple[Tag, ...]:
        """Every tag that leads to a commit."""
        fields = "%(refname)%00%(creatordate:raw)"
        lines = os.fsdecode(self._git.read("for-each-ref", f"--format={fields}", "refs/tags")).split("\n")[:-1]
        named = [line.split("\0") for line in lines]
        commits = self._history.resolve_all([name for name, _ in named])
        return tuple(
            Tag(name.removeprefix("refs/tags/"), commit, int(made.split()[0]))
            for (name, made), commit in zip(named, commits, strict=True)
            if commit is not None and made
        )

    def graph(self, tips: Sequence[str]) -> Graph | None:
        """Every commit that the tips lead to; None where there are more than ``GRAPH_CAP``."""
        found: Graph = {}
        for piece in self._log("%H %at %ct %P", [*dict.fromkeys(tips)], GRAPH_CAP + 1):
            sha, authored, committed, *parents = piece.split()
            found[sha] = Node(tuple(parents), int(authored), int(committed))
        return found if len(found) <= GRAPH_CAP else None

    def messages(self, tips: Sequence[str], *, without: str) -> Iterator[tuple[str, str]]:
        """The messages of commits beside a line of history, on the branches of releases."""
        if not tips:
            return
        for piece in self._log("%H%n%B", [*dict.fromkeys(tips), f"^{without}"], _MESSAGES_CAP):
            sha, _, message = piece.partition("\n")
            yield sha, message

    def _log(self, form: str, revisions: Sequence[str], limit: int) -> Iterator[str]:
        with self._git.stream(*_LOG, f"--format=tformat:{form}", f"--max-count={limit}") as stream:
            stream.feed("".join(f"{revision}\n" for revision in revisions).encode())
            rest = b""
            for chunk in stream.chunks():
                *whole, rest = (rest + chunk).split(b"\0")
                yield from (piece.decode("utf-8", "surrogateescape") for piece in whole)
