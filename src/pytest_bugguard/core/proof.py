"""Does a test prove a fix: red without it, green with it, and for the right reason? Pure; no I/O.

A test proves a fix where it passed with it and failed without it over behaviour, twice, and where there is evidence
that it used what the fix changed. What falls short of that is called what it is; what cannot be told is ``undecided``.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import doubts, pairing, trial
from pytest_bugguard.core.model import How, MappedTest, Outcome, RedKind, Verdict
from pytest_bugguard.core.reds import one_line, told, unwrapped
from pytest_bugguard.core.runs import End
from pytest_bugguard.core.trial import Use
from pytest_bugguard.core.verdict import Judgement, broken, too_late, unguarded, weak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.core.runs import Case, TestRun
    from pytest_bugguard.core.trial import Row, Trial

_BOTH_WAYS = "red without the fix and green with it"
ONE_CASE = f"1 of 1 case {_BOTH_WAYS}"
"""The reason of a proof of which there is nothing else to say than its one test."""
_MANY_FLIPS = 50
_MANY_FILES = 30


class Proof(Struct, frozen=True):
    """What is said of a fix after its tests ran with it and without it."""

    verdict: Verdict
    reason: str
    next: str
    tests: tuple[MappedTest, ...]
    """A row for each case, ordered by node id: how it ended on both sides, and how it was red."""


def to_repeat(after: TestRun, before: TestRun) -> tuple[str, ...]:
    """Node ids of what passed with the fix and failed without it: run them once more without it.

    A test whose cases have other ids in each run is named as a whole.
    """
    known = {case.nodeid for case in before.cases}
    reds = (
        pair.nodeid if pair.nodeid in known else pairing.test_of(pair.nodeid)
        for pair in pairing.pairs(after.cases, before.cases)
        if pair.one.outcome is Outcome.PASSED and pair.other is not None and _has_failed(before, pair.other)
    )
    return tuple(dict.fromkeys(reds))


def red_with_fix(tests: Sequence[MappedTest], after: TestRun) -> tuple[str, ...]:
    """Node ids of what came to judge a fix and was red with it: a verdict on the fix, if it is red each time."""
    return tuple(
        case.nodeid
        for case in after.cases
        if _is_judged_red(after, case)
        and (not tests or any(pairing.is_case_of(case.nodeid, test.nodeid) for test in tests))
    )


def may_leave_state(after: TestRun, before: TestRun, reds: tuple[str, ...]) -> bool:
    """Whether a run may find what one before it has left: then that, and not the fix, may tell red from green.

    Every run has a tree and temporary folders of its own. So it may where one wrote elsewhere or connected to
    something, or where a test in question started a process, of which not all is seen.
    """
    return any(
        run.reached_out
        or any(case.started_process and any(pairing.is_case_of(case.nodeid, red) for red in reds) for case in run.cases)
        for run in (after, before)
    )


def is_all_red(run: TestRun, targets: tuple[str, ...]) -> bool:
    """Whether all that was asked for came to run, and failed."""
    found = {case.nodeid for case in run.cases} | {pairing.test_of(case.nodeid) for case in run.cases}
    return found.issuperset(targets) and all(_has_failed(run, case) for case in run.cases)


def unreached(after: TestRun, before: TestRun) -> tuple[str, ...]:
    """Node ids of what passed with the fix, and what a run without it that hung or died had not come to yet."""
    if before.end not in {End.TIMEOUT, End.CRASHED}:
        return ()
    pairs = pairing.pairs(after.cases, before.cases)
    return tuple(pair.nodeid for pair in pairs if pair.other is None and pair.one.outcome is Outcome.PASSED)


def to_look_at(after: TestRun, before: TestRun, reds: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the red tests ran nothing of what the fix changed, in either run: it may have run as files were loaded.

    None where it is known already what ran then.
    """
    if before.began:
        return ()
    ran = [case.nodeid for run in (after, before) for case in run.cases if case.executed]
    return tuple(red for red in reds if not any(pairing.is_case_of(nodeid, red) for nodeid in ran))


def judge(tried: Trial) -> Proof:
    """Judge a fix by the runs that were made for it."""
    rows = trial.rows(tried)
    broken = doubts.broken_files(rows)
    findings = _Findings(
        tried,
        tuple(row for row in rows if row.mapped is not None and row.mapped.counts),
        {row.nodeid: doubts.of(row, tried, broken) for row in rows if row.flips},
    )
    judgement = next(filter(None, (look(findings) for look in _LOOKS)), None) or _unproven(findings)
    return Proof(judgement.verdict, judgement.reason, judgement.next, _told(findings, rows))


class _Findings(Struct, frozen=True):
    """The trial with what follows from it at once."""

    tried: Trial
    counting: tuple[Row, ...]
    """The cases of the mapped tests that may guard the fix."""
    flips: dict[str, Judgement | None]
    """What speaks against each case that flips, by node id; None where it is a proof."""

    @property
    def green(self) -> tuple[Row, ...]:
        """Those of the counting cases that passed with the fix."""
        return tuple(row for row in self.counting if row.is_green)


