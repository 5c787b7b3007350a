"""What a change is compared with: the ladder, and the first rung that holds."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pytest_bugguard.core import base
from pytest_bugguard.core.base import Chosen, Ci, CiFacts, Clone, Undecided
from pytest_bugguard.core.errors import UnknownRevisionError

NOWHERE = CiFacts()
TOPIC = Clone(branch="topic")
MAIN = Clone(branch="main")
PULL_REQUEST = CiFacts(Ci.GITHUB, is_ci=True, target="main", told_by="GITHUB_BASE_REF")


@dataclass
class Repository:
    """A line of commits ``0`` .. ``9``, oldest first; HEAD is one of them."""

    head: str = "9"
    names: dict[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    """Commits whose history does not meet HEAD's here."""

    def resolve(self, revision: str) -> str | None:
        return self.head if revision == "HEAD" else self.names.get(revision)

    def merge_base(self, one: str, other: str) -> str | None:
        return None if one in self.apart else min(one, other)


def choose(
    repository: Repository, *, option: str | None = None, setting: str = "auto", ci: CiFacts, clone: Clone
) -> Chosen | Undecided:
    return base.choose(
        base.ladder(option, setting, ci, clone),
        head=repository.head,
        resolve=repository.resolve,
        merge_base=repository.merge_base,
    )


EVERYTHING = Repository(
    names={
        "v1": "1",
        "stable": "2",
        "refs/remotes/origin/main": "5",
        "refs/heads/main": "6",
        "HEAD^1": "8",
        "HEAD^2": "7",
    }
)


@pytest.mark.parametrize(
    ("option", "setting", "ci", "clone", "expected"),
    [
        pytest.param("v1", "stable", PULL_REQUEST, TOPIC, "v1, as asked for", id="option-first"),
        pytest.param(None, "stable", PULL_REQUEST, TOPIC, "stable, by the settings (base)", id="then-setting"),
        pytest.param(
            None,
            "auto",
            PULL_REQUEST,
            TOPIC,
            "origin/main, the pull request's target, main (GITHUB_BASE_REF)",
            id="then-ci",
        ),
        pytest.param(None, "auto", NOWHERE, TOPIC, "origin/main, the remote's default branch", id="then-the-default"),
    ],
)
def test_the_order_of_the_ladder(option: str | None, setting: str, ci: CiFacts, clone: Clone, expected: str) -> None:
    """Option, settings, the CI's target, the remote's default branch; the reason says which."""
    chosen = choose(EVERYTHING, option=option, setting=setting, ci=ci, clone=clone)
    assert isinstance(chosen, Chosen)
    assert f"{chosen.revision}, {chosen.reason}" == expected


REMOTE = {"refs/remotes/origin/main": "5"}
AT_REMOTE = {"refs/remotes/origin/main": "9", "HEAD^1": "8"}


