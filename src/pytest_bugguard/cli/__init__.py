"""The shell's door: arguments in, text and an exit code out."""

from pytest_bugguard.cli.door import main

__all__ = ["main"]