def _leaked(found: _Findings) -> Judgement | None:
    for leak in found.tried.leaks:
        return Judgement(
            Verdict.UNDECIDED,
            f"{leak.path} was loaded from {leak.place}, not from the tree that was to be tested",
            "uninstall that copy, or put the source first: pythonpath in pytest's settings, or pip install -e .",
        )
    return None


def _proven(found: _Findings) -> Judgement | None:
    proving = [nodeid for nodeid, doubt in found.flips.items() if doubt is None]
    if not proving:
        return None
    judged = {*proving, *(row.nodeid for row in found.green)}
    reason = f"{len(proving)} of {_counted(len(judged), 'case')} {_BOTH_WAYS}"
    idle = [row.nodeid for row in found.green if row.red is None]
    if idle:
        reason += f"; not in need of it: {idle[0]}" + (f" and {len(idle) - 1} more" if len(idle) > 1 else "")
    files = max(len(found.tried.changed), len(found.tried.changed_now))
    if len(proving) > _MANY_FLIPS or files > _MANY_FILES:
        reason += "; a broad change, not one bug"
    if found.tried.settings_changed:
        reason += f"; {_listed(found.tried.settings_changed)} changed with it"
    return Judgement(Verdict.PROVEN, reason)


def _doubtful(found: _Findings) -> Judgement | None:
    against = [doubt for doubt in found.flips.values() if doubt is not None]
    return min(against, key=lambda doubt: doubt.verdict is not Verdict.UNSTABLE, default=None)


def _no_test(found: _Findings) -> Judgement | None:
    return None if any(test.counts for test in found.tried.tests) else unguarded(found.tried.tests)


def _broken(found: _Findings) -> Judgement | None:
    for row in found.counting:
        if not _is_judged_red(found.tried.after, row.after):
            continue
        if row.control is not None and row.control.outcome is Outcome.PASSED:
            said = f"{row.nodeid} failed with the fix in place, and passed the next time"
            return Judgement(Verdict.UNSTABLE, said, f"mend the test: bugguard hunt {shlex.quote(row.nodeid)}")
        return too_late(row.nodeid) if found.tried.tests_are_later else broken(row.nodeid)
    return None


def _not_run_with_fix(found: _Findings) -> Judgement | None:
    """Nothing that counts passed with the fix, and nothing that came to judge failed."""
    if found.green:
        return None
    for row in found.counting:
        if found.tried.after.has_cut_off(row.after):
            return Judgement(Verdict.UNDECIDED, *_missing_with_fix(row.nodeid, found.tried.after))
        if row.after.raised is not None:
            return Judgement(
                Verdict.UNDECIDED,
                f"{row.nodeid} does not come past its set-up with the fix: {told(row.after.raised)}",
                f"make it run: pytest {shlex.quote(row.nodeid)}",
            )
        why = f": {one_line(row.after.reason)}" if row.after.reason else ""
        return Judgement(
            Verdict.UNDECIDED, f"{row.nodeid} {_UNJUDGED[row.after.outcome]}{why}", _ENDED_NEXT[row.after.outcome]
        )
    test = next(test for test in found.tried.tests if test.counts)
    return Judgement(Verdict.UNDECIDED, *_missing_with_fix(test.nodeid, found.tried.after))


_UNJUDGED = {
    Outcome.SKIPPED: "was skipped with the fix",
    Outcome.XFAILED: "is expected to fail with the fix too",
    Outcome.XPASSED: "passed with the fix, but is marked as expected to fail",
}
_ENDED_NEXT = {
    Outcome.SKIPPED: "prove it where it runs: another Python, platform or environment",
    Outcome.XFAILED: "let the fix make it pass, and take its xfail mark away",
    Outcome.XPASSED: "take its xfail mark away",
}


def _missing_with_fix(nodeid: str, run: TestRun) -> tuple[str, str]:
    path = nodeid.partition("::")[0]
    by_hand = f"make it run: pytest {shlex.quote(nodeid)}"
    for file in run.uncollected:
        if file.path == path:
            why = told(unwrapped(file.raised)) if file.raised is not None else "pytest could not read it"
            return f"{path} could not be collected with the fix: {why}", by_hand
    if any(pairing.is_case_of(left_out, nodeid) for left_out in run.deselected):
        return (
            f"{nodeid} is left out by the project's own options (-m, -k or --deselect)",
            "let them take it in, or name another test in a trailer: Regression-Test: NODEID",
        )
    if run.end is not End.FINISHED:
        more = one_line(run.detail) or (one_line(run.raised.message) if run.raised is not None else "")
        return f"the run with the fix {_ENDS[run.end]}" + (f": {more}" if more else ""), by_hand
    return f"{nodeid} was not found in the run with the fix", by_hand


