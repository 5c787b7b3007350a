"""What does the history say of the tests that fixes lean on? Asked after a run of pytest, of the code that it ran."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.environment import environment
from pytest_bugguard.assembly.records import history_of
from pytest_bugguard.core import steadiness
from pytest_bugguard.core.burning_in import guards_of
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.steadiness import Code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.model import Record


def after_run(workshop: Workshop, records: Sequence[Record]) -> list[Record]:
    """The records of fixes, those apart whose guard is known to fail now and then on this code."""
    history, guards = history_of(workshop), guards_of(records)
    if history is None or not guards or workshop.repository.worktree.changes:
        return list(records)
    code = Code(workshop.repository.head[1], environment(workshop.repository.top).key)
    with suppress(BugguardError):  # recording the run says so where the history cannot be read
        seen = history.sightings(guards)
        known = {nodeid: steadiness.reds_on(code, seen[nodeid]) for nodeid in guards}
        return [steadiness.judged(record, known) for record in records]
    return list(records)
