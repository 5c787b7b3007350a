"""What we raise on purpose: a message that names the place, and a hint that is the next thing to do."""

from __future__ import annotations


class BugguardError(Exception):
    """A fault that a user can mend. A door prints message and hint and exits with ``exit_code``."""

    slug = "usage"
    """Its paragraph in ``docs/reference/messages.md``."""
    exit_code = 4
    """pytest's own numbers: 4 is wrong usage or settings."""
    hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        if hint is not None:
            self.hint = hint


class NoRepositoryError(BugguardError):
    """There is no git repository, or git itself cannot be used."""

    slug = "repository"


class UnknownRevisionError(BugguardError):
    """A revision that was asked for is not in this repository."""

    slug = "revision"
    hint = "check its spelling; a shallow clone lacks older commits: git fetch --unshallow (in CI: fetch-depth: 0)"


class UnreadableHistoryError(BugguardError):
    """git's answer could not be read in full: nothing is concluded from half of it."""

    slug = "history"
    hint = "git fsck --full tells whether the repository is sound; then try again"


class SettingsError(BugguardError):
    """The settings have faults; the message lists every one of them."""

    slug = "settings"


class ScratchError(BugguardError):
    """A scratch tree could not be made, so nothing was run in it."""

    slug = "scratch-tree"


class RefusedError(BugguardError):
    """The operating system would not do what it was asked for, at a place where nobody foresaw that."""

    slug = "refused"
    hint = "see that the repository can be read, and that the temporary folder (TMPDIR) can be written and has room"


def refused(error: OSError) -> RefusedError:
    """What to tell a user of it: the file's name alone, since results hold no path of a machine."""
    name = str(error.filename or "").replace("\\", "/").rpartition("/")[2]
    said = (error.strerror or type(error).__name__) + (f": {name}" if name else "")
    return RefusedError(f"the system refused: {said}")
