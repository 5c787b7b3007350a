"""What is remembered of a run of the tests: how each ended, on which code, where, and why. Pure; no I/O."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from pytest_bugguard.core.model import Outcome


class Why(StrEnum):
    """Why a run was made. It decides what the run is evidence of."""

    FIRST = "first"
    """Somebody wanted to know whether the tests pass: rates come from these alone, and from imported ones."""
    RERUN = "rerun"
    """It followed a failure, so failures are more frequent in it than by nature."""
    EXPERIMENT = "experiment"
    """Order, load or environment was changed on purpose."""
    BURN_IN = "burn-in"
    """A new test, run many times."""
    IMPORT = "import"
    """From another tool's report, taken for a first run."""


NATURAL = frozenset({Why.FIRST, Why.IMPORT})
"""Runs from which rates are taken."""


class Failure(Struct, frozen=True):
    """What is kept of an exception, so that failures can be told apart."""

    kind: str
    """The exception's type: ``TimeoutError``; empty where nothing is known."""
    place: str
    """File and line of the deepest frame in the project: ``src/shop/net.py:41``; empty where nothing is known."""
    message: str
    """Digest of the message, normalised."""


class Attempt(Struct, frozen=True):
    """How one test ended, one time."""

    nodeid: str
    """Relative to the repository's top level, with parameters."""
    number: int
    """From 1; more where the test was repeated within the run."""
    outcome: Outcome
    phase: str
    """The phase that decided: ``setup``, ``call``, ``teardown``, or ``crash``."""
    duration_s: float
    worker: str = ""
    """The xdist worker that ran it; empty without xdist."""
    failure: Failure | None = None
    place: int = 0
    """Which test of its worker it was, from 1; 0 where that is not known."""


class Circumstances(Struct, frozen=True):
    """What the outcomes of a run depend on."""

    commit: str = ""
    """Empty where it is not known; so for all of these."""
    tree: str = ""
    """The id of the commit's tree; empty where uncommitted work lay over it."""
    branch: str = ""
    environment: str = ""
    """The digest of Python, platform and what is installed."""
    environment_words: str = ""
    seed: str = ""
    """``PYTHONHASHSEED``, where it was set."""


class RecordedRun(Struct, frozen=True):
    """One run that came to its end. What was interrupted is no evidence, and is not recorded."""

    id: str
    """Unlike that of any other run."""
    why: Why
    started_s: int
    """Seconds since the epoch."""
    duration_s: float
    circumstances: Circumstances
    attempts: tuple[Attempt, ...]
    number: int = 1
    """More where a CI ran the same job again."""
    shard: str = ""
    """The CI's job, and which part of the tests it ran."""

    @property
    def is_natural(self) -> bool:
        """Whether rates may be taken from it: nobody made it because of a failure."""
        return self.why in NATURAL and self.number == 1


class Tally(NamedTuple):
    """What a test's natural runs add up to."""

    nodeid: str
    runs: int
    failures: int
    lost_ms: int


class Counts(NamedTuple):
    """How much a history holds."""

    runs: int
    tests: int
    """Tests with a natural run."""
    failed: int
    """Those of them that failed at least once."""
