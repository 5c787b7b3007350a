"""What else matters to tests that are known to depend on others: a busy machine, more polluters, more setters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import orders
from pytest_bugguard.core.hunted import Way
from pytest_bugguard.core.kinds import Kind
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import PLAIN, Conditions
from pytest_bugguard.journeys.diagnosis import confirm, fails_under_load, find_more, show_more_under_load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.journeys.lab import Lab

_SWEPT = 400
"""Tests up to which each is tried as a polluter of its own."""
_UNDER_LOAD = 3
_START_S = 0.3
"""What a process takes besides its tests, about."""
_CHANGED = {Kind.VICTIM: Outcome.FAILED, Kind.BRITTLE: Outcome.PASSED}
"""How those of a kind end after others."""
_ALONE = {Kind.VICTIM: Outcome.PASSED, Kind.BRITTLE: Outcome.FAILED}


class Sweep:
    """Goes on where it was when its time was over, and takes in what has come to light since."""

    def __init__(self, lab: Lab, *, busy: int, looks_at_load: bool) -> None:
        """Sweep in a lab.

        Args:
            lab: Whose notebook knows the tests.
            busy: How many processes make the machine busy.
            looks_at_load: Whether it is asked if load matters, too.
        """
        self._lab = lab
        self._busy = busy
        self._looks_at_load = looks_at_load
        self._loaded: set[str] = set()
        self._done: set[str] = set()
        self._met: dict[str, set[str]] = {}
        """Of each test: those after which it was run."""
        self._hints: dict[tuple[str, str], None] = {}
        """A test that ended otherwise than alone where another one ran first."""

    def go_on(self) -> None:
        """Do what is left to be done.

        Raises:
            OutOfTimeError: There is no time for all of it.
        """
        self._confirm()
        for kind in _CHANGED:
            for group in self._groups(kind):
                self._lab.doing = f"more about {group[0]}" + (f" and {len(group) - 1} more" if group[1:] else "")
                if kind is Kind.VICTIM and self._looks_at_load:
                    self._load(group)
                if len(self._lab.notebook.order) <= _SWEPT:
                    self._after_others(group, kind)
                    self._confirm()
                else:
                    for nodeid in group:
                        find_more(nodeid, self._lab)
                        self._done.add(nodeid)
                self._done.update(group)

    def _groups(self, kind: Kind) -> Iterator[tuple[str, ...]]:
        """The tests of a kind that are not done, those together that do nothing to each other."""
        notebook = self._lab.notebook
        left = tuple(
            one for one in notebook.suspects() if one not in self._done and kind in notebook.diagnosis(one).kinds
        )
        while left:
            group = left
            while len(group) > 1 and (staying := self._undisturbed(group, kind)) != group:
                group = staying or left[:1]
            yield group
            left = tuple(one for one in left if one not in group)

    def _undisturbed(self, group: tuple[str, ...], kind: Kind) -> tuple[str, ...]:
        """Those that end as they do alone, in this order and reversed."""
        lab = self._lab
        asked = [lab.replay(order) for order in (group, group[::-1])]
        runs = list(lab.run_all(Way.GLANCE, asked))
        return tuple(one for one in group if all(run.outcomes(one) == (_ALONE[kind],) for run in runs))

    def _load(self, group: tuple[str, ...]) -> None:
        """Whether they watch the clock besides."""
        lab = self._lab
        asked = [lab.replay(group, Conditions(busy=self._busy)) for _ in range(_UNDER_LOAD)]
        slow: set[str] = set()
        for done in lab.run_all(Way.GLANCE, asked if self._loaded.isdisjoint(group) else []):
            slow.update(one for one in group if done.outcomes(one) != (Outcome.PASSED,))
        for nodeid in group:
            if nodeid in slow:
                fails_under_load(nodeid, lab, self._busy)
            show_more_under_load(nodeid, lab, self._busy)
        self._loaded.update(group)

    def _after_others(self, group: tuple[str, ...], kind: Kind) -> None:
        """Run them after each other test by itself: a search finds one polluter or setter, and there may be more."""
        lab = self._lab
        is_slow = lab.notebook.duration_s(group) > _START_S * len(group)
        tests = [group] if is_slow or len(group) == 1 else [group, group[::-1]]
        others = [
            one
            for one in orders.likely_first(lab.notebook.order, group[0])
            if not lab.notebook.ends_processes(one) and any(one not in self._met_by(nodeid) for nodeid in group)
        ]
        asked = [lab.replay((other, *(one for one in order if one != other))) for other in others for order in tests]
        way = Way.GLANCE if len(group) > 1 else Way.EXPERIMENT
        for done in lab.run_all(way, asked):
            other, *rest = done.asked.tests
            for nodeid in rest:
                self._met_by(nodeid).add(other)
                if done.outcomes(nodeid)[:1] == (_CHANGED[kind],):
                    self._hints[nodeid, other] = None

    def _met_by(self, nodeid: str) -> set[str]:
        """Those that a test needs to be run after no more."""
        return self._met.setdefault(nodeid, {nodeid, *self._named(nodeid)})

    def _named(self, nodeid: str) -> set[str]:
        """Those that are known to be enough by themselves."""
        diagnosis = self._lab.notebook.diagnosis(nodeid)
        return {found[0] for found in (*diagnosis.polluters, *diagnosis.setters) if len(found) == 1}

    def _confirm(self) -> None:
        """What has shown itself in between others may have another reason."""
        while self._hints:
            nodeid, other = next(iter(self._hints))
            if other not in self._named(nodeid):
                confirm(nodeid, (other,), PLAIN, self._lab)
            del self._hints[nodeid, other]
