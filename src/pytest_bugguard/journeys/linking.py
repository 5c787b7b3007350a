"""Fixes whose test stands elsewhere: behind a trailer, under a mark, in a neighbour, in the original of a backport."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core import doctests, links, made_tests, messages, own_hooks, regressions, testmap, verdict
from pytest_bugguard.core.collect import Collector
from pytest_bugguard.core.model import FileChange, How, MappedTest, Verdict, short
from pytest_bugguard.core.modules import Module, Modules
from pytest_bugguard.journeys.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.naming import Naming
    from pytest_bugguard.journeys.survey import Seen

_TRAILER = "Regression-Test"
_CHERRY_PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{7,64})\)")
_FILES_SEARCHED = 5_000
"""Test files read for marks at most; in a larger suite a trailer names the test."""


Offers = Callable[[frozenset[str]], "Sequence[links.Offer]"]
"""The tests of other units that may serve a fix of these issues."""


class Linker:
    """Looks for the test of a fix that brought none itself."""

    def __init__(
        self, tip: Snapshot, naming_of: Callable[[str], Naming], original: Callable[[str], Seen | None]
    ) -> None:
        """Set up for one history.

        Args:
            tip: The newest state: tests are looked for there, whenever they were written.
            naming_of: The project's names for tests at that state, where a path stands.
            original: The unit of a commit id that a cherry-pick names; None where it is not in this repository.
        """
        self._tip = tip
        self._naming_of = naming_of
        self._original = original
        self._known: dict[tuple[str | None, bool, str], tuple[MappedTest, ...]] = {}

    def link(
        self,
        seen: Seen,
        offers: Offers,
        *,
        is_only_fix: bool,
        later: Sequence[Seen] = (),
    ) -> Record:
        """The record of a fix, judged again with the tests that were found for it elsewhere.

        Args:
            seen: The fix.
            offers: The tests of the units around it, for the issues of the fix; asked only if it has none of its own.
            is_only_fix: Whether the change that is judged holds no other fix.
            later: The units after it, newest first: they may have moved its tests, or taken them away.
        """
        record = self._followed(seen, later)
        if not seen.is_fix or record.verdict not in {Verdict.UNGUARDED, Verdict.UNDECIDED, Verdict.GUARDED}:
            return record
        states = self._states(seen, later)
        found = tuple(self._by_trailer(seen, states))
        if record.verdict is not Verdict.GUARDED and not _counts(found):
            found = (*found, *self._by_search(seen, offers, states, is_only_fix=is_only_fix))
        new = tuple(test for test in found if test.nodeid not in {known.nodeid for known in record.tests})
        return seen.judged(replace(record, tests=(*record.tests, *new))) if new else record

    def _states(self, seen: Seen, later: Sequence[Seen]) -> tuple[Snapshot, ...]:
        """Where a test may be that is named for a fix: at the tip.

        Who does not follow tests through what came later, as an audit, finds it as the fix left it, too: no message
        of a commit can be changed when a test gets another name.
        """
        sha = seen.unit.commit.sha
        return (self._tip,) if later or not sha else (self._tip, Snapshot(self._tip.reader, sha))

    def _followed(self, seen: Seen, later: Sequence[Seen]) -> Record:
        """The record with its tests under the names that they have in the newest state."""
        touched = {change.old_path for unit in later for change in unit.unit.changes}
        if not any(test.counts and _file(test) in touched for test in seen.record.tests):
            return seen.record
        moves = [move for unit in reversed(later) for move in unit.diff.test_map.moves]
        then = Snapshot(self._tip.reader, seen.unit.commit.sha)
        tests = tuple(self._today(test, moves, then) if test.counts else test for test in seen.record.tests)
        return seen.judged(replace(seen.record, tests=tests))

    def _today(self, test: MappedTest, moves: Sequence[tuple[str, str]], then: Snapshot) -> MappedTest:
        nodeid = test.nodeid
        for old, new in moves:
            nodeid = new if nodeid == old else nodeid
        moved = replace(test, nodeid=nodeid)
        # A test that this search never sees, such as a guest's, is not gone.
        is_gone = self._has(then, test) and not self._has(self._tip, moved)
        return replace(test, counts=False, reason="is gone: a later commit took it away") if is_gone else moved

    def _has(self, snapshot: Snapshot, test: MappedTest) -> bool:
        return any(other.nodeid == test.nodeid for other in self._tests_in(snapshot, _file(test)))

    def _by_search(
        self, seen: Seen, offers: Offers, states: Sequence[Snapshot], *, is_only_fix: bool
    ) -> tuple[MappedTest, ...]:
        issues = links.issue_keys(seen.issues)
        for search in (
            lambda: self._by_mark(issues),
            lambda: _by_offer(seen, offers(issues), is_only_fix=is_only_fix),
            lambda: self._by_original(seen, states),
        ):
            found = tuple(search())
            if _counts(found):
                return found
        return found

    def _tests_in(self, snapshot: Snapshot, path: str) -> tuple[MappedTest, ...]:
        """As ``tests_in``, worked out once: several tests of one file are asked for in turn."""
        key = (snapshot.commit, snapshot is self._tip, path)
        if key not in self._known:
            self._known[key] = tests_in(snapshot, path, self._naming_of(path))
        return self._known[key]

    def _by_trailer(self, seen: Seen, states: Sequence[Snapshot]) -> Iterator[MappedTest]:
        texts = (seen.unit.commit.message, *(commit.message for commit in seen.unit.inner))
        for text in texts:
            for nodeid in messages.parse(text).trailer(_TRAILER):
                yield self._named(nodeid, seen, states)

    def _named(self, nodeid: str, seen: Seen, states: Sequence[Snapshot]) -> MappedTest:
        plain = nodeid.removeprefix("./")
        path, _, name = plain.partition("::")
        for test in self._tests_of(states, path) if name else ():
            if plain == test.nodeid or plain.startswith(f"{test.nodeid}["):
                if test.counts and seen.diff.repairs(path):
                    return replace(test, change=How.LINKED, counts=False, reason=doctests.SHARES_FILE)
                return _linked(test, "named by a trailer")
        may_hold_some = bool(name) and not seen.diff.is_source(path)
        if may_hold_some and any(_may_hold_others(state, path, self._naming_of(path)) for state in states):
            return MappedTest(plain, How.LINKED, counts=True, reason="named by a trailer")
        return MappedTest(plain, How.LINKED, counts=False, reason=verdict.NO_SUCH_TEST)

    def _tests_of(self, states: Sequence[Snapshot], path: str) -> Iterator[MappedTest]:
        for state in states:
            yield from self._tests_in(state, path)

    def _by_mark(self, issues: frozenset[str]) -> Iterator[MappedTest]:
        for key in sorted(issues):
            for path, nodeid in self._marked.get(key, ()):
                for test in self._tests_in(self._tip, path):
                    if test.nodeid == nodeid:
                        yield _linked(test, f"marked regression({key})")

    @cached_property
    def _marked(self) -> dict[str, list[tuple[str, str]]]:
        """Issue key to ``(path, node id)`` of the tests that bear it in a ``regression`` mark."""
        marked: dict[str, list[tuple[str, str]]] = {}
        for path in self._test_files():
            source = self._tip.file(path)
            if source is None or b".regression(" not in source:
                continue
            for nodeid, issues in regressions.references(path, source).marks.items():
                for key in links.issue_keys(issues):
                    marked.setdefault(key, []).append((path, nodeid))
        return marked

    def _test_files(self) -> Iterator[str]:
        found = 0
        folders = [""]
        while folders and found < _FILES_SEARCHED:
            folder = folders.pop()
            for name in self._tip.folder(folder.rstrip("/")) or ():
                path = f"{folder}{name}"
                if name.endswith("/"):
                    folders.append(path)
                elif name.endswith(".py") and self._naming_of(path).is_test_file(path):
                    found += 1
                    yield path

    def _by_original(self, seen: Seen, states: Sequence[Snapshot]) -> tuple[MappedTest, ...]:
        """The tests of the commit that this one was picked from, where they are here too."""
        picked = _CHERRY_PICKED.findall(seen.unit.commit.message)
        original = self._original(picked[-1]) if picked else None
        if original is None:
            return ()
        place = f"came with {short(picked[-1])}, from which this was picked"
        return tuple(self._still_there(test, place, states) for test in original.record.tests if test.counts)

    def _still_there(self, test: MappedTest, place: str, states: Sequence[Snapshot]) -> MappedTest:
        here = self._tests_of(states, _file(test))
        same = next((other for other in here if other.nodeid == test.nodeid), None)
        if same is None:
            return MappedTest(test.nodeid, How.LINKED, counts=False, reason=f"was lost on the way: it {place}")
        return _linked(same, place)


def tests_in(snapshot: Snapshot, path: str, naming: Naming) -> tuple[MappedTest, ...]:
    """Every test in a file, with whether it may guard anything."""
    source = snapshot.file(path)
    if source is None:
        return ()
    as_new = testmap.TestFile(FileChange("A", None, path, 0, 0o100644, None, None), None, source, naming, naming)
    found = testmap.map_tests([as_new], tree=snapshot).tests
    examples = doctests.map_doctests([as_new], tree=snapshot, is_fixed=lambda _: False).tests
    return (*found, *examples)


def _may_hold_others(snapshot: Snapshot, path: str, naming: Naming) -> bool:
    """Whether a name that is not in a file's text may be that of a test: some are made or collected otherwise.

    ``path`` is none of the product's.
    """
    source = snapshot.file(path)
    is_module = path.endswith(".py")
    if source is None or (is_module and not naming.is_test_file(path, snapshot.is_package)):
        return False
    if own_hooks.above(path, snapshot):
        return True
    module = Module(path, source)
    return is_module and made_tests.are_in(module, Collector(naming, Modules([module], snapshot)))


def _by_offer(seen: Seen, offers: Sequence[links.Offer], *, is_only_fix: bool) -> tuple[MappedTest, ...]:
    if not offers:
        return ()  # what the fix changed, name by name, costs parsing
    issues, diff = links.issue_keys(seen.issues), seen.diff
    return links.link(links.Wanted(issues, diff.modules, diff.function_names, is_only_fix=is_only_fix), offers)


def offer_of(seen: Seen, place: str, wanted: frozenset[str]) -> links.Offer:
    """The tests that a unit brings, as they may serve a fix of these issues elsewhere."""
    issues = links.issue_keys(seen.issues)
    is_only_tests = not seen.diff.touches_source
    # Where the two share an issue nothing more is asked of these tests but their marks, and most need not be read.
    is_enough = bool(issues & wanted) and (is_only_tests or seen.is_fix)
    facts = dict(_test_facts(seen, only=_MARK if is_enough else b""))
    offered = (
        _offered(test, facts.get(_file(test), regressions.TestFacts()))
        for test in seen.diff.test_map.tests
        if test.change is not How.MOVED
    )
    return links.Offer(place, issues, tuple(offered), is_only_tests=is_only_tests, is_fix=seen.is_fix)


_MARK = b"regression"


def _test_facts(seen: Seen, *, only: bytes) -> Iterator[tuple[str, regressions.TestFacts]]:
    texts = seen.diff.new_test_texts()
    return ((path, regressions.references(path, source)) for path, source in texts if only in source)


def _offered(test: MappedTest, facts: regressions.TestFacts) -> links.OfferedTest:
    marks = facts.marks.get(test.nodeid, ())
    return links.OfferedTest(
        test,
        issues=links.issue_keys((*marks, *facts.issues.get(test.nodeid, ()))),
        marks=links.issue_keys(marks),
        modules=frozenset(facts.modules),
        words=frozenset(facts.words.get(test.nodeid, ())),
    )


def place_of(seen: Seen) -> str:
    """How a unit is called in a reason."""
    return f"commit {short(seen.unit.commit.sha)}"


def _linked(test: MappedTest, reason: str) -> MappedTest:
    return replace(test, change=How.LINKED, reason=reason if test.counts else f"{test.reason}; {reason}")


def _file(test: MappedTest) -> str:
    return test.nodeid.partition("::")[0]


def _counts(tests: Iterable[MappedTest]) -> bool:
    return any(test.counts for test in tests)
