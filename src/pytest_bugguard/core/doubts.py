"""Why may a test that is red without the fix and green with it still be no proof? Pure; no I/O."""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_bugguard.core.model import Outcome, RedKind, Verdict
from pytest_bugguard.core.reds import BEHAVIOUR
from pytest_bugguard.core.trial import Use
from pytest_bugguard.core.verdict import Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_bugguard.core.trial import Row, Trial


_CALL_IT = "let the test call what the fix changed, and assert on what comes out"


def of(row: Row, tried: Trial, broken_files: frozenset[str]) -> Judgement | None:
    """What speaks against a row that flips; None where nothing does, and it is a proof."""
    if _file(row) in broken_files:
        return _broken_tree(row, tried)
    looks = (_repeat, _veil, _control, _use, _stranger)
    return next(filter(None, (look(row, tried) for look in looks)), None)


def broken_files(rows: Iterable[Row]) -> frozenset[str]:
    """Files in which every test fails without the fix with one same error, tests that the fix did not touch too.

    New tests that all meet the same bug are no sign of that: one at least must have been there before.
    """
    by_file: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.is_green:
            by_file[_file(row)].append(row)
    return frozenset(path for path, found in by_file.items() if _share_an_error(found))


def _share_an_error(rows: Sequence[Row]) -> bool:
    errors = {(row.red.kind, row.red.message) if row.red is not None else None for row in rows}
    return (
        len(errors) == 1
        and None not in errors
        and len({row.test for row in rows}) > 1
        and any(row.mapped is None for row in rows)
        and all(row.flips for row in rows)
    )


def _file(row: Row) -> str:
    return row.nodeid.partition("::")[0]


def _broken_tree(row: Row, tried: Trial) -> Judgement:
    message = row.red.message if row.red is not None else ""
    return Judgement(
        Verdict.UNDECIDED,
        f"every test of {_file(row)} fails without the fix in the same way ({message}): "
        "that tells of a broken tree, not of the bug",
        look_by_hand(tried),
    )


def _repeat(row: Row, tried: Trial) -> Judgement | None:
    if row.is_red_again:
        return None
    red = row.red.message if row.red is not None else ""
    if row.again is None or (row.again_red is not None and row.again_red.kind not in BEHAVIOUR):
        then = row.again_red.message if row.again_red is not None else "it was not run again"
        return Judgement(
            Verdict.UNDECIDED, f"{row.nodeid} is red without the fix ({red}), but not repeated: {then}", retry(tried)
        )
    return Judgement(
        Verdict.UNSTABLE,
        f"{row.nodeid} is red without the fix once ({red}) and {row.again.outcome} the next time",
        f"find out what it depends on: bugguard hunt {shlex.quote(row.nodeid)}",
    )


def _veil(row: Row, tried: Trial) -> Judgement | None:
    """What is red over what the code does is red in the same way with other words around that code."""
    if tried.veiled is None:
        return None
    for path, why in tried.veiled.undressed:
        return Judgement(
            Verdict.UNDECIDED,
            f"whether {row.nodeid} is red over more than the text of {path} cannot be told: "
            f"bugguard failed to run the old code behind the new text ({why})",
            f"report it as a fault of bugguard; {look_by_hand(tried)}",
        )
    if row.veiled is not None and row.veiled.outcome is not Outcome.FAILED:
        if row.use is Use.NONE and started_process(row):
            return None  # a process that nobody sees runs the new text itself: that is said below
        return Judgement(
            Verdict.UNDECIDED,
            f"{row.nodeid} is red over the text of {named(tried)}, not over what its code does: "
            f"with the old code behind the new text it has {row.veiled.outcome}",
            _CALL_IT,
        )
    if row.is_red_alike:
        return None
    then = f"red over something else ({row.veiled_red.message})" if row.veiled_red is not None else "not run to its end"
    red = row.red.message if row.red is not None else ""
    return Judgement(
        Verdict.UNDECIDED,
        f"{row.nodeid} is red without the fix ({red}), but with the old code behind the new text of "
        f"{named(tried)} it was {then}",
        f"{retry(tried)}; if it stays so, report it as a fault of bugguard",
    )


def _control(row: Row, tried: Trial) -> Judgement | None:
    if tried.control is None or (row.control is not None and row.control.outcome is Outcome.PASSED):
        return None
    if not tried.in_session:
        then = f"has {row.control.outcome}" if row.control is not None else "did not come to run"
        return Judgement(
            Verdict.UNSTABLE,
            f"{row.nodeid} passed with the fix, and {then} when it was run with it once more: "
            "what turns it may be something that it left outside of its tree",
            f"let it use tmp_path, then find out what else it depends on: bugguard hunt {shlex.quote(row.nodeid)}",
        )
    return Judgement(
        Verdict.UNDECIDED,
        f"{row.nodeid} passes in your work tree, but not in a fresh tree with the fix",
        "commit what it needs, or let it be made while it runs: generated files, data, built extensions",
    )


def _use(row: Row, tried: Trial) -> Judgement | None:
    # Where the source itself raised, and behind a veil too, it does not matter what the test reads besides.
    is_lifted = tried.veiled is not None and bool(tried.veiled.bared)
    if row.has_read and (row.red is None or row.red.kind is not RedKind.RAISED or is_lifted):
        why = (
            f"{row.nodeid} reads the source as text, or line by line as it runs: "
            "it may only test how the fix is written"
        )
    elif row.use is not Use.NONE:
        return None
    elif started_process(row):
        why = f"{row.nodeid} starts a process that gave no sign of which source it used"
    else:
        why = f"{row.nodeid} is red without the fix, but ran nothing of {named(tried)} in either run"
    return Judgement(Verdict.UNDECIDED, why, _CALL_IT)


def _stranger(row: Row, tried: Trial) -> Judgement | None:
    """A test that the fix did not touch fails over an expectation, or because the old source does not fit the rest."""
    if row.mapped is not None or row.red is None or row.red.kind is RedKind.ASSERTION:
        return None
    return Judgement(
        Verdict.UNDECIDED,
        f"{row.nodeid} fails without the fix, which did not touch it ({row.red.message}): "
        "the old source may only not fit what else was changed",
        look_by_hand(tried),
    )


def started_process(row: Row) -> bool:
    """Whether it started a process in some run."""
    return row.after.started_process or (row.before is not None and row.before.started_process)


def named(tried: Trial) -> str:
    """What the fix changed, in few words."""
    first, *more = tried.changed or ("what the fix adds",)
    return f"{first} and {len(more)} more" if more else first


def look_by_hand(tried: Trial) -> str:
    """How to get at the tree without the fix."""
    return f"look for yourself: bugguard prove {tried.fix} --keep leaves you the tree without the fix"


def retry(tried: Trial) -> str:
    """How to run it all again."""
    return f"once more: bugguard prove {tried.fix}"
