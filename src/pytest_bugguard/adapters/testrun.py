"""How are test files run in a tree, and what was seen? One child process a run, with our recorder in it.

Implements ``journeys.ports.TestRunner``. The child is a pytest as the user has it: same interpreter, same environment
but for what pollutes. On its import path stands a private folder, and in it what guides imports into the tree
(``probe/bugguard_probe/guide.py``), what sees which files are used (``witness.py``) and what writes down how each
test ended (``recorder.py``). None of that imports this package: the project may be a part of pytest, or be us.
"""

from __future__ import annotations

import compileall
import errno
import marshal
import os
import secrets
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_bugguard.adapters import measured_lines, workspace
from pytest_bugguard.adapters.hold import Hold
from pytest_bugguard.adapters.load import crowded
from pytest_bugguard.adapters.process import Command, Processes
from pytest_bugguard.core import child_environment, run_notes, runlog
from pytest_bugguard.core.runs import End, TestRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_bugguard.adapters.workspace import Workspace
    from pytest_bugguard.core.run_notes import Note
    from pytest_bugguard.core.runs import RunRequest

_PROBE = Path(__file__).parent / "probe"
_RUN_VARIABLE, _RECORD_VARIABLE = "BUGGUARD_RUN", "BUGGUARD_RECORD"
"""As ``probe/bugguard_probe/start.py`` reads them."""


class Tree(Protocol):
    """Where they are run."""

    @property
    def top(self) -> str:
        """The folder, absolute."""


class Folder(Struct, frozen=True):
    """A tree that was there before: the user's own checkout."""

    top: str


class _Private(Struct, frozen=True):
    """The folder of one run, outside of the tree."""

    folder: Path
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def evidence(self) -> Path:
        return self.folder / "seen"

    @property
    def lines(self) -> Path:
        return self.folder / "lines"

    @property
    def scratch(self) -> Path:
        return self.folder / "tmp"

    @property
    def word(self) -> Path:
        """What a run that was started ahead of its time waits for."""
        return self.folder / "word"

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def record(self) -> Path:
        """A name that no test can guess, and that none is told."""
        return self.folder / f"record-{self.nonce}"

    def fill(self, plan: dict[str, object]) -> None:
        self.evidence.mkdir()
        self.lines.mkdir()
        self.scratch.mkdir()
        (self.folder / "plan").write_bytes(marshal.dumps(plan))


