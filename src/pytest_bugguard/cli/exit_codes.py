"""With which number does a command end? pytest's own."""

from __future__ import annotations

EXIT_OK, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OUR_FAULT, EXIT_USAGE = range(5)
