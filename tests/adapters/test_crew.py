"""Work shared out among copies of a process: nothing is lost when one of them ends, and none stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import crew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Work = Callable[[int, Callable[[int], None]], tuple[int, int]]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="copies are made by fork")

_PYTHON = """
import os, sys, time
from contextlib import nullcontext
from pytest_bugguard.adapters import crew

def work(number, told):
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    while True:
        time.sleep(0.01)
        told(0)

def wait():
    with open(sys.argv[1], "a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(int(sys.argv[2]))

with crew.crew(2) as copies:
    copies.aside(wait)
    list(copies.each(lambda: nullcontext(work), [1, 2], progress=lambda _: None))
"""


@contextmanager
def squaring() -> Iterator[Work]:
    def work(number: int, told: Callable[[int], None]) -> tuple[int, int]:
        told(20)
        return number * number, os.getpid()

    yield work


def done(
    opens: Callable[[], AbstractContextManager[Work]], *, hands: int, told: list[int] | None = None
) -> tuple[list[int], set[int]]:
    """The results of twelve pieces of work, and the processes that did them."""
    said = [] if told is None else told
    with crew.crew(hands) as copies:
        made = list(copies.each(opens, list(range(12)), progress=said.append))
    return [number for number, _ in made], {process for _, process in made}


SQUARES = [number * number for number in range(12)]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("hands", [2, 3])
def test_results_come_in_order_whoever_made_them(hands: int) -> None:
    """The work is done elsewhere, and the steps of all are counted together."""
    told: list[int] = []
    numbers, processes = done(squaring, hands=hands, told=told)
    assert numbers == SQUARES
    assert os.getpid() not in processes
    assert told[-1] == 12 * 20


def test_with_one_hand_nothing_is_copied() -> None:
    """There is no second processor to win, or no copy to be had."""
    assert done(squaring, hands=1) == (SQUARES, {os.getpid()})


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_what_a_copy_does_not_bring_home_is_done_here() -> None:
    """One that is killed, as for want of memory, loses its piece and no other."""
    here = os.getpid()

    @contextmanager
    def mortal() -> Iterator[Work]:
        def work(number: int, _: object) -> tuple[int, int]:
            if number == 3 and os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            return number * number, os.getpid()

        yield work

    numbers, processes = done(mortal, hands=2)
    assert numbers == SQUARES
    assert here in processes
    assert len(processes) > 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fault_is_told_where_it_can_be_told(capfd: pytest.CaptureFixture[str]) -> None:
    """A copy keeps silent; the same work fails here, with its own words."""

    @contextmanager
    def failing() -> Iterator[Work]:
        def work(number: int, _: object) -> tuple[int, int]:
            raise ValueError(f"no {number}")

        yield work

    with pytest.raises(ValueError, match="no 0"):
        done(failing, hands=2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_copies_work_on_while_a_result_is_looked_at() -> None:
    """Whoever takes the results may do something of its own before it asks for the first."""
    here, there = os.pipe()

    @contextmanager
    def telling() -> Iterator[Work]:
        def work(number: int, _: object) -> tuple[int, int]:
            os.write(there, bytes([number]))
            return number, os.getpid()

        yield work

    with crew.crew(2) as copies:
        results = copies.each(telling, list(range(4)), progress=lambda _: None)
        told = b""
        while len(told) < 4:
            told += os.read(here, 4)
        assert [number for number, _ in results] == [0, 1, 2, 3]
    assert sorted(told) == [0, 1, 2, 3]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_something_is_done_beside_all_else() -> None:
    """Where it comes to nothing, by whatever fault, there is no result, and nothing is said of it."""

    def fail() -> int:
        raise ValueError("nobody hears it")

    with crew.crew(2) as copies:
        mine, failed, ended = copies.aside(os.getpid), copies.aside(fail), copies.aside(lambda: os._exit(0))
        assert mine() not in {None, os.getpid()}
        assert failed() is None
        assert ended() is None


def test_with_one_hand_nothing_is_done_beside() -> None:
    """It is up to who asks for it to do it then."""
    with crew.crew(1) as copies:
        assert copies.aside(os.getpid)() is None


@pytest.mark.parametrize(("ending", "aside_s"), [(signal.SIGINT, 60), (signal.SIGKILL, 1)])
def test_no_copy_outlives_its_process(tmp_path: Path, ending: signal.Signals, aside_s: int) -> None:
    """Whether that tidies up after itself or cannot: then what is done aside ends by itself."""
    workers = tmp_path / "workers"
    workers.touch()
    command = [sys.executable, "-c", _PYTHON, str(workers), str(aside_s)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    _until(lambda: len(workers.read_text(encoding="utf-8").split()) == 3)
    if ending == signal.SIGINT:
        os.killpg(running.pid, ending)  # as a terminal does it
    else:
        running.send_signal(ending)
    said = running.communicate()[1]
    assert said.count(b"Traceback") == (ending == signal.SIGINT), said  # of the process itself, not of its copies
    assert b"Exception ignored" not in said
    _until(lambda: not any(map(_is_alive, map(int, workers.read_text(encoding="utf-8").split()))))


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
