"""How a test that fails now ended on the base of the change, and what that says."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, cast

import pytest

from pytest_bugguard.core import base_ends
from pytest_bugguard.core.base_ends import OnBase, judge, with_base
from pytest_bugguard.core.flakes import flake_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Failure
from pytest_bugguard.core.reruns import Failed
from pytest_bugguard.core.runs import Case, End, Loaded, Raised, TestRun, Uncollected
from pytest_bugguard.journeys.base_ends import Base, on_base
from pytest_bugguard.journeys.reruns import Limits
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from pytest_bugguard.core.runs import RunRequest
    from pytest_bugguard.journeys.ports import Reader, Scratch, TestRunner

TEST = "tests/test_a.py::test_it"
NOW = Failure("ValueError", "src/a.py:1", "")
RED = Raised("builtins.ValueError", (), "")


@pytest.mark.parametrize(
    ("run", "how", "said"),
    [
        pytest.param(TestRun(End.FINISHED, (Case(TEST, Outcome.PASSED),)), "passed",
                     "it passed on the base", id="green"),
        pytest.param(TestRun(End.FINISHED, (Case(TEST, Outcome.FAILED, raised=RED),)), "failed",
                     "it failed on the base too", id="red"),
        pytest.param(TestRun(End.FINISHED, (Case(TEST, Outcome.FAILED, raised=Raised("builtins.OSError", (), "")),)),
                     "failed", "it failed on the base too, there with OSError", id="red-otherwise"),
        pytest.param(TestRun(End.CRASHED, (Case(TEST, Outcome.FAILED),), running=TEST), "failed",
                     "it failed on the base too, there with crash", id="dead"),
        pytest.param(TestRun(End.FINISHED), "absent", "the base does not have it", id="new"),
        pytest.param(TestRun(End.FINISHED, (Case(TEST, Outcome.SKIPPED),)), "undecided", "it skipped there", id="skip"),
        pytest.param(TestRun(End.FINISHED, uncollected=(Uncollected("tests/test_a.py", None),)), "undecided",
                     "tests/test_a.py cannot be collected there", id="unreadable"),
        pytest.param(TestRun(End.FINISHED, deselected=(TEST,)), "undecided", "it was deselected there", id="left-out"),
        pytest.param(TestRun(End.FINISHED, deselected=(f"{TEST}[1]",)), "absent", "the base does not have it",
                     id="another-is-left-out"),
        pytest.param(TestRun(End.NOT_STARTED, detail="no conftest"), "undecided", "no conftest", id="not-begun"),
        pytest.param(TestRun(End.FINISHED, (Case(TEST, Outcome.PASSED),), loaded=(Loaded("src/a.py", "/usr/a.py"),)),
                     "undecided", "src/a.py was loaded from /usr/a.py there", id="another-copy"),
    ],
)  # fmt: skip
def test_a_run_on_the_base_is_read(run: TestRun, how: str, said: str) -> None:
    """What was not seen is not claimed, and says why."""
    end = judge(run, TEST, NOW)
    assert end.how == how
    assert end.said.endswith(said)
    assert end.is_alike == (said == "it failed on the base too")


@pytest.mark.parametrize(
    ("now", "there"),
    [
        pytest.param(None, RED, id="unknown-now"),
        pytest.param(NOW, None, id="unknown-there"),
        pytest.param(NOW, Raised("builtins.OSError", (), ""), id="another"),
    ],
)
def test_what_is_not_known_to_be_the_same_failure_is_not_called_so(now: Failure | None, there: Raised | None) -> None:
    """It failed there too; that the change has not broken it is not said."""
    end = judge(TestRun(End.FINISHED, (Case(TEST, Outcome.FAILED, raised=there),)), TEST, now)
    assert end.how is OnBase.FAILED
    assert not end.is_alike


def test_only_what_fails_there_alike_is_no_work_of_the_change() -> None:
    """The same failure on the base: then it is to be mended apart. Another one says nothing of this one."""
    flake = flake_of(TEST, ())
    red = Case(TEST, Outcome.FAILED, raised=RED)
    alike, other = (judge(TestRun(End.FINISHED, (red,)), TEST, Failure(kind, "", "")) for kind in ("ValueError", "K"))
    told = with_base(flake, {TEST: alike})
    assert (told.on_base, told.reason, told.next) == (
        OnBase.FAILED,
        f"{flake.reason}; it failed on the base too",
        f"the change did not break it, so mend it apart: pytest {TEST}",
    )
    assert with_base(flake, {TEST: other}).next == flake.next
    assert with_base(flake, {}) == flake


def test_a_failure_that_says_nothing_of_itself_is_not_taken_for_the_same() -> None:
    """As of a process that died in a test; nor is there anything to name."""
    end = judge(TestRun(End.FINISHED, (Case(TEST, Outcome.FAILED),)), TEST, NOW)
    assert (end.how, end.said, end.is_alike) == (OnBase.FAILED, "it failed on the base too", False)


class Acted:
    """Reads one file, plants trees, and runs tests that fail."""

    top = "/tree"

    def __init__(self) -> None:
        self.asked: list[RunRequest] = []

    def file_at(self, _: str, path: str) -> bytes | None:
        return b"" if path == "tests/test_a.py" else None

    def plant(self, _: str, puts: object) -> nullcontext[Acted]:
        assert puts == ()
        return nullcontext(self)

    def run(self, _: object, request: RunRequest) -> TestRun:
        self.asked.append(request)
        return TestRun(End.FINISHED, (Case(request.order[0], Outcome.FAILED, raised=RED),))


def test_each_is_run_alone_there_within_the_time() -> None:
    """What the base does not have costs no process; what there is no time for is said."""
    acted, ticks = Acted(), iter([0.0, 9.0])
    failed = [Failed(TEST, failure=NOW), Failed("tests/test_b.py::test_new"), Failed(f"{TEST}[late]")]
    base = Base(Snapshot(cast("Reader", acted), "c"), ("src/a.py",), ("-n2", "--strict"))
    limits = Limits(3, until=5.0, now=lambda: next(ticks))
    ends = dict(on_base(failed, base, cast("Scratch", acted), cast("TestRunner", acted), limits))
    assert {nodeid: end.how for nodeid, end in ends.items()} == {
        TEST: OnBase.FAILED,
        "tests/test_b.py::test_new": OnBase.ABSENT,
        f"{TEST}[late]": OnBase.UNDECIDED,
    }
    assert ends["tests/test_b.py::test_new"] == base_ends.ABSENT
    (asked,) = acted.asked
    assert (asked.order, asked.targets, asked.watched) == ((TEST,), ("tests/test_a.py",), ("src/a.py",))
    assert (asked.options, asked.limit_s) == (("--strict",), 5.0)
