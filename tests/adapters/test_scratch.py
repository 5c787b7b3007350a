"""Scratch trees: the right files in them, nothing of the user's touched, every trouble told with its cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.adapters.scratch import GitScratch
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.errors import ScratchError
from pytest_bugguard.core.runs import Put
from tests.story import Repo, story
from tests.torture import traps

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_bugguard.journeys.ports import Scratch

posix = pytest.mark.skipif(os.name != "posix", reason="symlinks, modes and shell scripts")
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"


@pytest.fixture
def space(tmp_path: Path) -> Path:
    """Where the trees are made."""
    folder = tmp_path / "space"
    folder.mkdir()
    return folder


def scratch(start: Path, space: Path) -> GitScratch:
    """A maker of trees for the repository of a folder."""
    return GitScratch(open_repository(start), space=Workspace(space))


def content(top: Path | str) -> dict[str, str]:
    """Every file of a tree by its path; folders that hold nothing too."""
    found = {}
    for path in Path(top).rglob("*"):
        name = path.relative_to(top).as_posix()
        if name.split("/")[0] == ".git":
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_bytes().decode("utf-8", "surrogateescape")
        elif not any(path.iterdir()):
            found[f"{name}/"] = ""
    return found


def git(top: Path | str, *arguments: str) -> str:
    """What a test would be told that calls git in the tree."""
    return Repo(Path(top)).git(*arguments)


SHOP = """
    commit: one
      file: src/shop/pager.py
        PAGE = 1
      file: src/shop/old/gone.py
        gone
      file: tests/test_pager.py
        test
    tag: v1.0
    commit: two
      file: src/shop/pager.py
        PAGE = 2
      file: src/shop/new/fresh.py
        fresh
      delete: src/shop/old/gone.py
"""
BACK = (
    Put("src/shop/pager.py", b"PAGE = 1\n"),
    Put("src/shop/new/fresh.py", None),
    Put("src/shop/old/gone.py", b"gone\n"),
)


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """Two commits: a file changed, one came, one went."""
    return story(tmp_path / "shop", SHOP)


def test_a_tree_holds_the_files_of_its_commit(shop: Repo, space: Path) -> None:
    """All of them, whatever stands in the work tree; at the end it is gone."""
    shop.write("src/shop/pager.py", "PAGE = 3\n")
    maker: Scratch = (opened := scratch(shop.path, space))
    with opened, maker.plant(shop.sha("two"), ()) as tree:
        assert content(tree.top) == {
            "src/shop/pager.py": "PAGE = 2\n",
            "src/shop/new/fresh.py": "fresh\n",
            "tests/test_pager.py": "test\n",
        }
        assert git(tree.top, "status", "--porcelain") == ""
    assert not Path(tree.top).exists()
    assert list(space.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        pytest.param(lambda top: None, True, id="nothing"),
        pytest.param(lambda top: (top / "src/shop/__pycache__").mkdir(), True, id="bytecode"),
        pytest.param(lambda top: (top / "src/shop/odd.pyc").touch(), True, id="bytecode-of-old"),
        pytest.param(lambda top: (top / "src/shop/pager.py").write_text("PAGE = 3\n"), False, id="another-text"),
        pytest.param(lambda top: (top / "src/shop/pager.py").unlink(), False, id="a-file-less"),
        pytest.param(lambda top: (top / "src/shop/.more").touch(), False, id="a-file-more"),
        pytest.param(lambda top: (top / "more").mkdir(), False, id="an-empty-folder"),
        pytest.param(lambda top: (top / "more").symlink_to("src"), False, id="a-symlink", marks=posix),
        pytest.param(lambda top: (top / "tests").chmod(0o500), False, id="another-mode", marks=posix),
        pytest.param(lambda top: git(top, "tag", "v2"), False, id="a-tag"),
    ],
)
def test_a_tree_tells_whether_it_was_changed(
    shop: Repo, space: Path, change: Callable[[Path], object], is_same: bool
) -> None:
    """Bytecode is what every run leaves; anything else may turn the next one there."""
    with scratch(shop.path, space) as maker, maker.plant(shop.sha("two"), ()) as tree:
        before = tree.state()
        change(Path(tree.top))
        assert (tree.state() == before) is is_same


def test_files_are_laid_over_it(shop: Repo, space: Path) -> None:
    """What is put stands there, what is taken away is gone with the folder that it leaves empty."""
    with scratch(shop.path, space) as maker, maker.plant(shop.sha("two"), BACK) as tree:
        assert content(tree.top) == {
            "src/shop/pager.py": "PAGE = 1\n",
            "src/shop/old/gone.py": "gone\n",
            "tests/test_pager.py": "test\n",
        }


def test_git_says_the_same_with_a_file_replaced(shop: Repo, space: Path) -> None:
    """A test that asks for the version, or for a clean checkout, is not red because of what we did."""
    with scratch(shop.path, space) as maker, maker.plant(shop.sha("two"), BACK[:1]) as tree:
        assert git(tree.top, "status", "--porcelain") == ""
        assert git(tree.top, "diff", "HEAD") == ""
        assert git(tree.top, "describe", "--tags", "--dirty") == git(shop.path, "describe", "--tags")
        assert git(tree.top, "rev-parse", "HEAD") == shop.sha("two")


def test_git_lists_the_files_that_are_there(shop: Repo, space: Path) -> None:
    """A test that opens every file that git knows finds them, with the fix and without it."""
    with scratch(shop.path, space) as maker, maker.plant(shop.sha("two"), BACK) as tree:
        assert git(tree.top, "ls-files").split() == sorted(content(tree.top))


def test_trees_cannot_be_told_apart_by_their_names(shop: Repo, space: Path) -> None:
    """The same name at the end, as the user's own folder has it; random signs before it."""
    with scratch(shop.path, space) as maker, ExitStack() as stack:
        tops = [Path(stack.enter_context(maker.plant(shop.sha("two"), puts)).top) for puts in ((), BACK)]
        assert [top.name for top in tops] == ["shop", "shop"]
        assert len({len(str(top)) for top in tops}) == 1
        assert tops[0] != tops[1]


