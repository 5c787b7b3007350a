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
TWO = "'tests', 'fixtures', 'rules', 'two.yml'"
TABLE = """
    ROWS = [load(RULES / name) for name in ("two.yml",)]
"""
BY_NAME = """
    HERE = Path(__file__).parent.parent / "fixtures/rules"

    def test_case():
        assert load(HERE / "one.yml")

    def test_other():
        assert load(HERE / "two.yml")
"""


def around(*, path: str = NEW, top: str = "tests", **files: str) -> list[tuple[str, How]]:
    """The tests that a new data file reaches, by their names."""
    others = ("tests/fixtures/rules/two.yml", "tests/fixtures/custom/a.yml", "tests/unit/__init__.py")
    tree = dict.fromkeys(others, "")
    tree |= {f"{top}/{name.replace('__', '/')}.py": textwrap.dedent(text) for name, text in files.items()}
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
        pytest.param(FROM_ITS_PLACE.replace("in(RULES)", "in(RULES / 'two.yml')"), id="what-else-is-in-a-named-one"),
        pytest.param(FROM_ITS_PLACE.replace("in(RULES)", f"in(join({TWO}))"), id="one-file-in-parts"),
        pytest.param(FROM_ITS_PLACE.replace("_in(RULES)", "_in(realpath(RULES) + '/two.yml')"), id="what-is-added"),
        pytest.param(FROM_ITS_PLACE.replace("in(RULES)", "in(ROWS)") + TABLE, id="a-table-of-what-else-is-in-it"),
        pytest.param(BY_NAME.replace("one.yml", "three.yml"), id="another-name"),
        pytest.param(BY_NAME.replace("one.yml", "old/one.yml"), id="the-same-name-further-down"),
        pytest.param("def test_case():\n    assert find('one.yml', 'rules')\n", id="a-name-that-may-be-anywhere"),
        pytest.param(FIXTURE.replace("fixture\n", "fixture(autouse=True)\n").replace("(case)", "()"), id="autouse"),
    ],
)
def test_who_reads_something_else_is_not(text: str) -> None:
    """A file that nobody is seen to read guards nothing."""
    assert around(unit__test_a=text) == []


def taken(folder: str) -> str:
    """A test of whatever is in a folder, which is named so."""
    return f"""
        RULES = Path("tests/fixtures/rules")
        HERE = Path(__file__).resolve().parent.parent

        def test_case():
            for case in os.listdir({folder}):
                assert case
    """


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param('"./tests/fixtures/rules"', id="from-where-pytest-runs"),
        pytest.param('ROOT.parent / "tests/fixtures/rules"', id="from-above-somewhere-else"),
        pytest.param('dirname(dirname(__file__)) + "/fixtures/rules"', id="up-by-dirname"),
        pytest.param('join(dirname(__file__), "../fixtures/rules")', id="up-by-two-dots"),
        pytest.param('join(dirname(__file__), "..", "fixtures", "rules")', id="up-by-two-dots-alone"),
        pytest.param('join(dirname(__file__), os.pardir, "fixtures", "rules")', id="up-by-the-name-of-two-dots"),
        pytest.param('Path(__file__).parents[1] / "fixtures" / "rules"', id="up-by-number"),
        pytest.param('f"{dirname(__file__)}/../fixtures/rules"', id="up-in-a-text"),
        pytest.param('dirname(HERE) + os.sep + "tests/fixtures/rules"', id="with-the-separator"),
        pytest.param('both(["tests/fixtures/rules"] + MORE)', id="in-one-of-two-lists"),
        pytest.param('os.sep.join(["tests", "fixtures", "rules"])', id="by-a-list-of-names"),
        pytest.param('Path(*("tests", "fixtures", "rules"))', id="by-names-that-are-spread"),
        pytest.param('below("tests", "fixtures", "rules")', id="by-a-helper-that-joins"),
        pytest.param("RULES", id="by-a-name-of-the-module"),
        pytest.param('HERE / "fixtures" / "rules"', id="below-a-name-of-the-module"),
    ],
)
def test_a_folder_is_known_however_the_way_to_it_is_written(folder: str) -> None:
    """``os.path`` and ``pathlib`` have many, from the top or from the module's own place."""
    assert around(unit__test_a=taken(folder)) == [("test_case", How.CASES_ADDED)]


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param('RULES / "two.yml"', id="what-else-is-in-it"),
        pytest.param('RULES / "old"', id="a-folder-in-it"),
        pytest.param('join("tests", "fixtures", "rules", "old")', id="a-folder-in-it-by-parts"),
        pytest.param("OLD_RULES", id="a-name-that-ends-alike"),
        pytest.param("(place := place) or folder_of(place)", id="a-name-that-stands-for-itself"),
        pytest.param('glob("tests/fixtures", "custom/*.yml")', id="all-of-its-neighbour"),
        pytest.param('glob("tests/fixtures/rules/old/*.yml", within("rules"))', id="all-of-one-below"),
    ],
)
def test_who_takes_what_lies_beside_it_takes_no_new_file(folder: str) -> None:
    """Only all that is in a folder is whatever comes into it."""
    assert around(unit__test_a=taken(folder)) == []


