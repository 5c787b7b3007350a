"""Which names make a test, and pytest's configuration as it is found in old and new projects."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import naming
from pytest_bugguard.core.naming import Naming

DEFAULT = Naming()


def _packages(*folders: str) -> naming.IsPackage:
    return frozenset(folders).__contains__


@pytest.mark.parametrize(
    ("path", "packages", "expected"),
    [
        pytest.param("tests/test_pager.py", (), True, id="pytest"),
        pytest.param("src/shop/pager_test.py", ("src/shop",), True, id="suffix-beside-the-product"),
        pytest.param("tests/test_pager.txt", (), False, id="not-python"),
        pytest.param("tests/helpers.py", (), False, id="helper"),
        pytest.param("tests/conftest.py", (), False, id="conftest"),
        pytest.param("tqdm/tests/tests_tqdm.py", ("tqdm", "tqdm/tests"), True, id="tests-prefix"),
        pytest.param("shop/pager_tests.py", ("shop",), True, id="tests-suffix"),
        pytest.param("tornado/test/web_test.py", ("tornado", "tornado/test"), True, id="test-package"),
        pytest.param("tests/testapp.py", (), True, id="unittest-discover"),
        pytest.param("shop/testing.py", ("shop",), False, id="product-testing-module"),
        pytest.param("src/jinja2/tests.py", ("src/jinja2",), False, id="product-tests-module"),
        pytest.param("polls/tests.py", ("polls", "polls/migrations"), True, id="django-app"),
        pytest.param("tests.py", (), True, id="top"),
        pytest.param("scripts/test.py", (), True, id="no-package"),
        pytest.param("tests/admin/tests.py", ("tests/admin",), True, id="tests-in-a-test-folder"),
        pytest.param("contest/latest.py", (), False, id="never-by-substring"),
    ],
)
def test_a_path_is_a_test_file_by_custom(path: str, packages: tuple[str, ...], expected: bool) -> None:
    """Without configuration pytest's defaults and unittest's customs decide."""
    assert DEFAULT.is_test_file(path, _packages(*packages)) is expected


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        pytest.param("check_*.py", "qa/check_pager.py", True, id="own-pattern"),
        pytest.param("check_*.py", "tests/test_pager.py", False, id="own-pattern-replaces-the-defaults"),
        pytest.param("check_*.py", "tests/tests.py", False, id="unittest-customs-do-not-come-on-top"),
        pytest.param("testing/python/*.py", "testing/python/collect.py", True, id="path-pattern"),
        pytest.param("testing/python/*.py", "sub/testing/python/collect.py", True, id="path-pattern-matches-the-end"),
        pytest.param("testing/python/*.py", "src/python/collect.py", False, id="path-pattern-elsewhere"),
        pytest.param("*.py", "src/shop/pager.py", False, id="broad-pattern-spares-the-product"),
        pytest.param("*.py", "tests/pager.py", True, id="broad-pattern-in-a-test-folder"),
        pytest.param("test_*.py __init__.py", "tests/test_cmd/__init__.py", True, id="package-of-tests"),
        pytest.param("test_*.py __init__.py", "scrapy/__init__.py", False, id="package-of-the-product"),
    ],
)
def test_the_projects_own_patterns_decide(patterns: str, path: str, expected: bool) -> None:
    """``python_files`` replaces every custom, with pytest's meaning of a pattern."""
    found = naming.from_files({"pytest.ini": f"[pytest]\npython_files = {patterns}\n".encode()})
    assert found.is_test_file(path) is expected


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        pytest.param("Test", "TestPager", True, id="prefix"),
        pytest.param("Test", "PagerTest", False, id="not-a-prefix"),
        pytest.param("*Test Describe", "PagerTest", True, id="glob"),
        pytest.param("*Test Describe", "DescribePager", True, id="second-option"),
        pytest.param("[ST]uite", "Suite", True, id="character-class"),
        pytest.param("", "TestPager", False, id="nothing"),
    ],
)
def test_a_class_is_known_by_prefix_or_glob(options: str, name: str, expected: bool) -> None:
    """``python_classes`` holds prefixes and globs."""
    found = naming.from_files({"tox.ini": f"[pytest]\npython_classes = {options}\n".encode()})
    assert found.is_test_class(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"), [("test_x", True), ("testx", True), ("it_works", False), ("Test_x", False)]
)
def test_a_function_is_known_by_prefix(name: str, expected: bool) -> None:
    """The default for functions is the prefix ``test``, not ``test_``."""
    assert DEFAULT.is_test_function(name) is expected


