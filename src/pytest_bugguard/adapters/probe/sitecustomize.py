"""Runs at the start of every Python below a run of ours: the guide and the witness first, then the user's own.

It is written in what all Pythons understand that a test may start.
"""

import os
import sys


def _chain():  # type: ignore[no-untyped-def] # noqa: ANN202 - see the module
    """Load the ``sitecustomize`` that would have been found without us."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if sys.version_info >= (3, 4):  # noqa: UP036 - see the module
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    if sys.version_info >= (3, 11) and os.environ.get("BUGGUARD_RUN"):
        from bugguard_probe import start  # type: ignore[import-not-found]

        start.begin()
    _chain()  # type: ignore[no-untyped-call]
