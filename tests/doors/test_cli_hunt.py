"""``bugguard hunt``: what is flaky in a real project, in which way, and the command that shows it."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.core.commands import Typing, command_of
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.replays import Conditions
from tests.shell import Done, Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Repo

STORY = """
    commit: feat: sell
      file: pyproject.toml
        [tool.pytest.ini_options]
        addopts = "-x -q -p no:hypothesispytest -p no:platformdirs"
      file: shop/tests/test_broken.py
        import shop.gone
      file: shop/tests/test_elsewhere.py
        import pytest

        pytest.skip("on another system", allow_module_level=True)
      file: shop/tests/test_shop.py
        import os

        import pytest

        def test_leaves():
            os.environ["SHOP"] = "closed"

        @pytest.mark.parametrize("case", ["a::b [c]"])
        def test_victim(case):
            assert "SHOP" not in os.environ

        @pytest.fixture(scope="session")
        def purse():
            return ["coin"]

        def test_again(purse):
            assert purse.pop()

        def test_fails():
            raise LookupError("no page")
"""
MORE = """
    commit: feat: sell more
      file: pyproject.toml
        [tool.pytest.ini_options]
        addopts = "-p no:hypothesispytest -p no:platformdirs"
      file: tests/test_more.py
        import os
        import sys

        LEFT = []

        def test_opens():
            LEFT.append("open")

        def test_closes():
            if LEFT:
                os.environ["SHOP"] = "closed"

        def test_pair():
            assert "SHOP" not in os.environ

        def test_brittle():
            assert "open" in LEFT

        def test_names():
            sys.argv[1:] = ["eth0"]

        def test_parses():
            if len(sys.argv) != 2:
                raise SystemExit("usage: tune NAME")
"""
ONCE = """
    commit: feat: sell once
      file: app/t/test_one.py
        from pathlib import Path

        def test_once():
            times = Path(TIMES)
            times.write_text(times.read_text() + ".")
            assert len(times.read_text()) != 1
