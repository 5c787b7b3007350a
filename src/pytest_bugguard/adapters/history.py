"""The commits of a repository and what their trees hold, read through at most two git processes."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Self

from pytest_bugguard.adapters.gitrunner import unreadable
from pytest_bugguard.adapters.objects import SIZE_CAP, Objects
from pytest_bugguard.core import gitlog, gittree, mainline
from pytest_bugguard.core.errors import UnknownRevisionError, UnreadableHistoryError
from pytest_bugguard.core.model import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.core.gitlog import Logged
    from pytest_bugguard.core.gittree import Entry
    from pytest_bugguard.core.model import Commit, FileChange, Unit

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TREES_KEPT = 64
_NAMED = 3
"""How many files that could not be read a warning names."""
_BYTES_KEPT = 2_000_000
"""Of the blobs read last: what a unit left is what the next one found, and is read by several rules."""
_LOG = (
    "log",
    "-z",
    "--raw",
    "--no-abbrev",
    "--root",
    "--diff-merges=first-parent",
    f"--format={gitlog.FORMAT}",
    "--encoding=UTF-8",
    # git log is made for eyes, and settings of a user or a repository reach it. These undo them.
    "--no-show-signature",  # would run gpg
    "--no-ext-diff",  # would run a program, if ever a patch were asked for; as the next
    "--no-textconv",
    "--no-mailmap",  # in a bare repository a blob, which a partial clone may lack
    "--no-decorate",  # would load every reference
    "--ignore-submodules=none",
    "-O/dev/null",  # git's own way to say: in no special order, on every system
    "--stdin",
)
RENAMES = ("-M", "-l1000")
EXACT_RENAMES = ("-M100%",)
"""By id alone: to compare contents, git would have to fetch those that a partial clone left out."""


Unread = Mapping[Unavailable, Mapping[str, None]]
"""Why files could not be read, and which, in the order in which they were met."""


class GitHistory:
    """Implements ``journeys.ports.History``. Close it, or use it in a ``with`` block."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._git = repository.git()
        self._objects = Objects(self._git)
        self._unread: dict[Unavailable, dict[str, None]] = {}
        self._trees: OrderedDict[str, dict[str, Entry]] = OrderedDict()
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._merge_bases: dict[tuple[str, str], str | None] = {}

    @property
    def is_shallow(self) -> bool:
        """Whether the clone lacks older history."""
        return self._repository.is_shallow

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of any result from this history has to know, one sentence each."""
        return (*self._repository.warnings, *(_without(list(paths), why) for why, paths in self._unread.items()))

    @property
    def unread(self) -> Unread:
        """Files that could not be read, and were taken for files that are not there."""
        return self._unread

    def leave_out(self, unread: Unread) -> None:
        """Take over what another one could not read."""
        for why, paths in unread.items():
            self._unread.setdefault(why, {}).update(paths)

    def resolve(self, revision: str) -> str | None:
        """The full commit id that a revision names, or None where it names no commit."""
        return self.resolve_all([revision])[0]

    def resolve_all(self, revisions: Sequence[str]) -> tuple[str | None, ...]:
        """As ``resolve``, for many at the price of one."""
        sound = [name for name in revisions if _is_revision(name)]
        found = dict(zip(sound, self._objects.find(list(map(_as_commit, sound))), strict=True))
        commits = [found.get(name) for name in revisions]
        return tuple(commit.object_id if commit is not None else None for commit in commits)

    def between(self, one: str, other: str) -> tuple[FileChange, ...]:
        """What differs in another commit, renames found; nothing in between is looked at."""
        renames = EXACT_RENAMES if self._repository.is_partial else RENAMES
        fixed = ("-r", "-z", "--raw", "--no-abbrev", "--ignore-submodules=none", "-O/dev/null")
        output = self._git.read("diff-tree", *fixed, *renames, self._need(one), self._need(other), "--")
        return gitlog.changes(gitlog.tokens([output]))

    def tree_of(self, commit: str) -> str:
        """The id of a commit's tree: the same for the same files.

        Raises:
            UnknownRevisionError: There is no such commit.
        """
        (found,) = self._objects.find([f"{self._need(commit)}^{{tree}}"])
        if found is None:
            raise UnknownRevisionError(f"no revision {commit!a} in this repository")
        return found.object_id

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None where the histories do not meet (or the clone is too shallow to tell)."""
        ids = self._need(one), self._need(other)
        if ids not in self._merge_bases:
            answer = self._git.ask("merge-base", *ids)
            if answer.status > 1:
                raise unreadable("merge-base", answer.status, answer.complaint.splitlines())
            self._merge_bases[ids] = answer.output.decode().strip() or None
        return self._merge_bases[ids]

    def units(
        self, tip: str, *, since: Sequence[str] = (), opens: Callable[[Commit], bool] = mainline.never
    ) -> Iterator[Unit]:
        """First-parent units from ``tip`` back, newest first, without what is reachable from ``since``.

        After a merge that ``opens`` says yes to come the units of the line that it brought.

        Streams: memory does not grow with the length of history.

        Raises:
            UnreadableHistoryError: git's answer ended early or made no sense. Never a short list.
        """
        first, *cuts = [self._need(revision) for revision in (tip, *since)]
        return self._line(first, cuts, opens)

    def first_parents(self, tip: str, *, since: Sequence[str] = ()) -> tuple[str, ...]:
        """The ids of the commits on the line of ``units``, newest first."""
        first, *cuts = [self._need(revision) for revision in (tip, *since)]
        output = self._git.read("rev-list", "--first-parent", first, *(f"^{cut}" for cut in cuts), "--")
        return tuple(output.decode().split())

    def _line(self, tip: str, cuts: Sequence[str], opens: Callable[[Commit], bool]) -> Iterator[Unit]:
        with closing(self._log("--topo-order", revisions=[tip, *(f"^{cut}" for cut in cuts)])) as log:
            boundary = self._repository.boundary
            yield from mainline.units(log, tip, boundary=boundary, is_cut=bool(cuts), opens=opens)

    def back_from(self, commits: Sequence[str]) -> Generator[Logged]:
        """Every commit that some commit ids lead to, and themselves, children before parents. Close it."""
        return self._log("--topo-order", revisions=list(dict.fromkeys(commits)))

    def units_of(self, commits: Sequence[str], *, with_inner: bool = True) -> Iterator[Unit]:
        """The units of just these commits, in that order, each once; what merges brought costs a git process each."""
        ids = list(dict.fromkeys(self._need(commit) for commit in commits))
        if not ids:
            return
        with closing(self._log("--no-walk=unsorted", revisions=ids)) as log:
            for logged in log:
                inner = self._inner(logged.commit) if with_inner else ()
                yield mainline.unit(logged, boundary=self._repository.boundary, inner=inner)

    def blob(self, blob_id: str) -> bytes | Unavailable:
        """The content of a blob; ``Unavailable`` where it is missing (partial clone) or over 5 MB."""
        if blob_id in self._blobs:
            self._blobs.move_to_end(blob_id)
            return self._blobs[blob_id]
        try:
            found = self._objects.read(blob_id)
        except UnreadableHistoryError as error:
            # git before 2.45 cannot be told not to fetch; not being allowed to, it ends.
            return self._missing() if self._repository.is_partial else Unavailable(str(error), error.hint)
        if found is None:
            return self._missing()
        if found.content is None:
            return Unavailable(f"{found.size / 1e6:.1f} MB, over the limit of {SIZE_CAP / 1e6:.0f} MB")
        self._keep(blob_id, found.content)
        return found.content

    def _keep(self, blob_id: str, content: bytes) -> None:
        self._blobs[blob_id] = content
        self._held += len(content)
        while self._held > _BYTES_KEPT:
            self._held -= len(self._blobs.popitem(last=False)[1])

    def file_at(self, commit: str, path: str) -> bytes | None:
        """The content of a regular file in a commit's tree; None where there is none (symlinks count as none)."""
        folder, _, name = path.rpartition("/")
        entry = (self._folder(commit, folder) or {}).get(name)
        if entry is None or entry.mode not in gittree.REGULAR:
            return None
        content = self.blob(entry.object_id)
        if isinstance(content, Unavailable):
            self._unread.setdefault(content, {})[path] = None
            return None
        return content

    def blob_at(self, commit: str, path: str) -> str | None:
        """The id of a file's content in a commit's tree, nothing of which is read; None where there is no such file."""
        (found,) = self._objects.find([f"{commit}:{path}"])
        return found.object_id if found is not None and found.kind == "blob" else None

    def folder_at(self, commit: str, path: str) -> tuple[str, ...] | None:
        """Sorted names in a folder of a tree (``""`` is the top), folders ending with ``/``; None: no such folder."""
        folder = self._folder(commit, path)
        if folder is None:
            return None
        return tuple(sorted(f"{name}/" if entry.mode == gittree.FOLDER else name for name, entry in folder.items()))

    def held_at(self, commit: str, folder: str, names: frozenset[str]) -> frozenset[str]:
        """Those of the names that something in a folder of a tree has."""
        return names.intersection(self._folder(commit, folder) or ())

    def close(self) -> None:
        """End git; nothing of it stays behind."""
        self._objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _need(self, revision: str) -> str:
        found = revision if _ID.fullmatch(revision) else self.resolve(revision)
        if found is None:
            raise UnknownRevisionError(f"no revision {revision!a} in this repository")
        return found

    def _log(self, *options: str, revisions: Sequence[str]) -> Generator[Logged]:
        renames = EXACT_RENAMES if self._repository.is_partial else RENAMES
        with self._git.stream(*_LOG, *renames, *options) as stream:
            stream.feed("".join(f"{revision}\n" for revision in revisions).encode())
            yield from gitlog.commits(gitlog.tokens(stream.chunks()))

    def _inner(self, merge: Commit) -> tuple[Commit, ...]:
        """What a merge brought, asked for on its own."""
        if len(merge.parents) < 2:  # noqa: PLR2004  # a merge is what has two parents or more
            return ()
        with closing(self._log("--topo-order", "--no-patch", revisions=[merge.sha, f"^{merge.parents[0]}"])) as log:
            return tuple(logged.commit for logged in islice(log, 1, mainline.INNER_CAP + 1))

    def _folder(self, commit: str, path: str) -> dict[str, Entry] | None:
        """The entries of a folder, found step by step from the top: no path is ever given to git."""
        entries = self._tree(f"{commit}^{{tree}}")
        if entries is None:
            raise UnreadableHistoryError(f"the files of commit {commit} are missing", hint="git fsck --full")
        for name in path.split("/") if path else ():
            entry = entries.get(name)
            if entry is None or entry.mode != gittree.FOLDER:
                return None
            below = self._tree(entry.object_id)
            if below is None:
                missing = self._missing()
                raise UnreadableHistoryError(f"a folder of commit {commit}: {missing.reason}", hint=missing.cure)
            entries = below
        return entries

    def _tree(self, name: str) -> dict[str, Entry] | None:
        if name in self._trees:
            self._trees.move_to_end(name)
            return self._trees[name]
        found = self._objects.read(name)
        if found is None or found.content is None:
            return None
        entries = self._trees[name] = gittree.entries(found.content, len(found.object_id) // 2)
        if len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return entries

    def _missing(self) -> Unavailable:
        if self._repository.is_partial:
            return Unavailable("not in this partial clone", "git fetch --refetch --no-filter")
        return Unavailable("missing from the object store", "git fsck --full")


def _without(paths: Sequence[str], why: Unavailable) -> str:
    """What a reader has to know of files that were read as if they were not there; the first ones by name."""
    named = ", ".join(f"{path!a}" for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    verb, them = ("were", "they") if len(paths) > 1 else ("was", "it")
    cure = f" ({why.cure})" if why.cure else ""
    return f"{named}{more} {verb} read as if {them} were not there: {why.reason}{cure}"


def _as_commit(name: str) -> str:
    """What a name is asked by, so that the answer is a commit: all behind ``:/`` are words, and find nothing else."""
    return name if name.startswith(":/") else f"{name}^{{commit}}"


def _is_revision(name: str) -> bool:
    """Whether a name can be put to git: questions are told apart by NUL, and no ref has a line feed."""
    return not set(name) & {"\0", "\n"} and not any("\ud800" <= sign < "\udc80" for sign in name)
