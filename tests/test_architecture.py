"""Whether the house stands as `docs/explanation/architecture.md` draws it, and leans on no machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from importlinter import cli

from tests import generated
from tests.generated import TOP

if TYPE_CHECKING:
    from pathlib import Path

MODULES = generated.modules()

_TOUCHES_THE_WORLD = {"open", "print", "input", "eval", "exec", "compile", "__import__", "breakpoint"}
_SOMEBODYS_FOLDER = re.compile(r"/(?:home|Users|root)/\w")


def _each(modules: list[Path]) -> list[object]:
    return [pytest.param(module, id=generated.name(module)) for module in modules]


def test_the_walls_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """No arrow runs upward, siblings are strangers, the core touches nothing, one module starts git."""
    monkeypatch.chdir(TOP)
    status = cli.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("module", _each(MODULES))
def test_a_file_says_which_question_it_answers(module: Path) -> None:
    """The first line of every module is a sentence on it."""
    assert re.search(r"\w.*[.:?]$", generated.question(module))


@pytest.mark.parametrize(
    "module", _each([path for path in MODULES if generated.name(path).startswith(("core/", "journeys/"))])
)
def test_the_ground_floor_does_no_io(module: Path) -> None:
    """What an import contract cannot see: builtins that touch the world are not called in the core or a journey."""
    calls = [node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    assert names & _TOUCHES_THE_WORLD == set()


def test_pytest_starts_with_our_door_alone() -> None:
    """Above pytest itself the plugin loads nothing but the standard library and a few modules of our own."""
    script = (
        "import sys, pytest\n"
        "before = set(sys.modules)\n"
        "import pytest_bugguard.plugin\n"
        "print(*(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    foreign = {name for name in loaded if name.partition(".")[0] not in {*sys.stdlib_module_names, "pytest_bugguard"}}
    assert foreign == set()
    assert loaded & {"sqlite3", "asyncio", "xml.etree.ElementTree", "tomllib", "multiprocessing"} == set()
    assert {
        name for name in loaded if name.startswith(("pytest_bugguard.adapters.", "pytest_bugguard.report."))
    } == set()


def _files_of_the_project() -> list[Path]:
    folders = ("src", "tests", "docs", "benchmarks", "changelog", ".ci", ".devcontainer", ".github")
    inside = [path for folder in folders for path in (TOP / folder).rglob("*")]
    ours = [path for path in [*inside, *TOP.iterdir()] if path.is_file()]
    passing = {"__pycache__", "node_modules", "venv"}
    return [path for path in ours if not passing & set(path.parts) and path.suffix != ".pyc"]


def test_no_path_of_a_machine_is_written_down() -> None:
    """Nothing in the project names the folder it was written in, its environment, or anybody's home."""
    here = {str(TOP), sys.prefix, sys.base_prefix} - {"/usr", "/usr/local"}
    told = {
        path.relative_to(TOP).as_posix()
        for path in _files_of_the_project()
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        if any(f"{place}/" in text for place in here) or ("tests" not in path.parts and _SOMEBODYS_FOLDER.search(text))
    }
    assert told == set()
