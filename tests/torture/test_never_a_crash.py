"""Promise 5: whatever the system refuses, a passing run of pytest stays one, and a command says what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.cli.exit_codes import EXIT_OUR_FAULT
from tests.doors import conftest as doors
from tests.doors.shop import GUARDING, shown
from tests.shell import Shell
from tests.torture import commands
from tests.torture.faults import Place, places

if TYPE_CHECKING:
    from tests.doors.shop import Shop
    from tests.torture.traps import Trapped

template, shop = doors.template, doors.shop
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the traps are shell scripts")


def test_a_command_survives_every_call_that_fails(furnished_repo: Trapped) -> None:
    """Each place in our code that asks something of the system is refused once: a full disk, a missing right."""
    shell = Shell(furnished_repo.repo.path)
    tried: dict[Place, None] = {}
    for command in commands.READING:
        with places() as found:
            shell.call(*command.split())
        for place in found.keys() - tried.keys():
            tried[place] = None
            with places(place):
                done = shell.call(*command.split())
            assert "Traceback" not in done.err, (command, place)
            assert done.code != EXIT_OUR_FAULT, (command, place)
            if "bugguard: " in done.err:
                assert "next: " in done.err, (command, place)
    events = {place.event for place in tried}
    assert {"read", "write", "os.mkdir", "sqlite3.connect", "subprocess.Popen"} <= events


def test_a_passing_run_survives_every_call_that_fails(shop: Shop) -> None:
    """The tests pass as before; the exit status is 0, or 1 with the reason and the cure."""
    shop.fix(GUARDING)
    tried = 0
    with places() as found:
        assert shop.run("--bugguard").ret == 0
    for place in found:
        tried += 1
        with places(place):
            result = shop.run("--bugguard")
        said = result.stdout.str() + result.stderr.str()
        assert "INTERNALERROR" not in said, place
        assert "fault of bugguard" not in said, (place, shown(result))
        if "pyproject.toml: cannot be read" in said:  # settings that cannot be read end a run before its first test
            assert result.ret == pytest.ExitCode.USAGE_ERROR, place
            continue
        assert "2 passed" in said, place
        assert result.ret == int("UNDECIDED" in said), place
    assert tried > 10
