"""What was asked and what was measured, in one form: scripts print it, and ``run.py`` puts all of it side by side."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

COLLECTED = "BUGGUARD_RATIOS"
"""Variable that names a file: whoever measures adds its ratios to it, a line of JSON each."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One figure with its promise."""

    name: str
    measured: float
    asked: float
    unit: str
    """What is counted: ``ms of CPU``, ``of two bare runs``."""
    is_least: bool = False
    """Whether the promise is a least, not a most."""

    @property
    def is_kept(self) -> bool:
        """Whether the promise holds."""
        return self.measured >= self.asked if self.is_least else self.measured <= self.asked

    @property
    def promise(self) -> str:
        """``at most 15 ms of CPU``."""
        return f"{'at least' if self.is_least else 'at most'} {self.asked:g} {self.unit}"


def tell(*ratios: Ratio) -> int:
    """Print the figures, hand them on to whoever collects, and give the exit status: 1 where a promise is broken."""
    for one in ratios:
        verdict = "kept" if one.is_kept else "BROKEN"
        print(f"{one.name}: {one.measured:.3g} {one.unit}, promised {one.promise}: {verdict}", flush=True)
    if place := os.environ.get(COLLECTED):
        with Path(place).open("a", encoding="utf-8") as collected:
            collected.writelines(f"{json.dumps(asdict(one))}\n" for one in ratios)
    return int(not all(one.is_kept for one in ratios))
