"""What is to be typed about a test that failed in a hunt, to see it fail and to see it pass, wherever one stands."""

from __future__ import annotations

import shlex

import pytest

from pytest_bugguard.core.commands import Typing, command_of, contrast_of, hunt_again, next_of
from pytest_bugguard.core.kinds import UNKNOWN, Diagnosis, Kind
from pytest_bugguard.core.model import FlakeVerdict
from pytest_bugguard.core.replays import Conditions

TEST = "app/tests/t.py::test[a b]"
QUARANTINE = f"mend it, or quarantine it: bugguard flaky quarantine '{TEST}' --owner ... --reason ... --expires ..."


@pytest.mark.parametrize(
    ("verdict", "is_beside", "step"),
    [
        pytest.param(FlakeVerdict.FLAKY, False, QUARANTINE, id="flaky"),
        pytest.param(FlakeVerdict.ORDER_DEPENDENT, False, QUARANTINE, id="order-dependent"),
        pytest.param(
            FlakeVerdict.FAILING,
            False,
            "mend it, or what it tests: python -m pytest -o addopts= 'tests/t.py::test[a b]'",
            id="failing",
        ),
        pytest.param(
            FlakeVerdict.UNDECIDED,
            False,
            "look longer: bugguard hunt --time-budget 3600 tests -- -k 'a b'",
            id="undecided",
        ),
        pytest.param(
            FlakeVerdict.UNDECIDED,
            True,
            "see whether it fails with nothing beside it: bugguard hunt --jobs 1 tests -- -k 'a b'",
            id="undecided-beside-others",
        ),
    ],
)
def test_each_verdict_of_a_hunt_has_its_next_step(verdict: FlakeVerdict, is_beside: bool, step: str) -> None:
    """Node ids from where one stands, but for the quarantine, which names them from the repository's top."""
    typing = Typing(folder="app", options=("-o", "addopts="))
    for budget_s, longer in ((600.0, "3600"), (4000.5, "8001")):
        again = hunt_again(("tests", "--", "-k", "a b"), budget_s, is_beside=is_beside)
        assert next_of(TEST, verdict, typing, again) == step.replace("3600", longer)


HERE = Typing(folder="app", options=("-o", "addopts="))
RUN = "python -m pytest -o addopts="
ITSELF = "'tests/t.py::test[a b]'"
AFTER = (("app/tests/t.py::a", "app/tests/u.py::b"), ("lib/test_c.py::c",))


@pytest.mark.parametrize(
    ("diagnosis", "command", "contrast"),
    [
        pytest.param(UNKNOWN, "", "", id="not-known-how"),
        pytest.param(
            Diagnosis((Kind.VICTIM,), polluters=AFTER),
            f"{RUN} tests/t.py::a tests/u.py::b {ITSELF}", f"{RUN} {ITSELF}", id="victim",
        ),
        pytest.param(
            Diagnosis((Kind.BRITTLE,), setters=AFTER[1:]),
            f"{RUN} {ITSELF}", f"{RUN} ../lib/test_c.py::c {ITSELF}", id="brittle",
        ),
        pytest.param(
            Diagnosis((Kind.BRITTLE,), setters=((TEST,),)), f"{RUN} {ITSELF}", "", id="its-own-setter",
        ),
        pytest.param(
            Diagnosis((Kind.IMPORT,), conditions=Conditions(beside=("app/tests/u v.py", "lib/test_c.py"))),
            f"{RUN} 'tests/u v.py' ../lib/test_c.py {ITSELF} --deselect 'tests/u v.py' --deselect ../lib/test_c.py",
            f"{RUN} {ITSELF}", id="import",
        ),
        pytest.param(
            Diagnosis((Kind.HASH_SEED,), conditions=Conditions(hash_seed=7)),
            f"PYTHONHASHSEED=7 {RUN} {ITSELF}", "", id="hash-seed",
        ),
        pytest.param(
            Diagnosis((Kind.TIME_ZONE,), conditions=Conditions(time_zone="Pacific/Apia")),
            f"TZ=Pacific/Apia {RUN} {ITSELF}", f"{RUN} {ITSELF}", id="time-zone",
        ),
        pytest.param(
            Diagnosis((Kind.LOCALE,), conditions=Conditions(locale="de_DE odd")),
            f"LC_ALL='de_DE odd' {RUN} {ITSELF}", f"{RUN} {ITSELF}", id="locale",
        ),
        pytest.param(
            Diagnosis((Kind.LOAD,), conditions=Conditions(busy=4)),
            '(for n in $(seq 4); do yes > /dev/null & busy="$busy $!"; done; trap "kill $busy" EXIT; '
            f"{RUN} {ITSELF})",
            f"{RUN} {ITSELF}", id="load",
        ),
        pytest.param(
            Diagnosis((Kind.RANDOM,), tries=17), f"(for n in $(seq 17); do {RUN} {ITSELF} -q || exit; done)", "",
            id="random",
        ),
        pytest.param(
            Diagnosis((Kind.RANDOM, Kind.VICTIM), polluters=AFTER[1:], tries=17),
            f"{RUN} ../lib/test_c.py::c {ITSELF}", "", id="random-and-victim",
        ),
    ],
)  # fmt: skip
def test_each_kind_has_the_command_that_shows_it(diagnosis: Diagnosis, command: str, contrast: str) -> None:
    """The soonest of them where it is of several kinds; and what it passes under, where that is short."""
    assert command_of(TEST, diagnosis, HERE) == command
    assert contrast_of(TEST, diagnosis, HERE) == contrast


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        pytest.param([], "tests/t.py::a tests/u.py::b 'tests/t.py::test[a b]'", id="the-first"),
        pytest.param(AFTER[:1], "../lib/test_c.py::c 'tests/t.py::test[a b]'", id="the-next"),
        pytest.param(AFTER, "", id="none"),
    ],
)
def test_an_order_that_pytest_does_not_keep_is_not_typed(refused: list[tuple[str, ...]], words: str) -> None:
    """What stands on its command line is sorted again: by files, by the scopes of fixtures."""
    typing = Typing("app", refused=frozenset((*tests, TEST) for tests in refused))
    command = command_of(TEST, Diagnosis((Kind.VICTIM,), polluters=AFTER), typing)
    assert command == (f"python -m pytest {words}" if words else "")


def test_a_test_that_fails_the_second_time_is_run_twice() -> None:
    """In one process, though pytest itself runs no test twice; and it passes the first time."""
    diagnosis = Diagnosis((Kind.NON_IDEMPOTENT,))
    first, option, program, *rest = shlex.split(command_of(TEST, diagnosis, HERE))
    assert (first, option, rest) == ("python", "-c", ["-o", "addopts=", "tests/t.py::test[a b]"])
    compile(program, "typed", "exec")
    assert contrast_of(TEST, diagnosis, HERE) == f"{RUN} {ITSELF}"


def test_a_command_line_may_be_hidden_from_the_tests() -> None:
    """A test that reads its arguments would else see those of pytest."""
    typing = Typing("app", ("-o", "addopts="), hides=True)
    first, option, program, *rest = shlex.split(typing.pytest([TEST]))
    assert (first, option, rest) == ("python", "-c", ["-o", "addopts=", "tests/t.py::test[a b]"])
    compile(program, "typed", "exec")
    assert Typing().pytest(["a.py::x", "b/c.py"]) == "python -m pytest a.py::x b/c.py"
