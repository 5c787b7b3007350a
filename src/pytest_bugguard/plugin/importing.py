"""How are our own modules imported where pytest runs? As they are: pytest would rewrite the asserts of every plugin."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    import pytest

_OURS = "pytest_bugguard."


class _Finder:
    """Finds them before pytest's hook is asked, with which it takes half as long again."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the import system asks for it."""
        return PathFinder.find_spec(fullname, path, target) if fullname.startswith(_OURS) else None


def import_as_written(config: pytest.Config) -> None:
    """Import ours so from now on, for as long as this run of pytest lasts."""
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
        config.add_cleanup(lambda: sys.meta_path.remove(_Finder))
