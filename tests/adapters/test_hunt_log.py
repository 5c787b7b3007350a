"""A hunt that goes on from its log: what was tried is answered from it, to the letter, and all else is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.hunt_log import HuntLog, HuntLogError, LoggedReplayer
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions, Replay, Replayed
from pytest_bugguard.core.runs import Case, End, Frame, Raised, TestRun, Uncollected

if TYPE_CHECKING:
    from pathlib import Path

RAISED = Raised(
    "shop.net.GoneError", (), "no \udcff\n page", (Frame("t.py", 3, "test", True), Frame("/x.py", 1, "f", False))
)


@dataclass
class Acting:
    """Each process is another one."""

    asked: list[Replay] = field(default_factory=list)
    is_stopped: bool = False

    def replay(self, asked: Replay) -> Replayed:
        self.asked.append(asked)
        cases = tuple(
            Case(nodeid, Outcome.FAILED, "setup", RAISED, "why", 0.25 + len(self.asked), number=place)
            for place, nodeid in enumerate(asked.tests, start=1)
        )
        run = TestRun(
            End.CRASHED, cases, ("a", *asked.tests), (Uncollected("b.py", None),), running="a", detail="SIGSEGV",
            duration_s=1.5,
        )  # fmt: skip
        return Replayed(asked, run)

    def stop(self) -> None:
        self.is_stopped = True


ASKED = [
    Replay(('a::b ["c"]', "\udcff\n", 'a::b ["c"]'), Conditions(hash_seed=7)),
    Replay(("a",), Conditions(busy=4)),
    Replay((), paths=("tests",)),
]


def test_what_was_tried_is_not_run_again(tmp_path: Path) -> None:
    """It comes back as it was, as often as it was tried; what is asked once more is run."""
    log = HuntLog(tmp_path)
    log.begin({"seed": 3})
    first, second = Acting(), Acting()
    before = LoggedReplayer(first, log, [])
    told = [before.replay(asked).run for asked in [*ASKED, ASKED[0]]]
    assert log.facts() == {"seed": 3}
    again = LoggedReplayer(second, log, log.lines())
    assert [again.replay(asked).run for asked in [ASKED[0], ASKED[1], ASKED[2], ASKED[0]]] == told
    assert second.asked == []
    again.replay(ASKED[0])
    assert second.asked == [ASKED[0]]
    assert len(LoggedReplayer(Acting(), log, log.lines())._known) == len(ASKED)


def test_a_line_that_was_cut_off_is_nothing(tmp_path: Path) -> None:
    """A disk was full, or the machine died."""
    log = HuntLog(tmp_path)
    log.begin({})
    LoggedReplayer(Acting(), log, []).replay(ASKED[1])
    path = tmp_path / ".bugguard" / "hunt.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    acting = Acting()
    LoggedReplayer(acting, log, log.lines()).replay(ASKED[1])
    assert acting.asked == [ASKED[1]]


@pytest.mark.parametrize("is_torn", [True, False], ids=["cut-off", "not-written"])
def test_a_lost_line_turns_no_test_into_another(tmp_path: Path, *, is_torn: bool) -> None:
    """It is run again itself; what was noted after it is known as it was."""
    log, path = HuntLog(tmp_path), tmp_path / ".bugguard" / "hunt.jsonl"
    log.begin({})
    lost, *others = [Replay((name,)) for name in ("lost", "one", "two", "three")]
    replayer = LoggedReplayer(Acting(), log, [])
    if is_torn:
        replayer.replay(lost)
        path.write_bytes(path.read_bytes()[:-20])
        replayer = LoggedReplayer(Acting(), log, log.lines())
    else:
        aside = path.rename(path.with_suffix(".aside"))
        path.mkdir()
        replayer.replay(lost)
        path.rmdir()
        aside.rename(path)
    for asked in [*others, lost]:
        replayer.replay(asked)
    acting = Acting()
    again = LoggedReplayer(acting, log, log.lines())
    told = [case.nodeid for asked in others for case in again.replay(asked).run.cases]
    assert told == ["one", "two", "three"]
    assert acting.asked == []
    assert [case.nodeid for case in again.replay(lost).run.cases] == ["lost"]
    again.replay(lost)
    assert acting.asked == [lost]


def test_what_is_no_text_is_no_line(tmp_path: Path) -> None:
    """A disk has kept other bytes at the end: what stands before them is known, and the next line is whole."""
    log, path = HuntLog(tmp_path), tmp_path / ".bugguard" / "hunt.jsonl"
    log.begin({"seed": 3})
    LoggedReplayer(Acting(), log, []).replay(ASKED[1])
    with path.open("ab") as stream:
        stream.write(b"\xff\xfe" * 9000)
    assert log.facts() == {"seed": 3}
    for known in ([ASKED[1]], [ASKED[1], ASKED[0]]):
        acting = Acting()
        replayer = LoggedReplayer(acting, log, log.lines())
        for asked in [*known, ASKED[0]]:
            replayer.replay(asked)
        assert acting.asked == [ASKED[0]]


def test_a_file_of_another_kind_is_no_log(tmp_path: Path) -> None:
    """Whatever its first line holds."""
    log, path = HuntLog(tmp_path), tmp_path / ".bugguard" / "hunt.jsonl"
    log.begin({})
    for first in (b"[]\n", b"1\n", b"\xff\n", b""):
        path.write_bytes(first)
        with pytest.raises(HuntLogError):
            log.facts()


def test_a_process_that_we_have_ended_is_no_outcome(tmp_path: Path) -> None:
    """What ran when Ctrl-C came is run again."""
    log = HuntLog(tmp_path)
    log.begin({})
    acting = Acting()
    replayer = LoggedReplayer(acting, log, [])
    replayer.stop()
    replayer.replay(ASKED[1])
    assert acting.is_stopped
    assert log.lines() == []


def test_without_a_log_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    """Nor after a hunt has come to its end."""
    log = HuntLog(tmp_path)
    log.begin({})
    log.drop()
    with pytest.raises(HuntLogError, match="no hunt was broken off"):
        log.facts()
