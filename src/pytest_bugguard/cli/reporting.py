"""The command that gathers all that is known: `report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common, add_data
from pytest_bugguard.cli.exit_codes import EXIT_OK
from pytest_bugguard.cli.showing import count_progress, need_format_of, open_workshop, show, show_in_ours
from pytest_bugguard.cli.streams import say_lines, tell
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    import argparse


def add(commands: Commands[Parser]) -> None:
    """Add this command to the line."""
    parser = commands.add_parser("report", help="all that is known of a repository: its history, proofs and coverage")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", default="HEAD", help="REV, or BASE..REV (default: all of HEAD's history)"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as one page that opens without a network")
    parser.add_argument(
        "--from", metavar="FILE", dest="stored", type=Path, action="append", default=[],
        help="render results that were stored as JSON (may repeat), as --format and --html say, without looking again",
    )  # fmt: skip
    add_data(parser)
    parser.add_argument(
        "--webhook", metavar="URL", help="send what is new there too; $NAME in it is read from the environment"
    )
    parser.add_argument(
        "--webhook-state",
        metavar="FILE",
        type=Path,
        help="the list of what was told before (default: in the user's cache)",
    )
    parser.set_defaults(run=_report)
    add_common(parser, top=False)


def _report(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import reporting  # noqa: PLC0415 - see showing.open_workshop

    if options.stored:
        return _render(options)
    with open_workshop(options) as workshop, count_progress() as progress:
        result = reporting.gather(workshop, options.range, options.data, progress=progress)
    said = [] if options.html is None else [reporting.write_page(result, options.html)]
    if said and options.format == "text":
        say_lines(said)
    else:
        show(options, workshop, result)
    if options.webhook is not None:
        from pytest_bugguard.assembly import webhook  # noqa: PLC0415 - brings what sends

        tell(webhook.send(workshop, result, options.webhook, state=options.webhook_state))
    return EXIT_OK


def _render(options: argparse.Namespace) -> int:
    """What was stored, as it is asked for now."""
    from pytest_bugguard.assembly import reporting  # noqa: PLC0415 - see showing.open_workshop

    _need_stored_alone(options)
    need_format_of(options)
    result = reporting.read_stored(options.stored)
    said = [] if options.html is None else [reporting.write_page(result, options.html)]
    if said and options.format == "text":
        say_lines(said)
    else:
        show_in_ours(options, result)
    return EXIT_OK


def _need_stored_alone(options: argparse.Namespace) -> None:
    """Refuse beside ``--from`` what it would pass over: no repository is looked at, and nothing is sent."""
    asked = {"RANGE": options.range != "HEAD", "--data": options.data, "--webhook": options.webhook is not None}
    for name, is_asked in asked.items():
        if is_asked:
            raise BugguardError(f"--from renders what is stored, without {name}", hint="leave one of the two out")
