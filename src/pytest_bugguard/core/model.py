"""The vocabulary: what a history holds, what we say of it. Frozen values; no I/O.

Texts that come from a repository (paths, messages) are ``str`` decoded from UTF-8 with
``surrogateescape``: they round-trip to the exact bytes and are escaped only where they are shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:
    import datetime as dt


class Side(StrEnum):
    """The three kinds of changed file."""

    SOURCE = "source"
    TEST = "test"
    NEUTRAL = "neutral"


class How(StrEnum):
    """How a fix brought a test."""

    ADDED = "added"
    CASES_ADDED = "cases-added"
    CHANGED = "changed"
    HELPER_CHANGED = "helper-changed"
    LINKED = "linked"
    MOVED = "moved"


class Verdict(StrEnum):
    """What is said of a fix."""

    PROVEN = "proven"
    GUARDED = "guarded"
    WEAK = "weak"
    UNPROVEN = "unproven"
    UNGUARDED = "unguarded"
    UNSTABLE = "unstable"
    BROKEN = "broken"
    UNDECIDED = "undecided"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"


class FlakeVerdict(StrEnum):
    """What is said of a test."""

    STEADY = "steady"
    FLAKY = "flaky"
    ORDER_DEPENDENT = "order-dependent"
    FAILING = "failing"
    UNDECIDED = "undecided"

    @property
    def is_unsteady(self) -> bool:
        """Whether a failure of the test says little of the code: it is flaky, in whichever way."""
        return self in {FlakeVerdict.FLAKY, FlakeVerdict.ORDER_DEPENDENT}


class RuleVerdict(StrEnum):
    """What is said of a coverage rule."""

    MET = "met"
    UNMET = "unmet"
    UNDECIDED = "undecided"


class Term(StrEnum):
    """What is said of an exception that holds for a time."""

    OVERDUE = "overdue"


Said: TypeAlias = Verdict | RuleVerdict | FlakeVerdict | Term
"""What is said of whatever can fail a run."""


class FileChange(NamedTuple):
    """One entry of a diff against the first parent.

    A NamedTuple: a whole-history scan makes some hundred thousand of them.
    """

    status: str
    """``A`` added, ``M`` modified, ``D`` deleted, ``R`` renamed, ``C`` copied, ``T`` type changed."""
    old_path: str | None
    """None where the file was added."""
    new_path: str | None
    """None where the file was deleted."""
    old_mode: int
    """Octal file mode, 0 where absent; ``0o120000`` is a symlink, ``0o160000`` a submodule."""
    new_mode: int
    old_blob: str | None
    """Object id, opaque hexadecimal of any length; None where absent."""
    new_blob: str | None
    """Object id; None where absent, and where the content is only in the work tree."""

    @property
    def path(self) -> str:
        """The path it has now, or had last."""
        path = self.new_path if self.new_path is not None else self.old_path
        assert path is not None
        return path


class Commit(NamedTuple):
    """A commit without its tree."""

    sha: str
    parents: tuple[str, ...]
    committed_s: int
    """Committer time, seconds since the epoch as git printed it: absurd values occur."""
    author: str
    """``Name <email>`` as recorded; used to recognise bots, never shown."""
    message: str
    """Subject and body, cut at 64 KiB."""

    @property
    def subject(self) -> str:
        """The first line that is not blank; empty where the message is."""
        return next((line.strip() for line in self.message.splitlines() if line.strip()), "")


class Unit(Struct, frozen=True):
    """What a fix and its test are looked for in: a plain commit, or a merge against its first parent."""

    commit: Commit
    changes: tuple[FileChange, ...]
    """Against the first parent; against nothing for a root commit; empty at a boundary."""
    inner: tuple[Commit, ...] = ()
    """For a merge: the commits that it brought, newest first (at most ``history.INNER_CAP``)."""
    is_boundary: bool = False
    """The history was cut here (shallow clone): what the commit changed cannot be known."""
    is_cut_short: bool = False
    """The history was cut within what a merge brought: some of ``inner`` may be missing, or be none of it."""
    is_side: bool = False
    """It stands on a long-lived branch that a merge on the first-parent line brought."""


class Sign(Struct, frozen=True):
    """Why a unit is taken for a bug fix."""

    rule: str
    """The rule's name, as in ``fixes.rules`` and ``fixes.without``."""
    matched: str
    """The text that matched, one line."""
    where: str = "message"
    """``subject``, ``message``, ``inner <sha>``, ``trailer``, ``fragment <path>``, ``branch``, ``label``, ``diff``."""


class NotAFix(Struct, frozen=True):
    """Why a unit is not taken for a bug fix."""

    rule: str
    """The exclusion's name, or ``none`` where no rule spoke."""
    matched: str = ""


Recognition = Sign | NotAFix


