"""Lines for a terminal, without a terminal: pieces of safe text, each with a style that a door may colour or not."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.model import FlakeVerdict, RuleVerdict, Said, Term, Verdict
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Style(StrEnum):
    """What a piece of text is, not what colour it has."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    BAD = "bad"
    DOUBT = "doubt"


MARKUP: dict[Style, dict[str, bool]] = {
    Style.PLAIN: {},
    Style.STRONG: {"bold": True},
    Style.FAINT: {"light": True},
    Style.GOOD: {"green": True},
    Style.BAD: {"red": True, "bold": True},
    Style.DOUBT: {"yellow": True},
}
"""The keywords of pytest's ``TerminalWriter.write`` for each style."""

_SGR = {
    Style.STRONG: "1",
    Style.FAINT: "2",
    Style.GOOD: "32",
    Style.BAD: "1;31",
    Style.DOUBT: "33",
}

OF_VERDICT: dict[Said, Style] = {
    FlakeVerdict.STEADY: Style.GOOD,
    FlakeVerdict.FLAKY: Style.BAD,
    FlakeVerdict.ORDER_DEPENDENT: Style.BAD,
    FlakeVerdict.FAILING: Style.BAD,
    Term.OVERDUE: Style.BAD,
    RuleVerdict.MET: Style.GOOD,
    RuleVerdict.UNMET: Style.BAD,
    RuleVerdict.UNDECIDED: Style.DOUBT,
    Verdict.PROVEN: Style.GOOD,
    Verdict.GUARDED: Style.GOOD,
    Verdict.WEAK: Style.DOUBT,
    Verdict.UNPROVEN: Style.BAD,
    Verdict.UNGUARDED: Style.BAD,
    Verdict.UNSTABLE: Style.BAD,
    Verdict.BROKEN: Style.BAD,
    Verdict.UNDECIDED: Style.DOUBT,
    Verdict.WAIVED: Style.DOUBT,
    Verdict.NOT_APPLICABLE: Style.FAINT,
}


class Span(NamedTuple):
    """A piece of a line. Made by ``span`` alone, so that no text is shown that is not safe."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def span(text: str, style: Style = Style.PLAIN) -> Span:
    """A piece of text, made safe."""
    return Span(safe_text(text), style)


def line(*parts: str | Span) -> Line:
    """A line of pieces; a plain text may stand for itself."""
    return tuple(span(part) if isinstance(part, str) else part for part in parts)


def length(pieces: Line) -> int:
    """The number of characters of a line."""
    return sum(len(piece.text) for piece in pieces)


def ruled(title: str, width: int, style: Style = Style.PLAIN) -> Line:
    """A title between rulers, as pytest draws its own; never cropped."""
    safe = safe_text(title)
    side = "=" * max((width - len(safe) - 2) // 2, 1)
    text = f"{side} {safe} {side}"
    return (span(text + "=" if len(text) + 1 == width else text, style),)


def plain(lines: Iterable[Line]) -> str:
    """The text of lines, without colours; each ends with a line feed."""
    return "".join(f"{''.join(piece.text for piece in pieces).rstrip()}\n" for pieces in lines)


def coloured(lines: Iterable[Line]) -> str:
    """The text of lines with a terminal's colours (ECMA-48 SGR)."""
    return "".join(f"{''.join(map(_coloured, pieces))}\n" for pieces in lines)


def _coloured(piece: Span) -> str:
    code = _SGR.get(piece.style)
    return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text.strip() else piece.text
