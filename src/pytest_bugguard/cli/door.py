"""Which command is meant, and how does it end? Never with a traceback for what a user can cause."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from pytest_bugguard.cli import coverage, flaky, hunting, proving, reading, reporting, writing
from pytest_bugguard.cli.arguments import Parser, Version, add_common
from pytest_bugguard.cli.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_OUR_FAULT, MEANINGS
from pytest_bugguard.cli.streams import complain, drop_output, prepare, say
from pytest_bugguard.core.errors import BugguardError, refused

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never a traceback for what a user can cause."""
    prepare()
    try:
        code = _run(argv)
    except BugguardError as error:
        complain(str(error), error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        complain("interrupted", "run the same command again; what was stored until now, such as proofs, is kept")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        drop_output()  # the reader (head, less) has seen enough
        return EXIT_OK
    except OSError as error:
        told = refused(error)
        complain(str(told), told.hint)
        return told.exit_code
    except Exception:  # noqa: BLE001 - the last line of defence: what gets here is a fault of ours
        traceback.print_exc()
        complain("this is a fault of bugguard's own", "report it with the lines above")
        return EXIT_OUR_FAULT
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        options = command_line().parse_args(argv)
    except SystemExit:  # --help, --version, wrong usage
        say("")
        raise
    code: int = options.run(options)
    return code


def command_line() -> Parser:
    """All that can be typed, with what it means."""
    parser = Parser(
        prog="bugguard",
        description="Every bug fix brings a test that guards it: found in the git history, checked, enforced.",
        epilog=f"exit codes: {', '.join(f'{code} {said}' for code, (said, _) in MEANINGS.items())}",
    )
    parser.add_argument("--version", action=Version)
    add_common(parser, top=True)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for group in (reading, proving, hunting, flaky, coverage, reporting, writing):
        group.add(commands)
    return parser
