"""How does a run of pytest get into the history? Once, when it has come to its end, and never at its cost."""

from __future__ import annotations

import os
import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.adapters import ci, ci_job
from pytest_bugguard.adapters.environment import environment
from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.assembly import records
from pytest_bugguard.core.attempts import attempts_of
from pytest_bugguard.core.errors import BugguardError, refused
from pytest_bugguard.core.outcomes import from_top
from pytest_bugguard.core.recorded_runs import Circumstances, RecordedRun, Why

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.core.outcomes import PhaseReport
    from pytest_bugguard.core.recorded_runs import Attempt
    from pytest_bugguard.core.settings import FlakySettings


class Session(Struct, frozen=True):
    """What is known of a run of pytest besides its reports."""

    rootdir: Path
    started_s: float
    """Seconds since the epoch."""
    duration_s: float
    repository: Repository | None = None
    """As it was read to judge the run; None where that was not done."""


def record(
    session: Session,
    reports: Iterable[PhaseReport],
    flaky: FlakySettings,
    *,
    run_files: Path | None,
    more: Mapping[Why, tuple[Attempt, ...]],
) -> tuple[str, ...]:
    """Keep a run that has ended well; what the user has to know of it, mostly nothing.

    Args:
        session: The run.
        reports: With node ids relative to its rootdir.
        flaky: The settings.
        run_files: The folder in which to leave a run file; None: that of the settings, if there is one.
        more: What was run besides, and why, by node ids of the repository's top.
    """
    try:
        read = session.repository
        with nullcontext(read) if read is not None else open_repository(session.rootdir) as repository:
            if repository.top is None:
                return ()
            prefix = repository.prefix
            found = (
                replace(one, nodeid=from_top(one.nodeid, prefix)) if prefix else one for one in attempts_of(reports)
            )
            first = _run(session, repository, tuple(found))
            runs = [first, *(_besides(first, why, attempts) for why, attempts in more.items() if attempts)]
            return _keep(runs, repository.top, flaky, run_files) if first.attempts else ()
    except BugguardError as error:
        return (f"this run was not recorded: {error}",)
    except OSError as error:
        return (f"this run was not recorded: {refused(error)}",)
    except Exception as error:  # noqa: BLE001 - the run of the tests must not suffer
        return (f"this run was not recorded: a fault of bugguard's own: {type(error).__name__}: {error}",)


def record_experiments(
    session: Session, repository: Repository, attempts: tuple[Attempt, ...], flaky: FlakySettings
) -> tuple[str, ...]:
    """Keep what a hunt has tried, with node ids from the repository's top; what the user has to know of it.

    Raises:
        OSError: Something of the environment cannot be read.
    """
    if repository.top is None or not attempts:
        return ()
    run = replace(_run(session, repository, attempts), why=Why.EXPERIMENT)
    return _keep([run], repository.top, flaky, None)


def _besides(first: RecordedRun, why: Why, attempts: tuple[Attempt, ...]) -> RecordedRun:
    """What was run besides another run, as one of its own."""
    taken_s = round(sum(one.duration_s for one in attempts), 3)
    return replace(first, id=f"{first.id}-{why}", why=why, duration_s=taken_s, attempts=attempts)


def _keep(runs: Sequence[RecordedRun], top: Path, flaky: FlakySettings, run_files: Path | None) -> tuple[str, ...]:
    folder = run_files or (top / flaky.run_files if flaky.run_files else None)
    said = []
    if folder is not None:
        try:
            for run in runs:
                records.hand_on(run, folder)
        except OSError as error:
            said.append(f"no run file in {folder.name}: {error.strerror}")
    if records.address_of(flaky) != records.OFF:
        said += _into_history(runs, top, flaky)
    return tuple(said)


def _into_history(runs: Sequence[RecordedRun], top: Path, flaky: FlakySettings) -> list[str]:
    spool = records.Spool(top)
    waiting = spool.waiting()
    try:
        history = records.open_history(top, flaky)
        history.add([*waiting.values(), *runs])
    except BugguardError as error:
        return [_spooled(runs, spool, error)]
    spool.drop(list(waiting))
    return list(history.notes)


def _spooled(runs: Sequence[RecordedRun], spool: records.Spool, error: BugguardError) -> str:
    try:
        return f"{error}; this run waits in {spool.put(runs)} for the next one to take it along"
    except OSError as trouble:
        return f"{error}; nor could this run be kept for later: {trouble.strerror}"


def _run(session: Session, repository: Repository, attempts: tuple[Attempt, ...]) -> RecordedRun:
    job = ci_job.read(os.environ)
    # By their ids, runs of one second are in the order in which they began.
    return RecordedRun(
        id=f"{round(session.started_s * 1000)}-{secrets.token_hex(8)}",
        why=Why.FIRST,
        started_s=int(session.started_s),
        duration_s=round(session.duration_s, 3),
        circumstances=_circumstances(repository),
        attempts=attempts,
        number=job.number,
        shard=job.shard,
    )


def _circumstances(repository: Repository) -> Circumstances:
    commit, tree = repository.head
    around = environment(repository.top)
    return Circumstances(
        commit=commit,
        tree="" if repository.worktree.changes else tree,
        branch=branch_of(repository),
        environment=around.key,
        environment_words=around.words,
        seed=os.environ.get("PYTHONHASHSEED", ""),
    )


def branch_of(repository: Repository) -> str:
    """The branch that a run is of: the CI knows it where nothing but a commit is checked out."""
    facts = ci.read(os.environ)
    return facts.source or facts.branch or repository.clone.branch
