"""Which test does a report of pytest's speak of? By its node id, whatever other plugins made of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def own_id(is_below_root: Callable[[str], bool], nodeid: str, location: tuple[str, int | None, str]) -> str:
    """The test's node id, with its file relative to rootdir.

    Args:
        is_below_root: Whether there is a file of this path below rootdir.
        nodeid: As the report has it; so for ``location``.
        location: File, line and dotted name.
    """
    place, _, dotted = location
    nodeid = _without_group(nodeid, dotted.rpartition(".")[2])
    path, colons, name = nodeid.partition("::")
    # Of a file outside of rootdir pytest keeps the name alone, as if it lay inside.
    return nodeid if is_below_root(path) else f"{place}{colons}{name}"


def _without_group(nodeid: str, name: str) -> str:
    """What xdist's ``--dist loadgroup`` made ``test_a[x]@group``, as it was."""
    bare, at, _ = nodeid.rpartition("@")
    return bare if at and bare.endswith(name) and not nodeid.endswith(name) else nodeid
