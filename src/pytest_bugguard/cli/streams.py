"""What is said, and where: results on standard output, notes and complaints on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def prepare() -> None:
    """Streams that take any text; what a shell has closed (``>&-``) takes it and forgets it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we live
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Write to standard output at once, so that a full disk is no fault of ours and is told while it can be."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        hint = "see whether there is room where it goes to"
        raise BugguardError(f"standard output cannot be written: {error.strerror}", hint=hint) from None


def say_lines(lines: Iterable[str]) -> None:
    """Write lines that may hold any text, made harmless."""
    say("".join(f"{safe_text(line)}\n" for line in lines))


def drop_output() -> None:
    """Let what waits in standard output go nowhere: Python would complain of it once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str) -> None:
    """A note for whoever watches: standard output belongs to the result."""
    print(safe_text(text), file=sys.stderr)


def complain(message: str, hint: str = "") -> None:
    """Say on standard error what is wrong, and what to do next."""
    for line in message.splitlines():
        print(f"bugguard: {safe_text(line)}", file=sys.stderr)
    if hint:
        print(f"next: {safe_text(hint)}", file=sys.stderr)