_SAYS_A = b"[pytest]\npython_functions = a\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, ("test",), id="none"),
        pytest.param({"pytest.ini": _SAYS_A}, ("a",), id="pytest.ini"),
        pytest.param({".pytest.ini": _SAYS_A}, ("a",), id=".pytest.ini"),
        pytest.param({"tox.ini": _SAYS_A}, ("a",), id="tox.ini"),
        pytest.param({"tox.ini": b"[tox]\nenvlist = py\n", "setup.cfg": b"[tool:pytest]\npython_functions=b"}, ("b",),
                     id="tox-without-section"),
        pytest.param({"setup.cfg": _SAYS_A}, ("a",), id="setup.cfg-of-old"),
        pytest.param({"pytest.ini": b"", "tox.ini": _SAYS_A}, ("test",), id="an-empty-pytest.ini-wins"),
        pytest.param({"pytest.toml": b"", "pytest.ini": _SAYS_A}, ("test",), id="an-empty-pytest.toml-wins"),
        pytest.param({"pytest.toml": b"[pytest]\npython_functions = ['c d']"}, ("c d",), id="pytest.toml"),
        pytest.param({"pyproject.toml": b"[tool.pytest.ini_options]\npython_functions = 'c d'"}, ("c", "d"),
                     id="ini-options"),
        pytest.param({"pyproject.toml": b"[tool.pytest]\npython_functions = ['c']"}, ("c",), id="native"),
        pytest.param({"pyproject.toml": b"[tool.ruff]", "tox.ini": _SAYS_A}, ("a",), id="pyproject-without-table"),
        pytest.param({"pyproject.toml": b"[tool.pytest.ini_options]\n", "tox.ini": _SAYS_A}, ("test",),
                     id="an-empty-table-wins"),
        pytest.param({"pytest.ini": b"\xef\xbb\xbf# caf\xe9\n[pytest]\npython_functions = a"}, ("a",),
                     id="bom-and-latin-1-comment"),
    ],
)  # fmt: skip
def test_one_file_configures_pytest(files: dict[str, bytes], expected: tuple[str, ...]) -> None:
    """Precedence is pytest's own; files are not merged."""
    found = naming.from_files(files)
    assert found.python_functions == expected
    assert not found.problems


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({"pyproject.toml": b"[tool.pytest"}, "pyproject.toml: ", id="broken-toml"),
        pytest.param({"pyproject.toml": b"[tool]\npytest = 3"}, "pyproject.toml: pytest is no table", id="no-table"),
        pytest.param({"pyproject.toml": b"tool = 3"}, "pyproject.toml: tool is no table", id="no-tool-table"),
        pytest.param({"pyproject.toml": b"x = " + b"[" * 100_000}, "pyproject.toml: ", id="deeply-nested"),
        pytest.param({"pyproject.toml": b"x = " + b"1" * 10_000}, "pyproject.toml: ", id="huge-number"),
        pytest.param({"pyproject.toml": b"\xff\xfe"}, "pyproject.toml: ", id="not-utf-8"),
        pytest.param({"setup.cfg": b"[a]\n[a]"}, "setup.cfg: duplicate section", id="section-twice"),
        pytest.param({"tox.ini": b"x = 1"}, "tox.ini: no section header", id="no-section"),
        pytest.param({"tox.ini": b"[pytest]\npython_files = 'a"}, "tox.ini: python_files: ", id="open-quote"),
        pytest.param({"pytest.toml": b"[pytest]\ntestpaths = [1]"}, "pytest.toml: testpaths: found [1]",
                     id="list-of-numbers"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_and_defaults_stand_in(files: dict[str, bytes], problem: str) -> None:
    """Nothing in a repository's history makes reading the configuration raise."""
    found = naming.from_files(files)
    assert (found.python_files, found.testpaths) == (DEFAULT.python_files, ())
    assert [line for line in found.problems if line.startswith(problem)] == list(found.problems) != []


def test_a_broken_file_does_not_hide_the_next() -> None:
    """A later file is still read: an old pytest never opened the broken one."""
    found = naming.from_files({"pyproject.toml": b"[", "setup.cfg": b"[tool:pytest]\ntestpaths = t"})
    assert found.testpaths == ("t",)
    assert found.problems


@pytest.mark.parametrize(
    ("testpaths", "path", "packages", "expected"),
    [
        pytest.param("./qa/", "qa/deep/check.py", (), True, id="plain"),
        pytest.param("qa", "qab/check.py", (), False, id="whole-names"),
        pytest.param("packages/*/checks", "packages/a/checks/x.py", (), True, id="glob"),
        pytest.param(".", "shop/pager.py", (), False, id="the-top"),
        pytest.param("src docs", "src/shop/pager.py", (), False, id="src"),
        pytest.param("shop tests", "shop/pager.py", ("shop",), False, id="the-product-for-its-doctests"),
        pytest.param("shop/unit_tests", "shop/unit_tests/x.py", ("shop/unit_tests",), True, id="package-of-tests"),
        pytest.param("testing", "testing/helper.py", ("testing",), True, id="testing"),
        pytest.param("t/unit", "t/integration/tasks.py", ("t", "t/integration"), True, id="another-kind-beside"),
        pytest.param("t/unit", "shop/functional/pay.py", ("shop", "shop/functional"), False, id="a-kind-elsewhere"),
        pytest.param("t/unit", "t/shop/pay.py", ("t", "t/shop"), False, id="no-kind-beside"),
        pytest.param("shop/tests", "shop/functional/pay.py", ("shop", "shop/functional"), False, id="of-no-kind"),
    ],
)
def test_testpaths_name_test_folders(testpaths: str, path: str, packages: tuple[str, ...], expected: bool) -> None:
    """``testpaths`` makes a folder one of tests, unless it is plainly the product's own."""
    found = naming.from_files({"pytest.ini": f"[pytest]\ntestpaths = {testpaths}\n".encode()})
    assert found.is_in_test_folder(path, _packages(*packages)) is expected


@given(st.dictionaries(st.sampled_from(naming.CONFIG_FILES), st.binary(max_size=60)))
def test_reading_never_raises(files: dict[str, bytes]) -> None:
    """Any bytes give a usable naming."""
    found = naming.from_files(files)
    found.is_test_file("tests/test_x.py")


_GLOBS = st.text("ab*?[]!-_/.", max_size=8)


@given(st.lists(_GLOBS, max_size=3), st.text("ab_-", max_size=6))
def test_patterns_mean_what_fnmatch_says(patterns: list[str], stem: str) -> None:
    """The compiled union of patterns answers as fnmatch does one by one."""
    found = Naming(python_classes=tuple(patterns))
    one_by_one = any(stem.startswith(p) or (set(p) & set("*?[") and fnmatch.fnmatchcase(stem, p)) for p in patterns)
    assert found.is_test_class(stem) is one_by_one


TOP = naming.from_files({"pytest.ini": b"[pytest]\ntestpaths = testing\nnorecursedirs = samples\n"})


@pytest.mark.parametrize(
    ("folder", "files", "path", "packages", "expected"),
    [
        pytest.param("a", {"pytest.ini": "python_files = check_*.py"}, "a/b/check_x.py", (), True, id="named-there"),
        pytest.param("a", {"pytest.ini": "python_files = check_*.py"}, "a/b/test_x.py", (), False, id="and-only-there"),
        pytest.param("a", {"pyproject.toml": ""}, "a/b/test_x.py", (), False, id="configures-no-pytest"),
        pytest.param("a", {"pytest.ini": "testpaths = unit/"}, "a/unit/all.py", (), False, id="no-name-of-a-test"),
        pytest.param("a", {"pytest.ini": "testpaths = ../b"}, "a/test_x.py", (), False, id="somewhere-else"),
        pytest.param("a", {"pytest.ini": "testpaths = ../b"}, "b/test_x.py", (), True, id="and-there-it-is"),
        pytest.param("a", {"pytest.ini": "testpaths = ./unit"}, "a/unit/test_x.py", (), True, id="testpaths-there"),
        pytest.param("a", {"pytest.ini": "testpaths = ."}, "a/b/test_x.py", (), True, id="testpaths-all-of-it"),
        pytest.param("a", {"pytest.ini": "addopts = --ignore=b"}, "a/b/test_x.py", (), False, id="ignored-there"),
        pytest.param("a", {"pytest.ini": "norecursedirs = a c"}, "a/b/test_x.py", (), True, id="it-starts-there"),
        pytest.param("samples", {"pytest.ini": ""}, "samples/test_x.py", (), False, id="kept-out-of"),
        pytest.param(
            "a",
            {"pytest.ini": "", "setup.cfg": "[x]\ntest_suite = tests"},
            "a/tests/x.py",
            ("a/tests",),
            True,
            id="suite",
        ),
    ],
)
def test_settings_below_the_top_speak_for_their_folder(
    folder: str, files: dict[str, str], path: str, packages: tuple[str, ...], expected: bool
) -> None:
    """What pytest would collect where it is started there, unless the settings around keep it out."""
    texts = {
        name: f"[pytest]\n{text}".encode() if name == "pytest.ini" else text.encode() for name, text in files.items()
    }
    found = naming.below_the_top(folder, texts, TOP)
    is_test = found.is_test_file(path, _packages(*packages))
    assert (is_test and found.is_reached(path) and not found.is_passed_over(path)) is expected


def test_a_folder_of_tests_stays_one_below_settings_of_its_own() -> None:
    """Pytest's ``testing/plugins_integration`` has a pytest.ini; what lies there is no product for that."""
    below = naming.below_the_top("testing/plugins", {"pytest.ini": b"[pytest]\n"}, TOP)
    assert below.is_in_test_folder("testing/plugins/rerun.py")
    product = naming.below_the_top("a", {"pytest.ini": b"[pytest]\ntestpaths = src tests\n"}, TOP)
    assert not product.is_in_test_folder("a/src/shop.py")
    assert product.is_in_test_folder("a/tests/shop.py")


def test_a_doctest_is_called_by_its_path_from_where_pytest_is_configured() -> None:
    """With ``--import-mode=importlib``."""
    below = naming.below_the_top("a/b", {"pytest.ini": b"[pytest]\naddopts = --import-mode=importlib\n"}, TOP)
    assert below.doctests.module_name("a/b/c/d.py", lambda _: False) == "c.d"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("docs/guide.py", True, id="where-pytest-looks"),
        pytest.param("src/shop.py", False, id="beside-it"),
        pytest.param("README.rst", True, id="named-itself"),
        pytest.param("docs/guide.rst", False, id="no-pattern"),
        pytest.param("docs/test_guide.txt", True, id="by-its-pattern"),
        pytest.param("docs/old/guide.py", False, id="ignored"),
    ],
)
def test_doctests_are_looked_for_where_pytest_looks(path: str, expected: bool) -> None:
    """In modules where it is told so, in texts by their names or where ``testpaths`` names them."""
    ini = b"[pytest]\ntestpaths = docs README.rst\naddopts = --doctest-modules --ignore=docs/old\n"
    assert naming.from_files({"pytest.ini": ini}).holds_doctests(path) is expected
