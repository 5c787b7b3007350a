"""What does coverage data say of the repository's files? The user's files are only read."""

from __future__ import annotations

import os
import re
from contextlib import chdir, contextmanager
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from coverage import Coverage, CoverageData
from coverage.exceptions import CoverageException
from msgspec.structs import replace

from pytest_bugguard.adapters import coverage_reports
from pytest_bugguard.adapters.coverage_home import DAMAGED, MEASURE, configured, plugins, said_by, told_apart
from pytest_bugguard.adapters.coverage_objects import Listener
from pytest_bugguard.adapters.coverage_reports import CoverageDataError
from pytest_bugguard.adapters.measured_scope import Scope
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.measured import FileCoverage, Measured
from pytest_bugguard.core.statements import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_bugguard.adapters.coverage_reports import Found
    from pytest_bugguard.adapters.measured_paths import MeasuredPaths
    from pytest_bugguard.core.measured import Wanted
    from pytest_bugguard.core.statements import Excerpt

CONFIGURATION = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""The files in which coverage.py looks for its configuration."""
_ALIKE = "measure all with [tool.coverage.run] branch = true, or none; or name by --data what goes together"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_STUB = b"pass"
_FILLER = b"#"
"""Stands for a line of no interest: many empty ones in a row are what coverage.py's own patterns are slowest at."""


def read(paths: Sequence[Path], folder: Path, known: MeasuredPaths) -> Measured:
    """What one or several files of data say, all together.

    Args:
        paths: ``.coverage`` files (several are combined), or one report.
        folder: Where coverage.py's configuration stands, and what relative names are relative to.
        known: The repository's files.

    Raises:
        CoverageDataError: A file is missing, damaged, or does not go with the others.
    """
    data, reports = told_apart(paths)
    if data and reports:
        raise CoverageDataError(
            f"{reports[0].name}: is a report, {data[0].name} is none: they cannot be added up",
            hint="name the .coverage files alone, or one report",
        )
    if len(reports) > 1:
        raise CoverageDataError(
            f"{reports[1].name}: reports cannot be added up", hint="combine the .coverage files they were made of"
        )
    if reports:
        found = coverage_reports.read(reports[0].read_bytes(), reports[0].name)
        measured = placed(found, known, _origin(paths), bases=(folder, reports[0].parent), before_ns=_oldest(paths))
        with chdir(folder):
            return with_unseen(measured, known, Scope(configured(data_file=None), folder))
    return _of_data(data, folder, known)


def placed(
    found: Iterable[Found], known: MeasuredPaths, origin: str, *, bases: Sequence[Path], before_ns: int | None = None
) -> Measured:
    """Files as the repository names them, each once.

    Args:
        found: Files as the data names them.
        known: The repository's files.
        origin: For messages.
        bases: What relative names may be relative to.
        before_ns: When it was measured; what was changed since is stale. None: just now.
    """
    files: dict[str, FileCoverage] = {}
    foreign, stale, gone = [], [], []
    for names, coverage in found:
        path = next((path for name in names if (path := known.find(name, bases)) is not None), None)
        if path is None:
            foreign.append(names[0])
            continue
        if not (known.top / path).exists():
            gone.append(path)
        elif any(known.is_copy(name, path) for name in names) or _is_newer(known.top / path, before_ns):
            stale.append(path)
        files[path] = _together(files.get(path), _renamed(coverage, path))
    ordered = tuple(files[path] for path in sorted(files))
    return Measured(ordered, origin, stale=tuple(stale), gone=tuple(gone), foreign=tuple(sorted(foreign)))


def with_unseen(measured: Measured, known: MeasuredPaths, scope: Scope) -> Measured:
    """The same, with the files that were asked for and are not there, and with what else the configuration tells."""
    there = {file.path for file in measured.files}
    unseen = (path for path in known.files if path not in there and scope.holds(os.path.join(known.top, path)))  # noqa: PTH118 - of tens of thousands
    return replace(measured, unseen=tuple(sorted(unseen)), follows_processes=scope.follows_processes)


