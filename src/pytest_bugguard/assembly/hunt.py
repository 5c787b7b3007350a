"""A hunt for flaky tests, prepared and carried out for a command: its result is what was found so far."""

from __future__ import annotations

import hashlib
import os
import time
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from pytest_bugguard.adapters import ci, interrupts, orphans, pool
from pytest_bugguard.adapters.hunt_log import HuntLog, HuntLogError, LoggedReplayer
from pytest_bugguard.assembly.recording import Session, record_experiments
from pytest_bugguard.assembly.replays import home_of, open_replayer
from pytest_bugguard.core import addopts
from pytest_bugguard.core.alike import with_alike
from pytest_bugguard.core.causes import hints_of, may_read_command_line, source_in
from pytest_bugguard.core.commands import Typing, command_of, contrast_of, hunt_again, next_of
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.experiments import kept
from pytest_bugguard.core.flakes import ranked, ranking_of
from pytest_bugguard.core.orders import number
from pytest_bugguard.core.replays import Conditions
from pytest_bugguard.core.results import Result, Run, Summary
from pytest_bugguard.journeys.hunt import Plan, hunt
from pytest_bugguard.journeys.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.hunted import Notebook
    from pytest_bugguard.core.replays import Home

_CODE = (".py", ".toml", ".cfg", ".ini")
_BUSY = 3
"""Processes for each processor that make a machine busy."""
_VARIED = {
    "time-zone": [Conditions(time_zone=zone) for zone in ("UTC", "Pacific/Apia", "America/St_Johns", "Asia/Kolkata")],
    "locale": [Conditions(locale=name) for name in ("C", "de_DE.UTF-8", "tr_TR.UTF-8")],
}
VARIED = ("load", *_VARIED)
"""What can be varied on request; seeds of string hashes are varied always."""


class HuntOptions(Struct, frozen=True):
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
    folder: str = ""
    """Where pytest is started, below the top."""
    trusts_event: bool = False
    """Whether to run even where a CI's event has secrets beside a stranger's code."""
    resumes: bool = False
    """Whether to go on with the hunt that was broken off here: only ``budget_s`` and ``jobs`` are new then."""


def of_command(workshop: Workshop, options: HuntOptions, tell: Callable[[str, Notebook], None]) -> tuple[Result, bool]:
    """Hunt; what was found, and whether it was broken off.

    Raises:
        BugguardError: There is nothing to hunt in, or nothing to go on with.
    """
    top = workshop.repository.top
    if top is None:
        raise BugguardError("a bare repository has no tests to run", hint="hunt in a clone of it")
    event = "" if options.trusts_event else ci.privileged_event(os.environ)
    if event:
        raise BugguardError(
            f"hunt runs the tests that are checked out, and a job on {event} has the secrets of the base",
            hint="run it in a job on pull_request; where nobody else can push what is checked out: --i-know",
        )
    log = HuntLog(top)
    asked, lines = _resumed(workshop, options, log) if options.resumes else (_begun(workshop, top, options, log), [])
    started = time.time()
    home = home_of(top, asked.folder, [path.partition("::")[0] for path in asked.paths], asked.words)
    with orphans.adopted(), open_replayer(top, home) as replayer:
        lab = _lab(asked, LoggedReplayer(replayer, log, lines), tell)
        end = _carried_out(_plan(asked), lab)
    if not end:
        log.drop()
    took = Session(top, started, time.time() - started)
    attempts = tuple(kept(lab.notebook.telling()))
    notes = record_experiments(took, workshop.repository, attempts, workshop.settings.flaky)
    result = _result(workshop, lab, asked, Typing(asked.folder, _typed(home, asked.words)), took)
    said = (
        f"all chance in it stands on --seed {asked.seed}",
        *([f"{end}: {_GO_ON}"] if end else []),
        *_unseen(lab.notebook),
        *(f"{path} cannot be collected, so its tests were not hunted for" for path in lab.notebook.uncollected),
    )
    return replace(result, notes=(*said, *notes)), end == _BROKEN_OFF


def _unseen(notebook: Notebook) -> Iterator[str]:
    """What the hunt did not come to, and what may be there."""
    others = len(notebook.never_alone)
    if others:
        yield f"{others} of {len(notebook.subjects)} tests were not run alone: some may pass only after others"


_BUDGET_S = 600.0
_GO_ON = "bugguard hunt --resume goes on from here"
_BROKEN_OFF, _OUT_OF_TIME = "it was broken off", "its time was over before all was tried"


def _carried_out(plan: Plan, lab: Lab) -> str:
    """How it ended; empty where all of it was done."""
    try:
        with interrupts.unwinding():
            return "" if hunt(plan, lab) else _OUT_OF_TIME
    except KeyboardInterrupt:
        return _BROKEN_OFF


