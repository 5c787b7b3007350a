"""How the tests that fail after a run of pytest end on the base of its change: through the scratch trees of proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters import carryover
from pytest_bugguard.adapters.scratch import GitScratch
from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core import base as bases
from pytest_bugguard.core import base_ends, experiment
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.journeys.base_ends import Base, on_base
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.base_ends import BaseEnd
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.reruns import Failed
    from pytest_bugguard.journeys.reruns import Limits


def ends_of(  # noqa: PLR0913, PLR0917 - what a run is known by
    workshop: Workshop,
    failed: Sequence[Failed],
    begin: str | bases.Undecided | None,
    changed: Sequence[FileChange],
    words: Sequence[str],
    limits: Limits,
) -> dict[str, BaseEnd]:
    """How each of some tests ends there, by node id; of none where there is no change, so that the base is no other.

    Args:
        workshop: The repository.
        failed: The tests.
        begin: The commit where the change begins, or why that is not known.
        changed: The change; nothing where none is known.
        words: The options of this run of pytest, as they were typed.
        limits: When no further run begins.
    """
    if isinstance(begin, bases.Undecided):
        return {one.nodeid: base_ends.untold(begin.reason) for one in failed}
    if begin is None or not (failed and changed):
        return {}
    ends: dict[str, BaseEnd] = {}
    try:
        base = _base(workshop, begin, changed, words)
        carried = carryover.find(workshop.repository, experiment.packages(base.changed, base.tree.is_package))
        with (
            Workspace() as space,
            GitScratch(workshop.repository, carry=carried, space=space) as scratch,
            PytestRunner(space, original=workshop.repository.top) as runner,
        ):
            ends.update(on_base(failed, base, scratch, runner, limits))
    except (BugguardError, OSError) as error:
        why = base_ends.untold(str(error))
        return {one.nodeid: ends.get(one.nodeid, why) for one in failed}
    return ends


def _base(workshop: Workshop, begin: str, changed: Sequence[FileChange], words: Sequence[str]) -> Base:
    tree = Snapshot(workshop.history, begin)
    paths = sorted({change.old_path for change in changed if change.old_path is not None})
    python = tuple(path for path in paths if path.endswith(".py") and tree.file(path) is not None)
    return Base(tree, python, tuple(words))
