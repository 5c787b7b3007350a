"""What the tests of runs share: a tree that stands already, a small project, and ways to look at what was seen."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_bugguard.core.runs import Case, TestRun

    Run = Callable[..., TestRun]

PROJECT = {"src/shop/__init__.py": "", "src/shop/pager.py": "def pages(total, size=10):\n    return total // size\n"}
WATCHED = ("src/shop/pager.py",)


@dataclass(frozen=True)
class Folder:
    """A tree that stands already."""

    path: Path

    @property
    def top(self) -> str:
        return str(self.path)

    def keep(self) -> None:
        """It stays anyway."""


def write(top: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder; their common indentation is taken off."""
    for path, text in files.items():
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")


def cases(run: TestRun) -> dict[str, Case]:
    """By node id, without the file."""
    return {case.nodeid.partition("::")[2]: case for case in run.cases}


def outcomes(run: TestRun) -> dict[str, str]:
    """How each test ended, by node id without the file."""
    return {name: str(case.outcome) for name, case in cases(run).items()}