def test_a_kept_tree_stays(shop: Repo, space: Path) -> None:
    """At its place, when the others and the next run's sweep have gone; it needs nothing but the repository."""
    with scratch(shop.path, space) as maker:
        with maker.plant(shop.sha("two"), BACK) as tree, maker.plant(shop.sha("two"), ()) as other:
            tree.keep()
        assert not Path(other.top).exists()
    with scratch(shop.path, space) as maker, maker.plant(shop.sha("two"), ()):
        pass
    assert content(tree.top)["src/shop/pager.py"] == "PAGE = 1\n"
    assert git(tree.top, "status", "--porcelain") != ""


@posix
@pytest.mark.parametrize(
    ("before", "puts", "after"),
    [
        pytest.param({"a": "x"}, [Put("a/b", b"y")], {"a/b": "y"}, id="file-to-folder"),
        pytest.param({"a/b": "x", "a/c": "x"}, [Put("a", b"y")], {"a": "y"}, id="folder-to-file"),
        pytest.param({"a/b/c": "x", "d": ""}, [Put("a/b/c", None)], {"d": ""}, id="emptied-folders"),
        pytest.param({"a": "x"}, [Put("a", b"b", 0o120000)], {"a": "-> b"}, id="file-to-symlink"),
        pytest.param({"a": "-> b"}, [Put("a", b"x")], {"a": "x"}, id="symlink-to-file"),
        pytest.param({"a": "-> /etc"}, [Put("a/x", b"y")], {"a/x": "y"}, id="through-a-symlink"),
        pytest.param({"a": "x"}, [Put("nowhere", None)], {"a": "x"}, id="nothing-to-take-away"),
        pytest.param({"a": "x"}, [Put("b", b"\r\n\0\xff")], {"a": "x", "b": "\r\n\0\udcff"}, id="any-bytes"),
        pytest.param({"a": "x"}, [Put("-b :*\n\udcff", b"")], {"a": "x", "-b :*\n\udcff": ""}, id="odd-name"),
    ],
)
def test_whatever_is_put_replaces_what_stands_there(
    tmp_path: Path, space: Path, before: dict[str, str], puts: list[Put], after: dict[str, str]
) -> None:
    """A file for a folder, a folder for a symlink: what is there in the end is what was asked for."""
    repo = story(tmp_path / "repo", "")
    for path, text in before.items():
        if text.startswith("-> "):
            (repo.path / path).symlink_to(text[3:])
        else:
            repo.write(path, text)
    commit = repo.commit("one")
    with scratch(repo.path, space) as maker, maker.plant(commit, puts) as tree:
        assert content(tree.top) == after