class PytestRunner:
    """Runs test files of a project, in as many threads as like. Close it, or use it in a ``with`` block."""

    def __init__(
        self, space: Workspace, *, original: Path | None, python: str = sys.executable, is_at_home: bool = False
    ) -> None:
        """Prepare for runs.

        Args:
            space: Where the folders are made that a run needs besides the tree.
            original: Top of the user's checkout, which no run may import from; None where there is none.
            python: The interpreter of the environment that the tests need.
            is_at_home: Whether the tree is the user's own checkout, so that tests get his whole environment, and
                chance its part: hash seed and Hypothesis are as he has them. Else both are the same for every run.
        """
        self._processes = Processes()
        self._python = python
        self._space = space
        self._original = None if original is None else os.path.realpath(original)
        self._is_at_home = is_at_home

    def run(self, tree: Tree, request: RunRequest) -> TestRun:
        """Run them in a tree, with our recorder; what pytest cannot find there is left out.

        Raises:
            OSError: Our own folders cannot be written.
        """
        return self._run_what_is_there(tree, request, None)

    @contextmanager
    def readied(self, tree: Tree, request: RunRequest) -> Iterator[Callable[[Sequence[str], float], TestRun]]:
        """The same, begun at once up to its first test; it goes on where it is called, with targets and seconds.

        The targets are, or lie below, those of the request, whose limit does not count.
        """
        hold = Hold()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="bugguard") as pool:
            running = pool.submit(self._run_what_is_there, tree, request, hold)

            def go(targets: Sequence[str], limit_s: float) -> TestRun:
                hold.release(targets, limit_s)
                return running.result()

            try:
                yield go
            finally:
                hold.drop()

    def _run_what_is_there(self, tree: Tree, request: RunRequest, hold: Hold | None) -> TestRun:
        top = Path(os.path.realpath(tree.top))
        targets = tuple(target for target in request.targets if (top / _file(target)).exists())
        if request.targets and not targets:
            return TestRun(End.NOT_STARTED, detail="none of the test files is in the tree")
        run, refused = self._run(top, replace(request, targets=targets), hold)
        if not refused:
            return run
        # For one name that it cannot use pytest runs none of the others.
        others = tuple(target for target in targets if _file(target) not in refused)
        left_out = replace(run, end=End.FINISHED, detail="")
        again = self._run(top, replace(request, targets=others), hold)[0] if others else left_out
        return replace(
            again,
            deselected=tuple(dict.fromkeys([*run.deselected, *again.deselected])),
            uncollected=tuple(dict.fromkeys([*run.uncollected, *again.uncollected])),
        )

    def stop(self) -> None:
        """End every run that is going on, and let no other begin: they come out as crashed."""
        self._processes.stop()

    def close(self) -> None:
        """End what still runs."""
        self._processes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def by_hand(self, tree: Tree, request: RunRequest) -> str:
        """The shell command that does the same, for somebody who wants to look."""
        top = Path(tree.top)
        path = os.pathsep.join(str(top / root) for root in request.roots)
        targets = (
            f"{os.path.relpath(top / _file(target), top / request.folder)}{_name(target)}" for target in request.targets
        )
        words = (self._python, "-m", "pytest", "-o", "addopts=", *request.options, *targets)
        return f"cd {shlex.quote(str(top / request.folder))} && PYTHONPATH={shlex.quote(path)} {shlex.join(words)}"

    def _run(self, top: Path, request: RunRequest, hold: Hold | None) -> tuple[TestRun, frozenset[str]]:
        """One child, and the targets for which it ran nothing."""
        private = _Private(self._space.folder().resolve())
        try:
            private.fill(self._plan(top, request, private) | {"word": str(private.word) if hold is not None else ""})
            command = Command(
                crowded((self._python, *self._words(top, request, private)), request.busy),
                str(top / request.folder),
                self._environment(top, request, private),
                (_RUN_VARIABLE, str(private.folder)),
                request.limit_s,
                hold,
            )
            with hold.keep(private.word) if hold is not None else nullcontext():
                ended = self._processes.run(command, private.output)
            record = private.record.read_bytes() if private.record.exists() else b""
            run = runlog.fold(record, _notes(private.evidence), ended)
            return (_measured(run, private) if request.measures else run), runlog.refused(record)
        finally:
            workspace.remove(private.folder)

    def _plan(self, top: Path, request: RunRequest, private: _Private) -> dict[str, object]:
        """As ``probe/bugguard_probe/start.py`` reads it."""
        return {
            "top": str(top),
            "original": self._original or "",
            "roots": list(request.roots),
            "watched": list(request.watched),
            "around": list(request.around),
            "instead": {put.path: put.content for put in request.instead if put.content is not None},
            "targets": list(request.targets),
            "private": str(private.folder),
            "evidence": str(private.evidence),
            "lines": str(private.lines) if request.measures else "",
            "sees_loading": request.sees_loading,
            "own": list(request.own),
            "order": list(request.order),
            "is_at_home": self._is_at_home,
        }

    def _words(self, top: Path, request: RunRequest, private: _Private) -> Iterator[str]:
        """The command line behind the interpreter's name; what stands last is strongest."""
        yield from ("-m", "pytest", "-p", "bugguard_probe.recorder", "-p", "no:randomly")
        yield from request.options
        yield from ("-o", "addopts=", f"--basetemp={private.folder / 'base'}", "--color=no")
        yield "--continue-on-collection-errors"  # else one file that cannot be imported keeps all others from running
        if "no:cacheprovider" not in request.options:
            yield from ("-o", f"cache_dir={private.folder / 'cache'}")
        folder = top / request.folder
        yield from dict.fromkeys(
            f".{os.sep}{os.path.relpath(top / _file(target), folder)}{_name(target) if request.names_tests else ''}"
            for target in request.targets
        )

    def _environment(self, top: Path, request: RunRequest, private: _Private) -> dict[str, str]:
        own = os.environ
        # Where a test starts runs of its own, what looks into its processes would chain up with what looks here.
        entries = [entry for entry in own.get("PYTHONPATH", "").split(os.pathsep) if not _is_probe(entry)]
        path = [
            str(self._probe),
            *(os.path.normpath(top / root) for root in request.roots),
            *child_environment.turned(entries, original=self._original, top=str(top), separator=os.sep),
        ]
        kept = child_environment.own(own) if self._is_at_home else child_environment.inherited(own)
        if not self._is_at_home:
            kept["PYTHONHASHSEED"] = child_environment.hash_seed(own)
        return (
            kept
            | dict(request.variables)
            | {
                "PYTHONPATH": os.pathsep.join(path),
                **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(private.scratch)),
                "HYPOTHESIS_STORAGE_DIRECTORY": str(private.folder / "hypothesis"),
                _RUN_VARIABLE: os.pathsep.join(filter(None, (str(private.folder), own.get(_RUN_VARIABLE)))),
                _RECORD_VARIABLE: str(private.record),
            }
        )

    @cached_property
    def _probe(self) -> Path:
        """A copy of what goes into each process: where we are developed ourselves, ours may lie in the checkout.

        With its bytecode, which not every installer has written.

        Raises:
            OSError: Nothing can be written there, or no list of folders can name it.
        """
        place = self._space.folder().resolve() / "site"
        if os.pathsep in str(place):
            raise OSError(errno.EINVAL, f"PYTHONPATH can name no temporary folder with {os.pathsep!r} in its path")
        if not sys.dont_write_bytecode:
            compileall.compile_dir(_PROBE, quiet=2)
        return workspace.copy(_PROBE, place)


def _is_probe(folder: str) -> bool:
    """Whether a folder on an import path is there for a run of ours."""
    return bool(folder) and Path(folder, "bugguard_probe").is_dir()


def _file(target: str) -> str:
    return target.partition("::")[0]


def _name(target: str) -> str:
    """What stands behind the file in a node id."""
    return target[len(_file(target)) :]


def _measured(run: TestRun, private: _Private) -> TestRun:
    return replace(run, ran=measured_lines.read(private.lines))


def _notes(evidence: Path) -> Iterator[Note]:
    """What the processes of a run wrote down."""
    for path in sorted(evidence.iterdir()):
        yield from run_notes.read(path.read_bytes())
