"""What is asked of one run of test files in a process of its own, and what was seen in it. Frozen values; no I/O.

Paths are relative to the top of the tree that was run, with ``/``. Facts only: what they mean for a proof is said in
``core.reds`` and ``core.proof``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from pytest_bugguard.core.model import Outcome


class Put(Struct, frozen=True):
    """One file laid into a tree over what its commit holds there."""

    path: str
    content: bytes | None
    """None: the file is taken away."""
    mode: int = 0o100644
    """As git knows it; ``0o120000``: a symlink, with its target as content."""


class RunRequest(Struct, frozen=True):
    """Which tests are run in a tree, and how."""

    targets: tuple[str, ...]
    """Test files, folders of them, or node ids below them; none: what the project itself collects."""
    watched: tuple[str, ...]
    """Source files (and package data) whose use is evidence: what the fix changed, as this tree names it."""
    roots: tuple[str, ...] = ("",)
    """Folders that imports are looked for in, the strongest first; ``""`` is the top."""
    around: tuple[str, ...] = ()
    """Files besides those of which only the place matters that they are loaded from: the packages around them."""
    folder: str = ""
    """Where pytest is started: the folder of its configuration file."""
    options: tuple[str, ...] = ()
    """The project's own command-line options, as ``core.addopts`` keeps them."""
    instead: tuple[Put, ...] = ()
    """Python files of the tree whose code is that of these texts, whatever lies there to be read."""
    limit_s: float = 600.0
    """After so many seconds it is ended, with every process that it started."""
    measures: bool = False
    """Whether the lines of the watched files that are run are told, too."""
    sees_loading: bool = False
    """Whether the functions are told that run while files are loaded, whatever that costs."""
    own: tuple[str, ...] = ()
    """The tests whose lines are told as a test's, where lines are told; none: all of them."""
    order: tuple[str, ...] = ()
    """The tests to run, in just this order, one that is named twice run twice; none: all below the targets, in
    pytest's order. What is named and not there is left out."""
    names_tests: bool = False
    """Whether targets stand on the command line with the tests that they name; else only their files do."""
    variables: tuple[tuple[str, str], ...] = ()
    """Set in the environment, over all others."""
    busy: int = 0
    """So many processes keep the machine busy meanwhile."""


class Frame(NamedTuple):
    """One line of a traceback."""

    path: str
    """Relative where it lies in the tree; else as Python names it."""
    line: int
    function: str
    is_inside: bool
    """Whether it lies in the tree."""
    hands_on: bool = False
    """Whether it only looks for what its caller asked for: ``__getattr__`` for the name that is missing, a function
    that takes ``**options`` for the keyword that does not fit."""


class Helper(NamedTuple):
    """A function that an assertion names, or that such a function names in turn."""

    name: str
    """As it is named there."""
    path: str
    """Relative to the tree, in which it lies."""
    source: str
    """Its text, decorators included."""


class Claim(NamedTuple):
    """What an assertion that failed had claimed."""

    source: str
    """The text of the function that it stands in, decorators included."""
    line: int
    """Its line in that text, from 1."""
    strings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The local names that held text, or a few texts."""
    helpers: tuple[Helper, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    """The names that held objects of a class of the project, and the own name of that class."""


class Raised(Struct, frozen=True):
    """An exception as it was seen, from the object itself."""

    type: str
    """``builtins.AssertionError``."""
    bases: tuple[str, ...]
    """Qualified names of its classes, itself first, ``object`` left out."""
    message: str
    """``str()`` of it, at most 2,000 characters."""
    frames: tuple[Frame, ...] = ()
    """Outermost first; pytest's own lines left out."""
    missing: str = ""
    """For a name that was not there: the last part of it (``NameError``, ``AttributeError``, ``ImportError``); for a
    fixture that pytest did not find: its name."""
    owner: str = ""
    """Where ``missing`` was looked for: a dotted module, or a class with its module; empty where not known."""
    cause: Raised | None = None
    """What it was raised from, or while handling."""
    inner: tuple[Raised, ...] = ()
    """Those that it holds, where it is a group."""
    claim: Claim | None = None
    """For an assertion in the tree, or a key that was not there: the innermost one."""


class Want(NamedTuple):
    """A name that was asked for and was not there."""

    name: str
    """The last part of it."""
    owner: str = ""
    """Where it was looked for, as in ``Raised``."""
    asker: str = ""
    """The file of the tree that it was asked from; empty for a program, or a file that a test has made elsewhere."""


class Misfit(NamedTuple):
    """A call that does not fit what was called, or an operation that an object cannot do."""

    said: str
    """Python's words for that."""
    asker: str = ""
    """As in ``Want``."""
    lacking: tuple[str, ...] = ()
    """Of an operation: the methods that the object would have with the fix."""


