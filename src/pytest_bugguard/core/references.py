"""Which issues a text refers to, and with which words. Pure; no I/O.

Two readings of the same text: ``references`` are all of them (``#12``, ``GH-12``, ``owner/repo#3``, an issue's
address); ``closings`` are those that a verb closes, in the dialects of GitHub, GitLab, Django, Launchpad, Gerrit and
the Linux kernel. Every repeat in the patterns is bounded or starts only at the edge of a word, so that hostile text
costs no more than its length.
"""

from __future__ import annotations

import re
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.patterns import LINE_CAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Pattern = str | re.Pattern[str]
"""A project's own pattern for its issue keys, as its settings have it or compiled."""
FIX = "fix"
"""The family of verbs that say that something was broken; the others close features too."""


class Closing(NamedTuple):
    """A reference and the verb that stands before it."""

    verb: str
    """Its family: ``fix``, ``close``, ``resolve`` or ``implement``."""
    reference: str
    text: str
    """Verb and reference, as written."""


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    verb: str | None


_SCANNER = re.compile(
    r"""(?xi) (?=[\w.\#]) (?:
      (?<![\w-]) (?P<verb> fix(?:e[sd]|ing)? | clos(?:e[sd]?|ing) | resolv(?:e[sd]?|ing) | implement(?:s|ed|ing)? )
      (?![\w-])
    | (?<![\w\#&./-]) (?: [\w.-]{1,60} / [\w.-]{1,60} )? \#\d{1,9} (?!\w)
    | (?<![\w-]) (?: gh|bpo|issue|bug|ticket ) -\#?\d{1,9} (?!\w)
    | \b https?:// [\w.-]{1,80} (?: /[\w.~-]{1,80} ){0,6}
      /(?: issues? | bugs? | \+bug | ticket | pulls? | merge_requests ) /\d{1,9} \b )
    """
)
_GLUE = re.compile(
    r"(?: [\s:,;&(\[+/*`'\"-]"
    r" | \b(?: and | or | also | the | for | in | of | no\. | issues? | bugs? | tickets? | LP ) \b )*",
    re.IGNORECASE | re.VERBOSE,
)
_MOST = 2_000  # verbs and references that are read of one message; nobody closes more
_GLUE_LIMIT = 40  # characters between a verb and its reference, or between two references of one list
_KERNEL = re.compile(
    r"^[ \t]{0,3}Fixes:[ \t]{1,3}(?:commit )?([0-9a-f]{7,64})(?![\w-])[^\n]*$", re.MULTILINE | re.IGNORECASE
)
_TRACKER_LINE = re.compile(
    r"^[ \t]{0,3}(?P<word>Fixed|Closes-Bug|Fixes-Bug|Bug|Bug-Id|Related-Bug|Partial-Bug):[ \t]{1,3}"
    r"#?(?P<number>\d{2,9})(?!\w)",
    re.MULTILINE | re.IGNORECASE,
)
_DASHED = re.compile(r"(?:gh|bpo|issue|bug|ticket)-\d", re.IGNORECASE)
_TRACKER_FIXES = frozenset({"fixed", "closes-bug", "fixes-bug"})
_FAMILIES = {"f": FIX, "c": "close", "r": "resolve", "i": "implement"}


def references(text: str, extra: Sequence[Pattern] = ()) -> tuple[str, ...]:
    """References as written, in the order of the text, without repeats."""
    numbers = [found["number"] for found in _TRACKER_LINE.finditer(text)] if ":" in text else []
    found = [token.text for token in _tokens(text, extra) if token.verb is None]
    seen = {reference.removeprefix("#") for reference in found}
    return tuple(dict.fromkeys([*found, *(f"#{number}" for number in numbers if number not in seen)]))


def closings(text: str, extra: Sequence[Pattern] = ()) -> Iterator[Closing]:
    """References that a verb closes: ``Fixes #1, #2 and #3`` gives three."""
    if ":" in text:
        yield from _closing_lines(text)
    verb, end = "", 0
    for token in _tokens(text, extra):
        if token.verb is not None:
            verb = token.verb
        elif verb and _is_glue(text, end, token.start):
            yield Closing(_FAMILIES[verb[0].lower()], token.text, f"{verb} {token.text}")
        else:
            verb = ""
        end = token.end


def _closing_lines(text: str) -> Iterator[Closing]:
    for found in _KERNEL.finditer(text):
        yield Closing(FIX, found[1], found[0].strip())
    for found in _TRACKER_LINE.finditer(text):
        if found["word"].lower() in _TRACKER_FIXES:
            yield Closing(FIX, f"#{found['number']}", found[0].strip())


def _is_glue(text: str, start: int, end: int) -> bool:
    return end - start <= _GLUE_LIMIT and _GLUE.fullmatch(text, start, end) is not None


def _tokens(text: str, extra: Sequence[Pattern]) -> list[_Token]:
    """Verbs and references in the order of the text."""
    if not (extra or "#" in text or "://" in text or _DASHED.search(text)):
        return []
    tokens = [
        _Token(found.start(), found.end(), found[0], found["verb"]) for found in islice(_SCANNER.finditer(text), _MOST)
    ]
    if not extra:
        return tokens
    own = (token for pattern in extra for token in _own_tokens(text, pattern))
    return _without_overlaps(sorted([*tokens, *own], key=itemgetter(0, 1)))


def _without_overlaps(tokens: list[_Token]) -> list[_Token]:
    """A project's own pattern may match what we know already: the first one stands."""
    kept: list[_Token] = []
    for token in tokens:
        if not kept or token.start >= kept[-1].end:
            kept.append(token)
    return kept


def _own_tokens(text: str, pattern: Pattern) -> Iterator[_Token]:
    start = 0
    for line in text.split("\n"):
        for found in re.finditer(pattern, line[:LINE_CAP]):
            if found[0]:
                yield _Token(start + found.start(), start + found.end(), found[0], None)
        start += len(line) + 1
