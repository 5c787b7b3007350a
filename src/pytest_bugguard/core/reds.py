"""Why was a test red without the fix? From its exception and the lines that it passed through, never from its output.

The kinds are those of ``RedKind``. Only an assertion, an exception of the source and one from elsewhere that is no want
of a new name speak of behaviour; the others say that the test did not come to the point.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import naming, protocols
from pytest_bugguard.core.claims import asks_for_novelty, takes_novelty
from pytest_bugguard.core.model import Outcome, Red, RedKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_bugguard.core.novelty import Novelty
    from pytest_bugguard.core.runs import Case, Frame, Misfit, Raised

BEHAVIOUR = frozenset({RedKind.ASSERTION, RedKind.RAISED, RedKind.ERROR})
"""The kinds that can prove a fix."""

_MESSAGE_CAP = 300
_DEEP = 20
"""So many causes and groups are followed, one inside the other."""
_ASSERTIONS = frozenset({"builtins.AssertionError", "builtins.Failed", "_pytest.outcomes.Failed"})
"""``Failed`` is what ``pytest.fail`` raises, and so ``pytest.raises`` and ``pytest.warns`` that saw nothing."""
_HYPOTHESIS = "hypothesis.errors."
"""Its own errors (health checks, flaky examples) say that a test could not judge; failures come as they were raised."""
_SKIPS = frozenset({"builtins.Skipped", "_pytest.outcomes.Skipped", "unittest.case.SkipTest"})
_WRAPPERS = frozenset({"_pytest.nodes.Collector.CollectError", "_pytest.config.ConftestImportFailure"})
"""What pytest makes of an exception that a test module or a conftest raised as it was imported."""
_TIME_LIMIT = re.compile(r"Timeout \(?>\s*[\d.]+\s*s")
"""How pytest-timeout says that a test took too long, through ``pytest.fail``."""
_ARITY = re.compile(
    r"(?:(?P<function>[\w.<>]+)\(\) )?(?:got an unexpected keyword argument '(?P<parameter>\w+)'"
    r"|takes |missing \d+ required |got multiple values for |got some positional-only arguments )"
)
"""Python's words for a call that does not fit the callable: the exception itself does not hold its name."""
_NO_MODULE = re.compile(r"No module named (?!.*halted)")
_WORST_FIRST = (
    RedKind.ASSERTION,
    RedKind.RAISED,
    RedKind.ERROR,
    RedKind.NEW_API,
    RedKind.FIXTURE,
    RedKind.IMPORT,
    RedKind.TIMEOUT,
)


