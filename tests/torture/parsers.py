"""Everything that takes bytes of strangers apart: how to call it, and what it may raise. ``seeds`` has examples.

Used by ``test_foreign_bytes.py`` with Hypothesis, and by ``benchmarks/fuzz.py`` with atheris, which follows coverage.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tomli

from pytest_bugguard.adapters import coverage_reports, junit_reports
from pytest_bugguard.core import (
    doctests,
    gitlog,
    gittree,
    junit,
    messages,
    patches,
    run_files,
    run_notes,
    runlog,
    segments,
    settings,
    statements,
    stored_results,
    syntax,
    toml_lines,
)
from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    from collections.abc import Callable

_SEEDS = Path(__file__).with_name("seeds")


@dataclass(frozen=True)
class Parser:
    """One way in for foreign bytes."""

    read: Callable[[bytes], object]
    raises: tuple[type[Exception], ...] = (BugguardError,)

    def survives(self, content: bytes) -> None:
        """Take it apart; anything but what may be raised is let through."""
        with suppress(*self.raises):
            self.read(content)


def _log(content: bytes) -> object:
    return [gitlog.changes(one.raw) for one in gitlog.commits(gitlog.tokens([content]))]


def _message(content: bytes) -> object:
    text = content.decode("utf-8", "surrogateescape")
    return messages.parse(text), messages.issues(text)


def _settings(content: bytes) -> object:
    text = content.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        table = tomli.loads(text)
        lines = toml_lines.find(text)
        return settings.load([settings.Layer(table, lambda path: str(toml_lines.line_of(lines, path)))], ())
    return toml_lines.blocks(text)


def _junit(content: bytes) -> object:
    report = junit_reports.read(content, "x.xml")
    return junit.run_of(report, junit.Known("x", 0, "x.xml", {"tests/test_a.py"}, str))


def _source(content: bytes) -> object:
    return segments.difference(content, segments.clean(content)), statements.source_of(content), syntax.parse(content)


def _record(content: bytes) -> object:
    return runlog.fold(content, run_notes.read(content), runlog.Ended(0)), runlog.refused(content)


def _stored(content: bytes) -> object:
    return stored_results.merged([stored_results.read(content, "x.json")])


def _doctest(content: bytes) -> object:
    return doctests.examples(content.decode("utf-8", "replace"))


def seeds(name: str) -> tuple[bytes, ...]:
    """Good examples, and what has felled a parser once."""
    return tuple(path.read_bytes() for path in sorted((_SEEDS / name).iterdir()))


PARSERS = {
    "git-log": Parser(_log),
    "git-tree": Parser(lambda content: gittree.entries(content, 20)),
    "git-patch": Parser(patches.parse),
    "commit-message": Parser(_message),
    "settings": Parser(_settings),
    "junit-xml": Parser(_junit),
    "coverage-report": Parser(lambda content: list(coverage_reports.read(content, "x"))),
    "run-file": Parser(lambda content: run_files.from_bytes(content, "x")),
    "stored-result": Parser(_stored),
    "run-record": Parser(_record),
    "source": Parser(_source, (BugguardError, syntax.UnparsableError)),
    "doctest": Parser(_doctest),
}