"""
VICTIM = "shop/tests/test_shop.py::test_victim[a::b [c]]"
LEAVES = "shop/tests/test_shop.py::test_leaves"
AGAIN = "shop/tests/test_shop.py::test_again"


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return story(tmp_path_factory.mktemp("hunt") / "shop", STORY)


@pytest.fixture(scope="session")
def shell(repo: Repo) -> Shell:
    return Shell(repo.path / "shop")


@pytest.fixture(scope="session")
def broken_off(shell: Shell) -> Done:
    """A short hunt in a folder below the top, ended by Ctrl-C as soon as it has tried something."""
    log = shell.folder.parent / ".bugguard" / "hunt.jsonl"
    log.unlink(missing_ok=True)  # another test's hunt has tried something too
    words = ["hunt", "--runs", "4", "--seed", "1", "tests"]
    with shell.begun(*words) as running:
        while running.poll() is None and not (log.exists() and log.read_text().count("\n") > 1):
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    return Done(running.returncode, out, err)


@pytest.fixture(scope="session")
def done(shell: Shell, broken_off: Done) -> Done:
    """The same hunt, gone on with to its end."""
    assert broken_off.code == 2
    return shell.call("hunt", "--resume", "--jobs", "2", "--format", "json")


@pytest.fixture(scope="session")
def found(done: Done) -> dict[str, dict[str, Any]]:
    """What it says of each test."""
    return {one["nodeid"].partition("::")[2]: one for one in done.document["flaky"]}


def test_ctrl_c_shows_what_there_is_and_how_to_go_on(shell: Shell, broken_off: Done, done: Done) -> None:
    """What was tried is not tried again; once it has come to its end there is nothing to go on with."""
    assert "0 flaky tests" not in broken_off.out
    assert "note: it was broken off: bugguard hunt --resume goes on from here" in broken_off.out
    assert done.document["notes"] == [
        "all chance in it stands on --seed 1",
        "shop/tests/test_broken.py cannot be collected, so its tests were not hunted for",
    ]
    assert shell.call("hunt", "--resume").complaint[0] == "no hunt was broken off here"


def test_each_test_is_what_it_is(done: Done, found: dict[str, dict[str, Any]]) -> None:
    """Kinds, polluters and failures; one that always fails is failing, and one that never does is not there."""
    said = {name: (one["verdict"], one["kind"], one["polluters"], one["signature"]) for name, one in found.items()}
    path = "shop/tests/test_shop.py"
    assert said == {
        "test_victim[a::b [c]]": ("order-dependent", ["victim"], [[LEAVES]], f"AssertionError at {path}:10"),
        "test_again": ("order-dependent", ["non-idempotent"], [], f"IndexError at {path}:17"),
        "test_fails": ("failing", [], [], f"LookupError at {path}:20"),
    }
    assert done.code == 1


def test_each_test_has_its_next_step(found: dict[str, dict[str, Any]]) -> None:
    """Mend it; what is flaky may be put into quarantine until then."""
    quarantine = "--owner ... --reason ... --expires ..."
    assert found["test_again"]["next"] == f"mend it, or quarantine it: bugguard flaky quarantine {AGAIN} {quarantine}"
    assert found["test_victim[a::b [c]]"]["next"].endswith(f"bugguard flaky quarantine '{VICTIM}' {quarantine}")
    assert re.fullmatch(
        r"mend it, or what it tests: python -m pytest .*tests/test_shop\.py::test_fails", found["test_fails"]["next"]
    )


def test_what_is_not_told_is_to_be_hunted_for_longer(tmp_path: Path) -> None:
    """In the same places and with the same options for pytest, from where one stands."""
    times = tmp_path / "times"
    repo = story(tmp_path / "shop", ONCE.replace("TIMES", repr(str(times))))
    times.write_text("")
    said = Shell(repo.path / "app").call(
        "hunt", "--time-budget", "8", "--format", "json", "t", "--", "-k", "once or twice"
    )
    (found,) = said.document["flaky"]
    assert found["verdict"] == "undecided"
    assert found["next"] == "look longer: bugguard hunt --time-budget 3600 t -- -k 'once or twice'"


def test_rarer_kinds_are_told_where_they_are_hunted_for(tmp_path: Path) -> None:
    """Two polluters in their order, and what needs a setter; chance, crashes and seeds: benchmarks/flaky_matrix.py."""
    shell = Shell(story(tmp_path / "shop", MORE).path)
    path = "tests/test_more.py"
    names = ("test_pair", "test_brittle", "test_parses")
    done = shell.call("hunt", "--seed", "1", *(f"{path}::{name}" for name in names), "--format", "json")
    found = {one["nodeid"].partition("::")[2]: one for one in done.document["flaky"]}
    assert {name: (one["kind"], one["polluters"], one["setters"]) for name, one in found.items()} == {
        "test_pair": (["victim"], [[f"{path}::test_opens", f"{path}::test_closes"]], []),
        "test_brittle": (["brittle"], [], [[f"{path}::test_opens"]]),
        "test_parses": (["brittle"], [], [[f"{path}::test_names"]]),
    }
    # With the test's name on it, the command line would be one that this test takes.
    ends = [_code_of(found["test_parses"][key], shell.folder) for key in ("command", "contrast")]
    assert ends == [1, 0]


def test_the_seed_that_is_printed_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever chance brings: it is no 0, which --seed refuses."""
    repo = story(tmp_path / "one", "commit: one\n  file: test_one.py\n    def test_one():\n        pass")
    monkeypatch.setattr("pytest_bugguard.assembly.hunt.number", lambda *_: 0)
    seed = re.search(r"--seed (\d+)$", Shell(repo.path).call("hunt", "--runs", "1").out, re.MULTILINE)
    assert seed is not None
    assert Shell(repo.path).call("hunt", "--seed", seed[1], "nowhere").complaint[0] == "there is no nowhere"


def _code_of(command: str, folder: Path) -> int:
    """How it ends, typed as it stands; what it leaves is looked for by other tests."""
    tidy = os.environ | {"PYTEST_ADDOPTS": "-p no:cacheprovider"}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=tidy, capture_output=True, check=False).returncode


