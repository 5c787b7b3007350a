"""Which functions would pytest collect as tests? By names, bases and ``__test__``; nothing is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pytest_bugguard.core import alarms, cases, collection, guards, outline, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.modules import Module, Modules, Tree
    from pytest_bugguard.core.outline import Class, Scope
    from pytest_bugguard.core.syntax import FunctionNode

_UNITTEST_BASE = re.compile(r"(?:Test|Tests|Case)$")
LeftOut = Callable[[str], Iterable[str]]
"""Patterns of what the conftest files above a path keep out of the collection."""

_NO_TESTS = frozenset({"property", "cached_property", "nottest", "overload"})


class Naming(Protocol):
    """By which names a project knows its tests."""

    def is_test_file(self, path: str) -> bool:
        """Whether a Python file is a module of tests."""

    def is_for_unittest_alone(self, path: str) -> bool:
        """Whether unittest alone looks for tests in a test file."""

    def is_passed_over(self, path: str) -> bool:
        """Whether pytest passes a file over on its way."""

    def why_not_collected(self, path: str, tree: Tree, patterns: LeftOut) -> str:
        """Why pytest never collects the tests of a file; empty where it does."""

    def is_test_class(self, name: str) -> bool:
        """Whether pytest collects a class of this name."""

    def is_test_function(self, name: str) -> bool:
        """Whether pytest collects a function or method of this name."""


class NoNaming:
    """Nothing is a test: for modules that hold only helpers."""

    def is_test_file(self, path: str) -> bool:
        """No."""
        del path
        return False

    is_passed_over = is_for_unittest_alone = is_test_file

    def why_not_collected(self, path: str, tree: Tree, patterns: LeftOut) -> str:
        """Nothing that is no test has to be told why."""
        del path, tree, patterns
        return ""

    def is_test_class(self, name: str) -> bool:
        """No."""
        del name
        return False

    is_test_function = is_test_class


class Test(Struct, frozen=True):
    """A function that is collected, with the classes around it."""

    __test__ = False

    module: Module
    chain: tuple[Class, ...]
    function: FunctionNode
    origin: Module | None = None
    """Where its classes stand, if the module that collects them only imports them."""

    @property
    def qualname(self) -> str:
        """``Class::method``."""
        return "::".join([*(owner.name for owner in self.chain), self.function.name])

    @property
    def nodeid(self) -> str:
        """``path::Class::method``."""
        return f"{self.module.path}::{self.qualname}"


class Collector:
    """Tells tests from helpers."""

    def __init__(self, naming: Naming, modules: Modules, left_out: LeftOut | None = None) -> None:
        """``left_out``: what conftest files say of a path; read from the tree where it is not given."""
        self._naming = naming
        self._left_out = left_out or partial(collection.left_out, tree=modules.tree)
        self.modules = modules
        self._unittest: dict[tuple[str, str], bool] = {}
        self._collected: dict[ast.ClassDef, bool] = {}
        self._held_modules: dict[Module, str] = {}
        self._not_collected: dict[str, str] = {}

    def is_test(self, test: Test) -> bool:
        """Whether a function is collected where it stands."""
        name = test.function.name
        if not test.chain:
            is_named = self._naming.is_test_function(name) and not self._naming.is_for_unittest_alone(test.module.path)
            return is_named and _is_no_helper(test.function)
        return self.is_test_name(test.module, test.chain[-1], test.function) and self.is_collected(
            test.module, test.chain
        )

    def is_test_somewhere(self, test: Test) -> bool:
        """Whether a function is collected where it stands, or where a class inherits it."""
        if not test.chain:
            return self.is_test(test)
        return self.is_test_name(test.module, test.chain[-1], test.function)

    def opens(self, module: Module) -> bool:
        """Whether pytest looks for tests in a module at all."""
        return self._naming.is_test_file(module.path)

    def is_test_name(self, module: Module, owner: Class, function: FunctionNode) -> bool:
        """Whether a method would be a test if its class is collected."""
        is_named = function.name.startswith("test") or self._naming.is_test_function(function.name)
        if not is_named or not _is_no_helper(function):
            return False
        return self._naming.is_test_function(function.name) or self.is_unittest(module, owner)

    def is_collected(self, module: Module, chain: tuple[Class, ...]) -> bool:
        """Whether the tests in a class are collected, and so is every class around it."""
        for owner in chain:
            if owner.node not in self._collected:
                self._collected[owner.node] = self._is_collected(module, owner)
        return all(self._collected[owner.node] for owner in chain)

    def _is_collected(self, module: Module, owner: Class) -> bool:
        if _is_switched_off(owner.scope.values.get("__test__", ())):
            return False
        if self.is_unittest(module, owner):
            return True
        if self._naming.is_for_unittest_alone(module.path):
            return False
        return self._naming.is_test_class(owner.name) and not self._has_constructor(module, owner)

    def _has_constructor(self, module: Module, owner: Class) -> bool:
        if "__init__" in owner.scope.functions or "__new__" in owner.scope.functions:
            return True
        if not module.may_construct(owner.name):
            return False
        whole = module.class_named(owner.name)
        return whole is not None and "__init__" in whole.scope.functions

    def is_unittest(self, module: Module, owner: Class) -> bool:
        """Whether a class is a ``unittest.TestCase``, as far as its bases can be followed."""
        key = (module.path, owner.name)
        if key not in self._unittest:
            self._unittest[key] = False  # a class that is its own base
            self._unittest[key] = any(self._is_unittest_base(module, base) for base in owner.node.bases)
        return self._unittest[key]

    def _is_unittest_base(self, module: Module, base: ast.expr) -> bool:
        name = syntax.last_name(base)
        if name.endswith("TestCase"):
            return True
        if name in {"object", ""}:
            return False
        found = self.modules.base(module, base)
        return self.is_unittest(*found) if found else _UNITTEST_BASE.search(name) is not None

    def tests(self, module: Module, scope: Scope, chain: tuple[Class, ...] = ()) -> Iterator[Test]:
        """Every test that a scope defines itself, nested classes included."""
        for function in scope.functions.values():
            test = Test(module, chain, function)
            if self.is_test(test):
                yield test
        for owner in scope.classes.values():
            yield from self.tests(module, owner.scope, (*chain, owner))

    def inherited(self, module: Module, chain: tuple[Class, ...]) -> Iterator[Test]:
        """The tests that a collected class has from its bases."""
        owner = chain[-1]
        if not owner.node.bases or not self.is_collected(module, chain):
            return
        known = set(owner.scope.functions)
        for _, base in self.modules.lineage(module, owner)[0][1:]:
            for name, function in base.scope.functions.items():
                if name not in known and self.is_test_name(module, owner, function):
                    known.add(name)
                    yield Test(module, chain, function)

    def why_not(self, test: Test) -> str:
        """Why a test may not guard anything; empty where it may."""
        if guards.is_empty(test.function):
            return "is empty"
        if reason := self._held_back(test):
            return reason
        if not guards.asserts_something(test.function, Lookup.of(self.modules, test)):
            return "has no assertion"
        if not alarms.looks_outside(test.function):
            return "looks at nothing but itself"
        return self._why_not_collected(test.module.path)

    def _why_not_collected(self, path: str) -> str:
        if path not in self._not_collected:
            self._not_collected[path] = self._naming.why_not_collected(path, self.modules.tree, self._left_out)
        return self._not_collected[path]

    def _held_back(self, test: Test) -> str:
        if guards.skips_itself(test.function):
            return "is skipped"
        if reason := guards.held_back(
            [self._meant(test.origin or test.module, one) for one in test.function.decorator_list]
        ):
            return reason
        for owner in test.chain:
            marks = cases.marks(_on_every_run(owner.scope.values.get("pytestmark", ()), owner.node.body))
            if reason := guards.held_back([*owner.node.decorator_list, *marks]):
                return f"{reason} (with all of {owner.name})"
        if test.module not in self._held_modules:
            self._held_modules[test.module] = self._held_with_all(test.module)
        return self._held_modules[test.module]

    def _held_with_all(self, module: Module) -> str:
        reason = guards.held_back(cases.marks(self._module_marks(module)))
        if not reason and _skips_itself(module):
            reason = "is skipped"
        return f"{reason} (with the whole module)" if reason else ""

    def _meant(self, module: Module, decorator: ast.expr) -> ast.expr:
        """What a decorator stands for, where the module gives a mark a name: ``later = pytest.mark.skip``."""
        scope = module.scope_of(decorator.id) if isinstance(decorator, ast.Name) else None
        match scope.values.get(decorator.id, ()) if scope and isinstance(decorator, ast.Name) else ():
            case [ast.Assign(value=value)]:
                return value
            case _:
                return decorator

    def _module_marks(self, module: Module) -> Iterable[ast.stmt]:
        scope = module.scope_of("pytestmark") if module.mentions("pytestmark") else None
        if scope is None:
            return ()
        return _on_every_run(scope.values.get("pytestmark", ()), [*module.statements_near("pytestmark")])


class Lookup:
    """Finds the helpers on the test side that a function calls; product code's own asserts are none of the test's."""

    def __init__(self, modules: Modules, module: Module, owner: Class | None, function: FunctionNode) -> None:
        self._modules = modules
        self._module = module
        self._owner = owner
        self._classes = {name.arg: name.annotation for name in function.args.args if name.annotation is not None}
        """Of the parameters that say what they are."""

    @classmethod
    def of(cls, modules: Modules, test: Test) -> Lookup:
        """What a test calls."""
        return cls(modules, test.origin or test.module, test.chain[-1] if test.chain else None, test.function)

    def __call__(self, callee: ast.expr) -> Iterable[guards.Helper]:
        """The functions that a called expression may mean."""
        root, _, rest = syntax.dotted(callee).partition(".")
        if root in self._classes and rest:
            root, _, rest = f"{syntax.dotted(self._classes[root])}.{rest}".partition(".")
        if root in {"self", "cls", "super"} and self._owner is not None and rest and "." not in rest:
            return self._method(self._owner, rest, above=root == "super")
        return self._function(root, rest) if root else ()

    def _method(self, owner: Class, name: str, *, above: bool) -> Iterable[guards.Helper]:
        whole = self._module.class_named(owner.name) or owner
        found = self._modules.method(self._module, whole, name, above=above)
        return self._found([found] if found else [], self._module, owner)

    def _function(self, root: str, rest: str) -> Iterable[guards.Helper]:
        scope = self._module.scope_of(root)
        if scope is None:
            return ()
        if root in scope.imports:
            return self._imported(scope.imports[root], rest)
        return self._defined(self._module, scope, root) if root in scope.classes or not rest else ()

    def _imported(self, source: outline.Imported, rest: str) -> Iterable[guards.Helper]:
        if not _may_be_helper(source):
            return ()
        target = self._modules.imported(self._module, source)
        if target is None:
            return ()
        module, name = target[0], target[1] or rest.partition(".")[0]
        place = self._modules.defined(module, name) if name else None
        return self._defined(*place) if place is not None else ()

    def _defined(self, module: Module, scope: Scope, name: str) -> Iterable[guards.Helper]:
        """A function, or each method of a class."""
        if name in scope.functions:
            return self._found([scope.functions[name]], module, None)
        owner = scope.classes.get(name)
        return self._found(owner.scope.functions.values(), module, owner) if owner else ()

    def _found(self, functions: Iterable[FunctionNode], module: Module, owner: Class | None) -> Iterable[guards.Helper]:
        return [guards.Helper(one, Lookup(self._modules, module, owner, one)) for one in functions]


def _on_every_run(statements: Iterable[ast.stmt], body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that stand in a body itself: what stands in an ``if`` may hold on another platform alone."""
    return (statement for statement in statements if statement in body)


def _may_be_helper(source: outline.Imported) -> bool:
    """Whether an import may come from the test side: a relative one, or one that says so in its name."""
    words = f"{source.module}.{source.name}".lower()
    return source.level > 0 or any(
        word in words for word in ("test", "util", "helper", "support", "common", "conftest")
    )


def _is_no_helper(function: FunctionNode) -> bool:
    return not outline.is_fixture(function) and not any(
        syntax.last_name(decorator) in _NO_TESTS for decorator in function.decorator_list
    )


def _skips_itself(module: Module) -> bool:
    """Whether a module is skipped as it is imported, or says that it holds no tests."""
    if module.mentions("__test__"):
        scope = module.scope_of("__test__")
        if scope is not None and _is_switched_off(scope.values.get("__test__", ())):
            return True
    return any(
        isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and syntax.last_name(one.value) == "skip"
        for one in module.statements_near("allow_module_level")
    )


def _is_switched_off(statements: Iterable[ast.stmt]) -> bool:
    return any(
        isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant) and not statement.value.value
        for statement in statements
    )
