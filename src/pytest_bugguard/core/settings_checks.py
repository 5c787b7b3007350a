"""Is a value what a setting accepts? One check for each kind of value: it gives our own type, or complains.

A check is a function of the raw TOML value. It raises ``WrongError`` with every complaint that it has, each with
the place inside the value (the index of a list's item) and one sentence of what was found and what is accepted.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from pytest_bugguard.core.patterns import UnsafePatternError, compile_safely
from pytest_bugguard.core.web import NoAddressError, web_of

Check = Callable[[Any], Any]

_SHOWN_CAP = 60
_WHOLE = 100


class Complaint(NamedTuple):
    """What is wrong with a part of a value."""

    inside: tuple[int | str, ...]
    """Empty for the value as a whole; an item's index in a list, a key in a table."""
    text: str


class WrongError(Exception):
    """A value is not what its setting accepts."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        super().__init__()
        self.complaints = tuple(complaints)


def wrong(text: str) -> WrongError:
    """One complaint about the value as a whole."""
    return WrongError([Complaint((), text)])


def shown(value: object) -> str:
    """A raw value in a message, in TOML's words; short, one line, nothing in it that moves a terminal."""
    match value:
        case str():
            return repr(value if len(value) <= _SHOWN_CAP else value[: _SHOWN_CAP - 3] + "...")
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value!r:.{_SHOWN_CAP}}"
        case dt.date():
            return f"the date {value}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a time"


def suggestion(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where a known word is close, else nothing."""
    near = difflib.get_close_matches(word[:_SHOWN_CAP].lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """``"a", "b" or "c"``."""
    quoted = [f'"{word}"' for word in words]
    return f" {last} ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def one_of(*words: str) -> Check:
    """A word out of a few."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        close = suggestion(value, words) if isinstance(value, str) else ""
        raise wrong(f"found {shown(value)}, needs {listed(words)}{close}")

    return check


def flag_or(*words: str) -> Check:
    """True, false or one of a few words."""

    def check(value: object) -> bool | str:
        if isinstance(value, bool) or (isinstance(value, str) and value in words):
            return value
        close = suggestion(value, words) if isinstance(value, str) else ""
        raise wrong(f"found {shown(value)}, needs true, false or {listed(words)}{close}")

    return check


def text(value: object) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"found {shown(value)}, needs a text that is not empty")
    return value.strip()


def revision(value: object) -> str:
    """What may be handed to git as a revision: never an option."""
    if not isinstance(value, str) or not value.strip() or value.startswith("-") or "\0" in value:
        raise wrong(f'found {shown(value)}, needs "auto", or a branch, tag or commit')
    return value.strip()


def list_of(item: Check) -> Check:
    """A list whose every item passes a check; a tuple without repeats."""

    def check(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            close = f"; write [{value!r}]" if isinstance(value, str) and len(value) <= _SHOWN_CAP else ""
            raise wrong(f"found {shown(value)}, needs a list{close}")
        good: list[Any] = []
        bad: list[Complaint] = []
        for index, one in enumerate(value):
            try:
                good.append(item(one))
            except WrongError as error:
                bad += [Complaint((index, *complaint.inside), complaint.text) for complaint in error.complaints]
        if bad:
            raise WrongError(bad)
        return tuple(dict.fromkeys(good))

    return check


def path(value: object) -> str:
    """A folder or file below the repository's top, as git writes it."""
    if not isinstance(value, str):
        raise wrong(f"found {shown(value)}, needs a folder or file as a text")
    parts = [part for part in value.replace("\\", "/").split("/") if part not in ("", ".")]
    if value.startswith("/") or re.match(r"[A-Za-z]:", value) or ".." in parts:
        raise wrong(f"found {shown(value)}, needs a path below the repository's top")
    if not parts:
        raise wrong(f"found {shown(value)}, which is the whole repository: name its folders")
    return "/".join(parts)


def pattern(value: object) -> str:
    """A regular expression that is safe to run over texts of strangers."""
    if not isinstance(value, str) or not value:
        raise wrong(f"found {shown(value)}, needs a regular expression as a text")
    try:
        compile_safely(value)
    except UnsafePatternError as error:
        raise wrong(f"{shown(value)} {error}") from None
    return value


def module(value: object) -> str:
    """A dotted name that could be imported."""
    if not isinstance(value, str) or not all(part.isidentifier() for part in value.split(".")):
        raise wrong(f"found {shown(value)}, needs an importable name like shop_rules.bugguard")
    return value


def rule_name(known: Collection[str]) -> Check:
    """The name of one of our rules."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        close = suggestion(value, known) if isinstance(value, str) else ""
        raise wrong(f"found {shown(value)}, needs one of the rules {', '.join(known)}{close}")

    return check


def rules(modes: tuple[str, ...], known: Collection[str]) -> Check:
    """The word for a set of rules, or a list of their names."""
    names = list_of(rule_name(known))

    def check(value: object) -> str | tuple[str, ...]:
        if isinstance(value, list):
            found: tuple[str, ...] = names(value)
            if not found:
                raise wrong('found an empty list, needs at least one rule; fixes.require = "off" asks for none')
            return found
        if isinstance(value, str) and value in modes:
            return value
        close = suggestion(value, modes) if isinstance(value, str) else ""
        raise wrong(f"found {shown(value)}, needs {listed(modes)}, or a list of rule names{close}")

    return check


def commit_id(value: object) -> str:
    """Seven hexadecimal digits or more."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{7,64}", value):
        raise wrong(f"found {shown(value)}, needs at least seven hexadecimal digits of a commit id, as a text")
    return value.lower()


