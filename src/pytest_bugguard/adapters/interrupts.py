"""Being told to end: a signal becomes an exception, so that what was borrowed is put back on the way out."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Interrupted(KeyboardInterrupt):
    """A signal told this process to end."""

    def __init__(self, name: str) -> None:
        super().__init__(f"ended by {name}")


@contextmanager
def unwinding() -> Iterator[None]:
    """Raise ``Interrupted`` in the main thread at the first signal that asks for an end; later ones are too late.

    A CI server sends one after the other and kills after some seconds; only Ctrl-C stays impatient.
    For a door of the shell, which owns its process: never for a plugin.
    """
    known = [getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}

    def end(number: int, _frame: object) -> NoReturn:
        for other in known:
            signal.signal(other, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        raise Interrupted(signal.Signals(number).name)

    # What a parent has told us to ignore (nohup) stays ignored.
    for number in known:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
