"""Is each kind of flaky test told apart, by the real command? A hunt over tests of every kind, and what it prints run.

python benchmarks/flaky_matrix.py [--seed N] [--runs N] [PART...]

Chance is real here, and so are crashes, hangs and the load: run it where nothing else runs. Each part is a repository
of its own with one hunt in it. A row a test: what it is, what the hunt says, and whether the commands that it prints
fail and pass as they should. Exit status 1 where a test is called what it is not, or is not told of.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHANCE = r"""
import asyncio, ctypes, os, random, time, unittest
import pytest

chance = random.SystemRandom().random

@pytest.fixture(scope="session")
def database():
    if chance() < 0.4:
        raise ConnectionError("the database did not come up")

@pytest.fixture
def set_up():
    assert chance() >= 0.4

@pytest.fixture
def torn_down():
    yield
    assert chance() >= 0.4

def test_random_30():
    assert chance() >= 0.3

def test_random_1():
    assert chance() >= 0.01

def test_session_fixture(database):
    pass

def test_setup(set_up):
    pass

def test_teardown(torn_down):
    pass

def test_subtests(subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert chance() >= 0.15

class TestUnit(unittest.TestCase):
    def test_unit(self):
        self.assertGreaterEqual(chance(), 0.4)

    def test_unit_subtest(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertGreaterEqual(chance(), 0.15)

class TestAwaiting(unittest.IsolatedAsyncioTestCase):
    async def test_asyncio(self):
        await asyncio.sleep(0)
        assert chance() >= 0.4

    async def test_steady_asyncio(self):
        await asyncio.sleep(0)

def test_segfault():
    if chance() < 0.4:
        ctypes.string_at(0)

def test_exit():
    if chance() < 0.4:
        os._exit(3)

def test_hang():
    if chance() < 0.3:
        time.sleep(600)

def test_hash_seed():
    assert hash("bugguard") % 3

def test_timing():
    assert time.time_ns() // 1000 % 3

@pytest.mark.parametrize("value", ["a[b]", "x::y", "back\\slash", "new\nline", "-x", "'\" $HOME`"])
def test_odd(value):
    assert chance() >= 0.4

def test_fails():
    assert 1 == 2

def test_steady():
    '''
    >>> __name__.rpartition(".")[2]
    'test_chance'
    '''

@pytest.mark.skip
def test_skipped():
    pass

@pytest.mark.xfail
def test_known():
    assert 1 == 2
"""
ORDER = r"""
import os
import pytest

LEFT, SEEN, DONE, FIRST, FLAGS = [], set(), [], [], {}

@pytest.fixture(scope="session")
def purse():
    return ["coin"]

def test_spends(purse):
    assert purse.pop()

def test_leaves_environment():
    os.environ["SHOP"] = "closed"

def test_environment():
    assert "SHOP" not in os.environ

def test_leaves_folder(tmp_path):
    os.chdir(tmp_path)

def test_folder():
    assert os.path.exists("tests")

@pytest.mark.parametrize("value", ["p[q]", "q::r", "r\\s", "s\nt"])
def test_leaves(value):
    LEFT.append(value)

@pytest.mark.parametrize("value", ["a[b]", "x::y", "back\\slash", "new\nline"])
def test_module(value):
    assert not LEFT

def test_one():
    FLAGS["one"] = 1

def test_two():
    if "one" in FLAGS:
        FLAGS["two"] = 1

def test_pair():
    assert "two" not in FLAGS

def test_sets():
    SEEN.add("ready")

def test_brittle():
    assert SEEN

def test_again():
    DONE.append(1)
    assert len(DONE) == 1

def test_first_run():
    FIRST.append(1)
    assert len(FIRST) > 1

def test_fails():
    assert 1 == 2
"""
LOAD = r"""
import time

def test_load():
    begin, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < 0.3:
        pass
    assert time.process_time() - used > 0.18

def test_steady():
    pass
"""


@dataclass(frozen=True)
class Part:
    """One project, and what its tests are."""

    text: str
    kinds: dict[str, set[str]]
    """Of each that is to be told of: the kinds, one of which it has to be; none: it has to be called failing."""
    polluters: dict[str, list[list[str]]]
    setters: dict[str, list[list[str]]]
    rare: frozenset[str] = frozenset()
    """What is seen by luck alone: it may be left out, or undecided."""
    options: tuple[str, ...] = ()
    needs_rest: bool = False
    """Whether its tests are what they are called on a machine at rest alone: where it is not, nothing is told."""


_TRIES = 10
_ODD = ["a[b]", "x::y", r"back\\slash", r"new\nline", "-x", "'\" $HOME`"]
_LEAVES = [[rf"test_leaves[{value}]"] for value in ("p[q]", "q::r", r"r\\s", r"s\nt")]
_RANDOM = ("random_30", "session_fixture", "setup", "teardown", "subtests", "segfault", "exit", "hang", "timing")
_IN_CLASSES = ("TestUnit::test_unit", "TestUnit::test_unit_subtest", "TestAwaiting::test_asyncio")
PARTS = {
    "chance": Part(
        CHANCE,
        {
            **{f"test_{name}": {"random"} for name in (*_RANDOM, "random_1")},
            **{name: {"random"} for name in _IN_CLASSES},
            **{f"test_odd[{value}]": {"random"} for value in _ODD},
            "test_hash_seed": {"hash-seed"},
            "test_fails": set(),
        },
        {},
        {},
        frozenset({"test_random_1"}),
        ("--timeout", "20"),
    ),
    "order": Part(
        ORDER,
        {
            **{f"test_{name}": {"victim"} for name in ("environment", "folder", "pair")},
            **{f"test_module[{value}]": {"victim"} for value in _ODD[:4]},
            **{f"test_{name}": {"brittle"} for name in ("brittle", "first_run")},
            **{f"test_{name}": {"non-idempotent"} for name in ("again", "spends")},
            "test_fails": set(),
        },
        {
            "test_environment": [["test_leaves_environment"]],
            "test_folder": [["test_leaves_folder"]],
            "test_pair": [["test_one", "test_two"]],
            **{f"test_module[{value}]": _LEAVES for value in _ODD[:4]},
        },
        {"test_brittle": [["test_sets"]], "test_first_run": [["test_first_run"]]},
    ),
    "load": Part(LOAD, {"test_load": {"load"}}, {}, {}, options=("--vary", "load"), needs_rest=True),
}


def main() -> int:
    """Hunt in each part, and print a row a test."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", metavar="PART", nargs="*", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--runs", default="10")
    asked = parser.parse_args()
    wrong = sum(_hunted(name, PARTS[name], asked) for name in asked.parts or PARTS)
    print(f"\n{wrong} wrong or not told")
    return 1 if wrong else 0


def _hunted(name: str, part: Part, asked: argparse.Namespace) -> int:
    """How many tests of a part are called what they are not, or could not be told."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tests", f"test_{name}.py")
        path.parent.mkdir()
        path.write_text(part.text, encoding="utf-8")
        for words in (
            ["init", "-q"],
            ["add", "-A"],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
        ):
            subprocess.run(["git", "-C", folder, *words], check=True)
        started = time.monotonic()
        busy = _is_busy(folder) if part.needs_rest else 0
        command = [sys.executable, "-m", "pytest_bugguard", "hunt", "--format", "json", "--time-budget", "3600"]
        done = subprocess.run(
            [*command, "--seed", asked.seed, "--runs", asked.runs, *part.options, "--", "--doctest-modules"],
            cwd=folder, stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        document = json.loads(done.stdout)
        said = {one["nodeid"].partition("::")[2]: one for one in document["flaky"]}
        load = " ".join(f"{one:.1f}" for one in os.getloadavg())
        print(f"\n{name}: {done.returncode} after {time.monotonic() - started:.0f} s; load average {load}")
        if part.needs_rest and (busy := busy + _is_busy(folder)):
            print(f"  {'NOT TOLD':10} others keep the machine busy: alone it failed {busy} of {2 * _TRIES} times")
            return 1
        return sum(_is_wrong(test, part, said.get(test), folder) for test in dict.fromkeys([*part.kinds, *said]))


def _is_busy(folder: str) -> int:
    """How often a part that passes on a machine at rest fails now, of so many tries by pytest alone."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:bugguard", "-p", "no:cacheprovider"]
    return sum(
        bool(subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode) for _ in range(_TRIES)
    )


def _is_wrong(test: str, part: Part, said: dict[str, Any] | None, folder: str) -> bool:
    if said is None:
        print(f"  {'unseen' if test in part.rare else 'NOT FOUND':10} {test}")
        return test not in part.rare
    faults = []
    if test not in part.kinds:
        faults.append("it is steady")
    elif part.kinds[test] and not part.kinds[test].intersection(said["kind"]) and test not in part.rare:
        faults.append(f"it is {' or '.join(part.kinds[test])}")
    elif not part.kinds[test] and said["verdict"] != "failing":
        faults.append("it fails always")
    faults += [
        f"{key}: {said[key]}"
        for key, known in (("polluters", part.polluters), ("setters", part.setters))
        if sorted(map(tuple, said[key])) != sorted(map(tuple, _named(known.get(test, []), said["nodeid"])))
    ]
    faults += [
        f"{key} did not do so"
        for key, fails in (("command", True), ("contrast", False))
        if not _shows(said, key, folder, fails=fails)
    ]
    print(f"  {'WRONG' if faults else 'right':10} {test}: {said['verdict']} {'+'.join(said['kind'])} {said['reason']}")
    for fault in faults:
        print(f"  {'':10}   {fault}")
    return bool(faults)


def _named(sets: list[list[str]], nodeid: str) -> list[list[str]]:
    path = nodeid.partition("::")[0]
    return [[f"{path}::{name}" for name in names] for names in sets]


def _shows(said: dict[str, Any], key: str, folder: str, *, fails: bool) -> bool:
    """Whether a command that was printed shows what it should: by how it ends."""
    if not said[key]:
        return True
    try:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", said[key]], cwd=folder, env=environment, capture_output=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return fails
    return (done.returncode != 0) == fails


if __name__ == "__main__":
    raise SystemExit(main())
