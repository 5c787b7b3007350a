"""How git is run on a repository that nobody trusts: which flags, which environment, and how it ends.

The one module that starts git. GitPython is the runner of what streams; its layers above the process
(diffs, refs, the index) are not used, since they lose files with odd names and know neither SHA-256
nor reftable. What only takes a moment is run with a time limit, which GitPython cannot set everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Self

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_bugguard.core.errors import NoRepositoryError, UnreadableHistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ANSWER_S = 10
"""How long the question where the repository is may take: a git that needs longer hangs."""
WORK_S = 300
"""How long a command may take that walks a history or a work tree."""

NEEDS_GIT = "git 2.39 or newer has to be on PATH"
_CONFIG = {
    "core.fsmonitor": "false",  # a program that git would start to ask for changed files
    "core.hooksPath": os.devnull,
    "core.bigFileThreshold": "5m",  # larger blobs pass through cat-file in pieces
    "core.deltaBaseCacheLimit": "32m",  # of 96 MB that git would keep, a walk has no use for two thirds
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",  # no repository that a commit carries along as files
    "advice.graftFileDeprecated": "false",  # says so on every call, even of an empty file
    # A broken value of these ends git before the option on the command line is looked at.
    "log.date": "raw",
    "format.pretty": "medium",
}
_FLAGS = (
    "--no-pager",
    "--no-replace-objects",
    "--no-optional-locks",
    "--literal-pathspecs",
    *(part for key, value in _CONFIG.items() for part in ("-c", f"{key}={value}")),
)
_ENVIRONMENT = {
    "LC_ALL": "C",  # git's own sentences are shown, and some are told apart
    "LANGUAGE": "C",
    "GIT_ALLOW_PROTOCOL": "none",  # stronger than any protocol.*.allow of a repository
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_GRAFT_FILE": os.devnull,
}
_KEPT = frozenset(
    {
        "GIT_EXEC_PATH",  # where git itself lives
        "GIT_CONFIG_GLOBAL",  # the user's choice of a configuration: safe.directory is read from there
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",  # how far up a repository is looked for
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    },
)
NOBODYS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""Variables that keep the user's and the system's configuration out; that of the repository stays."""
_NO_FILTER = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
_USAGE_EXIT = 129
_COMPLAINT_LINES = 20


