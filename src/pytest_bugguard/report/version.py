"""Which version of ours is it that writes?"""

from __future__ import annotations


def version() -> str:
    """As it was installed."""
    from importlib import metadata  # noqa: PLC0415 - a tenth of a start, for few formats

    try:
        return metadata.version("pytest-bugguard")
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"
