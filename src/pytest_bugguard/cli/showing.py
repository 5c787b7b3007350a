"""How is a repository opened, and its result shown, as the common options say?"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from pytest_bugguard.cli.arguments import FORMATS
from pytest_bugguard.cli.streams import say
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Iterable, Iterator

    from tqdm import tqdm

    from pytest_bugguard.assembly.prover import Progress
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.base import Ci
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.report.spans import Line


@contextmanager
def open_workshop(options: argparse.Namespace) -> Iterator[Workshop]:
    """The repository that ``-C`` names, with what ``--set`` changes; an unknown format is refused."""
    from pytest_bugguard.assembly import workshop  # noqa: PLC0415 - --help and wrong usage need nothing of it

    with workshop.open_workshop(options.start, (*options.overrides, *options.more_overrides)) as opened:
        _need_format(options, opened)
        yield opened


def _need_format(options: argparse.Namespace, workshop: Workshop) -> None:
    """Refuse a format that nobody knows before anything takes time."""
    if options.format not in FORMATS:
        need_format_of(options, workshop.guests.formats())


def need_format_of(options: argparse.Namespace, guests: Collection[str] = ()) -> None:
    """Refuse a format that is neither ours nor one of the guests that are there."""
    if options.format not in {*FORMATS, *guests}:
        known = ", ".join((*FORMATS, *guests))
        raise BugguardError(f"--format: there is no {options.format!r}", hint=f"use one of {known}")


def need_text(options: argparse.Namespace) -> None:
    """Refuse another format for what is said to people only."""
    if options.format != "text":
        raise BugguardError("--format: this command knows text alone", hint="leave out --format")


def show(options: argparse.Namespace, workshop: Workshop, result: Result) -> None:
    """Print a result; annotations for the CI follow the text."""
    if options.format in FORMATS:
        show_in_ours(options, result, ci=workshop.ci_name)
    else:
        say(f"{workshop.guests.formats()[options.format](result)}\n")


def show_in_ours(options: argparse.Namespace, result: Result, *, ci: Ci | None = None) -> None:
    """Print a result in a format of our own. ``ci``: whose annotations follow the text."""
    from pytest_bugguard import report  # noqa: PLC0415 - see showing.open_workshop

    if options.format != "text":
        say(report.document(result, options.format))
        return
    print_lines(options, report.lines(result, width=_width(), shows_all=getattr(options, "all", False)))
    say("".join(f"{line}\n" for line in report.annotate(result.findings, ci)))


def print_lines(options: argparse.Namespace, lines: Iterable[Line]) -> None:
    from pytest_bugguard import report  # noqa: PLC0415 - see showing.open_workshop

    say(report.coloured(lines) if _is_coloured(options) else report.plain(lines))


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _is_coloured(options: argparse.Namespace) -> bool:
    """The rules of https://no-color.org, and no colours where nobody looks."""
    wants = options.color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return bool(wants) and sys.stdout.isatty()


@contextmanager
def count_progress(unit: str = "commits") -> Iterator[Callable[[int], None]]:
    """A counter on the terminal for what takes longer; silent in a log."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import tqdm  # noqa: PLC0415 - see showing.open_workshop

    tqdm.tqdm.monitor_interval = 0  # no thread that redraws: a process with threads cannot be copied, see adapters.crew
    with tqdm.tqdm(unit=f" {unit}", leave=False, delay=0.5, file=sys.stderr) as bar:
        yield lambda count: _advance(bar, count)


@contextmanager
def fixes_progress() -> Iterator[Progress]:
    """Which fix is worked on, and how many are done; silent in a log."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    import tqdm  # noqa: PLC0415 - see showing.open_workshop

    from pytest_bugguard.core.model import short  # noqa: PLC0415 - the same

    with tqdm.tqdm(unit=" fixes", leave=False, file=sys.stderr) as bar:

        def show(done: int, total: int, sha: str) -> None:
            bar.total = total
            bar.set_description(f"proving {short(sha)}", refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield show


def _advance(bar: tqdm[NoReturn], count: int) -> None:
    bar.update(count - bar.n)
