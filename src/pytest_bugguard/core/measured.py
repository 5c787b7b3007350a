"""What a run of the tests went through: which statements and branches of each file. Frozen values; no I/O."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from pytest_bugguard.core.thresholds import Count, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_bugguard.core.floors import Floor


class Exits(NamedTuple):
    """The branches of a file: ways out of statements that have several."""

    covered: int
    total: int
    partial: tuple[int, ...] = ()
    """Lines with a way out that was not taken."""


class FileCoverage(Struct, frozen=True):
    """One file; lines are those on which statements begin, from 1."""

    path: str
    """Relative to the repository's top level, with ``/``."""
    ran: frozenset[int] = frozenset()
    missing: frozenset[int] = frozenset()
    excluded: frozenset[int] = frozenset()
    """Lines that the configuration of coverage.py leaves out; empty where the data does not tell."""
    exits: Exits | None = None
    """None: branches were not measured."""

    @property
    def statements(self) -> frozenset[int]:
        """All that counts."""
        return self.ran | self.missing

    def count(self, metric: Metric) -> Count | None:
        """How many of how many were run; None where it was not measured."""
        if metric is Metric.BRANCH:
            return None if self.exits is None else Count(self.exits.covered, self.exits.total)
        return Count(len(self.ran), len(self.ran) + len(self.missing))

    def not_run(self, metric: Metric) -> tuple[int, ...]:
        """The lines to look at, in order."""
        if metric is Metric.BRANCH:
            return self.exits.partial if self.exits else ()
        return tuple(sorted(self.missing))


class Wanted(NamedTuple):
    """A file of which the statements are to be counted."""

    content: bytes
    lines: frozenset[int]
    """Around these; what stands far from them is of no interest."""


class ModuleCoverage(Struct, frozen=True):
    """How much of one file was run."""

    path: str
    """Relative to the repository's top level, with ``/``."""
    line: Count
    branch: Count | None
    """None: branches were not measured."""
    floor: int | None = None
    """How many statements it may owe; None: no floors are kept."""


class Doubt(NamedTuple):
    """Why something cannot be told, and what cures it."""

    reason: str
    cure: str


class Measured(Struct, frozen=True, dict=True):
    """All that was measured."""

    files: tuple[FileCoverage, ...] = ()
    """By path."""
    origin: str = ""
    """Where it comes from: ``pytest-cov``, or the name of a file."""
    stale: tuple[str, ...] = ()
    """Files that were changed after they were measured, by their path here."""
    gone: tuple[str, ...] = ()
    """Measured files that are not there any more, or never were on this machine, as the data names them."""
    foreign: tuple[str, ...] = ()
    """Measured files that lie outside the repository, as the data names them."""
    unseen: tuple[str, ...] = ()
    """Files that the configuration asks for and the data does not hold: nothing imported them."""
    tests: frozenset[str] = frozenset()
    """Those of the files that are tests: rules that name no file do not speak of them."""
    unloaded: tuple[str, ...] = ()
    """Plugins of coverage.py that the project has, and that took no part in counting."""
    follows_processes: bool = False
    """Whether the configuration has processes measured that tests start."""

    def file(self, path: str) -> FileCoverage | None:
        """What is known of one file."""
        return self._by_path.get(path)

    @cached_property
    def _by_path(self) -> dict[str, FileCoverage]:
        return {file.path: file for file in self.files}


def modules_of(measured: Measured, floors: Mapping[str, Floor] | None) -> tuple[ModuleCoverage, ...]:
    """Each file with its counts, by path; ``floors``: None where none are kept. What they do not name may owe none."""
    return tuple(
        ModuleCoverage(
            file.path,
            Count(len(file.ran), len(file.statements)),
            file.count(Metric.BRANCH),
            _floor(file.path, measured, floors),
        )
        for file in measured.files
    )


def _floor(path: str, measured: Measured, floors: Mapping[str, Floor] | None) -> int | None:
    if floors is None:
        return None
    return floors[path].missing if path in floors else None if path in measured.tests else 0


def and_more(paths: Sequence[str]) -> str:
    """The first of several, and how many others there are."""
    return f"{paths[0]} and {len(paths) - 1} more" if len(paths) > 1 else paths[0]


def doubt_of(measured: Measured, partial: Doubt | None = None) -> Doubt | None:
    """Why nothing can be concluded from all of it; None where it looks sound.

    Args:
        measured: All of it.
        partial: Why less was run than there is; None where all was. The others may run what this part ran none of.
    """
    if measured.stale:
        verb = "are" if ", " in measured.origin else "is"
        return Doubt(f"{measured.origin} {verb} older than {and_more(measured.stale)}", _MEASURE_AGAIN)
    if measured.gone:
        verb = "is" if len(measured.gone) == 1 else "are"
        return Doubt(f"{measured.origin} measured {and_more(measured.gone)}, which {verb} not here", _FIND)
    if measured.unloaded:
        said = f"coverage.py's plugins are not loaded here, and may count otherwise: {', '.join(measured.unloaded)}"
        return Doubt(said, _LET_IT_COUNT)
    nothing = _nothing_ran(measured)
    return nothing and (partial or nothing)


def _nothing_ran(measured: Measured) -> Doubt | None:
    if not measured.files:
        if measured.foreign:
            return Doubt(f"only files outside the repository were measured: {measured.foreign[0]}", _INSTALL)
        return Doubt(
            f"{measured.origin} holds no file of this repository",
            "measure the source: [tool.coverage.run] source, or pytest --cov=PACKAGE",
        )
    if any(file.statements for file in measured.files) and not any(file.ran for file in measured.files):
        said = "every file is at 0 %: another copy of the source was imported"
        if measured.foreign:
            return Doubt(f"{said}; the tests ran {measured.foreign[0]}", _INSTALL)
        return Doubt(f"{said}, or processes that are not measured ran the tests", f"{_INSTALL}; {_FOLLOW}")
    return None


_MEASURE_AGAIN = "run the tests again under coverage: line numbers may mean other lines by now"
_LET_IT_COUNT = "let coverage.py count: coverage json, then name it by --data coverage.json; or pytest --cov --bugguard"
_FIND = "run the tests again under coverage, or map the place of another machine to here with [tool.coverage.paths]"
_FOLLOW = 'with pytest-xdist measure by pytest --cov, or set [tool.coverage.run] patch = ["subprocess"]'
_INSTALL = "install the project with pip install -e ., or map the copy to the source with [tool.coverage.paths]"
