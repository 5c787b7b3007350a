"""What is said of each unit: recognised, its files put on their sides, its tests mapped, a first verdict."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import fixes, links, messages, references, regressions, verdict
from pytest_bugguard.core.model import NotAFix, Record, Sign, Waiver
from pytest_bugguard.core.sides import Division, sorted_by
from pytest_bugguard.journeys.diff import Diff, Sorter, listed
from pytest_bugguard.journeys.snapshot import Snapshot
from pytest_bugguard.journeys.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.core.fixes import CiContext, RuleSet
    from pytest_bugguard.core.model import Recognition, Side, TestMap, Unit
    from pytest_bugguard.core.naming import IsPackage
    from pytest_bugguard.journeys.ports import Guests, Reader
    from pytest_bugguard.journeys.trail import Moment


class Lens(Struct, frozen=True, dict=True):
    """How units are looked at: the settings' share of it."""

    rules: RuleSet
    tests: tuple[str, ...] | None
    source: tuple[str, ...] | None
    guests: Guests


class Seen:
    """One unit and what is known of it; each part is worked out when it is first asked for."""

    def __init__(
        self, unit: Unit, diff: Diff, lens: Lens, context: CiContext | None = None, asked: Sign | None = None
    ) -> None:
        self.unit = unit
        self.diff = diff
        self._lens = lens
        self._context = context
        self._asked = asked

    @cached_property
    def recognition(self) -> Recognition:
        """Whether it is a fix, and by which sign: the user's word first, then a guest's, then the rules."""
        said = self._asked or self._lens.guests.recognise(self.unit)
        if said is not None:
            return said
        return fixes.recognise(self.unit, rules=self._lens.rules, diff=self.diff, context=self._context)

    @property
    def is_fix(self) -> bool:
        """Whether a sign of a bug fix was found."""
        return isinstance(self.recognition, Sign)

    @property
    def signs(self) -> tuple[Recognition, ...]:
        """Whatever any rule says of it, the deciding one first."""
        said = fixes.matches(self.unit, rules=self._lens.rules, diff=self.diff, context=self._context)
        return tuple(dict.fromkeys((self.recognition, *said)))

    @property
    def _messages(self) -> Iterator[str]:
        """Its message and those that a merge brought."""
        yield self.unit.commit.message
        yield from (commit.message for commit in self.unit.inner)

    @property
    def offers_tests(self) -> bool:
        """Whether a fix elsewhere may find its test here: what the merge of a branch brought, its own units offer."""
        return self.diff.touches_tests and not fixes.is_branch_merge(self.unit.commit)

    def may_name(self, issues: frozenset[str]) -> bool:
        """Whether the key of an issue stands in a message at all, be it a reference or not: a cheap look."""
        return any(key in text for text in map(str.upper, self._messages) for key in issues)

    @cached_property
    def issues(self) -> tuple[str, ...]:
        """References in its message and in those that a merge brought, as written."""
        found = (messages.issues(text, self._lens.rules.own.issues) for text in self._messages)
        return tuple(dict.fromkeys(reference for references in found for reference in references))

    @cached_property
    def record(self) -> Record:
        """Everything, with the verdict that the unit alone gives."""
        commit = self.unit.commit
        mapped = self.diff.test_map
        record = Record(
            sha=commit.sha,
            parents=commit.parents,
            subject=messages.parse(commit.message).title.text or commit.subject,
            committed_s=commit.committed_s,
            recognition=self.recognition,
            issues=self.issues,
            files=self.diff.files,
            tests=(*listed(self._own_tests(mapped)), *self._lens.guests.tests(self.unit)),
            unreadable=mapped.unreadable,
            waiver=self._waiver,
        )
        return self.judged(record)

    def _own_tests(self, mapped: TestMap) -> TestMap:
        """Without those that say of themselves that they are another issue's, where it is said which one is closed.

        A bare number may be that of a pull request, which no test names.
        """
        own = self._lens.rules.own.issues
        closed = {found.reference for text in self._messages for found in references.closings(text, own)}
        if closed.isdisjoint(self.issues) or not any(test.counts for test in mapped.tests):
            return mapped
        marks: dict[str, tuple[str, ...]] = {}
        for path, text in self.diff.new_test_texts():
            if b".regression(" in text:
                marks.update(regressions.references(path, text).marks)
        return replace(mapped, tests=links.without_foreign(mapped.tests, marks, links.issue_keys(self.issues)))

    def judged(self, record: Record) -> Record:
        """The record with verdict, reason and next action."""
        said = verdict.judge(record, self._scope)
        return replace(record, verdict=said.verdict, reason=said.reason, next=said.next)

    @property
    def _waiver(self) -> Waiver | None:
        """What a trailer ``Bugguard: waive REASON`` asks for."""
        reason = fixes.waiver_reason(self.unit)
        return None if reason is None else Waiver(self.unit.commit.sha, "", reason, None)

    @property
    def _scope(self) -> verdict.Scope:
        is_boundary, is_cut_short = self.unit.is_boundary, self._hangs_on_what_is_cut_off
        may_be_a_fix = self.is_fix or is_cut_short
        return verdict.Scope(
            is_boundary=is_boundary,
            is_cut_short=is_cut_short,
            is_root=not self.unit.commit.parents and not is_boundary,
            behaviour_changed=self.diff.behaviour_changed if may_be_a_fix and not is_boundary else True,
        )

    @property
    def may_hide_a_fix(self) -> bool:
        """Whether commits that the clone lacks could make it a fix of what the product does."""
        changes_the_product = self.diff.touches_source and self.diff.behaviour_changed
        return not self.is_fix and self._hangs_on_what_is_cut_off and changes_the_product

    @property
    def _hangs_on_what_is_cut_off(self) -> bool:
        """Whether commits that the clone lacks could say that it is a fix, or that it is none."""
        if not self.unit.is_cut_short:
            return False
        match self.recognition:
            case Sign(where=where):
                return where.startswith("inner ")
            case NotAFix(rule=rule):
                return rule == "none" or not messages.parse(self.unit.commit.message).title.text