@pytest.mark.parametrize(
    ("names", "ci", "clone", "revision", "merge_base"),
    [
        pytest.param({**REMOTE, "refs/remotes/origin/HEAD": "4"}, NOWHERE, TOPIC, "origin/HEAD", "4", id="origin-head"),
        pytest.param({"refs/remotes/origin/master": "5"}, NOWHERE, TOPIC, "origin/master", "5", id="master"),
        pytest.param({"refs/remotes/upstream/main": "5"}, NOWHERE, TOPIC, "upstream/main", "5", id="upstream"),
        pytest.param(
            {**REMOTE, "refs/remotes/origin/dev": "3"},
            NOWHERE,
            Clone("topic", default_branch="dev"),
            "origin/dev",
            "3",
            id="a-default-branch-of-its-own",
        ),
        pytest.param({"refs/heads/main": "5"}, NOWHERE, TOPIC, "main", "5", id="no-remote"),
        pytest.param(
            {"refs/heads/main": "9", "refs/heads/master": "3"},
            NOWHERE,
            Clone("main", default_branch="dev"),
            "master",
            "3",
            id="never-with-the-branch-itself",
        ),
        pytest.param({**REMOTE, "HEAD^1": "8"}, NOWHERE, MAIN, "origin/main", "5", id="unpushed-on-main"),
        pytest.param(AT_REMOTE, NOWHERE, MAIN, "HEAD^1", "8", id="nothing-unpushed-on-main"),
        pytest.param(AT_REMOTE, NOWHERE, TOPIC, "origin/main", "9", id="a-new-branch-is-empty"),
        pytest.param(AT_REMOTE, NOWHERE, Clone(), "origin/main", "9", id="detached-at-main-is-empty"),
        pytest.param({"HEAD^1": "8"}, NOWHERE, MAIN, "HEAD^1", "8", id="no-remote-on-main"),
        pytest.param({}, NOWHERE, MAIN, "HEAD", "9", id="the-first-commit"),
        pytest.param({"HEAD^1": "8", "HEAD^2": "7"}, NOWHERE, Clone(), "HEAD^1", "8", id="detached-merge-ref"),
        pytest.param(
            {**AT_REMOTE, "a1": "4"},
            CiFacts(Ci.GITHUB, is_ci=True, branch="main", before="a1", before_told_by="x"),
            Clone(),
            "a1",
            "4",
            id="push-of-the-default-branch",
        ),
        pytest.param(
            {**AT_REMOTE, "apart": "3"},
            CiFacts(Ci.GITHUB, is_ci=True, branch="main", before="apart", before_told_by="x"),
            Clone(),
            "apart",
            "3",
            id="forced-push-of-the-default-branch",
        ),
        pytest.param(
            {**REMOTE, "a1": "8"},
            CiFacts(Ci.GITLAB, is_ci=True, branch="topic", default_branch="main", before="a1", before_told_by="x"),
            Clone(),
            "origin/main",
            "5",
            id="push-of-another-branch",
        ),
        pytest.param(
            {**REMOTE, "m^1": "7", "t": "1"},
            CiFacts(Ci.GITHUB, is_ci=True, target="main", told_by="x", exact=("m^1",), tips=("t",)),
            Clone(),
            "m^1",
            "7",
            id="what-the-ci-knows-exactly",
        ),
        pytest.param(
            {"t": "1"},
            CiFacts(Ci.GITHUB, is_ci=True, target="main", told_by="x", exact=("m^1",), tips=("t",)),
            Clone(),
            "t",
            "1",
            id="an-older-tip-is-better-than-none",
        ),
    ],
)
def test_the_first_rung_that_holds(
    names: dict[str, str], ci: CiFacts, clone: Clone, revision: str, merge_base: str
) -> None:
    """Each situation of a developer and of a CI server, with the base that its owner means."""
    chosen = choose(Repository(names=names), ci=ci, clone=clone)
    assert isinstance(chosen, Chosen)
    assert (chosen.revision, chosen.sha, chosen.merge_base) == (revision, merge_base, merge_base)


@pytest.mark.parametrize(
    ("names", "clone", "told"),
    [
        pytest.param(AT_REMOTE, MAIN, "HEAD^1, the commit before: HEAD is main itself, with nothing unpushed",
                     id="nothing-unpushed"),
        pytest.param({}, MAIN, "HEAD, itself: nothing comes before the first commit", id="first-commit"),
        pytest.param({"refs/heads/main": "5"}, TOPIC, "main, the local default branch", id="no-remote"),
        pytest.param({"HEAD^1": "8", "HEAD^2": "7"}, Clone(),
                     "HEAD^1, its first parent: HEAD is a merge, as CI servers make for pull requests", id="merge"),
    ],
)  # fmt: skip
def test_why_it_is_this_one_is_said(names: dict[str, str], clone: Clone, told: str) -> None:
    """As it is printed behind the name of the base."""
    chosen = choose(Repository(names=names), ci=NOWHERE, clone=clone)
    assert isinstance(chosen, Chosen)
    assert f"{chosen.revision}, {chosen.reason}" == told


