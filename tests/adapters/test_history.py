"""The commits of a real repository, read."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.core.errors import UnknownRevisionError, UnreadableHistoryError
from pytest_bugguard.core.model import FileChange, Unavailable
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_bugguard.adapters.history import GitHistory

SHOP = """
commit: feat: shop
  file: src/shop/pager.py
    def pages(n):
        return n
  file: README.md
    shop
branch: topic
commit: fix: last page is empty
  body: Fixes #12
  file: src/shop/pager.py
    def pages(n):
        return n + 1
  file: tests/test_pager.py
    def test_pages():
        assert pages(1) == 2
checkout: main
commit: docs: more
  file: README.md
    shop, and more
merge: topic
  subject: Merge pull request #3 from x/topic
tag: v1.0
commit: refactor: move
  rename: src/shop/pager.py -> src/shop/pages.py
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A small project with one merge."""
    return story(tmp_path_factory.mktemp("built"), SHOP)


@pytest.fixture
def shop(built: Repo, tmp_path: Path) -> Repo:
    """A copy of it, to change at will."""
    shutil.copytree(built.path, tmp_path / "shop")
    return Repo(tmp_path / "shop", built.commits)


@pytest.fixture
def history(shop: Repo) -> Iterator[GitHistory]:
    """Its history."""
    with open_repository(shop.path) as repository:
        yield repository.history()


def head(history: GitHistory) -> str:
    found = history.resolve("HEAD")
    assert found is not None
    return found


def test_units_are_the_first_parents_with_what_merges_brought(history: GitHistory) -> None:
    """Newest first; a merge shows its diff against its first parent, and the commits that came with it."""
    units = list(history.units(head(history)))
    assert [(unit.commit.subject, [inner.subject for inner in unit.inner]) for unit in units] == [
        ("refactor: move", []),
        ("Merge pull request #3 from x/topic", ["fix: last page is empty"]),
        ("docs: more", []),
        ("feat: shop", []),
    ]
    assert [(change.status, change.path) for change in units[1].changes] == [
        ("M", "src/shop/pager.py"),
        ("A", "tests/test_pager.py"),
    ]
    assert units[1].inner[0].message == "fix: last page is empty\n\nFixes #12\n"
    assert units[1].inner[0].author == "Ann <ann@example.com>"


def test_a_rename_has_both_names(history: GitHistory) -> None:
    """And its content is reachable by id on both sides."""
    (change,) = next(history.units(head(history))).changes
    assert (change.status, change.old_path, change.new_path) == ("R", "src/shop/pager.py", "src/shop/pages.py")
    assert change.new_blob is not None
    assert history.blob(change.new_blob) == b"def pages(n):\n    return n + 1\n"


def test_a_range_leaves_out_what_the_base_has(shop: Repo, history: GitHistory) -> None:
    """``base..tip``, with several bases."""
    units = history.units(head(history), since=[shop.sha("docs: more"), shop.sha("fix: last")])
    assert [unit.commit.subject for unit in units] == ["refactor: move", "Merge pull request #3 from x/topic"]
    assert list(history.units(head(history), since=["HEAD"])) == []


def test_single_units_come_in_the_order_asked_for(shop: Repo, history: GitHistory) -> None:
    """Each once, a merge with its inner commits; the first commit of all against nothing."""
    wanted = [shop.sha("feat: shop"), shop.sha("Merge"), shop.sha("fix: last"), shop.sha("feat: shop")]
    units = list(history.units_of(wanted))
    assert [unit.commit.sha for unit in units] == wanted[:3]
    assert [len(unit.inner) for unit in units] == [0, 1, 0]
    assert [change.path for change in units[0].changes] == ["README.md", "src/shop/pager.py"]
    assert list(history.units_of([])) == []
    assert [len(unit.inner) for unit in history.units_of(wanted, with_inner=False)] == [0, 0, 0]


def test_single_units_equal_those_of_the_whole(history: GitHistory) -> None:
    """``explain`` and ``audit`` see the same."""
    whole = list(history.units(head(history)))
    assert list(history.units_of([unit.commit.sha for unit in whole])) == whole


@pytest.mark.parametrize(
    ("revision", "subject"),
    [
        pytest.param("HEAD", "refactor: move", id="head"),
        pytest.param("v1.0", "Merge", id="tag"),
        pytest.param("HEAD~1^2", "fix: last", id="ancestry"),
        pytest.param("main", "refactor: move", id="branch"),
        pytest.param("HEAD^{/last page}", "fix: last", id="by-its-words"),
        pytest.param(":/fix: last", "fix: last", id="by-words-of-any-branch"),
        pytest.param(":/no such words", None, id="by-words-of-none"),
        pytest.param("nope", None, id="unknown"),
        pytest.param("HEAD^{tree}", None, id="no-commit"),
        pytest.param("HEAD:README.md", None, id="a-file"),
        pytest.param("", None, id="nothing"),
        pytest.param("a b", None, id="a-space"),
        pytest.param("HEAD\n", None, id="a-line-feed"),
        pytest.param("HEAD\0", None, id="a-nul"),
        pytest.param("HEAD\nHEAD", None, id="two-lines"),
        pytest.param("--all", None, id="an-option"),
        pytest.param("main..topic", None, id="a-range"),
        pytest.param("^main", None, id="an-exclusion"),
        pytest.param("\ud900", None, id="half-a-character"),
        pytest.param("\udcff", None, id="a-lone-byte"),
    ],
)
def test_a_revision_is_a_commit_or_none(shop: Repo, history: GitHistory, revision: str, subject: str | None) -> None:
    """Whatever is asked for, the answer is about that name and the next question is not disturbed."""
    assert history.resolve(revision) == (shop.sha(subject) if subject else None)
    assert history.resolve("HEAD") == shop.sha("refactor: move")


def test_many_names_are_one_question(shop: Repo, history: GitHistory) -> None:
    """In their order, more of them than fit into a pipe at once."""
    names = ["HEAD", "a\nb", *(f"no-{'such-' * 20}{number}" for number in range(2_000)), "v1.0"]
    found = history.resolve_all(names)
    assert (found[0], found[-1]) == (shop.sha("refactor: move"), shop.sha("Merge"))
    assert set(found[1:-1]) == {None}


def test_an_annotated_tag_is_its_commit(shop: Repo, history: GitHistory) -> None:
    """Base branches are sometimes tags."""
    shop.git("tag", "-a", "-m", "a release", "v2.0", "HEAD~1")
    assert history.resolve("v2.0") == shop.sha("Merge")


def test_commits_with_the_same_files_have_the_same_tree(shop: Repo, history: GitHistory) -> None:
    """Whatever else is said in them; an id that is no commit's is an error."""
    shop.git("commit", "-q", "--allow-empty", "-m", "nothing")
    assert history.tree_of("HEAD") == history.tree_of("HEAD~1") == shop.git("rev-parse", "HEAD^{tree}")
    with pytest.raises(UnknownRevisionError):
        history.tree_of("0" * 40)


