"""What will git keep of the file that a commit message is written in? Pure; no I/O.

As ``git commit --cleanup`` describes it: an edited message loses its comments, one that was given with ``-m`` keeps
lines that look like comments. A hook is told which of the two it is, but not what ``--cleanup`` says.
"""

from __future__ import annotations

_SCISSORS = " ------------------------ >8 ------------------------"
_CANDIDATES = "#;@!$%^&|:"
"""What git takes for ``core.commentChar = auto``: the first that begins no line of the message it starts from."""


def kept(text: str, *, mark: str, cleanup: str, was_edited: bool) -> str:
    """The message without what git takes away.

    Args:
        text: The file.
        mark: What a comment begins with (``core.commentChar``); ``auto`` is found by looking.
        cleanup: The setting ``commit.cleanup``; empty where there is none.
        was_edited: Whether an editor was opened.
    """
    comment = _mark_in(text) if mark == "auto" else mark
    if was_edited:  # with commit.verbose git cuts off its diff whatever is cleaned up
        text = text.partition(f"{comment}{_SCISSORS}")[0]
    drops_comments = cleanup == "strip" or (was_edited and cleanup not in {"whitespace", "verbatim", "scissors"})
    lines = text.splitlines()
    return "\n".join(line for line in lines if not (drops_comments and line.startswith(comment)))


def _mark_in(text: str) -> str:
    """The mark of the comments that git put at the end."""
    last = next((line for line in reversed(text.partition(_SCISSORS)[0].splitlines()) if line.strip()), "")
    return last[0] if last[:1] in tuple(_CANDIDATES) else "#"
