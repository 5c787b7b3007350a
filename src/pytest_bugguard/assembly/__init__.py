"""Joins the world and the journeys, once: settings, repository and guests in, results out."""

from __future__ import annotations

from importlib import metadata

from pytest_bugguard.assembly.gate import Gate, open_gate
from pytest_bugguard.assembly.workshop import Workshop, open_workshop

__all__ = ["Gate", "Workshop", "open_gate", "open_workshop", "version"]


def version() -> str:
    """Our own version."""
    return metadata.version("pytest-bugguard")
