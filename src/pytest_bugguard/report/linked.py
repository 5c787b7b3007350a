"""Commits and files as Markdown code, linked to where people read them if the settings say where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core.web import Web, web_of
from pytest_bugguard.report import words
from pytest_bugguard.report.escape import markdown_code

if TYPE_CHECKING:
    from pytest_bugguard.core.results import RepositoryFacts


class Linked(Struct, frozen=True):
    """Writes code with links; without an address it is code alone."""

    web: Web | None
    head: str
    """Where files are shown that belong to no commit in particular; empty before the first commit."""

    def commit(self, sha: str) -> str:
        """A commit id, shortened."""
        code = markdown_code(words.short(sha))
        return f"[{code}]({self.web.commit(sha)})" if self.web and sha else code

    def place(self, name: str, *, at: str = "", line: int | None = None) -> str:
        """A file or a node id, as it was in a commit. A folder, which servers show elsewhere, is code alone."""
        path, commit = name.partition("::")[0], at or self.head
        code = markdown_code(f"{name}:{line}" if line else name)
        is_file = bool(path) and not path.endswith("/")
        return f"[{code}]({self.web.file(path, commit, line)})" if self.web and commit and is_file else code


def linked(facts: RepositoryFacts) -> Linked:
    """For what was found out about a repository."""
    return Linked(web_of(facts.web) if facts.web else None, facts.head or "")
