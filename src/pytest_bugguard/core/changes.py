"""What happened between two versions of a Python file: to its tests, and to the helpers that tests may reach?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core import cases, likeness, outline, segments, strength, syntax
from pytest_bugguard.core.cases import Decorated
from pytest_bugguard.core.collect import Test
from pytest_bugguard.core.model import How
from pytest_bugguard.core.outline import Class, Scope

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Sequence

    from pytest_bugguard.core.collect import Collector
    from pytest_bugguard.core.modules import Module
    from pytest_bugguard.core.syntax import FunctionNode

ANY = "*"
"""In the place of a member's name: all of the class."""


_NO_HELPERS = frozenset({"collect_ignore", "collect_ignore_glob"})
"""What a conftest tells pytest; no test uses it."""
_ACTIVATED = "the test of a known bug, no longer expected to fail"
_MADE_TO_BE_INHERITED = re.compile(r"base|mixin|abstract|common|shared|generic", re.IGNORECASE)


class Brought(NamedTuple):
    """How a test was brought."""

    how: How
    reason: str = ""
    """Why it cannot guard anything, as far as its change tells."""
    note: str = ""
    """What else is worth telling."""


class Helpers(Struct):
    """The names in a module that do not mean what they meant before."""

    names: set[str] = field(default_factory=set)
    fixtures: set[str] = field(default_factory=set)
    members: dict[str, set[str]] = field(default_factory=dict)
    """Class to the names in it; ``ANY`` where all tests of the class are affected."""
    grown: set[str] = field(default_factory=set)
    """Those of ``names`` that are tables which got more rows."""
    tests: dict[str, dict[str, Brought]] = field(default_factory=dict)
    """Class to the tests in it that came or changed: whoever inherits the class has them too."""
    bases: set[str] = field(default_factory=set)
    """Those classes with such tests that seem to be made for others to inherit."""
    has_autouse: bool = False
    """Whether a fixture that every test of the module uses is among them."""

    def __bool__(self) -> bool:
        return bool(self.names or self.fixtures or self.members or self.tests or self.has_autouse)

    def add_member(self, owner: str, name: str) -> None:
        """Note that a member of a class changed."""
        self.members.setdefault(owner, set()).add(name)

    def of_bases(self) -> Helpers:
        """The share of it that reaches the tests of other files through their base classes."""
        members = {owner: names for owner, names in self.members.items() if owner in self.bases}
        return Helpers(tests={owner: self.tests[owner] for owner in self.bases}, members=members)


class Changes(Struct):
    """All that happened in one file."""

    added: list[Test] = field(default_factory=list)
    changed: list[tuple[Test, Brought]] = field(default_factory=list)
    removed: list[Test] = field(default_factory=list)
    touched: list[tuple[How, tuple[str, ...]]] = field(default_factory=list)
    """What befell all tests of a class, or with ``()`` of the module, through its marks."""
    inheriting: list[tuple[str, ...]] = field(default_factory=list)
    """Classes (by the names that lead to them) that are new or have other bases: what they inherit is new there."""
    helpers: Helpers = field(default_factory=Helpers)
    fault: str = ""
    """Why a part of the file could not be read."""


def between(old: Module | None, new: Module | None, collector_old: Collector, collector_new: Collector) -> Changes:
    """What happened to a file; None where there is no version of it on that side."""
    changes = Changes()
    texts = segments.difference(old.source if old else b"", new.source if new else b"")
    old_scope, new_scope, changes.fault, hidden = _scopes(texts, old, new)
    _Comparison(old, new, collector_old, collector_new, changes, hidden).scopes(old_scope, new_scope)
    return changes


def _scopes(texts: segments.Difference, old: Module | None, new: Module | None) -> tuple[Scope, Scope, str, set[str]]:
    """What the differing pieces define; of the whole files where a piece has no meaning by itself."""
    olds, old_faults = _parsed(old, texts.old)
    news, new_faults = _parsed(new, texts.new)
    if not old_faults and not new_faults:
        return olds, news, "", set()
    whole_old, whole_old_fault = _parsed(old, [old.source] if old else [])
    whole_new, whole_new_fault = _parsed(new, [new.source] if new else [])
    if not whole_old_fault and not whole_new_fault:
        return whole_old, whole_new, "", set()
    fault, piece = (new_faults or old_faults or whole_new_fault or whole_old_fault)[0]
    names = segments.definitions(piece)
    side = "" if new_faults else "the old version "
    told = f"{side}does not parse: {fault}" + (f"; not looked into: {', '.join(names[:5])}" if names else "")
    hidden = {name for _, text in old_faults for name in segments.definitions(text)}
    return olds, news, told, hidden


def _parsed(module: Module | None, pieces: Iterable[bytes]) -> tuple[Scope, list[tuple[str, bytes]]]:
    scope: Scope = Scope()
    faults: list[tuple[str, bytes]] = []
    if module is None:
        return scope, faults
    for piece in pieces:
        try:
            outline.read(module.statements(piece), scope)
        except syntax.UnparsableError as fault:
            faults.append((str(fault), piece))
    return scope, faults


class _Comparison(Struct):
    old: Module | None
    new: Module | None
    collector_old: Collector
    collector_new: Collector
    changes: Changes
    hidden: set[str]
    """Names of tests that stood in text which does not parse, so that they are not known to be new."""

    def scopes(self, old: Scope, new: Scope, olds: tuple[Class, ...] = (), news: tuple[Class, ...] = ()) -> None:
        for name in [*old.functions, *(name for name in new.functions if name not in old.functions)]:
            self._function(old.functions.get(name), new.functions.get(name), olds, news)
        for name, owner in old.classes.items():
            if name not in new.classes:
                self._removed_class(owner, olds)
        for name, owner in new.classes.items():
            self._class(old.classes.get(name), owner, olds, news)
        self._values(old, new, news)

    def _function(
        self, old: FunctionNode | None, new: FunctionNode | None, olds: tuple[Class, ...], news: tuple[Class, ...]
    ) -> None:
        was = Test(self.old, olds, old) if old and self.old else None
        test = Test(self.new, news, new) if new and self.new else None
        if test is not None and self.collector_new.is_test(test):
            self._test(old, test)
        elif was is not None and new is None and self.collector_old.is_test_somewhere(was):
            if self.collector_old.is_test(was):
                self.changes.removed.append(was)
        elif test is not None and self.collector_new.is_test_somewhere(test):
            if brought := self._brought(old, test.function):
                self._inheritable(test, brought, is_base=True)
        elif not (old and new and _is_same(old, new)):
            self._helper(old, new, news)

    def _test(self, old: FunctionNode | None, test: Test) -> None:
        brought = self._brought(old, test.function)
        if brought is None:
            return
        if brought.how is How.ADDED:
            self.changes.added.append(test)
        else:
            self.changes.changed.append((test, brought))
        if test.chain:
            name = test.chain[-1].name
            is_base = _MADE_TO_BE_INHERITED.search(name) is not None or not self.collector_new.opens(test.module)
            if is_base or test.module.has_subclass_of(name):
                self._inheritable(test, brought, is_base=is_base)

    def _inheritable(self, test: Test, brought: Brought, *, is_base: bool) -> None:
        owner = test.chain[-1].name
        self.changes.helpers.tests.setdefault(owner, {})[test.function.name] = brought
        if is_base:
            self.changes.helpers.bases.add(owner)

    def _brought(self, old: FunctionNode | None, new: FunctionNode) -> Brought | None:
        if old is not None:
            return altered(old, new)
        return Brought(How.CHANGED if new.name in self.hidden else How.ADDED)

    def _helper(self, old: FunctionNode | None, new: FunctionNode | None, chain: tuple[Class, ...]) -> None:
        one = new or old
        assert one is not None
        is_fixture = outline.is_fixture(one)
        if chain and is_fixture and outline.is_autouse(one):
            self.changes.helpers.add_member(chain[-1].name, ANY)
        elif chain:
            if new or not is_fixture:  # nothing in the class can ask for a fixture that is gone
                self.changes.helpers.add_member(chain[-1].name, one.name)
        elif is_fixture:
            self.changes.helpers.fixtures.add(outline.fixture_name(one))
            self.changes.helpers.has_autouse |= outline.is_autouse(one)
        elif old and new:
            self.changes.helpers.names.add(one.name)

    def _removed_class(self, owner: Class, olds: tuple[Class, ...]) -> None:
        if self.old is not None:
            self.changes.removed.extend(self.collector_old.tests(self.old, owner.scope, (*olds, owner)))

    def _class(self, old: Class | None, new: Class, olds: tuple[Class, ...], news: tuple[Class, ...]) -> None:
        chain = (*news, new)
        names = tuple(owner.name for owner in chain)
        if old is None:
            self.changes.inheriting.append(names)
            self.scopes(Scope(), new.scope, olds, chain)
            return
        if _bases(old) != _bases(new):
            self.changes.inheriting.append(names)
            self.changes.helpers.add_member(new.name, ANY)
        self._marks(old.node.decorator_list, new.node.decorator_list, names)
        self.scopes(old.scope, new.scope, (*olds, old), chain)

    def _values(self, old: Scope, new: Scope, chain: tuple[Class, ...]) -> None:
        for name in dict.fromkeys([*old.values, *new.values]):
            before, after = old.values.get(name, []), new.values.get(name, [])
            if name == "pytestmark":
                self._marks(cases.marks(before), cases.marks(after), tuple(owner.name for owner in chain))
            elif name in _NO_HELPERS or name in old.imports or name in new.imports:
                continue
            elif not likeness.same(before, after):
                self._value(name, before, after, chain)

    def _value(self, name: str, before: list[ast.stmt], after: list[ast.stmt], chain: tuple[Class, ...]) -> None:
        if chain:
            self.changes.helpers.add_member(chain[-1].name, name)
        elif after:
            self.changes.helpers.names.add(name)
        if cases.compare_tables(before, after) is Decorated.GREW:
            self.changes.helpers.grown.add(name)

    def _marks(self, old: Sequence[ast.expr], new: Sequence[ast.expr], names: tuple[str, ...]) -> None:
        match cases.compare(old, new):
            case Decorated.GREW:
                self.changes.touched.append((How.CASES_ADDED, names))
            case Decorated.CHANGED:
                self.changes.touched.append((How.HELPER_CHANGED, names))


def altered(old: FunctionNode, new: FunctionNode) -> Brought | None:
    """What the change of a test's text amounts to; None where it means what it meant."""
    decorated = cases.compare(old.decorator_list, new.decorator_list)
    renamed = cases.renamed(old.decorator_list, new.decorator_list)
    note = _ACTIVATED if cases.expects_no_failure_now(old.decorator_list, new.decorator_list) else ""
    if not likeness.same_body(old, new, renamed):
        is_weaker = decorated in {Decorated.SAME, Decorated.MARKED} and strength.only_weaker(old, new)
        return Brought(How.CHANGED, "its assertions were only removed or loosened" if is_weaker else "", note)
    match decorated:
        case Decorated.SAME:
            return None
        case Decorated.MARKED:
            return Brought(How.CHANGED, "only its marks changed")
        case Decorated.SHRUNK:
            return Brought(How.CHANGED, "its cases were only removed")
        case Decorated.GREW:
            return Brought(How.CASES_ADDED)
        case Decorated.CHANGED:
            return Brought(How.CHANGED, note=note)


def _is_same(old: FunctionNode, new: FunctionNode) -> bool:
    return likeness.same_body(old, new) and cases.compare(old.decorator_list, new.decorator_list) in {
        Decorated.SAME,
        Decorated.MARKED,
    }


def _bases(owner: Class) -> list[str]:
    return [name for base in owner.node.bases if (name := syntax.last_name(base)) != "object"]
