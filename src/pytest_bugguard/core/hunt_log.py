"""How is a process of a hunt written down, so that the hunt can go on later where it was broken off? Pure; no I/O."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.runs import Case, End, Frame, Raised, TestRun, Uncollected

if TYPE_CHECKING:
    from pytest_bugguard.core.replays import Replay

FORMAT = 2


def key_of(asked: Replay) -> str:
    """The same for what is asked the same."""
    parts = [asked.tests, asked.conditions.words, asked.paths, asked.is_typed]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


class Writing:
    """Turns processes into lines, one after the other: a test is spelt once, and is a number from then on."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._next = 0

    def row(self, asked: Replay, run: TestRun) -> str:
        """A line, without its end."""
        first = self._next
        cases = [
            [
                self._place(case.nodeid), case.outcome.value, case.phase, case.number, round(case.duration_s, 6),
                case.reason, case.raised and _raised(case.raised),
            ]
            for case in run.cases
        ]  # fmt: skip
        collected = [self._place(nodeid) for nodeid in run.collected]
        row = {
            "key": key_of(asked),
            "cases": cases,
            "collected": collected,
            "uncollected": [one.path for one in run.uncollected if not one.is_skipped],
            "end": run.end.value,
            "running": run.running,
            "detail": run.detail,
            "duration_s": round(run.duration_s, 6),
            "first": first,
            "new": [name for name, place in self._places.items() if place >= first],
        }
        return json.dumps(row)

    def learn(self, reading: Reading) -> None:
        """Go on behind lines that were read."""
        self._places |= {name: place for place, name in reading.names.items()}
        self._next = max(reading.names, default=-1) + 1

    def spell_again(self) -> None:
        """A line was lost: what it has spelt is not known to who reads the others."""
        self._places.clear()

    def _place(self, nodeid: str) -> int:
        if nodeid not in self._places:
            self._places[nodeid] = self._next
            self._next += 1
        return self._places[nodeid]


def _raised(raised: Raised) -> list[Any]:
    return [raised.type, raised.message, [list(frame) for frame in raised.frames]]


class Reading:
    """Turns the lines back, in their order."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        """The tests by their numbers; those of lost lines are missing, and what speaks of them is none that is read."""

    def run(self, row: str) -> tuple[str, TestRun]:
        """The key of a line, and the run that it holds.

        Raises:
            ValueError, KeyError, TypeError, IndexError: It was cut off, or is no such line.
        """
        told = json.loads(row)
        self.names |= dict(enumerate(told["new"], told["first"]))
        cases = tuple(self._case(*case) for case in told["cases"])
        collected = tuple(self.names[place] for place in told["collected"])
        run = TestRun(
            End(told["end"]),
            cases,
            collected,
            tuple(Uncollected(path, None) for path in told["uncollected"]),
            running=told["running"],
            detail=told["detail"],
            duration_s=told["duration_s"],
        )
        return str(told["key"]), run

    def _case(self, place: int, *rest: Any) -> Case:  # noqa: ANN401 - cells of a row
        outcome, phase, number, duration_s, reason, raised = rest
        return Case(
            self.names[place], Outcome(outcome), phase, raised and _raised_of(*raised), reason, duration_s,
            number=number,
        )  # fmt: skip


def _raised_of(kind: str, message: str, frames: list[list[Any]]) -> Raised:
    return Raised(kind, (), message, tuple(Frame(*frame) for frame in frames))
