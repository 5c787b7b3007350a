"""With which number does a command end, and what does it mean? pytest's own numbers."""

from __future__ import annotations

EXIT_OK, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OUR_FAULT, EXIT_USAGE = range(5)
_FINDINGS = (
    "a fix that nothing guards, or a coverage rule that is not met, or one of them that could not be judged; a flaky "
    "test, where a hunt looked for one; a share under `--fail-under`; a file that an import could not read"
)
MEANINGS = {
    EXIT_OK: ("all well", ""),
    EXIT_FINDINGS: ("findings", _FINDINGS),
    EXIT_INTERRUPTED: ("interrupted", "by Ctrl-C"),
    EXIT_OUR_FAULT: ("a fault of our own", "please report it, with the lines that it printed"),
    EXIT_USAGE: ("wrong usage or settings", "a repository, a revision or a file that is not there, too"),
}
"""In a few words, and with what belongs to it."""
