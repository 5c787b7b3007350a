"""The command line as a shell has it: ``Shell(folder).bugguard("check", ...)`` in a process, ``.call(...)`` without."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import jsonschema

from pytest_bugguard import cli
from tests import json_reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCHEMA = jsonschema.Draft202012Validator(json_reference.schema())
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Its output as JSON, valid by our schema."""
        document: dict[str, Any] = json.loads(self.out)
        _SCHEMA.validate(document)
        return document

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        """Verdict and subject of each fix in the JSON, newest first."""
        return [(fix["verdict"], fix["subject"]) for fix in self.document["fixes"]]

    @property
    def complaint(self) -> tuple[str, str]:
        """The one line of what is wrong and the one line of what to do."""
        said = [line for line in self.err.splitlines() if not line.startswith("usage:")]
        assert "Traceback" not in self.err
        assert (len(said), said[0][:10], said[1][:6]) == (2, "bugguard: ", "next: "), self.err
        return said[0].removeprefix("bugguard: "), said[1].removeprefix("next: ")


@dataclass(frozen=True)
class Shell:
    """A folder to type commands in, with nothing of the machine's own configuration."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def call(self, *arguments: str) -> Done:
        """Run ``bugguard`` inside this process: quick, and no terminal in sight."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.variables, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = cli.main(arguments)
            except SystemExit as ended:  # argparse: --help, --version, wrong usage
                code = int(ended.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def bugguard(self, *arguments: str) -> Done:
        """Run ``python -m pytest_bugguard`` in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest_bugguard", *arguments],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8"))

    def begun(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, while it goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "pytest_bugguard", *arguments],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment of a command: a developer's machine that nobody has configured."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        home = str(self.folder.parent / "home")
        fixed = {"HOME": home, "XDG_CACHE_HOME": f"{home}/.cache", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C.UTF-8"}
        return kept | fixed | {"GIT_CONFIG_NOSYSTEM": "1"} | dict(self.environment)