def test_a_commit_that_is_no_merge_is_not_compared_with_the_one_before() -> None:
    """The branch may have many, and which of them are the change nobody has said."""
    undecided = choose(Repository(names={"HEAD^1": "8"}), ci=NOWHERE, clone=TOPIC)
    assert undecided == Undecided("there is no default branch here to compare with", NAME_IT)


def test_an_option_that_names_nothing_is_wrong_usage() -> None:
    """Who asks for a revision hears that it is not there."""
    with pytest.raises(UnknownRevisionError, match="base: no revision 'nope'"):
        choose(EVERYTHING, option="nope", ci=NOWHERE, clone=TOPIC)


SHALLOW = Clone(is_shallow=True)
NAME_IT = 'name it: --base REV (to pytest: --bugguard-base REV), or base = "REV" in the settings'
FETCH_MAIN = "origin +refs/heads/main:refs/remotes/origin/main"


@pytest.mark.parametrize(
    ("setting", "ci", "clone", "reason", "cure"),
    [
        pytest.param(
            "auto",
            PULL_REQUEST,
            SHALLOW,
            "origin/main (the pull request's target, main (GITHUB_BASE_REF)) is not in this clone",
            f"git fetch --unshallow {FETCH_MAIN} (in GitHub Actions: actions/checkout with fetch-depth: 0)",
            id="target-in-a-shallow-clone",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.BUILDKITE, is_ci=True, target="main", told_by="BUILDKITE_PULL_REQUEST_BASE_BRANCH"),
            TOPIC,
            "origin/main (the pull request's target, main (BUILDKITE_PULL_REQUEST_BASE_BRANCH)) is not in this clone",
            f"git fetch {FETCH_MAIN}",
            id="target-in-a-clone-of-one-branch",
        ),
        pytest.param(
            "auto",
            CiFacts(is_ci=True, target="a b;c", told_by="x"),
            TOPIC,
            "origin/a b;c (the pull request's target, a b;c (x)) is not in this clone",
            "git fetch origin '+refs/heads/a b;c:refs/remotes/origin/a b;c'",
            id="a-name-that-a-shell-would-read",
        ),
        pytest.param(
            "origin/dev",
            NOWHERE,
            TOPIC,
            "origin/dev (by the settings (base)) is not in this clone",
            "git fetch origin +refs/heads/dev:refs/remotes/origin/dev",
            id="setting",
        ),
        pytest.param(
            "origin/dev~3",
            NOWHERE,
            TOPIC,
            "origin/dev~3 (by the settings (base)) is not in this clone",
            "git fetch origin +refs/heads/dev:refs/remotes/origin/dev",
            id="setting-that-goes-back-from-a-remote-branch",
        ),
        pytest.param(
            "main",
            NOWHERE,
            TOPIC,
            "main (by the settings (base)) is not in this clone",
            f'git fetch {FETCH_MAIN}, and call it by its whole name: base = "origin/main"',
            id="setting-that-is-a-branch-of-the-remote-alone",
        ),
        pytest.param(
            "v1",
            NOWHERE,
            SHALLOW,
            "v1 (by the settings (base)) is not in this clone",
            "git fetch --unshallow origin +refs/heads/v1:refs/remotes/origin/v1, "
            'and call it by its whole name: base = "origin/v1"',
            id="setting-that-is-no-remote-branch",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.CIRCLECI, is_ci=True, branch="topic"),
            TOPIC,
            "there is no default branch here to compare with",
            NAME_IT,
            id="nothing-known",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.GITLAB, is_ci=True, branch="topic", default_branch="main"),
            SHALLOW,
            "there is no default branch here to compare with",
            f'git fetch --unshallow {FETCH_MAIN} (in GitLab CI: GIT_DEPTH: "0")',
            id="default-branch-not-fetched",
        ),
        pytest.param(
            "auto",
            CiFacts(is_ci=True, branch="topic", default_branch="dev"),
            TOPIC,
            "there is no default branch here to compare with",
            "git fetch origin +refs/heads/dev:refs/remotes/origin/dev",
            id="default-branch-of-a-clone-of-one-branch",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.GITHUB, is_ci=True, branch="main"),
            SHALLOW,
            "nothing before HEAD is in this clone",
            "git fetch --unshallow origin (in GitHub Actions: actions/checkout with fetch-depth: 0)",
            id="push-in-a-shallow-clone",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.GITLAB, is_ci=True, branch="main", before="f" * 40, before_told_by="CI_COMMIT_BEFORE_SHA"),
            SHALLOW,
            "fffffff (where main stood before (CI_COMMIT_BEFORE_SHA)) is not in this clone",
            'git fetch --unshallow origin (in GitLab CI: GIT_DEPTH: "0")',
            id="push-of-more-commits-than-a-shallow-clone-has",
        ),
        pytest.param(
            "auto",
            CiFacts(Ci.GITHUB, is_ci=True, branch="main", before="f" * 40, before_told_by="the push event's before"),
            Clone(),
            "fffffff (where main stood before (the push event's before)) is not in this clone",
            f"git fetch origin {'f' * 40}, or {NAME_IT}",
            id="forced-push-of-a-history-that-is-in-no-branch-any-more",
        ),
    ],
)
def test_what_is_not_in_the_clone_is_undecided_with_its_cure(
    setting: str, ci: CiFacts, clone: Clone, reason: str, cure: str
) -> None:
    """Never a silent step to another base than the one that is meant."""
    lonely = Repository(names={"refs/heads/other": "3", **({"HEAD^1": "8"} if ci.before else {})})
    assert choose(lonely, setting=setting, ci=ci, clone=clone) == Undecided(reason, cure)


