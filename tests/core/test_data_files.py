"""Which tests read a data file that changed, wherever on the side of the tests they stand, and which do not."""

from __future__ import annotations

import textwrap

import pytest

from pytest_bugguard.core.model import How
from pytest_bugguard.core.testmap import map_tests
from tests.maps import FakeTree, changed, mapped

NEW = "tests/fixtures/rules/one.yml"
GENERATES = """
    def pytest_generate_tests(metafunc):
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", load("tests/fixtures/rules/*.yml"))

    def test_case(case):
        assert case

    def test_other(one):
        assert one
"""
LISTS = """
    import os

    def cases():
        return [name for name in os.listdir(os.path.join("tests", "fixtures", "rules"))]
"""
USES = """
    from ..conftest import cases

    CASES = cases()

    @pytest.mark.parametrize("case", CASES)
    def test_case(case):
        assert case

    def test_other(one):
        assert one
"""
FROM_ITS_PLACE = """
    RULES = Path(__file__).parent.parent / "fixtures" / "rules"

    @pytest.mark.parametrize("case", rules_in(RULES))
    def test_case(case):
        assert case

    @pytest.mark.parametrize("folder", [RULES])
    def test_other(folder):
        assert folder
"""
FIXTURE = """
    @pytest.fixture
    def case():
        return sorted(Path("tests/fixtures/rules").iterdir())

    def test_case(case):
        assert case
"""
BY_NAME = """
    HERE = Path(__file__).parent.parent / "fixtures/rules"

    def test_case():
        assert load(HERE / "one.yml")

    def test_other():
        assert load(HERE / "two.yml")
"""


def around(*, path: str = NEW, **files: str) -> list[tuple[str, How]]:
    """The tests that a new data file reaches, by their names."""
    tree = dict.fromkeys(("tests/fixtures/rules/two.yml", "tests/fixtures/custom/a.yml", "tests/unit/__init__.py"), "")
    tree |= {f"tests/{name.replace('__', '/')}.py": textwrap.dedent(text) for name, text in files.items()}
    found = map_tests([changed(path, None, "1")], tree=FakeTree({**tree, path: "1"}))
    return [(test.nodeid.rpartition("::")[2], test.change) for test in found.tests]


@pytest.mark.parametrize(
    ("files", "how"),
    [
        pytest.param({"unit__test_a": GENERATES}, How.CASES_ADDED, id="a-hook-of-the-module"),
        pytest.param({"conftest": LISTS, "unit__test_a": USES}, How.CASES_ADDED, id="a-helper-of-a-conftest"),
        pytest.param({"unit__test_a": FROM_ITS_PLACE}, How.CASES_ADDED, id="a-folder-given-to-a-decorator"),
        pytest.param({"unit__test_a": FIXTURE}, How.CASES_ADDED, id="a-fixture"),
        pytest.param({"unit__test_a": BY_NAME}, How.HELPER_CHANGED, id="by-its-name"),
    ],
)
def test_who_reads_a_file_is_found_wherever_it_stands(files: dict[str, str], how: How) -> None:
    """sqlfluff, pylint and many others keep their cases in folders far from the modules that run them."""
    assert around(**files) == [("test_case", how)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(FIXTURE.replace("fixtures/rules", "fixtures/custom"), id="another-folder"),
        pytest.param(FIXTURE.replace("fixtures/rules", "data/fixtures"), id="a-folder-of-the-same-name"),
        pytest.param(FIXTURE.replace('rules").iterdir()', 'rules/two.yml").iterdir()'), id="what-else-is-in-it"),
        pytest.param(FIXTURE.replace("fixtures/rules", "fixtures/custom/*"), id="all-of-another-one-in-one-above"),
        pytest.param(FIXTURE.replace(".iterdir()", ".read_text()"), id="it-takes-none"),
        pytest.param(FROM_ITS_PLACE.replace("parent.parent", "parent"), id="from-another-place"),
        pytest.param(BY_NAME.replace("one.yml", "three.yml"), id="another-name"),
        pytest.param("def test_case():\n    assert find('one.yml', 'rules')\n", id="a-name-that-may-be-anywhere"),
        pytest.param(FIXTURE.replace("fixture\n", "fixture(autouse=True)\n").replace("(case)", "()"), id="autouse"),
    ],
)
def test_who_reads_something_else_is_not(text: str) -> None:
    """A file that nobody is seen to read guards nothing."""
    assert around(unit__test_a=text) == []


def test_many_a_file_has_the_same_name() -> None:
    """``tasks/main.yml`` of one role is not that of another: it takes more of the path to tell."""
    text = "def test_case():\n    assert run('/etc/roles/{}/tasks/main.yml')\n"
    path = "tests/roles/shop/tasks/main.yml"
    assert around(path=path, unit__test_a=text.format("other")) == []
    assert around(path=path, unit__test_a=text.format("shop").replace("/etc/", "")) == [
        ("test_case", How.HELPER_CHANGED)
    ]


def test_a_hook_that_changed_reaches_the_tests_that_take_its_parameters() -> None:
    """In a module, and in a conftest for all below it."""
    old = "def pytest_generate_tests(metafunc):\n    metafunc.parametrize('n, case', CASES)\n\n"
    users = "def test_one(case):\n    assert case\n\ndef test_two(x):\n    assert x\n"
    new = old.replace("CASES", "MORE")
    assert [test.nodeid for test in mapped(changed("tests/test_a.py", old + users, new + users)).tests] == [
        "tests/test_a.py::test_one"
    ]
    found = mapped(changed("tests/conftest.py", old, new), tests__unit__test_b=users)
    assert [test.nodeid for test in found.tests] == ["tests/unit/test_b.py::test_one"]
