"""Tests that a module makes while it is imported: whether it does is seen, their names are not."""

from __future__ import annotations

import textwrap

import pytest

from pytest_bugguard.core.made_tests import UNNAMED
from tests.maps import changed, mapped

MODULE = """
    import unittest

    CASES = [{cases}]


    class TestPager(unittest.TestCase):
        pass


    class Helper:
        pass


    def make(number):
        def test(self):
            self.assertEqual(pages(number), 1)
        {put}


    for case in CASES:
        make(case)
    {more}
"""


@pytest.mark.parametrize(
    ("put", "is_told"),
    [
        pytest.param("setattr(TestPager, f'test_{number}', test)", True, id="into-a-class-of-tests"),
        pytest.param("globals()[f'test_{number}'] = test", True, id="among-the-names-of-the-module"),
        pytest.param("globals().update({f'test_{number}': test})", True, id="several-at-once"),
        pytest.param("setattr(Helper, 'test', test)", False, id="into-something-else"),
        pytest.param("return globals()", False, id="only-looks"),
    ],
)
def test_a_table_of_tests_that_are_made_leaves_it_open(put: str, is_told: bool) -> None:
    """Who adds a row adds a test, and nobody can say which: to call that no test would be wrong."""
    old, new = (MODULE.format(cases=cases, put=put, more="") for cases in ("1", "1, 2"))
    found = mapped(changed("tests/test_pager.py", old, new))
    assert found.tests == ()
    assert [(one.path, one.reason) for one in found.unreadable] == [("tests/test_pager.py", UNNAMED)] * is_told


def test_a_change_of_nothing_that_makes_tests_is_none() -> None:
    """Nor does a test that is named leave anything open."""
    old = MODULE.format(cases="1", put="setattr(TestPager, 'test', test)", more="")
    assert mapped(changed("tests/test_pager.py", old, "# A comment.\n" + textwrap.dedent(old))).unreadable == ()
    named = MODULE.format(
        cases="1, 2", put="setattr(TestPager, 'test', test)", more="\n    def test_named():\n        assert pages(2)\n"
    )
    found = mapped(changed("tests/test_pager.py", old, named))
    assert ([test.counts for test in found.tests], found.unreadable) == ([True], ())


@pytest.mark.parametrize(("line", "is_told"), [("from tests.pager import *", True), ("import os", False)])
def test_what_a_module_of_tests_imports_may_have_been_made(line: str, is_told: bool) -> None:
    """Where pytest does not open the file itself, but one that brings its tests in."""
    old, new = (MODULE.format(cases=cases, put="globals()['T'] = test", more="") for cases in ("1", "1, 2"))
    found = mapped(changed("tests/pager.py", old, new), tests____init__="", tests__pager=new, tests__test_all=line)
    assert [(one.path, one.reason) for one in found.unreadable] == [("tests/pager.py", UNNAMED)] * is_told