_ENDS = {
    End.TIMEOUT: "did not come to an end",
    End.CRASHED: "died",
    End.NOT_STARTED: "could not start",
}


def _weak(found: _Findings) -> Judgement | None:
    for row in found.green:
        if row.red is not None and row.red.kind is RedKind.NEW_API:
            return weak(row.nodeid, row.red)
    return None


def _red_beside_the_point(found: _Findings) -> Judgement | None:
    for row in found.green:
        if row.red is not None:
            why, then = _BESIDE[row.red.kind]
            reason = f"{row.nodeid} {why} without the fix: {row.red.message}"
            if row.red.kind is RedKind.TIMEOUT:
                reason += f" ({row.after.duration_s:.1f} s with it)"
            return Judgement(Verdict.UNDECIDED, reason, then or doubts.look_by_hand(found.tried))
    return None


_BESIDE = {
    RedKind.TIMEOUT: (
        "hangs",
        "let the test fail by itself: with @pytest.mark.timeout(5) of pytest-timeout, or a limit inside it",
    ),
    RedKind.CRASH: ("kills the run", "let the test call the source in a process of its own, and assert on its end"),
    RedKind.FIXTURE: ("does not come past its set-up", ""),
    RedKind.COLLECTION: ("cannot be collected", ""),
    RedKind.IMPORT: ("lacks what the fix does not add", "install what the source without the fix needs"),
    RedKind.SKIPPED: ("does not judge", "let the test run there too: it has to fail without the fix"),
    RedKind.NOT_RUN: ("did not run", ""),
}


def _unproven(found: _Findings) -> Judgement:
    """All that counts passes on both sides."""
    rows, tried = found.green, found.tried
    first, *more = rows
    passes = f"{first.nodeid} passes" if not more else f"{first.nodeid} and {len(more)} more pass"
    has_run = any(row.use in {Use.RAN, Use.LOADED} for row in rows)
    if not has_run and any(doubts.started_process(row) for row in rows):
        return Judgement(
            Verdict.UNDECIDED,
            f"{passes} without the fix too, but in processes that gave no sign of which source they used",
            doubts.look_by_hand(tried),
        )
    return Judgement(
        Verdict.UNPROVEN,
        f"{passes} without the fix too" + ("" if has_run else _untouched(tried, plural=bool(more))),
        f"make it fail on {tried.fix}^ (bugguard prove {tried.fix} --keep leaves you that tree); "
        "if the bug shows only on another Python or platform, a receipt of that CI leg settles it",
    )


def _untouched(tried: Trial, *, plural: bool) -> str:
    if not tried.changed:  # what the fix adds is not there to be used
        return ""
    if tried.loaded.isdisjoint(tried.changed):
        return f", and never {'load' if plural else 'loads'} {doubts.named(tried)}"
    return f", and {'run' if plural else 'runs'} nothing of {doubts.named(tried)}"


_LOOKS = (_leaked, _proven, _doubtful, _no_test, _broken, _not_run_with_fix, _weak, _red_beside_the_point)
"""Asked in this order; the first that has something to say decides."""


def _told(found: _Findings, rows: tuple[Row, ...]) -> tuple[MappedTest, ...]:
    seen = {id(row.mapped) for row in rows}
    unseen = [test for test in found.tried.tests if id(test) not in seen]
    told = [_row(row, found.flips) for row in rows if row.mapped is not None or row.flips]
    return tuple(sorted((*told, *unseen), key=lambda test: test.nodeid))


def _row(row: Row, flips: dict[str, Judgement | None]) -> MappedTest:
    mapped = row.mapped or MappedTest(row.test, How.HELPER_CHANGED, counts=True)
    counts, reason = _standing(row, mapped, flips.get(row.nodeid))
    before = row.before.outcome if row.before is not None else None
    red = row.red if row.is_green or before is not None else None
    return MappedTest(row.nodeid, mapped.change, counts, reason, row.after.outcome, before, red)


def _standing(row: Row, mapped: MappedTest, doubt: Judgement | None) -> tuple[bool, str]:
    """Whether a case guards the fix after what was seen, and why not."""
    if row.flips:
        return doubt is None, (
            mapped.reason if mapped.counts else ""
        ) if doubt is None else f"{doubt.verdict}: no proof"
    if not mapped.counts:
        return False, mapped.reason
    if not row.is_green:
        return False, f"{row.after.outcome} with the fix"
    if row.red is None:
        return False, "passes without the fix too"
    if row.red.kind is RedKind.NEW_API:
        return True, "red only because the API is new"
    return False, "did not judge without the fix"


def _is_judged_red(run: TestRun, case: Case) -> bool:
    """Whether a test came further than its set-up, and failed."""
    return (case.phase != "setup" or case.raised is None) and _has_failed(run, case)


def _has_failed(run: TestRun, case: Case) -> bool:
    return case.outcome is Outcome.FAILED and not run.has_cut_off(case)


def _listed(names: tuple[str, ...]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
