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

from pytest_bugguard.cli.arguments import FORMATS
from tests.shell import Shell
from tests.torture import commands

if TYPE_CHECKING:
    from tests.story import Repo
    from tests.torture.traps import Trapped

TOP = Path(__file__).parents[2]
_ALL = """
import contextlib, io, json, sys
from pytest_bugguard import cli

said = []
for folder, command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = cli.main(["-C", folder, *command.split()])
    said.append([folder, command, code, out.getvalue(), err.getvalue()])
json.dump(said, sys.stdout)
"""
_CONFIG = """
[color]
ui = always
[core]
abbrev = 4
quotePath = false
precomposeUnicode = true
[diff]
algorithm = histogram
noprefix = true
renames = copies
[format]
pretty = oneline
[i18n]
logOutputEncoding = latin-1
[log]
date = relative
follow = true
showSignature = true
"""
_ODD = {
    "PYTHONHASHSEED": "1",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANGUAGE": "de",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.abbrev",
    "GIT_CONFIG_VALUE_0": "5",
}
_DOCUMENTS = (
    *(f"check HEAD~4.. --format {form}" for form in FORMATS),
    *(f"{one} --format json" for one in ("audit --no-cache", "coverage check", "flaky list --all", "report")),
)
"""What is asked for where every text is odd; ``check`` has all formats."""


def _asked(trapped: Path, hostile: Path) -> list[tuple[str, str]]:
    reading = [command for command in commands.READING if "../" not in command]
    return [*((str(trapped), one) for one in reading), *((str(hostile), one) for one in _DOCUMENTS)]


def _said(asked: list[tuple[str, str]], folder: Path, environment: dict[str, str]) -> list[list[str | int]]:
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ALL, json.dumps(asked)],
        cwd=folder, env={**Shell(folder).variables, "PYTHONPATH": str(TOP), **environment},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(re.sub(r'\\"run\\": \{.*?\}', "", done.stdout))  # type: ignore[no-any-return]  # as _ALL writes it


@pytest.mark.skipif(os.name != "posix", reason="sets a POSIX locale and time zone")
def test_every_command_says_the_same_in_all_circumstances(
    furnished_repo: Trapped, hostile_repo: Repo, tmp_path: Path
) -> None:
    """Another folder, language, time zone, hash seed and configuration of git, and a hook's variables."""
    config = tmp_path / "gitconfig"
    config.write_text(_CONFIG, encoding="utf-8")
    asked = _asked(furnished_repo.repo.path, hostile_repo.path)
    usual = _said(asked, tmp_path / "usual", {"PYTHONHASHSEED": "0"})
    odd = _said(asked, tmp_path / "odd", {**_ODD, "GIT_CONFIG_GLOBAL": str(config)})
    for one, other in zip(usual, odd, strict=True):
        assert one == other
    # It has settings, and its coverage.py a plugin.
    silent = {"init --dry-run", "coverage init --dry-run"}
    assert {one[1] for one in usual if one[2] not in {0, 1} or not one[3]} == silent
