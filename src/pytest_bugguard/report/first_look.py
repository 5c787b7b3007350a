"""What ``bugguard init`` found and what it writes, as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core.base import Chosen
from pytest_bugguard.core.trend import share_of
from pytest_bugguard.report import words
from pytest_bugguard.report.spans import Line, Style, line, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.first_look import FirstLook


def first_look(look: FirstLook, *, file: str, table: str, is_written: bool) -> tuple[Line, ...]:
    """What was found, a line each, then the settings, then what to do with them.

    Args:
        look: What was found.
        file: The name of the settings file.
        table: The settings as TOML.
        is_written: Whether they stand there now; a dry run only shows them.
    """
    said = f"{file}: written" if is_written else f"{file}: this is what would be written"
    return (
        *(line(found) for found in (*look.layout.lines, _base(look), *_fixes(look))),
        line(),
        line(span(said, Style.STRONG)),
        *(line(f"  {row}") for row in table.splitlines()),
        line(),
        *(line(span("next: ", Style.STRONG), action) for action in _next(look)),
    )


def _base(look: FirstLook) -> str:
    match look.base:
        case None:
            return "base: there are no commits yet"
        case Chosen(revision=revision, reason=reason):
            return f"base: {words.revision(revision)}, {reason}"
        case undecided:
            return f"base: {undecided.reason}; {undecided.cure}"


def _fixes(look: FirstLook) -> Iterator[str]:
    rules = ", ".join(f"{rule} {count}" for rule, count in words.rules(look.fixes))
    yield f"fixes: {len(look.fixes) or 'none'}" + (f", recognised by {rules}" if rules else "")
    if look.fixes:
        yield f"guarded: {words.share(share_of(look.fixes))}"


def _next(look: FirstLook) -> Iterator[str]:
    yield "pytest --bugguard judges what this branch adds; in CI plain pytest does"
    share = share_of(look.fixes)
    if share.judged > share.guarded:
        yield "bugguard audit names the fixes that no test guards"
