"""How often does Python look for cycles of garbage? Seldom, while much is read or judged: none of that makes any."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALLOCATIONS = 50_000
"""Between two looks; Python's own 700 go by many times while one syntax tree is built."""


@contextmanager
def seldom_sought() -> Iterator[None]:
    """While this lasts, Python looks for cycles less often; afterwards as often as before."""
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
