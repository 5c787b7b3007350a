"""Where has coverage.py left its data, and how is it configured there? The user's files are only read."""

from __future__ import annotations

import sqlite3
from contextlib import chdir, closing
from typing import TYPE_CHECKING

from coverage import Coverage
from coverage.exceptions import CoverageException

from pytest_bugguard.adapters import coverage_reports
from pytest_bugguard.adapters.coverage_reports import CoverageDataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAMAGED = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged database raises; the second where it takes part of the damage for text."""
MEASURE = "run the tests under coverage first: pytest --cov, or coverage run -m pytest"
"""The cure where there is no data, or none that can be used."""
_HEAD = 1024
_SQLITE = b"SQLite format 3\0"
_REPORTS = ("coverage.json", "coverage.xml", "coverage.lcov")


def home(folders: Sequence[Path]) -> Path:
    """Where coverage.py was at work: the nearest folder with its data, else with its configuration, else the first.

    Args:
        folders: Where to look, the nearest first; at least one.

    Raises:
        CoverageDataError: Its configuration has a fault, or data cannot be read.
    """
    with_data = (folder for folder in folders if _is_left_in(folder))
    return next(with_data, None) or next((folder for folder in folders if _is_configured(folder)), folders[0])


def _is_left_in(folder: Path) -> bool:
    """Whether data is in a folder: where COVERAGE_FILE names one place for all of them, that says nothing of any."""
    combined, found = _left(folder)
    return bool(found) and combined.is_relative_to(folder)


def find(folder: Path) -> tuple[Path, ...]:
    """The data of the last run in a folder: what coverage.py keeps there, else a report of it.

    Raises:
        CoverageDataError: There is none.
    """
    combined, found = _left(folder)
    if not found:
        raise CoverageDataError(f"{combined.name}: there is no coverage data in {folder.name}", hint=MEASURE)
    return found


def _left(folder: Path) -> tuple[Path, tuple[Path, ...]]:
    """Where coverage.py keeps its data by the configuration of a folder, and the data that is there.

    Shards that are newer than the combined file belong to a later run; they are taken without it.
    """
    with chdir(folder):
        combined = folder / str(configured().get_option("run:data_file"))
    shards = sorted(path for path in combined.parent.glob(f"{combined.name}.*") if _is_sqlite(path))
    if combined.exists() and all(combined.stat().st_mtime_ns >= shard.stat().st_mtime_ns for shard in shards):
        return combined, (combined,)
    reports = [folder / name for name in _REPORTS if (folder / name).exists()]
    return combined, tuple(shards) or tuple(reports[:1])


def _is_configured(folder: Path) -> bool:
    with chdir(folder):
        return configured(data_file=None).config.config_file is not None


def told_apart(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Files of coverage.py's own, and reports; a folder stands for the data files in it.

    Raises:
        CoverageDataError: One of them is neither.
    """
    data: list[Path] = []
    reports: list[Path] = []
    for path in paths:
        if path.is_dir():
            data += find(path)
        elif _is_sqlite(path):
            _need_schema(path)
            data.append(path)
        else:
            with path.open("rb") as file:
                coverage_reports.kind_of(file.read(_HEAD), path.name)
            reports.append(path)
    return data, reports


def _need_schema(path: Path) -> None:
    """Refuse a database that is not coverage.py's: it would make itself at home there, as in a new file.

    Raises:
        CoverageDataError: It has no table of coverage.py's, or is damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.execute("select version from coverage_schema").fetchone()
    except DAMAGED as error:
        raise CoverageDataError(
            f"{path.name}: is no coverage data, or is damaged: {said_by(error)}", hint=MEASURE
        ) from None


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except IsADirectoryError:
        return False
    except OSError as error:
        raise CoverageDataError(f"{path.name}: cannot be read: {error.strerror}", hint=MEASURE) from None


def configured(**options: str | None) -> Coverage:
    """A Coverage object with the project's configuration, but without plugins: they are code of the project's."""
    try:
        coverage = Coverage(**options)  # type: ignore[arg-type]  # only data_file is ever given
        coverage.set_option("run:plugins", [])
        coverage.set_option("run:parallel", False)  # noqa: FBT003 - its own signature
    except CoverageException as error:
        raise CoverageDataError(
            f"coverage.py's configuration: {said_by(error)}", hint="mend it, then run again"
        ) from None
    return coverage


def plugins() -> tuple[str, ...]:
    """The plugins that coverage.py's configuration names; none is loaded."""
    named = Coverage(data_file=None).get_option("run:plugins")
    return tuple(map(str, named)) if isinstance(named, list) else ()


def said_by(error: Exception) -> str:
    """The first line of an error."""
    return str(error).partition("\n")[0]
