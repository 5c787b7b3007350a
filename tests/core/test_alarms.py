"""What a test says of itself is heard only where it can run, and means something only where it looks outside."""

from __future__ import annotations

import ast
import textwrap

import pytest

from pytest_bugguard.core import alarms, guards, syntax


def function(body: str, head: str = "def test_one():") -> syntax.FunctionNode:
    """A test with this body."""
    (found,) = ast.parse(f"{head}\n{textwrap.indent(textwrap.dedent(body), '    ')}").body
    assert syntax.is_function(found)
    return found


@pytest.mark.parametrize(
    ("body", "is_heard"),
    [
        pytest.param("assert pages(1)", True, id="plain"),
        pytest.param("assert pages(1) or True", False, id="or-true"),
        pytest.param("assert pages(1) and True", True, id="and-true"),
        pytest.param("assert True and 1", False, id="true-and-true"),
        pytest.param("if False:\n    assert pages(1)", False, id="if-false"),
        pytest.param("if 0:\n    pass\nelse:\n    assert pages(1)", True, id="else-of-false"),
        pytest.param("if TYPE_CHECKING:\n    assert pages(1)", False, id="type-checking"),
        pytest.param("if pages:\n    assert pages(1)", True, id="if-something"),
        pytest.param("while False:\n    assert pages(1)", False, id="while-false"),
        pytest.param("while True:\n    assert pages(1)", True, id="while-true"),
        pytest.param("for _ in []:\n    assert pages(1)", False, id="for-nothing"),
        pytest.param("for _ in [1]:\n    assert pages(1)", True, id="for-something"),
        pytest.param("return\nassert pages(1)", False, id="after-return"),
        pytest.param("if pages:\n    return\nassert pages(1)", True, id="after-a-return-that-may-not-be"),
        pytest.param("raise StopIteration\nassert pages(1)", False, id="after-raise"),
        pytest.param("def check():\n    assert pages(1)", False, id="inner-function-nobody-calls"),
        pytest.param("def check():\n    assert pages(1)\ncheck()", True, id="inner-function"),
        pytest.param("@app.route\ndef check():\n    assert pages(1)", True, id="inner-function-handed-to-a-decorator"),
        pytest.param("try:\n    assert pages(1)\nexcept AssertionError:\n    pass", False, id="swallowed"),
        pytest.param("try:\n    assert pages(1)\nexcept:\n    ...", False, id="swallowed-with-all"),
        pytest.param(
            "try:\n    assert pages(1)\nexcept (KeyError, Exception):\n    pass", False, id="swallowed-in-a-tuple"
        ),
        pytest.param("try:\n    assert pages(1)\nexcept* Exception:\n    pass", False, id="swallowed-in-a-group"),
        pytest.param("try:\n    assert pages(1)\nexcept builtins.Exception:\n    pass", False, id="by-its-whole-name"),
        pytest.param("try:\n    assert pages(1)\nexcept KeyError:\n    pass", True, id="another-exception"),
        pytest.param(
            "try:\n    assert pages(1)\nexcept AssertionError:\n    raise\nexcept Exception:\n    pass",
            True,
            id="raised-again-before-all-is-swallowed",
        ),
        pytest.param(
            "try:\n    assert pages(1)\nexcept KeyError:\n    raise\nexcept Exception:\n    pass",
            False,
            id="another-one-is-raised-again",
        ),
        pytest.param(
            "try:\n    pages(1)\n    pytest.fail('no')\nexcept Exception:\n    pass",
            True,
            id="pytests-failure-is-no-exception",
        ),
        pytest.param(
            "try:\n    with pytest.raises(E):\n        pages(1)\nexcept Exception:\n    pass",
            True,
            id="nor-is-that-of-raises",
        ),
        pytest.param(
            "try:\n    pages(1)\n    pytest.fail('no')\nexcept BaseException:\n    pass",
            False,
            id="pytests-failure-is-swallowed-with-all",
        ),
        pytest.param(
            "try:\n    pages(1)\n    pytest.fail('no')\nexcept (KeyError, BaseException):\n    pass",
            False,
            id="pytests-failure-is-swallowed-in-a-tuple",
        ),
        pytest.param("try:\n    pages(1)\n    fail('no')\nexcept:\n    pass", False, id="swallowed-without-a-name"),
        pytest.param(
            "try:\n    pages(1)\n    self.fail('no')\nexcept Exception:\n    pass",
            False,
            id="unittests-failure-is-an-exception",
        ),
        pytest.param("with suppress(Exception):\n    pages(1)\n    pytest.fail('no')", True, id="let-through"),
        *(
            pytest.param(f"try:\n    assert pages(1)\n    {body}\nexcept {kind}:\n    pass", False, id=f"{body}-{kind}")
            for body, kind in (
                ("if False:\n        pytest.fail('no')", "Exception"),
                ("for x in []:\n        pytest.fail('no')", "Exception"),
                ("def late():\n        pytest.fail('no')", "Exception"),
                ("with suppress(BaseException):\n        pytest.fail('no')", "Exception"),
                ("pytest.fail('no')", "(Exception, pytest.fail.Exception)"),
                ("pytest.fail('no')", "(Exception, Failed)"),
                ("job.fail('no')", "Exception"),
                ("job.warns()", "Exception"),
            )
        ),
        pytest.param(
            "try:\n    assert pages(1)\nexcept AssertionError:\n    if 0:\n        raise\nexcept Exception:\n    pass",
            False,
            id="never-raised-again",
        ),
        pytest.param("with suppress(BaseException):\n    pages(1)\n    pytest.fail('no')", False, id="all-suppressed"),
        pytest.param(
            "with suppress(Exception):\n    pages(1)\n    return\n    pytest.fail('no')",
            False,
            id="let-through-and-never-run",
        ),
        pytest.param("try:\n    raises(E)\nexcept fail.Exception:\n    pass", True, id="a-class-called-exception"),
        pytest.param(
            "try:\n    assert pages(1)\nexcept Exception as e:\n    kept.append(e)", True, id="kept-for-later"
        ),
        pytest.param("try:\n    pages(1)\nexcept Exception:\n    pass\nelse:\n    assert 0", True, id="else-of-try"),
        pytest.param("try:\n    pages(1)\nfinally:\n    assert closed()", True, id="finally"),
        pytest.param("with suppress(AssertionError):\n    assert pages(1)", False, id="suppressed"),
        pytest.param("with suppress(OSError):\n    assert pages(1)", True, id="something-else-suppressed"),
    ],
)
def test_an_assertion_counts_where_it_can_run_and_is_heard(body: str, is_heard: bool) -> None:
    """By its form alone; what may run is taken to run."""
    assert guards.asserts_something(function(body), lambda _: None) is is_heard


