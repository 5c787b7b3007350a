"""One proof: the tests of a fix run with it and without it, for somebody to judge what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import pairing, proof
from pytest_bugguard.core.experiment import allowed_s
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.runs import End, TestRun, Undressed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.model import MappedTest
    from pytest_bugguard.core.runs import Put, RunRequest
    from pytest_bugguard.journeys.ports import Scratch, TestRunner, Tree

_NOT_RUN = TestRun(End.NOT_STARTED)


class Bench(Struct, frozen=True, dict=True):
    """Where proofs are made."""

    scratch: Scratch
    runner: TestRunner
    dress: Callable[[Put, Put], Put | Undressed]
    """Gives an old file the dress of the new one, as a text."""
    keep: Callable[[str], None] | None = None
    """Told how to run the tests by hand in each tree without a fix, which then stays."""
    starts_early: bool = False
    """Whether a run may be started, up to its first test, while another one goes on."""


class Runs(Struct, frozen=True):
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

    No test runs while one of another run does; what comes before the first test, a run may do while another goes on.

    Args:
        experiment: The two trees and what is run in them.
        bench: Makes the trees, runs the tests.
        session: What pytest saw of these tests with the fix, where it has just run them; else they are run here.

    Raises:
        ScratchError: A tree could not be made.
    """
    if session is not None and not _has_passed(experiment.tests, session):
        return Runs(session)  # nothing that is red without the fix could show anything
    runs = _runs(experiment, bench, session)
    if bench.starts_early and _may_be_disturbed(experiment, runs):
        return _runs(experiment, replace(bench, starts_early=False), session)
    return runs


def _may_be_disturbed(experiment: Experiment, runs: Runs) -> bool:
    """Whether a run may have failed since another one was there: it wanted something outside, and came to no test.

    What is wanted as a test file is imported, a port or a lock, the one that was started early may have or lack.
    """
    if not runs.in_session and runs.after.reached_out and not _has_passed(experiment.tests, runs.after):
        return True
    others = (runs.before, runs.again, runs.veiled, runs.control)
    return any(
        run is not None and run.reached_out and (run.end is End.NOT_STARTED or bool(run.uncollected)) for run in others
    )


def _runs(experiment: Experiment, bench: Bench, session: TestRun | None) -> Runs:
    old = (*experiment.shared, *experiment.back)
    with (
        _green(experiment, bench, session) as green,
        bench.scratch.plant(experiment.commit, old) as tree,
        _readied(bench, tree, experiment.without_fix) as first,
        _last(experiment, bench, in_session=session is not None) as last,
    ):
        after = green.run()
        if not _has_passed(experiment.tests, after):  # see above; but was that chance?
            reds = proof.red_with_fix(experiment.tests, after)
            request = replace(experiment.with_fix, targets=reds, measures=False)
            return Runs(after, control=_run(experiment, bench, request) if reds else None)
        limit_s = allowed_s(after.duration_s)
        request = replace(experiment.without_fix, limit_s=limit_s)
        with _behind_a_veil(experiment, bench, green) as veil:
            before = first(request.targets, limit_s)
            if rest := proof.unreached(after, before):
                before = before.continued_by(bench.runner.run(tree, replace(request, targets=rest)))
            reds = proof.to_repeat(after, before)
            veiled = veil(reds, limit_s) if reds and veil is not None else None
        if unused := proof.to_look_at(after, before, reds):
            look = bench.runner.run(tree, replace(request, targets=unused, sees_loading=True))
            before = replace(before, began=look.began)
        again = veiled if veiled is not None and _is_repeat(veiled, reds) else None
        if reds and again is None:
            again = bench.runner.run(tree, replace(request, targets=reds))
        if veiled is not None:
            veiled = _without_veil(experiment, bench, replace(request, targets=reds), veiled)
        if bench.keep is not None:
            tree.keep()
            bench.keep(bench.runner.by_hand(tree, replace(request, targets=reds or request.targets)))
        control = None
        # The session had files that no scratch tree has: a test that misses them is red without any bug.
        if reds and (session is not None or proof.may_leave_state(after, before, reds)):
            control = last(reds)
    return Runs(after, before, again, veiled, control, in_session=session is not None)


class _Green(Struct, frozen=True):
    """The run with the fix: its tests wait until it is asked for, so that other trees are made while it starts."""

    run: Callable[[], TestRun]
    used: Callable[[], Tree | None]
    """The tree that it ran in, if nothing was changed there but bytecode: another run starts faster there."""


@contextmanager
def _green(experiment: Experiment, bench: Bench, session: TestRun | None) -> Iterator[_Green]:
    if session is not None:
        yield _Green(lambda: session, lambda: None)
        return
    request = experiment.with_fix
    with bench.scratch.plant(experiment.commit, experiment.shared) as tree:
        state = tree.state()
        with _readied(bench, tree, request) as go:
            yield _Green(
                lambda: _untraced(go(request.targets, request.limit_s), experiment, bench, request),
                lambda: tree if tree.state() == state else None,
            )


