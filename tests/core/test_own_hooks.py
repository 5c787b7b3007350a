"""Tests that only a hook of the project's own knows: what may hold them is seen, their names are not."""

from __future__ import annotations

import pytest

from tests.maps import changed, mapped

HOOK = "def pytest_collect_file(parent, file_path): ...\n"
MAKES = "def pytest_pycollect_makeitem(collector, name, obj): ...\n"
CASE = changed("tests/cases/even.case", None, "2, 4")


@pytest.mark.parametrize(
    ("tree", "named"),
    [
        pytest.param({"conftest": HOOK}, "conftest.py: pytest_collect_file", id="at-the-top"),
        pytest.param({"tests__conftest": MAKES}, "tests/conftest.py: pytest_pycollect_makeitem", id="above-it"),
        pytest.param({"conftest": "pytest_plugins = ['shop.testing']\n", "src__shop__testing": HOOK},
                     "src/shop/testing.py: pytest_collect_file", id="in-a-plugin"),
        pytest.param({"conftest": "pytest_plugins: tuple[str, ...] = (\n    'a',\n    'shop',\n)\n", "shop": HOOK},
                     "shop.py: pytest_collect_file", id="in-one-of-several"),
        pytest.param({"conftest": "from shop.testing import *\n", "shop__testing": MAKES},
                     "shop/testing.py: pytest_pycollect_makeitem", id="taken-with-a-star"),
        pytest.param({"conftest": "if True:\n    from their_plugin import *\n"},
                     "conftest.py: from their_plugin import *", id="nobody-knows"),
        pytest.param({"conftest": "from shop.testing import *\n", "shop__testing": "A = 1\n"}, "", id="no-hook"),
        pytest.param({"conftest": "pytest_plugins = 'pytester'\n"}, "", id="a-plugin-of-others"),
        pytest.param({"conftest": f"# {HOOK}"}, "", id="a-comment"),
        pytest.param({"docs__conftest": HOOK}, "", id="elsewhere"),
    ],
)  # fmt: skip
def test_a_hook_that_may_collect_leaves_it_open(tree: dict[str, str], named: str) -> None:
    """A new case is a new test, and none that could be named: to call it none would be wrong."""
    found = mapped(CASE, **tree)
    assert found.tests == ()
    said = [f"a hook of the project's own may collect tests from it ({named})"] if named else []
    assert [(one.path, one.reason) for one in found.unreadable] == [(CASE.change.path, one) for one in said]


def test_a_class_that_pytest_itself_would_not_collect_may_be_one_of_tests() -> None:
    """Where something in it changed, and nothing that counts is known of."""
    old = "class PagerTest(TestBase):\n    def test_a(self):\n        assert pages(1)\n"
    new = old.replace("pages(1)", "pages(2)")
    tree = {"conftest": MAKES}
    assert len(mapped(changed("tests/test_a.py", old, new), **tree).unreadable) == 1
    assert mapped(changed("tests/test_a.py", old, new)).unreadable == ()
    assert mapped(changed("tests/test_a.py", old, f"# A comment.\n{old}"), **tree).unreadable == ()
    counts = changed("tests/test_b.py", None, "def test_b():\n    assert pages(1)\n")
    assert mapped(changed("tests/test_a.py", old, new), counts, **tree).unreadable == ()
