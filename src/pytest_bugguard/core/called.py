"""Which tests does somebody mean who types a node id, or less than one? Pure; no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_bugguard.core.run_files import storable

if TYPE_CHECKING:
    from collections.abc import Iterable


def named(name: str, nodeids: Iterable[str]) -> tuple[str, ...]:
    """The tests of this node id: itself, else its cases, or those of a file or class."""
    asked = storable(name)
    found = tuple(one for one in nodeids if one == asked or one.startswith((f"{asked}[", f"{asked}::")))
    return (asked,) if asked in found else found


def called(name: str, nodeids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What ends so: by ``test_retry`` and ``test_net.py::test_retry`` ``tests/test_net.py::test_retry`` is meant.

    Returns:
        By the node id of each test or class, and the path of each file, that ends so: the tests that it names. With
        more than one of them it is not known which is meant.
    """
    end = re.compile(rf"(?:\A|/|::){re.escape(storable(name))}(?=\[|::|\Z)")
    found: dict[str, list[str]] = {}
    for nodeid in nodeids:
        bare = nodeid.partition("[")[0] if "[" not in name else nodeid
        if (place := end.search(bare)) is not None:
            found.setdefault(nodeid[: place.end()], []).append(nodeid)
    return {meant: tuple(tests) for meant, tests in found.items()}
