"""A result as lines for a terminal: the section that the gate prints, in pytest and in ``bugguard check``."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_bugguard.core.alike import gathered
from pytest_bugguard.core.model import How, RedKind, RuleVerdict, Verdict
from pytest_bugguard.core.proof import ONE_CASE
from pytest_bugguard.report import coverage, words
from pytest_bugguard.report.spans import OF_VERDICT, Line, Span, Style, length, line, ruled, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import HeldHunk, MappedTest, Record, Said
    from pytest_bugguard.core.results import Finding, Held, Result

_VERDICT_WIDTH = 11
_INDENT = " " * 13
_TESTS_SHOWN = 10
_PROOFS_SHOWN = 3
_SUBJECT = 200
"""Signs of a subject that are shown, whatever the terminal: one of a megabyte is no subject."""


def gate(result: Result, *, width: int = 80) -> tuple[Line, ...]:
    """The whole section: a heading, a block a fix, what else there is to say, and a last line that is always there."""
    asked = result.command if result.command.startswith("prove") else "prove"
    return (
        ruled(title(result), width),
        *_base(result),
        *(shown for record in result.records if words.is_shown(record) for shown in _block(record, width, asked)),
        *(shown for alike in gathered(words.rerun(result)) for shown in _rerun(alike)),
        *(shown for finding in words.loose_findings(result) for shown in loose(finding)),
        *(shown for held in words.quarantine(result) for shown in _in_quarantine(held)),
        *(coverage.section(result.coverage, width) if result.coverage else ()),
        *(line(span("note: ", Style.FAINT), note) for note in result.notes),
        ruled(f"bugguard: {last_words(result)}", width, _mood(result)),
    )


def title(result: Result) -> str:
    """``bugguard: 3 fixes since origin/main (merge base 9d01c2e)``; just our name where nothing was looked at."""
    facts = result.repository
    if result.command == "coverage":
        return "bugguard coverage"
    if not _has_looked(result):
        return "bugguard"
    text = f"bugguard: {words.fixes(result.summary.fixes)}"
    if facts.base is not None:
        text += f" since {words.revision(facts.base)}"
    if facts.merge_base is not None:
        text += f" (merge base {words.short(facts.merge_base)})"
    return text


def last_words(result: Result) -> str:
    """``1 guarded, 1 unguarded``."""
    said = ", ".join([*words.counts(result.summary), *words.loose_words(result)])
    if said:
        return said
    if not result.summary.units:
        return "no commits to judge" if _has_looked(result) else "nothing was judged"
    return f"no fixes in {words.counted(result.summary.units, 'commit')}"


def _has_looked(result: Result) -> bool:
    """Whether there was a change to look at, be it an empty one."""
    return bool(result.summary.units) or result.repository.base is not None


def _base(result: Result) -> Iterator[Line]:
    facts = result.repository
    if facts.base is not None and facts.base_reason:
        yield line(span(f"base: {words.revision(facts.base)}, {facts.base_reason}", Style.FAINT))


def _mood(result: Result) -> Style:
    if result.findings:
        return Style.BAD
    moods = {OF_VERDICT[record.verdict] for record in result.records}
    return Style.DOUBT if moods & {Style.BAD, Style.DOUBT} else Style.GOOD


def _block(record: Record, width: int, asked: str) -> Iterator[Line]:
    """A fix as the gate shows it: its verdict, then what that rests on, then what to do.

    ``asked`` is the command that proves it.
    """
    is_guarded = OF_VERDICT[record.verdict] is Style.GOOD
    yield from _head(record, "" if is_guarded else words.changed(record), width)
    if not is_guarded and words.why(record):
        yield line(_INDENT, words.why(record))
    is_told = not is_guarded and len(record.tests) == 1  # the reason has named the one test already
    if any(test.before for test in record.tests):
        yield from () if is_told else _both_ways(record, asked)
    elif is_guarded:
        yield from _rows([test for test in record.tests if test.counts], record, _TESTS_SHOWN, asked)
    if record.verdict is Verdict.PROVEN and not (len(record.tests) == 1 and record.reason == ONE_CASE):
        yield line(_INDENT, words.why(record))
    for hunk in record.hunks:
        yield _held(hunk)
    if record.next:
        yield _next(record.next)


def _held(hunk: HeldHunk) -> Line:
    """Whether a test holds a part of a fix: ``not held   src/shop/pager.py:12-14   no test fails without it alone``."""
    place = f"{hunk.path}:{hunk.first}" + (f"-{hunk.last}" if hunk.last > hunk.first else "")
    if hunk.tests:
        more = f" and {len(hunk.tests) - 1} more" if len(hunk.tests) > 1 else ""
        return line(_INDENT, span("held", Style.GOOD), f"       {place}   by {hunk.tests[0]}{more}")
    if hunk.is_told:
        return line(_INDENT, span("not held", Style.BAD), f"   {place}   no test fails without it alone")
    return line(_INDENT, span("not told", Style.DOUBT), f"   {place}   without it alone the tests do not come to run")


def _head(record: Record, changed: str, width: int) -> Iterator[Line]:
    subject = words.cut(record.subject, _SUBJECT)
    head = line(*verdict(record.verdict), span(words.short(record.sha), Style.STRONG), " ", subject)
    if changed and length(head) + 3 + len(changed) <= width:
        yield (*head, span(f"   {changed}"))
        return
    yield head
    if changed:
        yield line(_INDENT, changed)


def verdict(said: Said) -> Line:
    """A verdict in its column."""
    return line(span(said.upper(), OF_VERDICT[said]), " " * max(1, _VERDICT_WIDTH - len(said)))


def _both_ways(record: Record, asked: str) -> Iterator[Line]:
    """The tests that were run with the fix and without it: of a proven fix those that prove it come first."""
    reds = sorted(
        (test for test in record.tests if test.red is not None and test.counts),
        key=lambda test: test.red is not None and test.red.kind is RedKind.NEW_API,  # red as well, and no proof
    )
    yield from _rows(reds or [test for test in record.tests if test.before], record, _PROOFS_SHOWN, asked)


def _rows(tests: Sequence[MappedTest], record: Record, limit: int, asked: str) -> Iterator[Line]:
    for test in tests[:limit]:
        yield line(_INDENT, test.nodeid, span(f"   {how(test)}", Style.FAINT))
    more = len(tests) - limit
    if more > 0:
        ask = f"{asked} --format json" if tests[0].before else "explain"
        yield line(_INDENT, f"and {more} more: bugguard {ask} {words.short(record.sha)}")


def how(test: MappedTest) -> str:
    """How a fix came by a test, and how it ended: ``added   passed``; where it was proven, ``red: ...   at ...``."""
    if test.red is not None:
        at = f"   at {test.red.where}" if test.red.where else ""
        return f"red: {test.red.message}{at}"
    if test.before is not None:
        return f"{test.before} without the fix"
    came = f"{test.change}: {test.reason}" if test.change is How.LINKED and test.reason else str(test.change)
    return f"{came}   {test.after}" if test.after else came


def loose(finding: Finding) -> Iterator[Line]:
    """A finding that no record tells of; coverage that is not met and flaky tests have words of their own."""
    if finding.verdict is RuleVerdict.UNMET or finding.gate == "flaky":
        return
    yield line(*verdict(finding.verdict), span(finding.subject, Style.STRONG), f"   {finding.message}")
    if finding.next:
        yield _next(finding.next)


def _rerun(alike: Sequence[Flake]) -> Iterator[Line]:
    """Tests that failed alike, what each is by its reruns, and how often it failed before; what to do is said once."""
    from pytest_bugguard.report.flaky import rate  # noqa: PLC0415 - most runs have none

    for flake in alike:
        known = f"   history: {rate(flake.rate)}" if flake.rate.runs else ""
        yield line(*verdict(flake.verdict), span(flake.nodeid, Style.STRONG), f"   {flake.reason}{known}")
    if len(alike) > 1:
        yield line(_INDENT, f"the same failure in all {len(alike)}: {alike[0].signature}")
    if alike[0].next:
        yield _next(alike[0].next)


def _in_quarantine(held: Held) -> Iterator[Line]:
    """A failure in quarantine, and who mends it until when; and a test that may leave it."""
    if held.failed:
        whose = f"{held.entry.owner}, until {held.entry.expires.isoformat()}: {held.entry.reason}"
        label = span("QUARANTINED", Style.DOUBT)
        yield line(label, " ", span(held.entry.test, Style.STRONG), f"   {held.failed}   {whose}")
    elif held.recovery:
        yield line(span("RECOVERED ", Style.GOOD), " ", span(held.entry.test, Style.STRONG), f"   {held.recovery}")
        yield _next(f"bugguard flaky release {shlex.quote(held.entry.test)}")


def _next(action: str) -> Line:
    return line(_INDENT, _next_label(), action)


def _next_label() -> Span:
    return span("next: ", Style.STRONG)
