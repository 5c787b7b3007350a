"""The fix gate over a change: a range, what HEAD and the work tree add to the base, or a commit about to be made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.adapters.environment import environment
from pytest_bugguard.assembly.workshop import today
from pytest_bugguard.core import base, commit_file, findings, verdict
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.fixes import CiContext
from pytest_bugguard.core.results import RepositoryFacts, Result
from pytest_bugguard.journeys import check as journey
from pytest_bugguard.journeys import duty
from pytest_bugguard.journeys.check import staged_unit, work_tree_unit
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.duty import Breach, Run
    from pytest_bugguard.core.model import FileChange, Record
    from pytest_bugguard.core.receipts import Recorded
    from pytest_bugguard.journeys.check import CheckedUnit
    from pytest_bugguard.journeys.survey import Seen


class Change(Struct, frozen=True):
    """What is judged: the fixes between a base and a tip."""

    found: tuple[CheckedUnit, ...]
    """Newest first."""
    units: int
    facts: RepositoryFacts
    notes: tuple[str, ...]
    base: str | None
    """The commit that it begins from; None where all of history was asked for."""
    uncommitted: tuple[FileChange, ...]
    """What is not committed yet, where that was asked for."""
    tip: Snapshot
    """The state at the tip, with uncommitted work where that was asked for."""
    run: Run | None = None
    """What a run of pytest there came to, where one was made."""


def check(workshop: Workshop, revisions: str | None, *, base_option: str | None) -> Result:
    """The fix gate over a change: a range, or what HEAD and the work tree add to the base."""
    if workshop.settings.fixes.require == "off":
        return workshop.result("check", (), 0, notes=("the gate on fixes is off: fixes.require",))
    change = read(workshop, revisions, base_option=base_option)
    return change if isinstance(change, Result) else judged(workshop, change, [one.record for one in change.found])


def check_staged(workshop: Workshop, message_file: Path | None) -> Result:
    """The fix gate over the commit that is about to be made."""
    mark, cleanup = workshop.repository.message_habits()
    # git tells a hook by this editor that none was opened: git help githooks
    was_edited = os.environ.get("GIT_EDITOR") != ":"
    message = commit_file.kept(_text_of(message_file), mark=mark, cleanup=cleanup, was_edited=was_edited)
    worktree = workshop.need_worktree()
    seen, snapshot = staged_unit(workshop.history, worktree, workshop.head, message, workshop.survey)
    record = workshop.linker(snapshot).link(seen, lambda _: (), is_only_fix=True) if seen.is_fix else seen.record
    records = (workshop.settled(record),) if seen.is_fix else ()
    result = workshop.with_findings(workshop.result("check", records, 1))
    return workshop.with_loose(result, workshop.unfounded(snapshot))


def read(
    workshop: Workshop,
    revisions: str | None,
    *,
    base_option: str | None,
    reads_work_tree: bool = True,
    needs_proof: bool = False,
) -> Change | Result:
    """The fixes of a range, or of what HEAD and the work tree add to the base; a result where there is no base.

    Args:
        workshop: The repository.
        revisions: The range.
        base_option: What the command line says of the base.
        reads_work_tree: Of a change without a range: whether uncommitted work is part of it.
        needs_proof: Whether somebody asks for proofs, whatever the settings do.
    """
    needs_proof = needs_proof or workshop.settings.fixes.require == "proof"
    if revisions is not None:
        since, tip = workshop.span(revisions, needs_base=True)
        named = revisions.partition("..")[0] or None
        asked = replace(workshop.facts, base=named, base_reason="the range that was asked for")
        return _change(workshop, since, tip, asked, needs_proof=needs_proof)
    if workshop.head is None:
        return _change(workshop, None, None, workshop.facts, needs_proof=needs_proof)
    chosen = workshop.choose_base(base_option)
    if isinstance(chosen, base.Undecided):
        finding = findings.undecided("base", chosen.reason, chosen.cure)
        return workshop.with_loose(workshop.result("check", (), 0), (finding,))
    facts = replace(workshop.facts, base=chosen.revision, base_reason=chosen.reason, merge_base=chosen.merge_base)
    return _change(
        workshop,
        chosen.sha,
        workshop.head,
        facts,
        needs_proof=needs_proof,
        is_current=True,
        reads_work_tree=reads_work_tree,
    )


def _change(  # noqa: PLR0913 - what a change is read from
    workshop: Workshop,
    since: str | None,
    tip: str | None,
    facts: RepositoryFacts,
    *,
    needs_proof: bool,
    is_current: bool = False,
    reads_work_tree: bool = False,
) -> Change | Result:
    if tip is None:
        return workshop.result("check", (), 0, notes=("there are no commits yet",))
    uncommitted: Seen | None = None
    snapshot = Snapshot(workshop.history, tip)
    if reads_work_tree and workshop.repository.top is not None:
        uncommitted, snapshot = work_tree_unit(workshop.history, workshop.need_worktree(), tip, workshop.survey)
    found = journey.check(
        workshop.line(tip, since),
        workshop.survey,
        workshop.linker(snapshot),
        uncommitted=uncommitted,
        context=_context(workshop) if is_current else None,
        is_one_change=workshop.settings.fixes.scope == "change",
        needs_proof=needs_proof,
    )
    notes = [*workshop.history.warnings, *(workshop.ci.notes if is_current else ())]
    if found.uses_work_tree:
        notes.append("a fix is guarded only by a test in the work tree that is not committed yet")
    return Change(
        tuple(_distrusting(workshop, one) for one in found.found),
        found.units,
        facts,
        tuple(notes),
        base=since,
        uncommitted=uncommitted.unit.changes if uncommitted is not None else (),
        tip=snapshot,
    )


def judged(workshop: Workshop, change: Change, records: Iterable[Record], *, command: str = "check") -> Result:
    """The result of a change, its records judged by whoever asks; the exceptions come last."""
    settled = tuple(map(workshop.settled, records))
    result = workshop.result(command, settled, change.units, notes=(*change.notes, *_foreign_waivers(workshop)))
    result = workshop.with_findings(replace(result, repository=change.facts))
    owed = findings.of_waivers(workshop.settings.waivers, settled, today=today())
    overdue = findings.of_quarantine(workshop.settings.quarantine, today=today())
    weakened = findings.of_breaches(_breaches(workshop, change), workshop.settings.waivers, today=today())
    return workshop.with_loose(result, [*workshop.unfounded(change.tip), *owed, *overdue, *weakened])


def begin_of(workshop: Workshop, facts: RepositoryFacts, base_option: str | None) -> str | base.Undecided | None:
    """The commit where the change of a run of pytest begins; None before the first commit.

    Args:
        workshop: The repository.
        facts: What is known of it by now.
        base_option: What the command line says of the base.
    """
    if facts.merge_base is not None or workshop.head is None:
        return facts.merge_base
    chosen = workshop.choose_base(base_option)
    return chosen if isinstance(chosen, base.Undecided) else chosen.merge_base


def since(workshop: Workshop, begin: str) -> tuple[FileChange, ...]:
    """What differs between the commit where a change begins and the work tree."""
    assert workshop.head is not None, "what begins at a commit has one"
    return duty.whole(workshop.history.between(begin, workshop.head), workshop.need_worktree().changes)


def _breaches(workshop: Workshop, change: Change) -> tuple[Breach, ...]:
    """What a change does to the tests that prove fixes which were there before it."""
    store = workshop.receipts()
    if change.base is None or change.tip.commit is None or not store.has_proofs:
        return ()
    start = workshop.history.merge_base(change.base, change.tip.commit)
    if start is None:
        return ()

    def on_record(paths: Sequence[str] | None, words: str = "") -> list[Recorded]:
        return [test for test in store.recorded(paths, words=words) if _is_before(workshop, test.fix, start)]

    whole = duty.whole(workshop.history.between(start, change.tip.commit), change.uncommitted)
    as_one = duty.as_one(whole, base=start, tip=change.tip, survey=workshop.survey)
    found = duty.breaches(as_one, on_record)
    if change.run is None:
        return found
    told = {breach.test.nodeid for breach in found}
    here = on_record(None, environment(workshop.repository.top).words)
    return (*found, *duty.idle(as_one, change.run, [test for test in here if test.nodeid not in told]))


def _is_before(workshop: Workshop, fix: str, start: str) -> bool:
    """Whether a fix is in the history that a change begins from: what is still being made is proven anew."""
    sha = workshop.history.resolve(fix)
    return sha is not None and workshop.history.merge_base(sha, start) == sha


def _context(workshop: Workshop) -> CiContext | None:
    facts = workshop.ci
    if not (facts.source or facts.labels or facts.title):
        return None
    return CiContext(branch=facts.source or None, labels=facts.labels, title=facts.title or None)


def _foreign_waivers(workshop: Workshop) -> tuple[str, ...]:
    """What to know of waivers that speak for no commit; a clone that lacks commits cannot tell."""
    waivers = () if workshop.history.is_shallow else workshop.settings.waivers
    found = workshop.history.resolve_all([waiver.fix for waiver in waivers])
    return tuple(
        f"the waiver of {waiver.owner} for {waiver.fix} speaks for no commit of this repository: "
        "mend its id, or take it out"
        for waiver, sha in zip(waivers, found, strict=True)
        if sha is None
    )


def _distrusting(workshop: Workshop, one: CheckedUnit) -> CheckedUnit:
    return replace(one, record=verdict.without_quarantined(one.record, workshop.settings.quarantine))


def _text_of(path: Path | None) -> str:
    """The file of a commit message."""
    if path is None:
        raise BugguardError("--staged needs the message", hint="bugguard check --staged --message-file FILE")
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        hint = "name the file that git hands to a commit-msg hook as $1"
        raise BugguardError(f"--message-file: {path} cannot be read: {error.strerror}", hint=hint) from None
