"""Which repository a folder belongs to, and what kind of one: found once, by git itself, and opened for reading."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from pytest_bugguard.adapters.gitrunner import ANSWER_S, NEEDS_GIT, Git
from pytest_bugguard.adapters.history import GitHistory
from pytest_bugguard.adapters.worktree import GitWorkTree
from pytest_bugguard.core.base import Clone
from pytest_bugguard.core.errors import NoRepositoryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_bugguard.adapters.gitrunner import Answer

# The top level comes last: git answers the rest before it finds that there is no work tree.
_FOLDERS = ("--git-dir", "--git-common-dir", "--show-toplevel")
_QUESTIONS = (
    "--is-bare-repository",
    "--is-shallow-repository",
    "--is-inside-work-tree",
    "--path-format=absolute",
    *_FOLDERS,
)


class Repository(Struct, frozen=True, dict=True):
    """A repository, open for reading. Closing it ends every history that was opened from it.

    Each thing is read when it is first asked for, and once: whoever asks next is told of the same state.
    """

    top: Path | None
    """The work tree's top level; None where there is no work tree around."""
    git_dir: Path
    common_dir: Path
    """As ``git_dir``, but for a linked work tree: there it is the main one's."""
    prefix: str
    """Where the search began, below the top; empty at the top."""
    is_bare: bool
    is_shallow: bool
    is_partial: bool
    """Whether a filter left objects out when it was cloned."""
    boundary: frozenset[str]
    """Commits whose parents a shallow clone lacks."""
    warnings: tuple[str, ...]
    hook_index: Path | None = None
    """The index that a running ``git commit`` is about to commit, where that is not the usual one."""

    @cached_property
    def _opened(self) -> ExitStack:
        return ExitStack()

    def git(self) -> Git:
        """Git, aimed at this repository."""
        return Git.at(self.git_dir, self.top)

    def history(self) -> GitHistory:
        """Its commits. Close what you get, or the repository."""
        return self._opened.enter_context(GitHistory(self))

    @cached_property
    def worktree(self) -> GitWorkTree:
        """Its uncommitted work; only where there is a ``top``."""
        assert self.top is not None
        staging = Git.at(self.git_dir, self.top, index=self.hook_index)
        return GitWorkTree(self.top, self.git(), staging, self.head[0], self.is_partial)

    @cached_property
    def clone(self) -> Clone:
        """What it says of its own branches."""
        branch = self._target("HEAD").removeprefix("refs/heads/")
        default = self._target("refs/remotes/origin/HEAD").removeprefix("refs/remotes/origin/")
        return Clone(branch, default, self.is_shallow)

    @cached_property
    def head(self) -> tuple[str, str]:
        """The ids of HEAD's commit and of its tree; both empty before the first commit."""
        answer = self.git().ask("rev-parse", "HEAD^{commit}", "HEAD^{tree}")
        if answer.status:
            return "", ""
        commit, tree = answer.output.decode().split()
        return commit, tree

    def message_habits(self) -> tuple[str, str]:
        """How commit messages are cleaned here: the mark of comments, and ``commit.cleanup``, empty by default."""
        asked = r"^(core\.comment(char|string)|commit\.cleanup)$"
        said = self.git().ask("config", "--get-regexp", asked).output.decode("utf-8", "surrogateescape")
        mark, cleanup = "#", ""
        for line in said.splitlines():
            key, _, value = line.partition(" ")
            if key == "commit.cleanup":
                cleanup = value
            else:
                mark = value or "#"
        return mark, cleanup

    def _target(self, reference: str) -> str:
        """What a symbolic reference points at; empty where it is none."""
        return self.git().ask("symbolic-ref", "--quiet", reference).output.decode("utf-8", "surrogateescape").strip()

    def close(self) -> None:
        """End what was opened."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_repository(start: Path, environment: Mapping[str, str] = os.environ) -> Repository:
    """The repository that a folder lies in; a bare one only where ``start`` is that very folder.

    Args:
        start: A folder of a work tree, or a git directory.
        environment: Where a hook's ``GIT_INDEX_FILE`` would stand; nothing else of git's is read from there.

    Raises:
        NoRepositoryError: There is none, git does not trust it, or git itself cannot be used.
    """
    # git refuses bare repositories that it comes across (one may have been committed as plain files), but it
    # looks at `start` before it looks further up: what it is told to accept there is what was asked for.
    accepted = ("-c", "safe.bareRepository=all") if _is_git_directory(start) else ()
    answer = Git((*accepted, "-C", str(start))).ask("rev-parse", *_QUESTIONS, limit_s=ANSWER_S)
    lines = os.fsdecode(answer.output).split("\n")[:-1]
    is_bare, is_shallow, is_inside, *folders = lines if len(lines) > len(_FOLDERS) else ("", "", "")
    if is_inside == "false" and len(folders) == len(_FOLDERS) - 1:
        git_dir, common_dir, top = Path(folders[0]), Path(folders[1]), None
    elif not answer.status and is_inside == "true" and len(folders) == len(_FOLDERS):
        git_dir, common_dir, top = map(Path, folders)
    else:
        raise _refused(start, answer)
    if accepted and is_bare == "true" and not git_dir.samefile(start):
        raise NoRepositoryError(f"git: {str(start)!a} is no repository", hint=f"-C {git_dir} names the one around it")
    return Repository(
        top=top,
        git_dir=git_dir,
        common_dir=common_dir,
        prefix=_below(top, start),
        is_bare=is_bare == "true",
        is_shallow=is_shallow == "true",
        is_partial=_is_partial(git_dir, common_dir),
        boundary=_boundary(common_dir),
        warnings=_warnings(common_dir),
        hook_index=_hook_index(environment, top, git_dir),
    )


def _is_git_directory(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("HEAD", "objects", "refs"))


def _is_partial(git_dir: Path, common_dir: Path) -> bool:
    """Whether git would fetch what is missing: some packs promise it, and the configuration says from where."""
    if not any((common_dir / "objects" / "pack").glob("*.promisor")):
        return False
    promised = r"^(extensions\.partialclone|remote\..*\.promisor)$"
    return Git.at(git_dir, None).ask("config", "--get-regexp", promised).status == 0


def _below(top: Path | None, start: Path) -> str:
    below = start.resolve().relative_to(top.resolve()).as_posix() if top is not None else "."
    return "" if below == "." else below


def _boundary(common_dir: Path) -> frozenset[str]:
    try:
        return frozenset((common_dir / "shallow").read_text(encoding="ascii").split())
    except FileNotFoundError:
        return frozenset()


def _warnings(common_dir: Path) -> tuple[str, ...]:
    if not (common_dir / "info" / "grafts").exists():
        return ()
    return ("info/grafts joins commits that are not parent and child: it was set aside, the real history was read",)


def _hook_index(environment: Mapping[str, str], top: Path | None, git_dir: Path) -> Path | None:
    """The index that a hook was handed, if it is one of this repository: ``git commit -a`` fills a second one."""
    named = environment.get("GIT_INDEX_FILE")
    if not named or top is None:
        return None
    index = top / named  # git runs hooks at the top, and names the file from there
    return index if index.parent.resolve() == git_dir.resolve() else None


def _refused(start: Path, answer: Answer) -> NoRepositoryError:
    """What git says itself, and what it advises (as for a repository of another owner) or what usually helps."""
    if not answer.complaint:
        return NoRepositoryError(f"git: an odd answer about {str(start)!a}", hint=NEEDS_GIT)
    said, *advice = [line.strip() for line in answer.complaint.splitlines() if line.strip()]
    if not advice or "not a git repository" in said:
        advice = ["run it inside a git checkout (bugguard -C DIR and pytest --rootdir DIR name one)"]
        if "mount point" in said:
            advice.append(
                "or, where this is part of one that lies beyond the mount, set GIT_DISCOVERY_ACROSS_FILESYSTEM=1"
            )
    hint = " ".join(advice)
    return NoRepositoryError(f"git: {said.removeprefix('fatal: ')}", hint=hint)