@posix
def test_modes_are_kept(tmp_path: Path, space: Path) -> None:
    """A script can be started, in the commit and where it is put."""
    repo = story(tmp_path / "repo", "")
    repo.write("run.sh", "")
    (repo.path / "run.sh").chmod(0o755)
    commit = repo.commit("one")
    puts = [Put("other.sh", b"", 0o100755), Put("plain.txt", b"")]
    with scratch(repo.path, space) as maker, maker.plant(commit, puts) as tree:
        modes = {path.name: path.stat().st_mode & 0o111 != 0 for path in Path(tree.top).iterdir() if path.is_file()}
    assert modes == {"run.sh": True, "other.sh": True, "plain.txt": False}


def test_a_file_that_is_put_has_the_line_ends_that_its_attributes_say(tmp_path: Path, space: Path) -> None:
    """As the fix's own version has them: a difference that is none of the fix's would be taken for its doing."""
    text = """
        commit: one
          file: .gitattributes
            *.bat eol=crlf
          file: run.bat
            new
    """
    repo = story(tmp_path / "repo", text)
    with scratch(repo.path, space) as maker, maker.plant(repo.sha("one"), [Put("run.bat", b"old\n")]) as tree:
        assert (Path(tree.top) / "run.bat").read_bytes() == b"old\r\n"


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/tmp/x", "", "a//b", ".git/config", "sub/.GIT/hooks/x", "a/.", "x\0y"]
)
def test_no_path_leads_out_of_the_tree(shop: Repo, space: Path, path: str) -> None:
    """Nor into its git directory."""
    with scratch(shop.path, space) as maker, pytest.raises(ScratchError, match="is no path of a file in a tree"):
        maker.plant(shop.sha("two"), [Put(path, b"x")]).__enter__()
    assert list(space.rglob("x")) == []


def test_a_file_in_lfs_is_named(shop: Repo, space: Path) -> None:
    """Its pointer is no source: nothing is run on it."""
    with scratch(shop.path, space) as maker, pytest.raises(ScratchError, match=r"'src/a\.py' is kept by git LFS"):
        maker.plant(shop.sha("two"), [Put("src/a.py", POINTER)]).__enter__()


@pytest.mark.parametrize("put", [Put("sub/x.py", b""), Put("sub", None), Put("other", b"", 0o160000)])
def test_a_submodule_is_named(shop: Repo, space: Path, put: Put) -> None:
    """What lies in it is in no commit of this repository."""
    shop.git("update-index", "--add", "--cacheinfo", f"160000,{shop.sha('one')},sub")
    shop.git("commit", "-q", "-m", "three")
    with scratch(shop.path, space) as maker, pytest.raises(ScratchError, match="lies in the submodule") as caught:
        maker.plant(shop.sha("three"), [put]).__enter__()
    assert "own checkout" in caught.value.hint


KINDS = {
    "plain": [],
    "sha256": ["--object-format=sha256"],
    "reftable": ["--ref-format=reftable"],
    "both": ["--object-format=sha256", "--ref-format=reftable"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_of_a_repository_can_be_planted(tmp_path: Path, space: Path, kind: str) -> None:
    """Ids of any length, references in a table."""
    probe = subprocess.run(["git", "init", "-q", *KINDS[kind], str(tmp_path / "p")], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"this git does not know {KINDS[kind][-1]}")
    repo = story(tmp_path / "repo", SHOP, *KINDS[kind])
    with scratch(repo.path, space) as maker, maker.plant(repo.sha("two"), BACK) as tree:
        assert content(tree.top)["src/shop/pager.py"] == "PAGE = 1\n"
        assert git(tree.top, "tag") == "v1.0"


def clone(repo: Repo, folder: Path, *options: str) -> Path:
    """A clone of a repository."""
    repo.git("-c", "protocol.file.allow=always", "clone", "-q", *options, repo.path.as_uri(), str(folder))
    return folder


def linked(repo: Repo, folder: Path) -> Path:
    """A linked work tree."""
    repo.git("worktree", "add", "-q", "--detach", str(folder))
    return folder


def borrowing(repo: Repo, folder: Path) -> Path:
    """A clone of a clone that borrow their objects, the last with a relative path."""
    repo.git("clone", "-q", "--shared", str(repo.path), str(folder / "one"))
    repo.git("clone", "-q", "--shared", str(folder / "one"), str(folder / "two"))
    (folder / "two/.git/objects/info/alternates").write_text("../../../one/.git/objects\n")
    return folder / "two"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda repo, folder: clone(repo, folder, "--bare"), id="bare"),
        pytest.param(lambda repo, folder: clone(repo, folder, "--depth=1"), id="shallow"),
        pytest.param(linked, id="worktree"),
        pytest.param(borrowing, id="alternates-of-alternates"),
        pytest.param(lambda repo, folder: clone(repo, folder.with_name('an "odd" näme: #\\')), id="odd-name"),
        pytest.param(lambda repo, folder: clone(repo, folder.with_name("#hash")), id="hash"),
        pytest.param(lambda repo, folder: clone(repo, folder, "--no-checkout"), id="no-checkout"),
    ],
)
def test_every_kind_of_clone_can_be_planted(shop: Repo, tmp_path: Path, space: Path, make: object) -> None:
    """And its history can be asked for, as far as the clone has it."""
    assert callable(make)
    start = make(shop, tmp_path / "clone")
    with scratch(start, space) as maker, maker.plant(shop.sha("two"), BACK) as tree:
        assert content(tree.top)["src/shop/pager.py"] == "PAGE = 1\n"
        assert git(tree.top, "log", "--format=%s").split() in (["two", "one"], ["two"])
        assert ":" not in Path(tree.top).name