@pytest.mark.parametrize(
    ("folder", "is_taken"),
    [
        pytest.param('place / "rules"', True, id="the-folder"),
        pytest.param('place / "rules" / "old"', False, id="one-in-it"),
        pytest.param('place / "rules" / "two.yml"', False, id="what-else-is-in-it"),
    ],
)
def test_what_has_a_name_counts_where_it_is_used(folder: str, is_taken: bool) -> None:
    """Who begins a way does not mean the folder that it leads through."""
    text = f"""
        def test_case():
            place = Path(__file__).parents[1] / "fixtures"
            assert list(({folder}).iterdir())
    """
    assert around(unit__test_a=text) == ([("test_case", How.CASES_ADDED)] if is_taken else [])


@pytest.mark.parametrize(
    ("path", "top", "module", "folder"),
    [
        pytest.param("shop/tests/fixtures/rules/one.yml", "shop/tests", "unit__test_a", '"tests/fixtures/rules"',
                     id="tests-of-a-package"),
        pytest.param("tests/unit/fixtures/rules/one.yml", "tests", "unit__deep__test_a",
                     'Path(__file__).parent.parent / "fixtures" / "rules"', id="a-folder-of-a-folder"),
    ],
)  # fmt: skip
def test_the_tests_of_a_part_have_folders_of_their_own(path: str, top: str, module: str, folder: str) -> None:
    """A way begins where the tests do, or where the module stands."""
    assert around(path=path, top=top, **{module: taken(folder)}) == [("test_case", How.CASES_ADDED)]


@pytest.mark.parametrize(
    ("asked", "is_read"),
    [
        pytest.param('load(f"{ROOT}/fixtures/rules/one.yml")', True, id="below-something"),
        pytest.param('load("../fixtures/rules/one.yml")', True, id="from-a-folder-beside-it"),
        pytest.param('load("./fixtures/rules/one.yml")', True, id="from-its-top"),
        pytest.param('load(Path("tests/fixtures/rules") / "one.yml")', True, id="in-its-folder"),
        pytest.param('load("tests/fixtures/rules", "one.yml")', True, id="beside-its-folder"),
        pytest.param('load(join(dirname(__file__), "..", "fixtures", "rules", "one.yml"))', True, id="by-parts"),
        pytest.param('load(join("tests", "fixtures", "rules", "old", "one.yml"))', False, id="further-down"),
        pytest.param('load("rules/one.yml")', False, id="too-little-to-tell"),
        pytest.param('load(HERE / "three.yml")  # not one.yml', False, id="in-a-comment"),
    ],
)
def test_a_name_counts_with_the_place_that_is_written_with_it(asked: str, is_read: bool) -> None:
    """Three names at the end of its path, or the folder beside it."""
    text = "HERE = Path('tests/fixtures/rules')\n" if "HERE" in asked else ""
    assert around(unit__test_a=f"{text}def test_case():\n    assert {asked}\n") == (
        [("test_case", How.HELPER_CHANGED)] if is_read else []
    )


def test_a_file_is_known_from_where_its_reader_stands() -> None:
    """Without the name of the folder that both are in."""
    text = "def test_case():\n    assert run(Path(__file__).parent.parent / 'tasks' / 'main.yml')\n"
    files = {"roles__conftest": "", "roles__shop__setup": "", "roles__shop__checks__test_a": text}
    assert around(path="tests/roles/shop/tasks/main.yml", **files) == [("test_case", How.HELPER_CHANGED)]
    assert around(path="tests/roles/other/tasks/main.yml", **files) == []


@pytest.mark.parametrize(
    ("path", "body", "how"),
    [
        pytest.param(NEW, 'assert "one.yml" in found()', How.HELPER_CHANGED, id="name"),
        pytest.param(NEW, 'assert load("one")', How.HELPER_CHANGED, id="name-without-its-ending"),
        pytest.param("tests/fixtures/rules/ab.yml", 'assert load("ab")', How.HELPER_CHANGED, id="two-letters"),
        pytest.param("tests/fixtures/rules/b.yml", 'assert load("b")', None, id="one-letter-may-be-anything"),
        pytest.param(NEW, f'assert page() == "{"x" * 400}/one.yml"', None, id="a-long-text-is-no-path"),
        pytest.param(NEW, 'assert all(load("rules"))', How.CASES_ADDED, id="folder"),
        pytest.param(NEW, 'assert load("rules", "two.yml")', None, id="another-file-of-it"),
        pytest.param(NEW, 'assert all(one == "two.yml" or run(one) for one in load("rules"))', How.CASES_ADDED,
                     id="all-but-another-one"),
        pytest.param(NEW, 'assert all("two.yml" == one or run(one) for one in load("rules"))', How.CASES_ADDED,
                     id="the-other-way-round"),
    ],
)  # fmt: skip
def test_a_test_above_the_file_may_say_less(path: str, body: str, how: How | None) -> None:
    """Its name, or that of its folder, is enough; what a name is compared with is not opened."""
    assert around(path=path, test_a=f"def test_case():\n    {body}\n") == ([("test_case", how)] if how else [])


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
