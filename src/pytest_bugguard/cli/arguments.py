"""Which options does every command take, and which values may they have?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_bugguard.cli.exit_codes import EXIT_USAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json", "markdown", "sarif", "gitlab", "junit", "junit-gitlab")

Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what add_subparsers returns


class Parser(argparse.ArgumentParser):
    """argparse ends with 2 on wrong usage, which is an interrupted run in pytest's numbers."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"bugguard: {message}", file=sys.stderr)
        raise SystemExit(EXIT_USAGE)


class Version(argparse.Action):
    """Looks the version up only when it is asked for: importlib.metadata costs a third of a start."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pytest_bugguard.assembly import version  # noqa: PLC0415 - see the class

        print(f"bugguard {version()}")
        parser.exit()


def add_common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Options that stand before or after the command; after it they win, and of ``--set`` both hold."""

    def default(value: object) -> object:
        return value if top else argparse.SUPPRESS

    parser.add_argument(
        "-C", metavar="DIR", dest="start", type=Path, default=default(Path()), help="work in this folder's repository"
    )
    parser.add_argument(
        # Two names: argparse lets what stands after a command replace what stands before it, lists too.
        "--set", metavar="KEY=VALUE", dest="overrides" if top else "more_overrides", action="append", default=[],
        help="any setting, with a TOML value: --set fixes.rules='\"wide\"'",
    )  # fmt: skip
    parser.add_argument(
        "--format", default=default("text"), help=f"how to print it: {', '.join(FORMATS)}, or what a guest adds"
    )
    parser.add_argument(
        "--no-color",
        dest="color",
        action="store_false",
        default=default(value=True),
        help="plain text; NO_COLOR does it too",
    )


def add_data(parser: Parser) -> None:
    parser.add_argument(
        "--data", metavar="FILE", type=Path, action="append", default=[],
        help="a .coverage file (may repeat), coverage.json, coverage.xml or lcov (default: what the last run left)",
    )  # fmt: skip


def ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no ratio from 0 to 1")
    return value


def count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)