def test_a_submodules_own_checkout_can_be_planted(shop: Repo, tmp_path: Path, space: Path) -> None:
    """Its git directory lies elsewhere and names its work tree."""
    outer = story(tmp_path / "outer", "commit: one")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(shop.path), "sub")
    with scratch(outer.path / "sub", space) as maker, maker.plant(shop.sha("two"), ()) as tree:
        assert content(tree.top)["src/shop/pager.py"] == "PAGE = 2\n"


def test_a_partial_clone_says_what_to_fetch(shop: Repo, tmp_path: Path, space: Path) -> None:
    """Never does it fetch by itself."""
    shop.git("config", "uploadpack.allowFilter", "true")
    start = clone(shop, tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    Repo(start).git("config", "remote.origin.url", "http://127.0.0.1:9/nothing-listens-here")
    with scratch(start, space) as maker, pytest.raises(ScratchError, match="unable to read") as caught:
        maker.plant(shop.sha("two"), ()).__enter__()
    assert caught.value.hint == "git fetch --refetch --no-filter"


def test_a_commit_that_is_not_there_is_an_error(shop: Repo, tmp_path: Path, space: Path) -> None:
    """With what cures a clone that lacks it."""
    start = clone(shop, tmp_path / "clone", "--depth=1")
    with scratch(start, space) as maker, pytest.raises(ScratchError, match="scratch tree: git read-tree") as caught:
        maker.plant(shop.sha("one"), ()).__enter__()
    assert "--unshallow" in caught.value.hint


@pytest.mark.parametrize("name", ["HEAD", "--help", "-m", ""])
def test_only_an_id_names_a_commit(shop: Repo, space: Path, name: str) -> None:
    """No name is handed to git that it could take for an option."""
    with scratch(shop.path, space) as maker, pytest.raises(ScratchError, match="is no commit id"):
        maker.plant(name, ()).__enter__()


def test_no_tree_is_made_in_the_repository(shop: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the temporary files would go into it, another folder has to be named."""
    (shop.path / "tmp").mkdir()
    before = traps.digest(shop.path)
    monkeypatch.setattr(tempfile, "tempdir", str(shop.path / "tmp"))
    with (
        GitScratch(open_repository(shop.path)) as maker,
        pytest.raises(ScratchError, match="lies in the repository") as caught,
    ):
        maker.plant(shop.sha("two"), ()).__enter__()
    assert "TMPDIR" in caught.value.hint
    assert traps.digest(shop.path) == before


def test_a_folder_that_is_not_there_is_an_error(shop: Repo, space: Path) -> None:
    """With the next thing to do."""
    with scratch(shop.path, space / "nowhere") as maker, pytest.raises(ScratchError, match="nothing can be") as caught:
        maker.plant(shop.sha("two"), ()).__enter__()
    assert "let TMPDIR name another folder" in caught.value.hint


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_is_an_error(shop: Repo, space: Path) -> None:
    """Whoever meets it first, git or we; nothing stays behind."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(space)], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        shop.write("zeros", "0" * 400_000)
        full = shop.commit("three")
        for number in range(800):
            shop.write(f"{'n' * 200}/{'n' * 200}/{number}", "")
        long = shop.commit("four")  # its index alone is larger
        many = [Put(f"big{number}", bytes([number]) * 50_000) for number in range(10)]
        for commit, puts in (
            (long, []),
            (full, []),
            (shop.sha("two"), many),
            (shop.sha("two"), [Put("b", os.urandom(200_000))]),
        ):
            with scratch(shop.path, space) as maker, pytest.raises(ScratchError) as caught:
                maker.plant(commit, puts).__enter__()
            assert caught.value.hint.startswith("make room in")
            assert list(space.iterdir()) == []
    finally:
        subprocess.run(["umount", str(space)], check=True)


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "merged"),
    [
        pytest.param(b"1\n2\n3\n4\n5\n", b"1\n2\n3\n", b"0\n2\n3\n", b"0\n2\n3\n4\n5\n", id="apart"),
        pytest.param(b"1\na\n", b"1\n2\n", b"1\nb\n", None, id="conflict"),
        pytest.param(b"1\na\n", b"1\n2\n", b"1\na\n", b"1\na\n", id="the-same"),
        pytest.param(b"\0a", b"\0b", b"\0c", None, id="no-text"),
        pytest.param(b"x\r\n1\r\n2\r\n3", b"1\r\n2\r\n3", b"1\r\n2\r\n4", b"x\r\n1\r\n2\r\n4", id="line-ends"),
    ],
)
def test_three_versions_are_merged(
    shop: Repo, space: Path, *, ours: bytes, base: bytes, theirs: bytes, merged: bytes | None
) -> None:
    """As git merges a file, and no merge is better than one with a conflict."""
    with scratch(shop.path, space) as maker:
        assert maker.merge(ours, base, theirs) == merged
        assert all(not list(folder.iterdir()) for folder in space.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="runs shell scripts")
