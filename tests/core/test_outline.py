"""What a module defines, wherever in it that stands."""

from __future__ import annotations

import ast
import textwrap

import pytest

from pytest_bugguard.core import outline
from pytest_bugguard.core.outline import Imported


def statements(text: str) -> list[ast.stmt]:
    return ast.parse(textwrap.dedent(text)).body


def function(text: str) -> ast.FunctionDef:
    (found,) = statements(text)
    assert isinstance(found, ast.FunctionDef)
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("if LINUX:\n    def page(): ...", id="if"),
        pytest.param("if LINUX:\n    pass\nelse:\n    def page(): ...", id="else"),
        pytest.param("if LINUX:\n    pass\nelif MAC:\n    def page(): ...", id="elif"),
        pytest.param("try:\n    def page(): ...\nexcept E:\n    pass", id="try"),
        pytest.param("try:\n    pass\nexcept E:\n    def page(): ...", id="except"),
        pytest.param("try:\n    pass\nexcept* E:\n    def page(): ...", id="except-group"),
        pytest.param("try:\n    pass\nexcept E:\n    pass\nelse:\n    def page(): ...", id="else-of-try"),
        pytest.param("try:\n    pass\nfinally:\n    def page(): ...", id="finally"),
        pytest.param("with warnings():\n    def page(): ...", id="with"),
        pytest.param("for n in NAMES:\n    def page(): ...", id="for"),
        pytest.param("for n in NAMES:\n    pass\nelse:\n    def page(): ...", id="else-of-for"),
        pytest.param("while True:\n    def page(): ...", id="while"),
        pytest.param("if LINUX:\n    try:\n        pass\n    except E:\n        def page(): ...", id="further-in"),
    ],
)
def test_a_function_is_found_in_every_block(text: str) -> None:
    """It is defined for the whole module all the same."""
    assert [*outline.read(statements(text)).functions] == ["page"]


def test_a_block_is_read_once() -> None:
    """A value that is altered in an exception's block is altered once."""
    scope = outline.read(statements("try:\n    ROWS = []\nexcept E:\n    ROWS.append(1)\nfinally:\n    ROWS += [2]"))
    assert [type(one) for one in scope.values["ROWS"]] == [ast.Assign, ast.Expr, ast.AugAssign]


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("import a.b", {"a": Imported("a", None)}),
        ("import a.b as c", {"c": Imported("a.b", None)}),
        ("from a.b import c as d, e", {"d": Imported("a.b", "c"), "e": Imported("a.b", "e")}),
        ("from .. import c", {"c": Imported("", "c", 2)}),
    ],
)
def test_an_imported_name_knows_where_it_comes_from(text: str, imports: dict[str, Imported]) -> None:
    """Under the name that it has here."""
    assert outline.read(statements(text)).imports == imports


@pytest.mark.parametrize(
    ("decorator", "is_autouse"),
    [
        ("@fixture", False),
        ("@fixture(autouse=True)", True),
        ("@fixture(autouse=ALWAYS)", True),
        ("@fixture(autouse=False)", False),
        ("@fixture(name='page')", False),
        ("@fixture(scope='module', autouse=True)", True),
        ("@autouse", False),
    ],
)
def test_a_fixture_is_used_by_all_where_it_is_not_said_to_be_none(decorator: str, *, is_autouse: bool) -> None:
    """What is asked when it runs may be true."""
    assert outline.is_autouse(function(f"{decorator}\ndef page(): ...")) is is_autouse


@pytest.mark.parametrize(
    ("decorators", "name"),
    [
        ("@fixture", "page"),
        ("@fixture(name='leaf')", "leaf"),
        ("@fixture(scope='module', name='leaf')", "leaf"),
        ("@fixture(scope='module')", "page"),
        ("@fixture(name=LEAF)", "page"),
        ("@fixture(name=7)", "page"),
        ("@slow\n@fixture(name='leaf')", "leaf"),
        ("@slow('leaf')\n@fixture", "page"),
    ],
)
def test_a_fixture_has_the_name_that_it_is_given(decorators: str, name: str) -> None:
    """As far as it can be read."""
    assert outline.fixture_name(function(f"{decorators}\ndef page(): ...")) == name


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("metafunc.parametrize('a, b', ROWS)", {"a", "b"}),
        ("metafunc.parametrize(['a', 'b'], ROWS)", {"a", "b"}),
        ("metafunc.parametrize('a', ['one', 'two'])", {"a"}),
        ("metafunc.parametrize(argvalues=['one'], argnames='a')", {"a"}),
        ("if 'a' in metafunc.fixturenames:\n        metafunc.parametrize('a b'.split(), ROWS)", {"a b"}),
        ("print('a')", set()),
        ("metafunc.parametrize(1, ROWS)", set()),
    ],
)
def test_a_hook_gives_values_to_the_parameters_that_stand_in_it(body: str, names: set[str]) -> None:
    """One argument alone names them, first or by its name."""
    hook = function(f"def pytest_generate_tests(metafunc):\n    {body}")
    assert outline.generated(hook) == names
