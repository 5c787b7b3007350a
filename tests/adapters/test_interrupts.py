"""Signals that ask for an end become exceptions, while somebody wants that."""

from __future__ import annotations

import os
import signal

import pytest

from pytest_bugguard.adapters.interrupts import Interrupted, unwinding

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def test_the_first_signal_is_an_exception_and_the_next_does_not_disturb_the_tidying() -> None:
    """A CI server sends one after the other; the tidying is not to be broken off by the second."""
    tidied = []

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            tidied.append(True)

    with pytest.raises(Interrupted, match="ended by SIGINT"), unwinding():
        work()
    assert tidied


def test_handlers_are_put_back() -> None:
    """Whoever had one before has it again."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    with unwinding():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert [signal.getsignal(number) for number in numbers] == before


def test_what_was_to_be_ignored_stays_ignored() -> None:
    """``nohup`` outlives the terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with unwinding():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