def test_nothing_of_the_repository_runs_and_nothing_of_it_changes(
    tmp_path: Path, space: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook, filter or template, of the repository or of the user, while trees are made and used by git."""
    trapped = traps.trapped(tmp_path)
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    for name in traps.HOOKS:
        (template / "hooks" / name).symlink_to(trapped.trap(f"template-{name}"))
    config = tmp_path / "config"
    shutil.copy(trapped.repo.path / ".git" / "config", config)
    for key, value in (
        ("init.templateDir", str(template)),
        ("init.defaultObjectFormat", "sha256"),
        ("core.autocrlf", "true"),
        ("core.attributesFile", str(tmp_path / "attributes")),
    ):
        trapped.repo.git("config", "--file", str(config), key, value)
    (tmp_path / "attributes").write_text("* filter=evil\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(template))
    monkeypatch.setenv("GIT_INDEX_FILE", str(trapped.repo.path / ".git" / "index"))
    before = traps.digest(trapped.repo.path)
    commit = trapped.repo.git("rev-parse", "HEAD")
    with scratch(trapped.repo.path, space) as maker, maker.plant(commit, [Put("racy.cfg", b"put\n")]) as tree:
        assert (Path(tree.top) / "racy.cfg").read_bytes() == b"put\n"
        assert maker.merge(b"1\n", b"2\n", b"2\n") == b"1\n"
        for command in (["config", "user.name", "x"], ["tag", "x"], ["branch", "y"], ["remote", "add", "z", "/"]):
            git(tree.top, *command)
        (Path(tree.top) / "more.txt").write_text("more")
        git(tree.top, "add", "more.txt")
        git(tree.top, "commit", "-q", "-m", "a test's own")
        git(tree.top, "gc", "--quiet", "--prune=now")
    assert trapped.sprung == []
    assert traps.digest(trapped.repo.path) == before


def test_it_does_not_take_long(tmp_path: Path, space: Path) -> None:
    """A repository of some 700 files stands in a fraction of a second; the limit leaves room for a busy machine."""
    repo = story(tmp_path / "repo", "")
    for number in range(700):
        repo.write(f"d{number % 20}/f{number}.py", f"x = {number}\n" * 100)
    commit = repo.commit("one")
    puts = [Put(f"d{number % 20}/f{number}.py", b"old\n") for number in range(10)]
    with scratch(repo.path, space) as maker:
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            with maker.plant(commit, puts):
                taken.append(time.perf_counter() - start)
    assert min(taken) < 1.5
