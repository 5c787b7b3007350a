"""How a fix is taken out of a tree: which files go back to what they were, and which tests are run both ways.

The tree without the fix is the tree with it, only the source side put back: conftest, data and configuration travel
with the test, so that what turns it red is the fix and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core import experiment
from pytest_bugguard.core.addopts import kept
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import How, Unavailable, Verdict, short
from pytest_bugguard.core.novelty import SourceVersions
from pytest_bugguard.core.runs import Put, RunRequest
from pytest_bugguard.core.verdict import Judgement
from pytest_bugguard.journeys.linking import tests_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pytest_bugguard.core.model import FileChange, MappedTest
    from pytest_bugguard.journeys.check import CheckedUnit
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.survey import Seen

Merge = Callable[[bytes, bytes, bytes], "bytes | None"]
"""``merge(ours, base, theirs)``: both sides' changes of a text; None where they touch the same lines."""


class _CannotError(Exception):
    """Carries out of the planning why it cannot be done, and the cure."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.judgement = Judgement(Verdict.UNDECIDED, reason, cure)


def plan(seen: Seen, tests: tuple[MappedTest, ...], tree: Snapshot, merge: Merge) -> Experiment | Judgement:
    """The two trees and the runs that show whether its tests guard a fix; a judgement where there can be none.

    Args:
        seen: The fix.
        tests: Its tests, under the names that they have in the tree.
        tree: The files that its tests are run with: those of its own commit, or a later state.
        merge: Takes the fix out of a file that has changed since.
    """
    try:
        return _plan(seen, tests, tree, merge)
    except _CannotError as cannot:
        return cannot.judgement


def _plan(seen: Seen, tests: tuple[MappedTest, ...], tree: Snapshot, merge: Merge) -> Experiment:
    assert tree.commit is not None, "a fix stands on a commit"
    changes = seen.diff.source_changes
    obstacle = experiment.obstacle(changes)
    if obstacle is not None:
        raise _CannotError(*obstacle)
    targets = _targets(seen, tests, tree)
    if not targets:
        raise _CannotError("none of its test files is there", "bring the test back, or name one in a trailer")
    back = tuple(put for change in changes for put in _put_back(seen, change, tree, merge))
    if not back:
        raise _CannotError(
            "what it changed of the source is no regular file (a symlink): it cannot be put back",
            "show by hand that the test fails without it, then waive the fix: bugguard waive",
        )
    before = {put.path for put in back if put.content is not None}
    after = {change.new_path for change in changes if change.new_path is not None}
    place = experiment.place_of(targets, tree.file)
    is_package = tree.is_package

    def request(watched: Collection[str]) -> RunRequest:
        return RunRequest(
            targets=targets,
            watched=tuple(sorted(watched)),
            around=experiment.around(watched, is_package),
            roots=experiment.roots(sorted(watched), is_package),
            folder=place.folder,
            options=kept(_words(place)),
        )

    return Experiment(
        commit=tree.commit,
        tests=tests,
        shared=tuple(Put(path, read()) for path, read in tree.over.items()),
        back=back,
        now=tuple(Put(put.path, tree.file(put.path), put.mode) for put in back),
        with_fix=request(after),
        without_fix=request(before or after),
        versions=tuple(_versions(seen, change) for change in changes),
        changed=tuple(sorted(before)),
        changed_now=tuple(sorted(after)),
        packages=experiment.packages(sorted(after | before), is_package),
    )


def _words(place: experiment.Place) -> tuple[str, ...]:
    """What the project's configuration adds to every command line of pytest."""
    try:
        return place.config.words("addopts") or ()
    except ValueError as error:
        raise _CannotError(f"{place.config.file}: addopts: {error}", "mend pytest's own settings") from None


def _targets(seen: Seen, tests: Sequence[MappedTest], tree: Snapshot) -> tuple[str, ...]:
    """The files of its tests, and the test modules that it changed besides: a constant there may turn a test."""
    mapped = [test.nodeid.partition("::")[0] for test in tests if test.change is not How.MOVED]
    changed = [path for path in seen.diff.files.test if seen.diff.is_test_module(path)]
    unnamed = [file.path for file in seen.record.unreadable if file.holds_tests]
    found = dict.fromkeys([*mapped, *changed, *unnamed])
    return tuple(path for path in sorted(found) if tree.file(path) is not None)


