"""Which variables does a run of the project's tests inherit, and what is its import path? Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEFT_OUT_PREFIXES = (
    "GIT_",  # of a hook: they turn git to another repository
    "COV",  # of a measurement around us: it would go on in the child, and write into the user's data
    "PYTEST_",  # of the run around us
    "BUGGUARD_",
    "AWS_",
    "ACTIONS_",
)
_SECRETS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "APIKEY", "PRIVATE_KEY")
_LEFT_OUT = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONINSPECT", "PYTHONPATH"})
_KEPT = frozenset(
    {
        "GIT_EXEC_PATH",  # where git itself lives
        "GIT_CONFIG_GLOBAL",  # which configuration and which identity the user has chosen for tests that call git
        "GIT_CONFIG_SYSTEM",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CEILING_DIRECTORIES",
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
    },
)


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What is left of our environment: nothing that steers git, pytest or a measurement, and no secret."""
    return {name: value for name, value in environment.items() if _is_harmless(name.upper())}


def _is_harmless(name: str) -> bool:
    if name in _KEPT:
        return True
    return not (name in _LEFT_OUT or name.startswith(_LEFT_OUT_PREFIXES) or any(part in name for part in _SECRETS))


_OF_A_SESSION = ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_", "PYTEST_ADDOPTS", "PYTEST_VERSION", "COV", "BUGGUARD_")
"""What a run of pytest around us, or a measurement of it, has set for itself; its options are told otherwise."""


def own(environment: Mapping[str, str]) -> dict[str, str]:
    """The user's own environment, for tests run in his own checkout: as he runs them, with all that they may need."""
    return {name: value for name, value in environment.items() if not name.upper().startswith(_OF_A_SESSION)}


def hash_seed(environment: Mapping[str, str]) -> str:
    """The seed of string hashes: the user's own where it is a number, else one that is the same for every run."""
    chosen = environment.get("PYTHONHASHSEED", "")
    return chosen if chosen.isdecimal() else "0"


def turned(entries: Sequence[str], *, original: str | None, top: str, separator: str) -> tuple[str, ...]:
    """An import path, with entries in the user's checkout as the tree has them; relative ones mean the tree anyway."""
    if original is None:
        return tuple(entry for entry in entries if entry)
    return tuple(
        top + entry[len(original) :] if entry == original or entry.startswith(original + separator) else entry
        for entry in entries
        if entry
    )
