"""What a file of long ago is called today: renames followed from the newest unit back. Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_bugguard.core.model import FileChange


class Lineage:
    """Renames and deletions as they are met on the way back: ask ``today`` of a unit, then ``step_back`` over it.

    A dictionary entry for each path that is gone, so a scan pays nothing for the units that rename nothing.
    """

    def __init__(self) -> None:
        self._today: dict[str, str | None] = {}

    def today(self, paths: Iterable[str]) -> dict[str, str | None]:
        """Of paths as a unit left them: those that have another name now, or None where the file is gone."""
        return {path: name for path in paths if (name := self.of(path)) != path}

    def of(self, path: str | None) -> str | None:
        """The name that a path has now; None of a file that is gone is None."""
        return None if path is None else self._today.get(path, path)

    def step_back(self, changes: Iterable[FileChange]) -> None:
        """Go from the state after a unit to the state before it."""
        self._today.update(
            {
                change.old_path: self.of(change.new_path)
                for change in changes
                if change.old_path is not None and change.status in {"D", "R"}
            }
        )

    def go_beyond(self, older: Lineage) -> None:
        """Go back over all that another one went over, which began at the state where this one has come to."""
        self._today.update({path: self.of(name) for path, name in older._today.items()})