def test_helpers_that_call_each_other_are_looked_into_once() -> None:
    """Ten that all call all of them would else be walked through ten times ten times ten times."""
    names = [f"step{number}" for number in range(10)]
    calls = "\n".join(f"{name}()" for name in names)
    helpers = {name: function(calls, head=f"def {name}():") for name in names}
    asked = 0

    def lookup(callee: ast.expr) -> list[guards.Helper]:
        nonlocal asked
        asked += 1
        return [guards.Helper(helpers[syntax.last_name(callee)], lookup)]

    assert not guards.asserts_something(function(calls), lookup)
    assert asked < 5 * len(names) ** 2  # of 11,110


def test_a_helper_is_looked_into_again_from_nearer_by() -> None:
    """What was met at the end of a long way may lead further than it was followed."""
    helpers = {"d": "e()", "e": "assert pages(1)", "a": "b()", "b": "c()", "c": "d()"}
    nodes = {name: function(body, head=f"def {name}():") for name, body in helpers.items()}

    def lookup(callee: ast.expr) -> list[guards.Helper]:
        return [guards.Helper(nodes[syntax.last_name(callee)], lookup)]

    assert guards.asserts_something(function("a()\nd()"), lookup)


@pytest.mark.parametrize(
    ("body", "head", "looks"),
    [
        pytest.param("assert 1 + 1 == 2", "def test_one():", False, id="arithmetic"),
        pytest.param("x = 1\nassert x == x", "def test_one():", False, id="own-variable"),
        pytest.param("assert len('abc') == 3", "def test_one():", False, id="builtin"),
        pytest.param("assert [n for n in range(3)]", "def test_one():", False, id="comprehension"),
        pytest.param("def f(y):\n    return y\nassert f(1) == 1", "def test_one(self):", False, id="own-function"),
        pytest.param(
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    assert e", "def test_one():", False, id="own-error"
        ),
        pytest.param("assert pages(1) == 1", "def test_one():", True, id="name-of-the-module"),
        pytest.param("assert client.get() == 1", "def test_one(client):", True, id="fixture"),
        pytest.param("assert 1", "def test_one(client):", True, id="fixture-that-may-look"),
        pytest.param("assert self.client.get() == 1", "def test_one(self):", True, id="self"),
        pytest.param("import shop\nassert 1", "def test_one():", True, id="import"),
        pytest.param("assert eval('1 + 1') == 2", "def test_one():", True, id="code-in-a-text"),
        pytest.param("assert open('x').read() == ''", "def test_one():", True, id="file"),
    ],
)
def test_a_test_has_to_look_at_something_besides_itself(body: str, head: str, looks: bool) -> None:
    """Whatever may reach the product counts: a name, a fixture, an import, a file, code in a text."""
    assert alarms.looks_outside(function(body, head)) is looks
