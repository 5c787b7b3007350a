"""What do the recorder's lines and the witnesses' notes say of a run? Folded to a ``TestRun``. Pure; no I/O.

Missing is missing: a test is only what its own reports say, and a run that did not tell of its end has none.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.runs import (
    Case,
    Claim,
    End,
    Frame,
    Helper,
    Loaded,
    Misfit,
    Raised,
    TestRun,
    Uncollected,
    Undressed,
    Want,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_UNFINISHED = "it did not come to its end"
_USAGE_ERROR = 4
_DETAIL_CHARACTERS = 500
_Asked = TypeVar("_Asked", Want, Misfit)


class Note(NamedTuple):
    """One fact that a process of the run wrote down about a watched file."""

    kind: str
    """``loaded``, ``executed``, ``read``, ``taken``, ``bared``, ``process``, ``wanted``, ``misfit``, ``undressed``."""
    path: str
    """Where it is ``wanted``: the last part of a name, not a path. Where it is a ``misfit``: what was said."""
    place: str
    """Where it is ``loaded``: from where, if not from the tree. Where it is a ``misfit``: who called. Where it is
    ``wanted``: where it was looked for and by whom, on two lines. Where it is ``undressed``: why. Where it is
    ``taken``: by which file, empty for a test."""
    node: str
    """The test on whose behalf, as pytest names it; empty outside of tests, and where it is ``loaded``."""


_SENSELESS = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What comes of a record that the recorder did not write."""


class Ended(Struct, frozen=True):
    """How the process came to its end, as seen from outside."""

    status: int | None
    """Negative: the number of the signal that ended it. None: it could not be started."""
    is_timeout: bool = False
    duration_s: float = 0.0
    output: str = ""
    survivors: int = 0
    signal: str = ""
    """The signal's name, where there was one."""


def notes(content: bytes) -> tuple[Note, ...]:
    """The notes of one process; one that is cut off is no note."""
    fields = [part.decode("utf-8", "surrogateescape") for part in content.split(b"\0")[:-1]]
    return tuple(Note(*fields[start : start + 4]) for start in range(0, len(fields) - 3, 4))


def fold(record: bytes, seen: Iterable[Note], ended: Ended) -> TestRun:
    """All that is known of the run. A record that makes no sense is none: a test of the project may have written it."""
    try:
        return _folded(record, seen, ended)
    except _SENSELESS:
        return _folded(b"", (), ended)


def _folded(record: bytes, seen: Iterable[Note], ended: Ended) -> TestRun:
    log = _read(record)
    facts = _by_node(seen)
    of_all, files = facts.get("", _NO_FACTS), frozenset(_file(test.nodeid) for test in log.tests)
    end = _end(log, ended)
    return TestRun(
        end,
        cases=tuple(_case(test, facts.get(test.node, _NO_FACTS), of_all, files) for test in log.tests),
        uncollected=(*log.uncollected, *(Uncollected(path, None) for path in log.uncollectable)),
        collected=tuple(log.collected or ()),
        deselected=tuple(log.left_out),
        loaded=tuple(of_all.loaded),
        bared=tuple(sorted(of_all.bared)),
        undressed=tuple(of_all.undressed),
        reached_out=of_all.reached_out,
        running="" if end is End.FINISHED else log.running,
        detail="" if end is End.FINISHED else _detail(log, ended),
        raised=None if end is End.FINISHED else log.raised,
        duration_s=ended.duration_s,
        output=ended.output,
        survivors=ended.survivors,
    )


def refused(record: bytes) -> frozenset[str]:
    """The targets for which pytest gave up before it ran any test: the others deserve another try without them."""
    try:
        log = _read(record)
        return frozenset(log.uncollectable) if log.collected is None else frozenset()
    except _SENSELESS:
        return frozenset()


class _Phase(Struct):
    when: str
    outcome: str
    is_xfail: bool
    reason: str
    raised: Raised | None
    duration_s: float
    subtest: str | None = None


class _Test(Struct):
    nodeid: str
    number: int
    node: str = ""
    has_limit: bool = False
    phases: dict[int, _Phase] = field(default_factory=dict)
    """By the number of their line."""
    threads: list[Raised] = field(default_factory=list)


