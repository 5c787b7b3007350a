"""Has a test met what the change touched, where it failed again? By the files that its processes used. Pure; no I/O.

Only where each changed file shows when it is used can it be said that none was: Python modules show it, and so do
documents that are opened. What else changes (a lock file, compiled source, a file that is gone) may work unseen, so
nothing is said then; nor where the test started a process, which may be anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.replays import Replayed

_SHOWING = (".py", ".md", ".rst")
_REGULAR = frozenset({0o100644, 0o100755})


class Met(NamedTuple):
    """What a test that fails has met of the change."""

    is_met: bool
    said: str
    """In words that follow what was seen of it."""


def watched(changes: Sequence[FileChange]) -> tuple[str, ...]:
    """The files to watch in reruns; none where the use of one would not show."""
    if all(map(_shows, changes)):
        return tuple(sorted(change.path for change in changes))
    return ()


def _shows(change: FileChange) -> bool:
    if change.new_path is None or change.new_mode not in _REGULAR or not change.new_path.endswith(_SHOWING):
        return False
    return change.status == "M" or (change.status == "A" and change.new_path.endswith(".py"))


def met(nodeid: str, processes: Iterable[Replayed]) -> Met | None:
    """What a test met where it failed again, its processes having watched the change; None where that is not told."""
    failed = [done for done in processes if done.asked.watched and Outcome.FAILED in done.outcomes(nodeid)]
    if any(_met_nothing(done) for done in failed):
        return Met(
            is_met=False, said="it fails where nothing that the change touched is loaded, so the change is not why"
        )
    ran = sorted({path for done in failed for path in _ran(nodeid, done)})
    if not ran:
        return None
    more = f" and {len(ran) - 1} more" if len(ran) > 1 else ""
    return Met(is_met=True, said=f"it runs what the change touched: {ran[0]}{more}")


def _ran(nodeid: str, done: Replayed) -> Iterator[str]:
    """The watched files that it surely ran: its failure passed through them, or they were seen to run."""
    for case in done.run.cases:
        if case.nodeid == nodeid:
            yield from case.executed
            frames = case.raised.frames if case.raised is not None else ()
            yield from (frame.path for frame in frames if frame.is_inside and frame.path in done.asked.watched)


def _met_nothing(done: Replayed) -> bool:
    run = done.run
    if run.end is not End.FINISHED or run.loaded:
        return False
    return not any(case.executed or case.read or case.started_process for case in run.cases)


def with_met(flake: Flake, found: Met | None) -> Flake:
    """What is said of a test, with what it met, where that is told."""
    if found is None:
        return flake
    return replace(flake, met_change=found.is_met, reason=f"{flake.reason}; {found.said}")
