"""What takes effect as a file is loaded is told apart from what only a call of it does."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import loading

OLD = """
__all__ = ["Pager"]
__version__ = "1.0"
SIZES = [10, 20]

@counted
def pages(n):
    return n

class Pager(list):
    least = 1
    def last(self):
        return 0
"""


@pytest.mark.parametrize(
    ("old", "new", "is_different"),
    [
        pytest.param("[10, 20]", "[10, 25]", True, id="a-value"),
        pytest.param("SIZES = [10, 20]", "", True, id="a-value-that-is-gone"),
        pytest.param("least = 1", "least = 2", True, id="of-a-class"),
        pytest.param("Pager(list)", "Pager(tuple)", True, id="a-base"),
        pytest.param("@counted", "@cached", True, id="a-decorator"),
        pytest.param("@counted", "pages(1)\n@counted", True, id="a-call"),
        pytest.param("return n", "return n + 1", False, id="what-a-function-does"),
        pytest.param("(n)", "(n=1)", False, id="what-it-takes"),
        pytest.param("@counted", "import re\n@counted", False, id="an-import"),
        pytest.param("@counted", "MANY = 9\n@counted", False, id="a-value-that-is-new"),
        pytest.param('["Pager"]', '["Pager", "pages"]', False, id="what-is-offered"),
        pytest.param('"1.0"', '"1.1"', False, id="the-version"),
        pytest.param("return n", "return (", False, id="no-python"),
    ],
)
def test_what_is_run_on_the_way_takes_effect(old: str, new: str, is_different: bool) -> None:
    """Functions, imports, the version, what is offered and names that are only new make nothing that was there."""
    assert loading.differs(OLD.encode(), OLD.replace(old, new, 1).encode()) is is_different
