"""What the tests of runs are given: a runner, and a way to run one test file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.runs import RunRequest, TestRun
from tests.runs import PROJECT, WATCHED, Folder, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.runs import Run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runner makes its own folders."""
    return tmp_path_factory.mktemp("place")


@pytest.fixture(scope="module")
def runner(place: Path) -> Iterator[PytestRunner]:
    with Workspace(place) as space, PytestRunner(space, original=None) as runner:
        yield runner


@pytest.fixture
def run(runner: PytestRunner, tmp_path: Path) -> Run:
    """Run the test file that is given, beside the project and other files."""

    def run_file(text: str, files: Mapping[str, str] | None = None, **request: object) -> TestRun:
        write(tmp_path, {**PROJECT, "tests/test_it.py": text, **(files or {})})
        asked = {"targets": ("tests/test_it.py",), "watched": WATCHED, "roots": ("src",), "limit_s": 60.0, **request}
        return runner.run(Folder(tmp_path), RunRequest(**asked))  # type: ignore[arg-type]

    return run_file
