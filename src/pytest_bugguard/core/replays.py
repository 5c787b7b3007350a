"""Tests run again in an order of one's own, in one fresh process: what is asked, what came of it. Pure; no I/O.

A process that dies, or never ends, is an outcome of the test that was running then.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.failures import digest_of, failure_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Failure
from pytest_bugguard.core.runs import End, RunRequest

if TYPE_CHECKING:
    from pytest_bugguard.core.runs import Case, TestRun

CRASH, HANG = "crash", "hang"
"""What stands for the exception's type where a process died, or was still running when its time was up."""
_UNFIT, _FITTED = re.compile(r"[\s%,]"), re.compile(r"%([0-9a-f]{1,5});")
"""What may not stand in a word, and how it stands there."""
_NO_FAILURE = Failure("", "", "")


class Home(Struct, frozen=True):
    """How pytest is run in a checkout."""

    folder: str = ""
    """Where pytest is started, relative to the repository's top."""
    options: tuple[str, ...] = ()
    """Those of the project and of the user, as ``core.addopts`` keeps them."""
    drops: bool = False
    """Whether the project has others, which are not kept."""
    roots: tuple[str, ...] = ()
    """Folders that imports are looked for in; none: as the environment has it."""


class Conditions(Struct, frozen=True):
    """What a replay changes around the tests; what is not said is as the user has it."""

    hash_seed: int | None = None
    """``PYTHONHASHSEED``, from 0 to 2**32 - 1; None: his own, or a new one for each process."""
    time_zone: str = ""
    """``TZ``."""
    locale: str = ""
    """``LC_ALL``."""
    busy: int = 0
    """So many processes keep the machine busy meanwhile."""
    beside: tuple[str, ...] = ()
    """Files that are loaded too, without a test of theirs being run."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed but the seed, which is another one in each process anyway."""
        return not (self.time_zone or self.locale or self.busy or self.beside)

    @property
    def words(self) -> str:
        """``seed=7 zone=Pacific/Apia``: as ``conditions_of`` reads them."""
        said = {
            "seed": "" if self.hash_seed is None else str(self.hash_seed),
            "zone": self.time_zone,
            "locale": self.locale,
            "busy": str(self.busy or ""),
            "beside": ",".join(_UNFIT.sub(lambda one: f"%{ord(one[0]):x};", path) for path in self.beside),
        }
        return " ".join(f"{name}={value}" for name, value in said.items() if value)

    @property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """What has to stand in the environment for that."""
        said = {
            "PYTHONHASHSEED": "" if self.hash_seed is None else str(self.hash_seed),
            "TZ": self.time_zone,
            "LC_ALL": self.locale,
        }
        return tuple((name, value) for name, value in said.items() if value)


PLAIN = Conditions()


def conditions_of(words: str) -> Conditions:
    """What ``Conditions.words`` said; what it cannot have said is passed over."""
    said = dict(word.split("=", 1) for word in words.split() if "=" in word)
    seed, busy, beside = (said.get(name, "") for name in ("seed", "busy", "beside"))
    return Conditions(
        hash_seed=int(seed) if seed.isdecimal() else None,
        time_zone=said.get("zone", ""),
        locale=said.get("locale", ""),
        busy=int(busy) if busy.isdecimal() else 0,
        beside=tuple(_FITTED.sub(lambda one: chr(int(one[1], 16)), path) for path in beside.split(",") if path),
    )


class Replay(Struct, frozen=True):
    """What is asked for."""

    tests: tuple[str, ...]
    """Node ids from the repository's top, in the order to run them in; one that is named twice is run twice. None: all
    that pytest collects, in its own order."""
    conditions: Conditions = PLAIN
    limit_s: float = 600.0
    """After so many seconds it is ended, with every process that it started."""
    paths: tuple[str, ...] = ()
    """Where to collect from, where no tests are named: files, folders, node ids; none: where the project says."""
    watched: tuple[str, ...] = ()
    """Files whose use is told: what the change touched."""
    is_typed: bool = False
    """Whether the tests are named on the command line, as somebody would type them: is their order kept then, too?"""

    def request(self, home: Home) -> RunRequest:
        """The run that does it."""
        if self.is_typed:
            targets = self.tests
        else:
            files = dict.fromkeys([nodeid.partition("::")[0] for nodeid in self.tests] + [*self.conditions.beside])
            targets = tuple(files) or self.paths
        return RunRequest(
            targets=targets,
            watched=self.watched,
            roots=home.roots,
            folder=home.folder,
            options=home.options,
            limit_s=self.limit_s,
            order=() if self.is_typed else self.tests,
            names_tests=self.is_typed,
            variables=self.conditions.variables,
            busy=self.conditions.busy,
        )


class Replayed(Struct, frozen=True, dict=True):
    """What came of it."""

    asked: Replay
    run: TestRun

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """How each test ended, each time, in the order in which they ran. A test that did not come to run has none."""
        return attempts_of(self.run)

    @property
    def missing(self) -> frozenset[str]:
        """The tests that did not come to run: gone, left out by an option, or behind one that ended the process."""
        return frozenset(self.asked.tests or self.run.collected) - {one.nodeid for one in self.attempts}

    @property
    def without_hang(self) -> Replayed:
        """The same without the test that was running when its time was up: it was given none of its own."""
        if self.run.end is not End.TIMEOUT or _ended_early(self.run) is None:
            return self
        return Replayed(self.asked, replace(self.run, cases=self.run.cases[:-1]))

    def outcomes(self, nodeid: str) -> tuple[Outcome, ...]:
        """How a test ended, the first time first; nothing where it did not run."""
        return tuple(one.outcome for one in self.attempts if one.nodeid == nodeid)


def attempts_of(run: TestRun) -> tuple[Attempt, ...]:
    """How each test of a run ended, in the order in which they ran."""
    ended_early = _ended_early(run)
    return tuple(
        _attempt(run, case, place, is_cut_off=case is ended_early) for place, case in enumerate(run.cases, start=1)
    )


def _ended_early(run: TestRun) -> Case | None:
    """The case with which the process came to its end, where it came to none itself."""
    if run.end is End.FINISHED or not run.cases:
        return None
    last = run.cases[-1]
    return last if last.nodeid == run.running and last.outcome is Outcome.FAILED and last.raised is None else None


def _attempt(run: TestRun, case: Case, place: int, *, is_cut_off: bool) -> Attempt:
    failure: Failure | None = None
    if is_cut_off:
        failure = Failure(HANG if run.end is End.TIMEOUT else CRASH, "", digest_of(run.detail))
    elif case.outcome is Outcome.FAILED:
        failure = failure_of(case.raised) if case.raised is not None else _NO_FAILURE
    return Attempt(
        nodeid=case.nodeid,
        number=case.number,
        outcome=case.outcome,
        phase=CRASH if is_cut_off else case.phase,
        duration_s=round(case.duration_s, 6),
        failure=failure,
        place=place,
    )
