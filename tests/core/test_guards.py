"""Whether a test is held back by its decorators, and whether it asserts anything by what it calls."""

from __future__ import annotations

import ast
import textwrap

import pytest

from pytest_bugguard.core import guards, syntax


def function(text: str) -> syntax.FunctionNode:
    (found,) = ast.parse(textwrap.dedent(text)).body
    assert syntax.is_function(found)
    return found


@pytest.mark.parametrize(
    ("decorator", "why"),
    [
        ("mark.skip", "is skipped"),
        ("mark.skip('later')", "is skipped"),
        ("mark.skipif(True, reason='later')", "is skipped"),
        ("mark.skipif(condition=True, reason='later')", "is skipped"),
        ("mark.skipif(False, reason='later')", ""),
        ("mark.skipif('True', reason='text is run elsewhere')", ""),
        ("mark.skipif(WINDOWS, reason='later')", ""),
        ("unittest.skipIf(True, 'later')", "is skipped"),
        ("unittest.skipIf(False, 'later')", ""),
        ("unittest.skipUnless(False, 'later')", "is skipped"),
        ("unittest.skipUnless(True, 'later')", ""),
        ("unittest.expectedFailure", "is expected to fail"),
        ("mark.xfail", "is expected to fail"),
        ("mark.xfail(reason='later')", "is expected to fail"),
        ("mark.xfail(raises=KeyError)", "is expected to fail"),
        ("mark.xfail(True, reason='later')", "is expected to fail"),
        ("mark.xfail(condition=True, reason='later')", "is expected to fail"),
        ("mark.xfail(False, reason='later')", ""),
        ("mark.xfail(WINDOWS, reason='later')", ""),
        ("mark.xfail(condition=WINDOWS, reason='later')", ""),
        ("mark.parametrize('n', [])", "has no cases"),
        ("mark.parametrize('n', argvalues=[])", "has no cases"),
        ("mark.parametrize(argvalues=(), argnames='n')", "has no cases"),
        ("mark.parametrize('n', [1])", ""),
        ("mark.parametrize('n', ROWS)", ""),
        ("mark.slow", ""),
    ],
)
def test_a_decorator_holds_a_test_back(decorator: str, why: str) -> None:
    """As far as that can be read; what depends is left to the run."""
    assert guards.held_back([ast.parse(decorator, mode="eval").body]) == why


@pytest.mark.parametrize(
    ("test", "asserts"),
    [
        pytest.param("def test_one(self):\n    self.addCleanup(self.assertEqual, 1)", True, id="self-hands-it-over"),
        pytest.param("def test_one(cls):\n    run(cls.assert_paid)", True, id="its-class-hands-it-over"),
        pytest.param("def test_one(self):\n    run(shop.fail_over)", False, id="somebody-else-does"),
        pytest.param("def test_one(self):\n    run(shop().assert_paid)", False, id="what-is-returned-does"),
        pytest.param("def test_one(self):\n    run(self.paid)", True, id="a-method-that-asserts-is-handed-over"),
        pytest.param("def test_one(self):\n    run(self.size)", False, id="a-method-that-does-not"),
        pytest.param("def test_one(self):\n    run(shop.paid)", False, id="the-same-name-elsewhere"),
        pytest.param("@paid\ndef test_one(self):\n    run()", True, id="its-decorator-asserts"),
        pytest.param("@size\ndef test_one(self):\n    run()", False, id="its-decorator-does-not"),
    ],
)
def test_what_is_handed_over_may_assert(test: str, *, asserts: bool) -> None:
    """A helper may be called back, or called by a decorator's name."""
    helpers = {"paid": "def paid(self):\n    assert self.total", "size": "def size(self):\n    return 1"}

    def lookup(callee: ast.expr) -> list[guards.Helper]:
        name = syntax.last_name(callee)
        return [guards.Helper(function(helpers[name]), lookup)] if name in helpers else []

    assert guards.asserts_something(function(test), lookup) is asserts


@pytest.mark.parametrize(("depth", "asserts"), [(1, True), (4, True), (5, False)])
def test_an_assertion_is_looked_for_four_helpers_deep(depth: int, *, asserts: bool) -> None:
    """Each helper calls the next, and the last one asserts."""
    helpers = {f"help{at}": f"def help{at}():\n    help{at + 1}()" for at in range(1, depth)}
    helpers[f"help{depth}"] = f"def help{depth}():\n    assert pages"

    def lookup(callee: ast.expr) -> list[guards.Helper]:
        return [guards.Helper(function(helpers[syntax.last_name(callee)]), lookup)]

    assert guards.asserts_something(function("def test_one():\n    help1()"), lookup) is asserts
