"""Which commits make up a unit: the first-parent line, and what each merge on it brought. Pure; no I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.gitlog import changes
from pytest_bugguard.core.model import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence

    from pytest_bugguard.core.gitlog import Logged
    from pytest_bugguard.core.model import Commit

INNER_CAP = 200
"""Inner commits that are kept of a merge."""
SIDE_CAP = 20_000
"""Inner commits that may become units of one merge: a whole other history, seldom more."""
HELD_CAP = 4_000
"""Units that may wait for the last of their inner commits; the longest wait in nineteen real histories was 2,168."""


class _Growing(Struct, eq=False):
    """A unit, some inner commits of which may be still to come."""

    logged: Logged
    depth: int
    """How many units are newer."""
    inner: list[Commit] = field(default_factory=list)
    side: list[Logged] | None = None
    """The whole of its inner commits, where they are to become units of their own."""
    awaited: int = 0
    """Commits not seen yet that would belong to it, if no older unit turns out to have them too."""


class _Line:
    """The first-parent line while it is read.

    A merge brings what its other parents reach and its first parent does not. In an order that shows
    every commit before its parents, that is settled once a commit's turn comes: it belongs to the oldest
    unit among those that its children belong to. It is not enough to end a unit where its first parent
    shows up: where a merge has merges inside, git goes on with them after that.
    """

    def __init__(self, tip: str, opens: Callable[[Commit], bool]) -> None:
        self.next: str | None = tip
        self._opens = opens
        self.awaited: dict[str, _Growing] = {}
        self.held: deque[_Growing] = deque()
        self._depth = 0

    def take(self, logged: Logged) -> None:
        """The next commit of the log: a unit of its own, or an inner commit of one."""
        commit = logged.commit
        expected = self.awaited.pop(commit.sha, None)
        if expected is not None:
            expected.awaited -= 1
        if commit.sha == self.next:
            self._begin(logged)
        elif expected is not None:
            self._join(expected, logged)
        else:
            raise UnreadableHistoryError(f"git's log shows commit {commit.sha} before any child of it")

    def _begin(self, logged: Logged) -> None:
        commit = logged.commit
        is_open = len(commit.parents) == 2 and self._opens(commit)  # noqa: PLR2004 - an octopus has no one side
        unit = _Growing(logged, self._depth, side=[] if is_open else None)
        self._depth += 1
        self.held.append(unit)
        self.next = next(iter(commit.parents), None)
        self._await(unit, commit.parents[1:])

    def _join(self, unit: _Growing, logged: Logged) -> None:
        commit = logged.commit
        if len(unit.inner) < INNER_CAP:
            unit.inner.append(commit)
        if unit.side is not None and len(unit.side) < SIDE_CAP:
            unit.side.append(logged)
        self._await(unit, commit.parents)

    def _await(self, unit: _Growing, parents: Sequence[str]) -> None:
        for parent in parents:
            rival = self.awaited.get(parent)
            if parent == self.next or (rival is not None and rival.depth >= unit.depth):
                continue
            if rival is not None:
                rival.awaited -= 1
            self.awaited[parent] = unit
            unit.awaited += 1

    def finished(self) -> Iterator[_Growing]:
        """The units at the newer end that nothing can be added to (or that have waited for too long)."""
        while len(self.held) > 1 and (not self.held[0].awaited or len(self.held) > HELD_CAP):
            yield self.held.popleft()


def never(commit: Commit) -> bool:
    """Open no merge."""
    del commit
    return False


def units(
    log: Iterable[Logged],
    tip: str,
    *,
    boundary: Container[str],
    is_cut: bool,
    opens: Callable[[Commit], bool] = never,
) -> Iterator[Unit]:
    """The units from ``tip`` back, newest first.

    Args:
        log: Every commit that ``tip`` reaches, children before parents.
        tip: The newest commit.
        boundary: Where a shallow clone ends.
        is_cut: Whether commits were left out of the log on purpose, so that parents may be missing.
        opens: Whether the line that a merge brought is judged unit by unit too, as that of a long-lived branch:
            those units come right after the merge, with ``is_side``.

    Raises:
        UnreadableHistoryError: The log is in no such order, or lacks commits.
    """
    line = _Line(tip, opens)
    for logged in log:
        line.take(logged)
        for unit in line.finished():
            yield from _told(unit, boundary, opens)
    if not is_cut and (line.next is not None or line.awaited):
        missing = line.next or next(iter(line.awaited))
        raise UnreadableHistoryError(f"git's log ended without commit {missing}, a parent of one that it showed")
    for unit in line.held:
        yield from _told(unit, boundary, opens)


def unit(logged: Logged, *, boundary: Container[str], inner: Sequence[Commit] = ()) -> Unit:
    """One commit of a log as a unit."""
    is_boundary = logged.commit.sha in boundary
    is_cut_short = any(commit.sha in boundary for commit in inner)
    return Unit(logged.commit, () if is_boundary else changes(logged.raw), tuple(inner), is_boundary, is_cut_short)


def _told(growing: _Growing, boundary: Container[str], opens: Callable[[Commit], bool]) -> Iterator[Unit]:
    """A unit, and after it those of its side where that is opened."""
    commit = growing.logged.commit
    yield unit(growing.logged, boundary=boundary, inner=growing.inner)
    if growing.side:
        for beside in units(growing.side, commit.parents[-1], boundary=boundary, is_cut=True, opens=opens):
            yield replace(beside, is_side=True)
