"""Coverage judged in an open repository: by the data of a session, or by files of data."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import coverage_data, coverage_home, given_files, settings_file
from pytest_bugguard.adapters.measured_paths import MeasuredPaths
from pytest_bugguard.core import base, coverage_verdict, floors
from pytest_bugguard.core.coverage_verdict import Coverage, Standing
from pytest_bugguard.core.errors import BugguardError, SettingsError
from pytest_bugguard.core.measured import Doubt, and_more
from pytest_bugguard.core.model import Side
from pytest_bugguard.core.sides import Division
from pytest_bugguard.journeys import coverage as journey
from pytest_bugguard.journeys.coverage import Asked
from pytest_bugguard.journeys.snapshot import Snapshot
from pytest_bugguard.journeys.trail import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pytest_bugguard.adapters.worktree import GitWorkTree
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.floors import Floors
    from pytest_bugguard.core.measured import FileCoverage, Measured
    from pytest_bugguard.core.patches import Patch
    from pytest_bugguard.core.results import RepositoryFacts, Result

_CANNOT_TELL = "cannot tell whether it was renamed"
_COMPLETE = "git fetch --refetch --no-filter"
_DEEPEN = "git fetch --unshallow (in CI: fetch-depth: 0)"


class CoverageDesk:
    """Judges the coverage of one work tree. Implements ``journeys.ports.Sources``."""

    def __init__(self, workshop: Workshop, *, base_option: str | None = None) -> None:
        if workshop.repository.top is None:
            raise BugguardError("a bare repository has no files that could be covered", hint="work in a clone of it")
        self._workshop = workshop
        self._base_option = base_option
        self.top: Path = workshop.repository.top
        self._start: Path = workshop.start.resolve()
        self._worktree: GitWorkTree = workshop.repository.worktree
        self._division = Division(workshop.settings.tests, workshop.settings.source)

    @cached_property
    def _home(self) -> Path:
        """Where coverage.py was at work: it looks for its configuration there, and leaves its data there."""
        return coverage_home.home(settings_file.folders(self._start, self.top))

    # What the journey asks of the world

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every Python file that git knows or could know, by path."""
        return self._worktree.python_files()

    def text(self, path: str) -> bytes | None:
        """A file as it stands; None where there is none."""
        return self._worktree.text(path)

    def before(self, path: str) -> bytes | None:
        """A file as the change found it; None where there was none."""
        chosen = self._chosen
        if not isinstance(chosen, base.Chosen):
            return None
        return self._workshop.history.file_at(chosen.merge_base, path)

    def is_source(self, path: str) -> bool:
        """Whether it is on the source side."""
        return self._side(path) is Side.SOURCE

    def _side(self, path: str) -> Side:
        return self._division.side(path, self._moment.naming_of(path), self._snapshot.is_package)

    def unmeasured(self, path: str) -> FileCoverage:
        """The statements of a file that was not measured, none of them run."""
        return coverage_data.unmeasured(path, self._home, self.top)

    @cached_property
    def _snapshot(self) -> Snapshot:
        return Snapshot(self._workshop.history, self._workshop.head)

    @cached_property
    def _moment(self) -> Moment:
        return Moment(self._snapshot, None)

    @cached_property
    def known(self) -> MeasuredPaths:
        """Leads names in data back to the repository's files."""
        return MeasuredPaths(self.top, self.paths)

    @cached_property
    def _chosen(self) -> base.Chosen | base.Undecided:
        if self._workshop.head is None:
            return base.Undecided("there are no commits yet", "commit something first")
        return self._workshop.choose_base(self._base_option)

    # What is answered

    def typed(self, path: Path) -> str | None:
        """The file of the repository that somebody means, from where they are or from the top; None: there is none."""
        return self.known.find(str(path), (self._start,))

    def read(self, data: Sequence[Path]) -> Measured:
        """What files of data say; without any, what the last run left.

        Raises:
            CoverageDataError: There is none, or it cannot be used.
        """
        return self.told_apart(coverage_data.read(data or coverage_home.find(self._home), self._home, self.known))

    def told_apart(self, measured: Measured) -> Measured:
        """With what is a test, and of the files that were not seen those that hold code of the product."""
        unseen = (path for path in measured.unseen if self.is_source(path) and (self.text(path) or b"").strip())
        tests = (file.path for file in measured.files if self._side(file.path) is Side.TEST)
        return replace(measured, unseen=tuple(unseen), tests=frozenset(tests))

    def judge(self, measured: Measured, standing: Standing) -> Coverage:
        """Hold what is asked against what was measured.

        Raises:
            SettingsError: Two gates fit a file equally well, or one can never fail.
        """
        return journey.judge(self.asked, measured, standing, self)

    @cached_property
    def asked(self) -> Asked:
        """What the settings ask for."""
        chosen = self._workshop.settings.coverage
        patches = self._patches() if chosen.changed is not None else ()
        if chosen.floors is None:
            return Asked(chosen, patches=patches)
        held = self._floors(chosen.floors)
        gone = held.keys() - set(self.paths)
        moved, unfollowed = self._moved(gone, chosen.floors) if gone else ({}, None)
        return Asked(chosen, floors.renamed(held, moved), tuple(moved.items()), unfollowed, patches)

    def _moved(self, gone: AbstractSet[str], name: str) -> tuple[dict[str, str], Doubt | None]:
        """The new names of files that floors name: git knows them since floors were committed, or the change began.

        Args:
            gone: Files that floors name and that are not there.
            name: The file of floors.

        Returns:
            Old to new, and why some may be lacking.
        """
        moved: dict[str, str] = {}
        why = None
        try:
            written = self._worktree.written_in(name)
            for commit in self._begins(written):
                found = self._worktree.renames(commit)
                moved |= {old: found.names[old] for old in sorted(gone & found.names.keys() - moved.keys())}
                why = why if found.is_whole else Doubt(f"a partial clone {_CANNOT_TELL} and changed", _COMPLETE)
            if written in self._workshop.repository.boundary:
                why = Doubt(f"a shallow clone {_CANNOT_TELL}", _DEEPEN)
        except BugguardError as error:
            why = Doubt(str(error), error.hint)
        lacking = sorted(gone - moved.keys())
        if why is None or not lacking:
            return moved, None
        verb = "is" if len(lacking) == 1 else "are"
        return moved, Doubt(f"floors name {and_more(lacking)}, which {verb} not here: {why.reason}", why.cure)

    def _begins(self, written: str | None) -> Iterator[str]:
        if written is not None:
            yield written
        if isinstance(self._chosen, base.Chosen):
            yield self._chosen.merge_base

    def _floors(self, name: str) -> Floors:
        """The floors that a file holds; none where there is no such file yet."""
        try:
            content = given_files.read(self.top / name)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SettingsError(f"{name}: cannot be read: {error.strerror}", hint=f"check what {name} is") from None
        return floors.parse(content.decode("utf-8", "surrogateescape"), name)

    def _patches(self) -> tuple[Patch, ...] | Doubt:
        chosen = self._chosen
        if isinstance(chosen, base.Undecided):
            return Doubt(f"base: {chosen.reason}", chosen.cure)
        try:
            found = self._worktree.patches(chosen.merge_base)
        except BugguardError as error:
            return Doubt(str(error), error.hint)
        return tuple(patch for patch in found if patch.path.endswith(".py"))

    def facts(self) -> RepositoryFacts:
        """The state of the repository, with the base where anything was compared with it."""
        facts = self._workshop.facts
        chosen = self._chosen if "_chosen" in self.__dict__ else None
        if isinstance(chosen, base.Chosen):
            return replace(facts, base=chosen.revision, base_reason=chosen.reason, merge_base=chosen.merge_base)
        return facts


