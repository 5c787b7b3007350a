"""``bugguard check --staged`` as git runs it: out of a real commit-msg hook."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.sessions import TOP
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOP = (TOP / "tests" / "docs_stories" / "shop.story").read_text(encoding="utf-8")
TEST = "\n\ndef test_size():\n    assert pager.SIZE == 20\n"
HOOK = f'#!/bin/sh\nexec "{sys.executable}" -m pytest_bugguard check --staged --message-file "$1"\n'
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the hook is a shell script")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """The shop of the docs with our hook in it."""
    repo = story(tmp_path / "shop", SHOP)
    hook = repo.path / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOOK, encoding="utf-8")
    hook.chmod(0o755)
    return repo


def git(repo: Repo, *arguments: str, **environment: str) -> tuple[bool, str]:
    """Whether git did it, and what it and the hook said; somebody types this, so nothing is read from a pipe."""
    mine = {
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@b.c",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@b.c",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=repo.path, env=Shell(repo.path).variables | mine | environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


def change_source(repo: Repo) -> None:
    with (repo.path / "src" / "shop" / "pager.py").open("a", encoding="utf-8") as file:
        file.write("SIZE = 20\n")


def change_test(repo: Repo) -> None:
    with (repo.path / "tests" / "test_pager.py").open("a", encoding="utf-8") as file:
        file.write(TEST)


@pytest.mark.parametrize(
    ("with_test", "stage", "commit", "is_made"),
    [
        pytest.param(False, ["add", "."], [], False, id="staged"),
        pytest.param(True, ["add", "."], [], True, id="staged-with-test"),
        pytest.param(True, ["add", "src"], [], False, id="test-not-staged"),
        pytest.param(False, [], ["-a"], False, id="all"),
        pytest.param(True, [], ["-a"], True, id="all-with-test"),
        pytest.param(True, [], ["--", "src/shop/pager.py"], False, id="one-file"),
        pytest.param(True, [], ["--", "src/shop/pager.py", "tests/test_pager.py"], True, id="both-files"),
        pytest.param(True, ["add", "tests"], ["--", "src/shop/pager.py"], False, id="one-file-while-another-is-staged"),
        pytest.param(False, ["add", "."], ["--no-verify"], True, id="no-verify"),
    ],
)
def test_a_fix_without_its_test_is_not_committed(
    repo: Repo, with_test: bool, stage: list[str], commit: list[str], is_made: bool
) -> None:
    """What is about to be committed is judged, by whichever way it is committed, and nothing besides."""
    change_source(repo)
    if with_test:
        change_test(repo)
    if stage:
        repo.git(*stage)
    head = repo.git("rev-parse", "HEAD")
    done, said = git(repo, "commit", "-m", "fix: pages are too short", *commit)
    assert done is is_made, said
    assert (repo.git("rev-parse", "HEAD") != head) is is_made
    if "--no-verify" not in commit:
        assert ("GUARDED" in said, "UNGUARDED" in said) == (True, not is_made)


@pytest.mark.parametrize(
    ("message", "is_made"),
    [
        pytest.param("feat: longer pages", True, id="no-fix"),
        pytest.param("fix: x\n\nBugguard: waive a constant needs no test", True, id="waived"),
        pytest.param("fix: x\n\nBugguard: not-a-fix", True, id="said-to-be-none"),
        pytest.param("longer pages\n\nBugguard: fix", False, id="said-to-be-one"),
        pytest.param("fix: x\n\nRegression-Test: tests/test_pager.py::test_count", True, id="test-named"),
        pytest.param("fix: x\n\nRegression-Test: tests/test_pager.py::test_gone", False, id="no-such-test-named"),
        pytest.param("# fix: a comment\nfeat: longer pages", True, id="comment"),
        pytest.param("feat: longer pages\n# ------------------------ >8 ------------------------\nBugguard: fix", True,
                     id="below-the-scissors"),
        pytest.param("caf\xe9: fix the pages\n\n\x1b[31m", False, id="odd-bytes"),
    ],
)  # fmt: skip
def test_the_message_is_read_as_git_will_keep_it(repo: Repo, message: str, is_made: bool) -> None:
    """Without comments and what stands below the scissors; trailers speak; no byte of it reaches a terminal."""
    change_source(repo)
    repo.git("add", ".")
    (repo.path.parent / "message").write_bytes(message.encode("latin-1"))
    done = Shell(repo.path).call("check", "--staged", "--message-file", "../message")
    assert (done.code, done.err) == (0 if is_made else 1, "")
    assert "\x1b" not in done.out


@pytest.mark.parametrize(("mark", "is_made"), [(";", True), ("//", True), ("auto", False)])
def test_another_mark_of_comments_is_the_project_s_to_choose(repo: Repo, mark: str, is_made: bool) -> None:
    """``core.commentChar`` is honoured: what git drops from a message says nothing, and a leading #12 is no comment."""
    repo.git("config", "core.commentString" if len(mark) == 2 else "core.commentChar", mark)
    change_source(repo)
    repo.git("add", ".")
    scissors = f"{mark} ------------------------ >8 ------------------------"
    text = f"{mark} fix: a comment\n#12 longer pages\n{scissors}\nBugguard: fix"
    (repo.path.parent / "message").write_text(text, encoding="utf-8")
    done = Shell(repo.path).call("check", "--staged", "--message-file", "../message")
    assert done.code == (0 if is_made else 1), done.out + done.err


