"""``python -m pytest_bugguard`` is the same as ``bugguard``."""

# No ``from __future__`` here, and nothing else that stands in a file: ``python -m`` has put the current folder first on
# the path, and whatever is imported before it is taken away is looked for there. These two are loaded by now.
import os
import sys


def _forget_current_folder() -> None:
    """Import nothing from the current folder: it may be a repository that is only being read.

    A file ``tomli.py`` in it would be run, and so would ``__future__.py``.
    """
    is_ours = __file__.startswith(os.path.join(sys.path[0], "pytest_bugguard", ""))  # noqa: PTH118 - pathlib is a file
    if not (sys.flags.safe_path or is_ours):
        del sys.path[0]


if __name__ == "__main__":
    _forget_current_folder()
    from pytest_bugguard.cli import main

    sys.exit(main())
