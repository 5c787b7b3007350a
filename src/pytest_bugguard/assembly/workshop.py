"""An open repository with its settings and guests, and the questions that it answers."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_bugguard.adapters import audit_cache, ci, guests, settings_file
from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.assembly import delivery
from pytest_bugguard.core import base, commit_file, coverage_findings, findings, fixes, settings, verdict
from pytest_bugguard.core.errors import BugguardError, UnknownRevisionError
from pytest_bugguard.core.fixes import CiContext, RuleSet
from pytest_bugguard.core.hotspots import hotspots_of
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.results import RepositoryFacts, Result, Run, summarise
from pytest_bugguard.core.trend import Share, trend_of
from pytest_bugguard.journeys import duty
from pytest_bugguard.journeys.audit import audit
from pytest_bugguard.journeys.check import CheckedUnit, check, staged_unit, work_tree_unit
from pytest_bugguard.journeys.init import look
from pytest_bugguard.journeys.linking import Linker
from pytest_bugguard.journeys.snapshot import Snapshot
from pytest_bugguard.journeys.survey import Lens, Survey
from pytest_bugguard.journeys.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.history import GitHistory
    from pytest_bugguard.adapters.receipts import Receipts
    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.core.coverage_verdict import Coverage
    from pytest_bugguard.core.duty import Breach
    from pytest_bugguard.core.first_look import FirstLook
    from pytest_bugguard.core.model import FileChange, Record, Unit
    from pytest_bugguard.core.results import Audited, Finding
    from pytest_bugguard.core.settings import Settings
    from pytest_bugguard.journeys.ports import WorkTree
    from pytest_bugguard.journeys.survey import Seen

_IGNORE_REVS = ".git-blame-ignore-revs"
_SHALLOW = "the clone is shallow, older fixes are not in it: git fetch --unshallow (in CI: fetch-depth: 0)"


@contextmanager
def open_workshop(start: Path, overrides: Sequence[str] = (), *, trusts_repository: bool = False) -> Iterator[Workshop]:
    """Open the repository that a folder lies in, with its settings and guests; close all of it again.

    Args:
        start: A folder of a work tree, or a bare repository.
        overrides: ``KEY=VALUE`` texts of ``--set``, the last one strongest.
        trusts_repository: Whether guests may stand in the repository itself: inside pytest, which runs it anyway.

    Raises:
        BugguardError: There is no repository, the settings have faults, a guest cannot be loaded.
    """
    with ExitStack() as stack:
        repository = stack.enter_context(open_repository(start))
        history = stack.enter_context(repository.history())
        read = _settings_of(repository, history, start, overrides)
        loaded = guests.load(read.plugins, top=None if trusts_repository else repository.top)
        yield Workshop(start, repository, history, read, loaded)


def _settings_of(repository: Repository, history: GitHistory, start: Path, overrides: Sequence[str]) -> Settings:
    """The settings in force: the file of the work tree, or of HEAD in a bare repository, and ``--set`` over it."""
    if repository.top is not None:
        layer = settings_file.find(start.resolve(), repository.top)
    else:
        head = history.resolve("HEAD")
        layer = settings_file.choose(lambda name: history.file_at(head, name) if head else None)
    layers = [*([layer] if layer else []), *map(settings.assignment, overrides)]
    return settings.load(layers, fixes.NAMES)


@dataclass(frozen=True, slots=True)
class Change:
    """What is judged: the fixes between a base and a tip."""

    found: tuple[CheckedUnit, ...]
    """Newest first."""
    units: int
    facts: RepositoryFacts
    notes: tuple[str, ...]
    base: str | None
    """The commit that it begins from; None where all of history was asked for."""
    uncommitted: tuple[FileChange, ...]
    """What is not committed yet, where that was asked for."""
    tip: Snapshot
    """The state at the tip, with uncommitted work where that was asked for."""


class Workshop:
    """An open repository with everything that is needed to answer questions about it."""

    def __init__(
        self,
        start: Path,
        repository: Repository,
        history: GitHistory,
        read: Settings,
        loaded: guests.LoadedGuests,
    ) -> None:
        self.start = start
        self.settings = read
        self.guests = loaded
        self.history = history
        self.repository = repository
        self._started = time.time()

    @cached_property
    def head(self) -> str | None:
        """The commit that HEAD names; None before the first one."""
        return self.history.resolve("HEAD")

    @property
    def ci_name(self) -> base.Ci | None:
        """The CI that we run in, where it is one that we know."""
        return self._ci.name

    @cached_property
    def _ci(self) -> base.CiFacts:
        return ci.read(os.environ)

    @cached_property
    def survey(self) -> Survey:
        """Looks at units as the settings say."""
        chosen = self.settings.fixes
        rules = RuleSet.of(
            chosen.rules,
            without=chosen.without,
            patterns=chosen.patterns,
            exclude=chosen.exclude,
            issues=chosen.issues,
            skip=self.skipped,
        )
        return Survey(self.history, Lens(rules, self.settings.tests, self.settings.source, self.guests))

    @property
    def skipped(self) -> tuple[str, ...]:
        """Commits that only lay the code out anew, as the project's .git-blame-ignore-revs has them."""
        content = self.history.file_at(self.head, _IGNORE_REVS) if self.head else None
        lines = (content or b"").decode("utf-8", "replace").splitlines()
        return tuple(line.split("#")[0].strip() for line in lines if line.split("#")[0].strip())

    def audit(
        self,
        revisions: str,
        *,
        fail_under: float | None = None,
        uses_cache: bool = True,
        proven: Callable[[Record], Record] = lambda record: record,
        progress: Callable[[int], None],
    ) -> Result:
        """Every fix of a history: all that leads to ``REV``, or what ``BASE..REV`` spans.

        Args:
            revisions: Which history.
            fail_under: The guarded share, from 0 to 1, without which there is a finding.
            uses_cache: Whether the same question may be answered from a file.
            proven: What is known of a fix from elsewhere.
            progress: Told how many commits were looked at.
        """
        since, tip = self._range(revisions)
        if tip is None:
            empty = self.result("audit", (), 0, notes=("there are no commits yet",))
            return self._with_share(empty, Share(), fail_under, is_whole=True)
        found = self._audited(since, tip, uses_cache=uses_cache, progress=progress)
        unfounded = [f"{finding.message}; {finding.next}" for finding in self._unfounded(Snapshot(self.history, tip))]
        records = tuple(self.settled(proven(record)) for record in found.records)
        trend = trend_of(records)
        is_whole = since is not None or not self.history.is_shallow
        result = self.result("audit", records, found.units, notes=(*self._history_notes(), *unfounded))
        result = replace(result, hotspots=hotspots_of(records, today=found.renamed), trend=trend)
        if since is None:
            figures, said = delivery.baseline(
                self, tip, records, uses_cache=uses_cache, progress=lambda count: progress(found.units + count)
            )
            result = replace(result, delivery=figures, notes=(*result.notes, *said))
        if not is_whole:
            result = replace(result, notes=(*result.notes, _SHALLOW))
        return self._with_share(result, trend.whole, fail_under, is_whole=is_whole)

    def _audited(self, since: str | None, tip: str, *, uses_cache: bool, progress: Callable[[int], None]) -> Audited:
        """What an audit finds, from the cache where the same question was asked before."""
        uses_cache = uses_cache and not self.guests.names and not self.repository.is_partial
        name = self._cache_key(since or "", tip) if uses_cache else ""
        found = audit_cache.load(name) if uses_cache else None
        if found is None:
            units = self._units(tip, since)
            found = audit(units, self.survey, self.linker(Snapshot(self.history, tip)), progress=progress)
            if uses_cache:
                audit_cache.save(name, found)
        return found

    def _units(self, tip: str, since: str | None) -> Iterator[Unit]:
        """The line that leads to a commit; what a merge of a long-lived branch brought is judged unit by unit."""
        return self.history.units(tip, since=[since] if since else [], opens=fixes.is_branch_merge)

    def units_back(self, revisions: str | None) -> Iterator[Unit]:
        """The units of ``BASE..REV``, or of all that leads to HEAD, newest first."""
        since, tip = self._range(revisions or "HEAD")
        return self._units(tip, since) if tip is not None else iter(())

    def _cache_key(self, since: str, tip: str) -> str:
        """Commits name all that the history holds; the rest is how we look at it, our own code included."""
        boundary = ",".join(sorted(self.repository.boundary))
        idle = settings.Settings()
        how = replace(
            self.settings,
            waivers=(),
            coverage=idle.coverage,
            flaky=idle.flaky,
            quarantine=idle.quarantine,
            delivery=idle.delivery,
        ).digest()
        return audit_cache.key(audit_cache.own_code(), sys.version, since, tip, boundary, how, *self.skipped)

    def explain(self, revisions: Sequence[str]) -> Result:
        """What each revision is taken for, and why."""
        shas = [self.resolve(revision) for revision in revisions]
        records = []
        for unit in self.history.units_of(shas):
            seen = self.survey.single(unit)
            linker = self.linker(Snapshot(self.history, unit.commit.sha))
            record = linker.link(seen, lambda _: (), is_only_fix=False)
            records.append(replace(self.settled(record), other_signs=seen.signs[1:]))
        return self.result("explain", records, len(records))

    def check(self, revisions: str | None, *, base_option: str | None) -> Result:
        """The fix gate over a change: a range, or what HEAD and the work tree add to the base."""
        if self.settings.fixes.require == "off":
            return self.result("check", (), 0, notes=("the gate on fixes is off: fixes.require",))
        change = self.change(revisions, base_option=base_option)
        return change if isinstance(change, Result) else self.judged(change, [one.record for one in change.found])

    def change(
        self, revisions: str | None, *, base_option: str | None, reads_work_tree: bool = True
    ) -> Change | Result:
        """The fixes of a range, or of what HEAD and the work tree add to the base; a result where there is no base.

        ``reads_work_tree`` speaks of a change without a range: whether uncommitted work is part of it.
        """
        if revisions is not None:
            since, tip = self._range(revisions, needs_base=True)
            named = revisions.partition("..")[0] or None
            asked = RepositoryFacts(self.head, base=named, base_reason="the range that was asked for")
            return self._change(since, tip, asked)
        if self.head is None:
            return self._change(None, None, RepositoryFacts(None))
        chosen = self.choose_base(base_option)
        if isinstance(chosen, base.Undecided):
            finding = findings.undecided("base", chosen.reason, chosen.cure)
            return self.with_loose(self.result("check", (), 0), (finding,))
        facts = RepositoryFacts(self.head, chosen.revision, chosen.reason, chosen.merge_base)
        return self._change(chosen.sha, self.head, facts, is_current=True, reads_work_tree=reads_work_tree)

    def check_staged(self, message_file: Path | None) -> Result:
        """The fix gate over the commit that is about to be made."""
        mark, cleanup = self.repository.message_habits()
        # git tells a hook by this editor that none was opened: git help githooks
        was_edited = os.environ.get("GIT_EDITOR") != ":"
        message = commit_file.kept(_read(message_file), mark=mark, cleanup=cleanup, was_edited=was_edited)
        worktree = self._need_worktree()
        seen, snapshot = staged_unit(self.history, worktree, self.head, message, self.survey)
        record = self.linker(snapshot).link(seen, lambda _: (), is_only_fix=True) if seen.is_fix else seen.record
        records = (self.settled(record),) if seen.is_fix else ()
        return self.with_loose(self.with_findings(self.result("check", records, 1)), self._unfounded(snapshot))

    def first_look(self, *, progress: Callable[[int], None]) -> FirstLook:
        """What there is to see before the first settings."""
        tip = Snapshot(self.history, self.head)
        return look(
            self._units(self.head, None) if self.head else (),
            tip,
            self.survey,
            self.linker(tip),
            compared_with=self.choose_base(None) if self.head else None,
            progress=progress,
        )

    def _change(
        self,
        since: str | None,
        tip: str | None,
        facts: RepositoryFacts,
        *,
        is_current: bool = False,
        reads_work_tree: bool = False,
    ) -> Change | Result:
        if tip is None:
            return self.result("check", (), 0, notes=("there are no commits yet",))
        uncommitted: Seen | None = None
        snapshot = Snapshot(self.history, tip)
        if reads_work_tree and self.repository.top is not None:
            uncommitted, snapshot = work_tree_unit(self.history, self._need_worktree(), tip, self.survey)
        found = check(
            self._units(tip, since),
            self.survey,
            self.linker(snapshot),
            uncommitted=uncommitted,
            context=self._context() if is_current else None,
            is_one_change=self.settings.fixes.scope == "change",
        )
        notes = [*self._history_notes(), *(self._ci.notes if is_current else ())]
        if found.uses_work_tree:
            notes.append("a fix is guarded only by a test in the work tree that is not committed yet")
        return Change(
            tuple(map(self._distrusting, found.found)),
            found.units,
            replace(facts, shallow=self.history.is_shallow),
            tuple(notes),
            base=since,
            uncommitted=uncommitted.unit.changes if uncommitted is not None else (),
            tip=snapshot,
        )

    def _distrusting(self, one: CheckedUnit) -> CheckedUnit:
        return replace(one, record=verdict.without_quarantined(one.record, self.settings.quarantine))

    def judged(self, change: Change, records: Iterable[Record], *, command: str = "check") -> Result:
        """The result of a change, its records judged by whoever asks; the exceptions come last."""
        settled = tuple(map(self.settled, records))
        result = self.result(command, settled, change.units, notes=(*change.notes, *self._foreign_waivers()))
        result = self.with_findings(replace(result, repository=change.facts))
        owed = findings.of_waivers(self.settings.waivers, settled, today=today())
        overdue = findings.of_quarantine(self.settings.quarantine, today=today())
        weakened = findings.of_breaches(self._breaches(change), self.settings.waivers, today=today())
        return self.with_loose(result, [*self._unfounded(change.tip), *owed, *overdue, *weakened])

    def _breaches(self, change: Change) -> tuple[Breach, ...]:
        """What a change does to the tests that prove fixes which were there before it."""
        store = self.receipts()
        if change.base is None or change.tip.commit is None or not store.has_proofs:
            return ()
        start = self.history.merge_base(change.base, change.tip.commit)
        if start is None:
            return ()
        return duty.breaches(
            duty.whole(self.history.between(start, change.tip.commit), change.uncommitted),
            base=start,
            tip=change.tip,
            on_record=lambda paths: [test for test in store.recorded(paths) if self._is_before(test.fix, start)],
            survey=self.survey,
        )

    def _is_before(self, fix: str, start: str) -> bool:
        """Whether a fix is in the history that a change begins from: what is still being made is proven anew."""
        sha = self.history.resolve(fix)
        return sha is not None and self.history.merge_base(sha, start) == sha

    def receipts(self, named: Sequence[Path] = ()) -> Receipts:
        """The stored proofs: in the folders that are named, else where the settings say, else in the user's cache."""
        from pytest_bugguard.adapters.receipts import Receipts, Shelf, default_shelf  # noqa: PLC0415 - an audit has none

        setting, top = self.settings.fixes.receipts, self.repository.top
        if not named and setting is not None and top is not None:
            named = [top / setting]
        if not named:
            return Receipts(default_shelf(self.repository.common_dir))
        own, *others = map(Shelf, named)
        return Receipts(own, tuple(others))

    def choose_base(self, option: str | None) -> base.Chosen | base.Undecided:
        """What the change is compared with, and why; only where there is a commit."""
        assert self.head is not None
        rungs = base.ladder(option, self.settings.base, self._ci, self.repository.clone())
        return base.choose(rungs, head=self.head, resolve=self.history.resolve, merge_base=self.history.merge_base)

    def _context(self) -> CiContext | None:
        facts = self._ci
        if not (facts.source or facts.labels or facts.title):
            return None
        return CiContext(branch=facts.source or None, labels=facts.labels, title=facts.title or None)

    def linker(self, tip: Snapshot) -> Linker:
        """Looks for tests that stand elsewhere, in this state of the files."""
        return Linker(tip, Trail(tip).moment.naming, self._original)

    def _original(self, sha: str) -> Seen | None:
        found = self.history.resolve(sha)
        return next((self.survey.single(unit) for unit in self.history.units_of([found])), None) if found else None

    def settled(self, record: Record) -> Record:
        """The record as the settings have it: what is in quarantine guards nothing, and a waiver speaks for it."""
        trusted = verdict.without_quarantined(record, self.settings.quarantine)
        return verdict.waive(trusted, self.settings.waivers, today=today())

    def _unfounded(self, tip: Snapshot) -> Iterator[Finding]:
        """Findings for settings that name no file: a gate that looks at nothing would be met by everything."""
        for key, roots in (("source", self.settings.source), ("tests", self.settings.tests)):
            missing = [root for root in roots or () if not tip.holds(root)]
            yield from findings.of_roots(key, roots or (), missing=missing)

    def _foreign_waivers(self) -> tuple[str, ...]:
        """What to know of waivers that speak for no commit; a clone that lacks commits cannot tell."""
        waivers = () if self.history.is_shallow else self.settings.waivers
        found = self.history.resolve_all([waiver.fix for waiver in waivers])
        return tuple(
            f"the waiver of {waiver.owner} for {waiver.fix} speaks for no commit of this repository: "
            "mend its id, or take it out"
            for waiver, sha in zip(waivers, found, strict=True)
            if sha is None
        )

    def _need_worktree(self) -> WorkTree:
        if self.repository.top is None:
            raise BugguardError("a bare repository has no work tree", hint="give a range: bugguard check BASE..REV")
        return self.repository.worktree()

    def _history_notes(self) -> tuple[str, ...]:
        return tuple(self.history.warnings)

    def resolve(self, revision: str) -> str:
        """The commit id of a revision that a user named.

        Raises:
            UnknownRevisionError: There is no such commit.
        """
        sha = self.history.resolve(revision)
        if sha is not None:
            return sha
        if ".." in revision:
            raise UnknownRevisionError(
                f"{revision!r} is a range, and one commit is needed", hint=f"bugguard check {shlex.quote(revision)}"
            )
        if self.head is None:
            raise UnknownRevisionError("there are no commits yet", hint="commit something first")
        raise UnknownRevisionError(f"no commit {revision!r} in this repository")

    def _range(self, revisions: str, *, needs_base: bool = False) -> tuple[str | None, str | None]:
        """``(since, tip)`` of ``BASE..REV``, ``BASE...REV``, ``BASE..`` or ``REV``."""
        left, dots, right = revisions.partition("..")
        if not dots:
            if needs_base:
                raise BugguardError(f"{revisions!r} is no range", hint=f"bugguard check {revisions}..HEAD")
            if revisions == "HEAD" and self.head is None:
                return None, None
            return None, self.resolve(revisions)
        tip = self.resolve(right.removeprefix(".") or "HEAD")
        return (self.resolve(left) if left else None), tip

    def result(self, command: str, records: Iterable[Record], units: int, *, notes: Iterable[str] = ()) -> Result:
        """What a command found, with the facts around it; nothing fails it yet."""
        listed = tuple(records)
        return Result(
            command=command,
            repository=RepositoryFacts(self.head, shallow=self.history.is_shallow),
            summary=summarise(listed, units),
            records=listed,
            notes=tuple(notes),
            run=Run(int(self._started), round(time.time() - self._started, 3)),
        )

    def with_findings(self, result: Result) -> Result:
        """The result with whatever fails the gate."""
        found = findings.of_records(
            result.records,
            undecided_fails=self.settings.undecided == "fail",
            weak_fails=self.settings.fixes.on_weak == "fail",
        )
        return replace(result, findings=found)

    def _with_share(self, result: Result, share: Share, fail_under: float | None, *, is_whole: bool) -> Result:
        if fail_under is None:
            return result
        return self.with_loose(result, findings.of_share(share, fail_under, is_whole=is_whole))

    def with_coverage(self, result: Result, found: Coverage) -> Result:
        """A result with what was found out about coverage besides, and with whatever fails of it."""
        whole = found if result.coverage is None else result.coverage.and_also(found)
        noted = replace(result, coverage=whole, notes=(*result.notes, *found.notes))
        return self.with_loose(noted, coverage_findings.of_coverage(found))

    def with_loose(self, result: Result, found: Iterable[Finding]) -> Result:
        """A result with findings that no record tells of; what is undecided is a note where the settings soften it."""
        listed = tuple(found)
        soft = Verdict.UNDECIDED if self.settings.undecided == "warn" else None
        failing = [finding for finding in listed if finding.verdict is not soft]
        notes = [f"{finding.message}; {finding.next}" for finding in listed if finding.verdict is soft]
        return replace(result, findings=(*result.findings, *failing), notes=(*result.notes, *notes))


def _read(path: Path | None) -> str:
    """The file of a commit message."""
    if path is None:
        raise BugguardError("--staged needs the message", hint="bugguard check --staged --message-file FILE")
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        hint = "name the file that git hands to a commit-msg hook as $1"
        raise BugguardError(f"--message-file: {path} cannot be read: {error.strerror}", hint=hint) from None


def today() -> dt.date:
    """The day that waivers are held against, in UTC: the same for a whole team."""
    return dt.datetime.now(tz=dt.UTC).date()
