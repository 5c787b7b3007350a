"""A hunt for flaky tests, prepared and carried out for a command: its result is what was found so far."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import interrupts, pool
from pytest_bugguard.assembly.recording import Session, record_experiments
from pytest_bugguard.assembly.replays import home_of, open_replayer
from pytest_bugguard.core.commands import Typing, command_of, contrast_of
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.experiments import kept
from pytest_bugguard.core.flakes import FlakeVerdict, Ranking, ranked
from pytest_bugguard.core.orders import number
from pytest_bugguard.core.replays import Conditions
from pytest_bugguard.core.results import RepositoryFacts, Result, Run, Summary
from pytest_bugguard.journeys.hunt import Plan, hunt
from pytest_bugguard.journeys.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.hunted import Notebook
    from pytest_bugguard.core.replays import Home

_ENDLESS = 10_000
"""Runs of all tests where only the time is limited."""
_BUSY = 3
"""Processes for each processor that make a machine busy."""
_VARIED = {
    "time-zone": [Conditions(time_zone=zone) for zone in ("UTC", "Pacific/Apia", "America/St_Johns", "Asia/Kolkata")],
    "locale": [Conditions(locale=name) for name in ("C", "de_DE.UTF-8", "tr_TR.UTF-8")],
}
VARIED = ("load", *_VARIED)
"""What can be varied on request; seeds of string hashes are varied always."""


@dataclass(frozen=True, slots=True)
class HuntOptions:
    """What the command line says."""

    paths: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Options for pytest."""
    runs: int | None = None
    """None: 10, or without end where the time is limited."""
    budget_s: float | None = None
    """None: 600."""
    jobs: int = 1
    limit_s: float = 600.0
    seed: int | None = None
    """None: another one each time."""
    varies: tuple[str, ...] = ()


def of_command(workshop: Workshop, options: HuntOptions, tell: Callable[[str, Notebook], None]) -> tuple[Result, bool]:
    """Hunt; what was found, and whether it was broken off.

    Raises:
        BugguardError: There is nothing to hunt in.
    """
    top = workshop.repository.top
    if top is None:
        raise BugguardError("a bare repository has no tests to run", hint="hunt in a clone of it")
    folder = workshop.repository.prefix
    paths = tuple(_from_top(top, workshop.start, path) for path in options.paths)
    home = home_of(top, folder, [path.partition("::")[0] for path in paths], options.words)
    started = time.time()
    seed = options.seed if options.seed is not None else number(started, os.getpid()) % 10_000
    with open_replayer(top, home) as replayer:
        lab = Lab(
            replayer=replayer,
            each=partial(pool.lazily, jobs=options.jobs, stop=replayer.stop),
            now=time.monotonic,
            until=time.monotonic() + (options.budget_s or 600.0),
            limit_s=options.limit_s,
            seed=seed,
            varies_hash=not os.environ.get("PYTHONHASHSEED", "").isdecimal(),
            tell=tell,
        )
        is_broken_off = False
        try:
            with interrupts.unwinding():
                hunt(_plan(paths, options), lab)
        except KeyboardInterrupt:
            is_broken_off = True
    took = Session(top, started, time.time() - started)
    attempts = tuple(kept(lab.notebook.telling()))
    notes = record_experiments(took, workshop.repository, attempts, workshop.settings.flaky)
    result = _result(workshop, lab, Typing(folder, _typed(home, options.words)), took)
    return replace(result, notes=(f"all chance in it stands on --seed {seed}", *notes)), is_broken_off


def _plan(paths: tuple[str, ...], options: HuntOptions) -> Plan:
    busy = _BUSY * (os.cpu_count() or 1)
    varied = [one for name in options.varies for one in _VARIED.get(name, [Conditions(busy=busy)])]
    runs = options.runs if options.runs is not None else 10 if options.budget_s is None else _ENDLESS
    return Plan(paths, runs, tuple(varied), busy)


def _from_top(top: Path, start: Path, path: str) -> str:
    """A file, folder or node id as it was typed, from the repository's top."""
    file, colons, rest = path.partition("::")
    place = os.path.relpath((start / file).resolve(), top).replace(os.sep, "/")
    if place.startswith("../") or not (top / place).exists():
        raise BugguardError(f"there is no {file}", hint="name files, folders or node ids of this repository")
    return f"{'' if place == '.' else place}{colons}{rest}"


def _typed(home: Home, words: Sequence[str]) -> tuple[str, ...]:
    """What a command needs besides the tests, so that the project's own options do not stand in its way."""
    quiet = ("-p", "no:randomly") if find_spec("pytest_randomly") else ()
    return ("-o", "addopts=", *quiet, *home.options) if home.drops else (*quiet, *words)


def _result(workshop: Workshop, lab: Lab, typing: Typing, took: Session) -> Result:
    notebook = lab.notebook
    flakes = ranked(_with_commands(flake, typing) for flake in notebook.flakes())
    unsteady = sum(one.verdict in {FlakeVerdict.FLAKY, FlakeVerdict.ORDER_DEPENDENT} for one in flakes)
    ranking = Ranking(flakes, notebook.processes, len(notebook.order), len(flakes), unsteady)
    return Result(
        "hunt",
        RepositoryFacts(workshop.head, shallow=workshop.history.is_shallow),
        Summary(),
        ranking=ranking,
        run=Run(int(took.started_s), round(took.duration_s, 3)),
    )


def _with_commands(flake: Flake, typing: Typing) -> Flake:
    command = command_of(flake.nodeid, flake.diagnosis, typing)
    contrast = contrast_of(flake.nodeid, flake.diagnosis, typing)
    return replace(flake, command=command, contrast=contrast)
