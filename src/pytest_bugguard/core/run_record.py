"""What did the recorder write down of a run? Its lines, one by one, as they tell of tests. Pure; no I/O.

Missing is missing: of a line that is not there, or makes no sense, nothing is made up.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct, field

from pytest_bugguard.core.runs import Claim, Frame, Helper, Raised, Uncollected

_USAGE_ERROR = 4


class Phase(Struct):
    """A report of pytest's on one phase of a test, or on one of its subtests."""

    when: str
    outcome: str
    is_xfail: bool
    reason: str
    raised: Raised | None
    duration_s: float
    subtest: str | None = None


class Test(Struct):
    """A test, one time that it ran."""

    nodeid: str
    number: int
    node: str = ""
    has_limit: bool = False
    phases: dict[int, Phase] = field(default_factory=dict)
    """By the number of their line."""
    threads: list[Raised] = field(default_factory=list)


class Log(Struct):
    """What all lines together say."""

    tests: list[Test] = field(default_factory=list)
    latest: dict[str, Test] = field(default_factory=dict)
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


def read(record: bytes) -> Log:
    """All that the lines of a record say, up to the first that is missing or was cut off.

    Raises:
        ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError: The recorder did not write it.
    """
    log = Log()
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


def _take(log: Log, event: dict[str, Any]) -> None:
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


def _take_of_test(log: Log, event: dict[str, Any]) -> None:
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


def _begun(log: Log, nodeid: str) -> Test:
    before = log.latest.get(nodeid)
    test = log.latest[nodeid] = Test(nodeid, before.number + 1 if before is not None else 1)
    log.tests.append(test)
    return test


def _phase(event: dict[str, Any]) -> Phase:
    return Phase(
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
        tuple((name, kind) for name, kind in facts["kinds"]),
    )
