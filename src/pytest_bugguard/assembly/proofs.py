"""Which fixes are proven, and in which tree? One revision, a change, what pytest has just run, or today's HEAD."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.assembly import around, changes
from pytest_bugguard.core import findings
from pytest_bugguard.core.coverage_verdict import Coverage
from pytest_bugguard.core.model import Sign, Verdict, short
from pytest_bugguard.core.results import Result
from pytest_bugguard.journeys.check import CheckedUnit
from pytest_bugguard.journeys.decay import RECENT, guarded
from pytest_bugguard.journeys.planning import Where, is_at
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.assembly.prover import Progress, Prover
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.outcomes import Outcomes
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.journeys.survey import Seen


def of_revision(prover: Prover, revision: str, *, progress: Progress) -> Result:
    """The proof of one commit, which is taken for a fix because somebody asks."""
    workshop = prover.workshop
    sha = workshop.resolve(revision)
    asked = Sign("asked", revision, "command line")
    (unit,) = workshop.history.units_of([sha])
    seen = workshop.survey.single(unit, asked=asked)
    one, tip = _with_neighbours(workshop, seen)
    records = [_steady(workshop, record) for record in prover.records([one], tip, progress=progress)]
    result = workshop.with_findings(prover.noted(workshop.result("prove", map(workshop.settled, records), 1)))
    return _with_coverage(prover, result, [one], tip, progress)


def of_change(
    prover: Prover, revisions: str | None, *, base_option: str | None, reads_work_tree: bool, progress: Progress
) -> Result:
    """The proof of each fix in a range, or in what HEAD adds to its base."""
    change = changes.read(
        prover.workshop, revisions, base_option=base_option, reads_work_tree=reads_work_tree, needs_proof=True
    )
    if isinstance(change, Result):
        return replace(change, command="prove")
    records = [
        _steady(prover.workshop, record) for record in prover.records(change.found, change.tip, progress=progress)
    ]
    result = changes.judged(prover.workshop, change, records, command="prove")
    return prover.noted(_with_coverage(prover, result, change.found, change.tip, progress))


def of_decay(prover: Prover, revisions: str | None, *, progress: Progress) -> Result:
    """Whether the tests of fixes still guard them: each is taken out of today's HEAD.

    ``revisions`` is one fix, or a range; without it the newest ``RECENT`` fixes that brought a test. A shallow clone
    may hide some of them, which is told.
    """
    workshop = prover.workshop
    tip = Snapshot(workshop.history, workshop.resolve("HEAD"))
    wanted = workshop.resolve(revisions) if revisions and ".." not in revisions else None
    units = workshop.units_back(None if wanted else revisions)
    fixes = guarded(workshop.survey.stream(units), workshop.linker(tip), wanted=wanted)
    found = list(islice(fixes, RECENT if revisions is None else None))
    records = prover.records(found, tip, where=Where.TIP_ALONE, progress=progress)
    result = workshop.result("prove --decay", map(workshop.settled, map(_decayed, records)), len(records))
    result = workshop.with_findings(prover.noted(result))
    is_short = revisions is None and len(found) < RECENT and workshop.history.is_shallow
    return workshop.with_loose(result, [findings.out_of_sight(RECENT)] if is_short else [])


def after_session(
    prover: Prover, found: Sequence[CheckedUnit], tip: Snapshot, outcomes: Outcomes, *, progress: Progress
) -> list[Record]:
    """The record of each fix after a run of pytest at the tip: that run is the half with the fix."""

    def session(experiment: Experiment) -> TestRun | None:
        return outcomes.run_of(experiment.with_fix.targets) if is_at(experiment, tip) else None

    return prover.records(found, tip, session=session, where=Where.TIP, progress=progress)


def _steady(workshop: Workshop, record: Record) -> Record:
    """A record whose tests may have passed at the fix itself: did they fail there before?"""
    is_proven = record.sha and record.verdict is Verdict.PROVEN
    return workshop.steadiness.passed_now(record, workshop.history.tree_of(record.sha)) if is_proven else record


def _with_coverage(
    prover: Prover, result: Result, found: Sequence[CheckedUnit], tip: Snapshot, progress: Progress
) -> Result:
    if prover.workshop.settings.coverage.fixes == "off":
        return result
    rows = prover.coverage_of(found, tip, progress=progress)
    return prover.workshop.with_coverage(result, Coverage(tuple(rows)))


def _with_neighbours(workshop: Workshop, seen: Seen) -> tuple[CheckedUnit, Snapshot]:
    """A commit with the tests that came with it, or soon before or after it where it brought none."""
    sha = seen.unit.commit.sha
    own = Snapshot(workshop.history, sha)
    record = workshop.linker(own).link(seen, lambda _: (), is_only_fix=False)
    if record.verdict is not Verdict.UNGUARDED or not seen.issues:
        return CheckedUnit(seen, record), own
    offers, later = around.offers(workshop, sha)
    tip = later[0].diff.snapshot if later else own
    record = workshop.linker(tip).link(seen, offers, is_only_fix=False, later=later)
    return CheckedUnit(seen, record, later), tip


def _decayed(record: Record) -> Record:
    """In the words of somebody who asks whether anything guards a fix now; whether something ever did is not known."""
    if record.verdict not in {Verdict.UNPROVEN, Verdict.UNGUARDED}:
        return record
    then = record.next
    if record.verdict is Verdict.UNPROVEN:
        then = f"make it fail there: bugguard prove --decay {short(record.sha)} --keep leaves you HEAD without the fix"
    return replace(record, reason=f"not guarded in today's HEAD: {record.reason}", next=then)
