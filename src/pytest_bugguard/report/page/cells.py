"""How is a cell drawn without the script? The numbers behind the marks; ``page.js`` draws the same."""

from __future__ import annotations

from typing import NamedTuple

from pytest_bugguard.report.page.refs import revision

GOOD, BAD, DOUBT, QUIET = "good", "bad", "doubt", "quiet"
TONES = {
    "proven": GOOD, "guarded": GOOD, "weak": DOUBT, "unproven": BAD, "unguarded": BAD, "unstable": BAD, "broken": BAD,
    "undecided": DOUBT, "waived": DOUBT, "not-applicable": QUIET,
    "steady": GOOD, "flaky": BAD, "order-dependent": BAD, "failing": BAD,
    "met": GOOD, "unmet": BAD, "no gate": QUIET,
    "overdue": BAD, "in date": QUIET, "undated": QUIET,
    "elite": GOOD, "high": GOOD, "elite to high": GOOD, "medium": DOUBT, "elite to medium": DOUBT,
    "high to medium": DOUBT, "high to low": DOUBT, "medium to low": DOUBT, "low": BAD, "too few": QUIET,
    "no band": QUIET, "not known": QUIET,
    "failed": BAD, "sound": GOOD, "too young": QUIET,
    "fixes": BAD, "waivers": BAD, "quarantine": BAD, "coverage": BAD,
}  # fmt: skip
"""What a badge means to a reader, beside its word."""
LINES_SHOWN = 4
STEP = 4
"""Width of one run in a strip."""


class Stack(NamedTuple):
    """A text with lines of detail below it."""

    first: str
    details: tuple[str, ...]
    more: tuple[str, ...]
    """What is seen when somebody asks for it."""


def stack(value: str) -> Stack:
    """The first line is what the cell says; the others bear it out."""
    first, *rest = value.split("\n")
    shown = LINES_SHOWN if len(rest) > LINES_SHOWN + 1 else len(rest)  # "and 1 more" takes the room of the one
    return Stack(first, tuple(rest[:shown]), tuple(rest[shown:]))


class Rate(NamedTuple):
    """How often something failed; shares in tenths of a per cent."""

    failures: int
    runs: int
    low: int
    high: int

    @property
    def observed(self) -> str:
        """``3.3``."""
        return _tenths(1000 * self.failures // self.runs if self.runs else 0)

    @property
    def interval(self) -> str:
        """``1.6 to 6.7``."""
        return f"{_tenths(self.low)} to {_tenths(self.high)}"


def rate(value: str) -> Rate:
    """``7 212 16 67``: failures, runs, and the ends of the interval."""
    return Rate(*map(int, value.split()))


class Bar(NamedTuple):
    """A share of something; shares in tenths of a per cent."""

    part: int
    whole: int
    threshold: int | None
    counts: str
    """In words, with where they lead."""

    @property
    def filled(self) -> int:
        """Never rounded up: 100 % is said of all alone."""
        return 1000 * self.part // self.whole if self.whole else 0

    @property
    def percent(self) -> str:
        """``88.8``."""
        return _tenths(self.filled)

    @property
    def needed(self) -> str:
        """``80.0``; empty where nothing is asked."""
        return "" if self.threshold is None else _tenths(self.threshold)

    @property
    def is_short(self) -> bool:
        """Whether it is less than what is asked."""
        return self.threshold is not None and self.filled < self.threshold


def bar(value: str) -> Bar:
    """``8 9`` or ``8 9 800``: part, whole, and what is asked; a second line says part and whole in words."""
    numbers, _, counts = value.partition("\n")
    part, whole, *threshold = map(int, numbers.split())
    return Bar(part, whole, threshold[0] if threshold else None, counts or f"{part} of {whole}")


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"


def ticks(strip: str, kind: str) -> str:
    """The path of the runs of one kind in a strip: low marks for ``.``, high ones for ``F``."""
    top, height = (7, 6) if kind == "." else (1, 12)
    return "".join(f"M{STEP * place} {top}h3v{height}h-3z" for place, mark in enumerate(strip) if mark == kind)


FILTERS = {
    "revision": revision,
    "stack": stack,
    "rate": rate,
    "bar": bar,
    "ticks": ticks,
    "tone": lambda badge: TONES.get(badge, QUIET),
}