def unmeasured(path: str, folder: Path, top: Path) -> FileCoverage:
    """The statements of a file that nothing measured, as coverage.py counts them; none of them was run."""
    with chdir(folder):
        coverage = configured(data_file=None)
        try:
            _, statements, excluded, _, _ = coverage.analysis2(str(top / path))
        except CoverageException:  # no Python that this interpreter can read: nothing in it can be counted
            return FileCoverage(path)
        finally:
            coverage.get_data().close(force=True)
    return FileCoverage(path, missing=frozenset(statements), excluded=frozenset(excluded))


def counted(configuration: Mapping[str, bytes], wanted: Mapping[str, Wanted]) -> dict[str, FileCoverage]:
    """The statements of Python files that stand in no work tree, as coverage.py counts them; none of them run.

    Args:
        configuration: What there is of ``CONFIGURATION``, by name.
        wanted: The files, by path.
    """
    with _laid_down(configuration) as top:
        with chdir(top):
            own = _own_exclusions()
        return {path: _counted(path, one, top, own) for path, one in wanted.items()}


def plugins_in(configuration: Mapping[str, bytes]) -> tuple[str, ...]:
    """The plugins that coverage.py has by a configuration that stands in no work tree; none is loaded."""
    with _laid_down(configuration) as top, chdir(top):
        return plugins()


@contextmanager
def _laid_down(configuration: Mapping[str, bytes]) -> Iterator[Path]:
    with Workspace() as space:
        top = space.folder()
        for name, content in configuration.items():
            (top / name).write_bytes(content)
        yield top


def _counted(path: str, wanted: Wanted, top: Path, own: str) -> FileCoverage:
    """Of what stands around the lines, since coverage.py takes long to read a long file; else of all of it."""
    source = source_of(wanted.content)
    if not (own and source.spans_lines(own)):
        excerpt = source.excerpt(wanted.lines)
        found = _written(path, b"\n".join(_rows(wanted.content, excerpt)), top)
        if found.statements:
            return replace(found, missing=found.missing - excerpt.stubs)
    return _written(path, wanted.content, top)


def _rows(content: bytes, excerpt: Excerpt) -> Iterator[bytes]:
    for number, row in enumerate(_LINE_END.split(content), start=1):
        if number in excerpt.kept:
            yield row
        else:
            yield row[: len(row) - len(row.lstrip())] + _STUB if number in excerpt.stubs else _FILLER


def _written(path: str, content: bytes, top: Path) -> FileCoverage:
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / path).write_bytes(content)
    return unmeasured(path, top, top)


def _own_exclusions() -> str:
    """What the project leaves out besides what coverage.py does by itself: that never spans functions."""
    by_itself = Coverage(data_file=None, config_file=False).get_exclude_list()
    own = (pattern for pattern in configured(data_file=None).get_exclude_list() if pattern not in by_itself)
    return "|".join(f"(?:{pattern})" for pattern in own)


def _of_data(data: Sequence[Path], folder: Path, known: MeasuredPaths) -> Measured:
    data = [path.absolute() for path in data]
    try:
        folder = _measured_in(data[0], (folder, data[0].parent, known.top)) or folder
        with (
            Workspace() as space,
            chdir(folder),
            _loaded(data, space.folder()) as coverage,
        ):
            names = sorted(coverage.get_data().measured_files())
            copies = tuple(
                path for name in names if (path := known.find(name, (folder,))) and known.is_copy(name, path)
            )
            _map(coverage, known.aliases(names, folder), folder, known.top)
            found = list(Listener(coverage).files())
            gone = _gone(coverage.get_data(), known.top)
            scope = Scope(coverage, folder)
            unloaded = plugins()
    except (CoverageException, *DAMAGED) as error:
        said = reduce(lambda text, path: text.replace(str(path), path.name), data, said_by(error))
        raise CoverageDataError(f"{_origin(data)}: {said}", hint=MEASURE) from None
    measured = with_unseen(placed(found, known, _origin(data), bases=(folder,), before_ns=_oldest(data)), known, scope)
    stale = tuple(dict.fromkeys([*measured.stale, *copies]))
    return replace(measured, stale=stale, gone=measured.gone or gone, unloaded=unloaded)


