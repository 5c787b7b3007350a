"""Which job of a CI is this, and for which time is it run? By the variables that the CIs set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = (
    ("GITHUB_JOB",),
    ("CI_JOB_NAME",),
    ("CIRCLE_JOB", "CIRCLE_NODE_INDEX"),
    ("BUILDKITE_LABEL", "BUILDKITE_PARALLEL_JOB"),
    ("SYSTEM_JOBDISPLAYNAME", "SYSTEM_JOBPOSITIONINPHASE"),
    ("JOB_NAME",),
)
_ATTEMPTS = (("GITHUB_RUN_ATTEMPT", 0), ("BUILDKITE_RETRY_COUNT", 1), ("SYSTEM_JOBATTEMPT", 0))
"""What counts the times, and what it lacks: some count from 0."""


class CiJob(NamedTuple):
    """A job of a CI, or a run outside of any."""

    shard: str = ""
    """Its name, and which of several like it; empty outside of a CI."""
    number: int = 1
    """Over 1 where somebody ran it again: people do so because of failures, so no rate may come from it."""


def read(environ: Mapping[str, str]) -> CiJob:
    """What the variables say; never fails."""
    named = next((names for names in _NAMES if environ.get(names[0])), ())
    shard = " ".join(filter(None, (environ.get(name) for name in named)))
    numbers = [int(environ[name]) + lacks for name, lacks in _ATTEMPTS if environ.get(name, "").isdecimal()]
    return CiJob(shard[:200], max(1, *numbers, 1))
