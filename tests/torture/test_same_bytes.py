"""Promise 9: the same input gives the same output, whatever the circumstances."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.torture import commands

if TYPE_CHECKING:
    from tests.torture.traps import Trapped

TOP = Path(__file__).parents[2]
_ALL = """
import contextlib, io, json, sys
from pytest_bugguard import cli

said = {}
for command in json.loads(sys.argv[2]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        cli.main(["-C", sys.argv[1], *command.split()])
    said[command] = out.getvalue()
json.dump(said, sys.stdout)
"""
_CIRCUMSTANCES = {
    "usual": {"PYTHONHASHSEED": "0"},
    "odd": {
        "PYTHONHASHSEED": "1",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "LANGUAGE": "de",
        "PYTHONUTF8": "0",
        "GIT_DIR": "/nowhere",
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "color.ui",
        "GIT_CONFIG_VALUE_0": "always",
        "GIT_CONFIG_KEY_1": "core.abbrev",
        "GIT_CONFIG_VALUE_1": "5",
    },
}


def _said(found: Trapped, folder: Path, environment: dict[str, str]) -> dict[str, str]:
    folder.mkdir()
    asked = [command for command in commands.READING if "../" not in command]
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ALL, str(found.repo.path), json.dumps(asked)],
        cwd=folder, env={**Shell(folder).variables, "PYTHONPATH": str(TOP), **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said: dict[str, str] = json.loads(done.stdout)
    return {command: re.sub(r'(?s)"run": \{.*?\}', "", text) for command, text in said.items()}


@pytest.mark.skipif(os.name != "posix", reason="sets a POSIX locale and time zone")
def test_every_command_says_the_same_in_all_circumstances(furnished_repo: Trapped, tmp_path: Path) -> None:
    """Another folder, language, time zone, hash seed and configuration of git, and a hook's variables."""
    usual, odd = (_said(furnished_repo, tmp_path / name, one) for name, one in _CIRCUMSTANCES.items())
    assert usual == odd
    assert usual["audit"]