def leaks(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that would turn git to another repository, index or configuration.

    A hook exports some, and git believes them more than its own options. Learned from pre-commit and setuptools-scm,
    which strip them too (https://github.com/pre-commit/pre-commit, ``no_git_env``).
    """
    return tuple(sorted(name for name in environment if name.startswith("GIT_") and name not in _KEPT))


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: nothing of a hook in it, no network, English."""
    leaked = leaks(environment)
    return {name: value for name, value in environment.items() if name not in leaked} | _ENVIRONMENT


class Answer(Struct, frozen=True):
    """How a short git command ended."""

    status: int
    output: bytes
    complaint: str
    """What it wrote to standard error."""


class Git(Struct, frozen=True):
    """git, aimed at one place."""

    place: tuple[str, ...] = ()
    """Options that say where: ``-C``, ``--git-dir``, ``--work-tree``."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Variables of the environment besides the usual ones."""

    @classmethod
    def at(cls, git_dir: Path, top: Path | None, *, index: Path | None = None) -> Git:
        """Git for a repository that has been found: nothing is looked for again, whatever the current directory is."""
        tree = () if top is None else (f"--work-tree={top}",)
        # -C fails where the folder has gone; a current directory would silently stand in for it.
        place = ("-C", str(top or git_dir), f"--git-dir={git_dir}", *tree)
        return cls(place, {} if index is None else {"GIT_INDEX_FILE": str(index)})

    @classmethod
    def alone(cls, git_dir: Path, top: Path) -> Git:
        """Git for a repository of our own making: nobody's configuration reaches it, the user's and the system's least.

        So no filter is known there, whatever attributes its files ask for.
        """
        at = cls.at(git_dir, top)
        plain = {"GIT_ATTR_NOSYSTEM": "1", "GIT_DEFAULT_REF_FORMAT": "files"}
        return cls(("-c", f"core.attributesFile={os.devnull}", *at.place), NOBODYS | plain)

    def without_filters(self) -> Git:
        """As this one, with the content filters of every configuration set to nothing.

        A file that was written in the same instant as the index is compared by content, through its filter:
        the one way in which a command that only looks at a work tree starts a program.
        """
        names = self.ask("config", "--null", "--name-only", "--get-regexp", r"^filter\.").output
        drivers = {os.fsdecode(name).rpartition(".")[0] for name in names.split(b"\0") if name}
        settings = [
            setting
            for driver in sorted(drivers)
            for setting in ((f"{driver}.{key}", value) for key, value in _NO_FILTER)
        ]
        # In the environment, since a driver's name may hold what ends a name on the command line.
        variables = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings):
            variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return replace(self, extra={**self.extra, **variables})

    def ask(self, *arguments: str, text: bytes = b"", limit_s: float = WORK_S) -> Answer:
        """Run a command to its end, with a text to read.

        Raises:
            NoRepositoryError: There is no git, or it does not answer.
        """
        environment = clean_environment(os.environ) | dict(self.extra)
        try:
            done = subprocess.run(
                [_git(), *_FLAGS, *self.place, *arguments],
                env=environment,
                input=text,
                capture_output=True,
                timeout=limit_s,
                check=False,
            )
        except OSError as error:
            raise NoRepositoryError(f"git: cannot be started: {error.strerror}", hint=NEEDS_GIT) from error
        except subprocess.TimeoutExpired as error:
            raise NoRepositoryError(
                f"git {arguments[0]}: no answer within {limit_s:g} seconds",
                hint=f"see whether `git {arguments[0]}` works here; {NEEDS_GIT}",
            ) from error
        return Answer(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())

    def read(self, *arguments: str, text: bytes = b"") -> bytes:
        """The output of a command that has to work.

        Raises:
            UnreadableHistoryError: It did not; with git's own last line.
        """
        answer = self.ask(*arguments, text=text)
        if answer.status:
            raise unreadable(arguments[0], answer.status, answer.complaint.splitlines())
        return answer.output

    def stream(self, *arguments: str) -> Stream:
        """Start a command that is read while it runs. Close the stream, or use it in a ``with`` block."""
        return Stream(arguments[0], self._start([*_FLAGS, *self.place, *arguments]))

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        try:
            # Importing GitPython runs git, and fails where there is none: so not before git is known to answer.
            with _known_to_gitpython(program := _git()):
                from git.cmd import Git as Runner  # noqa: PLC0415
                from git.exc import GitCommandNotFound  # noqa: PLC0415
        except ImportError as error:
            raise NoRepositoryError(f"git: GitPython cannot be used: {error}", hint=NEEDS_GIT) from error
        try:
            running = Runner().execute(
                [*_without(leaks(os.environ)), program, *arguments],
                istream=subprocess.PIPE,
                as_process=True,
                env=_ENVIRONMENT | dict(self.extra),
            )
        except GitCommandNotFound as error:
            raise NoRepositoryError("git: cannot be started", hint=NEEDS_GIT) from error
        except OSError as error:
            raise NoRepositoryError(f"git: cannot be started: {error.strerror}", hint=NEEDS_GIT) from error
        process, running.proc = running.proc, None  # from here on its end is ours to bring about
        assert process is not None
        return process


class Stream:
    """A running git: what goes in, what comes out, and how it ends."""

    def __init__(self, command: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.input: IO[bytes] = process.stdin
        self.output: IO[bytes] = process.stdout
        self._command = command
        self._process = process
        self._complaints: deque[str] = deque(maxlen=_COMPLAINT_LINES)
        self._listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        self._listener.start()

    def _listen(self, errors: IO[bytes]) -> None:
        """Take in what git has to say, so that it never waits for us to do so."""
        with errors:
            for line in errors:
                self._complaints.append(line.decode("utf-8", "replace").rstrip())

    def feed(self, text: bytes) -> None:
        """Give it all of its input. A git that has ended already will say why in ``finish``."""
        with suppress(BrokenPipeError):
            self.input.write(text)
        with suppress(BrokenPipeError):
            self.input.close()

    def chunks(self, size: int = 1 << 18) -> Iterator[bytes]:
        """What it prints, to the end.

        Raises:
            UnreadableHistoryError: It did not end well, so something is missing.
        """
        while chunk := self.output.read(size):
            yield chunk
        self.finish()

    def finish(self) -> None:
        """Wait for its end.

        Raises:
            UnreadableHistoryError: It failed or was killed; with git's own last line.
        """
        try:
            status = self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:  # it has nothing left to do, and does not end
            self._process.kill()
            status = self._process.wait()
        self._listener.join()
        if status:
            raise unreadable(self._command, status, self._complaints)

    def close(self) -> None:
        """End it, wherever it is; nothing of it stays behind."""
        with suppress(OSError):  # what was not flushed has no reader any more
            self.input.close()
        self._process.kill()
        self._process.wait()
        self._listener.join()
        self.output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _found(name: str) -> str | None:
    """A program on PATH; not in a folder that is named from the current one, which may be that of a stranger."""
    folders = (folder for folder in os.get_exec_path() if os.path.isabs(folder))  # noqa: PTH117 - a word
    return shutil.which(name, path=os.pathsep.join(folders))


def _git() -> str:
    program = _found("git")
    if program is None:
        raise NoRepositoryError("git: cannot be started: there is none", hint=NEEDS_GIT)
    return program


@contextmanager
def _known_to_gitpython(program: str) -> Iterator[None]:
    """While it is imported: it looks for a git of its own then, unless it is told."""
    name = "GIT_PYTHON_GIT_EXECUTABLE"
    before = os.environ.get(name)
    os.environ[name] = program
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def _without(names: Sequence[str]) -> list[str]:
    """The beginning of a command that takes variables away: GitPython's runner can only add some."""
    if not names:
        return []
    program = _found("env")
    if program is None:
        raise NoRepositoryError(f"git: {names[0]} is set in the environment", hint=f"unset {' '.join(names)}")
    return [program, *(part for name in names for part in ("-u", name))]


def unreadable(command: str, status: int, complaints: Sequence[str] | deque[str]) -> UnreadableHistoryError:
    """What to raise where git failed or was killed: its own last line, and what usually cures it."""
    said = next((line for line in reversed(complaints) if line.startswith(("fatal:", "error:"))), None)
    if said is None:
        said = complaints[-1] if complaints else "it said nothing"
    ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return UnreadableHistoryError(f"git {command} {ended}: {said}", hint=_cure(status, said))


def _cure(status: int, said: str) -> str:
    if status == _USAGE_EXIT or "unrecognized argument" in said:
        return NEEDS_GIT
    if "promisor" in said or "unable to read" in said:
        return "objects are missing: git fetch --refetch --no-filter in a partial clone, else git fsck --full"
    return "git fsck --full tells whether the repository is sound; then try again"
