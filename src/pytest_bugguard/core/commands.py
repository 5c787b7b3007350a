"""What is to be typed to see a flaky test fail? The shortest command of pytest that shows it. Pure; no I/O."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.kinds import Kind
from pytest_bugguard.core.model import FlakeVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.core.kinds import Diagnosis
    from pytest_bugguard.core.replays import Conditions

_UNSEEN = "import pytest; from sys import argv; words, argv[1:] = argv[1:], []; raise SystemExit(pytest.main(words))"
"""The tests see a command line without arguments, as a hunt shows them."""
_TWICE = (
    "import pytest; from _pytest.runner import runtestprotocol as run; from sys import argv; "
    'again = type("Again", (), {"pytest_runtest_protocol": lambda item: run(item, nextitem=item.parent) and None}); '
    "raise SystemExit(pytest.main(argv[1:], [again]))"
)
"""Before pytest runs a test it is run once, and all that is wider than the test is kept: pytest itself runs no test
twice in a session."""


class Typing(Struct, frozen=True):
    """How pytest is typed here."""

    folder: str = ""
    """Where one stands, below the repository's top."""
    options: tuple[str, ...] = ()
    """What has to be said so that nothing shuffles, shares out or repeats the tests."""

    refused: frozenset[tuple[str, ...]] = frozenset()
    """Tests in an order that pytest does not keep where they stand on its command line."""
    hides: bool = False
    """Whether the command line is to be hidden from the tests, since they may read it."""

    def of_first(self, sets: Sequence[tuple[str, ...]], nodeid: str) -> str:
        """The command that runs a test after the first of these that can be typed; empty where none can."""
        orders = ((*tests, nodeid) for tests in sets if tests != (nodeid,))
        return next((self.pytest(order) for order in orders if order not in self.refused), "")

    def pytest(self, nodeids: Sequence[str], conditions: Conditions | None = None) -> str:
        """The command that runs these tests in their order."""
        around = [f"{name}={shlex.quote(value)}" for name, value in (conditions.variables if conditions else ())]
        start = ["-c", _UNSEEN] if self.hides else ["-m", "pytest"]
        words = ["python", *start, *self.options, *(self.from_here(nodeid) for nodeid in nodeids)]
        return " ".join([*around, shlex.join(words)])

    def from_here(self, nodeid: str) -> str:
        """A node id from where one stands."""
        path, colons, rest = nodeid.partition("::")
        return f"{posixpath.relpath(path, self.folder or '.')}{colons}{rest}"


def command_of(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    """The command that makes a test fail as it is flaky; empty where it is not known how."""
    kind = next((kind for kind in _COMMANDS if kind in diagnosis.kinds), None)
    return _COMMANDS[kind](nodeid, diagnosis, typing) if kind is not None else ""


def contrast_of(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    """The command under which it passes, for comparison; empty where none is short."""
    if Kind.BRITTLE in diagnosis.kinds:
        return typing.of_first(diagnosis.setters, nodeid)
    passes = Kind.RANDOM not in diagnosis.kinds and _PASSING_ALONE.intersection(diagnosis.kinds)
    return typing.pytest([nodeid]) if passes else ""


_PASSING_ALONE = frozenset({Kind.VICTIM, Kind.IMPORT, Kind.TIME_ZONE, Kind.LOCALE, Kind.LOAD, Kind.NON_IDEMPOTENT})


def _after(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    return typing.of_first(diagnosis.polluters, nodeid)


def _alone(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    return typing.pytest([nodeid], diagnosis.conditions)


def _beside(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    files = diagnosis.conditions.beside
    left_out = shlex.join(word for path in files for word in ("--deselect", typing.from_here(path)))
    return f"{typing.pytest([*files, nodeid])} {left_out}"


def _under_load(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    busy = f'for n in $(seq {diagnosis.conditions.busy}); do yes > /dev/null & busy="$busy $!"; done'
    # In a shell of its own that takes them along, however it ends, and ends as pytest does.
    return f'({busy}; trap "kill $busy" EXIT; {typing.pytest([nodeid])})'


def _until_it_fails(nodeid: str, diagnosis: Diagnosis, typing: Typing) -> str:
    # In a shell of its own, which ends as pytest does: red as soon as it has failed, green where it never does.
    return f"(for n in $(seq {diagnosis.tries}); do {typing.pytest([nodeid])} -q || exit; done)"


def _twice(nodeid: str, _: Diagnosis, typing: Typing) -> str:
    return shlex.join(["python", "-c", _TWICE, *typing.options, typing.from_here(nodeid)])


_COMMANDS: dict[Kind, Callable[[str, Diagnosis, Typing], str]] = {
    Kind.VICTIM: _after,
    Kind.BRITTLE: _alone,
    Kind.IMPORT: _beside,
    Kind.HASH_SEED: _alone,
    Kind.TIME_ZONE: _alone,
    Kind.LOCALE: _alone,
    Kind.LOAD: _under_load,
    Kind.RANDOM: _until_it_fails,
    Kind.NON_IDEMPOTENT: _twice,
}
"""What shows it soonest comes first."""


def next_of(nodeid: str, verdict: FlakeVerdict, typing: Typing, again: str) -> str:
    """What to do about a test that failed in a hunt; ``again`` where that hunt did not tell what it is."""
    match verdict:
        case FlakeVerdict.FLAKY | FlakeVerdict.ORDER_DEPENDENT:
            return f"mend it, or quarantine it: {quarantine(nodeid)}"
        case FlakeVerdict.FAILING:
            return f"mend it, or what it tests: {typing.pytest([nodeid])}"
        case _:
            return again


def hunt_again(typed: Sequence[str], budget_s: float, *, is_beside: bool) -> str:
    """The next step that is another hunt.

    Args:
        typed: What stood behind ``bugguard hunt``, as it is taken again: places, and options for pytest.
        budget_s: How long it was allowed to take.
        is_beside: Whether the test failed only while other processes of the hunt ran.
    """
    if is_beside:
        words, what = ("--jobs", "1"), "see whether it fails with nothing beside it"
    else:
        words, what = ("--time-budget", f"{max(_HOUR_S, 2 * budget_s):.0f}"), "look longer"
    return f"{what}: {shlex.join(['bugguard', 'hunt', *words, *typed])}"


_HOUR_S = 3600


def quarantine(nodeid: str) -> str:
    """The command that puts a test into quarantine, but for what only people know."""
    return f"bugguard flaky quarantine {shlex.quote(nodeid)} --owner ... --reason ... --expires ..."
