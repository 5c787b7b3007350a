"""``python -m pytest_bugguard`` is the same as ``bugguard``."""

from __future__ import annotations

import sys
from pathlib import Path


def _forget_current_folder() -> None:
    """Import nothing from the current folder: it may be a repository that is only being read.

    ``python -m`` puts it first on the path, and a file ``tomli.py`` in it would be run.
    """
    here = str(Path.cwd())
    if sys.path and sys.path[0] in {"", here} and not str(Path(__file__)).startswith(here + "/"):
        del sys.path[0]


if __name__ == "__main__":
    _forget_current_folder()
    from pytest_bugguard.cli import main

    sys.exit(main())
