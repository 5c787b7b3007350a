"""How does a test that fails now end on the base of the change, and what does that say? Pure; no I/O."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import attempts_of
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.recorded_runs import Failure
    from pytest_bugguard.core.runs import TestRun


class OnBase(StrEnum):
    """How a test ends on the base of the change."""

    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    """The base does not have it."""
    UNDECIDED = "undecided"


class BaseEnd(Struct, frozen=True):
    """What was seen of a test there."""

    how: OnBase
    said: str
    """In words that follow what was seen of it now."""
    is_alike: bool = False
    """Whether it fails there as it does now, so that the change cannot have broken it."""


ABSENT = BaseEnd(OnBase.ABSENT, "the base does not have it")
_TOO = "it failed on the base too"


def untold(why: str) -> BaseEnd:
    """Where it could not be seen."""
    return BaseEnd(OnBase.UNDECIDED, f"whether it failed on the base is not known: {why}")


def judge(run: TestRun, nodeid: str, now: Failure | None) -> BaseEnd:
    """What a run on the base says of a test.

    Args:
        run: The run, of the files that the base has.
        nodeid: The test.
        now: How it fails with the change; None where that is not known.
    """
    leak = next((one for one in run.loaded if one.place), None)
    if leak is not None:
        return untold(f"{leak.path} was loaded from {leak.place} there")
    done = next((one for one in attempts_of(run) if one.nodeid == nodeid), None)
    if done is None:
        return _missing(run, nodeid)
    match done.outcome:
        case Outcome.PASSED:
            return BaseEnd(OnBase.PASSED, "it passed on the base")
        case Outcome.FAILED:
            if now is None or done.failure is None:
                return BaseEnd(OnBase.FAILED, _TOO)
            is_alike = now.kind == done.failure.kind
            return BaseEnd(OnBase.FAILED, _TOO if is_alike else f"{_TOO}{_with(done.failure)}", is_alike=is_alike)
        case _:
            return untold(f"it {done.outcome} there")


def _with(failure: Failure) -> str:
    return f", there with {failure.kind}" if failure.kind else ""


def _missing(run: TestRun, nodeid: str) -> BaseEnd:
    if run.end is not End.FINISHED:
        return untold(run.detail or f"the run there {run.end}")
    if run.uncollected:
        return untold(f"{run.uncollected[0].path} cannot be collected there")
    return untold("it was deselected there") if nodeid in run.deselected else ABSENT


def with_base(flake: Flake, ends: Mapping[str, BaseEnd]) -> Flake:
    """What is said of a failing test, with how it ended on the base, where that was looked at."""
    end = ends.get(flake.nodeid)
    if end is None:
        return flake
    told = replace(flake, on_base=end.how, reason=f"{flake.reason}; {end.said}")
    if not end.is_alike:
        return told
    return replace(told, next=f"the change did not break it, so mend it apart: pytest {shlex.quote(flake.nodeid)}")
