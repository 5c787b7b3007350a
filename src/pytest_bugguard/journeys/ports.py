"""What the journeys need of the world, as small Protocols. Adapters provide them, tests fake them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from pytest_bugguard.core.flakes import Sighting
    from pytest_bugguard.core.gitlog import Logged
    from pytest_bugguard.core.measured import FileCoverage
    from pytest_bugguard.core.model import Commit, FileChange, MappedTest, Recognition, Unavailable, Unit
    from pytest_bugguard.core.recorded_runs import Counts, RecordedRun, Tally
    from pytest_bugguard.core.releases import Graph, Tag
    from pytest_bugguard.core.replays import Replay, Replayed
    from pytest_bugguard.core.runs import Put, RunRequest, TestRun


class Reader(Protocol):
    """Bytes out of the object store; never runs a filter, never touches the network."""

    def blob(self, blob_id: str) -> bytes | Unavailable:
        """The content of a blob; ``Unavailable`` where it is missing (partial clone) or over 5 MB."""

    def file_at(self, commit: str, path: str) -> bytes | None:
        """The content of a regular file in a commit's tree; None where there is none (symlinks count as none)."""

    def folder_at(self, commit: str, path: str) -> tuple[str, ...] | None:
        """Sorted names in a folder of a tree (``""`` is the top), folders ending with ``/``; None: no such folder."""

    def held_at(self, commit: str, folder: str, names: frozenset[str]) -> frozenset[str]:
        """Those of the names that something in a folder of a tree has; none where there is no such folder."""


class History(Reader, Protocol):
    """The commits of one repository."""

    def resolve(self, revision: str) -> str | None:
        """The full commit id that a revision names, or None where it names no commit."""

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None where the histories do not meet (or the clone is too shallow to tell)."""

    def units(self, tip: str, *, since: Sequence[str] = (), opens: Callable[[Commit], bool] = ...) -> Iterator[Unit]:
        """First-parent units from ``tip`` back, newest first, without what is reachable from ``since``.

        After a merge that ``opens`` says yes to come the units of the line that it brought (``is_side``).

        Streams: memory does not grow with the length of history.

        Raises:
            UnreadableHistoryError: git's answer ended early or made no sense. Never a short list.
        """

    def units_of(self, commits: Sequence[str], *, with_inner: bool = True) -> Iterator[Unit]:
        """The units of just these commit ids, in that order; the commits that merges brought only where asked for."""

    def back_from(self, commits: Sequence[str]) -> Generator[Logged]:
        """Every commit that some commit ids lead to, and themselves, children before parents. Close it."""

    def blob_at(self, commit: str, path: str) -> str | None:
        """The id of a file's content in a commit's tree; None where there is no such file."""

    @property
    def is_shallow(self) -> bool:
        """Whether the clone lacks older history."""


class Timeline(Protocol):
    """When things happened in a repository, and how its commits hang together."""

    boundary: frozenset[str]
    """Commits whose parents a shallow clone lacks."""

    def tags(self) -> tuple[Tag, ...]:
        """Every tag that leads to a commit."""

    def graph(self, tips: Sequence[str]) -> Graph | None:
        """Every commit that the tips lead to; None where there are too many to lay out."""

    def messages(self, tips: Sequence[str], *, without: str) -> Iterator[tuple[str, str]]:
        """Commit ids and messages of what the tips lead to and ``without`` does not."""


class WorkTree(Protocol):
    """Uncommitted work, read without running a filter or writing the index."""

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """Work tree against HEAD, untracked files included (ignored ones not). ``new_blob`` is None: see ``text``."""

    def staged(self) -> tuple[FileChange, ...]:
        """Index against HEAD, renames found."""

    def text(self, path: str) -> bytes | None:
        """The content of a regular file in the work tree; None for a symlink, a folder or nothing."""


class Guests(Protocol):
    """What plugins of ours, written by others, say of a unit."""

    def recognise(self, unit: Unit) -> Recognition | None:
        """Whether it is a fix; None where no guest has an opinion."""

    def tests(self, unit: Unit) -> tuple[MappedTest, ...]:
        """Tests that guard it, besides those that its diff shows."""


class Place(Protocol):
    """Where tests are run."""

    @property
    def top(self) -> str:
        """The folder, absolute; for showing and for the runner."""


class Tree(Place, Protocol):
    """A scratch tree: the files of a commit, some of them replaced, outside of the user's repository."""

    def keep(self) -> None:
        """Leave it there when everything else is cleaned up."""

    def state(self) -> object:
        """What equals itself as long as nothing but bytecode was written there."""


class Scratch(Protocol):
    """Makes scratch trees that cannot touch the user's repository."""

    def plant(self, commit: str, puts: Sequence[Put]) -> AbstractContextManager[Tree]:
        """A fresh tree of a commit, with files laid over it; taken away at the end.

        Raises:
            ScratchError: It cannot be made (objects are missing, the disk is full), with the cure.
        """

    def merge(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """A text with the changes of both sides; None where they touch the same lines."""


class TestRunner(Protocol):
    """Runs test files in a process of their own, and never raises for what the tests do."""

    def run(self, tree: Place, request: RunRequest) -> TestRun:
        """Run them in a tree, with our recorder."""

    def readied(
        self, tree: Tree, request: RunRequest
    ) -> AbstractContextManager[Callable[[Sequence[str], float], TestRun]]:
        """The same, begun at once up to its first test; it goes on where it is called, with targets and seconds."""

    def by_hand(self, tree: Tree, request: RunRequest) -> str:
        """The shell command that does the same, for somebody who wants to look."""

    def stop(self) -> None:
        """End every run that is going on, from another thread."""


class Replayer(Protocol):
    """Runs tests again in the user's own checkout, each time in a fresh process; never raises for what they do."""

    def replay(self, asked: Replay) -> Replayed:
        """Run the tests in their order, in one process."""

    def stop(self) -> None:
        """End every replay that is going on, from another thread."""


class Sources(Protocol):
    """The Python files of a work tree, as coverage is judged in it."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every Python file that git knows or could know, by path."""

    def text(self, path: str) -> bytes | None:
        """A file as it stands; None where there is none."""

    def before(self, path: str) -> bytes | None:
        """A file as the change found it; None where there was none."""

    def is_source(self, path: str) -> bool:
        """Whether it is on the source side."""

    def unmeasured(self, path: str) -> FileCoverage:
        """The statements of a file that was not measured, none of them run."""


class RunHistory(Protocol):
    """Recorded runs of the tests. Every question may raise ``BugguardError``: there is none, or it cannot be read."""

    notes: list[str]
    """What a user has to know of what was done to it."""

    def counts(self) -> Counts:
        """How much it holds."""

    def ranking(self, limit: int | None = None) -> tuple[Tally, ...]:
        """The tests that failed at least once, the dearest first."""

    def sightings(self, nodeids: Sequence[str]) -> dict[str, tuple[Sighting, ...]]:
        """All that is recorded of some tests, each in no special order."""

    def contradicted(self) -> frozenset[str]:
        """The tests that both passed and failed on the same code in the same environment, no experiment counted."""

    def mentioning(self, text: str) -> tuple[str, ...]:
        """The tests whose node id holds this text, in order."""

    def runs(self) -> Iterator[RecordedRun]:
        """Every run, the oldest first."""

    def experiments(self, limit: int) -> tuple[RecordedRun, ...]:
        """So many of the runs that were made to find out something, the newest first."""

    def add(self, runs: Iterable[RecordedRun], *, checks: bool = False) -> int:
        """Take runs in, all or none; how many were new, and are kept."""
