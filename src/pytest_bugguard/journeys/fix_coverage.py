"""Do a fix's own tests run what the fix changed? By a proof's run of them, or by one of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import fix_coverage, patches
from pytest_bugguard.core.coverage_verdict import Judged
from pytest_bugguard.core.fix_coverage import Reached, Require
from pytest_bugguard.core.measured import Doubt, FileCoverage, Wanted
from pytest_bugguard.core.model import Outcome, RuleVerdict, short
from pytest_bugguard.core.pairing import is_case_of
from pytest_bugguard.core.statements import source_of
from pytest_bugguard.core.thresholds import Count
from pytest_bugguard.journeys.planning import is_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.patches import Patch
    from pytest_bugguard.core.runs import Ran, TestRun
    from pytest_bugguard.core.statements import Source
    from pytest_bugguard.journeys.check import CheckedUnit
    from pytest_bugguard.journeys.ports import Place, TestRunner
    from pytest_bugguard.journeys.prove import Bench
    from pytest_bugguard.journeys.snapshot import Snapshot


class Asked(Struct, frozen=True):
    """What is asked of each fix."""

    require: Require
    place: str
    """Where the settings say so."""
    count: Callable[[str, Mapping[str, Wanted]], Mapping[str, FileCoverage]]
    """The statements of files by path, none of them run: by the commit whose configuration holds."""


class Checkout(Struct, frozen=True):
    """The user's own checkout, where he has just run his tests himself."""

    tree: Place
    state: Snapshot
    """What it holds."""
    runner: TestRunner
    """At home there."""


def judge(
    one: CheckedUnit, plan: Experiment, asked: Asked, alone: Callable[[Experiment], TestRun], proof: TestRun | None
) -> Judged:
    """Say how much of what a fix changed its own tests ran.

    Args:
        one: The fix, proven where a proof says so.
        plan: Its tests, and the tree with it.
        asked: What they have to reach.
        alone: Runs its tests, and no others, with their lines measured.
        proof: What a proof saw with the fix, its lines measured. Other tests of the same files may have been there
            first, with a fixture that all share: what is reached then is reached, and for the rest they run alone.

    Raises:
        ScratchError: The tree could not be made.
    """
    files = tuple(file for change in one.seen.diff.source_changes if (file := _file(change, one, plan)) is not None)
    if proof is not None and proof.ran is not None:
        said = _said(one, plan, files, asked, proof)
        if said.verdict is RuleVerdict.MET:
            return said
    return _said(one, plan, files, asked, alone(plan))


def run_alone(plan: Experiment, bench: Bench, checkout: Checkout | None) -> TestRun:
    """Run a fix's own tests with it in place, measured: in the checkout where it holds that state, else in a tree.

    Raises:
        ScratchError: The tree could not be made.
    """
    own = plan.measured.with_fix.own
    request = replace(plan.measured.with_fix, targets=own or plan.with_fix.targets)
    if checkout is not None and is_at(plan, checkout.state):
        return checkout.runner.run(checkout.tree, request)
    with bench.scratch.plant(plan.commit, plan.shared) as tree:
        return bench.runner.run(tree, request)


def _said(one: CheckedUnit, plan: Experiment, files: Sequence[_File], asked: Asked, run: TestRun) -> Judged:
    """The verdict by one run."""
    doubt = _doubt(run, one.record.sha)
    if doubt is not None:
        return undecided(one.record.sha, doubt, asked.place)
    own = plan.measured.with_fix.own
    is_alone = not own or all(any(is_case_of(case.nodeid, test) for test in own) for case in run.cases)
    counted = asked.count(plan.commit, {file.patch.path: file.wanted for file in files})
    ran = {of.path: of for of in run.ran or ()}
    changed = [
        statement
        for file in files
        for statement in fix_coverage.in_file(
            file.patch,
            _reached(counted[file.patch.path], ran.get(file.patch.path), file, is_alone=is_alone),
            file.source,
            file.before,
        )
    ]
    sources = {file.patch.path: file.source for file in files}
    return fix_coverage.judge(one.record, changed, asked.require, sources, asked.place)


def undecided(sha: str, doubt: Doubt, place: str) -> Judged:
    """A fix of which nothing could be told."""
    return Judged(
        fix_coverage.FIXES, None, Count(0, 0), None, RuleVerdict.UNDECIDED, place=place, reason=doubt.reason,
        next=doubt.cure, fix=sha,
    )  # fmt: skip


def _doubt(run: TestRun, sha: str) -> Doubt | None:
    cure = f"bugguard prove {short(sha)} shows how its tests end"
    if not any(case.outcome is Outcome.PASSED for case in run.cases):
        return Doubt(
            f"no test of {short(sha)} passed when they ran alone" + (f": {run.detail}" * bool(run.detail)), cure
        )
    if run.ran is None:
        return Doubt(f"what the tests of {short(sha)} ran could not be measured", cure)
    return None


class _File(Struct, frozen=True):
    """One Python file that the fix changed, as the tree has it."""

    patch: Patch
    content: bytes
    source: Source
    before: Source | None

    @property
    def wanted(self) -> Wanted:
        """Its statements, as far as the fix touched them."""
        return Wanted(self.content, fix_coverage.lines_of(self.patch, self.source, self.before))


def _file(change: FileChange, one: CheckedUnit, plan: Experiment) -> _File | None:
    """None where it holds no Python, or is not in the tree any more."""
    snapshot = one.seen.diff.snapshot
    content = next((put.content for put in plan.now if put.path == change.path), None)
    old, new = _text(snapshot, change, is_new=False), _text(snapshot, change, is_new=True)
    if content is None or new is None or not change.path.endswith(".py"):
        return None
    patch = patches.between(change.path, change.old_path, old or b"", new)
    here = patches.carried(patch, change.path, new, content)
    return _File(here, content, source_of(content), None if old is None else source_of(old))


def _text(snapshot: Snapshot, change: FileChange, *, is_new: bool) -> bytes | None:
    text = snapshot.new_text(change) if is_new else snapshot.old_text(change)
    return text if isinstance(text, bytes) else None


def _reached(counted: FileCoverage, ran: Ran | None, file: _File, *, is_alone: bool) -> Reached:
    """Lines as statements: what runs on a continuation line is its statement's. Of the rest of the file none is told.

    Which test started a process cannot be told where others ran beside those of the fix.
    """
    near = file.source.excerpt(file.wanted.lines).kept

    def statements(lines: frozenset[int]) -> frozenset[int]:
        return frozenset(map(file.source.statement, lines & near))

    if ran is None:
        return Reached(statements=counted.statements, excluded=counted.excluded)
    return Reached(
        statements(ran.in_tests),
        statements(ran.in_subprocesses) if is_alone else frozenset(),
        statements(ran.at_import),
        counted.statements,
        counted.excluded,
    )
