"""What is the text of an old file in the dress of the new one? For a tree that anything may read and run."""

from __future__ import annotations

import ast

from pytest_bugguard.core.runs import Put, Undressed


def dressed(old: Put, new: Put) -> Put | Undressed:
    """The old file as ``probe/bugguard_probe/dress.py`` has it compiled, written down: comments are lost on the way."""
    from pytest_bugguard.adapters.probe.bugguard_probe import dress  # noqa: PLC0415 - few tests run a source by itself

    try:
        text = ast.unparse(dress.dressed(old.content or b"", new.content or b""))
    except Exception as error:  # noqa: BLE001 - whatever it is: without the dress nothing is seen
        return Undressed(old.path, f"{type(error).__name__}: {error}")
    return Put(old.path, text.encode("utf-8", "surrogatepass"), old.mode)
