"""Joins the world and the journeys, once: settings, repository and guests in, results out."""

from __future__ import annotations

from pytest_bugguard.assembly.gate import Gate, GateOptions, open_gate
from pytest_bugguard.assembly.workshop import Workshop, open_workshop

__all__ = ["Gate", "GateOptions", "Workshop", "open_gate", "open_workshop", "version"]


def version() -> str:
    """Our own version."""
    from importlib import metadata  # noqa: PLC0415 - a tenth of a start, for two words

    return metadata.version("pytest-bugguard")
