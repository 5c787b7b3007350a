"""What each CI says of the change that it builds: its variables as its jobs see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.adapters import ci
from pytest_bugguard.core import base
from pytest_bugguard.core.base import Ci, CiFacts, Clone
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Mapping

A, B, C = "a" * 40, "b" * 40, "c" * 40
ZEROS = "0" * 40


def no_file(path: str) -> bytes:
    raise FileNotFoundError(path)


GITHUB = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "event.json"}
PULL_REQUEST = {
    **GITHUB,
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_BASE_REF": "main",
    "GITHUB_HEAD_REF": "fix/clock",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_SHA": A,
}


def github(environ: Mapping[str, str], event: object) -> CiFacts:
    return ci.read({**GITHUB, **environ}, lambda path: json.dumps(event).encode())


def test_github_pull_request() -> None:
    """The merge that GitHub made names the target exactly; the event knows labels, title and an older tip."""
    event = {
        "pull_request": {
            "base": {"ref": "main", "sha": B},
            "head": {"ref": "fix/clock"},
            "title": "Stop the drift",
            "labels": [{"name": "bug"}, {"name": "backport"}],
        },
        "repository": {"default_branch": "main"},
    }
    assert github(PULL_REQUEST, event) == CiFacts(
        Ci.GITHUB,
        is_ci=True,
        target="main",
        told_by="GITHUB_BASE_REF",
        exact=(f"{A}^1",),
        tips=(B,),
        source="fix/clock",
        title="Stop the drift",
        labels=("bug", "backport"),
        default_branch="main",
    )


def test_github_push() -> None:
    """A push says where the branch stood."""
    facts = github(
        {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": A},
        {"before": B, "repository": {"default_branch": "main"}},
    )
    assert facts == CiFacts(
        Ci.GITHUB,
        is_ci=True,
        branch="main",
        default_branch="main",
        before=B,
        before_told_by="the push event's before",
    )


def test_github_push_of_a_new_branch() -> None:
    """Zeros stand for a branch that was not there: that is no commit."""
    facts = github({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/topic"}, {"before": ZEROS})
    assert (facts.branch, facts.before) == ("topic", "")


def test_github_tag() -> None:
    """A tag is no branch."""
    assert github({"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/v1"}, {}).branch == ""


def test_github_merge_queue() -> None:
    """The queue names the commit before the group."""
    facts = github(
        {"GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF": f"refs/heads/gh-readonly-queue/main/pr-7-{A}"},
        {"merge_group": {"base_sha": B, "base_ref": "refs/heads/main"}},
    )
    assert (facts.target, facts.exact, facts.branch) == ("main", (B,), "")


@pytest.mark.parametrize(
    ("environ", "facts"),
    [
        pytest.param(
            {
                "GITLAB_CI": "true",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": B,
                "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix/clock",
                "CI_MERGE_REQUEST_TITLE": "Stop the drift",
                "CI_MERGE_REQUEST_LABELS": "bug,needs review",
                "CI_COMMIT_BEFORE_SHA": ZEROS,
                "CI_DEFAULT_BRANCH": "main",
            },
            CiFacts(
                Ci.GITLAB,
                is_ci=True,
                target="main",
                told_by="CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
                exact=(B,),
                source="fix/clock",
                title="Stop the drift",
                labels=("bug", "needs review"),
                default_branch="main",
            ),
            id="gitlab-merge-request",
        ),
        pytest.param(
            {
                "GITLAB_CI": "true",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": A,
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": B,
            },
            CiFacts(Ci.GITLAB, is_ci=True, target="main", told_by="CI_MERGE_REQUEST_TARGET_BRANCH_NAME", exact=(A, B)),
            id="gitlab-merged-result",
        ),
        pytest.param(
            {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": B},
            CiFacts(
                Ci.GITLAB,
                is_ci=True,
                branch="main",
                default_branch="main",
                before=B,
                before_told_by="CI_COMMIT_BEFORE_SHA",
            ),
            id="gitlab-push",
        ),
        pytest.param(
            {
                "JENKINS_URL": "https://ci.example/",
                "BRANCH_NAME": "PR-7",
                "CHANGE_ID": "7",
                "CHANGE_TARGET": "main",
                "CHANGE_BRANCH": "fix/clock",
                "CHANGE_TITLE": "Stop the drift",
            },
            CiFacts(
                Ci.JENKINS,
                is_ci=True,
                target="main",
                told_by="CHANGE_TARGET",
                source="fix/clock",
                title="Stop the drift",
            ),
            id="jenkins-pull-request",
        ),
        pytest.param(
            {
                "JENKINS_URL": "https://ci.example/",
                "BRANCH_NAME": "trunk",
                "BRANCH_IS_PRIMARY": "true",
                "GIT_PREVIOUS_SUCCESSFUL_COMMIT": B,
            },
            CiFacts(
                Ci.JENKINS,
                is_ci=True,
                branch="trunk",
                default_branch="trunk",
                before=B,
                before_told_by="GIT_PREVIOUS_SUCCESSFUL_COMMIT",
            ),
            id="jenkins-branch",
        ),
        pytest.param(
            {"JENKINS_URL": "https://ci.example/", "GIT_BRANCH": "origin/topic/pages"},
            CiFacts(Ci.JENKINS, is_ci=True, branch="topic/pages"),
            id="jenkins-job-of-one-branch",
        ),
        pytest.param(
            {"JENKINS_URL": "https://ci.example/", "GIT_BRANCH": "detached"},
            CiFacts(Ci.JENKINS, is_ci=True),
            id="jenkins-job-of-no-branch",
        ),
        pytest.param(
            {"CI": "true", "CIRCLECI": "true", "CIRCLE_BRANCH": "fix/clock"},
            CiFacts(Ci.CIRCLECI, is_ci=True, branch="fix/clock"),
            id="circleci",
        ),
        pytest.param(
            {
                "TF_BUILD": "True",
                "BUILD_REASON": "PullRequest",
                "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
                "BUILD_SOURCEVERSION": A,
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
                "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/fix/clock",
            },
            CiFacts(
                Ci.AZURE,
                is_ci=True,
                target="main",
                told_by="SYSTEM_PULLREQUEST_TARGETBRANCH",
                exact=(f"{A}^1",),
                source="fix/clock",
            ),
            id="azure-pull-request",
        ),
        pytest.param(
            {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/main", "BUILD_SOURCEVERSION": A},
            CiFacts(Ci.AZURE, is_ci=True, branch="main"),
            id="azure-push",
        ),
        pytest.param(
            {
                "BUILDKITE": "true",
                "BUILDKITE_PULL_REQUEST": "7",
                "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
                "BUILDKITE_PULL_REQUEST_LABELS": "bug",
                "BUILDKITE_BRANCH": "fix/clock",
                "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
            },
            CiFacts(
                Ci.BUILDKITE,
                is_ci=True,
                target="main",
                told_by="BUILDKITE_PULL_REQUEST_BASE_BRANCH",
                source="fix/clock",
                labels=("bug",),
                default_branch="main",
            ),
            id="buildkite-pull-request",
        ),
        pytest.param(
            {
                "BUILDKITE": "true",
                "BUILDKITE_PULL_REQUEST": "false",
                "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "",
                "BUILDKITE_BRANCH": "main",
                "BUILDKITE_PIPELINE_DEFAULT_BRANCH": "main",
            },
            CiFacts(Ci.BUILDKITE, is_ci=True, branch="main", default_branch="main"),
            id="buildkite-push",
        ),
        pytest.param(
            {
                "BITBUCKET_BUILD_NUMBER": "12",
                "BITBUCKET_BRANCH": "fix/clock",
                "BITBUCKET_PR_DESTINATION_BRANCH": "main",
                "BITBUCKET_PR_DESTINATION_COMMIT": "abc1234",
            },
            CiFacts(
                Ci.BITBUCKET,
                is_ci=True,
                target="main",
                told_by="BITBUCKET_PR_DESTINATION_BRANCH",
                source="fix/clock",
            ),
            id="bitbucket-pull-request-with-an-abbreviated-id",
        ),
        pytest.param(
            {
                "TRAVIS": "true",
                "TRAVIS_EVENT_TYPE": "pull_request",
                "TRAVIS_BRANCH": "main",
                "TRAVIS_PULL_REQUEST_BRANCH": "fix/clock",
            },
            CiFacts(Ci.TRAVIS, is_ci=True, target="main", told_by="TRAVIS_BRANCH", source="fix/clock"),
            id="travis-pull-request",
        ),
        pytest.param(
            {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "push", "TRAVIS_BRANCH": "main"},
            CiFacts(Ci.TRAVIS, is_ci=True, branch="main"),
            id="travis-push",
        ),
        pytest.param(
            {
                "DRONE": "true",
                "DRONE_BUILD_EVENT": "pull_request",
                "DRONE_TARGET_BRANCH": "main",
                "DRONE_SOURCE_BRANCH": "fix/clock",
                "DRONE_PULL_REQUEST_TITLE": "Stop the drift",
                "DRONE_REPO_BRANCH": "main",
            },
            CiFacts(
                Ci.DRONE,
                is_ci=True,
                target="main",
                told_by="DRONE_TARGET_BRANCH",
                source="fix/clock",
                title="Stop the drift",
                default_branch="main",
            ),
            id="drone-pull-request",
        ),
        pytest.param(
            {
                "CI": "woodpecker",
                "CI_PIPELINE_EVENT": "push",
                "CI_COMMIT_TARGET_BRANCH": "",
                "CI_COMMIT_BRANCH": "main",
                "CI_REPO_DEFAULT_BRANCH": "main",
                "CI_PREV_COMMIT_SHA": C,
            },
            CiFacts(
                Ci.WOODPECKER,
                is_ci=True,
                branch="main",
                default_branch="main",
                before=C,
                before_told_by="CI_PREV_COMMIT_SHA",
            ),
            id="woodpecker-push",
        ),
        pytest.param({"CI": "1"}, CiFacts(is_ci=True), id="some-other-ci"),
        pytest.param({"CI": "false"}, CiFacts(), id="no-ci"),
        pytest.param({}, CiFacts(), id="a-developer's-machine"),
    ],
)
def test_what_the_variables_say(environ: dict[str, str], facts: CiFacts) -> None:
    """Each known CI, for a pull request and for the build of a branch."""
    assert ci.read(environ, no_file) == facts


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="broken"),
        pytest.param(b"\xff\xfe{", id="no-text"),
        pytest.param(b"[" * 200_000, id="too-deep"),
        pytest.param(None, id="missing"),
    ],
)
def test_an_event_file_that_cannot_be_read_is_a_note(content: bytes | None) -> None:
    """What the variables say still stands."""
    facts = ci.read(PULL_REQUEST, no_file if content is None else lambda path: content)
    assert (facts.target, facts.exact) == ("main", (f"{A}^1",))
    assert facts.notes[0].startswith("base: GitHub's event file (GITHUB_EVENT_PATH) cannot be read: ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["pull_request", "base", "sha", "labels", "name", "head", "before", "merge_group", "repository"]
            ),
            inner,
        )
    ),
)


@given(JSON, st.sampled_from(["pull_request", "push", "merge_group", ""]))
def test_an_event_of_any_shape_is_survived(event: object, name: str) -> None:
    """A value of the wrong kind counts as absent."""
    assert github({**PULL_REQUEST, "GITHUB_EVENT_NAME": name}, event).name is Ci.GITHUB


def test_an_endless_event_file_is_read_in_part(tmp_path: Path) -> None:
    """The memory that an event file takes has a limit."""
    path = tmp_path / "event.json"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    assert len(ci.file_start(str(path))) < 8 * 1024 * 1024


PULL_REQUEST_STORY = """
    commit: one
      file: a.py
        a = 1
    commit: two
      file: b.py
        b = 1
    branch: topic
    commit: fix: three
      file: a.py
        a = 3
    checkout: main
    commit: four
      file: c.py
        c = 4
    branch: merged
    merge: topic
