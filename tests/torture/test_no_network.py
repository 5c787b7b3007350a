"""Promise 3: no network, unless somebody names an address."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.torture.watch import watched

if TYPE_CHECKING:
    from tests.torture.conftest import Observed
    from tests.torture.traps import Trapped


def test_a_reading_command_opens_no_socket(observed: Observed) -> None:
    """Nor does it look a name up."""
    assert observed.seen.calls == []


def test_the_watch_sees_a_call() -> None:
    """Else the test above would show nothing."""
    with watched() as seen, socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        with socket.create_connection(one.getsockname()):
            pass
    assert seen.calls == ["socket.bind", "socket.getaddrinfo", "socket.connect"]


def _isolated() -> list[str]:
    """What starts a program where there is no network interface; empty where that is not to be had."""
    command = ["unshare", "--map-root-user", "--net"]
    works = (
        shutil.which("unshare") and not subprocess.run([*command, "true"], capture_output=True, check=False).returncode
    )
    return command if works else []


@pytest.mark.skipif(not _isolated(), reason="network namespaces are not to be had here")
@pytest.mark.parametrize("command", ["audit --no-cache", "check HEAD~4..", "coverage check", "report"])
def test_it_works_without_any_network(furnished_repo: Trapped, command: str) -> None:
    """In a namespace without interfaces, with the programs that git starts, a command says what it always says."""
    shell = Shell(furnished_repo.repo.path)
    done = subprocess.run(
        [*_isolated(), sys.executable, "-m", "pytest_bugguard", *command.split()],
        cwd=shell.folder, env=shell.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (
        (usual := shell.call(*command.split())).code,
        usual.out,
        usual.err,
    )
