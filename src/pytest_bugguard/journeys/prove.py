"""One proof: the tests of a fix run with it and without it, for somebody to judge what was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_bugguard.core import pairing, proof
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.runs import End, TestRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.model import MappedTest
    from pytest_bugguard.core.runs import RunRequest
    from pytest_bugguard.journeys.ports import Scratch, TestRunner, Tree

_NOT_RUN = TestRun(End.NOT_STARTED)


@dataclass(frozen=True)
class Bench:
    """Where proofs are made."""

    scratch: Scratch
    runner: TestRunner
    keep: Callable[[str], None] | None = None
    """Told how to run the tests by hand in each tree without a fix, which then stays."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What was run for one fix."""

    after: TestRun
    before: TestRun = _NOT_RUN
    again: TestRun | None = None
    veiled: TestRun | None = None
    control: TestRun | None = None
    in_session: bool = False
    """Whether ``after`` is the user's own session."""

    @property
    def measured(self) -> TestRun | None:
        """The run with the fix of which the lines are known; None where none was measured."""
        return next((run for run in (self.after, self.control) if run is not None and run.ran is not None), None)


def run_both_ways(experiment: Experiment, bench: Bench, *, session: TestRun | None = None) -> Runs:
    """Run the tests with the fix and without it, and once more without it what was red; last with it, where need be.

    Args:
        experiment: The two trees and what is run in them.
        bench: Makes the trees, runs the tests.
        session: What pytest saw of these tests with the fix, where it has just run them; else they are run here.

    Raises:
        ScratchError: A tree could not be made.
    """
    after = session or _with_fix(experiment, bench, experiment.with_fix)
    if not _has_passed(experiment.tests, after):
        return Runs(after)  # nothing that is red without the fix could show anything
    with bench.scratch.plant(experiment.commit, (*experiment.shared, *experiment.back)) as tree:
        request = experiment.limited_s(after.duration_s)
        before = _to_the_end(bench, tree, request, after)
        reds = proof.to_repeat(after, before)
        again, veiled = _repeated(experiment, bench, tree, replace(request, targets=reds)) if reds else (None, None)
        if bench.keep is not None:
            tree.keep()
            bench.keep(bench.runner.by_hand(tree, replace(request, targets=reds or request.targets)))
    control = None
    # The session had files that no scratch tree has: a test that misses them is red without any bug.
    if reds and (session is not None or proof.may_leave_state(after, before, reds)):
        control = _with_fix(experiment, bench, replace(experiment.with_fix, targets=reds))
    return Runs(after, before, again, veiled, control, in_session=session is not None)


def _repeated(experiment: Experiment, bench: Bench, tree: Tree, request: RunRequest) -> tuple[TestRun, TestRun | None]:
    """What was red, once more; first with the old code behind the new text.

    Where all is red again that is the repeat. Else it is repeated as it was, and both are told; behind a veil that
    was lifted nothing can be seen.
    """
    if not experiment.veiled:
        return bench.runner.run(tree, request), None
    others = tuple(put for put in experiment.back if put not in experiment.veiled)
    with bench.scratch.plant(experiment.commit, (*experiment.shared, *others)) as veiled:
        run = bench.runner.run(veiled, replace(request, instead=experiment.veiled))
    if not run.bared and proof.is_all_red(run, request.targets):
        return run, None
    return bench.runner.run(tree, request), None if run.bared else run


def _to_the_end(bench: Bench, tree: Tree, request: RunRequest, after: TestRun) -> TestRun:
    """A run without the fix; where one test ended it for all, also the tests that had not had their turn."""
    run = bench.runner.run(tree, request)
    rest = proof.unreached(after, run)
    return run.continued_by(bench.runner.run(tree, replace(request, targets=rest))) if rest else run


def _has_passed(tests: Sequence[MappedTest], run: TestRun) -> bool:
    """Whether a test of the fix passed, or another of those files where the fix has none by name."""
    passed = [case.nodeid for case in run.cases if case.outcome is Outcome.PASSED]
    return bool(passed) and (
        not tests or any(pairing.is_case_of(nodeid, test.nodeid) for nodeid in passed for test in tests)
    )


def _with_fix(experiment: Experiment, bench: Bench, request: RunRequest) -> TestRun:
    """A run with the fix; where lines are asked for and a test of it fails, once more without: maybe of the tracer."""
    run = _run(experiment, bench, request)
    if request.measures and not _is_green(run, request.own):
        return _run(experiment, bench, replace(request, measures=False))
    return run


def _is_green(run: TestRun, own: Sequence[str]) -> bool:
    cases = [case for case in run.cases if not own or any(pairing.is_case_of(case.nodeid, test) for test in own)]
    return run.end is End.FINISHED and all(case.outcome is not Outcome.FAILED for case in cases)


def _run(experiment: Experiment, bench: Bench, request: RunRequest) -> TestRun:
    with bench.scratch.plant(experiment.commit, experiment.shared) as tree:
        return bench.runner.run(tree, request)
