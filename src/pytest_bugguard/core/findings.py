"""Which records fail the run, and in which words. Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core.duty import Harm
from pytest_bugguard.core.model import Record, Term, Verdict, short
from pytest_bugguard.core.results import Finding, summarise

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pytest_bugguard.core.duty import Breach
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import Quarantine, Waiver
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.core.trend import Share

_FAILING = frozenset({Verdict.UNGUARDED, Verdict.BROKEN, Verdict.UNPROVEN, Verdict.UNSTABLE})
_LONG = 200
"""Signs of a subject that are shown: one of a megabyte is no subject."""


def of_records(records: Iterable[Record], *, undecided_fails: bool, weak_fails: bool = False) -> tuple[Finding, ...]:
    """A finding for each record that fails the gate, in their order."""
    softened = {Verdict.UNDECIDED: undecided_fails, Verdict.WEAK: weak_fails}
    failing = _FAILING | {verdict for verdict, fails in softened.items() if fails}
    return tuple(_finding(record) for record in records if record.verdict in failing)


def rejudged(result: Result, records: Sequence[Record]) -> Result:
    """A result whose records are judged otherwise by now; each that fails the gate still does."""
    changed = {
        finding.id: finding
        for old, new in zip(result.records, records, strict=True)
        if old is not new
        for finding in [_finding(new)]
    }
    return replace(
        result,
        records=tuple(records),
        summary=summarise(records, result.summary.units),
        findings=tuple(changed.get(finding.id, finding) for finding in result.findings),
    )


def _finding(record: Record) -> Finding:
    gate = "fixes" if record.waiver is None else "waivers"
    name = short(record.sha) or "the staged commit"
    return Finding(
        id=f"{gate}:{record.sha or 'staged'}",
        gate=gate,
        verdict=record.verdict,
        subject=record.sha,
        message=f"{name} {record.subject[:_LONG]}: {record.reason}",
        next=record.next,
        path=record.files.source[0] if record.files.source else None,
    )


def of_waivers(waivers: Iterable[Waiver], records: Sequence[Record], *, today: dt.date) -> Iterator[Finding]:
    """A finding for each overdue waiver whose fix is not among the records: a fix that is merged is still owed."""
    for waiver in waivers:
        is_told = any(record.sha.startswith(waiver.fix.lower()) for record in records)
        if waiver.expires is not None and waiver.expires < today and not is_told:
            yield Finding(
                id=f"waivers:{waiver.fix}",
                gate="waivers",
                verdict=Verdict.UNGUARDED,
                subject=short(waiver.fix),
                message=f"the waiver of {waiver.owner} ended on {waiver.expires.isoformat()}: {waiver.reason}",
                next=f"{waiver.owner}: bring the test and take the waiver out, or agree on a new date in it",
            )


def of_quarantine(entries: Iterable[Quarantine], *, today: dt.date) -> Iterator[Finding]:
    """A finding for each test whose quarantine has ended."""
    for entry in entries:
        if entry.expires < today:
            yield Finding(
                id=f"quarantine:{entry.test}",
                gate="quarantine",
                verdict=Term.OVERDUE,
                subject=entry.test,
                message=f"the quarantine of {entry.owner} ended on {entry.expires.isoformat()}: {entry.reason}",
                next=f"{entry.owner}: mend the test and take it out ({entry.place}), or agree on a new date there",
            )


def of_flakes(flakes: Iterable[Flake]) -> Iterator[Finding]:
    """A finding for each test of these that is flaky, in whichever way."""
    for flake in flakes:
        if flake.verdict.is_unsteady:
            yield Finding(
                id=f"flaky:{flake.nodeid}",
                gate="flaky",
                verdict=flake.verdict,
                subject=flake.nodeid,
                message=flake.reason,
                next=flake.next,
                path=flake.nodeid.partition("::")[0],
            )


def of_breaches(breaches: Iterable[Breach], waivers: Sequence[Waiver], *, today: dt.date) -> Iterator[Finding]:
    """A finding for each test on record that a change weakens, unless a waiver in date speaks for its fix."""
    excused = [waiver.fix.lower() for waiver in waivers if waiver.expires is None or waiver.expires >= today]
    for breach in breaches:
        test = breach.test
        if test.fix.startswith(tuple(excused)):
            continue
        yield Finding(
            id=f"proofs:{test.nodeid}:{test.fix}",
            gate="proofs",
            verdict=Verdict.UNDECIDED if breach.harm is Harm.UNREADABLE else Verdict.UNGUARDED,
            subject=test.nodeid,
            message=f"it proves {short(test.fix)} {test.subject}, and {breach.reason}",
            next=f"keep what it demands, or let another test guard that fix and waive it: "
            f"bugguard waive {short(test.fix)} --owner ... --reason ... --expires ...",
            path=breach.path,
        )


def of_share(share: Share, wanted: float, *, is_whole: bool) -> tuple[Finding, ...]:
    """The finding of an audit that is asked for a guarded share, as a ratio from 0 to 1; none where it is met.

    It is met where no fix of which nothing could be told could take it under, and no commit was out of sight.
    """

    def finding(verdict: Verdict, message: str, cure: str) -> tuple[Finding, ...]:
        return (Finding("share", "share", verdict, "share", message, cure),)

    if not is_whole:
        said = "the clone is shallow: the guarded share of the whole history is not known"
        return finding(Verdict.UNDECIDED, said, "git fetch --unshallow (in CI: fetch-depth: 0)")
    if share.ratio is None:
        cure = "leave --fail-under out until there is a fix to judge"
        return finding(Verdict.UNDECIDED, "the guarded share is not known: there was no fix to judge", cure)
    if share.ratio < wanted:
        said = f"the guarded share is {_cut_off(share.guarded, share.judged)}, under {wanted}"
        return finding(Verdict.UNGUARDED, said, "guard the fixes listed above")
    if share.least < wanted:
        least = _cut_off(share.guarded, share.judged + share.undecided)
        said = f"the guarded share may be as low as {least}, under {wanted}: {share.undecided} undecided"
        return finding(Verdict.UNDECIDED, said, "cure what could not be told, as listed above")
    return ()


def _cut_off(part: int, whole: int) -> str:
    """A ratio with three digits, never rounded up: what is under 0.8 is not called 0.800."""
    return f"{part * 1000 // whole / 1000:.3f}"


def of_roots(key: str, roots: Sequence[str], *, missing: Collection[str]) -> tuple[Finding, ...]:
    """The finding where a setting that lists folders or files names nothing that is there: no path is on that side."""
    if not roots or len(missing) < len(roots):
        return ()
    said = f"{key}: the settings name {', '.join(roots)}, and nothing in the repository is called so"
    cure = f"mend {key} in the settings, or leave it out: it is found by looking"
    return (Finding(f"settings:{key}", "settings", Verdict.UNDECIDED, "settings", said, cure),)


def out_of_sight(wanted: int) -> Finding:
    """The finding that a shallow clone holds fewer fixes than were to be looked at: of the others nothing is known."""
    said = f"the clone is shallow: it may hide some of the newest {wanted} fixes that brought a test"
    return undecided("decay", said, "git fetch --unshallow (in CI: fetch-depth: 0)")


def undecided(subject: str, reason: str, cure: str) -> Finding:
    """The finding that says that nothing could be judged: no base, no repository."""
    return Finding(subject, subject, Verdict.UNDECIDED, subject, reason, cure)
