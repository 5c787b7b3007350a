"""Might settings switch us on? A look at bytes, without a parser: every start of pytest pays for it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SETTINGS_FILES = {"bugguard.toml": b"", "pyproject.toml": b"bugguard"}
"""Where settings may stand, and the bytes without which a file cannot hold any."""
_CI = rb"""\s*=\s*["']ci["']"""
_SWITCH = re.compile(rb"""enabled(?:["']?%b)?|%b""" % (_CI, _CI))
"""The word, or another one with a value that no other setting of ours has: a misspelt switch."""
_OFF_IN_CI = re.compile(rb"""enabled["']?\s*=\s*false\b""")
_OFF = re.compile(rb"""enabled["']?(?:\s*=\s*false\b|%b)""" % _CI)


def may_be_switched_on(rootdir: Path) -> bool:
    """Whether settings that stand here or above could switch us on: a look at bytes, no parser."""
    for folder in (rootdir, *rootdir.parents):
        for name, word in _SETTINGS_FILES.items():
            path = folder / name
            with suppress(OSError):
                content = path.read_bytes() if path.is_file() else b""  # a link may lead to what never ends
                if word in content and _may_switch_on(content):
                    return True
        if os.path.lexists(folder / ".git"):
            return False
    return False


def _may_switch_on(content: bytes) -> bool:
    """Whether a file says ``enabled`` or ``= "ci"`` anywhere, unless each time so that it leaves us off here.

    In doubt it does: the settings are then read by the book.
    """
    off = _OFF_IN_CI if os.environ.get("CI") else _OFF
    return len(_SWITCH.findall(content)) > len(off.findall(content))
