"""A small shop with a bug, in a repository of its own, and runs of pytest in it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPENING = """
    commit: feat: sell things
      file: pyproject.toml
        [tool.pytest.ini_options]
        pythonpath = ["src"]
        addopts = "-p no:hypothesispytest -p no:platformdirs"
      file: .gitignore
        __pycache__/
        .pytest_cache/
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10
      file: tests/test_pager.py
        from shop.pager import pages

        def test_full_page():
            assert pages(10) == 1
    branch: topic
"""
REPAIRED = "def pages(items):\n    return -(-items // 10)\n"
GUARD = "tests/test_last.py::test_last_page"
GUARDING = "from shop.pager import pages\n\ndef test_last_page():\n    assert pages(11) == 2\n"
"""The text of a test file that guards the fix."""
BRIEF = ("-p", "no:hypothesispytest")
"""Hypothesis is imported whole at the end of a run, for its summary of nothing: a third of a short run's time."""


@dataclass
class Shop:
    """The shop on its branch ``topic``, which has no commit yet."""

    repo: Repo
    pytester: pytest.Pytester

    def fix(self, test: str | None = None, subject: str = "fix: last page is missing") -> str:
        """Commit the repair, with the text of ``tests/test_last.py`` if there is one, and return its id."""
        self.repo.write("src/shop/pager.py", REPAIRED)
        if test is not None:
            self.repo.write("tests/test_last.py", test)
        return self.repo.commit(subject)

    def settings(self, text: str) -> None:
        """Write ``bugguard.toml``; it is left uncommitted."""
        self.repo.write("bugguard.toml", text)

    def run(self, *options: str) -> pytest.RunResult:
        """Run pytest in this process, with no plugin of others: those would be loaded anew each time.

        Nothing is run again, and nothing burned in, but where that is asked for: it costs a process each time.
        """
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return self.pytester.runpytest_inprocess("-p", "bugguard", *calm(options), no_reraise_ctrlc=True)

    def run_apart(self, *options: str) -> pytest.RunResult:
        """Run pytest in a process of its own, with the plugins that are asked for; so for reruns and burn-in."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            return self.pytester.runpytest_subprocess("-p", "bugguard", *asked_for(options), *calm(options))


def asked_for(options: Sequence[str]) -> tuple[str, ...]:
    """What loads the plugins of others that options need: to load them all is a third of a short run's time."""
    needed = [plugin for option, plugin in _PLUGINS.items() if any(one.startswith(option) for one in options)]
    return tuple(word for plugin in needed for word in ("-p", plugin))


_PLUGINS = {"-n": "xdist", "--cov": "pytest_cov"}


def calm(options: Sequence[str]) -> tuple[str, ...]:
    """The options, and none of what runs tests again where they do not ask for it: it costs a process each time."""
    if "no:bugguard" in options:
        return (*options,)
    unsaid = [name for name in _DEAR if not any(option.startswith(name) for option in options)]
    return (*(f"{name}=0" for name in unsaid), *options)


_DEAR = ("--bugguard-reruns", "--bugguard-burn-in")


def built(folder: Path) -> Repo:
    """The shop's repository, as it opens."""
    return story(folder, OPENING)


def copied(template: Repo, pytester: pytest.Pytester) -> Shop:
    """The shop in the folder of a test."""
    shutil.copytree(template.path, pytester.path, dirs_exist_ok=True)
    return Shop(Repo(pytester.path, template.commits), pytester)


def shown(result: pytest.RunResult) -> str:
    """The section of ours alone: between the two rulers that name us, both included."""
    lines = result.outlines
    ruled = [number for number, line in enumerate(lines) if line.startswith("=") and " bugguard" in line]
    return "\n".join(lines[ruled[0] : ruled[-1] + 1]) if ruled else ""
