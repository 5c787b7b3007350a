"""Which tests in other files a changed conftest, helper module, data file or base class reaches."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.model import How
from pytest_bugguard.core.testmap import map_tests
from tests.maps import FakeTree, changed, mapped, name_of

CONFTEST = "import pytest\n\n\n@pytest.fixture\ndef shop():\n    return build(1)\n\n\ndef build(n):\n    return [n]\n"
USER = "def test_shop(shop):\n    assert shop\n\n\ndef test_other():\n    assert True is not None\n"


def test_follows_a_conftest_to_the_tests_below_it() -> None:
    """A fixture that reaches a changed helper of its conftest reaches the tests that ask for it, only below."""
    file = changed("tests/unit/conftest.py", CONFTEST, CONFTEST.replace("[n]", "[n, n]"))
    found = mapped(file, tests__unit__test_a=USER, tests__test_b=USER)
    assert [(test.nodeid, test.change) for test in found.tests] == [
        ("tests/unit/test_a.py::test_shop", How.HELPER_CHANGED)
    ]


@pytest.mark.parametrize(
    "use",
    [
        "from tests.util import run\n\n\ndef test_run():\n    assert run(1)\n",
        "from .util import run as go\n\n\ndef test_run():\n    assert go(1)\n",
        "from tests import util\n\n\ndef test_run():\n    assert util.run(1)\n",
        "import util\n\n\ndef test_run():\n    assert util.run(1)\n",
    ],
)
def test_follows_a_helper_module_to_those_who_import_it(use: str) -> None:
    """However a helper is imported, the tests that call it are found, and no others."""
    file = changed("tests/util.py", "def run(n):\n    return n\n", "def run(n):\n    return n + 1\n")
    found = mapped(
        file,
        tests____init__="",
        tests__util="def run(n): ...",
        tests__test_a=use,
        tests__test_b="def test_x():\n    assert 'run'\n",
    )
    assert [test.nodeid for test in found.tests] == ["tests/test_a.py::test_run"]


@pytest.mark.parametrize("line", ["from . import Checks", "from tests import Checks"])
def test_follows_what_a_package_of_tests_holds_itself(line: str) -> None:
    """A base class in its ``__init__.py`` serves the modules that take it from there, whatever they write for it."""
    old = "class Checks:\n    def test_pages(self):\n        assert pages(self.n)\n"
    user = f"import unittest\n{line}\n\n\nclass TestOne(unittest.TestCase, Checks):\n    n = 1\n"
    file = changed("tests/__init__.py", old, old.replace("(self.n)", "(self.n + 1)"))
    found = map_tests((file,), tree=FakeTree({"tests/__init__.py": old, "tests/test_a.py": user}))
    assert [test.nodeid for test in found.tests] == ["tests/test_a.py::TestOne::test_pages"]


def test_follows_a_data_file_to_the_tests_that_name_it() -> None:
    """A changed data file is found by its name, a new one by the folder that a test reads."""
    by_name = "def test_data():\n    assert load('cases/one.json')\n"
    by_folder = "CASES = list(glob('cases', '*'))\n\n\ndef test_all():\n    assert CASES\n"
    file = changed("tests/cases/one.json", "1", "2")
    assert [test.nodeid for test in mapped(file, tests__test_a=by_name, tests__test_b=by_folder).tests] == [
        "tests/test_a.py::test_data"
    ]
    (test,) = mapped(
        changed("tests/cases/two.json", None, "2"), tests__test_a=by_name.replace("cases/", ""), tests__test_b=by_folder
    ).tests
    assert (test.nodeid, test.change) == ("tests/test_b.py::test_all", How.CASES_ADDED)


@pytest.mark.parametrize(
    ("path", "is_read"), [("tests/port/fixtures/linkify.md", True), ("tests/port/fixtures/README.md", False)]
)
def test_markdown_is_data_too(path: str, is_read: bool) -> None:
    """markdown-it-py and its plugins keep their cases in it; a README is for people, whoever mentions one."""
    user = f"""
        FIXTURES = Path(__file__).parent / "fixtures"


        @pytest.mark.parametrize("text, expected", read_fixture_file(FIXTURES.joinpath("{path.rpartition("/")[2]}")))
        def test_linkify(text, expected):
            assert render(text) == expected
    """
    found = mapped(changed(path, "1", "2"), tests__port__test_fixtures=user)
    named = ["tests/port/test_fixtures.py::test_linkify"]
    assert [test.nodeid for test in found.tests] == (named if is_read else [])


def test_a_test_that_names_one_file_of_a_folder_does_not_read_them_all() -> None:
    """A new data file is no case of a test that reads another file of the same folder."""
    user = "def test_one():\n    assert load('cases', 'one')\n"
    file = changed("tests/cases/two.json", None, "2")
    assert mapped(file, tests__test_a=user, tests__cases__one="1").tests == ()


def test_a_test_that_takes_its_files_by_name_does_not_read_all_of_their_folder() -> None:
    """Wherever the names stand: in a table, in a helper, and the folder in another name."""
    user = """
        FOLDER = join('tests', 'cases')
        FORMATS = {'first': 'one'}
        ALL = glob(FOLDER)


        def opened(kind):
            return open(join(FOLDER, FORMATS[kind]))


        def test_first():
            assert opened('first')


        def test_by_name():
            assert open(join(FOLDER, 'one'))


        @pytest.mark.parametrize("path", ALL)
        def test_all(path):
            assert open(path, strict=path.stem != 'one', mode='b' if path.stem in ('one',) else 't')
    """
    file = changed("tests/cases/two.json", None, "2")
    found = mapped(file, tests__test_a=user, tests__cases__one="1")
    assert [name_of(test) for test in found.tests] == ["test_all"]


def test_who_changed_in_the_same_unit_is_looked_at_first() -> None:
    """A folder may hold more test files than are searched; the one that the unit changed says which file it reads."""
    crowd = {f"tests__test_{number:02}": "def test_all():\n    assert glob('cases')\n" for number in range(60)}
    user = "def test_two():\n    assert load('cases', 'two.json')\n"
    file = changed("tests/cases/two.json", None, "2")
    found = mapped(changed("tests/test_z.py", None, user), file, tests__test_z=user, **crowd)
    assert [test.nodeid for test in found.tests] == ["tests/test_z.py::test_two"]


def test_a_module_beside_tests_is_no_data_of_theirs() -> None:
    """A test that makes a folder of the same name as its own does not read what lies there."""
    user = "def test_new(tmp_path):\n    assert tmp_path.joinpath('testing').mkdir() is None\n"
    file = changed("testing/typing_checks.py", "a = 1\n", "a = 2\n")
    found = mapped(file, testing__test_a=user, testing__typing_checks="a = 2")
    assert (found.tests, found.unreadable) == ((), ())


def test_what_pytest_is_told_to_leave_out_is_no_helper() -> None:
    """A list of files in a conftest reaches no test, however many test files there are."""
    old, others = "collect_ignore = ['a.py']\n", {f"tests__test_{n}": USER for n in range(70)}
    found = mapped(changed("tests/conftest.py", old, old.replace("a.py", "b.py")), **others)
    assert (found.tests, found.unreadable) == ((), ())


def test_says_so_where_a_helper_reaches_too_much() -> None:
    """A fixture that every test uses is about no single bug: nothing is named, and that is told."""
    file = changed("tests/conftest.py", CONFTEST, CONFTEST.replace("fixture\n", "fixture(autouse=True)\n"))
    tests = "\n\n".join(f"def test_{n}():\n    assert f({n})" for n in range(60))
    found = mapped(file, tests__test_a=tests)
    assert found.tests == ()
    assert [bad.path for bad in found.unreadable] == ["tests/conftest.py"]
    assert "more than 50 tests" in found.unreadable[0].reason


def test_a_base_class_in_another_file_is_followed() -> None:
    """A class is a unittest case, and has the tests, of a base that another module defines."""
    base = (
        "import unittest\n\n\nclass Base(unittest.TestCase):\n    def test_base(self):\n        self.assertTrue(f())\n"
    )
    new = "from tests.base import Base\n\n\nclass Pager(Base):\n    def test_own(self):\n        self.assertTrue(f())\n"
    found = mapped(changed("tests/test_a.py", None, new), tests__base=base)
    assert [name_of(test) for test in found.tests] == ["Pager::test_base", "Pager::test_own"]


BASE = """
import unittest


