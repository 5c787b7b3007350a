"""Does a change weaken a test that is on record as the proof of a fix? From its test files before and after; no I/O.

A test on record may move and be renamed, and its text may change. It may not go, be held back, or demand less.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import cases, pairing, strength, syntax
from pytest_bugguard.core.cases import Decorated
from pytest_bugguard.core.collect import Collector, Lookup, Test
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.modules import Module, Modules, NoTree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.collect import Naming
    from pytest_bugguard.core.modules import Tree
    from pytest_bugguard.core.outcomes import Outcomes
    from pytest_bugguard.core.receipts import Recorded
    from pytest_bugguard.core.testmap import TestFile


class Harm(StrEnum):
    """What a change does to a test on record."""

    DELETED = "deleted"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    EMPTIED = "emptied"
    """Nothing is left in it that can fail."""
    LOOSENED = "loosened"
    """It demands less than it did."""
    LEFT_OUT = "left-out"
    """pytest does not come to its file any more."""
    UNREADABLE = "unreadable"
    """Its file does not parse any more, so that nothing can be said."""


class Breach(Struct, frozen=True):
    """A test that was on guard and no longer is, or no longer as it was."""

    test: Recorded
    harm: Harm
    reason: str
    """What befell it, in words that follow its name."""
    path: str
    """The file that says so: where the test stands now, or stood last."""


class Run(Struct, frozen=True):
    """What a run of pytest after a change came to."""

    outcomes: Outcomes
    is_whole: bool
    """Whether it was to run all that pytest collects, and did."""


def breaches(
    recorded: Iterable[Recorded], files: Sequence[TestFile], *, moves: Iterable[tuple[str, str]], tree: Tree
) -> tuple[Breach, ...]:
    """What a change does to the tests on record, in the order in which they are given.

    Args:
        recorded: The tests on record; those that the change does not touch may be among them.
        files: The changed files of the test side.
        moves: Node ids before and after, of the tests that only moved or got another name (``TestMap.moves``).
        tree: The files after the change.
    """
    watch = _Watch(files, dict(moves), tree)
    return tuple(breach for test in recorded if (breach := watch.look(test)) is not None)


_EXCUSED = frozenset({Outcome.SKIPPED, Outcome.XFAILED})


def idle(recorded: Iterable[Recorded], run: Run) -> Iterator[Breach]:
    """The tests on record that a run skipped, or excused where they failed, or was to run and did not collect."""
    for test in recorded:
        nodeid = pairing.test_of(test.nodeid)
        seen = set(run.outcomes.of(nodeid).values())
        path = nodeid.partition("::")[0]
        if seen == {Outcome.SKIPPED}:
            yield Breach(test, Harm.SKIPPED, "was skipped in this run", path)
        elif seen and seen <= _EXCUSED:
            yield Breach(test, Harm.XFAILED, "failed in this run as it was expected to", path)
        elif not seen and run.is_whole:
            yield Breach(test, Harm.LEFT_OUT, "was not collected in this run", path)


class _Watch:
    def __init__(self, files: Sequence[TestFile], moves: dict[str, str], tree: Tree) -> None:
        self._by_old = {file.change.old_path: file for file in files if file.change.status != "C"}
        self._by_new = {file.change.new_path: file for file in files}
        self._moves = moves
        self._olds = Modules(
            [Module(path, file.old) for path, file in self._by_old.items() if path and file.old], NoTree()
        )
        self._news = Modules([Module(path, file.new) for path, file in self._by_new.items() if path and file.new], tree)
        self._collectors: dict[tuple[bool, Naming], Collector] = {}

    def look(self, recorded: Recorded) -> Breach | None:
        """What befell one test; None where nothing did, or where it stood in no changed file."""
        nodeid = pairing.test_of(recorded.nodeid)
        path = nodeid.partition("::")[0]
        file = self._by_old.get(path)
        if file is None or not path.endswith(".py"):
            return None
        old = self._old(nodeid)
        if old is None:
            return None  # it was gone already, or is one that cannot be seen in the text
        new = self._new(self._moves.get(nodeid, f"{file.change.new_path}{nodeid.removeprefix(path)}")) or self._heir(
            old
        )
        if new is not None:
            found = self._compared(old, new)
            return Breach(recorded, *found, path=new.module.path) if found else None
        if fault := _fault(file.new):
            return Breach(recorded, Harm.UNREADABLE, f"cannot be found: its file {fault}", file.change.path)
        return Breach(recorded, Harm.DELETED, self._gone(nodeid, file), file.change.path)

    def _old(self, nodeid: str) -> Test | None:
        path, _, names = nodeid.partition("::")
        file = self._by_old.get(path)
        if file is None:
            return None
        return _find(self._collector(file, is_new=False), self._olds.at(path), names.split("::"))

    def _new(self, nodeid: str) -> Test | None:
        path, _, names = nodeid.partition("::")
        file = self._by_new.get(path)
        if file is None or not file.naming_new.is_test_file(path):
            return None
        return _find(self._collector(file, is_new=True), self._news.at(path), names.split("::"))

    def _collector(self, file: TestFile, *, is_new: bool) -> Collector:
        naming, modules = (file.naming_new, self._news) if is_new else (file.naming_old, self._olds)
        return self._collectors.setdefault((is_new, naming), Collector(naming, modules))

    def _compared(self, old: Test, new: Test) -> tuple[Harm, str] | None:
        collector_old = self._collector(self._by_old[old.module.path], is_new=False)
        collector_new = self._collector(self._by_new[new.module.path], is_new=True)
        reason = collector_new.why_not(new)
        if reason and not collector_old.why_not(old):
            return _harm(reason), reason
        if less := strength.weakened(old.function, new.function, Lookup.of(self._news, new)):
            return Harm.LOOSENED, less
        if cases.compare(old.function.decorator_list, new.function.decorator_list) is Decorated.SHRUNK:
            return Harm.LOOSENED, "lost some of its cases"
        return None

    def _heir(self, old: Test) -> Test | None:
        """The test that asserts all that a missing one did: it got another name, and more changed with it."""
        return next((test for test in self._added() if strength.keeps(old.function, test.function)), None)

    def _added(self) -> Iterator[Test]:
        """The tests of the changed files under names that were not there before."""
        for path, file in self._by_new.items():
            module = self._news.at(path) if path and path.endswith(".py") else None
            if module is None or not file.naming_new.is_test_file(module.path):
                continue
            for test in _tests(self._collector(file, is_new=True), module):
                if file.change.old_path is None or self._old(f"{file.change.old_path}::{test.qualname}") is None:
                    yield test

    def _gone(self, nodeid: str, file: TestFile) -> str:
        """Whether the text has gone, or only what made pytest collect it."""
        new_path = file.change.new_path
        module = self._news.at(new_path) if new_path else None
        names = nodeid.split("::")[1:]
        is_there = module is not None and module.scope_of(names[0]) is not None and _function(module, names) is not None
        return "is no longer collected" if is_there else "is deleted"


def _find(collector: Collector, module: Module | None, names: Sequence[str]) -> Test | None:
    """The test by its names, as it is collected; None where it is not."""
    if module is None:
        return None
    chain = module.classes_along(names[:-1])
    if len(chain) < len(names) - 1:
        return None
    function = _function(module, names)
    if function is not None:
        test = Test(module, chain, function)
        return test if collector.is_test(test) else None
    inherited = collector.inherited(module, chain) if chain else ()
    return next((test for test in inherited if test.function.name == names[-1]), None)


def _function(module: Module, names: Sequence[str]) -> syntax.FunctionNode | None:
    """The function that stands under these names itself."""
    chain = module.classes_along(names[:-1])
    if len(chain) < len(names) - 1:
        return None
    scope = chain[-1].scope if chain else module.scope_of(names[-1])
    return scope.functions.get(names[-1]) if scope is not None else None


def _tests(collector: Collector, module: Module) -> Iterator[Test]:
    for piece in module.pieces:
        yield from collector.tests(module, module.scope(piece))


def _fault(source: bytes | None) -> str:
    """Why a file cannot be read as Python; empty where it can, or where there is none."""
    try:
        syntax.parse(source or b"")
    except syntax.UnparsableError as fault:
        return f"does not parse: {fault}"
    return ""


def _harm(reason: str) -> Harm:
    if reason.startswith("is skipped"):
        return Harm.SKIPPED
    return Harm.XFAILED if reason.startswith("is expected to fail") else Harm.EMPTIED
