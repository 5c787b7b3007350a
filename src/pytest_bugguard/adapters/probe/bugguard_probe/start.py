"""What is set up in a Python process of a run before anything else is imported. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import marshal
import os
import sys
from typing import TYPE_CHECKING, Any, TypedDict

from .guide import Guide
from .measure import Measure
from .places import Places
from .veil import Veil
from .witness import Witness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Plan(TypedDict):
    """What the runner tells its processes; written with ``marshal``, which costs no import."""

    top: str
    original: str
    roots: Sequence[str]
    watched: Sequence[str]
    around: Sequence[str]
    instead: Mapping[str, bytes]
    targets: Sequence[str]
    private: str
    evidence: str
    lines: str
    """The folder for measured lines; empty where none are asked for."""
    own: Sequence[str]
    """The tests whose lines are told as a test's; empty: all of them."""
    sees_loading: bool
    """Whether to look at what runs while files are loaded, whatever that costs."""
    order: Sequence[str]
    """The tests to run, in this order, the same one perhaps twice; empty: all below the targets, as collected."""
    word: str
    """The file to wait for before the first test: it says which of them to run; empty: all, at once."""
    is_at_home: bool
    """Whether outcomes matter most: what was used is told only where files are watched, and Hypothesis draws as it
    likes."""


PLAN_FILE = "plan"
RUN_VARIABLE = "BUGGUARD_RUN"
"""The folder of the run, in the environment of each of its processes: it also tells them from others.

Behind it stand those of the runs that it is part of, as where a test of ours starts one.
"""
RECORD_VARIABLE = "BUGGUARD_RECORD"
"""The file of results: known to the process that runs pytest, and hidden from what the tests start."""

plan: Plan
witness: Witness
places: Places
measure: Measure | None = None
record = ""
at_entry: list[Callable[[], None]] = []
"""What is done before each test."""


def begin() -> None:
    """Set up guide and witness by the plan of the run."""
    global plan, witness, places, measure, record  # noqa: PLW0603 - once, before anything else runs
    with open(os.path.join(os.environ[RUN_VARIABLE].partition(os.pathsep)[0], PLAN_FILE), "rb") as stream:
        plan = marshal.load(stream)  # noqa: S302 - our own file
    record = os.environ.pop(RECORD_VARIABLE, "")
    told = [*plan["watched"], *plan["around"]]
    places = Places(plan["top"], plan["original"], plan["roots"], told, plan["private"])
    veil = Veil(places, plan["instead"])
    veil.draw()
    if plan["lines"]:
        measure = Measure(places, plan["watched"], plan["lines"], is_main=bool(record))
    guide = Guide(places, None if measure is None else measure.on_found)
    guide.turn_path()
    sys.meta_path.insert(0, guide)
    witness = Witness(places, plan, veil, is_main=bool(record))
    if plan["watched"] or not plan["is_at_home"]:
        witness.begin()
    if measure is not None:
        measure.begin()


def telling(look: Callable[..., None]) -> Callable[..., None]:
    """What looks on, or tells that it could not: a class that nobody looks at is not one that nobody asks."""

    def tell(kind: Any, *names: str) -> None:  # a class, or what a decorator has made of it
        try:
            look(kind, *names)
        except Exception as error:  # noqa: BLE001 - whatever it is
            witness.undressed(str(getattr(kind, "__module__", kind)), error)

    return tell


def enter(test: str, *, is_own: bool = True) -> None:
    """All that is seen from now on is seen on behalf of this test; of none where it is empty.

    Its lines are told as a test's only where it is one of those that were asked for.
    """
    witness.enter(test)
    for do in at_entry:
        do()
    if measure is not None:
        measure.enter(test, is_own=is_own)