def check(workshop: Workshop, data: Sequence[Path], *, base_option: str | None) -> Result:
    """The coverage gates on data that lies on disk.

    Raises:
        BugguardError: There is no data, or nothing is asked.
    """
    _need_rules(workshop)
    desk = CoverageDesk(workshop, base_option=base_option)
    found = desk.judge(desk.read(data), Standing())
    return workshop.with_coverage(_result(workshop, desk), found)


def explain(workshop: Workshop, path: Path, data: Sequence[Path], *, base_option: str | None) -> Result:
    """Every rule that speaks for one file, and what it says of it.

    Raises:
        BugguardError: The file is not one that was measured, or no rule speaks for it.
    """
    _need_rules(workshop)
    desk = CoverageDesk(workshop, base_option=base_option)
    name = desk.typed(path)
    if name is None:
        raise BugguardError(f"{str(path)!r} is no file of this repository", hint="name a file that was measured")
    measured = desk.read(data)
    found = desk.judge(measured, Standing())
    rows = coverage_verdict.of_file(found.judged, name, measured, desk.asked.settings, desk.paths)
    if not rows:
        said = "no rule speaks for it" if measured.file(name) else f"{measured.origin} does not hold it"
        hint = "bugguard coverage check tells of all files; [tool.bugguard.coverage] each-file speaks for each"
        raise BugguardError(f"{name}: {said}", hint=hint)
    told = journey.located(rows, measured, desk)
    return workshop.with_coverage(_result(workshop, desk), replace(found, judged=told, notes=()))


def _need_rules(workshop: Workshop) -> None:
    if not workshop.settings.coverage.needs_data:
        raise SettingsError(
            "coverage: the settings ask for none", hint="bugguard coverage init writes gates at today's level"
        )


def _result(workshop: Workshop, desk: CoverageDesk) -> Result:
    return replace(workshop.result("coverage", (), 0), repository=desk.facts())
