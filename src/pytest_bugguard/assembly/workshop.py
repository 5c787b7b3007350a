"""An open repository with its settings and guests: what every question about it needs."""

from __future__ import annotations

import datetime as dt
import os
import shlex
import time
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import ci, guests, settings_file
from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.core import base, coverage_findings, findings, fixes, settings, verdict
from pytest_bugguard.core.errors import BugguardError, UnknownRevisionError
from pytest_bugguard.core.fixes import RuleSet
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.results import RepositoryFacts, Result, Run, summarise
from pytest_bugguard.core.steadiness import leant_on
from pytest_bugguard.journeys.linking import Linker
from pytest_bugguard.journeys.survey import Lens, Survey
from pytest_bugguard.journeys.trail import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.adapters.history import GitHistory
    from pytest_bugguard.adapters.receipts import Receipts
    from pytest_bugguard.adapters.repository import Repository
    from pytest_bugguard.assembly.steadiness import Steadiness
    from pytest_bugguard.core.coverage_verdict import Coverage
    from pytest_bugguard.core.model import Record, Unit
    from pytest_bugguard.core.results import Finding
    from pytest_bugguard.core.settings import Settings
    from pytest_bugguard.journeys.ports import WorkTree
    from pytest_bugguard.journeys.snapshot import Snapshot
    from pytest_bugguard.journeys.survey import Seen

_IGNORE_REVS = ".git-blame-ignore-revs"


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

    @contextmanager
    def beside(self) -> Iterator[Workshop]:
        """The same workshop with gits of its own; close it again."""
        with self.repository.history() as history:
            yield Workshop(self.start, self.repository, history, self.settings, self.guests)

    @property
    def facts(self) -> RepositoryFacts:
        """Which state of which history is looked at, compared with nothing yet."""
        return RepositoryFacts(self.head, shallow=self.history.is_shallow, web=self.settings.web)

    @property
    def ci_name(self) -> base.Ci | None:
        """The CI that we run in, where it is one that we know."""
        return self.ci.name

    @cached_property
    def ci(self) -> base.CiFacts:
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

    def line(self, tip: str, since: str | None) -> Iterator[Unit]:
        """The line that leads to a commit; what a merge of a long-lived branch brought is judged unit by unit."""
        return self.history.units(tip, since=[since] if since else [], opens=fixes.is_branch_merge)

    def units_back(self, revisions: str | None) -> Iterator[Unit]:
        """The units of ``BASE..REV``, or of all that leads to HEAD, newest first."""
        since, tip = self.span(revisions or "HEAD")
        return self.line(tip, since) if tip is not None else iter(())

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
        rungs = base.ladder(option, self.settings.base, self.ci, self.repository.clone)
        return base.choose(rungs, head=self.head, resolve=self.history.resolve, merge_base=self.history.merge_base)

    def linker(self, tip: Snapshot) -> Linker:
        """Looks for tests that stand elsewhere, in this state of the files."""
        return Linker(tip, Moment(tip, self.settings.tests).naming_of, self._original)

    def _original(self, sha: str) -> Seen | None:
        found = self.history.resolve(sha)
        return next((self.survey.single(unit) for unit in self.history.units_of([found])), None) if found else None

    def settled(self, record: Record) -> Record:
        """The record as it stands: a test in quarantine, or known as flaky, guards nothing; a waiver speaks for it."""
        trusted = verdict.without_quarantined(record, self.settings.quarantine)
        steady = self.steadiness.judged(trusted) if leant_on(trusted) else trusted
        return verdict.waive(steady, self.settings.waivers, today=today())

    @cached_property
    def steadiness(self) -> Steadiness:
        """What the history says of the tests that fixes lean on."""
        from pytest_bugguard.assembly.steadiness import Steadiness  # noqa: PLC0415 - brings SQLite

        return Steadiness(self)

    @property
    def doubts(self) -> tuple[Finding, ...]:
        """What a verdict on a fix needs and could not be looked up."""
        return self.steadiness.doubts if "steadiness" in self.__dict__ else ()

    def unfounded(self, tip: Snapshot) -> Iterator[Finding]:
        """Findings for settings that name no file: a gate that looks at nothing would be met by everything."""
        for key, roots in (("source", self.settings.source), ("tests", self.settings.tests)):
            missing = [root for root in roots or () if not tip.holds(root)]
            yield from findings.of_roots(key, roots or (), missing=missing)

    def need_worktree(self) -> WorkTree:
        """The work tree.

        Raises:
            BugguardError: The repository is bare.
        """
        if self.repository.top is None:
            raise BugguardError("a bare repository has no work tree", hint="give a range: bugguard check BASE..REV")
        return self.repository.worktree

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

    def span(self, revisions: str, *, needs_base: bool = False) -> tuple[str | None, str | None]:
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
            repository=self.facts,
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
        return self.with_loose(replace(result, findings=found), self.doubts)

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


def today() -> dt.date:
    """The day that waivers are held against, in UTC: the same for a whole team."""
    return dt.datetime.now(tz=dt.UTC).date()
