"""The neighbours are tried where nox has installed them, and nowhere else."""

from __future__ import annotations

import os

collect_ignore_glob = [] if "BUGGUARD_INTEROP" in os.environ else ["test_*.py"]
