"""Whether a change leaves alone the tests that are on record as proofs of older fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import collection, duty, naming, pairing
from pytest_bugguard.core.duty import Breach, Harm
from pytest_bugguard.core.model import Commit, Unit
from pytest_bugguard.journeys.linking import tests_in
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.duty import Run
    from pytest_bugguard.core.model import FileChange
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.core.receipts import Recorded
    from pytest_bugguard.journeys.diff import Diff
    from pytest_bugguard.journeys.survey import Seen, Survey

_CONFIGURING = frozenset({"conftest.py", *naming.CONFIG_FILES})
"""The names of files that say where pytest looks for tests."""


def breaches(change: Seen, on_record: Callable[[Sequence[str] | None], Sequence[Recorded]]) -> tuple[Breach, ...]:
    """What a change as a whole does to tests on record: one that goes in a commit may be back in the next.

    Args:
        change: What differs between a base and a tip, as one unit (``as_one``).
        on_record: The tests in some files that are on record as proofs; None: in whichever.
    """
    changes, tip = change.unit.changes, change.diff.snapshot
    changed = {change.old_path for change in changes if change.old_path is not None}
    recorded = on_record(sorted(changed))
    configuring = _configuring(changes)
    if not (recorded or configuring):
        return ()
    diff = change.diff
    found = duty.breaches(recorded, diff.test_files, moves=diff.test_map.moves, tree=tip) if recorded else ()
    if not any(_may_leave_out(path, diff) for path in configuring):
        return found
    others = [test for test in on_record(None) if _file(test) not in changed]
    return (*found, *_left_out(others, diff, Snapshot(tip.reader, change.unit.commit.parents[0])))


def idle(change: Seen, run: Run, on_record: Iterable[Recorded]) -> tuple[Breach, ...]:
    """The tests on record that a run of pytest after a change did not come to, as far as the change may be why.

    Args:
        change: As for ``breaches``.
        run: What it came to.
        on_record: The tests that proved something in an environment like that of the run.
    """
    changed = {one.new_path for one in change.unit.changes}
    is_any = bool(_configuring(change.unit.changes))
    there = (one for one in on_record if (is_any or _file(one) in changed) and _stands(one, change.diff))
    return tuple(duty.idle(there, run))


def as_one(changes: tuple[FileChange, ...], *, base: str, tip: Snapshot, survey: Survey) -> Seen:
    """What differs between a base and a tip (``whole``), looked at as one unit."""
    return survey.single(Unit(Commit("", (base,), 0, "", ""), changes), snapshot=tip)


def _configuring(changes: Iterable[FileChange]) -> list[str]:
    return [change.path for change in changes if change.path.rpartition("/")[2] in _CONFIGURING]


def _stands(test: Recorded, diff: Diff) -> bool:
    """Whether a test is still there under its name, where pytest looks for it."""
    path = _file(test)
    if diff.snapshot.file(path) is None or _why_not(diff.naming_of(path), path, diff.snapshot):
        return False
    there = tests_in(diff.snapshot, path, diff.naming_of(path))
    return any(pairing.is_case_of(test.nodeid, one.nodeid) for one in there)


def _may_leave_out(path: str, diff: Diff) -> bool:
    """Whether a file may say now that pytest does not come to others, to which it came before."""
    if path.endswith("conftest.py"):
        return b"collect_ignore" in (diff.snapshot.file(path) or b"")
    return diff.naming_of(path) != diff.old_naming_of(path)


def _left_out(recorded: Iterable[Recorded], diff: Diff, before: Snapshot) -> Iterator[Breach]:
    """The tests on record that pytest comes to no more, though nobody touched them: something else says so now."""
    for test in recorded:
        path = _file(test)
        reason = _why_not(diff.naming_of(path), path, diff.snapshot)
        if reason and before.file(path) is not None and not _why_not(diff.old_naming_of(path), path, before):
            yield Breach(test, Harm.LEFT_OUT, reason, path)


def _why_not(names: Naming, path: str, tree: Snapshot) -> str:
    if not names.is_test_file(path, tree.is_package):
        return f"{collection.NEVER}: its name is none of those that pytest looks for"
    return names.why_not_collected(path, tree, lambda path: collection.left_out(path, tree))


def _file(test: Recorded) -> str:
    return test.nodeid.partition("::")[0]


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
