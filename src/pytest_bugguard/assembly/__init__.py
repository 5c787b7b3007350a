"""Joins the world and the journeys, once: settings, repository and guests in, results out.

A door takes what it needs from the one room that has it: an audit pays for no proof.
"""

from __future__ import annotations


def version() -> str:
    """Our own version."""
    from importlib import metadata  # noqa: PLC0415 - a tenth of a start, for two words

    return metadata.version("pytest-bugguard")
