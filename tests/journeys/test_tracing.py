"""Lines are followed back to whoever wrote them, through a history of a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import faults
from pytest_bugguard.core.faults import Lines, Traced
from pytest_bugguard.core.gitlog import Logged
from pytest_bugguard.core.model import Commit, Unavailable
from pytest_bugguard.journeys.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from pytest_bugguard.journeys.ports import History

Files = dict[str, str]


class Past:
    """Commits, the newest last: a name, those of its parents, its files. A blob's id is its own text in hex."""

    def __init__(self, *commits: tuple[str, str, Files], renamed: Mapping[str, str] | None = None) -> None:
        self.files = {name: files for name, _, files in commits}
        self._commits = commits
        self._renamed = renamed or {}
        self.read: list[str] = []

    def back_from(self, commits: Sequence[str]) -> Generator[Logged]:
        del commits
        for time_s, (name, parents, files) in reversed(list(enumerate(self._commits))):
            self.read.append(name)
            yield Logged(Commit(name, tuple(parents.split()), time_s, "", ""), self._raw(parents, files))

    def _raw(self, parents: str, files: Files) -> list[str]:
        before = self.files[parents.split(maxsplit=1)[0]] if parents else {}
        raw: list[str] = []
        for path in sorted(files.keys() - self._renamed.keys() | files.keys() & before.keys()):
            old, new = before.get(path), files[path]
            if old != new:
                status = "A" if old is None else "M"
                raw += (f":100644 100644 {_blob(old)} {_blob(new)} {status}", path)
        for path, origin in self._renamed.items():
            if path in files and path not in before:
                raw += (f":100644 100644 {_blob(before[origin])} {_blob(files[path])} R090", origin, path)
        return raw

    def blob(self, blob_id: str) -> bytes | Unavailable:
        text = bytes.fromhex(blob_id).lstrip(b"\0")
        return Unavailable("gone") if text == b"gone\n" else text

    def blob_at(self, commit: str, path: str) -> str | None:
        text = self.files[commit].get(path)
        return None if text is None else _blob(text)


def _blob(text: str | None) -> str:
    """As many digits as an id has: sixty-four hold all that these tests need."""
    return (text or "").encode().rjust(32, b"\0").hex()


def lines(*words: str) -> str:
    return "".join(f"{word}\n" for word in words)


def origin(past: Past, commit: str, *numbers: int, path: str = "a.py", ignored: str = "") -> str | None:
    (found,) = trace({"fix": (Lines(commit, path, numbers),)}, _history(past), boundary=(), ignored={ignored})
    return found.origin


def _history(past: Past) -> History:
    return past  # type: ignore[return-value]  # of the many questions of a history these are all that is asked


PLAIN = Past(
    ("root", "", {"a.py": lines("a", "b", "c", "d")}),
    ("shifted", "root", {"a.py": lines("new", "a", "b", "c", "d")}),
    ("changed", "shifted", {"a.py": lines("new", "a", "B", "c", "d")}),
    ("indented", "changed", {"a.py": lines("new", "a", " B", " c", "d")}),
    ("moved", "indented", {"a.py": lines("d", "new", "a", " B", " c")}),
    ("beside", "moved", {"a.py": lines("d", "new", "a", " B", " c"), "b.py": lines("x")}),
)


@pytest.mark.parametrize(
    ("number", "writer"),
    [
        pytest.param(1, "root", id="moved"),
        pytest.param(2, "shifted", id="added"),
        pytest.param(3, "root", id="shifted"),
        pytest.param(4, "changed", id="indented-after-the-change"),
        pytest.param(5, "root", id="indented"),
    ],
)
def test_a_line_goes_back_to_the_commit_that_wrote_it(number: int, writer: str) -> None:
    """Where it stands, and how far it is indented, is nobody's writing."""
    assert origin(PLAIN, "beside", number) == writer


def test_the_newest_writer_is_taken_for_the_origin() -> None:
    """And nothing is read beyond it: what is older cannot change the answer."""
    PLAIN.read.clear()
    assert origin(PLAIN, "beside", 3, 4) == "changed"
    assert PLAIN.read[-1] == "shifted"


def test_a_commit_that_lays_code_out_anew_is_looked_through() -> None:
    """The line that stood in its place is asked instead; where none stood, the commit wrote it after all."""
    assert origin(PLAIN, "beside", 4, ignored="changed") == "root"
    assert origin(PLAIN, "beside", 2, ignored="shifted") == "shifted"


MERGED = Past(
    ("root", "", {"a.py": lines("a", "b", "c")}),
    ("topic", "root", {"a.py": lines("a", "b", "C")}),
    ("main", "root", {"a.py": lines("A", "b", "c")}),
    ("same", "root topic", {"a.py": lines("a", "b", "C")}),
    ("both", "main topic", {"a.py": lines("A", "x", "C")}),
)


@pytest.mark.parametrize(
    ("commit", "number", "writer"),
    [
        ("same", 3, "topic"),
        ("both", 1, "main"),
        ("both", 2, "both"),
        ("both", 3, "topic"),
    ],
)
def test_a_merge_wrote_only_what_none_of_its_parents_had(commit: str, number: int, writer: str) -> None:
    """Each line goes to the parent that had it."""
    assert origin(MERGED, commit, number) == writer


def test_a_renamed_file_is_followed() -> None:
    """By what git takes for a rename."""
    past = Past(
        ("root", "", {"a.py": lines("a", "b")}),
        ("renamed", "root", {"z.py": lines("a", "B")}),
        renamed={"z.py": "a.py"},
    )
    assert [origin(past, "renamed", number, path="z.py") for number in (1, 2)] == ["root", "renamed"]


def test_what_cannot_be_told_says_why() -> None:
    """A commit at the end of a shallow clone may only be the last one in sight; what cannot be read, wrote nothing."""
    past = Past(("root", "", {"a.py": "gone\n"}), ("next", "root", {"a.py": lines("b")}))
    (unread,) = trace({"fix": (Lines("next", "a.py", (1,)),)}, _history(past), boundary=())
    assert unread == Traced("fix", None, faults.UNREAD)
    asked = {"one": (Lines("root", "a.py", (1,)),), "two": (Lines("changed", "a.py", (1, 3)),), "three": ()}
    found = list(trace(asked, _history(PLAIN), boundary={"root"}))
    assert found == [Traced("one", None, faults.OUT_OF_SIGHT), Traced("two", "changed"),
                     Traced("three", None, faults.OUT_OF_SIGHT)]  # fmt: skip