def _begun(workshop: Workshop, top: Path, options: HuntOptions, log: HuntLog) -> HuntOptions:
    """What is asked for, with all that the command line left open."""
    paths = tuple(_from_top(top, workshop.start, path) for path in options.paths)
    seed = options.seed if options.seed is not None else 1 + number(time.time(), os.getpid()) % 9_999
    asked = replace(options, paths=paths, seed=seed, folder=workshop.repository.prefix)
    log.begin({"code": _code(workshop), "asked": asdict(asked)})
    return asked


def _resumed(workshop: Workshop, options: HuntOptions, log: HuntLog) -> tuple[HuntOptions, list[str]]:
    """What was asked for when the hunt began, and what was tried since.

    Raises:
        HuntLogError: There is none to go on with.
    """
    facts = log.facts()
    if facts["code"] != _code(workshop):
        raise HuntLogError("the code has changed since the hunt that was broken off here")
    said: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in facts["asked"].items()}
    before = HuntOptions(**said)
    return replace(before, budget_s=options.budget_s or before.budget_s, jobs=options.jobs), log.lines()


def _code(workshop: Workshop) -> str:
    """A digest of the code: the tree of HEAD, and what lies over it, but for what tests and Python leave behind."""
    worktree = workshop.repository.worktree
    parts = [workshop.repository.head[1].encode()]
    for path in (change.new_path or change.old_path or "" for change in worktree.changes):
        if path.endswith(_CODE):
            parts += [path.encode("utf-8", "surrogateescape"), worktree.text(path) or b""]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _lab(asked: HuntOptions, replayer: LoggedReplayer, tell: Callable[[str, Notebook], None]) -> Lab:
    return Lab(
        replayer=replayer,
        each=partial(pool.lazily, jobs=asked.jobs, stop=replayer.stop),
        jobs=asked.jobs,
        now=time.monotonic,
        until=time.monotonic() + (asked.budget_s or _BUDGET_S),
        limit_s=asked.limit_s,
        seed=asked.seed or 0,
        varies_hash=not os.environ.get("PYTHONHASHSEED", "").isdecimal(),
        tell=tell,
    )


def _plan(asked: HuntOptions) -> Plan:
    busy = _BUSY * (os.cpu_count() or 1)
    varied = [one for name in asked.varies for one in _VARIED.get(name, [Conditions(busy=busy)])]
    goes_on = asked.runs is None and asked.budget_s is not None
    subjects = asked.paths if asked.paths and all("::" in path for path in asked.paths) else ()
    return Plan(
        paths=() if subjects else asked.paths,
        subjects=subjects,
        runs=asked.runs or 10,
        goes_on=goes_on,
        ends_when_told=bool(subjects) and asked.runs is None and asked.budget_s is None,
        varied=tuple(varied),
        busy=busy,
    )


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
    said = ("-o", "addopts=", *quiet, *home.options) if home.drops else (*quiet, *addopts.kept(words))
    return addopts.deciding(said)


def _result(workshop: Workshop, lab: Lab, asked: HuntOptions, typing: Typing, took: Session) -> Result:
    notebook = lab.notebook
    typing = replace(typing, refused=frozenset(notebook.untypeable))
    worktree = workshop.repository.worktree

    def source_of(nodeid: str) -> str:
        content = worktree.text(nodeid.partition("::")[0]) or b""
        return source_in(content.decode("utf-8", "replace"), nodeid)

    told = (replace(flake, hints=hints_of(flake, source_of)) for flake in notebook.flakes())
    flakes = with_alike(ranked(_with_commands(flake, asked, typing, notebook) for flake in told))
    return Result(
        "hunt",
        workshop.facts,
        Summary(),
        ranking=ranking_of(flakes, runs=notebook.processes, tests=len(notebook.order)),
        run=Run(int(took.started_s), round(took.duration_s, 3)),
    )


def _with_commands(flake: Flake, asked: HuntOptions, typing: Typing, notebook: Notebook) -> Flake:
    typing = replace(typing, hides=may_read_command_line(flake.hints))
    command = command_of(flake.nodeid, flake.diagnosis, typing)
    contrast = contrast_of(flake.nodeid, flake.diagnosis, typing)
    typed = (*map(typing.from_here, asked.paths), *(("--", *asked.words) if asked.words else ()))
    again = hunt_again(typed, asked.budget_s or _BUDGET_S, is_beside=notebook.failed_beside(flake.nodeid))
    then = next_of(flake.nodeid, flake.verdict, typing, again)
    return replace(flake, next=then, command=command, contrast=contrast)
