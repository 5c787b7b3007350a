"""How do we work in a process in which tests have run? Apart from what they have left there."""

from __future__ import annotations

import gc
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def apart(environment: Mapping[str, str]) -> Iterator[None]:
    """Work with the environment that was there before the tests, and without a look at their objects.

    Processes that we start are fresh only with the first. The second saves time: what pytest holds by now takes Python
    long to search for cycles, again and again while thousands of rows are made. Who has set objects aside himself
    finds them there: nobody can take back some of them alone.
    """
    left, is_set_aside = dict(os.environ), gc.get_freeze_count() > 0
    if not is_set_aside:
        gc.freeze()
    try:
        _make(environment)
        yield
    finally:
        _make(left)
        if not is_set_aside:
            gc.unfreeze()


def _make(environment: Mapping[str, str]) -> None:
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
