"""The fixes of a change, and whether a test guards each: from the commits and the work tree, without running tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import links, verdict
from pytest_bugguard.core.model import Commit, Unit, Verdict
from pytest_bugguard.journeys.linking import offer_of, place_of
from pytest_bugguard.journeys.snapshot import overlaid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.fixes import CiContext
    from pytest_bugguard.core.model import FileChange, Record
    from pytest_bugguard.journeys.linking import Linker, Offers
    from pytest_bugguard.journeys.ports import Reader, WorkTree
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.survey import Seen, Survey

WORK_TREE = "the work tree"


class CheckedUnit(Struct, frozen=True):
    """A fix of a change, or a unit of which nothing could be told."""

    seen: Seen
    record: Record
    """Before any waiver."""
    later: tuple[Seen, ...] = ()
    """The units of the change after it, newest first, uncommitted work among them."""


class Checked(Struct, frozen=True):
    """The fixes of a change."""

    found: tuple[CheckedUnit, ...]
    """Newest first."""
    units: int
    uses_work_tree: bool = False
    """Whether a test that is not committed yet guards one of them."""


def check(  # noqa: PLR0913 - what a change is judged by; each has its own source
    units: Iterable[Unit],
    survey: Survey,
    linker: Linker,
    *,
    uncommitted: Seen | None,
    context: CiContext | None,
    is_one_change: bool,
    needs_proof: bool = False,
) -> Checked:
    """Judge each fix of a change, with the tests of all of it.

    Args:
        units: The change, newest first.
        survey: Looks at one unit.
        linker: Finds tests that stand elsewhere.
        uncommitted: What the work tree holds besides (``work_tree_unit``).
        context: What the CI says of the change as a whole: it speaks where no commit calls itself a fix.
        is_one_change: Whether a fix's test may come from anywhere in the change (``fixes.scope``).
        needs_proof: Whether a fix has to be proven (``fixes.require``): that a test came with it says too little then.
    """
    seen = _with_context(list(survey.stream(units)), survey, context)
    fixes = [one for one in seen if one.is_fix]
    found = []
    for place, one in enumerate(seen):
        if one.is_fix:
            others = [other for other in seen if other is not one] if is_one_change else []
            offers = _offers(others, uncommitted, {id(fix) for fix in fixes})
            later = [*([uncommitted] if uncommitted else []), *seen[:place]]
            record = linker.link(one, offers, is_only_fix=len(fixes) == 1, later=later)
            if record.verdict is not Verdict.GUARDED and _is_taken_back(one, later):
                record = verdict.taken_back(record)
            found.append(CheckedUnit(one, record, tuple(later)))
        elif one.unit.is_boundary or one.unit.is_cut_short:
            record = verdict.cut_short(one.record) if needs_proof and one.may_hide_a_fix else one.record
            if record.verdict is Verdict.UNDECIDED:
                found.append(CheckedUnit(one, record))
    leans = any(_leans_on_work_tree(one.record) for one in found)
    return Checked(tuple(found), len(seen), uses_work_tree=leans)


def _is_taken_back(fix: Seen, later: Sequence[Seen]) -> bool:
    """Whether each source file that a fix changed is at the end of the change what it was before the fix.

    That is read off the files: a message may say that it reverts a commit, and do something else.
    """
    source = set(fix.diff.files.source)
    end: dict[str, tuple[bool, str | None]] = {}
    for unit in later:
        for change in unit.unit.changes:
            for path in {change.old_path, change.new_path} - {None}:
                end.setdefault(str(path), (path == change.new_path, change.new_blob))
    return bool(source) and all(
        end.get(change.path) == (change.old_path == change.path, change.old_blob)
        for change in fix.unit.changes
        if change.path in source
    )


def _with_context(seen: list[Seen], survey: Survey, context: CiContext | None) -> list[Seen]:
    """Let a label, a branch name or a title speak for the newest unit that touches source, where no message does."""
    if context is None or any(one.is_fix for one in seen):
        return seen
    for place, one in enumerate(seen):
        if one.diff.touches_source:
            seen[place] = survey.single(one.unit, context=context)
            break
    return seen


def _offers(others: Sequence[Seen], uncommitted: Seen | None, fixes: set[int]) -> Offers:
    def offers(issues: frozenset[str]) -> Iterator[links.Offer]:
        for other in others:
            if other.offers_tests and (id(other) not in fixes or issues & links.issue_keys(other.issues)):
                yield offer_of(other, place_of(other), issues)
        if uncommitted is not None and uncommitted.diff.touches_tests:
            yield offer_of(uncommitted, WORK_TREE, issues)

    return lambda issues: tuple(offers(issues))


def _leans_on_work_tree(record: Record) -> bool:
    counting = [test for test in record.tests if test.counts]
    return record.verdict is Verdict.GUARDED and all(test.reason.endswith(WORK_TREE) for test in counting)


def work_tree_unit(reader: Reader, worktree: WorkTree, head: str, survey: Survey) -> tuple[Seen | None, Snapshot]:
    """What is not committed yet, as a unit of its own, and the state of the files with it."""
    changes = worktree.changes
    snapshot = overlaid(reader, head, changes, lambda change: worktree.text(change.path))
    return (_pseudo(changes, head, "", survey, snapshot) if changes else None), snapshot


def staged_unit(
    reader: Reader, worktree: WorkTree, head: str | None, message: str, survey: Survey
) -> tuple[Seen, Snapshot]:
    """The commit that is about to be made, from the index and its message."""
    changes = worktree.staged()
    snapshot = overlaid(reader, head, changes, lambda change: _staged_text(reader, change))
    return _pseudo(changes, head, message, survey, snapshot), snapshot


def _staged_text(reader: Reader, change: FileChange) -> bytes | None:
    text = reader.blob(change.new_blob) if change.new_blob is not None else None
    return text if isinstance(text, bytes) else None


def _pseudo(
    changes: tuple[FileChange, ...], head: str | None, message: str, survey: Survey, snapshot: Snapshot
) -> Seen:
    commit = Commit(sha="", parents=(head,) if head else (), committed_s=0, author="", message=message)
    return survey.single(Unit(commit, changes), snapshot=snapshot)
