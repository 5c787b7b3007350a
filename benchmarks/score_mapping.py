"""How well do we map fixes to their tests? Scores a file of known fixes against bare repositories.

python benchmarks/score_mapping.py score DATA.json REPOSITORIES   # known truth; REPOSITORIES/<owner>+<name>/repo
python benchmarks/score_mapping.py pieces REPOSITORY [LIMIT]       # piecewise reading against whole-file reading
python benchmarks/score_mapping.py show REPOSITORY REVISION...     # what we say of some commits
python benchmarks/score_mapping.py time REPOSITORY                 # CPU for mapping and behaviour of fix-like commits
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from pytest_bugguard.core import behaviour, modules, naming, segments, testmap
from pytest_bugguard.core.model import FileChange, TestMap

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_BLOB = re.compile(r"0+")


class Repository:
    """A bare repository read through one ``git cat-file --batch``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._batch = subprocess.Popen(
            ["git", "-C", str(path), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def read(self, name: str) -> tuple[str, bytes] | None:
        """Type and content of an object."""
        assert self._batch.stdin is not None
        assert self._batch.stdout is not None
        self._batch.stdin.write(name.encode(errors="surrogateescape") + b"\n")
        self._batch.stdin.flush()
        header = self._batch.stdout.readline().split()
        if header[-1:] == [b"missing"] or not header:
            return None
        content = self._batch.stdout.read(int(header[2]) + 1)[:-1]
        return header[1].decode(), content

    def blob(self, name: str | None) -> bytes | None:
        """The content of a blob."""
        found = self.read(name) if name else None
        return found[1] if found and found[0] == "blob" else None

    def git(self, *arguments: str) -> str:
        """The output of a git command."""
        done = subprocess.run(["git", "-C", str(self.path), *arguments], capture_output=True, check=True)
        return done.stdout.decode(errors="surrogateescape")

    def changes(self, commit: str) -> list[FileChange]:
        """A commit against its first parent."""
        parent = [f"{commit}^1"] if self.read(f"{commit}^1") else ["--root"]
        fields = self.git("diff-tree", "-r", "-z", "-M", "--no-commit-id", "--abbrev=40", *parent, commit).split("\0")
        return list(_changes(fields))

    def close(self) -> None:
        """End the git process."""
        assert self._batch.stdin is not None
        self._batch.stdin.close()
        self._batch.wait()


def _changes(fields: list[str]) -> Iterator[FileChange]:
    rest = iter(fields)
    for meta in rest:
        if not meta.strip().startswith(":"):
            continue
        old_mode, new_mode, old_blob, new_blob, status = meta.strip().lstrip(":").split()
        old_path: str | None = next(rest)
        new_path = next(rest) if status[0] in "RC" else old_path
        yield FileChange(
            status[0],
            None if status[0] == "A" else old_path,
            None if status[0] == "D" else new_path,
            int(old_mode, 8),
            int(new_mode, 8),
            None if _NO_BLOB.fullmatch(old_blob) else old_blob,
            None if _NO_BLOB.fullmatch(new_blob) else new_blob,
        )


class CommitTree:
    """The files of a commit."""

    def __init__(self, repository: Repository, commit: str) -> None:
        self._repository, self._commit = repository, commit

    def file(self, path: str) -> bytes | None:
        """The content of a file."""
        return self._repository.blob(f"{self._commit}:{path}") if "\n" not in path else None

    def folder(self, path: str) -> tuple[str, ...] | None:
        """The names in a folder."""
        found = self._repository.read(f"{self._commit}:{path}")
        if not found or found[0] != "tree":
            return None
        entries = re.findall(rb"(\d+) ([^\0]+)\0.{20}", found[1], re.DOTALL)
        return tuple(
            name.decode(errors="surrogateescape") + ("/" if mode == b"40000" else "") for mode, name in entries
        )


def mapped(repository: Repository, commit: str) -> TestMap:
    """What we say of a commit."""
    tree = CommitTree(repository, commit)
    rules = _naming(repository, commit)
    files = []
    for change in repository.changes(commit):
        path = change.path
        if rules.is_test_file(path) or rules.is_in_test_folder(path) or path.endswith("conftest.py"):
            old, new = repository.blob(change.old_blob), repository.blob(change.new_blob)
            files.append(testmap.TestFile(change, old, new, rules, rules))
    return testmap.map_tests(files, tree=tree)


def _naming(repository: Repository, commit: str) -> naming.Naming:
    texts = {name: repository.blob(f"{commit}:{name}") for name in naming.CONFIG_FILES}
    return naming.from_files({name: text for name, text in texts.items() if text is not None})


def score(data: Path, repositories: Path) -> None:
    """Recall of the truth and precision against every test that the commit is known to have changed."""
    truth = found = named = right = counted = counted_right = truth_counted = 0
    for case in json.loads(data.read_text()):
        repository = _opened(repositories / case["repo"].replace("/", "+") / "repo")
        result = mapped(repository, case["fixed_commit"])
        rows = {test.nodeid: test for test in result.tests}
        known = set(case["test_changes_in_commit"])
        for one in case["truth_tests"]:
            truth += 1
            hits = [row for nodeid, row in rows.items() if f"{nodeid}::".startswith(f"{one['nodeid']}::")]
            found += bool(hits)
            truth_counted += any(row.counts for row in hits)
            if not hits or not any(row.counts for row in hits):
                print(
                    "MISSED" if not hits else "UNCOUNTED",
                    case["id"],
                    case["fixed_commit"][:10],
                    one["nodeid"],
                    *[row.reason for row in hits],
                )
        for row in rows.values():
            named += 1
            right += row.nodeid in known
            counted += row.counts
            counted_right += row.counts and row.nodeid in known
            if row.nodeid not in known:
                print("EXTRA", case["id"], case["fixed_commit"][:10], row.nodeid, row.change, row.counts, row.reason)
        for nodeid in sorted(known - set(rows)):
            print("NOT NAMED", case["id"], case["fixed_commit"][:10], nodeid, case["test_changes_in_commit"][nodeid])
        for bad in result.unreadable:
            print("UNREADABLE", case["id"], bad.path, bad.reason)
    print(f"truth found {found}/{truth}, counted {truth_counted}/{truth}")
    print(f"named and known {right}/{named}; of those that count {counted_right}/{counted}")


@cache
def _opened(path: Path) -> Repository:
    return Repository(path)


def show(path: Path, revisions: list[str]) -> None:
    """Print the map of some commits."""
    repository = _opened(path)
    for revision in revisions:
        print(repository.git("log", "-1", "--format=%h %s", revision).strip())
        result = mapped(repository, revision)
        for test in result.tests:
            print(f"   {'+' if test.counts else '-'} {test.change:14} {test.nodeid}  {test.reason}")
        for bad in result.unreadable:
            print(f"   ? {bad.path}: {bad.reason}")


def _fix_like(repository: Repository) -> list[str]:
    return repository.git("log", "--first-parent", "-i", "--grep=fix", "--format=%H", "HEAD").split()


def pieces(path: Path, limit: int) -> None:
    """Compare what pieces say with what whole files say, for fix-like commits whose files parse as a whole."""
    repository = _opened(path)
    commits = _fix_like(repository)[:limit]
    differ = 0
    for commit in commits:
        # Both may read as much as they like: where more is parsed, the cap is reached elsewhere.
        with mock.patch.object(modules, "_FILES_READ", sys.maxsize):
            by_pieces = mapped(repository, commit)
            with _whole_files():
                by_files = mapped(repository, commit)
        if by_pieces.tests != by_files.tests and not by_files.unreadable:
            differ += 1
            for side, more in (("pieces", by_pieces), ("files", by_files)):
                for test in sorted({*more.tests} - {*by_pieces.tests} | {*more.tests} - {*by_files.tests}, key=str)[:4]:
                    print(f"{commit[:10]} only by {side}: {test.nodeid} {test.change} {test.counts} {test.reason}")
    print(f"{len(commits)} commits, {differ} differ")


@contextmanager
def _whole_files() -> Iterator[None]:
    with (
        mock.patch.object(segments, "difference", _whole),
        mock.patch.object(segments, "split", lambda text: (text,)),
    ):
        yield


def _whole(old: bytes, new: bytes) -> segments.Difference:
    return segments.Difference((old,) if old else (), (new,) if new else ())


def timed(path: Path) -> None:
    """CPU of mapping and of behaviour in pieces, and of the same by whole files."""
    _timed(path)
    with _whole_files():
        _timed(path)


def _timed(path: Path) -> None:
    repository = _opened(path)
    work: list[tuple[Any, ...]] = []
    rules = _naming(repository, "HEAD")
    for commit in _fix_like(repository):
        tests, sources = [], []
        for change in repository.changes(commit):
            sides = repository.blob(change.old_blob), repository.blob(change.new_blob)
            if rules.is_test_file(change.path) or rules.is_in_test_folder(change.path):
                tests.append(testmap.TestFile(change, *sides, rules, rules))
            elif change.path.endswith(".py"):
                sources.append(sides)
        if tests or sources:
            work.append((commit, tests, sources))
    gc.collect()
    gc.freeze()
    begun = time.process_time()
    for commit, tests, _ in work:
        testmap.map_tests(tests, tree=CommitTree(repository, commit))
    middle = time.process_time()
    for _, _, sources in work:
        for old, new in sources:
            behaviour.describe(old or b"", new or b"")
    end = time.process_time()
    print(f"{len(work)} commits: mapping {middle - begun:.2f} s, behaviour {end - middle:.2f} s")


def main(arguments: list[str]) -> None:
    """Run one of the jobs."""
    match arguments:
        case ["score", data, repositories]:
            score(Path(data), Path(repositories))
        case ["pieces", path, *limit]:
            pieces(Path(path), int(limit[0]) if limit else 1000)
        case ["show", path, *revisions]:
            show(Path(path), revisions)
        case ["time", path]:
            timed(Path(path))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
