"""The commands that write the settings file, the only file that we ever write in a repository."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_bugguard import report
from pytest_bugguard.adapters import settings_file, settings_writer
from pytest_bugguard.assembly import auditing
from pytest_bugguard.assembly.workshop import today
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.model import Waiver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.report.spans import Line

_WAIVER_DIGITS = 12


def waive(workshop: Workshop, fix: str, *, owner: str, reason: str, expires: str) -> str:
    """Write a waiver into the settings file; what was done, in one sentence.

    Raises:
        BugguardError: The fix is not there, the date is none or is over, or the file cannot be written.
    """
    need_words(owner=owner, reason=reason)
    sha = workshop.resolve(fix)
    until = future_day(expires)
    if (already := next((one for one in workshop.settings.waivers if sha.startswith(one.fix)), None)) is not None:
        raise BugguardError(
            f"waive: {already.owner} has waived {already.fix} already, until {already.expires}",
            hint="change the date there, by hand",
        )
    waiver = Waiver(sha[:_WAIVER_DIGITS], owner, reason, until)
    path = settings_path(workshop)
    settings_writer.add_waiver(path, waiver)
    return f"{path.name}: {waiver.fix} is waived until {until.isoformat()}, owner {owner}"


def init(workshop: Workshop, *, is_dry: bool, progress: Callable[[int], None]) -> tuple[Line, ...]:
    """Look at the repository and write the settings that fit it; what was found, in lines.

    Raises:
        BugguardError: There are settings already, or the file cannot be written.
    """
    path = settings_path(workshop)
    if settings_file.holds_settings(path.parent):
        raise BugguardError(
            f"{path.name}: there are settings already", hint="change them by hand: they are never overwritten"
        )
    found = auditing.first_look(workshop, progress=progress)
    table = found.layout.table
    if not is_dry:
        settings_writer.add_table(path, table)
    return report.first_look(
        found, file=path.name, table=settings_writer.shown_table(path, table), is_written=not is_dry
    )


def settings_path(workshop: Workshop) -> Path:
    """The file that holds the settings, or may hold them."""
    top = workshop.repository.top
    if top is None:
        raise BugguardError("a bare repository has no settings file to write to", hint="work in a clone of it")
    for folder in settings_file.folders(workshop.start.resolve(), top):
        if settings_file.holds_settings(folder):
            return settings_writer.target(folder)
    return settings_writer.target(top)


def need_words(**options: str) -> None:
    """See that these options say something.

    Raises:
        BugguardError: One is empty.
    """
    for option, value in options.items():
        if not value.strip():
            raise BugguardError(f"--{option}: is empty", hint="say it in a word or a sentence: it is shown with it")


def future_day(text: str) -> dt.date:
    """The day that ``--expires`` names.

    Raises:
        BugguardError: It is none, or it is over.
    """
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BugguardError(f"--expires: {text!r} is no date", hint="write it as YYYY-MM-DD") from None
    if day < today():
        raise BugguardError(f"--expires: {day.isoformat()} is over", hint="name a day to come")
    return day