def _measured_in(path: Path, places: Sequence[Path]) -> Path | None:
    """The first folder that holds what a file of data names by relative names; None where it names nothing so."""
    data = CoverageData(basename=str(path))
    try:
        data.read()
        names = [name for name in data.measured_files() if not os.path.isabs(name)]  # noqa: PTH117 - of any system
    finally:
        data.close(force=True)
    return next((place.resolve() for place in places if any((place / name).exists() for name in names)), None)


@contextmanager
def _loaded(data: Sequence[Path], scratch: Path) -> Iterator[Coverage]:
    """A Coverage object that holds the data; several files are combined elsewhere, so that they stay as they are."""
    combined = data[0] if len(data) == 1 else _combined(data, scratch / "combined")
    coverage = configured(data_file=str(combined))
    kept = coverage.get_data()
    try:
        coverage.load()
        yield coverage
    finally:
        # A report works on a copy where names are mapped; and coverage.py closes neither where it fails.
        kept.close(force=True)
        coverage.get_data().close(force=True)


def _combined(data: Sequence[Path], place: Path) -> Path:
    """All of the data in one new file. ``Coverage.combine`` would only warn of what it has to leave out.

    Raises:
        CoverageDataError: Some were measured with branches, others without.
    """
    whole = CoverageData(basename=str(place))
    kinds: dict[bool, str] = {}
    try:
        for path in data:
            part = CoverageData(basename=str(path))
            try:
                part.read()
                if part.measured_files():
                    kinds.setdefault(part.has_arcs(), path.name)
                if len(kinds) > 1:
                    said = f"{kinds[True]} was measured with branches, {kinds[False]} without: they cannot be added up"
                    raise CoverageDataError(said, hint=_ALIKE)
                whole.update(part)
            finally:
                part.close(force=True)
    finally:
        whole.close(force=True)
    return place


def _map(coverage: Coverage, aliases: dict[str, list[str]], folder: Path, top: Path) -> None:
    """Let names of other machines and installed copies mean the repository's files; the project's own [paths] first.

    Under ``relative_files`` coverage.py looks its data up by relative names: what is mapped to others is lost.
    """
    if coverage.get_option("run:relative_files"):
        whole = {**aliases, "bugguard-here": [str(top), str(top)]}
        aliases = {name: [os.path.relpath(here, folder), there] for name, (here, there) in whole.items()}
    if aliases:
        configured = coverage.get_option("paths")
        coverage.set_option("paths", {**(configured if isinstance(configured, dict) else {}), **aliases})


def _gone(data: CoverageData, top: Path) -> tuple[str, ...]:
    """The files that are not there; those below the top from there on, so that a message is the same everywhere."""
    gone = (name for name in data.measured_files() if not Path(name).exists())
    return tuple(sorted(name.removeprefix(f"{top}{os.sep}") for name in gone))


def _oldest(paths: Sequence[Path]) -> int:
    return min(path.stat().st_mtime_ns for path in paths)


def _is_newer(path: Path, before_ns: int | None) -> bool:
    try:
        return before_ns is not None and path.stat().st_mtime_ns > before_ns
    except OSError:
        return True


def _origin(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")  # noqa: PLR2004


def _renamed(coverage: FileCoverage, path: str) -> FileCoverage:
    return replace(coverage, path=path)


def _together(one: FileCoverage | None, other: FileCoverage) -> FileCoverage:
    """One file measured under two names, its installed copy under one of them: what either ran."""
    if one is None:
        return other
    fuller, emptier = (one, other) if len(one.ran) >= len(other.ran) else (other, one)
    return replace(fuller, ran=fuller.ran | emptier.ran, missing=fuller.missing - emptier.ran)
