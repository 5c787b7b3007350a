"""The commands on coverage data: `coverage check`, `explain`, `init` and `floors`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common, add_data
from pytest_bugguard.cli.exit_codes import EXIT_FINDINGS, EXIT_OK
from pytest_bugguard.cli.showing import open_workshop, print_lines, show
from pytest_bugguard.cli.streams import say_lines

if TYPE_CHECKING:
    import argparse


def add(commands: Commands[Parser]) -> None:
    """Add these commands to the line."""
    parser = commands.add_parser("coverage", help="the coverage gates, on data that tests have left")
    steps = parser.add_subparsers(metavar="STEP", required=True, parser_class=Parser)
    check = steps.add_parser("check", help="hold the rules against what was measured")
    explain = steps.add_parser("explain", help="which rules speak for a file, and why")
    explain.add_argument("file", metavar="FILE", type=Path, help="a file that was measured")
    begin = steps.add_parser("init", help="write gates and floors at today's level")
    begin.add_argument("--dry-run", action="store_true", help="show the settings and write nothing")
    for step, run in ((check, _coverage_check), (explain, _coverage_explain), (begin, _coverage_init)):
        add_common(step, top=False)
        add_data(step)
        step.set_defaults(run=run)
    for step in (check, explain):
        step.add_argument("--base", metavar="REV", help="what to compare HEAD and the work tree with")
    _add_floors(steps)
    add_common(parser, top=False)


def _add_floors(steps: Commands[Parser]) -> None:
    parser = steps.add_parser("floors", help="how many statements each file may have that no test runs")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)
    update = verbs.add_parser("update", help="lower the floors to what was measured")
    add_data(update)
    update.set_defaults(run=_floors_update)
    up = verbs.add_parser("raise", help="accept what one file owes, and say why")
    up.add_argument("file", metavar="FILE", type=Path, help="a file that was measured")
    up.add_argument("--reason", required=True, help="why it may owe more: kept beside the floor")
    add_data(up)
    up.set_defaults(run=_floors_raise)
    tidy = verbs.add_parser("tidy", help="take out files that owe nothing, and files that are gone")
    tidy.set_defaults(run=_floors_tidy)
    for step in (update, up, tidy):
        add_common(step, top=False)


def _coverage_check(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        result = coverage.check(workshop, options.data, base_option=options.base)
        show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _coverage_explain(options: argparse.Namespace) -> int:
    from pytest_bugguard import report  # noqa: PLC0415 - see showing.open_workshop
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415

    with open_workshop(options) as workshop:
        result = coverage.explain(workshop, options.file, options.data, base_option=options.base)
        if options.format == "text" and result.coverage is not None:
            print_lines(options, report.coverage_rows(result.coverage))
        else:
            show(options, workshop, result)
    return EXIT_OK


def _coverage_init(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import floors  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        say_lines(floors.begin(workshop, options.data, is_dry=options.dry_run))
    return EXIT_OK


def _floors_update(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import floors  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        say_lines(floors.update(workshop, options.data))
    return EXIT_OK


def _floors_raise(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import floors  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        say_lines([floors.raise_one(workshop, options.file, options.data, reason=options.reason)])
    return EXIT_OK


def _floors_tidy(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import floors  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        say_lines([floors.tidy(workshop)])
    return EXIT_OK
