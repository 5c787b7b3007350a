"""Whether a test that fails has met what the change touched."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.flakes import flake_of
from pytest_bugguard.core.meeting import met, watched, with_met
from pytest_bugguard.core.model import FileChange, Outcome
from pytest_bugguard.core.replays import Replay, Replayed
from pytest_bugguard.core.runs import Case, End, Frame, Loaded, Raised, TestRun

T, U = "tests/test_a.py::test_it", "tests/test_a.py::test_other"
FAILED, PASSED = Outcome.FAILED, Outcome.PASSED
NOTHING = "it fails where nothing that the change touched is loaded, so the change is not why"


def change(status: str, path: str, mode: int = 0o100644) -> FileChange:
    return FileChange(status, None if status == "A" else path, None if status == "D" else path, mode, mode, "1", "2")


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        pytest.param([change("M", "src/b.py"), change("A", "src/a.py"), change("M", "README.md")],
                     ("README.md", "src/a.py", "src/b.py"), id="shown-by-use"),
        pytest.param([change("M", "src/b.py"), change("M", "uv.lock")], (), id="another-environment"),
        pytest.param([change("M", "src/b.py"), change("D", "src/a.py")], (), id="one-is-gone"),
        pytest.param([change("M", "src/b.py"), change("R", "src/a.py")], (), id="one-has-moved"),
        pytest.param([change("M", "src/b.py", 0o120000)], (), id="symlink"),
        pytest.param([change("A", "docs/a.md")], (), id="may-be-listed"),
        pytest.param([], (), id="nothing"),
    ],
)  # fmt: skip
def test_only_what_shows_its_use_is_watched(changes: list[FileChange], files: tuple[str, ...]) -> None:
    """One file that may work unseen, and nothing is said of any."""
    assert watched(changes) == files


def run(*cases: Case, end: End = End.FINISHED, loaded: tuple[Loaded, ...] = (), watches: bool = True) -> Replayed:
    return Replayed(Replay((T,), watched=("src/a.py",) if watches else ()), TestRun(end, cases, loaded=loaded))


RED = Case(T, FAILED)
THROUGH = Raised("E", (), "", tuple(Frame(path, 1, "f", is_inside=True) for path in ("tests/test_a.py", "src/a.py")))
HERE = (Loaded("src/a.py"),)


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        pytest.param([run(RED)], NOTHING, id="nothing"),
        pytest.param([run(Case(T, FAILED, executed=("src/a.py",)), loaded=HERE), run(RED)], NOTHING, id="once-without"),
        pytest.param([run(Case(T, FAILED, executed=("src/a.py", "src/b.py")), loaded=HERE)],
                     "it runs what the change touched: src/a.py and 1 more", id="runs-it"),
        pytest.param([run(Case(T, FAILED, raised=THROUGH), loaded=HERE)],
                     "it runs what the change touched: src/a.py", id="fails-through-it"),
        pytest.param([run(RED, loaded=HERE)], "", id="loaded-only"),
        pytest.param([run(RED, loaded=(Loaded("src/a.py", "/usr/a.py"),))], "", id="another-copy"),
        pytest.param([run(Case(U, PASSED, executed=("src/a.py",)), RED)], "", id="another-test-ran-it"),
        pytest.param([run(Case(T, FAILED, started_process=True))], "", id="whatever-that-process-did"),
        pytest.param([run(RED, end=End.CRASHED)], "", id="died"),
        pytest.param([run(Case(T, PASSED))], "", id="passed"),
        pytest.param([run(RED, watches=False)], "", id="not-watched"),
    ],
)  # fmt: skip
def test_what_a_failure_met_is_told(processes: list[Replayed], said: str) -> None:
    """That it met nothing is shown by one process that failed without; all else that is not clear is left unsaid."""
    found = met(T, processes)
    assert (found.said if found else "") == said
    flake = flake_of(T, ())
    told = with_met(flake, found)
    assert told.met_change == (None if found is None else said != NOTHING)
    assert told.reason.endswith(said)
    assert (told == flake) == (found is None)