class Checks:
    def test_base(self):
        assert self.pager == 1
"""
HEIR = "from tests.{} import {}\n\n\nclass {}({}):\n    pager = 2\n"


@pytest.mark.parametrize("path", ["tests/base.py", "tests/test_base.py"], ids=["helper-module", "test-module"])
@pytest.mark.parametrize(
    ("new", "how"),
    [
        pytest.param(BASE.replace("== 1", "== 2"), How.CHANGED, id="changed"),
        pytest.param(
            BASE.replace("== 1", "== 1\n\n    def test_other(self):\n        assert self.pager"), How.ADDED, id="added"
        ),
        pytest.param(BASE.replace("assert ", "assert self and "), How.CHANGED, id="once-more"),
    ],
)
def test_a_changed_base_class_is_followed_to_its_heirs(path: str, new: str, how: How) -> None:
    """The test runs where it is inherited, in whatever file, also by way of a class between."""
    name = path.removeprefix("tests/").removesuffix(".py")
    found = mapped(
        changed(path, BASE, new),
        tests____init__="",
        **{f"tests__{name}": new},
        tests__between=HEIR.format(name, "Checks", "Between", "Checks"),
        tests__test_near=HEIR.format(name, "Checks", "TestNear", "Checks"),
        tests__test_far=HEIR.format("between", "Between", "TestFar", "Between"),
        tests__test_farther=HEIR.format("test_far", "TestFar", "TestFarther", "TestFar"),
        tests__test_none=HEIR.format("other", "Other", "TestOther", "Other"),
    )
    here = "test_other" if how is How.ADDED else "test_base"
    assert [(test.nodeid, test.change) for test in found.tests] == [
        (f"tests/test_far.py::TestFar::{here}", how),
        (f"tests/test_farther.py::TestFarther::{here}", how),
        (f"tests/test_near.py::TestNear::{here}", how),
    ]


def test_whatever_a_module_without_tests_offers_is_there_to_be_inherited() -> None:
    """A class that would be collected elsewhere, in a module that pytest does not open."""
    old = (
        "import unittest\n\n\nclass PagerCase(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n"
    )
    found = mapped(
        changed("tests/support.py", old, old.replace("True(1", "True(2")),
        tests____init__="",
        tests__support=old,
        tests__test_near=HEIR.format("support", "PagerCase", "Near", "PagerCase"),
    )
    assert [(test.nodeid, test.change) for test in found.tests] == [("tests/test_near.py::Near::test_a", How.CHANGED)]


def test_an_heir_with_a_test_of_its_own_does_not_run_the_changed_one() -> None:
    """What is overridden is not inherited."""
    heir = HEIR.format("base", "Checks", "TestNear", "Checks") + "    def test_base(self):\n        assert self\n"
    found = mapped(changed("tests/base.py", BASE, BASE.replace("== 1", "== 2")), tests__test_near=heir)
    assert found.tests == ()


def test_an_assertion_in_an_imported_helper_counts() -> None:
    """A helper module of the tests is looked into for assertions."""
    new = changed("tests/test_a.py", None, "from .util import agree\n\ndef test_one():\n    agree(1)\n")
    assert [test.counts for test in mapped(new, tests__util="def agree(x):\n    assert x\n").tests] == [True]
    assert [test.counts for test in mapped(new, tests__util="def agree(x):\n    print(x)\n").tests] == [False]


def test_an_assertion_is_found_through_the_class_of_a_parameter() -> None:
    """``case.evaluate()`` asserts where the class says so, or a helper of its own module."""
    new = changed("tests/test_a.py", None, "from .util import Case\n\ndef test_one(case: Case):\n    case.evaluate()\n")
    helper = "class Case:\n    def evaluate(self):\n        agree(self)\n\ndef agree(case):\n    {}\n"
    for line, counts in (("assert case", True), ("print(case)", False)):
        assert [test.counts for test in mapped(new, tests__util=helper.format(line)).tests] == [counts]


def test_looks_into_no_other_file_for_an_ordinary_test() -> None:
    """A new test with an assertion of its own costs no look into the tree, but for what the conftest leaves out."""
    tree = FakeTree({"tests/util.py": "", "tests/conftest.py": ""})
    map_tests([changed("tests/test_a.py", None, "def test_one():\n    assert pages(1) == 1\n")], tree=tree)
    assert tree.read == ["conftest.py", "tests/conftest.py"]


def test_a_base_class_is_found_through_the_package_that_offers_it() -> None:
    """``from shop import testing`` may mean a package, and that may have its classes from a module of its own."""
    new = """
        from shop.src import testing

        class PagerTest(testing.TestCase):
            def test_pager(self):
                self.run_pager_test(10)
    """
    base = "class TestCase(Base):\n    def run_pager_test(self, size):\n        assert pager(size)\n"
    offered = "from shop.src.testing.test_case import TestCase\n"
    packages = {"shop/__init__.py": "", "shop/src/__init__.py": "", "shop/src/testing/__init__.py": offered}
    tree = FakeTree({**packages, "shop/src/testing/test_case.py": base})
    (test,) = map_tests([changed("shop/src/pages/pager_test.py", None, new)], tree=tree).tests
    assert (test.counts, test.reason) == (True, "")


IN_A_CLASS = """import unittest


def same(one, other):
    assert one == other


class TestPages(unittest.TestCase):
    def test_pages(self):
        same(pages(1), 2)
"""


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("from tests.pages import TestPages", ["tests/test_all.py::TestPages::test_pages"]),
        ("from .pages import *", ["tests/test_all.py::TestPages::test_pages"]),
        ("from tests.pages import same", []),
        ("from tests import pages", []),
        ("from tests.pages import TestPages as Later", []),
    ],
)
def test_a_class_that_a_test_module_only_imports_is_collected_there(line: str, names: list[str]) -> None:
    """One file that brings the others together, which pytest does not open: it finds their classes in that one."""
    file = changed("tests/pages.py", IN_A_CLASS, IN_A_CLASS.replace("(1), 2", "(0), 1"))
    tree = {"tests/__init__.py": "", "tests/pages.py": IN_A_CLASS, "tests/test_all.py": f"{line}\n"}
    found = map_tests((file,), tree=FakeTree(tree))
    assert [test.nodeid for test in found.tests if test.counts] == names