@pytest.mark.parametrize(
    ("options", "editor", "is_made"),
    [
        pytest.param(["-m", "# fix: sizes"], None, False, id="given-as-an-option"),
        pytest.param(["-m", "# fix: sizes", "--cleanup=verbatim"], None, False, id="verbatim"),
        pytest.param([], "# fix: sizes\nlonger pages\n", True, id="edited"),
        pytest.param(["--cleanup=strip", "-e", "-m", "#12 fix"], "#12 fix: sizes\n; Please enter\n", False, id="auto"),
    ],
)
def test_a_line_with_a_hash_is_a_comment_where_git_takes_it_away(
    repo: Repo, tmp_path: Path, options: list[str], editor: str | None, is_made: bool
) -> None:
    """A message that is not edited keeps it, and a fix may hide behind it."""
    repo.git("config", "core.commentChar", "auto")
    change_source(repo)
    repo.git("add", ".")
    written = tmp_path / "written"
    written.write_text(editor or "", encoding="utf-8")
    done, said = git(repo, "commit", *options, GIT_EDITOR=f"cp {written}")
    assert done is is_made, said
    if is_made:
        assert repo.git("log", "-1", "--format=%s") == "longer pages"


def test_a_merge_is_judged_against_its_first_parent(repo: Repo) -> None:
    """The hook runs for a merge too; the fixes that it brings came with their tests."""
    change_source(repo)
    change_test(repo)
    repo.git("checkout", "-q", "-b", "topic")
    assert git(repo, "commit", "-a", "-m", "fix: pages are too short")[0]
    repo.git("checkout", "-q", "pages")
    done, said = git(repo, "merge", "--no-ff", "-m", "fix: pages are too short (#3)", "topic")
    assert done, said
    repo.git("checkout", "-q", "main")
    done, said = git(repo, "merge", "--no-ff", "-m", "fix: the pages", "pages^")
    assert done, said


def test_the_first_commit_can_be_made(tmp_path: Path) -> None:
    """Before it there is no HEAD to compare with; it repairs nothing that was there."""
    repo = story(tmp_path / "new", "")
    repo.write("src/shop/__init__.py", "SIZE = 10\n")
    repo.git("add", ".")
    (tmp_path / "message").write_text("fix: begin\n", encoding="utf-8")
    done = Shell(repo.path).call("check", "--staged", "--message-file", str(tmp_path / "message"))
    assert done.code == 0, done.out + done.err


def _worktree(repo: Repo) -> Repo:
    repo.git("worktree", "add", "-q", "-b", "other", str(repo.path.parent / "linked"))
    return Repo(repo.path.parent / "linked")


@pytest.mark.parametrize("where", [pytest.param(lambda repo: repo, id="main"), pytest.param(_worktree, id="linked")])
def test_nothing_is_changed_by_the_hook(repo: Repo, where: Callable[[Repo], Repo]) -> None:
    """A refused commit leaves index, work tree and references as they were, in a linked work tree too."""
    here = where(repo)
    change_source(here)
    here.git("add", ".")
    before = (here.git("status", "--porcelain=v2"), repo.git("for-each-ref"), repo.git("config", "--list", "--local"))
    done, said = git(here, "commit", "-m", "fix: pages are too short")
    assert (done, "UNGUARDED" in said) == (False, True)
    assert before == (
        here.git("status", "--porcelain=v2"), repo.git("for-each-ref"), repo.git("config", "--list", "--local"),
    )  # fmt: skip
