"""Which runs a proof makes, with a runner that only acts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import proof
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.runs import Put, RunRequest
from pytest_bugguard.journeys.prove import Bench, run_both_ways
from tests.trials import FILE, SOURCE, TEST, failed, mapped, passed, raised, run, trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.runs import TestRun

REQUEST = RunRequest((FILE,), (SOURCE,))
EXPERIMENT = Experiment(
    commit="1c0ffee",
    tests=(mapped(),),
    shared=(),
    back=(Put(SOURCE, b"1"),),
    now=(Put(SOURCE, b"2"),),
    with_fix=replace(REQUEST, measures=True),
    without_fix=REQUEST,
    versions=(),
    changed=(SOURCE,),
    changed_now=(SOURCE,),
)


class Acted:
    """Makes trees of nothing, and hands out runs one after the other."""

    def __init__(self, *runs: TestRun) -> None:
        self.runs = list(runs)
        self.asked: list[RunRequest] = []

    @contextmanager
    def plant(self, commit: str, puts: Sequence[Put]) -> Iterator[Any]:
        assert commit == EXPERIMENT.commit
        yield self

    def state(self) -> object:
        return None

    def run(self, tree: Any, request: RunRequest) -> TestRun:  # noqa: ANN401 - itself
        assert tree is self
        self.asked.append(request)
        done: TestRun = self.runs.pop(0)
        return done


RED, SET_UP = failed(), failed(how=raised("OSError", "no server"), phase="setup")


@pytest.mark.parametrize(
    ("runs", "verdict", "said"),
    [
        pytest.param([run(RED)] * 3, Verdict.BROKEN, "fails with the fix", id="red-each-time"),
        pytest.param(
            [run(RED), run(RED), run(passed())], Verdict.UNSTABLE, "and passed the next time", id="red-by-chance"
        ),
        pytest.param([run(SET_UP)] * 2, Verdict.UNDECIDED, "does not come past its set-up", id="came-to-judge-nothing"),
    ],
)
def test_what_is_red_with_the_fix_is_broken_if_it_is_red_again(
    runs: list[TestRun], verdict: Verdict, said: str
) -> None:
    """One run is no evidence of that: its receipt would say so for ever.

    The second run is the one without a tracer.
    """
    acted = Acted(*runs)
    bench: Any = Bench(acted, acted, dress=lambda old, _: old)  # type: ignore[arg-type]
    done = run_both_ways(EXPERIMENT, bench)
    assert acted.runs == []
    if done.control is not None:
        assert (acted.asked[-1].targets, acted.asked[-1].measures) == ((TEST,), False)
    told = proof.judge(trial(done.after, done.before, mapped(), again=done.again, control=done.control))
    assert (told.verdict, said in told.reason) == (verdict, True)