class _Log(Struct):
    tests: list[_Test] = field(default_factory=list)
    latest: dict[str, _Test] = field(default_factory=dict)
    """By node id: the last time that it ran."""
    collected: list[str] | None = None
    left_out: list[str] = field(default_factory=list)
    uncollectable: list[str] = field(default_factory=list)
    uncollected: list[Uncollected] = field(default_factory=list)
    running: str = ""
    raised: Raised | None = None
    stop: str = ""
    status: int | None = None
    is_internal_error: bool = False
    is_finished: bool = False
    is_whole: bool = True
    """No line is missing."""


def _read(record: bytes) -> _Log:
    log = _Log()
    for number, line in enumerate(record.split(b"\n")[:-1], start=1):
        try:
            event = json.loads(line)
        except ValueError:
            log.is_whole = False
            break
        if event["n"] != number:
            log.is_whole = False
            break
        _take(log, event)
    if log.status == _USAGE_ERROR:
        log.collected = None  # pytest calls that finished all the same
    return log


def _take(log: _Log, event: dict[str, Any]) -> None:
    match event["event"]:
        case "collected":
            log.collected, log.left_out = event["ids"], event["left_out"]
        case "refused":
            log.uncollectable.append(event["path"])
        case "uncollected":
            log.uncollected.append(Uncollected(event["path"], _raised(event["raised"])))
        case "no-start" | "interrupted":
            log.raised = log.raised or _raised(event["raised"])
        case "internal-error":
            log.raised, log.is_internal_error = _raised(event["raised"]), True
        case "finished":
            log.is_finished, log.stop, log.status = True, event["stop"], event["status"]
        case _:
            _take_of_test(log, event)


def _take_of_test(log: _Log, event: dict[str, Any]) -> None:
    match event["event"]:
        case "test":
            log.running = event["id"]
            test = _begun(log, event["id"])
            test.node, test.has_limit = event["node"], event["limit"]
        case "report":
            test = log.latest.get(event["id"]) or _begun(log, event["id"])
            test.phases[event["n"]] = _phase(event)
        case "subtest" if log.running:
            log.latest[log.running].phases[event["of"]].subtest = event["description"]
        case "thread" if log.running:
            log.latest[log.running].threads.extend(filter(None, [_raised(event["raised"])]))


def _begun(log: _Log, nodeid: str) -> _Test:
    before = log.latest.get(nodeid)
    test = log.latest[nodeid] = _Test(nodeid, before.number + 1 if before is not None else 1)
    log.tests.append(test)
    return test


def _phase(event: dict[str, Any]) -> _Phase:
    return _Phase(
        event["when"],
        event["outcome"],
        event.get("xfail", False),
        event.get("reason", ""),
        _raised(event.get("raised")),
        event["duration"],
    )


def _raised(facts: dict[str, Any] | None) -> Raised | None:
    if facts is None:
        return None
    return Raised(
        facts["type"],
        tuple(facts["bases"]),
        facts["message"],
        tuple(Frame(*frame) for frame in facts["frames"]),
        facts["missing"],
        facts["owner"],
        _raised(facts["cause"]),
        tuple(inner for inner in map(_raised, facts["inner"]) if inner is not None),
        _claim(facts["claim"]),
    )


def _claim(facts: dict[str, Any] | None) -> Claim | None:
    if facts is None:
        return None
    return Claim(
        facts["source"],
        facts["line"],
        tuple((name, tuple(texts)) for name, texts in facts["strings"]),
        tuple(Helper(*helper) for helper in facts["helpers"]),
    )


class _Facts(Struct):
    loaded: list[Loaded] = field(default_factory=list)
    executed: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    bared: set[str] = field(default_factory=set)
    undressed: list[Undressed] = field(default_factory=list)
    reached_out: bool = False
    started_process: bool = False
    wanted: list[Want] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


_NO_FACTS = _Facts()


def _by_node(seen: Iterable[Note]) -> dict[str, _Facts]:
    facts: dict[str, _Facts] = {}
    for note in sorted(set(seen)):
        of = facts.setdefault(note.node, _Facts())
        match note.kind:
            case "loaded":
                of.loaded.append(Loaded(note.path, note.place))
            case "taken":
                of.taken.add(note.place)
            case "bared" | "executed" | "read":
                getattr(of, note.kind).add(note.path)
            case "undressed":
                of.undressed.append(Undressed(note.path, note.place))
            case "outside":
                of.reached_out = True
            case "wanted":
                owner, _, asker = note.place.partition("\n")
                of.wanted.append(Want(note.path, owner, asker))
            case "misfit":
                of.misfits.append(Misfit(note.path, note.place))
            case _:
                of.started_process = True
    return facts


