"""The commands on coverage that write: floors that fall and rise, and the first gates at today's level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters import files, settings_writer
from pytest_bugguard.assembly import writing
from pytest_bugguard.assembly.coverage import CoverageDesk
from pytest_bugguard.core import floors
from pytest_bugguard.core.errors import BugguardError, SettingsError
from pytest_bugguard.core.measured import doubt_of
from pytest_bugguard.core.thresholds import Count, Metric

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.floors import Floors
    from pytest_bugguard.core.measured import Measured

DEFAULT_FLOORS = "bugguard-floors.txt"


def update(workshop: Workshop, data: Sequence[Path]) -> tuple[str, ...]:
    """Lower the floors to what was measured; what was done, a line each. None is ever raised."""
    desk, name = _desk(workshop)
    held = _held(desk)
    done = floors.lowered(held, _owed(_sound(desk.read(data)), held))
    _write(desk, name, done.floors)
    refused = [f"{path} owes more than it may: add tests, or bugguard coverage floors raise" for path in done.refused]
    moved = [f"renamed {old} to {new}" for old, new in desk.asked.moved]
    lowered = [f"lowered {line}" for line in done.lowered] or ["nothing can be lowered"]
    open_questions = [f"{why.reason}: {why.cure}"] if refused and (why := desk.asked.unfollowed) else []
    return (*moved, *lowered, *refused, *open_questions)


def _owed(measured: Measured, listed: Collection[str] = ()) -> dict[str, int]:
    """The missing statements of each file; of a test only where it is listed: a floor is no duty of tests."""
    files = (file for file in measured.files if file.path not in measured.tests or file.path in listed)
    return {file.path: len(file.missing) for file in files}


def raise_one(workshop: Workshop, path: Path, data: Sequence[Path], *, reason: str) -> str:
    """Accept what one file owes, and say why."""
    if not reason.strip():
        raise BugguardError("--reason: is empty", hint="say it in a word or a sentence: it is kept beside the floor")
    desk, name = _desk(workshop)
    found = desk.typed(path)
    file = _sound(desk.read(data)).file(found) if found else None
    if file is None:
        raise BugguardError(f"{str(path)!r} was not measured", hint="name a file that was, from the repository's top")
    held = _held(desk)
    if len(file.missing) <= held.get(file.path, floors.Floor(0)).missing:
        raise BugguardError(f"{file.path} owes no more than it may", hint="bugguard coverage floors update lowers it")
    _write(desk, name, floors.raised(held, file.path, len(file.missing), reason))
    return f"{name}: {file.path} may owe {len(file.missing)} now"


def tidy(workshop: Workshop) -> str:
    """Take out floors of files that owe nothing or are gone.

    Raises:
        BugguardError: Some may only have other names.
    """
    desk, name = _desk(workshop)
    held = _held(desk)
    if desk.asked.unfollowed is not None:
        raise BugguardError(desk.asked.unfollowed.reason, hint=desk.asked.unfollowed.cure)
    kept = floors.tidied(held, desk.paths)
    _write(desk, name, kept)
    return f"{name}: {len(held) - len(kept)} taken out, {len(kept)} left"


def _desk(workshop: Workshop) -> tuple[CoverageDesk, str]:
    name = workshop.settings.coverage.floors
    if name is None:
        hint = f'set it: floors = "{DEFAULT_FLOORS}" in [tool.bugguard.coverage]; bugguard coverage init does it all'
        raise SettingsError("coverage.floors: is not set", hint=hint)
    return CoverageDesk(workshop), name


def _held(desk: CoverageDesk) -> Floors:
    """The floors, under the names that files have now."""
    return desk.asked.floors or {}


def _sound(measured: Measured) -> Measured:
    """Data that floors may be written from.

    Raises:
        BugguardError: It cannot be trusted.
    """
    doubt = doubt_of(measured)
    if doubt is not None:
        raise BugguardError(doubt.reason, hint=doubt.cure)
    return measured


def _write(desk: CoverageDesk, name: str, held: Floors) -> None:
    if not (desk.top / name).parent.resolve().is_relative_to(desk.top.resolve()):
        raise SettingsError(f"{name}: a link leads it out of the repository", hint="coverage.floors names another file")
    try:
        files.write(desk.top / name, floors.rendered(held).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise SettingsError(f"{name}: cannot be written: {error.strerror}", hint="check who may write it") from None


def begin(workshop: Workshop, data: Sequence[Path], *, is_dry: bool) -> tuple[str, ...]:
    """Write gates and floors at today's level; what was written, a line each.

    Raises:
        BugguardError: There are gates already, or the data cannot be trusted.
    """
    desk = CoverageDesk(workshop)
    measured = _sound(desk.read(data))
    held = floors.begun(_owed(measured))
    name = workshop.settings.coverage.floors or DEFAULT_FLOORS
    table: dict[str, object] = {"total": _todays(measured)} if _todays(measured) else {}
    table["floors"] = name
    path = writing.settings_path(workshop)
    shown = settings_writer.shown_coverage(path, table).rstrip("\n").split("\n")
    if not is_dry:
        _write(desk, name, held)  # first: floors that no settings name do nothing, and this may be run again
        settings_writer.add_coverage(path, table)
    verb = "would get" if is_dry else "got"
    return (
        f"{path.name} {verb}:",
        *(f"  {line}" if line else "" for line in shown),
        f"{name} {verb} {len(held)} of {len(measured.files)} files: those with statements that no test runs",
        *_of_tests(measured),
        f"next: add to .gitattributes: {name} merge=union",
    )


def _of_tests(measured: Measured) -> Iterator[str]:
    """A word on tests that are measured beside the product: they make the total look better than it is."""
    if measured.tests:
        them = "is a test" if len(measured.tests) == 1 else "are tests"
        yield (
            f"{len(measured.tests)} of the measured files {them}: the total counts them, as coverage.py does, and no "
            "floor is kept; to leave tests out: [tool.coverage.run] source or omit"
        )


def _todays(measured: Measured) -> dict[str, int]:
    """The shares of all files together, in whole per cent, cut off."""
    shares = {}
    for metric in (Metric.LINE, Metric.BRANCH):
        counts = [file.count(metric) for file in measured.files]
        whole = sum((count for count in counts if count is not None), Count(0, 0))
        if None not in counts and whole.total and whole.covered * 100 >= whole.total:
            shares[metric.value] = whole.covered * 100 // whole.total
    return shares
