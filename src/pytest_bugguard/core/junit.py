"""What does a JUnit report record, in our own words? Cases as attempts, by our node ids. Pure; no I/O.

There is no standard. pytest writes one element for each test, and a second one where tear-down failed too; Maven's
surefire writes ``flakyFailure`` for what failed before a test passed, and ``rerunFailure`` for what failed after it
had failed; others repeat the element.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core.failures import digest_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Failure, RecordedRun, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*\.\w+):(?P<line>\d+):(?: (?P<kind>[\w.]+))?", re.MULTILINE)
_TYPE = re.compile(r"(?:failed on (?:setup|teardown) with \")?(?P<name>[A-Za-z_][\w.]*)(?=:|$)")
_PHASE = re.compile(r"failed on (setup|teardown) with ")
_XFAIL = "pytest.xfail"
_TEST_FILE = re.compile(r"test_\w+|\w+_tests?|conftest")
_COMMIT = ("commit", "commit_sha", "git.commit", "git.commit.id", "git_commit", "revision", "github_sha",
           "ci_commit_sha", "circle_sha1", "buildkite_commit", "build_sourceversion")  # fmt: skip
_BRANCH = ("branch", "git.branch", "git_branch", "github_ref_name", "ci_commit_ref_name", "circle_branch",
           "buildkite_branch", "build_sourcebranchname")  # fmt: skip
_NUMBER = ("run_attempt", "github_run_attempt", "attempt")
_COMMIT_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


class Ended(Struct, frozen=True):
    """An element inside of a case that says how it went."""

    tag: str
    """``failure``, ``error``, ``skipped``, ``flakyFailure``, ``rerunError``, ..."""
    type: str
    message: str
    text: str


class Case(Struct):
    """One element ``testcase``."""

    classname: str
    name: str
    file: str
    duration_s: float
    ended: list[Ended] = field(default_factory=list)


class Report(NamedTuple):
    """One file, as it was read."""

    started_s: int | None
    """None: it does not say."""
    duration_s: float
    properties: Mapping[str, str]
    """Names in lower case."""
    cases: Sequence[Case]


class Known(NamedTuple):
    """What the repository and the caller know of the run behind a report, where it does not say so itself."""

    id: str
    written_s: int
    """When the file was written."""
    path: str
    """Where it lay: a whole commit id in it is taken for the run's."""
    files: Collection[str]
    """The repository's Python files."""
    tree_of: Callable[[str], str]
    """The tree of a commit; empty where the repository has no such commit."""
    commit: str = ""
    branch: str = ""
    environment: str = ""
    """A name for it."""


def run_of(report: Report, known: Known) -> RecordedRun:
    """The run behind a report. The same report gives the same run."""
    commit = known.commit or _property(report, _COMMIT) or next(iter(_COMMIT_ID.findall(known.path)), "")
    environment = known.environment or report.properties.get("environment", "")
    number = _property(report, _NUMBER)
    where = Circumstances(
        commit=commit,
        tree=(known.tree_of(commit) or commit) if commit else "",
        branch=known.branch or _property(report, _BRANCH),
        environment=environment,
        environment_words=environment,
    )
    return RecordedRun(
        id=known.id,
        why=Why.IMPORT,
        started_s=known.written_s if report.started_s is None else report.started_s,
        duration_s=report.duration_s,
        circumstances=where,
        attempts=tuple(_attempts(report.cases, known.files)),
        number=int(number) if number.isdecimal() and len(number) < 5 and int(number) else 1,  # noqa: PLR2004 - thousands
    )


def _property(report: Report, names: Sequence[str]) -> str:
    return next((report.properties[name] for name in names if report.properties.get(name)), "")


def _attempts(cases: Sequence[Case], files: Collection[str]) -> Iterator[Attempt]:
    modules = _modules(files)
    by_test: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.name:
            by_test[nodeid_of(case, modules)].append(case)
    for place, (nodeid, same) in enumerate(by_test.items(), start=1):
        ends = [(end, case.duration_s) for case in same for end in _ends(case)]
        for number, ((outcome, ended), duration_s) in enumerate(ends, start=1):
            failure = _failure(ended) if outcome is Outcome.FAILED and ended is not None else None
            yield Attempt(nodeid, number, outcome, _phase(ended), duration_s, failure=failure, place=place)


def _ends(case: Case) -> Iterator[tuple[Outcome, Ended | None]]:
    """Each attempt of one element, the first one first."""
    before = [one for one in case.ended if one.tag.startswith("flaky")]
    after = [one for one in case.ended if one.tag.startswith("rerun")]
    last = [one for one in case.ended if one not in before and one not in after]
    yield from ((Outcome.FAILED, one) for one in before)
    red = next((one for one in last if one.tag in {"failure", "error"}), None)
    skipped = next((one for one in last if one.tag == "skipped"), None)
    if red is not None:
        yield Outcome.FAILED, red
    elif skipped is not None:
        yield (Outcome.XFAILED if skipped.type == _XFAIL else Outcome.SKIPPED), None
    elif not after:
        yield Outcome.PASSED, None
    yield from ((Outcome.FAILED, one) for one in after)


def _phase(ended: Ended | None) -> str:
    told = _PHASE.match(ended.message) if ended is not None else None
    return told[1] if told else "call"


def _failure(ended: Ended) -> Failure:
    places = list(_PLACE.finditer(ended.text))
    where = places[-1] if places else None
    named = _TYPE.match(ended.message)
    kind = (where and where["kind"]) or ended.type or (named and named["name"]) or ""
    if kind == "pytest.failure" or (not kind and ended.message.startswith("assert ")):
        kind = "AssertionError"
    message = ended.message or ended.text.strip().partition("\n")[0]
    return Failure(kind.rpartition(".")[2], f"{where['path']}:{where['line']}" if where else "", digest_of(message))


def _modules(files: Collection[str]) -> dict[str, str]:
    """Files by dotted names, and by their ends where no two share one: pytest may have run further down."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in files:
        parts = path.removesuffix(".py").split("/")
        for start in range(len(parts)):
            found[".".join(parts[start:])].append(path)
    whole = {path.removesuffix(".py").replace("/", "."): path for path in files}
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1} | whole


def nodeid_of(case: Case, modules: Mapping[str, str]) -> str:
    """``tests/test_net.py::TestRetry::test_slow[a]``: the file is in ``file``, or only dotted in ``classname``.

    Where no file of the repository fits, the module is what is named like one of pytest's; of other tools' reports the
    class name stands as it is.
    """
    parts = case.classname.split(".")
    if case.file.endswith(".py"):
        depth = len(case.file.removesuffix(".py").split("/"))
        return "::".join([case.file, *parts[depth:], case.name])
    for size in range(len(parts), 0, -1):
        path = modules.get(".".join(parts[:size]))
        if path is not None:
            return "::".join([path, *parts[size:], case.name])
    at = next((place for place in reversed(range(len(parts))) if _TEST_FILE.fullmatch(parts[place])), None)
    if at is not None:
        return "::".join(["/".join(parts[: at + 1]) + ".py", *parts[at + 1 :], case.name])
    return "::".join(filter(None, [case.classname, case.name]))