def test_merge_base_is_where_two_lines_met(shop: Repo, history: GitHistory) -> None:
    """None where they never did, an error where one is no commit."""
    shop.git("checkout", "-q", "--orphan", "alone")
    shop.commit("alone")
    assert history.merge_base("v1.0^1", "topic") == shop.sha("feat: shop")
    assert history.merge_base("main", "alone") is None
    with pytest.raises(UnknownRevisionError, match="nope"):
        history.merge_base("nope", "main")
    with pytest.raises(UnreadableHistoryError, match="f" * 40):
        history.merge_base("f" * 40, "main")


def test_files_and_folders_of_a_commit(shop: Repo, history: GitHistory) -> None:
    """Only regular files have a content; folders end with a slash."""
    (shop.path / "link.py").symlink_to("README.md")
    odd = "docs/a\nb: c/:d.py"
    shop.write(odd, "odd")
    shop.commit("odd names")
    tip = head(history)
    assert history.folder_at(tip, "") == ("README.md", "docs/", "link.py", "src/", "tests/")
    assert history.folder_at(tip, "src/shop") == ("pages.py",)
    assert history.folder_at(tip, "docs/a\nb: c") == (":d.py",)
    assert [history.folder_at(tip, path) for path in ("nope", "README.md", "src/nope", "link.py")] == [None] * 4
    assert history.file_at(tip, odd) == b"odd"
    assert history.file_at(tip, "README.md") == b"shop, and more\n"
    assert [history.file_at(tip, path) for path in ("link.py", "src", "nope", "README.md/x", "", "../x")] == [None] * 6
    assert history.file_at(shop.sha("feat: shop"), "tests/test_pager.py") is None


