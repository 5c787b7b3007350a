"""What a change is compared with, and why: a ladder of candidates, and the first that this clone can answer for.

Pure: the CI's environment and the clone's references come in as values, questions to git as functions.
"""

from __future__ import annotations

import re
import shlex
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.errors import UnknownRevisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class Ci(StrEnum):
    """The CI systems whose variables we know."""

    GITHUB = "GitHub Actions"
    GITLAB = "GitLab CI"
    JENKINS = "Jenkins"
    CIRCLECI = "CircleCI"
    AZURE = "Azure Pipelines"
    BUILDKITE = "Buildkite"
    BITBUCKET = "Bitbucket Pipelines"
    TRAVIS = "Travis CI"
    DRONE = "Drone"
    WOODPECKER = "Woodpecker"


_FULL_CLONE = {
    Ci.GITHUB: "actions/checkout with fetch-depth: 0",
    Ci.GITLAB: 'GIT_DEPTH: "0"',
    Ci.JENKINS: "no shallow clone, and the target branch fetched too",
    Ci.AZURE: "checkout: self with fetchDepth: 0",
    Ci.BITBUCKET: "clone: depth: full",
    Ci.TRAVIS: "git: depth: false",
}
_ID = re.compile(r"^([0-9a-f]{7})[0-9a-f]{33,}(?=\^|$)")
_USUAL = ("main", "master")
_TRACKED = re.compile(r"origin/(?P<branch>[^~^:@]+)")
_LOCAL = re.compile(r"(?!HEAD$|refs/|[0-9a-f]{7,64}$)[\w.+-]+")
"""What may be meant for a branch of the remote: a name that is no commit and has no remote before it."""
_NAME_IT = 'name it: --base REV (to pytest: --bugguard-base REV), or base = "REV" in the settings'


class CiFacts(Struct, frozen=True):
    """What the CI says of the change that it builds; empty where it says nothing."""

    name: Ci | None = None
    is_ci: bool = False
    """Whether this is a CI at all, known or not."""
    target: str = ""
    """The branch that a pull request is meant for; empty for the build of a branch."""
    told_by: str = ""
    """The variable or file that names the target."""
    exact: tuple[str, ...] = ()
    """Revisions where the change left its target, surest first."""
    tips: tuple[str, ...] = ()
    """Commit ids where the target once stood: older than it may be now."""
    source: str = ""
    """The pull request's own branch."""
    title: str = ""
    labels: tuple[str, ...] = ()
    branch: str = ""
    """The branch that is built; empty for a pull request or a tag."""
    default_branch: str = ""
    before: str = ""
    """Commit id where the branch stood before the push, or at the build before."""
    before_told_by: str = ""
    notes: tuple[str, ...] = ()
    """What could not be read, a line each."""


class Clone(Struct, frozen=True):
    """What the clone says of itself."""

    branch: str = ""
    """The branch that is checked out; empty for a detached HEAD."""
    default_branch: str = ""
    """What ``refs/remotes/origin/HEAD`` points at, without ``origin/``; empty where that is not known."""
    is_shallow: bool = False


class IfMissing(Enum):
    """What it means that none of a rung's revisions is there."""

    NEXT = auto()
    USAGE_ERROR = auto()
    UNDECIDED = auto()


class Rung(Struct, frozen=True):
    """One answer to the question for the base."""

    revisions: tuple[str, ...]
    """The first that resolves is it. References in full: a tag may be called ``origin/main`` too."""
    reason: str
    """Why this one, as printed after its name."""
    if_missing: IfMissing = IfMissing.NEXT
    cure: str = _NAME_IT
    """What to do where it is missing."""
    if_apart: str = _NAME_IT
    """What to do where it has no commit in common with HEAD."""
    needs: str = ""
    """A revision that has to be there as well: ``HEAD^2`` asks for a merge."""
    is_left_when_empty: bool = False
    """Whether a change without a commit sends us on to the next rung."""


class Chosen(Struct, frozen=True):
    """The base, and the sentence that says so."""

    revision: str
    """As shown: ``origin/main``."""
    sha: str
    merge_base: str
    """Commit id where the change left the base: what is judged is ``merge_base..HEAD``."""
    reason: str


class Undecided(Struct, frozen=True):
    """There should be a base, but this clone does not have it."""

    reason: str
    cure: str


def ladder(option: str | None, setting: str, ci: CiFacts, clone: Clone) -> tuple[Rung, ...]:
    """The candidates, best first. The last one never sends on to a next.

    Args:
        option: ``--bugguard-base``; None where it was not given.
        setting: ``base`` of the settings; ``auto`` leaves it to the rest of the ladder.
        ci: What the CI says.
        clone: What the clone says.
    """
    apart = _fetch("", ci, clone) if clone.is_shallow else _NAME_IT
    if option is not None:
        return (Rung((option,), "as asked for", IfMissing.USAGE_ERROR, if_apart=apart),)
    if setting != "auto":
        return (Rung((setting,), "by the settings (base)", IfMissing.UNDECIDED, _fetch(setting, ci, clone), apart),)
    if ci.target:
        return (_target(ci, clone, apart),)
    return tuple(_default_branch(ci, clone, apart))


def _target(ci: CiFacts, clone: Clone, apart: str) -> Rung:
    return Rung(
        (*ci.exact, _remote("origin", ci.target), *ci.tips),
        f"the pull request's target, {ci.target} ({ci.told_by})",
        IfMissing.UNDECIDED,
        _fetch(f"origin/{ci.target}", ci, clone),
        apart,
    )


