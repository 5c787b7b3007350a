"""What does a JUnit report record, in our own words? Cases as attempts, by our node ids. Pure; no I/O.

There is no standard. pytest writes one element for each test, and a second one where tear-down failed too; Maven's
surefire writes ``flakyFailure`` for what failed before a test passed, and ``rerunFailure`` for what failed after it
had failed; others repeat the element.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core.failures import digest_of, is_project
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, Failure, RecordedRun, Why

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

_PLACE = re.compile(r"^(?P<path>[^\s:][^:\n]*\.\w+):(?P<line>\d+):(?: (?P<kind>[\w.]+)(?=:|$))?", re.MULTILINE)
"""``tests/test_net.py:5: ValueError``; of ``--tb=short`` it ends with ``in test_a``."""
_NATIVE = re.compile(r'^  (?:\|   )?File "(?P<path>[^"<\n]+)", line (?P<line>\d+)', re.MULTILINE)
"""As Python writes it, of a group too, but not of what the group holds."""
_OUTSIDE = re.compile(r"^(?:[A-Za-z]:)?(?:\.{0,2}/)+")
"""What a path begins with that is not below the folder in which pytest was started."""
_TYPE = re.compile(r"(?P<name>[A-Za-z_](?:[\w.]|<locals>)*)(?=:|$)", re.MULTILINE)
_NO_TYPE = "pytest.failure"
"""Said of every failure by pytest of old."""
_PHASE = re.compile(r'failed on (setup|teardown) with "')
_XFAIL = "pytest.xfail"
_TEST_FILE = re.compile(r"test_\w+|\w+_tests?|conftest")
_COMMIT = ("commit", "commit_sha", "git.commit", "git.commit.id", "git_commit", "revision", "github_sha",
           "ci_commit_sha", "circle_sha1", "buildkite_commit", "build_sourceversion")  # fmt: skip
_BRANCH = ("branch", "git.branch", "git_branch", "github_ref_name", "ci_commit_ref_name", "circle_branch",
           "buildkite_branch", "build_sourcebranchname")  # fmt: skip
_NUMBER = ("run_attempt", "github_run_attempt", "attempt")
_COMMIT_ID = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_WHOLE_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")


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
    commit = known.commit or _commit_of(report) or next(iter(_WHOLE_ID.findall(known.path)), "")
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
        attempts=tuple(_attempts(report.cases, _Sources(known.files))),
        number=int(number) if number.isdecimal() and len(number) < 5 and int(number) else 1,  # noqa: PLR2004 - thousands
    )


def _commit_of(report: Report) -> str:
    """A revision may be a version, which many commits have in common: that is none."""
    said = (report.properties.get(name, "") for name in _COMMIT)
    return next(filter(_COMMIT_ID.fullmatch, said), "")


def _property(report: Report, names: Sequence[str]) -> str:
    return next((report.properties[name] for name in names if report.properties.get(name)), "")


class _Sources:
    """The repository's Python files, by what a report calls them."""

    def __init__(self, paths: Collection[str]) -> None:
        self.whole = {_dotted(path): path for path in paths}
        """By their dotted names."""
        self.known = _unique_ends(paths) | self.whole
        """By the ends of these names too: pytest may have run further down."""
        self.tops = {name.partition(".")[0] for name in self.whole}
        """What stands at the repository's top."""
        self._paths = frozenset(paths)

    def project_path(self, seen: str) -> str:
        """A path that pytest wrote, from the repository's top; empty where it is no part of the project."""
        path = seen.replace("\\", "/")
        inner = _OUTSIDE.sub("", path)
        if not is_project(inner):
            return ""
        return self.known.get(_dotted(inner)) or (path if inner == path else self._end_of(inner))

    def _end_of(self, path: str) -> str:
        """The file that a path from further up ends with; a name alone is that of many files."""
        parts = path.split("/")
        ends = ("/".join(parts[start:]) for start in range(1, len(parts) - 1))
        return next((end for end in ends if end in self._paths), "")


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _unique_ends(paths: Collection[str]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        parts = path.split("/")
        for start in range(len(parts)):
            found[_dotted("/".join(parts[start:]))].append(path)
    return {name: same[0] for name, same in found.items() if len(same) == 1}


def _attempts(cases: Sequence[Case], sources: _Sources) -> Iterator[Attempt]:
    skipped = _prefix_size(cases, sources)
    by_test: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.name:
            by_test[_nodeid_of(case, skipped, sources)].append(case)
    for place, (nodeid, same) in enumerate(by_test.items(), start=1):
        ends = [(end, case.duration_s) for case in same for end in _ends(case)]
        for number, ((outcome, ended), duration_s) in enumerate(ends, start=1):
            failure = _failure(ended, sources) if outcome is Outcome.FAILED and ended is not None else None
            yield Attempt(nodeid, number, outcome, _phase(ended), duration_s, failure=failure, place=place)


def _prefix_size(cases: Sequence[Case], sources: _Sources) -> int:
    """How many parts ``--junitprefix`` has put before each class name: as few as hide a file from us.

    A folder is taken for one only where ``file`` shows it. What some tests have and others not is none: reports of
    several runs were put together there, and their tests have to stay apart.
    """
    shared = posixpath.commonprefix([case.classname.split(".") for case in cases])
    behind = {} if shared and shared[0] in sources.tops else sources.whole
    for size in range(len(shared) + 1):
        names = behind if size else sources.known
        if any(_known_place(case.classname.split(".")[size:], case.file, names) for case in cases):
            return size
    return 0


def _nodeid_of(case: Case, skipped: int, sources: _Sources) -> str:
    """``tests/test_net.py::TestRetry::test_slow[a]``: file and classes are in ``classname``, with dots.

    ``file``, which not every report has, is where the test is defined: of one that its class inherits, another file.
    """
    parts = case.classname.split(".")[skipped:]
    place = _known_place(parts, case.file, sources.known) or _likely_place(parts)
    if not place:  # the class name is of another tool, or a test gave it itself
        place = [sources.project_path(case.file) or case.file] if case.file.endswith(".py") else [".".join(parts)]
    return "::".join(filter(None, [*place, case.name]))


def _known_place(parts: Sequence[str], file: str, names: Mapping[str, str]) -> list[str]:
    """The file that a class name begins with, and the classes in it; nothing where it begins with none."""
    own = {_dotted(file): file} if file.endswith(".py") else {}
    for module, classes in _readings(parts):
        path = names.get(module) or own.get(module)
        if path:
            return [path, *classes]
    return []


def _readings(parts: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """A class name as a module and the classes in it, the longest module first.

    What is named like a test file is no class, unless it is in such a file: ``tests.test_gone`` is not in ``tests.py``.
    """
    for size in range(len(parts), 0, -1):
        module, classes = parts[:size], parts[size:]
        if _TEST_FILE.fullmatch(module[-1]) or not any(map(_TEST_FILE.fullmatch, classes)):
            yield ".".join(module), classes


def _likely_place(parts: Sequence[str]) -> list[str]:
    """The same where the file is gone: it is the part that is named like one of pytest's."""
    for size in range(len(parts), 0, -1):
        if _TEST_FILE.fullmatch(parts[size - 1]):
            return ["/".join(parts[:size]) + ".py", *parts[size:]]
    return []


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


def _failure(ended: Ended, sources: _Sources) -> Failure:
    """The same as of our own record of it: the deepest frame in the project, not in what is installed."""
    frames = [*_NATIVE.finditer(ended.text)] or [*_PLACE.finditer(ended.text)]
    inside = [(path, one["line"]) for one in frames if (path := sources.project_path(one["path"]))]
    told = frames[-1].groupdict().get("kind") if frames else None
    said = _said(ended)
    return Failure(_kind(ended.type, said, told or ""), ":".join(inside[-1]) if inside else "", digest_of(said))


def _said(ended: Ended) -> str:
    """The message itself: pytest writes around that of a fixture, and some makers begin the text with it."""
    told = _PHASE.match(ended.message)
    if told:
        return ended.message[told.end() :].removesuffix('"')
    return ended.message or ended.text.strip().partition("\n")[0]


def _kind(type_: str, said: str, told: str) -> str:
    """The exception's own name.

    Args:
        type_: As the maker of the report says it; the other two are asked where it does not.
        said: The message, which begins with it, except for an assertion of pytest's.
        told: What stands behind the last place of the traceback.
    """
    named = _TYPE.match(said)
    kind = (type_ if type_ != _NO_TYPE else "") or (named["name"] if named else told)
    if not kind and (type_ or said.startswith("assert ")):
        kind = "AssertionError"
    return kind.rpartition(".")[2]