def test_a_hunt_leaves_the_checkout_as_it_was(repo: Repo, done: Done) -> None:
    """But for what the tests themselves do, what Python compiles, and the history, which hides itself."""
    assert done.code == 1
    left = repo.git("status", "--porcelain", "--ignored").splitlines()
    assert [line for line in left if "__pycache__" not in line] == ["!! .bugguard/"]


def test_the_history_remembers_what_was_found(shell: Shell, done: Done) -> None:
    """In the ranking and in the story of a test, with the commands."""
    assert done.code == 1
    listed = {one["nodeid"]: one for one in shell.call("flaky", "list", "--format", "json").document["flaky"]}
    assert (listed[VICTIM]["verdict"], listed[VICTIM]["kind"]) == ("order-dependent", ["victim"])
    assert listed[VICTIM]["polluters"] == [[LEAVES]]
    told = shell.call("flaky", "show", VICTIM).out
    assert f"polluted by {LEAVES}" in told
    assert f"python -m pytest {LEAVES} '{VICTIM}'" in told


@pytest.mark.parametrize("name", ["test_victim[a::b [c]]", "test_again"])
def test_the_command_that_is_printed_shows_it(shell: Shell, found: dict[str, dict[str, Any]], name: str) -> None:
    """Typed as it stands, in the folder where the hunt was begun; and the other one passes.

    Of the project's own ``-x -q`` it says nothing: the one is undone, the other shows less and changes nothing.
    """
    assert "-o addopts=" in found[name]["command"]
    assert "-q" not in found[name]["command"]
    ends = [_code_of(found[name][key], shell.folder) for key in ("command", "contrast")]
    assert ends == [1, 0]


@pytest.mark.parametrize(("ends", "code"), [("false", 1), ("true", 0), ("(exit 2)", 2)])
def test_the_command_for_chance_ends_as_pytest_does(ends: str, code: int) -> None:
    """So often it is run, and the shell in which it is typed stays."""
    typed = command_of("t.py::test", Diagnosis((Kind.RANDOM,), tries=3), Typing())
    done = subprocess.run(
        ["sh", "-c", typed.replace("python -m pytest t.py::test -q", f"echo run; {ends}") + "; echo $?"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["run"] * (1 if code else 3) + [str(code)]


def test_the_load_of_a_printed_command_goes_with_it() -> None:
    """In any shell; and the command ends as the test does."""
    loaded = Diagnosis((Kind.LOAD,), conditions=Conditions(busy=2))
    typed = command_of("t.py::test", loaded, Typing()).replace("python -m pytest t.py::test", "exit 7")
    running = subprocess.Popen(["sh", "-c", typed], start_new_session=True)
    assert running.wait(timeout=60) == 7
    until = time.monotonic() + 10
    while is_there := _end(running.pid, 0):  # until somebody has heard of their end
        if time.monotonic() > until:
            _end(running.pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    assert not is_there


def _end(group: int, sign: int) -> bool:
    """Send a signal to processes; whether there were any."""
    try:
        os.killpg(group, sign)
    except ProcessLookupError:
        return False
    return True


def test_no_stranger_is_run_beside_secrets(shell: Shell) -> None:
    """As with proofs: refused, unless somebody knows."""
    privileged = dataclasses.replace(
        shell, environment={"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}
    )
    said = privileged.call("hunt", "tests")
    assert said.code == 4
    assert "a job on pull_request_target has the secrets" in said.complaint[0]
    assert privileged.call("hunt", "--i-know", "nowhere").complaint[0] == "there is no nowhere"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["nowhere"], "there is no nowhere", id="no-such-path"),
        pytest.param(
            ["tests", "--", "--no-such-option"], "pytest could not begin: .*no-such-option", id="wrong-option"
        ),
        pytest.param(["--", "-k", "nothing"], "pytest found no test", id="no-test"),
        pytest.param(["--resume", "tests"], "--resume goes on as the hunt began", id="resumed-otherwise"),
    ],
)
def test_a_hunt_that_cannot_begin_says_why(shell: Shell, arguments: list[str], complaint: str) -> None:
    """In one line, with what to do."""
    said = shell.call("hunt", *arguments)
    assert said.code == 4
    assert re.search(complaint, said.complaint[0])
