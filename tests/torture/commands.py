"""Every command of the shell's door, with arguments that make it do its work in the trapped repository."""

from __future__ import annotations

from pytest_bugguard.cli.door import command_line

READING = (
    "audit",
    "audit --no-cache --all --format json",
    "explain HEAD HEAD~1 HEAD~3",
    "check --base HEAD~4",
    "check HEAD~4.. --format sarif",
    "check --staged --message-file ../message",
    "flaky list --all",
    "flaky show tests/test_a.py::test",
    "flaky export ../exported",
    "coverage check",
    "coverage explain a.py",
    "coverage init --dry-run",
    "init --dry-run",
    "report",
    "report --html ../page.html",
)
"""What must leave a repository as it is, and runs nothing but git."""
WRITING = {
    "waive HEAD~3 --owner a --reason b --expires 2099-01-01": {"bugguard.toml"},
    "init": {"bugguard.toml"},
    "coverage init": {"bugguard.toml", "bugguard-floors.txt"},
    "coverage floors update": {"bugguard-floors.txt"},
    "coverage floors raise git.py --reason old": {"bugguard-floors.txt"},
    "coverage floors tidy": {"bugguard-floors.txt"},
    "flaky quarantine tests/test_a.py::test --owner a --reason b --expires 2099-01-01": {"bugguard.toml"},
    "flaky release tests/test_old.py::test": {"bugguard.toml"},
    "flaky import ../run.xml --commit HEAD": {".bugguard", ".bugguard/history.db"},
}
"""What writes, and the files that it then names."""
RUNNING = ("prove", "hunt")
"""What runs the project's tests, and says so."""


def known() -> list[str]:
    """Every command that the door knows: ``coverage floors raise``."""
    return sorted(_leaves(command_line(), ""))


def _leaves(parser: object, name: str) -> list[str]:
    steps = [
        (f"{name} {word}".strip(), inner)
        for action in getattr(parser, "_actions", ())
        if isinstance(action.choices, dict)
        for word, inner in action.choices.items()
    ]
    return [leaf for word, inner in steps for leaf in _leaves(inner, word)] if steps else [name]
