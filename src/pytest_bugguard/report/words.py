"""The words that every report shares: counts, shares, short ids, headlines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_bugguard.core import model
from pytest_bugguard.core.model import FlakeVerdict, RuleVerdict, Sign, Verdict
from pytest_bugguard.core.trend import share_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import Record, Waiver
    from pytest_bugguard.core.results import Finding, Held, Result, Summary
    from pytest_bugguard.core.trend import Share

SURVEYS = frozenset({"audit", "report"})
"""The commands that speak of a whole history."""
DOUBTFUL = frozenset({FlakeVerdict.FLAKY, FlakeVerdict.ORDER_DEPENDENT, FlakeVerdict.FAILING})
"""The verdicts on tests that ask for attention."""
_HEX = frozenset("0123456789abcdef")


def short(sha: str) -> str:
    """A commit id as git shortens it; the commit that is being made has none yet."""
    return model.short(sha) or "staged"


def revision(name: str) -> str:
    """A revision as shown: a full commit id shortened, also where its parent is meant; other names whole."""
    sha, caret, parent = name.partition("^")
    is_id = len(sha) >= 40 and _HEX.issuperset(sha)  # noqa: PLR2004 - SHA-1 has 40 digits, SHA-256 more
    return short(sha) + caret + parent if is_id else name


def counted(count: int, one: str, many: str = "") -> str:
    """``no fixes``, ``1 fix``, ``3 fixes``."""
    return f"1 {one}" if count == 1 else f"{count or 'no'} {many or one + 's'}"


def fixes(count: int) -> str:
    """``3 fixes``."""
    return counted(count, "fix", "fixes")


def doubted(result: Result) -> tuple[Flake, ...]:
    """The tests of a survey that cannot be trusted, in the order of the ranking."""
    if result.ranking is None or result.command not in SURVEYS:
        return ()
    return tuple(flake for flake in result.ranking.flakes if flake.verdict in DOUBTFUL)


def excuses(result: Result) -> tuple[tuple[str, str, str, str], ...]:
    """What a survey found excused for a time: last day, what, whose it is and why; what ends first comes first."""
    if result.exceptions is None or result.command not in SURVEYS:
        return ()
    waived = [
        (one.expires.isoformat() if one.expires else "", short(one.fix), one.owner, one.reason)
        for one in result.exceptions.waivers
    ]
    entries = [held.entry for held in result.exceptions.quarantine]
    held = [(one.expires.isoformat(), one.test, one.owner, one.reason) for one in entries]
    return tuple(sorted([*waived, *held]))


def percent(part: int, whole: int) -> int:
    """A share of something in whole per cent; 0 and 100 are said of none and of all alone."""
    if part in {0, whole}:
        return 100 * (part == whole)
    return min(max((200 * part + whole) // (2 * whole), 1), 99)


def share(value: Share) -> str:
    """``14 of 20  70 %``, or that there was nothing."""
    text = (
        f"{value.guarded} of {value.judged}  {percent(value.guarded, value.judged)} %" if value.judged else "no fixes"
    )
    if not value.undecided:
        return text
    return f"{text}, {value.undecided} undecided" if value.judged else f"{value.undecided} undecided"


def headline(result: Result) -> str:
    """The sentence that an audit comes down to."""
    value = share_of(result.records)
    if not value.judged:
        return f"no fixes to judge in {counted(result.summary.units, 'commit')}"
    ratio = percent(value.guarded, value.judged)
    return f"{value.guarded} of {fixes(value.judged)} ({ratio} %) brought a regression test"


def counts(summary: Summary) -> tuple[str, ...]:
    """``1 guarded``, ``2 unguarded``: what there is at least one of."""
    return tuple(f"{count} {verdict}" for verdict, count in summary.counts if count)


def loose_findings(result: Result) -> tuple[Finding, ...]:
    """The findings that no record tells of."""
    told = {record.sha for record in result.records}
    return tuple(finding for finding in result.findings if finding.subject not in told)


def loose_words(result: Result) -> tuple[str, ...]:
    """What the last line says of those: ``base undecided``, ``2 coverage``; that all coverage rules are met, too."""
    loose = [finding for finding in loose_findings(result) if finding.verdict is not RuleVerdict.UNMET]
    gates = Counter(f"{finding.gate} {finding.verdict}" for finding in loose if finding.gate != "flaky")
    said = [said if count == 1 else f"{count} {said}" for said, count in gates.items()]
    said += [f"{count} {verdict}" for verdict, count in Counter(one.verdict for one in rerun(result)).items()]
    if excused(result):
        said.append(f"{len(excused(result))} quarantined")
    coverage = result.coverage
    if coverage is not None and coverage.judged:
        unmet = coverage.count(RuleVerdict.UNMET)
        if unmet:
            said.append(f"{unmet} coverage")
        elif coverage.count(RuleVerdict.MET) == len(coverage.judged):
            said.append("coverage met")
    return tuple(said)


def rerun(result: Result) -> tuple[Flake, ...]:
    """The tests that failed in a run of pytest, as their reruns showed them."""
    return result.ranking.flakes if result.command == "pytest" and result.ranking else ()


def quarantine(result: Result) -> tuple[Held, ...]:
    """The tests in quarantine, as far as the command speaks of them."""
    return result.exceptions.quarantine if result.exceptions else ()


def excused(result: Result) -> tuple[Held, ...]:
    """Those that failed, and failed no run by it."""
    return tuple(one for one in quarantine(result) if one.failed)


def is_shown(record: Record) -> bool:
    """Whether a gate has something to say of a record: it is a fix that needs a test, or nothing could be told.

    Who asks for one by name gets an answer in any case.
    """
    return record.verdict is not Verdict.NOT_APPLICABLE or record.recognition.rule == "asked"


def changed(record: Record) -> str:
    """``changed src/shop/pager.py and 2 more``; empty where no source file was changed."""
    source = record.files.source
    if not source:
        return ""
    return f"changed {source[0]}" + (f" and {len(source) - 1} more" if len(source) > 1 else "")


def waived(waiver: Waiver) -> str:
    """Who excused it, why and until when."""
    if waiver.expires is None:
        return f"waived in its own message: {waiver.reason}"
    return f"waived by {waiver.owner} until {waiver.expires.isoformat()}: {waiver.reason}"


def why(record: Record) -> str:
    """The reason for the verdict, in one sentence."""
    if record.verdict is Verdict.WAIVED and record.waiver is not None:
        return waived(record.waiver)
    return record.reason


def rules(records: Iterable[Record]) -> tuple[tuple[str, int], ...]:
    """By which rules the fixes were recognised, the busiest first."""
    names = Counter(record.recognition.rule for record in records if isinstance(record.recognition, Sign))
    return tuple(sorted(names.items(), key=lambda item: (-item[1], item[0])))


def cut(text: str, room: int) -> str:
    """A subject, cut to the room there is. Ids and paths are never cut."""
    return text if len(text) <= room else f"{text[: max(room, 20) - 3]}..."