@pytest.mark.parametrize(
    ("clone", "cure"),
    [
        pytest.param(Clone("topic", is_shallow=True), "git fetch --unshallow origin", id="shallow"),
        pytest.param(
            TOPIC,
            NAME_IT,
            id="orphan-branch",
        ),
    ],
)
def test_histories_that_do_not_meet_are_undecided(clone: Clone, cure: str) -> None:
    """A base without a merge base says nothing of the change; what helps depends on why."""
    undecided = choose(Repository(names=REMOTE, apart=frozenset("5")), ci=NOWHERE, clone=clone)
    assert undecided == Undecided(
        "origin/main (the remote's default branch) has no commit in common with HEAD in this clone", cure
    )


@pytest.mark.parametrize(
    ("option", "setting", "ci", "told"),
    [
        pytest.param("v1", "auto", NOWHERE, "v1 (as asked for)", id="option"),
        pytest.param(None, "v1", NOWHERE, "v1 (by the settings (base))", id="setting"),
        pytest.param(None, "auto", CiFacts(is_ci=True, target="main", told_by="x"),
                     "origin/main (the pull request's target, main (x))", id="target"),
        pytest.param(None, "auto", CiFacts(is_ci=True, branch="main", before="b1", before_told_by="x"),
                     "b1 (where main stood before (x))", id="push"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("is_shallow", "cure"),
    [pytest.param(True, "git fetch --unshallow origin", id="shallow"), pytest.param(False, NAME_IT, id="full")],
)
def test_whichever_base_does_not_meet_head_has_its_cure(
    option: str | None, setting: str, ci: CiFacts, told: str, *, is_shallow: bool, cure: str
) -> None:
    """What a shallow clone lacks can be fetched; where all is there, only another base helps."""
    names = {"v1": "1", "b1": "1", "refs/remotes/origin/main": "1" if ci.target else "9"}
    repository = Repository(names=names, apart=frozenset("1"))
    undecided = choose(repository, option=option, setting=setting, ci=ci, clone=Clone(is_shallow=is_shallow))
    assert undecided == Undecided(f"{told} has no commit in common with HEAD in this clone", cure)


@pytest.mark.parametrize("option", ["main", None])
def test_no_rung_speaks_of_the_option_of_one_door_alone(option: str | None) -> None:
    """The commands have ``--base``, pytest has ``--bugguard-base``, and both print these words."""
    said = [word for rung in base.ladder(option, "auto", CiFacts(), TOPIC) for word in (rung.reason, rung.cure)]
    assert [word for word in said if "--bugguard-base" in word and "--base REV" not in word] == []