def test_a_commit_that_is_not_there_is_an_error(history: GitHistory) -> None:
    """It must not look like a commit without files."""
    with pytest.raises(UnreadableHistoryError, match="f" * 40):
        history.file_at("f" * 40, "README.md")
    with pytest.raises(UnreadableHistoryError, match="f" * 40):
        list(history.units("f" * 40))
    with pytest.raises(UnreadableHistoryError, match="f" * 40):
        list(history.units_of(["f" * 40]))


def test_a_blob_over_the_limit_is_named_and_stepped_over(shop: Repo, history: GitHistory) -> None:
    """Its size is told, and the next answer is the right one."""
    (shop.path / "big.bin").write_bytes(b"\0" * 7_100_000)
    (shop.path / "limit.bin").write_bytes(b"1" * 5_000_000)
    shop.commit("data")
    blobs = {change.path: change.new_blob for change in next(history.units(head(history))).changes}
    assert blobs["big.bin"] is not None
    assert blobs["limit.bin"] is not None
    big = history.blob(blobs["big.bin"])
    assert big == Unavailable("7.1 MB, over the limit of 5 MB")
    assert history.blob(blobs["limit.bin"]) == b"1" * 5_000_000


def test_a_missing_blob_has_a_reason_and_a_cure(history: GitHistory) -> None:
    """And the next question is answered as if nothing had been."""
    assert history.blob("f" * 40) == Unavailable("missing from the object store", "git fsck --full")
    assert head(history)


def test_a_history_before_its_first_commit_has_no_head(tmp_path: Path) -> None:
    """No commits yet is no error."""
    repo = story(tmp_path, "")
    with open_repository(repo.path) as repository:
        assert repository.history().resolve("HEAD") is None
        assert repository.clone.branch == "main"


def test_the_history_equals_what_git_says(request: pytest.FixtureRequest) -> None:
    """Every first-parent diff is ``git diff-tree``'s, byte for byte, on this project's own history."""
    top = request.config.rootpath
    if not (top / ".git").exists():
        pytest.skip("not a checkout of this project")
    with open_repository(top) as repository:
        history = repository.history()
        for unit in list(history.units(head(history)))[:40]:
            trees = (*unit.commit.parents[:1], unit.commit.sha)
            assert sorted(map(raw, unit.changes)) == sorted(by_git(top, *trees))


def raw(change: FileChange) -> bytes:
    """A change as ``git diff-tree --raw -z`` prints it, without a rename's score."""
    ids = f"{change.old_blob or '0' * 40} {change.new_blob or '0' * 40}"
    paths = (change.old_path, change.new_path) if change.status in "RC" else (change.path,)
    text = f":{change.old_mode:06o} {change.new_mode:06o} {ids} {change.status}\0" + "\0".join(map(str, paths))
    return text.encode("utf-8", "surrogateescape")


def by_git(top: Path, *trees: str) -> list[bytes]:
    """The same from git itself."""
    command = ["git", "-C", str(top), "diff-tree", "-r", "-z", "--raw", "--no-abbrev", "-M", "--root", "--no-commit-id"]
    pieces = iter(subprocess.run([*command, *trees], capture_output=True, check=True).stdout.split(b"\0")[:-1])
    found = []
    for meta in pieces:
        fields, _, status = meta.rpartition(b" ")
        paths = [next(pieces) for _ in range(2 if status[:1] in b"RC" else 1)]
        found.append(fields + b" " + status[:1] + b"\0" + b"\0".join(paths))
    return found
