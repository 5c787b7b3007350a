"""What the guardian's process does: it waits, and imports next to nothing, since it starts beside every run."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Wait for the end of the pipe, then end what is left."""
    marks: set[str] = set()
    for line in sys.stdin.buffer:
        text = os.fsdecode(line.rstrip(b"\n"))
        (marks.add if text.startswith("+") else marks.discard)(text[1:])
    for mark in sorted(marks):
        from pytest_bugguard.adapters import strays  # noqa: PLC0415 - mostly there is nothing to do

        variable, _, value = mark.partition("=")
        strays.end(None, (variable, value), grace_s=0.0)
