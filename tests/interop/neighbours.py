"""The plugins that people use beside ours: how each is switched on, and a test of the kind that it is for.

Each project has the same two fixes: one is guarded by a test of the neighbour's kind, the other by nothing. To try one
more plugin, add a row and its distribution to the group ``neighbours`` in ``pyproject.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = """
from shop.pager import pages

def test_last_page():
    assert pages(11) == 2
"""
NAME = "test_last_page"
_RESCUED = """
import pytest
{imports}
tries = []

{mark}
def test_rescued():
    tries.append(1)
    assert len(tries) == 2
"""


@dataclass(frozen=True)
class Neighbour:
    """One plugin, or one kind of test, at our table."""

    needs: tuple[str, ...] = ()
    """Distributions that bring its plugins; none for what pytest itself can do."""
    options: tuple[str, ...] = ()
    guard: str = PLAIN
    """The text of ``tests/test_last.py``, which guards the fix."""
    guards: tuple[str, ...] = (NAME,)
    """Its tests, without the file; none where they are left out of the run."""
    files: Mapping[str, str] = field(default_factory=dict)
    """More files of the project."""
    rescued: str = ""
    """A test that fails first and passes when the plugin repeats it."""
    alone: bool = False
    """It cannot sit at the table of many: the reason is in docs/explanation/neighbours.md."""


_TABLE = {
    "pytest": Neighbour(),
    "unittest": Neighbour(
        guard="""
import unittest
from shop.pager import pages

class TestPager(unittest.TestCase):
    def test_last_page(self):
        for items, count in ((11, 2), (21, 3)):
            with self.subTest(items=items):
                self.assertEqual(pages(items), count)
""",
        guards=(f"TestPager::{NAME}",),
    ),
    "doctest": Neighbour(
        options=("--doctest-glob=*.md",),
        files={"tests/shop.md": "    >>> from shop import NAME\n    >>> NAME\n    'shop'\n"},
    ),
    "xdist": Neighbour(("pytest-xdist",), ("-n2",)),
    "cov": Neighbour(("pytest-cov",), ("--cov=shop", "--cov-report=", "--cov-fail-under=50")),
    "randomly": Neighbour(("pytest-randomly",), ("--randomly-seed=3",)),
    "timeout": Neighbour(("pytest-timeout",), ("--timeout=60",)),
    "split": Neighbour(("pytest-split",), ("--splits=2", "--group=1"), alone=True),
    "split-away": Neighbour(("pytest-split",), ("--splits=2", "--group=2"), guards=(), alone=True),
    "html": Neighbour(("pytest-html", "pytest-metadata"), ("--html=report.html", "--self-contained-html")),
    "sugar": Neighbour(("pytest-sugar",), ("--force-sugar",)),
    "asyncio": Neighbour(
        ("pytest-asyncio",),
        guard="""
import asyncio
import pytest
from shop.pager import pages

@pytest.mark.asyncio
async def test_last_page():
    await asyncio.sleep(0)
    assert pages(11) == 2
""",
    ),
    "anyio": Neighbour(
        ("anyio",),
        guard="""
import pytest
from shop.pager import pages

pytestmark = pytest.mark.anyio

@pytest.fixture(params=["asyncio"])
def anyio_backend(request):
    return request.param

async def test_last_page():
    assert pages(11) == 2
""",
        guards=(f"{NAME}[asyncio]",),
    ),
    "django": Neighbour(
        ("pytest-django", "django"),
        ("--ds=shop.settings",),
        guard="""
from django.test import SimpleTestCase
from shop.pager import pages

class TestPager(SimpleTestCase):
    def test_last_page(self):
        self.assertEqual(pages(11), 2)
""",
        guards=(f"TestPager::{NAME}",),
        files={"src/shop/settings.py": "SECRET_KEY = 'x'\nUSE_TZ = True\n"},
    ),
    "benchmark": Neighbour(
        ("pytest-benchmark",),
        ("--benchmark-min-rounds=1", "--benchmark-max-time=0.01"),
        guard="""
from shop.pager import pages

def test_last_page(benchmark):
    assert benchmark(pages, 11) == 2
""",
    ),
    "subtests": Neighbour(
        ("pytest-subtests",),
        guard="""
from shop.pager import pages

def test_last_page(subtests):
    for items, count in ((11, 2), (21, 3)):
        with subtests.test(items=items):
            assert pages(items) == count
""",
    ),
    "hypothesis": Neighbour(
        ("hypothesis",),
        guard="""
from hypothesis import given, strategies
from shop.pager import pages

@given(strategies.integers(1, 9))
def test_last_page(rest):
    assert pages(10 + rest) == 2
""",
    ),
    "rerunfailures": Neighbour(
        ("pytest-rerunfailures",),
        ("--reruns=1",),
        files={"tests/test_rescued.py": _RESCUED.format(imports="", mark="")},
        rescued="test_rescued",
    ),
    "flaky": Neighbour(
        ("flaky",),
        files={"tests/test_rescued.py": _RESCUED.format(imports="from flaky import flaky", mark="@flaky(max_runs=2)")},
        rescued="test_rescued",
        alone=True,
    ),
    "retry": Neighbour(
        ("pytest-retry",),
        files={"tests/test_rescued.py": _RESCUED.format(imports="", mark="@pytest.mark.flaky(retries=1)")},
        rescued="test_rescued",
        alone=True,
    ),
}  # fmt: skip


def _many() -> Neighbour:
    together = [one for one in _TABLE.values() if not one.alone]
    return Neighbour(
        needs=tuple(need for one in together for need in one.needs),
        options=tuple(option for one in together for option in one.options),
        files={path: text for one in together for path, text in one.files.items()},
        rescued="test_rescued",
    )


NEIGHBOURS: dict[str, Neighbour] = {**_TABLE, "many": _many()}
