"""The commands that read the history and run nothing: `audit`, `explain`, `check`."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common, ratio
from pytest_bugguard.cli.exit_codes import EXIT_FINDINGS, EXIT_OK
from pytest_bugguard.cli.showing import count_progress, open_workshop, show
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    import argparse


def add(commands: Commands[Parser]) -> None:
    """Add these commands to the line."""
    for parser in (_add_audit(commands), _add_explain(commands), _add_check(commands)):
        add_common(parser, top=False)


def _add_audit(commands: Commands[Parser]) -> Parser:
    parser = commands.add_parser("audit", help="every fix in the history, and whether a test guards it")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", default="HEAD", help="REV, or BASE..REV (default: all of HEAD's history)"
    )
    parser.add_argument("--all", action="store_true", help="list every fix, not only the newest unguarded ones")
    parser.add_argument(
        "--fail-under", metavar="RATIO", type=ratio, help="exit 1 if the guarded share (0 to 1) is less, or not known"
    )
    parser.add_argument("--no-cache", dest="cache", action="store_false", help="work it out again, and keep nothing")
    parser.set_defaults(run=_audit)
    return parser


def _add_explain(commands: Commands[Parser]) -> Parser:
    parser = commands.add_parser("explain", help="what a revision is taken for, and why")
    parser.add_argument("revisions", nargs="+", metavar="REV", help="a commit: an id, a branch, a tag, HEAD~2")
    parser.set_defaults(run=_explain)
    return parser


def _add_check(commands: Commands[Parser]) -> Parser:
    parser = commands.add_parser("check", help="the fix gate, without running tests")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", help="BASE..REV (default: what HEAD and the work tree add to the base)"
    )
    parser.add_argument("--base", metavar="REV", help="what to compare HEAD with")
    parser.add_argument("--staged", action="store_true", help="judge the commit that is about to be made")
    parser.add_argument(
        "--message-file", metavar="FILE", type=Path, help="with --staged: its message (a commit-msg hook's argument)"
    )
    parser.set_defaults(run=_check)
    return parser


def _audit(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import auditing  # noqa: PLC0415 - with it comes all that reads git

    # A long audit makes millions of short-lived syntax nodes, none of them in a cycle: looking for cycles less often
    # saves a sixth of its time and costs no memory to speak of. The process is our own and ends with the command.
    gc.set_threshold(1_000_000, 50, 1_000)
    with open_workshop(options) as workshop, count_progress() as progress:
        result = auditing.audit(
            workshop, options.range, fail_under=options.fail_under, uses_cache=options.cache, progress=progress
        )
    show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _explain(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import auditing  # noqa: PLC0415 - with it comes all that reads git

    with open_workshop(options) as workshop:
        show(options, workshop, auditing.explain(workshop, options.revisions))
    return EXIT_OK


def _check(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import changes  # noqa: PLC0415 - with it comes all that reads git

    if options.staged != (options.message_file is not None):
        raise BugguardError(
            "--staged and --message-file go together", hint="bugguard check --staged --message-file FILE"
        )
    if options.staged and (options.range or options.base):
        raise BugguardError("--staged judges one commit", hint="leave out the range and the base")
    if options.range and options.base:
        raise BugguardError("a range has its own base", hint="leave out --base, or the range")
    with open_workshop(options) as workshop:
        if options.staged:
            result = changes.check_staged(workshop, options.message_file)
        else:
            result = changes.check(workshop, options.range, base_option=options.base)
        show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK
