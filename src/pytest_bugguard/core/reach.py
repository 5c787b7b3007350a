"""Which tests of a module reach a changed helper though their own text is the same?

Follows names from what changed to who mentions them, until no new name is found: ``CASES`` to the helper that reads it,
to the fixture that calls the helper, to the tests that ask for the fixture.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from pytest_bugguard.core import cases, mentions, outline, syntax
from pytest_bugguard.core.changes import ANY, Brought, Helpers
from pytest_bugguard.core.collect import Collector, NoNaming, Test
from pytest_bugguard.core.model import How
from pytest_bugguard.core.modules import Modules, NoTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.mentions import Mentions
    from pytest_bugguard.core.modules import Module
    from pytest_bugguard.core.outline import Class, Scope
    from pytest_bugguard.core.syntax import FunctionNode

_LIFE_CYCLE = frozenset(
    {
        *("setUp", "tearDown", "setUpClass", "tearDownClass", "asyncSetUp", "asyncTearDown"),
        *("setup", "teardown", "setup_method", "teardown_method", "setup_class", "teardown_class"),
        ANY,
    }
)
_LISTINGS = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.BinOp, ast.Name, ast.ListComp, ast.SetComp, ast.GeneratorExp)
"""What has a row more where something that it lists has one more."""
_ROW_BY_ROW = frozenset({"list", "tuple", "set", "frozenset", "sorted", "enumerate", "reversed"})
_MODULE_LIFE_CYCLE = frozenset(
    {"setUpModule", "tearDownModule", "setup_module", "teardown_module", "setup_function", "teardown_function"}
)


def tests(module: Module, helpers: Helpers, collector: Collector) -> Iterator[tuple[Test, Brought]]:
    """The tests that reach one of the helpers, each once, with how they are affected."""
    if helpers:
        yield from _Search(module, helpers, collector).run()


def tests_through_bases(module: Module, helpers: Helpers, collector: Collector) -> Iterator[tuple[Test, Brought]]:
    """The same, and whole classes that a base in another file sets up with one of the helpers."""
    if helpers:
        yield from _Search(module, helpers, collector, through_bases=True).run()


class _Search:
    def __init__(self, module: Module, helpers: Helpers, collector: Collector, *, through_bases: bool = False) -> None:
        self._module = module
        self._through_bases = through_bases
        self._collector = collector
        self._names = set(helpers.names)
        self._fixtures = set(helpers.fixtures)
        self._grown = set(helpers.grown)
        self._members = {owner: set(names) for owner, names in helpers.members.items()}
        self._tests = {owner: dict(tests) for owner, tests in helpers.tests.items()}
        self._everything = helpers.has_autouse or not _MODULE_LIFE_CYCLE.isdisjoint(helpers.names)
        self._known: dict[ast.AST, Mentions] = {}
        self._found: dict[str, tuple[Test, Brought]] = {}

    def run(self) -> Iterator[tuple[Test, Brought]]:
        size = -1
        while size != self._size():
            size = self._size()
            for scope in self._scopes():
                self._visit(scope)
        yield from self._found.values()

    def helpers(self) -> Helpers:
        """All that was found to be affected."""
        return Helpers(
            self._names, self._fixtures, self._members, self._grown, self._tests, has_autouse=self._everything
        )

    def _size(self) -> int:
        known = len(self._names) + len(self._fixtures) + len(self._grown) + len(self._found) + self._everything
        return known + sum(len(names) + 1 for names in (*self._members.values(), *self._tests.values()))

    def _scopes(self) -> Iterator[Scope]:
        if self._everything:
            yield from map(self._module.scope, self._module.pieces)
        else:
            yield from self._module.scopes_mentioning({*self._names, *self._fixtures, *self._members, *self._tests})

    def _visit(self, scope: Scope) -> None:
        for function in scope.functions.values():
            self._function(function)
        for name, statements in scope.values.items():
            if name != "pytestmark" and name not in self._names and any(map(self._refers, statements)):
                self._names.add(name)
                if all(self._reads_only_grown(statement) for statement in statements):
                    self._grown.add(name)
        for owner in scope.classes.values():
            self._class((owner,))

    def _function(self, function: FunctionNode) -> None:
        test = Test(self._module, (), function)
        is_affected = self._everything or self._is_affected(function)
        if self._collector.is_test(test):
            if is_affected:
                self._note(test)
        elif self._is_affected(function) or function.name in self._names & {outline.GENERATES_TESTS}:
            self._helper(function)

    def _helper(self, function: FunctionNode) -> None:
        if outline.is_fixture(function):
            self._fixtures.add(outline.fixture_name(function))
            self._everything |= outline.is_autouse(function)
        elif function.name == outline.GENERATES_TESTS:
            self._fixtures |= outline.generated(function)
        else:
            self._names.add(function.name)

    def _note(self, test: Test, brought: Brought | None = None) -> None:
        if test.nodeid not in self._found:
            self._found[test.nodeid] = (test, brought or Brought(self._how(test.function)))

    def _how(self, function: FunctionNode) -> How:
        """Cases were added where the only thing that is reached is a grown table in a decorator with cases."""
        tables = [decorator for decorator in function.decorator_list if cases.is_table(decorator)]
        reached = {name for table in tables for name in self._mentions(table).names} & self._names
        is_only_there = not self._refers(function.args) and not any(map(self._refers, function.body))
        return How.CASES_ADDED if reached and reached <= self._grown and is_only_there else How.HELPER_CHANGED

    def _reads_only_grown(self, statement: ast.stmt) -> bool:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Call) and syntax.last_name(value) in _ROW_BY_ROW:
            value = next(iter(value.args), None)
        return isinstance(value, _LISTINGS) and self._mentions(value).names & self._names <= self._grown

    def _mentions(self, tree: ast.AST) -> Mentions:
        known = self._known.get(tree)
        if known is None:
            known = self._known[tree] = mentions.of(tree)
        return known

    def _refers(self, tree: ast.AST) -> bool:
        """Whether a tree reads one of the names."""
        return not self._names.isdisjoint(self._mentions(tree).names)

    def _is_affected(self, function: FunctionNode) -> bool:
        found = self._mentions(function)
        if not self._fixtures.isdisjoint(found.parameters) or not self._fixtures.isdisjoint(found.texts):
            return True
        return bool((found.names & self._names) - found.stored - found.parameters)

    def _class(self, chain: tuple[Class, ...]) -> None:
        owner = chain[-1]
        members = self._members.setdefault(owner.name, set()) if self._is_concerned(owner) else set()
        self._values_and_bases(owner, members)
        size = -1
        while size != len(members):
            size = len(members)
            for function in owner.scope.functions.values():
                self._method(chain, function, members)
        if self._everything or self._is_all(owner, members):
            for function in owner.scope.functions.values():
                self._note_method(chain, function)
        self._inherited(chain, members)
        self._inherited_tests(chain)
        if members:
            self._members.setdefault(owner.name, set()).update(members)
            if not self._collector.is_collected(self._module, chain):
                self._names.add(owner.name)  # a helper class serves those who name it
        for inner in owner.scope.classes.values():
            self._class((*chain, inner))

    def _attributes(self, function: FunctionNode) -> set[str]:
        found = self._mentions(function)
        return found.attributes | found.parameters

    def _reads_member(self, function: FunctionNode, members: set[str]) -> bool:
        """``self.name``, ``cls.name``, ``Class.name``, or a fixture of the class that is asked for."""
        found = self._mentions(function)
        return not members.isdisjoint(found.attributes) or not members.isdisjoint(found.parameters)

    def _is_concerned(self, owner: Class) -> bool:
        return owner.name in self._members or any(syntax.last_name(base) in self._members for base in owner.node.bases)

    def _values_and_bases(self, owner: Class, members: set[str]) -> None:
        own = {*owner.scope.functions, *owner.scope.values}
        for base in map(syntax.last_name, owner.node.bases):
            members.update(name for name in self._members.get(base, ()) if name not in own)
            if base in self._names and base not in self._members:
                members.add(ANY)
        if any(map(self._refers, owner.node.decorator_list)) or self._asks_by_mark(owner):
            members.add(ANY)
        members.update(name for name, statements in owner.scope.values.items() if any(map(self._refers, statements)))

    def _asks_by_mark(self, owner: Class) -> bool:
        marks = [*owner.node.decorator_list, *owner.scope.values.get("pytestmark", ())]
        return any(not self._fixtures.isdisjoint(self._mentions(mark).texts) for mark in marks)

    def _method(self, chain: tuple[Class, ...], function: FunctionNode, members: set[str]) -> None:
        if not self._is_affected(function) and not self._reads_member(function, members):
            return
        if self._collector.is_test_name(self._module, chain[-1], function):
            self._note_method(chain, function)
        elif outline.is_fixture(function) and outline.is_autouse(function):
            members.add(ANY)
        else:
            members.add(function.name)

    def _note_method(self, chain: tuple[Class, ...], function: FunctionNode) -> None:
        test = Test(self._module, chain, function)
        if self._collector.is_test(test):
            self._note(test)

    def _is_all(self, owner: Class, members: set[str]) -> bool:
        """Whether every test of the class is affected: by its life cycle, or by what only a base class can use."""
        if not _LIFE_CYCLE.isdisjoint(members):
            return True
        if all(syntax.last_name(base) == "object" for base in owner.node.bases):
            return False
        if members and self._through_bases and self._is_set_up_with(owner, members):
            return True
        functions = owner.scope.functions
        helpers = {name for name in members if name not in functions or self._is_for_bases(owner, functions[name])}
        used = {name for function in functions.values() for name in self._attributes(function)}
        return bool(helpers - used - self._defined_in_file(owner))

    def _is_set_up_with(self, owner: Class, members: set[str]) -> bool:
        """Whether what a base does before each test uses one of the members: ``setUp`` that asks for ``get_app()``."""
        return any(
            name in _LIFE_CYCLE and not members.isdisjoint(self._mentions(function).attributes)
            for _, base in self._collector.modules.lineage(self._module, owner)[0][1:]
            for name, function in base.scope.functions.items()
        )

    def _is_for_bases(self, owner: Class, function: FunctionNode) -> bool:
        """Whether a method may be called by a base class: it is no test and no fixture."""
        is_test = self._collector.is_test_name(self._module, owner, function)
        return not is_test and not outline.is_fixture(function)

    def _defined_in_file(self, owner: Class) -> set[str]:
        """Names that a base class in the same file defines: who uses those can be seen."""
        names: set[str] = set()
        for _, base in self._collector.modules.lineage(self._module, owner)[0][1:]:
            names.update(base.scope.functions)
            names.update(base.scope.values)
            names.update(name for function in base.scope.functions.values() for name in self._attributes(function))
        return names

    def _inherited_tests(self, chain: tuple[Class, ...]) -> None:
        """The tests that came or changed in a base: its heirs have them unless they have their own."""
        owner = chain[-1]
        known = {
            name: brought
            for base in map(syntax.last_name, owner.node.bases)
            for name, brought in self._tests.get(base, {}).items()
            if name not in owner.scope.functions
        }
        if not known:
            return
        self._tests.setdefault(owner.name, {}).update(known)
        for test in self._collector.inherited(self._module, chain):
            if test.function.name in known:
                self._note(test, known[test.function.name])

    def _inherited(self, chain: tuple[Class, ...], members: set[str]) -> None:
        """Tests from a base that is not collected itself are told where they run."""
        if not members or not chain[-1].node.bases:
            return
        for test in self._collector.inherited(self._module, chain):
            if (
                test.function.name in members
                or not _LIFE_CYCLE.isdisjoint(members)
                or self._reads_member(test.function, members)
            ):
                self._note(test)


def widened(module: Module, helpers: Helpers) -> Helpers:
    """The helpers together with those of the same module that reach them."""
    search = _Search(module, helpers, Collector(NoNaming(), Modules([module], NoTree())))
    for _ in search.run():
        pass
    return search.helpers()