def _default_branch(ci: CiFacts, clone: Clone, apart: str) -> Iterator[Rung]:
    built = ci.branch or clone.branch
    known = tuple(dict.fromkeys(name for name in (ci.default_branch, clone.default_branch) if name))
    is_on_default = built in (known or _USUAL)
    yield Rung(
        tuple(_remote(remote, name) for remote in ("origin", "upstream") for name in (*known, "HEAD", *_USUAL)),
        "the remote's default branch",
        if_apart=apart,
        is_left_when_empty=is_on_default,
    )
    yield from _on_default(built, ci, clone, apart) if is_on_default else _off_default(built, known, ci, clone)


def _on_default(built: str, ci: CiFacts, clone: Clone, apart: str) -> Iterator[Rung]:
    if ci.before:
        # A push by force took it off the branch: no fetch of branches brings it, and only that it was told is sure.
        cure = _fetch("", ci, clone) if clone.is_shallow else f"git fetch origin {ci.before}, or {_NAME_IT}"
        stood = f"where {built} stood before ({ci.before_told_by})"
        yield Rung((ci.before,), stood, IfMissing.UNDECIDED, cure, apart)
    yield Rung(("HEAD^1",), f"the commit before: HEAD is {built} itself, with nothing unpushed")
    if clone.is_shallow:
        yield Rung((), "nothing before HEAD is in this clone", IfMissing.UNDECIDED, _fetch("", ci, clone))
    else:
        yield Rung(("HEAD",), "itself: nothing comes before the first commit")


def _off_default(built: str, known: tuple[str, ...], ci: CiFacts, clone: Clone) -> Iterator[Rung]:
    yield Rung(tuple(f"refs/heads/{name}" for name in (*known, *_USUAL) if name != built), "the local default branch")
    yield Rung(("HEAD^1",), "its first parent: HEAD is a merge, as CI servers make for pull requests", needs="HEAD^2")
    target = f"origin/{known[0]}" if known else ""
    cure = _fetch(target, ci, clone) if target or clone.is_shallow else _NAME_IT
    yield Rung((), "there is no default branch here to compare with", IfMissing.UNDECIDED, cure)


def _remote(remote: str, branch: str) -> str:
    return f"refs/remotes/{remote}/{branch}"


def _fetch(revision: str, ci: CiFacts, clone: Clone) -> str:
    """The command that brings a remote's branch, or just what is missing where the revision is no such branch.

    In full, because ``git fetch origin main`` alone leaves no ``origin/main`` in a clone of a single branch.
    """
    words = ["git fetch", "--unshallow" if clone.is_shallow else "", "origin"]
    is_local = _LOCAL.fullmatch(revision) is not None
    tracked = _TRACKED.match(revision)
    if tracked or is_local:
        branch = tracked["branch"] if tracked else revision
        words.append(shlex.quote(f"+refs/heads/{branch}:{_remote('origin', branch)}"))
    command = " ".join(filter(None, words))
    full_clone = _FULL_CLONE.get(ci.name) if ci.name else None
    if full_clone:
        command += f" (in {ci.name}: {full_clone})"
    if is_local:
        command += f', and call it by its whole name: base = "origin/{revision}"'
    return command


def choose(
    rungs: Sequence[Rung],
    *,
    head: str,
    resolve: Callable[[str], str | None],
    merge_base: Callable[[str, str], str | None],
) -> Chosen | Undecided:
    """Climb the ladder to the first rung that holds.

    Args:
        rungs: As ``ladder`` made them.
        head: Commit id of HEAD.
        resolve: The commit id that a revision names, or None.
        merge_base: The best common ancestor of two commits, or None.

    Raises:
        UnknownRevisionError: The option names a revision that is not there.
    """
    for rung in rungs:
        answer = _step(rung, head, resolve, merge_base)
        if answer is not None:
            return answer
    raise ValueError("a ladder ends with a rung that decides")


def _step(
    rung: Rung,
    head: str,
    resolve: Callable[[str], str | None],
    merge_base: Callable[[str, str], str | None],
) -> Chosen | Undecided | None:
    if rung.needs and resolve(rung.needs) is None:
        return None
    found = next(((name, sha) for name in rung.revisions if (sha := resolve(name)) is not None), None)
    if found is None:
        return _missing(rung)
    name, sha = _shown(found[0]), found[1]
    left_at = merge_base(sha, head)
    if left_at is None:
        apart = f"{_named(name)} ({rung.reason}) has no commit in common with HEAD in this clone"
        return Undecided(apart, rung.if_apart)
    if left_at == head and rung.is_left_when_empty:
        return None
    return Chosen(name, sha, left_at, rung.reason)


def _missing(rung: Rung) -> Undecided | None:
    match rung.if_missing:
        case IfMissing.NEXT:
            return None
        case IfMissing.USAGE_ERROR:
            raise UnknownRevisionError(f"base: no revision {rung.revisions[0]!r} in this repository")
        case IfMissing.UNDECIDED:
            return Undecided(_absent(rung), rung.cure)


def _absent(rung: Rung) -> str:
    if not rung.revisions:
        return rung.reason
    return f"{_named(rung.revisions[0])} ({rung.reason}) is not in this clone"


def _shown(revision: str) -> str:
    return revision.removeprefix("refs/remotes/").removeprefix("refs/heads/")


def _named(revision: str) -> str:
    """A revision in a sentence: as shown, a whole commit id shortened."""
    return _ID.sub(r"\1", _shown(revision), count=1)