"""


def in_pull_request_job(tmp_path: Path, *options: str) -> tuple[Repo, Mapping[str, str]]:
    """A clone as actions/checkout makes it: the merge ref alone, detached, with these options of git fetch."""
    server = story(tmp_path / "server", PULL_REQUEST_STORY)
    merge = server.git("rev-parse", "merged")
    server.git("update-ref", "refs/pull/7/merge", merge)
    server.git("checkout", "-q", "main")
    server.git("branch", "-D", "-q", "merged")
    job = Repo(tmp_path / "job")
    job.path.mkdir()
    job.git("init", "-q", "-b", "master")
    job.git("remote", "add", "origin", f"file://{server.path}")
    job.git("fetch", "-q", *options, "origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge")
    job.git("checkout", "-q", "--detach", "refs/remotes/pull/7/merge")
    return job, {**PULL_REQUEST, "GITHUB_SHA": merge}


def base_in(job: Repo, environ: Mapping[str, str]) -> base.Chosen | base.Undecided:
    def resolve(revision: str) -> str | None:
        return answer(job, "rev-parse", "--verify", "-q", "--end-of-options", f"{revision}^{{commit}}")

    is_shallow = job.git("rev-parse", "--is-shallow-repository") == "true"
    return base.choose(
        base.ladder(None, "auto", ci.read(environ, no_file), Clone(is_shallow=is_shallow)),
        head=job.git("rev-parse", "HEAD"),
        resolve=resolve,
        merge_base=lambda one, other: answer(job, "merge-base", one, other),
    )


def answer(job: Repo, *args: str) -> str | None:
    try:
        return job.git(*args) or None
    except AssertionError:
        return None


def test_in_a_clone_of_depth_two_the_merge_names_its_target(tmp_path: Path) -> None:
    """GitHub's merge holds the target's tip as its first parent; nothing else need be fetched."""
    job, environ = in_pull_request_job(tmp_path, "--depth=2")
    chosen = base_in(job, environ)
    assert isinstance(chosen, base.Chosen)
    assert job.git("show", "-s", "--format=%s", chosen.merge_base) == "four"


def test_the_cure_cures(tmp_path: Path) -> None:
    """The command that is printed for a clone of depth one, typed as it stands, makes the base known."""
    job, environ = in_pull_request_job(tmp_path, "--depth=1")
    undecided = base_in(job, environ)
    assert isinstance(undecided, base.Undecided)
    command = undecided.cure.partition(" (in ")[0].split()
    job.git(*command[1:])
    chosen = base_in(job, environ)
    assert isinstance(chosen, base.Chosen)
    assert job.git("show", "-s", "--format=%s", chosen.merge_base) == "four"
    assert job.git("rev-parse", "-q", "--verify", "refs/remotes/origin/main") == chosen.sha


def test_the_reference_page_knows_every_variable() -> None:
    """What marks a CI, names the target and says where the branch stood is in its row of the page."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "base.md").read_text(encoding="utf-8")
    for dialect in ci._DIALECTS:
        row = next(line for line in page.splitlines() if line.startswith(f"| {dialect.ci} |"))
        said = {dialect.mark, dialect.target, dialect.before} - {""}
        assert {name for name in said if name not in row} == set()
