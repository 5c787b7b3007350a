"""What git's raw, NUL-separated answers say: every byte of a path survives, and nothing is dropped in silence."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import gitlog
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.model import Commit, FileChange

ONE, TWO = "1" * 40, "2" * 40
ODD_PATHS = (
    ":x.py",
    "a\nb.py",
    "a\n:b.py",
    "-x",
    f"{ONE} {TWO}",
    ONE,
    ":100644 100644 x",
    "\n",
    "::",
    "R100",
    "\udcff.py",
)


def encoded(commit: Commit, changes: tuple[FileChange, ...]) -> bytes:
    """A commit as ``git log -z --raw`` prints it."""
    fields = (commit.sha, " ".join(commit.parents), str(commit.committed_s), commit.author, commit.message)
    text = "".join(f"{field}\0" for field in fields)
    text += "\n" * bool(changes) + "".join(map(entry, changes))
    return text.encode("utf-8", "surrogateescape")


def entry(change: FileChange) -> str:
    """One file of it."""
    absent = "0" * 40
    ids = f"{change.old_blob or absent} {change.new_blob or absent}"
    paths = [path for path in (change.old_path, change.new_path) if path is not None]
    paths = paths if change.status in "RC" else paths[:1]
    score = "087" if change.status in "RC" else ""
    return f":{change.old_mode:06o} {change.new_mode:06o} {ids} {change.status}{score}\0" + "".join(
        f"{path}\0" for path in paths
    )


ids = st.text("0123456789abcdef", min_size=40, max_size=40).filter(lambda text: text.strip("0"))
texts = st.binary(max_size=30).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
paths = st.one_of(st.sampled_from(ODD_PATHS), texts.filter(bool))
modes = st.sampled_from([0o100644, 0o100755, 0o120000, 0o160000])


@st.composite
def file_changes(draw: st.DrawFn) -> FileChange:
    """Any entry of a diff."""
    status = draw(st.sampled_from("AMDRCT"))
    old, new = draw(paths), draw(paths)
    return FileChange(
        status,
        None if status == "A" else old,
        None if status == "D" else new if status in "RCA" else old,
        0 if status == "A" else draw(modes),
        0 if status == "D" else draw(modes),
        None if status == "A" else draw(ids),
        None if status == "D" else draw(ids),
    )


commits = st.builds(
    Commit, ids, st.lists(ids, max_size=3).map(tuple), st.integers(0, 10**17), texts.filter(bool), texts
)
histories = st.lists(st.tuples(commits, st.lists(file_changes(), max_size=4).map(tuple)), max_size=5)


@given(histories, st.integers(1, 64))
def test_a_log_is_read_back_as_it_was_written(history: list[tuple[Commit, tuple[FileChange, ...]]], size: int) -> None:
    """Every commit and every entry comes out, whatever its paths are and wherever the stream was cut into chunks."""
    stream = b"".join(encoded(*one) for one in history)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    read = [(logged.commit, gitlog.changes(logged.raw)) for logged in gitlog.commits(gitlog.tokens(chunks))]
    assert read == history


@given(histories.filter(bool), st.data())
def test_a_log_that_breaks_off_is_an_error_or_ends_between_entries(
    history: list[tuple[Commit, tuple[FileChange, ...]]], data: st.DataObject
) -> None:
    """A torn stream never gives an entry that was not there; that it ends early at all is for git's exit to tell."""
    stream = b"".join(encoded(*one) for one in history)
    torn = stream[: data.draw(st.integers(0, len(stream) - 1))]
    try:
        read = [(logged.commit, gitlog.changes(logged.raw)) for logged in gitlog.commits(gitlog.tokens([torn]))]
    except UnreadableHistoryError:
        return
    whole = [commit for commit, _ in history]
    assert [commit for commit, _ in read] == whole[: len(read)]
    assert all(changes == full[: len(changes)] for (_, changes), (_, full) in zip(read, history, strict=False))


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(f"{ONE}\0\0001\0A <a>\0m", id="inside-a-message"),
        pytest.param(f"{ONE}\0\0001\0", id="inside-a-header"),
        pytest.param("word\0\0001\0A <a>\0m\0", id="no-id"),
        pytest.param(f"{ONE}\0word\0001\0A <a>\0m\0", id="no-parent"),
        pytest.param(f"{ONE}\0\0001\0A <a>\0m\0\n:100644 000000 {ONE} {TWO} D\0", id="no-path"),
        pytest.param(f"{ONE}\0\0001\0A <a>\0m\0\n:100644 100644 {ONE} {TWO} R100\0a\0", id="one-path-of-two"),
        pytest.param(f"{ONE}\0\0001\0A <a>\0m\0\n:100644 100644 {ONE} {TWO} Q\0a\0", id="unknown-status"),
        pytest.param(f"{ONE}\0\0001\0A <a>\0m\0\n:100644 {ONE} {TWO} M\0a\0", id="a-field-is-missing"),
    ],
)
def test_what_does_not_fit_is_an_error(stream: str) -> None:
    """Half an answer is never taken for a whole one."""
    with pytest.raises(UnreadableHistoryError):
        list(chain.from_iterable(gitlog.changes(one.raw) for one in gitlog.commits(gitlog.tokens([stream.encode()]))))


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [
        pytest.param("1704067200", 1_704_067_200, id="usual"),
        pytest.param("", 0, id="a-commit-without-a-time"),
        pytest.param("99999999999999999", 99_999_999_999_999_999, id="year-three-billion"),
        pytest.param("9" * 5000, 999_999_999_999_999_999, id="more-digits-than-python-reads"),
        pytest.param("-5", 0, id="not-a-number-to-git"),
        pytest.param("٣", 0, id="a-digit-of-another-script"),
    ],
)
def test_absurd_times_are_numbers_too(printed: str, seconds: int) -> None:
    """One odd commit never ends a scan."""
    stream = f"{ONE}\0\0{printed}\0A <a>\0m\0".encode()
    (logged,) = gitlog.commits(gitlog.tokens([stream]))
    assert logged.commit.committed_s == seconds


def test_a_long_message_is_cut() -> None:
    """Patterns never meet more than 64 KiB."""
    stream = f"{ONE}\0\0001\0A <a>\0{'m' * 200_000}\0".encode()
    (logged,) = gitlog.commits(gitlog.tokens([stream]))
    assert len(logged.commit.message) == gitlog.MESSAGE_CAP
