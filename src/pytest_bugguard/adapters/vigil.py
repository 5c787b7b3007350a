"""What the guardian's process does: it waits, and imports next to nothing, since it starts beside every run."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Wait for the end of the pipe, then end what is left, and take away what it lies in."""
    marks: set[str] = set()
    for line in sys.stdin.buffer:
        text = os.fsdecode(line.rstrip(b"\n"))
        (marks.add if text.startswith("+") else marks.discard)(text[1:])
    for mark in sorted(marks):
        from pathlib import Path  # noqa: PLC0415 - mostly there is nothing to do

        from pytest_bugguard.adapters import strays, workspace  # noqa: PLC0415 - the same

        variable, _, value = mark.partition("=")
        strays.end(None, (variable, value), grace_s=0.0)
        workspace.sweep(Path(value).parent.parent)  # a run's folder lies in that of its owner
