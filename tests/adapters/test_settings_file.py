"""Finding and reading the settings, with the place of every fault."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import settings_file
from pytest_bugguard.core import settings
from pytest_bugguard.core.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _base(start: Path, top: Path) -> object:
    found = settings_file.find(start, top)
    return None if found is None else found.table["base"]


def test_the_nearest_folder_with_settings_wins(tmp_path: Path) -> None:
    """From the start folder up to the top; a pyproject.toml without our table is passed over."""
    _write(tmp_path / "pyproject.toml", "[tool.bugguard]\nbase = 'top'\n")
    _write(tmp_path / "part" / "pyproject.toml", "[project]\nname = 'part'\n")
    _write(tmp_path / "part" / "deep" / "bugguard.toml", "base = 'deep'\n")
    assert _base(tmp_path / "part" / "deep" / "er", tmp_path) == "deep"
    assert _base(tmp_path / "part", tmp_path) == "top"
    assert _base(tmp_path, tmp_path) == "top"


def test_nothing_above_the_top_is_read(tmp_path: Path) -> None:
    """A stranger's file above the repository has no say; from outside only the top is looked at."""
    _write(tmp_path / "bugguard.toml", "base = 'stranger'\n")
    top = tmp_path / "repo"
    top.mkdir()
    assert _base(top, top) is None
    _write(top / "bugguard.toml", "base = 'ours'\n")
    assert _base(tmp_path, top) == "ours"


def test_no_settings_are_no_layer(tmp_path: Path) -> None:
    """Neither without files, nor with a table that only mentions us."""
    assert settings_file.find(tmp_path, tmp_path) is None
    _write(tmp_path / "pyproject.toml", "[project]\ndependencies = ['pytest-bugguard']\n[tool.x]\n")
    assert settings_file.find(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"pyproject.toml": "[tool.bugguard]\n\nbase = ]\n"}, "pyproject.toml:3: is no TOML: Invalid value",
                     id="broken"),
        pytest.param({"bugguard.toml": b"base = 'caf\xe9'\n"}, "bugguard.toml:1: is not UTF-8", id="not-utf-8"),
        pytest.param({"bugguard.toml": "x = " + "1" * 9000}, "bugguard.toml: cannot be read: ", id="huge-number"),
        pytest.param({"bugguard.toml": "x = " + "[" * 9000}, "bugguard.toml: cannot be read: ", id="deep"),
        pytest.param({"pyproject.toml": "tool.bugguard = 3"}, "pyproject.toml: bugguard: needs a table", id="no-table"),
        pytest.param({"pyproject.toml": "tool = 'bugguard'"}, "pyproject.toml: tool: needs a table", id="no-tool"),
        pytest.param({"pyproject.toml": "[tool.bugguard]", "bugguard.toml": ""},
                     "bugguard.toml: pyproject.toml holds a [tool.bugguard] table too", id="both"),
        pytest.param({"bugguard.toml/x": ""}, "bugguard.toml: cannot be read: Is a directory", id="folder"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_one_line_with_a_hint(
    tmp_path: Path, files: dict[str, str | bytes], message: str
) -> None:
    """File, line where there is one, what is wrong, and what to do."""
    for name, content in files.items():
        _write(tmp_path / name, content)
    with pytest.raises(SettingsError) as caught:
        settings_file.find(tmp_path, tmp_path)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_broken_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """A pyproject.toml that does not mention us is not even parsed."""
    _write(tmp_path / "pyproject.toml", "[tool.")
    assert settings_file.find(tmp_path, tmp_path) is None


def test_faults_name_file_and_line(tmp_path: Path) -> None:
    """The line of the key or list item itself, relative to the repository's top."""
    text = """\
[tool.bugguard]
enabeld = true
[tool.bugguard.fixes]
without = [
  "fragment",
  "fragmet",
]
[[tool.bugguard.waivers]]
fix = "1c0ffee"
"""
    _write(tmp_path / "part" / "pyproject.toml", text.replace("\n", "\r\n"))
    layer = settings_file.find(tmp_path / "part", tmp_path)
    assert layer is not None
    with pytest.raises(SettingsError) as caught:
        settings.load([layer], ("fragment",))
    assert [line.split(": ")[:2] for line in str(caught.value).splitlines()] == [
        ["part/pyproject.toml:2", "enabeld"],
        ["part/pyproject.toml:8", "waivers[0]"],
        ["part/pyproject.toml:8", "waivers[0]"],
        ["part/pyproject.toml:8", "waivers[0]"],
        ["part/pyproject.toml:6", "fixes.without[1]"],
    ]


def test_settings_are_read_from_bytes_alone() -> None:
    """A bare repository keeps them in the tree of a commit; a byte order mark does no harm."""
    tree = {"pyproject.toml": b"\xef\xbb\xbf[tool.bugguard]\nbase = 'main'\n"}
    layer = settings_file.choose(tree.get)
    assert layer is not None
    assert settings.load([layer], ()).base == "main"


def test_an_idle_start_imports_no_parser(tmp_path: Path) -> None:
    """Looking into a pyproject.toml that does not mention us loads neither TOML nor the settings."""
    _write(tmp_path / "pyproject.toml", "[project]\nname = 'x'\n")
    code = """
import pathlib, sys
from pytest_bugguard.adapters import settings_file
here = pathlib.Path.cwd()
assert settings_file.find(here, here) is None
print(sorted({"tomli", "tomlkit", "difflib", "hashlib", "pytest_bugguard.core.settings"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_told(tmp_path: Path) -> None:
    """No traceback for a file that only others may read."""
    _write(tmp_path / "bugguard.toml", "")
    (tmp_path / "bugguard.toml").chmod(0)
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        settings_file.find(tmp_path, tmp_path)
