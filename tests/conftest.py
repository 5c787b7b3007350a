"""What every test may lean on."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")  # a machine that is busy elsewhere is no fault of the code

_IN_THE_BACKGROUND: dict[str, signal.Handlers | Callable[[int, FrameType | None], object]] = {
    "SIGINT": signal.default_int_handler,
    "SIGHUP": signal.SIG_DFL,
}
"""What a shell has a command ignore that it starts with ``&`` or ``nohup``, and what it does else."""


@pytest.fixture(scope="session", autouse=True)
def _signals() -> Iterator[None]:
    """Let signals reach us and our children as in the foreground, however the suite was started."""
    numbers = {getattr(signal, name): usual for name, usual in _IN_THE_BACKGROUND.items() if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(number, numbers[number])
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
