"""What a test file says of itself."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.testmap import references

SOURCE = b'''
import os, sys as system
from shop.pager import pages
from . import util


@pytest.mark.regression("#12", "SHOP-7")
def test_marked():
    pages(1)


@pytest.mark.regression("#1")
class TestAll:
    @pytest.mark.regression("#2")
    def test_in(self):
        """See :issue:`34` and gh-35."""


def test_issue_1234_again():
    # https://github.com/o/r/issues/99
    x = 5  # 7 of 9


def test_plain():
    assert "#55"
'''


def test_reads_marks_issues_words_and_modules() -> None:
    """Marks of a class hold for its tests; issues are read from names, docstrings and comments, not from code."""
    facts = references("t/test_a.py", SOURCE)
    assert facts.marks == {"t/test_a.py::test_marked": ("#12", "SHOP-7"), "t/test_a.py::TestAll::test_in": ("#1", "#2")}
    assert set(facts.issues["t/test_a.py::TestAll::test_in"]) == {"gh-35", "#34"}
    assert set(facts.issues["t/test_a.py::test_issue_1234_again"]) >= {"#1234"}
    assert any("99" in issue for issue in facts.issues["t/test_a.py::test_issue_1234_again"])
    assert "t/test_a.py::test_plain" not in facts.issues
    assert "pages" in facts.words["t/test_a.py::test_marked"]
    assert facts.modules == ("os", "sys", "shop.pager", ".")


def test_a_mark_of_the_module_holds_for_all_its_tests() -> None:
    """Wherever in it that stands, and before what they say themselves."""
    own = b"@pytest.mark.regression('#2')\ndef test_a(): ...\n\nclass TestB:\n    def test_b(self): ...\n"
    whole = b"pytestmark = [pytest.mark.slow, pytest.mark.regression('#1')]\n"
    both = {"test_m.py::test_a": ("#1", "#2"), "test_m.py::TestB::test_b": ("#1",)}
    for text in (whole + own, own + whole):
        assert references("test_m.py", text).marks == both
    taken_back = whole + b"pytestmark = []\n" + own
    assert references("test_m.py", taken_back).marks == {"test_m.py::test_a": ("#2",)}
    more = whole + b"pytestmark += [pytest.mark.regression('#3')]\n" + own
    assert references("test_m.py", more).marks["test_m.py::TestB::test_b"] == ("#1", "#3")


@pytest.mark.parametrize(
    ("comment", "issues"),
    [
        ("# GH1234", {"#1234"}),
        ("# see PR1234, too", {"#1234"}),
        ("# bpo1234", {"#1234"}),
        ("# GH 1234", {"#1234"}),
        ("# GH1", set()),
        ("# issue1234 is a name", set()),
        ("# XGH1234", set()),
    ],
)
def test_an_issue_is_spoken_of_in_many_ways(comment: str, issues: set[str]) -> None:
    """As teams write it who have no link at hand."""
    facts = references("test_a.py", f"def test_a():\n    {comment}\n    pass\n".encode())
    assert set(facts.issues.get("test_a.py::test_a", ())) == issues


@pytest.mark.parametrize("text", [b"", b"\0", b"def test_a(:\n", b"print 'x'\n\ndef test_a():\n    pass\n"])
def test_a_broken_file_says_nothing_and_breaks_nothing(text: bytes) -> None:
    """Text that does not parse has no marks; what parses beside it is read."""
    assert references("test_a.py", text).marks == {}


def test_what_a_test_file_defines_itself_is_nobodys_word() -> None:
    """A helper of its own may be called like a function of the source, which it then does not use."""
    helper = b"from shop import pager\n\ndef _file(x):\n    return x\n"
    text = helper + b"\ndef test_a():\n    assert _file(1) == pager.last(2)\n"
    facts = references("t/test_a.py", text)
    assert facts.words["t/test_a.py::test_a"] == ("last", "pager")


ODD = b"""
print "a module for Python 2"


@pytest.mark.skipif("sys.platform == 'win32'")
@pytest.mark.regression(SHOP_7, 12, None, "#3")
@pytest.mark.regression
def test_marked():
    pass


class TestAll:
    pytestmark = pytest.mark.regression("#1")

    def test_one(self):
        x = 1  # GH-21
        assert x

    @pytest.mark.regression("#2")
    def test_two(self):
        assert 2  # GH-22
"""


def test_each_test_has_what_is_written_with_it() -> None:
    """Numbers and texts of its own marks and those of its class, and the comments between its own lines."""
    facts = references("t/test_a.py", ODD)
    assert facts.marks == {
        "t/test_a.py::test_marked": ("12", "#3"),
        "t/test_a.py::TestAll::test_one": ("#1",),
        "t/test_a.py::TestAll::test_two": ("#1", "#2"),
    }
    assert facts.issues == {
        "t/test_a.py::TestAll::test_one": ("GH-21",),
        "t/test_a.py::TestAll::test_two": ("GH-22",),
    }
