"""What do the recorder's lines and the witnesses' notes say of a run? Folded to a ``TestRun``. Pure; no I/O.

Missing is missing: a test is only what its own reports say, and a run that did not tell of its end has none.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.run_notes import NOTHING, by_node
from pytest_bugguard.core.run_record import Phase, read
from pytest_bugguard.core.runs import Case, End, Misfit, TestRun, Uncollected, Want

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pytest_bugguard.core.run_notes import Facts, Note
    from pytest_bugguard.core.run_record import Log, Test

_UNFINISHED = "it did not come to its end"
_DETAIL_CHARACTERS = 500
_Asked = TypeVar("_Asked", Want, Misfit)


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


def fold(record: bytes, seen: Iterable[Note], ended: Ended) -> TestRun:
    """All that is known of the run. A record that makes no sense is none: a test of the project may have written it."""
    try:
        return _folded(record, seen, ended)
    except _SENSELESS:
        return _folded(b"", (), ended)


def _folded(record: bytes, seen: Iterable[Note], ended: Ended) -> TestRun:
    log = read(record)
    facts = by_node(seen)
    of_all, files = facts.get("", NOTHING), frozenset(_file(test.nodeid) for test in log.tests)
    end = _end(log, ended)
    return TestRun(
        end,
        cases=tuple(_case(test, facts.get(test.node, NOTHING), of_all, files) for test in log.tests),
        uncollected=(*log.uncollected, *(Uncollected(path, None) for path in log.uncollectable)),
        collected=tuple(log.collected or ()),
        deselected=tuple(log.left_out),
        loaded=tuple(of_all.loaded),
        began=tuple(of_all.began),
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
        log = read(record)
        return frozenset(log.uncollectable) if log.collected is None else frozenset()
    except _SENSELESS:
        return frozenset()


def _of_all(asked: Iterable[_Asked], nodeid: str, files: Collection[str]) -> tuple[_Asked, ...]:
    """What was asked for on behalf of no test that a test may have its answer from: by its file, or by a helper."""
    return tuple(one for one in asked if one.asker not in files or one.asker == _file(nodeid))


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _case(test: Test, facts: Facts, of_all: Facts, files: Collection[str]) -> Case:
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


def _deciding(phases: Sequence[Phase]) -> tuple[Outcome, Phase]:
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
        return Outcome.FAILED, Phase(missing[0], "", is_xfail=False, reason=_UNFINISHED, raised=None, duration_s=0.0)
    return (Outcome.XPASSED if done["call"].is_xfail else Outcome.PASSED), done["call"]


def _end(log: Log, ended: Ended) -> End:
    if log.is_finished and log.is_whole and log.collected is not None and not _unrun(log) and not log.is_internal_error:
        return End.FINISHED
    if ended.is_timeout:
        return End.TIMEOUT
    return End.NOT_STARTED if log.collected is None and not log.is_internal_error and not ended.signal else End.CRASHED


def _unrun(log: Log) -> list[str]:
    return list((Counter(log.collected) - Counter(test.nodeid for test in log.tests)).elements())


def _detail(log: Log, ended: Ended) -> str:
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
