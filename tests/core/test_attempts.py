"""How reports become attempts: repeats are told apart whoever made them, and none is taken for a first run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core.attempts import attempts_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.outcomes import PhaseReport
from pytest_bugguard.core.recorded_runs import Failure

FAILURE = Failure("TimeoutError", "a.py:1", "00")


def reports(text: str) -> list[PhaseReport]:
    """``setup call! teardown``: one report a word, of a test that may be named before a colon; ``!`` failed."""
    return [_report(word) for word in text.split()]


def _report(word: str) -> PhaseReport:
    nodeid, _, phase = word.rpartition(":")
    ends = {"!": "failed", "~": "skipped", "r": "rerun", "t": "retried"}
    sign = phase[-1] if phase not in {"setup", "call", "teardown"} else ""
    when = phase.removesuffix(sign)
    return PhaseReport(
        nodeid or "a.py::test", when, ends.get(sign, "passed"), is_xfail=False, duration_s=0.5,
        failure=FAILURE if sign in {"!", "r", "t"} else None,
    )  # fmt: skip


def ended(text: str) -> list[str]:
    return [f"{one.number} {one.outcome} {one.phase}" for one in attempts_of(reports(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("setup call teardown", ["1 passed call"], id="passed"),
        pytest.param("setup call! teardown", ["1 failed call"], id="failed"),
        pytest.param("setup! teardown", ["1 failed setup"], id="set-up"),
        pytest.param("setup call teardown!", ["1 failed teardown"], id="tear-down"),
        pytest.param("setup~ teardown", ["1 skipped setup"], id="skipped"),
        pytest.param("setup call! call teardown", ["1 failed call"], id="subtest"),
        pytest.param("call! setup call teardown", ["1 failed call"], id="subtest-before-its-set-up"),
        pytest.param(
            "call! setup callr teardown call! setup call teardown",
            ["1 failed call", "2 failed call"],
            id="subtest-in-each-rerun",
        ),
        pytest.param("setup callr teardown setup call teardown", ["1 failed call", "2 passed call"], id="rerun"),
        pytest.param("setupr teardown setup call! teardown", ["1 failed setup", "2 failed call"], id="rerun-of-set-up"),
        pytest.param("setup callt call teardown", ["1 failed call", "2 passed call"], id="pytest-retry"),
        pytest.param("setup teardown setup call teardown", ["1 failed call", "2 passed call"], id="flaky-hides-it"),
        pytest.param("setup ???! ", ["1 failed crash"], id="crash-of-a-worker"),
        pytest.param("setup", ["1 failed crash"], id="cut-off"),
        pytest.param("setup call teardown setup call teardown", ["1 passed call", "2 passed call"], id="named-twice"),
    ],
)
def test_attempts(text: str, expected: list[str]) -> None:
    """One for each time that the test was begun, with the phase that decided."""
    assert ended(text) == expected


def test_an_attempt_knows_its_failure_and_its_place() -> None:
    """What failed, how long it took, and what its worker had run before."""
    of_workers = [
        replace(one, worker=worker)
        for worker, text in (("gw0", "a:setup a:call"), ("gw1", "b:setup b:call!"), ("gw0", "c:setup c:call"))
        for one in reports(text)
    ]
    a, b, c = attempts_of(of_workers)
    assert [(one.worker, one.place) for one in (a, b, c)] == [("gw0", 1), ("gw1", 1), ("gw0", 2)]
    assert (b.failure, a.failure, b.duration_s) == (FAILURE, None, 1.0)


@pytest.mark.parametrize(
    ("text", "outcome", "failure"),
    [
        pytest.param("setup call teardown", Outcome.PASSED, None, id="passed"),
        pytest.param("setup call! teardown", Outcome.FAILED, FAILURE, id="failed"),
        pytest.param("setup~ call teardown", Outcome.SKIPPED, None, id="skipped"),
    ],
)
def test_an_attempt_took_as_long_as_its_phases(text: str, outcome: Outcome, failure: Failure | None) -> None:
    """In microseconds, whichever way it ended, and it is told with its worker and its place."""
    durations = (0.0000008, 0.25, 1.0000021)
    seen = [replace(one, duration_s=took, worker="gw1") for one, took in zip(reports(text), durations, strict=True)]
    ahead = [replace(one, worker="gw1") for one in reports("b.py::one:setup b.py::one:call b.py::one:teardown")]
    _, found = attempts_of([*ahead, *seen])
    assert (found.nodeid, found.number, found.outcome, found.failure) == ("a.py::test", 1, outcome, failure)
    assert (found.duration_s, found.worker, found.place) == (1.250003, "gw1", 2)


def test_a_failure_of_which_nothing_is_known_is_one() -> None:
    """A plugin may report one without its exception."""
    silent = [replace(one, failure=None) for one in reports("setup call! teardown")]
    (found,) = attempts_of(silent)
    assert found.failure == Failure("", "", "")


@given(st.lists(st.sampled_from(["a:setup", "b:setup", "a:call", "a:call!", "b:callr", "a:teardown", "b:???!"])))
def test_any_stream_gives_each_attempt_once(words: list[str]) -> None:
    """Numbers count from 1 without a gap, whatever a plugin sends; a failure is never lost."""
    found = attempts_of(reports(" ".join(words)))
    for nodeid in {one.nodeid for one in found}:
        numbers = [one.number for one in found if one.nodeid == nodeid]
        assert numbers == list(range(1, len(numbers) + 1))
    for nodeid, sign in (("a", "!"), ("b", "r")):
        if any(word.startswith(nodeid) and word.endswith(sign) for word in words):
            assert Outcome.FAILED in {one.outcome for one in found if one.nodeid == nodeid}
