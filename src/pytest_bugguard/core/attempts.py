"""How often did a run try each test, and how did each attempt end? By pytest's reports in order. Pure; no I/O.

Plugins that repeat tests are told by what they send. pytest-rerunfailures and pytest-retry name a failed attempt
(``rerun``, ``retried``). flaky drops its call and starts over: two set-ups of one test, with nothing in between that
says how the first went, are an attempt that failed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.outcomes import outcomes_of_phase, worst
from pytest_bugguard.core.recorded_runs import Attempt, Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.outcomes import PhaseReport

_REPEATED = frozenset({"rerun", "retried"})
_PHASES = ("setup", "call", "teardown")
CRASHED = "???"
"""The phase that xdist names where the process died."""


def attempts_of(reports: Iterable[PhaseReport]) -> tuple[Attempt, ...]:
    """Every attempt of a run, test by test in the order in which they began."""
    by_test: dict[str, list[PhaseReport]] = {}
    places: dict[str, int] = {}
    counts: dict[str, int] = defaultdict(int)
    for report in reports:
        seen = by_test.get(report.nodeid)
        if seen is None:
            seen = by_test[report.nodeid] = []
            counts[report.worker] += 1
            places[report.nodeid] = counts[report.worker]
        seen.append(report)
    return tuple(attempt for nodeid, seen in by_test.items() for attempt in _of_test(seen, places[nodeid]))


def _of_test(reports: Sequence[PhaseReport], place: int) -> Iterator[Attempt]:
    if len(reports) == len(_PHASES) and all(map(_went_well, reports, _PHASES)):
        # Nearly every test of nearly every run.
        first, call, last = reports
        duration_s = round(first.duration_s + call.duration_s + last.duration_s, 6)
        yield Attempt(first.nodeid, 1, Outcome.PASSED, "call", duration_s, first.worker, None, place)
        return
    parts = list(_parted(reports))
    for number, part in enumerate(parts, start=1):
        yield _attempt(part, number, place, is_last=number == len(parts))


def _went_well(report: PhaseReport, when: str) -> bool:
    return report.outcome == "passed" and report.when == when and not report.is_xfail


def _parted(reports: Sequence[PhaseReport]) -> Iterator[list[PhaseReport]]:
    part: list[PhaseReport] = []
    is_repeated = False
    for report in reports:
        # Where another plugin runs the phases, subtests are reported before the set-up of their own attempt.
        is_set_up = any(one.when != "call" or one.outcome in _REPEATED for one in part)
        begins = (report.when == "setup" and is_set_up) or (is_repeated and report.when == "call")
        if part and begins:
            yield part
            part, is_repeated = [], False
        part.append(report)
        is_repeated = is_repeated or report.outcome in _REPEATED
    yield part


def _attempt(reports: Sequence[PhaseReport], number: int, place: int, *, is_last: bool) -> Attempt:
    outcome, deciding = _ended(reports, is_last=is_last)
    return Attempt(
        reports[0].nodeid,
        number,
        outcome,
        "crash" if deciding.when == CRASHED else deciding.when,
        round(sum(report.duration_s for report in reports), 6),
        reports[0].worker,
        (deciding.failure or Failure("", "", "")) if outcome is Outcome.FAILED else None,
        place,
    )


def _ended(reports: Sequence[PhaseReport], *, is_last: bool) -> tuple[Outcome, PhaseReport]:
    """How it ended, and the report that says so: the first that failed, else the call, else what there is."""
    told = [(outcome, report) for report in reports for outcome in outcomes_of_phase(report)]
    if told:
        outcome = worst([one for one, _ in told])
        return outcome, next(report for one, report in told if one is outcome)
    # Nothing but phases around a call that nobody has seen: the process died, or a plugin hid what failed.
    hidden = replace(reports[0], when="crash" if is_last else "call")
    return Outcome.FAILED, hidden
