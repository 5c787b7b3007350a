"""Which tests of one unit guard a fix in another: by issue, by name, by what they import. Pure; no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core.model import How, MappedTest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NUMBER = re.compile(r"(?:^|[#!/]|(?:gh|bpo)-)(\d+)$", re.IGNORECASE)


class OfferedTest(Struct, frozen=True):
    """A test that could guard a fix made elsewhere."""

    test: MappedTest
    issues: frozenset[str] = frozenset()
    """Keys (see ``issue_key``) that the test itself names: a mark, its name, a comment."""
    modules: frozenset[str] = frozenset()
    """Dotted modules that its file imports."""
    words: frozenset[str] = frozenset()
    """Identifiers that its own text uses."""
    marks: frozenset[str] = frozenset()
    """Those of ``issues`` that stand in a ``regression`` mark: it says itself whose test it is."""


class Offer(Struct, frozen=True):
    """The tests that one unit, or the work tree, brings."""

    place: str
    """As shown: ``commit 1c0ffee``, ``the work tree``."""
    issues: frozenset[str]
    """Keys that its message names."""
    tests: tuple[OfferedTest, ...]
    is_only_tests: bool
    """Whether it changes no source: what it brings is there for something else."""
    is_fix: bool = False


class Wanted(Struct, frozen=True):
    """What a fix without a test of its own is known by."""

    issues: frozenset[str]
    modules: frozenset[str]
    """Dotted modules that it changed."""
    functions: frozenset[str]
    """Names of the functions and classes that it changed."""
    is_only_fix: bool = False
    """Whether the change holds no other fix."""


def issue_key(reference: str) -> str:
    """What makes two references the same issue: the number of ``#12``, ``GH-12``, ``org/name#12``; else the text.

    Two projects' numbers are taken for one: references across repositories are rare, forgotten prefixes are not.
    """
    match = _NUMBER.search(reference.strip())
    return match[1] if match else reference.strip().upper()


def issue_keys(references: Iterable[str]) -> frozenset[str]:
    """The keys of several references."""
    return frozenset(map(issue_key, references))


def module_of(path: str) -> str:
    """The dotted module that a source path is imported as: ``src/shop/pager.py`` is ``shop.pager``."""
    parts = path.removesuffix(".py").split("/")
    if parts[0] in {"src", "lib", "python"} and len(parts) > 1:
        del parts[0]
    if parts[-1] == "__init__" and len(parts) > 1:
        del parts[-1]
    return ".".join(parts)


def without_foreign(
    tests: Iterable[MappedTest], marks: Mapping[str, Iterable[str]], named: frozenset[str]
) -> tuple[MappedTest, ...]:
    """The tests of a fix, in their order; one that is marked as the test of other issues alone does not count.

    Args:
        tests: Those that came with the fix.
        marks: The arguments of the ``regression`` marks, by node id.
        named: The keys of all issues that the fix names.
    """
    return tuple(_own(test, tuple(marks.get(test.nodeid, ())), named) for test in tests)


def _own(test: MappedTest, marks: Sequence[str], named: frozenset[str]) -> MappedTest:
    if not (test.counts and marks) or named & issue_keys(marks):
        return test
    return replace(test, counts=False, reason=f"is marked as the test of another issue ({', '.join(marks)})")


def link(wanted: Wanted, offers: Sequence[Offer]) -> tuple[MappedTest, ...]:
    """The tests of other places that guard the fix, each with the reason; in the order of the offers."""
    found: dict[str, MappedTest] = {}
    for offer in offers:
        tied = [(one.test, reason) for one in offer.tests if (reason := _reason(wanted, offer, one))]
        # A test that only shares a helper with those that were written for the issue is not meant.
        meant = [pair for pair in tied if pair[0].counts and pair[0].change is not How.HELPER_CHANGED]
        for test, reason in meant or tied:
            found.setdefault(test.nodeid, _linked(test, f"{reason}, in {offer.place}"))
    return tuple(found.values())


def _reason(wanted: Wanted, offer: Offer, offered: OfferedTest) -> str:
    # A feature or a merge of many things names issues too; its tests are there for it, unless they say otherwise.
    # One with a mark says itself whose it is, whatever its commit names.
    told = offer.issues if (offer.is_only_tests or offer.is_fix) and not offered.marks else frozenset()
    shared = wanted.issues & (told | offered.issues)
    if shared:
        return f"names the same issue ({min(shared)})"
    if offered.marks and wanted.issues:
        return ""  # of another issue
    used = wanted.functions & offered.words
    if used and any(_can_reach(offered.modules, module) for module in wanted.modules):
        return f"uses {min(used)}, which the fix changed"
    if offer.is_only_tests and wanted.is_only_fix:
        return "comes with the only fix of the change"
    return ""


def _can_reach(imported: frozenset[str], module: str) -> bool:
    """Whether a file that imports these can use a module: by itself, or through a package above it.

    ``from shop import pager`` shows as ``shop``, and so does what ``shop`` hands on from ``shop.pager``.
    """
    return module in imported or any(module.startswith(f"{package}.") for package in imported)


def _linked(test: MappedTest, reason: str) -> MappedTest:
    if not test.counts:
        reason = f"{test.reason}; {reason}"
    return MappedTest(test.nodeid, How.LINKED, test.counts, reason)
