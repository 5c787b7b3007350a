"""What may be behind a flaky test: only what stands in its source, or in how it fails."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.causes import hints_of, may_read_command_line, source_in
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.flakes import Flake
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.model import FlakeVerdict

MODULE = """
import os, time, random

@pytest.fixture
def server():
    socket.create_connection(("shop", 80))

class TestShop:
    def test_waits(self):
        time.sleep(1)

    def test_hurries(self):
        assert current_time_ms() < 2

@pytest.mark.parametrize("case", ["[x]::y"])
def test_asks(server, case):
    pass

def test_leaves():
    os.environ["SHOP"] = "closed"
    CACHE.append(1)

def test_sound():
    assert 1 + 1 == 2

def test_calls():
    sys.argv = ["shop"]

async def test_later():
    await shop()

class TestKeeps:
    def test_files(self):
        open("shop.txt", "w")
"""


def flake(
    name: str, *kinds: Kind, polluters: tuple[str, ...] = (), signature: str = "AssertionError at t.py:3"
) -> Flake:
    sets = (tuple(f"t.py::{one}" for one in polluters),) if polluters else ()
    diagnosis = Diagnosis(kinds, polluters=sets)
    rate = rate_of(1, 9)
    return Flake(f"t.py::{name}", FlakeVerdict.FLAKY, "", "", rate, signatures=((signature, 1),), diagnosis=diagnosis)


@pytest.mark.parametrize(
    ("test", "hints"),
    [
        pytest.param(
            flake("TestShop::test_waits", Kind.RANDOM), ["the clock, by 'time.sleep' in its source"], id="clock"
        ),
        pytest.param(
            flake("TestShop::test_hurries"), ["the clock, by 'current_time_ms(' in its source"], id="own-clock"
        ),
        pytest.param(
            flake("test_asks[[x]::y]", Kind.RANDOM),
            ["the network, by 'socket.create_connection' in its source"],
            id="fixture-of-an-odd-case",
        ),
        pytest.param(
            flake("test_later"),
            ["threads, processes or an event loop, by 'async def' in its source"],
            id="nothing-known",
        ),
        pytest.param(
            flake("test_sound", Kind.VICTIM, polluters=("test_leaves",)),
            [
                "environment variables, by 'os.environ' in test_leaves",
                "names of a module, by 'CACHE.append(' in test_leaves",
            ],
            id="polluter",
        ),
        pytest.param(
            flake("test_sound", Kind.BRITTLE, signature="SystemExit at src/cli.py:66"),
            ["the command line that pytest was started with, by SystemExit"],
            id="command-line",
        ),
        pytest.param(
            flake("test_sound", Kind.VICTIM, polluters=("test_calls",)),
            ["the command line that pytest was started with, by 'sys.argv' in test_calls"],
            id="command-line-that-a-polluter-sets",
        ),
        pytest.param(
            Flake(
                "t.py::test_sound",
                FlakeVerdict.FLAKY,
                "",
                "",
                rate_of(1, 9),
                diagnosis=Diagnosis(
                    (Kind.VICTIM, Kind.BRITTLE),
                    polluters=(("t.py::TestKeeps::test_files",), ("t.py::test_leaves",)),
                    setters=(("t.py::test_calls",), ("t.py::test_leaves",)),
                ),
            ),
            [
                "files, by 'open(' in TestKeeps::test_files",
                "the command line that pytest was started with, by 'sys.argv' in test_calls",
            ],
            id="the-shortest-polluter-and-setter",
        ),
        pytest.param(
            flake("TestKeeps::test_files", Kind.NON_IDEMPOTENT),
            ["files, by 'open(' in TestKeeps::test_files"],
            id="its-own-polluter",
        ),
        pytest.param(flake("TestKeeps::test_files", Kind.RANDOM), [], id="what-it-leaves-is-no-chance"),
        pytest.param(flake("TestShop::test_waits", Kind.BRITTLE), [], id="the-clock-is-no-order"),
        pytest.param(
            flake("TestShop::test_waits", Kind.RANDOM, Kind.BRITTLE),
            ["the clock, by 'time.sleep' in its source"],
            id="chance-and-order",
        ),
        pytest.param(flake("test_sound", Kind.RANDOM), [], id="nothing-in-sight"),
        pytest.param(
            flake("test_sound", Kind.RANDOM, signature="ConnectionResetError at t.py:3"),
            ["the network, by ConnectionResetError"],
            id="failure",
        ),
        pytest.param(
            flake("test_sound", Kind.RANDOM, signature="FileNotFoundError at src/look at me.py:3"),
            ["files, by FileNotFoundError"],
            id="failure-at-an-odd-path",
        ),
        pytest.param(flake("gone", Kind.RANDOM), [], id="no-source"),
    ],
)
def test_a_hint_names_what_it_rests_on(test: Flake, hints: list[str]) -> None:
    """And where nothing speaks for anything, there is none."""
    assert list(hints_of(test, lambda nodeid: source_in(MODULE, nodeid))) == hints


@pytest.mark.parametrize(
    ("nodeid", "source"),
    [
        pytest.param(
            "t.py::test_asks[[x]::y]",
            "@pytest.mark.parametrize('case', ['[x]::y'])\ndef test_asks(server, case):\n    pass\n"
            "@pytest.fixture\ndef server():\n    socket.create_connection(('shop', 80))",
            id="with-its-fixture",
        ),
        pytest.param("t.py::TestShop::test_waits", "def test_waits(self):\n    time.sleep(1)", id="method"),
        pytest.param("t.py::test_waits", "", id="method-without-its-class"),
        pytest.param("t.py::TestShop", "", id="class"),
        pytest.param("t.py", "", id="file"),
    ],
)
def test_the_source_of_a_test_is_found_by_its_node_id(nodeid: str, source: str) -> None:
    """With the fixtures of its module that it asks for, whatever its parameters hold."""
    assert source_in(MODULE, nodeid) == source


@pytest.mark.parametrize("module", ["def (", "\0", ""])
def test_a_module_that_cannot_be_read_gives_no_source(module: str) -> None:
    """Whatever stands there."""
    assert source_in(module, "t.py::test") == ""


@pytest.mark.parametrize(
    ("test", "may_read"),
    [
        pytest.param(flake("test_sound", Kind.VICTIM, polluters=("test_calls",)), True, id="a-polluter-sets-it"),
        pytest.param(flake("test_sound", signature="UsageError"), True, id="it-fails-so"),
        pytest.param(flake("TestShop::test_waits", Kind.RANDOM), False, id="something-else"),
        pytest.param(flake("test_sound"), False, id="no-hint"),
    ],
)
def test_a_hint_at_the_command_line_is_known_again(test: Flake, *, may_read: bool) -> None:
    """What is typed to show the test is hidden from it then."""
    assert may_read_command_line(hints_of(test, lambda nodeid: source_in(MODULE, nodeid))) is may_read