class Case(Struct, frozen=True):
    """One test case of a run, all its phases taken together."""

    nodeid: str
    """Relative to the tree's top, with its parameter id."""
    outcome: Outcome
    phase: str = "call"
    """Where it ended as it did: ``setup``, ``call``, ``teardown``."""
    raised: Raised | None = None
    """For a failure: the first exception."""
    reason: str = ""
    """For a skip or an expected failure: why, as the test says."""
    duration_s: float = 0.0
    executed: tuple[str, ...] = ()
    """The watched files whose code ran, or whose data was opened, while it ran; in its child processes too.

    Where looking has its price, one of them, and not all.
    """
    read: tuple[str, ...] = ()
    """The watched Python files that it opened as text, other than to import or to show them."""
    started_process: bool = False
    """Whether it started another process."""
    wanted: tuple[Want, ...] = ()
    """The names that were not there for it, or for a process that it started, and without which it may go on."""
    misfits: tuple[Misfit, ...] = ()
    """The calls of what takes other parameters with the fix that did not fit, and the operations that failed."""
    subtests: tuple[tuple[str, Raised], ...] = ()
    """Those of its subtests that failed: description and exception."""
    has_limit: bool = False
    """Whether it carries a time limit of its own: the mark ``timeout``."""
    number: int = 1
    """Which time it was that the test ran in this process."""
    threads: tuple[Raised, ...] = ()
    """What threads died of while its own code ran: nobody else need have seen it."""
    bared: tuple[str, ...] = ()
    """The files with other code in their stead whose own text it ran all the same: as a script."""
    takers: tuple[str, ...] = ()
    """Who took compiled code of watched files to look at it, or had it traced: files of the tree; empty: the test."""


_SKIPS = frozenset({"Skipped", "SkipTest"})
"""Of pytest's, and of unittest's."""


class Uncollected(Struct, frozen=True):
    """A file in which the tests could not be found."""

    path: str
    raised: Raised | None

    @property
    def is_skipped(self) -> bool:
        """Whether the file itself says that its tests are not for here."""
        names = {base.rpartition(".")[2] for base in (self.raised.bases if self.raised else ())}
        return not names.isdisjoint(_SKIPS)


class End(StrEnum):
    """How a run came to its end."""

    FINISHED = "finished"
    """pytest came to the end of its session and said so itself."""
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    """The process died, left by ``os._exit``, or pytest gave up with an error of its own."""
    NOT_STARTED = "not-started"
    """No test was looked for: pytest refused its options, a conftest could not be loaded, no process could start."""


class Loaded(Struct, frozen=True):
    """A watched file that some process of the run loaded."""

    path: str
    """The watched file."""
    place: str = ""
    """Empty: out of the tree. Else where it was loaded from: a leak."""


class Began(NamedTuple):
    """A function of a watched file that ran outside of any test: while files were loaded."""

    path: str
    function: str
    """As Python names it: ``Pager.first``."""


class Undressed(NamedTuple):
    """A file whose old code could not be given the dress of the new one."""

    path: str
    why: str
    """The exception that came of the attempt, in one line."""


class Ran(Struct, frozen=True):
    """The lines of one watched file that were run, by their numbers in the tree."""

    path: str
    in_tests: frozenset[int] = frozenset()
    """While a test ran that was asked for as ``own``, in the process that ran it."""
    in_subprocesses: frozenset[int] = frozenset()
    at_import: frozenset[int] = frozenset()
    """Outside of every test: while modules were imported and tests collected; and in no test."""


class TestRun(Struct, frozen=True):
    """What was seen of a run."""

    __test__ = False  # pytest collects classes named Test* from test modules that import this one

    end: End
    cases: tuple[Case, ...] = ()
    """In the order in which they ran."""
    collected: tuple[str, ...] = ()
    """Node ids in the order in which they were to run."""
    uncollected: tuple[Uncollected, ...] = ()
    deselected: tuple[str, ...] = ()
    """Node ids that the project's own options left out."""
    loaded: tuple[Loaded, ...] = ()
    began: tuple[Began, ...] = ()
    """Where looking has its price, only if that was asked for."""
    bared: tuple[str, ...] = ()
    """The files with other code in their stead whose own text was run all the same, and outside of any test."""
    undressed: tuple[Undressed, ...] = ()
    """The files whose old code was run as it was, and not in the dress of the new one."""
    reached_out: bool = False
    """Whether a process of it wrote outside of the tree and of the run's own folders, or connected to something."""
    running: str = ""
    """The test that was running when it ended, where it ended early."""
    detail: str = ""
    """Where it did not finish: one line that says more, such as a signal's name or pytest's own last words."""
    raised: Raised | None = None
    """Where it could not start because of an exception (in a conftest): that one."""
    duration_s: float = 0.0
    output: str = ""
    """What it printed: the head and the tail of it, at most 64 KiB."""
    survivors: int = 0
    """Processes that outlived their parents and were ended afterwards."""
    ran: tuple[Ran, ...] | None = None
    """What was run of the watched files; None where that was not measured."""

    @property
    def left_s(self) -> float:
        """What the tests that came to their end leave of its time: for the start, and for the test that did not."""
        return self.duration_s - sum(case.duration_s for case in self.cases)

    def continued_by(self, rest: TestRun) -> TestRun:
        """The same run, and what another one saw of the tests that this one did not come to."""
        return replace(
            self,
            cases=(*self.cases, *rest.cases),
            uncollected=tuple(dict.fromkeys([*self.uncollected, *rest.uncollected])),
            loaded=tuple(dict.fromkeys([*self.loaded, *rest.loaded])),
            duration_s=self.duration_s + rest.duration_s,
            survivors=self.survivors + rest.survivors,
            reached_out=self.reached_out or rest.reached_out,
        )

    @property
    def is_bared(self) -> bool:
        """Whether files were run as they are, though other code stood in their stead."""
        return bool(self.bared) or any(case.bared for case in self.cases)

    def has_cut_off(self, case: Case) -> bool:
        """Whether a case was still running when the run came to an early end: it neither failed nor passed."""
        return self.end is not End.FINISHED and case.nodeid == self.running and case.raised is None
