"""The command that runs tests without their fix: `prove`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bugguard.cli.arguments import Commands, Parser, add_common, count
from pytest_bugguard.cli.exit_codes import EXIT_FINDINGS, EXIT_OK
from pytest_bugguard.cli.showing import fixes_progress, open_workshop, show
from pytest_bugguard.cli.streams import tell
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    import argparse

    from pytest_bugguard.core.results import Result

_BISECT_SKIP = 125
"""What tells ``git bisect run`` that a commit cannot be judged."""


def add(commands: Commands[Parser]) -> None:
    """Add this command to the line."""
    parser = commands.add_parser("prove", help="run the tests of each fix without the fix and with it: red, then green")
    parser.add_argument(
        "revisions",
        metavar="REV or RANGE",
        nargs="?",
        help="one commit, or the fixes of BASE..REV (default: what HEAD adds to the base)",
    )
    parser.add_argument("--base", metavar="REV", help="what to compare HEAD with")
    parser.add_argument("--worktree", action="store_true", help="uncommitted work takes part too")
    parser.add_argument("--jobs", metavar="N", type=count, default=1, help="fixes worked on side by side (default: 1)")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=count,
        default=600,
        help="how long the tests of a fix may take with the fix in place (default: 600)",
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave each tree without its fix, and say how to run the tests in it"
    )
    parser.add_argument(
        "--receipts",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="where proofs are stored and looked up (setting: fixes.receipts); may be repeated, others are only read",
    )
    parser.add_argument("--fresh", action="store_true", help="run it again, whatever a stored proof says")
    parser.add_argument(
        "--hunks", action="store_true", help="also take each part of a proven fix out alone: which does no test hold?"
    )
    parser.add_argument(
        "--decay",
        action="store_true",
        help="take fixes out of today's HEAD: are they still guarded? (default: the newest 20 that brought a test)",
    )
    parser.add_argument(
        "--bisect", action="store_true", help="git bisect's exit codes: 0 proven, 1 not, 125 could not tell"
    )
    parser.add_argument(
        "--i-know",
        action="store_true",
        help="run it in a CI job on pull_request_target or workflow_run too, where strangers meet your secrets",
    )
    parser.set_defaults(run=_prove)
    add_common(parser, top=False)


def _prove(options: argparse.Namespace) -> int:
    is_single = bool(options.revisions) and ".." not in options.revisions
    if options.decay and (options.base or options.worktree):
        raise BugguardError("--decay looks at HEAD", hint="leave out --base and --worktree")
    if options.revisions and (options.base or options.worktree):
        raise BugguardError(
            "--base and --worktree speak of what HEAD adds to its base", hint="leave them out, or the revision"
        )
    from pytest_bugguard.assembly import proofs, prover  # noqa: PLC0415 - see showing.open_workshop

    how = prover.ProofOptions(
        options.jobs,
        float(options.timeout),
        keep=tell if options.keep else None,
        receipts=tuple(options.receipts),
        fresh=options.fresh,
        hunks=options.hunks,
        owns_process=True,
        trusts_event=options.i_know,
        burns_in=not options.decay,
    )
    with (
        open_workshop(options) as workshop,
        prover.open_prover(workshop, how) as ready,
        fixes_progress() as progress,
    ):
        if options.decay:
            result = proofs.of_decay(ready, options.revisions, progress=progress)
        elif is_single:
            result = proofs.of_revision(ready, options.revisions, progress=progress)
        else:
            result = proofs.of_change(
                ready,
                options.revisions,
                base_option=options.base,
                reads_work_tree=options.worktree,
                progress=progress,
            )
    show(options, workshop, result)
    if options.bisect:
        return _bisect(result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _bisect(result: Result) -> int:
    """What ``git bisect run`` understands: 0 good, 1 bad, 125 skip."""
    from pytest_bugguard.core.model import Verdict  # noqa: PLC0415 - see showing.open_workshop

    verdicts = {record.verdict for record in result.records} - {Verdict.NOT_APPLICABLE}
    if Verdict.UNDECIDED in verdicts or not verdicts:
        return _BISECT_SKIP
    return EXIT_OK if verdicts == {Verdict.PROVEN} else EXIT_FINDINGS
