"""The command that looks for flaky tests on purpose: `hunt`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common, count
from pytest_bugguard.cli.exit_codes import EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OK
from pytest_bugguard.cli.showing import open_workshop, show
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from pytest_bugguard.core.hunted import Notebook

_VARIED = ("load", "time-zone", "locale")


def add(commands: Commands[Parser]) -> None:
    """Add this command to the line."""
    parser = commands.add_parser(
        "hunt", help="look for flaky tests on purpose: repeat, shuffle, isolate, find the polluters"
    )
    parser.add_argument(
        "arguments",
        metavar="PYTEST ARGS",
        nargs="*",
        help="files, folders, node ids; behind -- options too: bugguard hunt tests -- -k net (default: as pytest does)",
    )
    parser.add_argument(
        "--runs",
        metavar="N",
        type=count,
        help="how often all tests are run: in default order, each twice, reversed, each alone, then shuffled "
        "(default: 10, or as often as --time-budget allows)",
    )
    parser.add_argument(
        "--time-budget", metavar="SECONDS", type=count, help="how long it may take in all (default: 600)"
    )
    parser.add_argument("--jobs", metavar="N", type=count, default=1, help="processes side by side (default: 1)")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=count, default=600, help="after how long a process hangs (default: 600)"
    )
    parser.add_argument("--seed", metavar="N", type=count, help="shuffle as another hunt did")
    parser.add_argument(
        "--vary", metavar="WHAT", action="append", choices=_VARIED, default=[],
        help=f"run all tests under other conditions too: {', '.join(_VARIED)}; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--resume", action="store_true", help="go on with the hunt that was broken off here, or ran out of time"
    )
    parser.add_argument(
        "--i-know",
        action="store_true",
        help="run it in a CI job on pull_request_target or workflow_run too, where strangers meet your secrets",
    )
    parser.set_defaults(run=_hunt)
    add_common(parser, top=False)


def _hunt(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import hunt  # noqa: PLC0415 - see showing.open_workshop

    if options.resume and (options.arguments or options.runs or options.seed or options.vary):
        raise BugguardError("--resume goes on as the hunt began", hint="leave out all but --time-budget and --jobs")
    paths = list(takewhile(lambda word: not word.startswith("-"), options.arguments))
    asked = hunt.HuntOptions(
        paths=tuple(paths),
        words=tuple(options.arguments[len(paths) :]),
        runs=options.runs,
        budget_s=options.time_budget,
        jobs=options.jobs,
        limit_s=float(options.timeout),
        seed=options.seed,
        varies=tuple(options.vary),
        resumes=options.resume,
        trusts_event=options.i_know,
    )
    with open_workshop(options) as workshop:
        with _progress() as tell:
            result, is_broken_off = hunt.of_command(workshop, asked, tell)
        show(options, workshop, result)
    if is_broken_off:
        return EXIT_INTERRUPTED
    return EXIT_FINDINGS if result.ranking is not None and result.ranking.flakes else EXIT_OK


@contextmanager
def _progress() -> Iterator[Callable[[str, Notebook], None]]:
    """What is being done, after how many processes, and how many tests failed so far; silent in a log."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    import tqdm  # noqa: PLC0415 - see showing.open_workshop

    with tqdm.tqdm(unit=" processes", leave=False, file=sys.stderr) as bar:

        def tell(doing: str, notebook: Notebook) -> None:
            bar.set_description_str(f"{len(notebook.suspects())} unsteady, {doing}"[:80], refresh=False)
            bar.update(notebook.processes - bar.n)

        yield tell