def day(value: object) -> dt.date:
    """A TOML date without a time."""
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        close = "; write it without quotes" if isinstance(value, str) else ""
        raise wrong(f"found {shown(value)}, needs a date like 2027-01-31{close}")
    return value


def _number(value: object) -> Decimal | None:
    """A number as it was written: ``repr`` of a float is its shortest spelling."""
    return Decimal(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def percent(value: object) -> Decimal:
    """A share that can be missed: over 0 and up to 100."""
    number = _number(value)
    if number is None or not number.is_finite() or not 0 <= number <= _WHOLE:
        raise wrong(f"found {shown(value)}, needs a number over 0 and up to 100")
    if not number:
        raise wrong("found 0, which no file can miss: leave the key out, or ask for more")
    return number


def amount(value: object) -> Decimal:
    """How many there may be."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise wrong(f"found {shown(value)}, needs a whole number from 0 on")
    return Decimal(value)


def whole(least: int, most: int) -> Check:
    """A whole number between two others."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise wrong(f"found {shown(value)}, needs a whole number from {least} to {most}")
        return value

    return check


def history(value: object) -> str:
    """Where recorded runs are kept. Settings are read by many: a password has no place in them."""
    if not isinstance(value, str) or "://" not in value:
        return path(value)
    address = re.fullmatch(r"postgres(?:ql)?://(?:(?P<user>[^@/?#\s]*)@)?[^@\s]*", value)
    if address is None:
        scheme = value.partition("://")[0]
        raise wrong(f"found an address of {shown(scheme)}, needs a file, or postgresql://USER@HOST/DATABASE")
    if ":" in (address["user"] or "") or "password=" in value:
        raise wrong("holds a password: put the whole address into the variable BUGGUARD_HISTORY")
    return value


def web(value: object) -> str:
    """The address at which a server shows the repository."""
    if not isinstance(value, str):
        raise wrong(f"found {shown(value)}, needs an address as a text")
    try:
        return str(web_of(value.strip()))
    except NoAddressError as error:
        raise wrong(f"found {shown(value)}, {error}") from None


def nodeid(value: object) -> str:
    """A file below the repository's top, and a test in it."""
    if not isinstance(value, str) or not re.fullmatch(r"[^:]+::.+", value, re.DOTALL) or value.startswith("/"):
        raise wrong(f"found {shown(value)}, needs a node id like tests/test_net.py::test_retry")
    return value


def signature(value: object) -> str:
    """A failure as ``core.failures.signature_of`` spells it."""
    if not isinstance(value, str) or not re.fullmatch(r"\w+(?: at [^:\n]+(?:::[^:\n]+)?)?", value):
        raise wrong(f"found {shown(value)}, needs a failure like TimeoutError at src/shop/net.py::Client.fetch")
    return value


def word_or_percent(*words: str) -> Check:
    """One of a few words, or a share."""

    def check(value: object) -> str | Decimal:
        if isinstance(value, str) and value in words:
            return value
        if isinstance(value, str) or _number(value) is None:
            close = suggestion(value, words) if isinstance(value, str) else ""
            raise wrong(f"found {shown(value)}, needs {listed(words)}, or a number over 0 and up to 100{close}")
        return percent(value)

    return check


def table_of(checks: Mapping[str, Check], make: Callable[..., Any]) -> Check:
    """A small table, none of whose keys has to be there but one of which is; ``make`` gets what is there."""

    def check(value: object) -> Any:  # noqa: ANN401 - whatever make makes
        example = f"{{ {next(iter(checks))} = 90 }}"
        if not isinstance(value, dict):
            raise wrong(f"found {shown(value)}, needs a table: {example}")
        bad: list[Complaint] = []
        good: dict[str, Any] = {}
        for key, one in value.items():
            if key not in checks:
                close = suggestion(key, checks) or f"; known here: {', '.join(checks)}"
                bad.append(Complaint((key,), f"unknown key{close}"))
                continue
            try:
                good[key] = checks[key](one)
            except WrongError as error:
                bad += [Complaint((key, *complaint.inside), complaint.text) for complaint in error.complaints]
        if bad:
            raise WrongError(bad)
        if not good:
            raise wrong(f"found an empty table, which asks for nothing; write {example}")
        return make(**good)

    return check
