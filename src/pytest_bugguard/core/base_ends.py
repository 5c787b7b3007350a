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
        return _missing(run)
    match done.outcome:
        case Outcome.PASSED:
            return BaseEnd(OnBase.PASSED, "it passed on the base")
        case Outcome.FAILED:
            is_other = now is not None and done.failure is not None and now.kind != done.failure.kind
            more = _with(done.failure) if is_other else ""
            return BaseEnd(OnBase.FAILED, f"it failed on the base too{more}", is_alike=not is_other)
        case _:
            return untold(f"it {done.outcome} there")


def _with(failure: Failure | None) -> str:
    return f", there with {failure.kind}" if failure is not None and failure.kind else ""


def _missing(run: TestRun) -> BaseEnd:
    if run.end is not End.FINISHED:
        return untold(run.detail or f"the run there {run.end}")
    if run.uncollected:
        return untold(f"{run.uncollected[0].path} cannot be collected there")
    return ABSENT


def with_base(flake: Flake, ends: Mapping[str, BaseEnd]) -> Flake:
    """What is said of a failing test, with how it ended on the base, where that was looked at."""
    end = ends.get(flake.nodeid)
    if end is None:
        return flake
    told = replace(flake, on_base=end.how, reason=f"{flake.reason}; {end.said}")
    if not end.is_alike:
        return told
    return replace(told, next=f"the change did not break it, so mend it apart: pytest {shlex.quote(flake.nodeid)}")
