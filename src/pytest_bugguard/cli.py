"""The shell's door."""

from __future__ import annotations


def main() -> int:
    """Run a command and return its exit code."""
    raise NotImplementedError
