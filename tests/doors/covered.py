"""A shop whose tests leave something out, and what measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import BRIEF, asked_for, calm
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

PAY = """
def charge(amount):
    if amount > 100:
        return over(amount)
    return amount


def over(amount):
    return (
        amount
        - 1
    )
""".lstrip()
UTIL = 'NAME = "util"\n\n\ndef spare():\n    return 1\n'
OPENING = f"""
commit: feat: sell things
  file: pyproject.toml
    [tool.pytest.ini_options]
    pythonpath = ["src"]
    testpaths = ["tests"]
    addopts = "-p no:hypothesispytest -p no:platformdirs"
    [tool.coverage.run]
    source = ["src"]
    relative_files = true
  file: .gitignore
    __pycache__/
    .pytest_cache/
    .coverage*
  file: src/shop/__init__.py
    NAME = "shop"
  file: src/shop/pay.py
    {PAY.replace(chr(10), chr(10) + "    ")}
  file: src/shop/util.py
    {UTIL.replace(chr(10), chr(10) + "    ")}
  file: tests/test_pay.py
    from shop.pay import charge

    def test_charge():
        assert charge(10) == 10
  file: tests/test_over.py
    from shop.pay import charge

    def test_over():
        assert charge(101) == 100
branch: topic
"""
PLAIN = ("-p", "no:cacheprovider", *BRIEF)
"""Without two plugins of which no test of the gates has any use."""


@dataclass
class Covered:
    """The shop on its branch ``topic``; nothing is measured yet."""

    repo: Repo
    pytester: pytest.Pytester

    def settings(self, text: str) -> None:
        """Write ``[coverage]`` and what may follow it into ``bugguard.toml``."""
        self.repo.write("bugguard.toml", f"[coverage]\n{text}\n")

    def run(self, *options: str) -> pytest.RunResult:
        """Run pytest in a process of its own, with pytest-cov as a user has it, and without what only costs time."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            loaded = ("-p", "bugguard", *asked_for(("--cov", *options)))
            return self.pytester.runpytest_subprocess(*loaded, "--bugguard", *PLAIN, *calm(options))


def built(folder: Path) -> Repo:
    """The shop's repository, as it opens."""
    return story(folder, OPENING)
