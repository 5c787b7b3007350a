"""What is said of a fix, why, and what to do next. Pure; no I/O."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import collection
from pytest_bugguard.core.doctests import SHARES_FILE
from pytest_bugguard.core.model import MappedTest, NotAFix, Outcome, Record, RedKind, Verdict, Waiver

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pytest_bugguard.core.model import Quarantine, Red

_ADD_A_TEST = "add a test that fails without it, or name one in a trailer: Regression-Test: tests/...::..."
NO_SUCH_TEST = "is named by a trailer, but there is no such test"
_NAME_A_TEST = "name its test in a trailer: Regression-Test: NODEID"
_CUT_SHORT = "the clone ends within what it merges: whether that holds a fix is not known"
_DEEPEN = "fetch the whole history: git fetch --unshallow (in CI: fetch-depth: 0)"


_EXCUSABLE = frozenset(
    {
        Verdict.UNGUARDED,
        Verdict.UNPROVEN,
        Verdict.UNSTABLE,
        Verdict.WEAK,
        Verdict.UNDECIDED,
        Verdict.BROKEN,
    }
)


class Judgement(Struct, frozen=True):
    """A verdict with its reason and the next action."""

    verdict: Verdict
    reason: str = ""
    next: str = ""


class Scope(Struct, frozen=True):
    """What is known of a unit besides its record."""

    is_boundary: bool = False
    is_cut_short: bool = False
    """Whether it is a fix hangs on commits that the clone lacks."""
    is_root: bool = False
    behaviour_changed: bool = True


def judge(record: Record, scope: Scope) -> Judgement:
    """Judge a unit from what it is, what it changed and which tests it brought; waivers come after (``waive``)."""
    if unknown := _cut_off(record, scope):
        return Judgement(Verdict.UNDECIDED, unknown, _DEEPEN)
    if isinstance(record.recognition, NotAFix):
        return Judgement(Verdict.NOT_APPLICABLE, _why_no_fix(record.recognition))
    if scope.is_root:
        return Judgement(Verdict.NOT_APPLICABLE, "the first commit repairs nothing that was there before")
    if not record.files.source:
        return Judgement(Verdict.NOT_APPLICABLE, _NO_FIX["no-source"])
    if not scope.behaviour_changed:
        return Judgement(Verdict.NOT_APPLICABLE, _NO_FIX["same-behaviour"])
    return judge_tests(record)


def _cut_off(record: Record, scope: Scope) -> str:
    """What a shallow clone lacks to judge a unit by; empty where nothing would turn its verdict."""
    if scope.is_boundary:
        return "the clone ends here: what this commit changed is not known"
    changes_the_product = record.files.source and scope.behaviour_changed
    if scope.is_cut_short and changes_the_product and judge_tests(record).verdict is Verdict.UNGUARDED:
        return _CUT_SHORT
    return ""


def cut_short(record: Record) -> Record:
    """The record of a merge that may hold a fix which the clone does not show, whatever tests it brings."""
    return replace(record, verdict=Verdict.UNDECIDED, reason=_CUT_SHORT, next=_DEEPEN)


_NO_FIX = {
    "none": "no sign of a bug fix",
    "no-source": "changes no source file",
    "same-behaviour": "changes only comments, docstrings, annotations or its version",
}


def _why_no_fix(recognition: NotAFix) -> str:
    if recognition.rule in _NO_FIX:
        return _NO_FIX[recognition.rule]
    return f"not a fix by {recognition.rule}" + (f": {recognition.matched}" if recognition.matched else "")


def judge_tests(record: Record) -> Judgement:
    """Judge a fix from the tests that it brought."""
    counting = [test for test in record.tests if test.counts]
    if counting:
        return Judgement(Verdict.GUARDED, f"{_tests(len(counting))} came with it")
    if record.unreadable:
        named = "; ".join(f"{file.path}: {file.reason}" for file in record.unreadable)
        cure = next((file.cure for file in record.unreadable if file.cure), _NAME_A_TEST)
        return Judgement(Verdict.UNDECIDED, f"could not look into {named}", cure)
    if shared := [test for test in record.tests if test.reason == SHARES_FILE]:
        return Judgement(
            Verdict.UNDECIDED,
            f"{shared[0].nodeid} {SHARES_FILE}: whether it fails without the fix cannot be told",
            "put the example into a test file, or name a test in a trailer: Regression-Test: NODEID",
        )
    if not record.tests and record.files.test:
        return Judgement(Verdict.UNGUARDED, f"changes {record.files.test[0]} but no test in it", _ADD_A_TEST)
    return unguarded(record.tests)


def unguarded(tests: Sequence[MappedTest]) -> Judgement:
    """No test of these counts, or there is none."""
    if not tests:
        return Judgement(Verdict.UNGUARDED, "brings no test", _ADD_A_TEST)
    mend = f"mend {tests[0].nodeid} so that it fails without the fix, or add another test"
    if tests[0].reason == NO_SUCH_TEST:
        mend = "add that test, or name one that is there: Regression-Test: tests/...::..."
    elif tests[0].reason.startswith(collection.BESIDE):
        mend = "let tests = [...] in the settings name its folder if another run collects it, else add a test inside"
    elif tests[0].reason.startswith(collection.NEVER):
        mend = f"have pytest collect {tests[0].nodeid}, or add a test where it looks"
    return Judgement(Verdict.UNGUARDED, _why_none_counts(tests), mend)


def _why_none_counts(tests: Sequence[MappedTest]) -> str:
    first = tests[0]
    others = len(tests) - 1
    more = f" ({'nor does' if others == 1 else 'nor do'} {_tests(others)} more)" if others else ""
    return f"its test does not count: {first.nodeid} {first.reason}{more}"


def _tests(count: int) -> str:
    return f"{count} test" if count == 1 else f"{count} tests"


def judge_run(record: Record) -> Judgement:
    """Judge a guarded fix again after a run: its tests carry how they ended (``after``)."""
    if any(test.counts and test.after is Outcome.PASSED for test in record.tests):
        return Judgement(Verdict.GUARDED, record.reason)
    ran = [test for test in record.tests if test.after is not None]
    if any(test.after is Outcome.FAILED for test in ran):
        return broken(next(test.nodeid for test in ran if test.after is Outcome.FAILED))
    missing = next((test for test in record.tests if test.counts and test.after is None), None)
    if missing is not None:
        return Judgement(
            Verdict.UNDECIDED,
            f"{missing.nodeid} was not run",
            "run it too: no -k, -m, --lf or path that leaves it out",
        )
    ended = ran[0]
    return Judgement(
        Verdict.UNGUARDED, f"its test guards nothing here: {ended.nodeid} {ended.after}", f"make {ended.nodeid} run"
    )


def without_quarantined(record: Record, entries: Sequence[Quarantine]) -> Record:
    """The record with no test counted that is in quarantine, or of which a case is: nobody can lean on it."""
    held = {entry.test.partition("[")[0]: entry for entry in entries}
    tests = tuple(_held_back(test, held.get(test.nodeid.partition("[")[0])) for test in record.tests)
    kept = replace(record, tests=tests)
    if tests == record.tests or record.verdict not in _LEANING:
        return kept
    said = _leaning(kept)
    return replace(kept, verdict=said.verdict, reason=said.reason, next=said.next)


_LEANING = frozenset({Verdict.GUARDED, Verdict.PROVEN, Verdict.WEAK})
"""The verdicts that lean on tests which count."""


def _leaning(record: Record) -> Judgement:
    """What the tests that are left say, where some that counted are in quarantine."""
    counting = [test for test in record.tests if test.counts]
    if counting and record.verdict is Verdict.GUARDED:
        return Judgement(Verdict.GUARDED, f"{_tests(len(counting))} came with it")
    if any(test.red is not None and test.red.kind is not RedKind.NEW_API for test in counting):
        return Judgement(record.verdict, f"{record.reason}; not counted: what is in quarantine", record.next)
    for test in counting:
        if test.red is not None:
            return weak(test.nodeid, test.red)
    said = unguarded([test for test in record.tests if test.reason.startswith(_IN_QUARANTINE)])
    return replace(said, next="mend it and take it out of quarantine, or add another test")


def broken(nodeid: str) -> Judgement:
    """A test that is red with the fix in place too."""
    return Judgement(Verdict.BROKEN, f"{nodeid} fails with the fix in place", f"pytest {shlex.quote(nodeid)}")


def taken_back(record: Record) -> Record:
    """The record of a fix that a later commit of the same change undoes: there is nothing left to guard."""
    return replace(record, verdict=Verdict.NOT_APPLICABLE, reason="a later commit of the change takes it back", next="")


def too_late(nodeid: str) -> Judgement:
    """A test of a later commit that is red with the fix alone."""
    return Judgement(
        Verdict.UNDECIDED,
        f"{nodeid}, which came with a later commit, asks for more than this fix, and what it changed has changed since",
        "name the test that guards it in a trailer: Regression-Test: NODEID",
    )


def weak(nodeid: str, red: Red) -> Judgement:
    """A test that was red without the fix, but only for want of a name that the fix adds."""
    return Judgement(
        Verdict.WEAK,
        f"{nodeid} is red without the fix only because the API is new: {red.message}",
        "test it through a name that was there before the fix; if the fix also renames, split it",
    )


_IN_QUARANTINE = "is in quarantine ("


def _held_back(test: MappedTest, entry: Quarantine | None) -> MappedTest:
    if entry is None or not test.counts:
        return test
    return replace(test, counts=False, reason=f"{_IN_QUARANTINE}{entry.owner}: {entry.reason})")


def waive(record: Record, waivers: Sequence[Waiver], *, today: dt.date) -> Record:
    """The record with the waiver that speaks for it, if any; a guarded fix needs none and keeps its verdict.

    A waiver that the record carries already comes from its own commit message. An overdue one leaves the verdict
    and says whose it is and since when.
    """
    if record.verdict not in _EXCUSABLE or not record.is_fix:
        return replace(record, waiver=None)
    waiver = next((waiver for waiver in waivers if record.sha.startswith(waiver.fix.lower())), record.waiver)
    if waiver is None:
        return record
    if not waiver.reason:
        unsaid = f"{record.reason}; its waiver gives no reason"
        return replace(record, waiver=waiver, reason=unsaid, next="say why in the trailer: Bugguard: waive REASON")
    if waiver.expires is not None and waiver.expires < today:
        overdue = f"{record.reason}; the waiver of {waiver.owner} ended on {waiver.expires.isoformat()}"
        cure = f"{waiver.owner}: bring the test, or agree on a new date in the waiver"
        return replace(record, waiver=waiver, reason=overdue, next=cure)
    return replace(record, waiver=waiver, verdict=Verdict.WAIVED, reason=waiver.reason, next="")