class Outcome(StrEnum):
    """How a test ended in a run, all phases and repeats taken together."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"


class RedKind(StrEnum):
    """Why a test was red without the fix, from its exception and the lines it passed through."""

    ASSERTION = "assertion"
    """An assertion of the test; also ``pytest.raises`` or ``pytest.warns`` that saw nothing."""
    RAISED = "raised"
    """The source raised."""
    ERROR = "error"
    """An exception from elsewhere that is no want of a new name: behaviour too."""
    NEW_API = "new-api"
    """A name, parameter or module was missing that the fix adds."""
    FIXTURE = "fixture"
    """It did not come past its set-up."""
    COLLECTION = "collection"
    """Its file could not be read by pytest."""
    IMPORT = "import"
    """Something was missing that the fix does not add: the environment."""
    TIMEOUT = "timeout"
    CRASH = "crash"
    """The process died while it ran."""
    NOT_RUN = "not-run"
    SKIPPED = "skipped"


class Red(Struct, frozen=True):
    """How a test failed without the fix."""

    kind: RedKind
    message: str
    """One line, at most 300 characters."""
    where: str = ""
    """``path:line`` in the tree without the fix: in the source where it was raised there, else in the test."""


class MappedTest(Struct, frozen=True):
    """A test that a fix added or changed."""

    nodeid: str
    """``path::Class::test``: path relative to the repository's top level, with ``/``.

    Parameter ids (``[...]``) are there only where a run has shown them.
    """
    change: How
    counts: bool
    """Whether it may guard the fix."""
    reason: str = ""
    """Where it does not count: why. Where it is linked: by what. Else what is worth knowing of it; mostly nothing."""
    after: Outcome | None = None
    """How it ended with the fix in place; None where it has not been run."""
    before: Outcome | None = None
    """How it ended without the fix; None where it has not been run so."""
    red: Red | None = None
    """Where it failed without the fix: how."""


class Unreadable(Struct, frozen=True):
    """A file that could not be looked into; named, never skipped in silence."""

    path: str
    reason: str
    """One line, for example ``does not parse: invalid syntax (line 3)`` or ``7.1 MB, over the limit of 5 MB``."""
    cure: str = ""
    """The command after which it can be looked into, where there is one."""
    holds_tests: bool = False
    """Whether there are tests in it, under names that only a run can tell."""


class Unavailable(Struct, frozen=True):
    """A blob whose bytes could not be had, with the reason in one line and what cures it."""

    reason: str
    cure: str = ""


class TestMap(Struct, frozen=True):
    """What a unit did to its tests."""

    __test__ = False  # pytest collects classes named Test* from test modules that import this one

    tests: tuple[MappedTest, ...] = ()
    """Ordered by node id."""
    unreadable: tuple[Unreadable, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    """Node id before and after, of each test that only moved or got another name."""


class Files(Struct, frozen=True):
    """The changed files of a unit by side; paths in the order of the diff."""

    source: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()


class Waiver(Struct, frozen=True):
    """An accepted exception for a fix."""

    fix: str
    """A commit id, at least seven hexadecimal digits of it."""
    owner: str
    reason: str
    expires: dt.date | None
    """The last day on which it holds; None for a trailer in the commit message itself."""


class Quarantine(Struct, frozen=True):
    """A test that cannot be trusted for now, and who mends it by when: it runs, and guards no fix."""

    test: str
    """A node id from the repository's top."""
    owner: str
    reason: str
    expires: dt.date
    """The last day on which it holds."""
    place: str = ""
    """Where it stands in the settings: ``pyproject.toml:31``."""
    failures: tuple[str, ...] = ()
    """How it is known to fail: only that is excused (``core.failures.signature_of``)."""


class HeldHunk(Struct, frozen=True):
    """A part of a proven fix, and which of its tests fail without that part alone."""

    path: str
    first: int
    """Line of the file as it is with the fix, from 1."""
    last: int
    tests: tuple[str, ...]
    """Node ids; none where no test holds it."""
    is_told: bool
    """False: without it the tests do not come to run, so nothing is known of it alone."""


class Record(Struct, frozen=True):
    """All that is said of one unit."""

    sha: str
    parents: tuple[str, ...]
    subject: str
    committed_s: int
    recognition: Recognition
    issues: tuple[str, ...] = ()
    """References as written (``#12``, ``SHOP-7``), without repeats."""
    files: Files = field(default_factory=Files)
    tests: tuple[MappedTest, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    verdict: Verdict = Verdict.NOT_APPLICABLE
    reason: str = ""
    """Why this verdict, one sentence."""
    next: str = ""
    """The next thing to do or type; empty where nothing is to be done."""
    waiver: Waiver | None = None
    other_signs: tuple[Recognition, ...] = ()
    """What every other rule said, in the order of the rules; filled in only where somebody asks for one record."""
    hunks: tuple[HeldHunk, ...] = ()
    """The parts of a proven fix, where somebody asks which of them its tests hold."""

    @property
    def is_fix(self) -> bool:
        """Whether a sign of a bug fix was found."""
        return isinstance(self.recognition, Sign)


def short(sha: str) -> str:
    """A commit's id as people read it, in seven digits; empty where there is none."""
    return sha[:7]