class Survey:
    """Looks at units through a lens."""

    def __init__(self, reader: Reader, lens: Lens) -> None:
        self._reader = reader
        self._lens = lens
        self._division = Division(lens.tests, lens.source)

    def stream(self, units: Iterable[Unit]) -> Iterator[Seen]:
        """Each of a line of units, newest first, where every unit is the first parent of the one before it.

        Units of side lines may stand between them.
        """
        trail: Trail | None = None
        for unit in units:
            snapshot = Snapshot(self._reader, unit.commit.sha)
            if unit.is_side and trail is not None:
                trail.note(unit)
                yield self._see(unit, snapshot, Trail(snapshot, self._lens.tests, trail.may_be_configured))
                continue
            if trail is None:
                trail = Trail(snapshot, self._lens.tests)
            trail.look_from(snapshot)
            yield self._see(unit, snapshot, trail)

    def single(
        self,
        unit: Unit,
        *,
        snapshot: Snapshot | None = None,
        context: CiContext | None = None,
        asked: Sign | None = None,
    ) -> Seen:
        """A unit by itself.

        Args:
            unit: The unit.
            snapshot: The state after it, where that is no commit.
            context: What the CI says of it.
            asked: Where a user says that it is a fix, whatever its message does.
        """
        snapshot = snapshot or Snapshot(self._reader, unit.commit.sha)
        return self._see(unit, snapshot, Trail(snapshot, self._lens.tests), context, asked)

    def _see(
        self,
        unit: Unit,
        snapshot: Snapshot,
        trail: Trail,
        context: CiContext | None = None,
        asked: Sign | None = None,
    ) -> Seen:
        after = trail.moment
        trail.step_back(unit)
        diff = Diff(
            unit,
            Sorter(
                lambda: sorted_by(lambda path: self._side(path, after, trail.is_package), unit.changes),
                lambda path: self._side(path, after, snapshot.is_package),
                trail.left_out,
            ),
            snapshot=snapshot,
            before=trail.moment,
            after=after,
        )
        return Seen(unit, diff, self._lens, context, asked)

    def _side(self, path: str, moment: Moment, is_package: IsPackage) -> Side:
        return self._division.side(path, moment.naming_of(path), is_package)
