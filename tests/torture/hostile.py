"""A repository in which every name and every text is an attack, and everything that can be shown of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from coverage import CoverageData
from msgspec.structs import replace

from pytest_bugguard.adapters.history_store import HistoryStore
from tests.histories import run_of
from tests.samples import HOSTILE
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.core.recorded_runs import RecordedRun


def nodeid(text: str) -> str:
    """A test that has it in its file and in its parameters."""
    return f"tests/test_{text}.py::test[{text}]"


SHOWING = (
    "audit --all",
    f"explain {' '.join(f'HEAD~{number}' for number in range(len(HOSTILE)))}",
    f"check HEAD~{len(HOSTILE)}..",
    "coverage check",
    "flaky list --all",
    "flaky show TEST",
    "report",
)
"""What shows all that there is; TEST stands for ``HOSTILE_ID``."""
HOSTILE_ID = nodeid("".join(HOSTILE[:6]))
_SETTINGS = """[flaky]
history = ".bugguard/history.db"
[coverage]
each-file = { line = 100 }
"""


def hostile(folder: Path) -> Repo:
    """A commit for each text that an attacker would write, as its subject, author, paths and test names.

    The same texts are the names of tests in the history, with what they failed with, and of files in coverage data.
    """
    repo = story(folder / "repo", "commit: start\n  file: src/shop/__init__.py\n    a = 0\n")
    repo.write("bugguard.toml", _SETTINGS)
    (repo.path / ".git" / "info" / "exclude").write_text(".bugguard/\n.coverage\n")
    data = CoverageData(str(repo.path / ".coverage"))
    for number, text in enumerate(HOSTILE):
        raw = _bytes(text)
        (repo.path / f"src/shop/n{number}.py").write_text(f"value = {number}\n", encoding="utf-8")
        path = repo.path / "src" / "shop" / os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"") + b".py")
        path.write_text("a = 1\n", encoding="utf-8")
        if text.isprintable():
            data.add_lines({str(path): set()})
        repo.git("add", "-A")
        message = folder / "message"
        message.write_bytes(
            b"fix: " + raw.replace(b"\n", b" ") + b"\n\nFixes #1\n" + raw + b"\nRegression-Test: " + raw
        )
        author = raw.replace(b"<", b"(").replace(b">", b")").replace(b"\n", b" ").replace(b"\0", b"")
        repo.git(
            "-c", "i18n.commitEncoding=UTF-8", "commit", "-q", "-F", str(message), "--cleanup=verbatim",
            f"--author={os.fsdecode(author)} <a@example.com>",
        )  # fmt: skip
    data.write()
    HistoryStore(repo.path / ".bugguard" / "history.db", keep_days=36500).add(_runs())
    return repo


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if "\ud800" not in text else "surrogatepass")


def _runs() -> list[RecordedRun]:
    runs = []
    for number, sign in enumerate(("F.", "F", ".")):
        run = run_of(f"a{sign}", number=number)
        attempts = tuple(
            replace(
                attempt,
                nodeid=nodeid(text),
                failure=attempt.failure and replace(attempt.failure, kind=text, place=f"{text}:1"),
            )
            for text in (*HOSTILE, "".join(HOSTILE[:6]))
            for attempt in run.attempts
        )
        where = replace(run.circumstances, branch=HOSTILE[number], environment_words=HOSTILE[number])
        runs.append(replace(run, attempts=attempts, circumstances=where))
    return runs
