"""A small language that builds a real git repository: ``story(tmp_path, '''...''')``.

A story is a list of commits, oldest first. A line at column 0 opens a step; indented lines belong to it::

    commit: fix: last page is empty        # the subject; the id can be asked for by it
      author: Ann <ann@example.com>        # optional; also: date: 2024-02-01T12:00:00
      body: Fixes #12                      # optional, may repeat: one line each
      file: src/shop/pager.py              # the file's whole new text follows, indented by four
        def pages(n):
            return n
      delete: src/shop/old.py
      rename: a.py -> b.py
    branch: topic                          # create (from here) or switch to a branch
    checkout: main
    merge: topic                           # --no-ff into the current branch
      subject: Merge pull request #3 from x/topic
    tag: v1.0

``story`` returns a ``Repo`` with ``.path``, ``.git(...)`` and ``.sha("part of a subject")``.
"""

from __future__ import annotations

import os
import subprocess
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENV = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}
_START_S = 1_704_067_200  # 2024-01-01; a commit a day


@dataclass
class Repo:
    """A repository that a story built."""

    path: Path
    commits: int = 0

    def git(self, *args: str, text: str | None = None, **env: str) -> str:
        """Run git here, outside the reach of the machine's own configuration."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ["git", *args],
            cwd=self.path,
            env={**clean, **_ENV, **env},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"git {args} failed: {done.stderr}")
        return done.stdout.strip()

    def sha(self, subject_part: str) -> str:
        """The id of the one commit (on any branch) whose subject contains this text."""
        lines = self.git("log", "--all", "--format=%H %s").splitlines()
        found = [line.split(" ", 1)[0] for line in lines if subject_part in line.split(" ", 1)[1]]
        assert len(found) == 1, f"{len(found)} commits match {subject_part!r}"
        return found[0]

    def write(self, path: str, content: str) -> None:
        """Write a file of the work tree, folders included."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")

    def commit(self, message: str, *, author: str | None = None, date: str | None = None) -> str:
        """Commit everything in the work tree and return the id."""
        when = date or f"{_START_S + self.commits * 86_400} +0000"
        self.commits += 1
        self.git("add", "-A")
        extra = [f"--author={author}"] if author else []
        self.git(
            "commit", "-q", "--allow-empty", "-F", "-", *extra,
            text=message, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when,
        )  # fmt: skip
        return self.git("rev-parse", "HEAD")


def story(path: Path, text: str, *init_options: str) -> Repo:
    """Build the repository that the text tells, in ``path`` (made where missing)."""
    path.mkdir(parents=True, exist_ok=True)
    repo = Repo(path)
    repo.git("init", "-q", "-b", "main", *init_options)
    for step in _steps(textwrap.dedent(text)):
        _play(repo, step)
    return repo


def _steps(text: str) -> list[list[str]]:
    steps: list[list[str]] = []
    for line in text.splitlines():
        if line and not line[0].isspace():
            steps.append([line])
        elif steps:
            steps[-1].append(line)
        elif line.strip():
            raise AssertionError(f"a story opens with a step, not with {line!r}")
    return steps


def _play(repo: Repo, step: list[str]) -> None:
    verb, _, rest = step[0].partition(": ")
    fields = _fields(step[1:])
    match verb:
        case "commit":
            _change_files(repo, fields)
            body = [value for key, value, _ in fields if key == "body"]
            message = "\n".join([rest, *(["", *body] if body else [])])
            repo.commit(message, author=_one(fields, "author"), date=_one(fields, "date"))
        case "branch":
            repo.git("checkout", "-q", "-B", rest)
        case "checkout":
            repo.git("checkout", "-q", rest)
        case "merge":
            subject = _one(fields, "subject") or f"Merge branch '{rest}'"
            when = f"{_START_S + repo.commits * 86_400} +0000"
            repo.commits += 1
            repo.git(
                "merge", "-q", "--no-ff", "-m", subject, *rest.split(),
                GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when,
            )  # fmt: skip
        case "tag":
            repo.git("tag", rest)
        case _:
            raise AssertionError(f"a story has no step {verb!r}")


def _fields(lines: list[str]) -> list[tuple[str, str, str]]:
    """``(key, value, block)`` for each line indented by two; the block is what is indented by four below it."""
    fields: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if line.startswith("    ") or not line.strip():
            if fields:
                fields[-1][2].append(line[4:])
        else:
            key, _, value = line.strip().partition(": ")
            fields.append((key, value, []))
    return [(key, value, "\n".join(block).rstrip("\n") + "\n" if any(block) else "") for key, value, block in fields]


def _change_files(repo: Repo, fields: list[tuple[str, str, str]]) -> None:
    for key, value, block in fields:
        match key:
            case "file":
                repo.write(value, block)
            case "delete":
                (repo.path / value).unlink()
            case "rename":
                old, new = value.split(" -> ")
                (repo.path / new).parent.mkdir(parents=True, exist_ok=True)
                (repo.path / old).rename(repo.path / new)


def _one(fields: list[tuple[str, str, str]], key: str) -> str | None:
    return next((value for name, value, _ in fields if name == key), None)
