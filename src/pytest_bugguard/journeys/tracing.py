"""Which commits wrote some lines? The lines walk back through a history as it is read, all of them in one pass.

What ``git blame -w`` does for one file and the whole of its past, for many files, and no further than to the newest
writer of any line: one run of git in place of one for each file, and no version of a file is compared twice for long.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

from pytest_bugguard.core import faults, gitlog
from pytest_bugguard.core.faults import Traced
from pytest_bugguard.core.model import Unavailable

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.core.faults import Lines
    from pytest_bugguard.core.gitlog import Logged
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.journeys.ports import History

_Asked = tuple[str, tuple[int, ...]]
"""Lines of a file at a commit, and the fix that asks who wrote them."""
_Paths = defaultdict[str, list[_Asked]]


def trace(
    asked: Mapping[str, Sequence[Lines]], history: History, *, boundary: Container[str], ignored: Container[str] = ()
) -> Iterator[Traced]:
    """The newest commit that wrote one of the lines that each fix mended, in the order of the fixes.

    Args:
        asked: The lines of each fix, as its parent left them.
        history: The commits.
        boundary: Commits that end a shallow clone: what stands in them may be older, so they wrote nothing.
        ignored: Commits that only lay the code out anew: they are looked through.
    """
    walk = _Walk(history, boundary, ignored)
    for fix, several in asked.items():
        for lines in several:
            walk.put(lines.commit, lines.path, (fix, lines.numbers))
    walk.run()
    yield from map(walk.found, asked)


class _Walk:
    def __init__(self, history: History, boundary: Container[str], ignored: Container[str]) -> None:
        self._history = history
        self._boundary = boundary
        self._ignored = ignored
        self._at: dict[str, _Paths] = {}
        self._newest: dict[str, tuple[int, str]] = {}
        self._failed: dict[str, str] = {}

    def put(self, commit: str, path: str, asked: _Asked) -> None:
        """Ask for lines of a file as a commit left it."""
        self._at.setdefault(commit, defaultdict(list))[path].append(asked)

    def run(self) -> None:
        """Walk back until every question has its answer."""
        if not self._at:
            return
        with closing(self._history.back_from(list(self._at))) as log:
            for logged in log:
                if paths := self._at.pop(logged.commit.sha, None):
                    self._look(logged, paths)
                if not self._at:
                    return

    def found(self, fix: str) -> Traced:
        """What came of a fix."""
        if fix in self._newest:
            return Traced(fix, self._newest[fix][1])
        return Traced(fix, None, self._failed.get(fix, faults.OUT_OF_SIGHT))

    def _look(self, logged: Logged, paths: _Paths) -> None:
        if paths.keys() & logged.raw:
            for change in gitlog.changes(logged.raw):
                if asked := paths.pop(change.new_path or "", None):
                    self._step(logged, change, self._open(logged, asked))
        if logged.commit.parents:
            self._pass_on(logged.commit.parents[0], {path: self._open(logged, asked) for path, asked in paths.items()})

    def _open(self, logged: Logged, asked: Iterable[_Asked]) -> list[_Asked]:
        """Those that are not answered by a newer commit yet."""
        time_s = logged.commit.committed_s
        return [one for one in asked if one[0] not in self._newest or self._newest[one[0]][0] <= time_s]

    def _pass_on(self, commit: str, paths: Mapping[str, list[_Asked]]) -> None:
        for path, asked in paths.items():
            if asked:
                self._at.setdefault(commit, defaultdict(list))[path] += asked

    def _step(self, logged: Logged, change: FileChange, asked: list[_Asked]) -> None:
        """Past a commit that touched a file: to each of its parents the lines that were there, to itself the rest."""
        path = change.path
        parents = [(parent, path, self._history.blob_at(parent, path)) for parent in logged.commit.parents[1:]]
        for parent, _, blob in parents:
            if blob == change.new_blob:
                self._pass_on(parent, {path: asked})
                return
        if change.old_path is not None and change.status != "C":
            parents.insert(0, (logged.commit.parents[0], change.old_path, change.old_blob))
        new = self._history.blob(change.new_blob or "")
        for parent, old_path, blob in parents:
            if asked and blob is not None:
                asked = self._divide(logged, asked, (parent, old_path, self._history.blob(blob)), new)
        for fix, _ in asked:
            self._wrote(logged, fix)

    def _divide(
        self,
        logged: Logged,
        asked: list[_Asked],
        before: tuple[str, str, bytes | Unavailable],
        new: bytes | Unavailable,
    ) -> list[_Asked]:
        """Give a parent the lines that it had; what is left."""
        parent, path, old = before
        if isinstance(old, Unavailable) or isinstance(new, Unavailable):
            self._failed |= dict.fromkeys((fix for fix, _ in asked), faults.UNREAD)
            return []
        numbers = sorted({number for _, some in asked for number in some})
        carried = faults.carried(numbers, old, new, looks_through=logged.commit.sha in self._ignored)
        left: list[_Asked] = []
        for fix, some in asked:
            if had := tuple(carried[number] for number in some if number in carried):
                self.put(parent, path, (fix, had))
            if rest := tuple(number for number in some if number not in carried):
                left.append((fix, rest))
        return left

    def _wrote(self, logged: Logged, fix: str) -> None:
        commit = logged.commit
        if commit.sha not in self._boundary:
            self._newest[fix] = max(self._newest.get(fix, (0, "")), (commit.committed_s, commit.sha))
