"""What the CI says of the change that it builds: its environment variables, and GitHub's event file.

A CI is a row of variable names. Everything that comes in is somebody else's text: a value of the wrong kind counts as
absent, and an event file that cannot be read is a note.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.base import Ci, CiFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EVENT_LIMIT = 4 * 1024 * 1024
_COMMIT_ID = re.compile(r"(?!0+$)[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MERGE_REF = re.compile(r"refs/pull/\d+/merge")


class _Dialect(Struct, frozen=True):
    """The names of the variables in which one CI says it; empty where it does not."""

    ci: Ci
    mark: str
    """Set in every job of this CI, and in no other."""
    mark_value: str = ""
    """What it is set to; empty for anything."""
    event: str = ""
    """Says ``pull_request`` for one; needed where the target is set for pushes too."""
    target: str = ""
    exact: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
    ref: str = ""
    """The full reference that is built; with ``commit``, for CIs that build a merge they made themselves."""
    commit: str = ""
    source: str = ""
    title: str = ""
    labels: str = ""
    branch: str = ""
    tracked: str = ""
    """The branch with its remote's name before it, where ``branch`` is not set."""
    default_branch: str = ""
    is_default: str = ""
    """Says ``true`` where the branch is the default one."""
    before: str = ""


_DIALECTS = (
    _Dialect(
        Ci.GITHUB,
        mark="GITHUB_ACTIONS",
        target="GITHUB_BASE_REF",
        ref="GITHUB_REF",
        commit="GITHUB_SHA",
        source="GITHUB_HEAD_REF",
        branch="GITHUB_REF",
    ),
    _Dialect(
        Ci.GITLAB,
        mark="GITLAB_CI",
        target="CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        # The first is set where the pipeline builds the merged result: only then did the target move on to there.
        exact=("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        source="CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        title="CI_MERGE_REQUEST_TITLE",
        labels="CI_MERGE_REQUEST_LABELS",
        branch="CI_COMMIT_BRANCH",
        default_branch="CI_DEFAULT_BRANCH",
        before="CI_COMMIT_BEFORE_SHA",
    ),
    _Dialect(
        Ci.JENKINS,
        mark="JENKINS_URL",
        target="CHANGE_TARGET",
        source="CHANGE_BRANCH",
        title="CHANGE_TITLE",
        branch="BRANCH_NAME",
        tracked="GIT_BRANCH",
        is_default="BRANCH_IS_PRIMARY",
        before="GIT_PREVIOUS_SUCCESSFUL_COMMIT",
    ),
    _Dialect(Ci.CIRCLECI, mark="CIRCLECI", branch="CIRCLE_BRANCH"),
    _Dialect(
        Ci.AZURE,
        mark="TF_BUILD",
        target="SYSTEM_PULLREQUEST_TARGETBRANCH",
        ref="BUILD_SOURCEBRANCH",
        commit="BUILD_SOURCEVERSION",
        source="SYSTEM_PULLREQUEST_SOURCEBRANCH",
        branch="BUILD_SOURCEBRANCH",
    ),
    _Dialect(
        Ci.BUILDKITE,
        mark="BUILDKITE",
        target="BUILDKITE_PULL_REQUEST_BASE_BRANCH",
        source="BUILDKITE_BRANCH",
        labels="BUILDKITE_PULL_REQUEST_LABELS",
        branch="BUILDKITE_BRANCH",
        default_branch="BUILDKITE_PIPELINE_DEFAULT_BRANCH",
    ),
    _Dialect(
        Ci.BITBUCKET,
        mark="BITBUCKET_BUILD_NUMBER",
        target="BITBUCKET_PR_DESTINATION_BRANCH",
        tips=("BITBUCKET_PR_DESTINATION_COMMIT",),
        source="BITBUCKET_BRANCH",
        branch="BITBUCKET_BRANCH",
    ),
    _Dialect(
        Ci.TRAVIS,
        mark="TRAVIS",
        event="TRAVIS_EVENT_TYPE",
        target="TRAVIS_BRANCH",
        source="TRAVIS_PULL_REQUEST_BRANCH",
        branch="TRAVIS_BRANCH",
    ),
    _Dialect(
        Ci.DRONE,
        mark="DRONE",
        event="DRONE_BUILD_EVENT",
        target="DRONE_TARGET_BRANCH",
        source="DRONE_SOURCE_BRANCH",
        title="DRONE_PULL_REQUEST_TITLE",
        branch="DRONE_BRANCH",
        default_branch="DRONE_REPO_BRANCH",
        before="DRONE_COMMIT_BEFORE",
    ),
    _Dialect(
        Ci.WOODPECKER,
        mark="CI",
        mark_value="woodpecker",
        event="CI_PIPELINE_EVENT",
        target="CI_COMMIT_TARGET_BRANCH",
        source="CI_COMMIT_SOURCE_BRANCH",
        labels="CI_COMMIT_PULL_REQUEST_LABELS",
        branch="CI_COMMIT_BRANCH",
        default_branch="CI_REPO_DEFAULT_BRANCH",
        before="CI_PREV_COMMIT_SHA",
    ),
)


def file_start(path: str) -> bytes:
    """The content of a file, up to a limit that no sound event file reaches."""
    with Path(path).open("rb") as file:
        return file.read(_EVENT_LIMIT)


def privileged_event(environment: Mapping[str, str]) -> str:
    """The event that has this job run with the secrets of the base beside a stranger's code; empty for any other.

    https://docs.github.com/actions/reference/security/secure-use tells why the two must not meet.
    """
    event = environment.get("GITHUB_EVENT_NAME", "")
    return event if event in {"pull_request_target", "workflow_run"} else ""


def read(environ: Mapping[str, str], read_file: Callable[[str], bytes] = file_start) -> CiFacts:
    """What the CI says. Nothing outside a CI; never fails.

    Args:
        environ: The process's environment.
        read_file: Reads GitHub's event file; may raise OSError.
    """
    dialect = next((dialect for dialect in _DIALECTS if _speaks(dialect, environ)), None)
    if dialect is None:
        return CiFacts(is_ci=environ.get("CI", "").lower() not in {"", "0", "false"})
    facts = _from_variables(dialect, environ)
    return _with_event(facts, environ, read_file) if dialect.ci is Ci.GITHUB else facts


def _speaks(dialect: _Dialect, environ: Mapping[str, str]) -> bool:
    value = environ.get(dialect.mark, "")
    return value == dialect.mark_value if dialect.mark_value else value.lower() not in {"", "false"}


def _from_variables(dialect: _Dialect, environ: Mapping[str, str]) -> CiFacts:
    facts = CiFacts(name=dialect.ci, is_ci=True, default_branch=_branch(environ.get(dialect.default_branch, "")))
    target = _branch(environ.get(dialect.target, ""))
    if target and environ.get(dialect.event, "pull_request") == "pull_request":
        return _of_change(facts, target, dialect, environ)
    return _of_branch(facts, dialect, environ)


def _of_change(facts: CiFacts, target: str, dialect: _Dialect, environ: Mapping[str, str]) -> CiFacts:
    is_merge = _MERGE_REF.fullmatch(environ.get(dialect.ref, "")) is not None
    merges = _commit_ids(environ, (dialect.commit,)) if is_merge else ()
    return replace(
        facts,
        target=target,
        told_by=dialect.target,
        exact=(*(f"{merge}^1" for merge in merges), *_commit_ids(environ, dialect.exact)),
        tips=_commit_ids(environ, dialect.tips),
        source=_branch(environ.get(dialect.source, "")),
        title=environ.get(dialect.title, ""),
        labels=_labels(environ.get(dialect.labels, "")),
    )


def _of_branch(facts: CiFacts, dialect: _Dialect, environ: Mapping[str, str]) -> CiFacts:
    branch = _branch(environ.get(dialect.branch, "")) or _behind_its_remote(environ.get(dialect.tracked, ""))
    before = _commit_ids(environ, (dialect.before,))
    return replace(
        facts,
        branch=branch,
        default_branch=branch if environ.get(dialect.is_default) == "true" else facts.default_branch,
        before=before[0] if before else "",
        before_told_by=dialect.before if before else "",
    )


def _branch(name: str) -> str:
    """A branch's short name; empty for tags and other references."""
    short = name.removeprefix("refs/heads/")
    return "" if short.startswith("refs/") else short


def _behind_its_remote(name: str) -> str:
    """The branch of ``origin/main``; empty for anything else."""
    return name.removeprefix("origin/") if name.startswith("origin/") else ""


def _commit_ids(environ: Mapping[str, str], variables: tuple[str, ...]) -> tuple[str, ...]:
    """Whole commit ids; the row of zeros that stands for a new branch is none."""
    values = (environ.get(variable, "") for variable in variables)
    return tuple(value for value in values if _COMMIT_ID.fullmatch(value))


def _labels(joined: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in joined.split(",") if label.strip())


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it is not there"
    return "it is no JSON"


def _with_event(facts: CiFacts, environ: Mapping[str, str], read_file: Callable[[str], bytes]) -> CiFacts:
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path:
        return facts
    try:
        event = json.loads(read_file(path))
    except (OSError, ValueError, RecursionError) as error:
        note = f"base: GitHub's event file (GITHUB_EVENT_PATH) cannot be read: {_why(error)}"
        return replace(facts, notes=(note,))
    facts = replace(facts, default_branch=_text(event, "repository", "default_branch"))
    match environ.get("GITHUB_EVENT_NAME", ""):
        case "push":
            return _of_push(facts, event)
        case "merge_group":
            return _of_merge_group(facts, event)
        case _:
            return _of_pull_request(facts, event)


def _of_push(facts: CiFacts, event: object) -> CiFacts:
    before = _commit_ids({"before": _text(event, "before")}, ("before",))
    return replace(facts, before=before[0], before_told_by="the push event's before") if before else facts


def _of_merge_group(facts: CiFacts, event: object) -> CiFacts:
    return replace(
        facts,
        target=_branch(_text(event, "merge_group", "base_ref")),
        told_by="the merge queue's event",
        exact=_commit_ids({"sha": _text(event, "merge_group", "base_sha")}, ("sha",)),
        branch="",
    )


def _of_pull_request(facts: CiFacts, event: object) -> CiFacts:
    if not facts.target:
        return facts
    labels = _inside(event, "pull_request", "labels")
    return replace(
        facts,
        tips=_commit_ids({"sha": _text(event, "pull_request", "base", "sha")}, ("sha",)),
        source=facts.source or _text(event, "pull_request", "head", "ref"),
        title=_text(event, "pull_request", "title"),
        labels=tuple(name for label in labels if (name := _text(label, "name"))) if isinstance(labels, list) else (),
    )


def _inside(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: object, *keys: str) -> str:
    found = _inside(value, *keys)
    return found if isinstance(found, str) else ""