_Go = Callable[[Sequence[str], float], TestRun]
"""Runs tests, or cases of them, and ends them after so many seconds."""


@contextmanager
def _readied(bench: Bench, tree: Tree, request: RunRequest) -> Iterator[_Go]:
    """A run whose tests wait for their turn."""
    if not bench.starts_early:
        yield lambda targets, limit_s: bench.runner.run(tree, replace(request, targets=tuple(targets), limit_s=limit_s))
        return
    with bench.runner.readied(tree, request) as go:
        yield go


@contextmanager
def _behind_a_veil(experiment: Experiment, bench: Bench, green: _Green) -> Iterator[_Go | None]:
    """A run with the old code behind the new text of its files; None where the fix has no such file."""
    if not experiment.veiled:
        yield None
        return
    request = replace(experiment.without_fix, instead=experiment.veiled)
    beside = (*experiment.beside_veil, *(new for _, new in experiment.moved))
    used = None if beside else green.used()
    puts = (*experiment.shared, *beside)
    with (
        bench.scratch.plant(experiment.commit, puts) if used is None else nullcontext(used) as tree,
        _readied(bench, tree, request) as go,
    ):
        yield go


@contextmanager
def _last(experiment: Experiment, bench: Bench, *, in_session: bool) -> Iterator[Callable[[tuple[str, ...]], TestRun]]:
    """A run with the fix, of some tests; begun at once where it will be wanted."""
    request = experiment.with_fix
    if not in_session:
        yield lambda reds: _with_fix(experiment, bench, replace(request, targets=reds))
        return
    with bench.scratch.plant(experiment.commit, experiment.shared) as tree, _readied(bench, tree, request) as go:
        yield lambda reds: _untraced(go(reds, request.limit_s), experiment, bench, replace(request, targets=reds))


def _is_repeat(veiled: TestRun, reds: Sequence[str]) -> bool:
    """Whether a run behind a veil is a repeat of the one without: all is red again, and nobody has lifted it."""
    return proof.is_all_red(veiled, tuple(reds)) and not veiled.is_bared


def _without_veil(experiment: Experiment, bench: Bench, request: RunRequest, veiled: TestRun) -> TestRun:
    """What a run behind a veil has shown, and for the tests for which it was lifted one with the dress as the text.

    Behind a veil that was lifted nothing can be seen: by the tests that did it; by all, where nobody's name is known.
    """
    if not veiled.is_bared:
        return veiled
    seen = () if veiled.bared else tuple(case for case in veiled.cases if not case.bared)
    made = [(old, bench.dress(old, new)) for old, new in experiment.dressable]
    puts = (old if isinstance(dress, Undressed) else dress for old, dress in made)
    with bench.scratch.plant(experiment.commit, (*experiment.shared, *puts, *experiment.beside_veil)) as tree:
        run = bench.runner.run(tree, request)
    undressed = tuple(dress for _, dress in made if isinstance(dress, Undressed))
    known = {case.nodeid for case in seen}
    return replace(
        run,
        cases=(*seen, *(case for case in run.cases if case.nodeid not in known)),
        bared=tuple(sorted({*veiled.bared, *(path for case in veiled.cases for path in case.bared)})),
        undressed=(*veiled.undressed, *run.undressed, *undressed),
    )


def _has_passed(tests: Sequence[MappedTest], run: TestRun) -> bool:
    """Whether a test of the fix passed, or another of those files where the fix has none by name."""
    passed = [case.nodeid for case in run.cases if case.outcome is Outcome.PASSED]
    return bool(passed) and (
        not tests or any(pairing.is_case_of(nodeid, test.nodeid) for nodeid in passed for test in tests)
    )


def _with_fix(experiment: Experiment, bench: Bench, request: RunRequest) -> TestRun:
    """A run with the fix, in a tree of its own."""
    return _untraced(_run(experiment, bench, request), experiment, bench, request)


def _untraced(run: TestRun, experiment: Experiment, bench: Bench, request: RunRequest) -> TestRun:
    """A run with the fix; where lines are asked for and a test of it failed, once more without: maybe of the tracer."""
    if request.measures and not _is_green(run, request.own):
        return _run(experiment, bench, replace(request, measures=False))
    return run


def _is_green(run: TestRun, own: Sequence[str]) -> bool:
    cases = [case for case in run.cases if not own or any(pairing.is_case_of(case.nodeid, test) for test in own)]
    return run.end is End.FINISHED and all(case.outcome is not Outcome.FAILED for case in cases)


def _run(experiment: Experiment, bench: Bench, request: RunRequest) -> TestRun:
    with bench.scratch.plant(experiment.commit, experiment.shared) as tree:
        return bench.runner.run(tree, request)