class Grounds(Struct, frozen=True):
    """What exceptions are judged by."""

    novelty: Novelty
    is_source: Callable[[str], bool]
    """Whether a path of the tree lies on the source side."""
    changed: frozenset[str] = frozenset()
    """The source files that the fix changed."""

    def of_case(self, case: Case) -> Red | None:
        """How a test case was red; None where it was not."""
        match case.outcome:
            case Outcome.PASSED | Outcome.XPASSED:
                return None
            case Outcome.SKIPPED:
                return Red(RedKind.SKIPPED, one_line(f"skipped: {case.reason}" if case.reason else "skipped"))
            case Outcome.XFAILED:
                return Red(RedKind.SKIPPED, one_line(f"expected to fail: {case.reason}".removesuffix(": ")))
            case Outcome.FAILED:
                return self._of_failure(case)

    def of_uncollected(self, raised: Raised | None) -> Red:
        """How the tests of a file were red that pytest could not read: each of them in this way."""
        if raised is None:
            return Red(RedKind.COLLECTION, "the file could not be collected")
        raised = unwrapped(raised)
        if self._wants_something_new(raised):
            kind = RedKind.NEW_API
        elif not _SKIPS.isdisjoint(raised.bases):
            kind = RedKind.SKIPPED
        elif _is_import_error(raised):
            kind = RedKind.IMPORT
        else:
            kind = RedKind.COLLECTION
        return self._red(kind, raised)

    def _of_failure(self, case: Case) -> Red:
        for want in case.wanted:
            is_new = self.novelty.adds(want.name, want.owner) or self.novelty.mentions_alone(want.name, want.owner)
            if is_new and not self.is_of_source(want.asker):
                return Red(RedKind.NEW_API, f"it goes on, or a process that it started dies, for want of {want.name}")
        for misfit in case.misfits:
            if self._goes_on(misfit, case) and not self.is_of_source(misfit.asker):
                return Red(RedKind.NEW_API, one_line(f"it goes on though it fails at this: {misfit.said}"))
        for raised in case.threads:
            if self._wants_something_new(raised):
                return Red(RedKind.NEW_API, f"a thread that it started dies: {told(raised)}")
        failures = [raised for raised in (case.raised, *(raised for _, raised in case.subtests)) if raised is not None]
        if not failures:
            return Red(RedKind.NOT_RUN, case.reason or "failed, and nothing is known of how")
        reds = [self._red(self._kind(raised, case), raised) for one in failures for raised in _singles(one)]
        return min(
            reds, key=lambda red: _WORST_FIRST.index(red.kind) if red.kind in _WORST_FIRST else len(_WORST_FIRST)
        )

    def _goes_on(self, misfit: Misfit, case: Case) -> bool:
        """Whether a test has caught that an object cannot do what it can with the fix, or a call that did not fit.

        One that fails over such a call by itself is judged by that.
        """
        if misfit.lacking:
            return not set(misfit.lacking).isdisjoint(protocols.wanted(misfit.said))
        is_what_it_fails_over = case.raised is not None and case.raised.message == misfit.said
        return self._says_misfit(misfit.said) if is_what_it_fails_over else bool(_ARITY.match(misfit.said))

    def _kind(self, raised: Raised, case: Case) -> RedKind:
        if self._wants_something_new(raised):
            return RedKind.NEW_API
        if raised.type.startswith(_HYPOTHESIS):
            return RedKind.TIMEOUT if raised.type == f"{_HYPOTHESIS}DeadlineExceeded" else RedKind.NOT_RUN
        # A limit that the test sets itself says what is too long; one of the whole project may be a slow machine's.
        if _is_assertion(raised) and _TIME_LIMIT.match(raised.message) and not case.has_limit:
            return RedKind.TIMEOUT
        passes_source = any(self._is_in_source(frame) for frame in raised.frames)
        if _is_import_error(raised) and (_NO_MODULE.match(raised.message) or not passes_source):
            return RedKind.IMPORT
        return self._behaviour(raised, passes_source=passes_source, is_set_up=case.phase != "setup")

    def _behaviour(self, raised: Raised, *, passes_source: bool, is_set_up: bool) -> RedKind:
        if not is_set_up and not passes_source:
            return RedKind.FIXTURE
        if _is_assertion(raised):
            return RedKind.ASSERTION
        return RedKind.RAISED if passes_source else RedKind.ERROR

    def _wants_something_new(self, raised: Raised) -> bool:
        """Whether it, or what it was raised from, misses what the fix adds, and no source line was on the way there."""
        for one in _chain(raised):
            if any(self._is_in_source(frame) for frame in _without_those_that_hand_on(one.frames)):
                return False
            if self._is_missing(one) or self._is_misfit(one) or self._is_dressed(one):
                return True
        return False

    def _is_missing(self, raised: Raised) -> bool:
        if raised.type == "builtins.KeyError":
            return raised.claim is not None and takes_novelty(raised.claim, self.novelty)
        if self.novelty.adds(raised.missing, raised.owner):
            return True
        if raised.type == "builtins.TypeError" and not self.novelty.names.isdisjoint(protocols.wanted(raised.message)):
            return True
        # How it is added is not read; so this counts only where no source, ``__getattr__`` neither, had a say in it.
        is_told_by_source = any(self._is_in_source(frame) for frame in raised.frames)
        return not is_told_by_source and self.novelty.mentions_alone(raised.missing, raised.owner)

    def _is_misfit(self, raised: Raised) -> bool:
        return "builtins.TypeError" in raised.bases and self._says_misfit(raised.message)

    def _says_misfit(self, said: str) -> bool:
        """Whether something that the fix changes the parameters of was called in a way that does not fit."""
        found = _ARITY.match(said)
        if found is None:
            return False
        function, parameter = found["function"], found["parameter"]
        if function is None:  # of a signature by itself: ``inspect``, and the doubles that ``create_autospec`` makes
            return any(parameter == new for _, new in self.novelty.parameters)
        return self.novelty.reshapes(function) or (parameter and self.novelty.takes(function, parameter)) or False

    def _is_dressed(self, raised: Raised) -> bool:
        """Whether it is an assertion that a new name be there."""
        if raised.claim is None or not _is_assertion(raised):
            return False
        helpers = tuple(helper for helper in raised.claim.helpers if not self.is_of_source(helper.path))
        return asks_for_novelty(raised.claim._replace(helpers=helpers), self.novelty)

    def _red(self, kind: RedKind, raised: Raised) -> Red:
        return Red(kind, told(raised), self._where(raised))

    def _where(self, raised: Raised) -> str:
        """The innermost line of the source where the source raised; else the innermost of the tree."""
        source = [] if _is_assertion(raised) else [frame for frame in raised.frames if self._is_in_source(frame)]
        inside = source or [frame for frame in raised.frames if frame.is_inside]
        return f"{inside[-1].path}:{inside[-1].line}" if inside else ""

    def is_of_source(self, asker: str) -> bool:
        """Whether the source asked, which may well go on without an answer; empty: a program, or what a test wrote.

        What is called as things for tests are asks for whoever uses it there, also where it lies in a package; unless
        that is what is repaired.
        """
        return bool(asker) and self.is_source(asker) and (asker in self.changed or not naming.is_for_tests(asker))

    def _is_in_source(self, frame: Frame) -> bool:
        return frame.is_inside and self.is_source(frame.path)


