"""The commands that write the settings file: `waive`, `init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common
from pytest_bugguard.cli.exit_codes import EXIT_OK
from pytest_bugguard.cli.showing import count_progress, need_text, open_workshop, print_lines
from pytest_bugguard.cli.streams import say_lines

if TYPE_CHECKING:
    import argparse


def add(commands: Commands[Parser]) -> None:
    """Add these commands to the line."""
    for parser in (_add_waive(commands), _add_init(commands)):
        add_common(parser, top=False)


def _add_waive(commands: Commands[Parser]) -> Parser:
    parser = commands.add_parser("waive", help="accept a fix without a test, for a time")
    parser.add_argument("fix", metavar="FIX", help="its commit")
    parser.add_argument("--owner", required=True, help="who brings the test: a team rather than a person")
    parser.add_argument("--reason", required=True, help="why there is no test")
    parser.add_argument("--expires", required=True, metavar="YYYY-MM-DD", help="the last day on which it holds")
    parser.set_defaults(run=_waive)
    return parser


def _add_init(commands: Commands[Parser]) -> Parser:
    parser = commands.add_parser("init", help="look at the repository and write the settings that fit it")
    parser.add_argument("--dry-run", action="store_true", help="show the settings and write nothing")
    parser.set_defaults(run=_init)
    return parser


def _waive(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import writing  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    with open_workshop(options) as workshop:
        said = writing.waive(workshop, options.fix, owner=options.owner, reason=options.reason, expires=options.expires)
    say_lines([said])
    return EXIT_OK


def _init(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import writing  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    with open_workshop(options) as workshop, count_progress() as progress:
        lines = writing.init(workshop, is_dry=options.dry_run, progress=progress)
    print_lines(options, lines)
    return EXIT_OK
