"""Is a user's regular expression safe to run over texts that strangers wrote? Pure; no I/O.

``re`` backtracks: ``(a+)+$`` needs longer than the universe for thirty letters. So before a pattern is accepted
the steps that it can need for one line are bounded from above. A part of a pattern has a price (steps for one
try) and a number of ways (how often what follows it may be tried):

- in a sequence each part is tried once for every way of those before it;
- an alternation adds up its branches;
- a repeat of one thing costs its length and may stop anywhere, so it has as many ways as lengths, unless nothing
  can fail after it, or what must follow cannot be what it repeats (``[A-Z]+-``): then it has one;
- a repeat of something that itself has several ways is refused: that is where the explosions live;
- a search that is not anchored with ``^`` starts everywhere.

Lines are cut at ``LINE_CAP`` before they are matched, which makes the lengths finite.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]  # the only way to see a pattern's structure; 3.11 to 3.14 have it
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

LINE_CAP = 2000
"""Characters of a line that patterns are matched against; the rest is cut off."""
_STEPS_CAP = 16 * LINE_CAP**2
"""Less than a second for the worst line; two open repeats fit, three do not."""
_ALL = frozenset(range(129))
_OTHER = 128  # stands for every character beyond ASCII
_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)

_Chars = frozenset[int]
_Item = tuple[Any, Any]


class UnsafePatternError(ValueError):
    """The pattern does not compile, or could run for ever; says which, and what to write instead."""


def compile_safely(text: str) -> re.Pattern[str]:
    """Compile a pattern that a search over one line finishes in bounded time.

    Raises:
        UnsafePatternError: with one line that says why not.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what will change its meaning one day is refused today, whatever -W says
            parsed = _parser.parse(text)
            compiled = re.compile(text)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise UnsafePatternError(f"does not compile: {_printable(str(error))}") from None
    if compiled.flags & (re.MULTILINE | re.LOCALE):
        raise UnsafePatternError("flags that change what ^ or a letter means are not accepted")
    items = list(parsed)
    starts = 1 if items and items[0][0] is sre.AT and items[0][1] in _LINE_STARTS else LINE_CAP
    if starts * _effort(items, after=_ALL_FINE).price > _STEPS_CAP:
        raise UnsafePatternError(
            "could take too long: too many repeats that may stop anywhere; anchor it with ^, or bound them: .{0,40}"
        )
    return compiled


_LINE_STARTS = (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING)
_ALL_FINE: _Chars = frozenset()  # nothing can fail after this point, so nobody comes back for another try


def _printable(message: str) -> str:
    """``re`` quotes the pattern raw: ``bad escape`` and then whatever stood there."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)


class _Effort(NamedTuple):
    """Upper bounds for a part of a pattern. A fixed character is free: it is the pattern's length, not the line's."""

    ways: int = 1
    price: int = 0


def _effort(items: list[_Item], *, after: _Chars) -> _Effort:
    """For a sequence; ``after``: what the next character must be one of."""
    ways, price = 1, 0
    for item in reversed(items):
        one = _effort_of(item, after)
        ways, price = min(ways * one.ways, _STEPS_CAP), one.price + one.ways * price
        after = _firsts(item)
    return _Effort(ways, max(price, ways - 1))


def _effort_of(item: _Item, after: _Chars) -> _Effort:
    kind, what = item
    if kind in _REPEATS:
        return _effort_of_repeat(what, after)
    if kind is sre.SUBPATTERN:
        return _effort(list(what[3]), after=after)
    if kind is sre.ATOMIC_GROUP:
        return _effort(list(what), after=_ALL)
    if kind is sre.BRANCH:
        branches = [_effort(list(branch), after=after) for branch in what[1]]
        return _Effort(sum(one.ways for one in branches), sum(one.price for one in branches))
    if kind in (sre.ASSERT, sre.ASSERT_NOT):
        return _effort(list(what[1]), after=_ALL)
    if kind in (sre.GROUPREF, sre.GROUPREF_EXISTS):
        raise UnsafePatternError("could take too long: a reference back to a group is not accepted")
    return _Effort()


def _effort_of_repeat(what: tuple[Any, Any, Any], after: _Chars) -> _Effort:
    least, most = min(int(what[0]), LINE_CAP), min(int(what[1]), LINE_CAP)
    items = list(what[2])
    if most <= 1:
        body = _effort(items, after=after)
        return _Effort(body.ways + (least < most), body.price)
    if _effort(items, after=_ALL).ways > 1 or not _consumes(items):
        raise UnsafePatternError(
            "could take too long: a repeat of something that repeats or varies, as in (a+)+ or (a|b)*; "
            "repeat one character or set: [ab]*"
        )
    is_settled = least == most or _firsts(items[0]).isdisjoint(after)
    return _Effort(1 if is_settled else most - least + 1, most)


def _consumes(items: list[_Item]) -> bool:
    """Whether there is something to repeat and it consumes text: an empty one could be repeated without end."""
    return bool(items) and all(kind not in (sre.AT, sre.ASSERT, sre.ASSERT_NOT) for kind, _ in items)


def _firsts(item: _Item) -> _Chars:
    """The characters that a match of this item can begin with; all of them where that is not plain to see."""
    kind, what = item
    if kind is sre.LITERAL:
        return _both_cases({min(what, _OTHER)})
    if kind is sre.IN:
        return _members(what)
    if kind in _REPEATS and what[0] >= 1 and len(what[2]) >= 1:
        return _firsts(what[2][0])
    if kind is sre.SUBPATTERN and not (what[1] or what[2]) and len(what[3]) >= 1:  # no flags of its own
        return _firsts(what[3][0])
    if kind is sre.AT and what in (sre.AT_END, sre.AT_END_STRING):
        return _ALL_FINE
    return _ALL


def _members(parts: list[_Item]) -> _Chars:
    found: set[int] = set()
    is_negated = False
    for kind, what in parts:
        if kind is sre.NEGATE:
            is_negated = True
        elif kind is sre.LITERAL:
            found.add(min(what, _OTHER))
        elif kind is sre.RANGE:
            found.update(min(code, _OTHER) for code in range(what[0], min(what[1], _OTHER) + 1))
        elif kind is sre.CATEGORY:
            found |= _category(what)
    return _both_cases((_ALL - found) | {_OTHER} if is_negated else found)


def _both_cases(codes: AbstractSet[int]) -> _Chars:
    """Whether or not the pattern ignores case: the bound stays a bound."""
    return frozenset(codes) | {ord(case) for code in codes for case in (chr(code).lower(), chr(code).upper())}


def _category(what: Any) -> _Chars:  # noqa: ANN401 - the parser's constants have no type
    pattern = re.compile(_CATEGORIES[what], re.ASCII)
    return frozenset(code for code in range(_OTHER) if pattern.match(chr(code))) | {_OTHER}