def _without_those_that_hand_on(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The way to who asked for what was missing."""
    asking = next((at for at in range(len(frames), 0, -1) if not frames[at - 1].hands_on), 0)
    return frames[:asking]


def unwrapped(raised: Raised) -> Raised:
    """What a test module or a conftest raised as it was imported, without what pytest wraps around it."""
    return raised.cause if raised.type in _WRAPPERS and raised.cause is not None else raised


def one_line(text: str) -> str:
    """The first line that says something, of a traceback the last one; cut where it is too long."""
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    line = lines[0]
    if line.startswith("Traceback (most recent call last)"):
        # The message of an assertion: behind it pytest tells which one it is.
        line = list(takewhile(lambda one: not one.startswith(("assert ", " + ")), lines))[-1]
    words = " ".join(line.split())
    return words if len(words) <= _MESSAGE_CAP else f"{words[: _MESSAGE_CAP - 3]}..."


def told(raised: Raised) -> str:
    """What it says, in one line: ``assert 0 == 10`` for an assertion; with the name of its class for anything else."""
    message = one_line(raised.message)
    name = raised.type.rpartition(".")[2]
    if _is_assertion(raised):
        return message or name
    return one_line(f"{name}: {message}") if message else name


def _is_assertion(raised: Raised) -> bool:
    return not _ASSERTIONS.isdisjoint(raised.bases)


def _is_import_error(raised: Raised) -> bool:
    return "builtins.ImportError" in raised.bases and bool(raised.missing)


def _singles(raised: Raised, deep: int = _DEEP) -> Iterator[Raised]:
    """The exceptions of a group, and of groups inside, with the way to the group; one that is no group, itself."""
    if not raised.inner or not deep or raised.type.startswith(_HYPOTHESIS):
        yield raised
        return
    for one in raised.inner:
        yield from _singles(replace(one, frames=raised.frames + one.frames), deep - 1)


def _chain(raised: Raised) -> Iterator[Raised]:
    one: Raised | None = raised
    for _ in range(_DEEP):
        if one is None:
            return
        yield one
        one = one.cause
