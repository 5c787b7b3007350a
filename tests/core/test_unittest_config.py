"""Modules of tests that only the settings for unittest make such: their names say nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import naming, unittest_config
from pytest_bugguard.core.testmap import map_tests
from tests.maps import FakeTree, changed


@pytest.mark.parametrize(
    ("file", "text", "path", "expected"),
    [
        pytest.param("setup.py", "setup(test_suite='shop.testsuite.suite')", "shop/testsuite/urls.py", True, id="attr"),
        pytest.param("setup.py", "    test_suite = 'shop.tests',", "src/shop/tests/a/urls.py", True, id="package"),
        pytest.param("setup.py", 'test_suite="tests"', "tests/__init__.py", True, id="package-itself"),
        pytest.param("setup.cfg", "[options]\ntest_suite = tests\n", "tests/urls.py", True, id="setup-cfg"),
        pytest.param("setup.py", 'test_suite="tests"', "tests/conftest.py", False, id="conftest"),
        pytest.param("setup.py", 'test_suite="shop.suite"', "shop/urls.py", False, id="the-product"),
        pytest.param("setup.py", 'test_suite="tests.test_urls"', "tests/data.py", False, id="one-module"),
        pytest.param("setup.py", 'test_suite="nose.collector"', "tests/urls.py", False, id="another-runner"),
        pytest.param("setup.py", "# test_suite='tests'", "tests/urls.py", False, id="comment"),
        pytest.param("setup.py", "self.test_suite = True", "tests/urls.py", False, id="no-name"),
        pytest.param("setup.py", "", "tests/urls.py", False, id="nothing-said"),
        pytest.param(
            "tox.ini", "[testenv]\ncommands = python -m unittest discover -s tests -p '*_spec.py'",
            "tests/urls_spec.py", True, id="unittest-pattern",
        ),
        pytest.param(
            "tox.ini", "[testenv]\ncommands = python -m unittest discover -p *_spec.py", "shop/a_spec.py", False,
            id="unittest-pattern-outside-of-test-folders",
        ),
        pytest.param(
            "tox.ini", "[testenv]\ncommands = mypy -p shop.py", "tests/shop.py", False, id="a-pattern-of-something-else"
        ),
    ],
)  # fmt: skip
def test_settings_for_unittest_name_modules_of_tests(file: str, text: str, path: str, expected: bool) -> None:
    """Where nobody set ``python_files``, and only there; what pytest knows by its name is none of these."""
    told = naming.from_files({file: text.encode()})
    assert told.is_test_file(path) is expected
    assert not expected or told.is_for_unittest_alone(path)
    configured = naming.from_files({file: text.encode(), "pytest.ini": b"[pytest]\npython_files = test_*.py"})
    assert not configured.is_test_file(path)
    assert not told.is_for_unittest_alone("tests/test_urls.py")


def test_a_suite_of_unittest_holds_no_functions() -> None:
    """``setup.py test`` loads the classes of a module of any name; its functions help them."""
    old = """
        import unittest

        class UrlTestCase(unittest.TestCase):
            pass
        """
    new = """
        import unittest

        def test_data():
            assert True

        class TestData:
            def test_nothing(self):
                assert True

        class UrlTestCase(unittest.TestCase):
            def test_fragment(self):
                self.assertEqual(quote("a b"), "a%20b")
        """
    told = naming.from_files({"setup.py": b"setup(test_suite='shop.testsuite.suite')"})
    file = replace(changed("shop/testsuite/urls.py", old, new), naming_old=told, naming_new=told)
    found = map_tests([file], tree=FakeTree())
    assert [(test.nodeid, test.counts) for test in found.tests] == [
        ("shop/testsuite/urls.py::UrlTestCase::test_fragment", True)
    ]


def test_a_file_of_data_below_a_suite_is_data() -> None:
    """It need not even parse."""
    told = naming.from_files({"setup.py": b"setup(test_suite='tests')"})
    file = replace(changed("tests/data/old.py", "print 1", "print 2"), naming_old=told, naming_new=told)
    assert map_tests([file], tree=FakeTree()).unreadable == ()


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [("setup.py", b"setup()", False), ("setup.py", b"setup(test_suite='t')", True), ("tox.ini", b"", True)],
)
def test_most_versions_of_a_setup_file_say_nothing_of_tests(path: str, content: bytes, expected: bool) -> None:
    """They differ in a version number, and are not worth being understood each."""
    assert unittest_config.may_matter(path, content) is expected
