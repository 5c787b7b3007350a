"""Whether a change leaves alone the tests that are on record as proofs of older fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import duty
from pytest_bugguard.core.model import Commit, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_bugguard.core.duty import Breach
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.receipts import Recorded
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.survey import Survey


def breaches(
    changes: tuple[FileChange, ...],
    *,
    base: str,
    tip: Snapshot,
    on_record: Callable[[Sequence[str]], Sequence[Recorded]],
    survey: Survey,
) -> tuple[Breach, ...]:
    """What a change as a whole does to tests on record: one that goes in a commit may be back in the next.

    Args:
        changes: What differs between the base and the tip (``whole``).
        base: The commit that the change begins from.
        tip: The state at its end.
        on_record: The tests in some files that are on record as proofs.
        survey: Looks at the change.
    """
    recorded = on_record([change.old_path for change in changes if change.old_path is not None])
    if not recorded:
        return ()
    diff = survey.single(Unit(Commit("", (base,), 0, "", ""), changes), snapshot=tip).diff
    return duty.breaches(recorded, diff.test_files, moves=diff.test_map.moves, tree=tip)


def whole(committed: Iterable[FileChange], uncommitted: Iterable[FileChange]) -> tuple[FileChange, ...]:
    """What differs between a base and the work tree, out of what differs up to HEAD and from there on."""
    changes = {change.path: change for change in committed}
    for change in uncommitted:
        earlier = changes.pop(change.path, None)
        if earlier is None:
            changes[change.path] = change
        elif change.new_path is not None:
            changes[change.path] = earlier._replace(new_blob=None, new_path=change.new_path, new_mode=change.new_mode)
        elif earlier.old_path is not None:
            changes[change.path] = earlier._replace(status="D", new_path=None, new_mode=0, new_blob=None)
    return tuple(changes.values())