def _of_all(asked: Iterable[_Asked], nodeid: str, files: Collection[str]) -> tuple[_Asked, ...]:
    """What was asked for on behalf of no test that a test may have its answer from: by its file, or by a helper."""
    return tuple(one for one in asked if one.asker not in files or one.asker == _file(nodeid))


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _case(test: _Test, facts: _Facts, of_all: _Facts, files: Collection[str]) -> Case:
    phases = [phase for phase in test.phases.values() if phase.subtest is None]
    failed = tuple(
        (phase.subtest, phase.raised)
        for phase in test.phases.values()
        if phase.subtest is not None and phase.outcome == "failed" and phase.raised is not None
    )
    outcome, deciding = _deciding(phases)
    if failed and deciding.raised is None:
        # pytest's own report of the test speaks of the number of its subtests, if it says anything.
        outcome, deciding = Outcome.FAILED, replace(deciding, when="call", reason="", raised=failed[0][1])
    return Case(
        test.nodeid,
        outcome,
        deciding.when,
        deciding.raised if outcome is Outcome.FAILED else None,
        deciding.reason,
        sum(phase.duration_s for phase in phases),
        tuple(sorted(facts.executed)),
        tuple(sorted(facts.read)),
        facts.started_process,
        (*facts.wanted, *_of_all(of_all.wanted, test.nodeid, files)),
        (*facts.misfits, *_of_all(of_all.misfits, test.nodeid, files)),
        failed,
        test.has_limit,
        test.number,
        tuple(test.threads),
        tuple(sorted(facts.bared)),
        tuple(sorted(facts.taken)),
    )


def _deciding(phases: Sequence[_Phase]) -> tuple[Outcome, _Phase]:
    """How a test ended, and the report that says so: the first failure, else a skip, else its call."""
    for phase in phases:
        # An exception in a report that calls itself passed: somebody has painted it green.
        if phase.outcome == "failed" or (phase.outcome == "passed" and phase.raised is not None):
            return Outcome.FAILED, phase
    for phase in phases:
        if phase.outcome == "skipped":
            return (Outcome.XFAILED if phase.is_xfail else Outcome.SKIPPED), phase
    done = {phase.when: phase for phase in phases}
    if missing := [when for when in ("setup", "call", "teardown") if when not in done]:
        return Outcome.FAILED, _Phase(missing[0], "", is_xfail=False, reason=_UNFINISHED, raised=None, duration_s=0.0)
    return (Outcome.XPASSED if done["call"].is_xfail else Outcome.PASSED), done["call"]


def _end(log: _Log, ended: Ended) -> End:
    if log.is_finished and log.is_whole and log.collected is not None and not _unrun(log) and not log.is_internal_error:
        return End.FINISHED
    if ended.is_timeout:
        return End.TIMEOUT
    return End.NOT_STARTED if log.collected is None and not log.is_internal_error and not ended.signal else End.CRASHED


def _unrun(log: _Log) -> list[str]:
    return list((Counter(log.collected) - Counter(test.nodeid for test in log.tests)).elements())


def _detail(log: _Log, ended: Ended) -> str:
    """One line on why there is no proper end, from the strongest sign to the weakest."""
    if ended.is_timeout or ended.signal:
        return (
            f"its process was ended by {ended.signal}" if ended.signal else "it was still running when its time was up"
        )
    if log.raised is not None:
        return _one_line(f"{log.raised.type.rpartition('.')[2]}: {log.raised.message}")
    if log.collected is None:
        return _last_words(ended) or f"pytest left with exit status {ended.status}"
    if not log.is_whole:
        return "lines of its record are missing"
    if log.is_finished:
        return _one_line(f"pytest stopped before {len(_unrun(log))} of its tests: {log.stop}".removesuffix(": "))
    return f"its process left with exit status {ended.status} before pytest said that it had ended"


def _last_words(ended: Ended) -> str:
    """What pytest complained of, or the last line that was printed at all."""
    said = [line.strip() for line in ended.output.splitlines() if line.strip()]
    complaints = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ") or ": error: " in line]
    return _one_line((complaints or said or [""])[-1])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_DETAIL_CHARACTERS]