def _put_back(seen: Seen, change: FileChange, tree: Snapshot, merge: Merge) -> Iterator[Put]:
    """One source file as it was before the fix, in the tree that is looked at."""
    old, new = (
        _content(seen.diff.snapshot.old_text(change), change),
        _content(seen.diff.snapshot.new_text(change), change),
    )
    now = None if change.new_path is None else tree.file(change.new_path)
    if change.new_path is not None and change.new_path != change.old_path:
        if now is None or (now != new and change.status == "A"):
            raise _gone(change, seen)
        yield Put(change.new_path, None)
    if change.old_path is None or old is None or change.status == "C":
        return
    if change.new_path is None:
        if tree.file(change.old_path) is not None:
            raise _gone(change, seen)
        yield Put(change.old_path, old, change.old_mode)
        return
    if now is None or new is None:
        raise _gone(change, seen)
    text = old if now == new else merge(now, new, old)
    if text is None:
        raise _gone(change, seen)
    yield Put(change.old_path, text, change.old_mode)


def _gone(change: FileChange, seen: Seen) -> _CannotError:
    return _CannotError(
        f"later changes to {change.path} are woven into it: it cannot be taken out of that tree any more",
        f"prove the fix at its own commit: bugguard prove {short(seen.unit.commit.sha)}",
    )


def _content(text: bytes | Unavailable | None, change: FileChange) -> bytes | None:
    if isinstance(text, Unavailable):
        raise _CannotError(
            f"{change.path} cannot be put back: {text.reason}", text.cure or "fetch the whole repository"
        )
    if experiment.is_lfs_pointer(text):
        raise _CannotError(
            f"{change.path} is kept in Git LFS: what it held before is not in this repository", "git lfs pull"
        )
    return text


def _versions(seen: Seen, change: FileChange) -> SourceVersions:
    tree = seen.diff.snapshot
    old, new = _content(tree.old_text(change), change), _content(tree.new_text(change), change)
    return SourceVersions(change.old_path, change.new_path, old, new)


class Where(Enum):
    """In which tree a fix is looked at."""

    OWN = auto()
    """Its own commit where its tests stand there, since nothing later is in the way; else as ``TIP``."""
    TIP = auto()
    """The tip, whose tests have just been run, or which has the tests of the whole change; where later work is woven
    into the fix, its own commit with the later tests laid over."""
    TIP_ALONE = auto()
    """The tip and nothing else: does anything guard the fix there?"""


def plan_best(one: CheckedUnit, tip: Snapshot, merge: Merge, where: Where) -> Experiment | Judgement:
    """The plan for the tree in which a fix is best looked at; ``tip`` is the newest state."""
    said: Experiment | Judgement | None = None
    for tree, tests in _trees(one, tip, where):
        said = plan(one.seen, tests, tree, merge)
        if isinstance(said, Experiment):
            said = replace(said, tests_are_later=bool(tree.over) and tree.commit != tip.commit)
            break
    assert said is not None
    return said


def is_at(plan: Experiment, tip: Snapshot) -> bool:
    """Whether the tree with the fix is the state at the tip, so that whoever has that need not make it."""
    return plan.commit == tip.commit and {put.path for put in plan.shared} == set(tip.over)


def _trees(one: CheckedUnit, tip: Snapshot, where: Where) -> Iterator[tuple[Snapshot, tuple[MappedTest, ...]]]:
    """The trees to try, and the tests of the fix as each of them names them: later commits may have moved some."""
    own, tests = one.seen.diff.snapshot, one.record.tests
    if not one.record.sha or tip.commit == one.record.sha or where is Where.TIP_ALONE:
        yield tip, tests
        return
    brought = one.seen.record.tests
    own_tests = brought if any(test.counts for test in brought) else tests
    is_alone = not any(test.counts for test in tests)  # what it brought itself is all there is to try
    has_its_tests = is_alone or any(test.counts and _stands_in(own, test, one) for test in own_tests)
    if has_its_tests and where is Where.OWN:
        yield own, own_tests
        return
    yield tip, tests
    if has_its_tests:
        yield own, own_tests
    else:
        yield _with_later_tests(own, one, tip), tests


def _stands_in(tree: Snapshot, test: MappedTest, one: CheckedUnit) -> bool:
    if test.change is not How.LINKED:
        return True
    path = test.nodeid.partition("::")[0]
    return any(other.nodeid == test.nodeid for other in tests_in(tree, path, one.seen.diff.naming_of(path)))


def _with_later_tests(own: Snapshot, one: CheckedUnit, tip: Snapshot) -> Snapshot:
    """The commit of the fix with the test side as it is at the tip, as far as the change touched it."""
    paths = {path for later in one.later for path in later.diff.files.test}
    return replace(own, over={path: partial(tip.file, path) for path in sorted(paths)})
