"""The commands on flaky tests: the history (`flaky list`, `show`, `import`, `export`), and the quarantine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common
from pytest_bugguard.cli.exit_codes import EXIT_FINDINGS, EXIT_OK
from pytest_bugguard.cli.showing import count_progress, need_text, open_workshop, show
from pytest_bugguard.cli.streams import complain, say_lines

if TYPE_CHECKING:
    import argparse


def add(commands: Commands[Parser]) -> None:
    """Add these commands to the line."""
    parser = commands.add_parser("flaky", help="the history of test outcomes, what is flaky by it, and the quarantine")
    steps = parser.add_subparsers(metavar="STEP", required=True, parser_class=Parser)
    listed = steps.add_parser("list", help="the tests that failed: flaky ones first, then by what they cost")
    listed.add_argument("--all", action="store_true", help="list a thousand of them, not only the first twenty")
    listed.set_defaults(run=_flaky_list)
    told = steps.add_parser("show", help="the story of a test")
    told.add_argument(
        "test", metavar="TEST", help="a node id, or its end where no other ends so: test_net.py::test_retry"
    )
    told.set_defaults(run=_flaky_show)
    taken = steps.add_parser("import", help="take runs in: JUnit XML of any CI, run files, other histories")
    taken.add_argument("files", metavar="FILE", type=Path, nargs="+", help="a file, or a folder of them")
    taken.add_argument("--commit", metavar="REV", default="", help="what JUnit files ran on, where they do not say it")
    taken.add_argument("--branch", metavar="NAME", default="", help="on which branch")
    taken.add_argument("--environment", metavar="WORDS", default="", help="in which environment: a name of your own")
    taken.set_defaults(run=_flaky_import)
    out = steps.add_parser("export", help="write every run of the history as a run file")
    out.add_argument("folder", metavar="DIR", type=Path, help="where to; it is made where it is not there")
    out.set_defaults(run=_flaky_export)
    held = steps.add_parser("quarantine", help="excuse the known failure of a test, for a time")
    held.add_argument("test", metavar="TEST", help="a node id, from the repository's top; for all cases without [...]")
    held.add_argument("--owner", required=True, help="who mends it: a team rather than a person")
    held.add_argument("--reason", required=True, help="why it is not mended yet")
    held.add_argument("--expires", required=True, metavar="YYYY-MM-DD", help="the last day on which it holds")
    held.add_argument("--failure", metavar="TEXT", action="append", default=[],
                      help="how it fails, again for each way; by default as the history has seen it fail")  # fmt: skip
    held.set_defaults(run=_flaky_quarantine)
    freed = steps.add_parser("release", help="take a test out of quarantine")
    freed.add_argument("test", metavar="TEST", help="a node id, as it is in the settings")
    freed.set_defaults(run=_flaky_release)
    for step in (listed, told, taken, out, held, freed):
        add_common(step, top=False)
    add_common(parser, top=False)


def _flaky_list(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        show(options, workshop, flaky.listing(workshop, shows_all=options.all))
    return EXIT_OK


def _flaky_show(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see showing.open_workshop

    with open_workshop(options) as workshop:
        show(options, workshop, flaky.story(workshop, options.test))
    return EXIT_OK


def _flaky_import(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    told = flaky.Told(options.commit, options.branch, options.environment)
    with open_workshop(options) as workshop, count_progress("files") as progress:
        found = flaky.take_in(workshop, options.files, told, progress)
    say_lines(found.said)
    for line in found.refused:
        complain(line)
    return EXIT_FINDINGS if found.refused else EXIT_OK


def _flaky_export(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    with open_workshop(options) as workshop:
        say_lines([flaky.hand_out(workshop, options.folder)])
    return EXIT_OK


def _flaky_quarantine(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import quarantining  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    with open_workshop(options) as workshop:
        said = quarantining.put_in(workshop, options.test, owner=options.owner, reason=options.reason,
                                   expires=options.expires, failures=options.failure)  # fmt: skip
    say_lines(said)
    return EXIT_OK


def _flaky_release(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import quarantining  # noqa: PLC0415 - see showing.open_workshop

    need_text(options)
    with open_workshop(options) as workshop:
        say_lines([quarantining.let_out(workshop, options.test)])
    return EXIT_OK
