"""Nothing that a repository brings along is run, nothing of it is changed, nothing stays behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.model import Unavailable
from tests.story import Repo, story
from tests.torture import traps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and runs shell scripts")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> traps.Trapped:
    """Every trap there is."""
    return traps.trapped(tmp_path_factory.mktemp("trapped"))


def test_the_traps_work(tmp_path: Path) -> None:
    """Plain git sets them off: else the other tests would show nothing."""
    found = traps.trapped(tmp_path)
    no_filter = "-c filter.evil.process= -c filter.evil.clean= -c filter.evil.required=false status"
    for command in (no_filter, "status", "diff", "log -p -1", "diff HEAD~4 HEAD~3", "diff --cached -M"):
        subprocess.run(["git", "-C", str(found.repo.path), *command.split()], capture_output=True, check=False)
    assert {"core.fsmonitor", "gpg.program", "diff.evil.command", "filter.evil.process"} <= set(found.sprung)
    assert "submodule-fsmonitor" in found.sprung


def test_reading_runs_nothing_and_changes_nothing(built: traps.Trapped, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the repository, not in its submodule, not in the work tree: also where the environment sets the traps."""
    for name in ("GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR", "GIT_ASKPASS", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, built.trap(name))
    before = traps.digest(built.repo.path)
    units, changes, staged = traps.read_everything(built.repo.path)
    assert built.sprung == []
    assert traps.digest(built.repo.path) == before
    assert [len(units), len(units[2].inner)] == [5, 1]
    assert {(change.status, change.path) for change in staged} == {("M", "a.py"), ("R", "again.cfg")}
    assert {change.path for change in changes} == {"a.py", "again.cfg", "moved.cfg"}


def test_a_repository_that_was_committed_as_files_is_not_entered(built: traps.Trapped, tmp_path: Path) -> None:
    """Plain git would take its configuration for a repository's own, and run what it names."""
    outer = story(tmp_path / "outer", "commit: one")
    buried = tmp_path / "outer" / "tests" / "data" / "x"
    shutil.copytree(built.repo.path / ".git", buried)
    (buried / "config").write_text((buried / "config").read_text().replace("bare = false", "bare = true"))
    (buried / "modules").mkdir(exist_ok=True)
    outer.commit("two")
    assert len(traps.read_everything(outer.path)[0]) == 2
    assert len(traps.read_everything(buried)[0]) == 5
    assert built.sprung == []


HOSTILE_CONFIG = (
    "color.ui=always",
    "color.diff=always",
    "core.abbrev=7",
    "core.quotePath=true",
    "diff.noprefix=true",
    "diff.mnemonicPrefix=true",
    "diff.renames=copies",
    "diff.renameLimit=1",
    "diff.relative=true",
    "diff.ignoreSubmodules=all",
    "diff.submodule=log",
    "diff.orderFile=order",
    "diff.suppressBlankEmpty=true",
    "diff.statGraphWidth=3",
    "format.pretty=no such format",
    "i18n.logOutputEncoding=ISO-8859-1",
    "log.abbrevCommit=true",
    "log.date=no such format",
    "log.decorate=full",
    "log.diffMerges=combined",
    "log.follow=true",
    "log.mailmap=true",
    "log.showRoot=false",
    "notes.displayRef=refs/notes/*",
    "core.logAllRefUpdates=always",
    "core.commentChar=%",
    "core.splitIndex=true",
    "core.untrackedCache=true",
    "status.showUntrackedFiles=no",
    "status.relativePaths=true",
    "submodule.recurse=true",
    "tag.forceSignAnnotated=true",
)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A bit of everything that a setting could show in another way."""
    repo = story(
        tmp_path_factory.mktemp("plain"),
        f"""
        commit: one
          author: Zoë <zoe@example.com>
          file: .mailmap
            Somebody Else <else@example.com> <zoe@example.com>
          file: order
            *.txt
          file: src/a.py
            {traps.LINES.strip().replace(chr(10), chr(10) + " " * 12)}
          file: src/b.txt
            b
          file: src/long.py
            {traps.LINES.strip().replace(chr(10), chr(10) + " " * 12)}
        branch: topic
        commit: two: é
          rename: src/a.py -> src/é.py
          file: z.py
            z = 1
          file: é.txt
            z = 1
        checkout: main
        commit: three
          delete: src/long.py
          file: src/longer.py
            {traps.LINES.strip().replace(chr(10), chr(10) + " " * 12)}
            more = 1
        merge: topic
        tag: v1
        """,
    )
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},lib")
    repo.git("commit", "-q", "-m", "a submodule")
    repo.git("notes", "add", "-m", "fix: a note")
    (repo.path / "src" / "é.py").write_text(traps.LINES + "more = 1\n")
    repo.write("src/copy.py", traps.LINES)
    repo.git("add", "-A")
    repo.write("new.py", "new")
    return repo


@pytest.mark.parametrize("setting", [pytest.param(one, id=one.partition("=")[0]) for one in HOSTILE_CONFIG])
def test_no_setting_changes_what_is_read(
    plain: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    """The same history, whatever the user's or the repository's configuration says about how git shows it."""
    key, _, value = setting.partition("=")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("LC_ALL", "C")
    before = traps.read_everything(plain.path / "src")
    plain.git("config", "--file", str(tmp_path / "config"), key, value)
    assert traps.read_everything(plain.path / "src") == before


def test_a_hooks_environment_does_not_leak_in(
    built: traps.Trapped, plain: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of another repository names its own, and git believes that more than where it was pointed at."""
    before = traps.read_everything(plain.path)
    other = built.repo.path / ".git"
    poison = {
        "GIT_DIR": str(other),
        "GIT_COMMON_DIR": str(other),
        "GIT_WORK_TREE": str(built.repo.path),
        "GIT_INDEX_FILE": str(other / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / "objects"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_PREFIX": "nowhere/",
        "GIT_SHALLOW_FILE": str(other / "HEAD"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": built.trap("config-count"),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{built.trap('config-parameters')}'",
        "GIT_CONFIG": str(other / "config"),
        "GIT_LITERAL_PATHSPECS": "0",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_DIFF_OPTS": "-u0",
        "GIT_TRACE": str(built.marks / "trace"),
        "GIT_TRACE2_EVENT": str(built.marks / "trace2"),
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_DEFAULT_HASH": "sha256",
    }
    for name, value in poison.items():
        monkeypatch.setenv(name, value)
    assert traps.read_everything(plain.path) == before
    assert built.sprung == []


def test_a_deleted_repository_is_not_replaced_by_the_current_one(
    plain: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the folder has gone, git must not look into the folder that we happen to stand in."""
    gone = story(tmp_path / "gone", "commit: one")
    monkeypatch.chdir(plain.path)
    with open_repository(gone.path) as repository, repository.history() as history:
        shutil.rmtree(gone.path)
        with pytest.raises(UnreadableHistoryError, match="cannot change to"):
            history.resolve("HEAD")
        with pytest.raises(UnreadableHistoryError, match="cannot change to"):
            list(history.units("f" * 40))


@pytest.fixture
def listener() -> Iterator[tuple[int, list[int]]]:
    """A server on this machine that counts who calls."""
    calls: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                calls.append(1)
                caller.close()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)


def test_a_partial_clone_is_read_without_a_call(
    plain: Repo, built: traps.Trapped, tmp_path: Path, listener: tuple[int, list[int]]
) -> None:
    """What it lacks has a reason and a cure; renames without their contents are still told apart by id."""
    port, calls = listener
    plain.git("config", "uploadpack.allowFilter", "true")
    plain.git("clone", "-q", "--bare", "--filter=blob:none", f"file://{plain.path}", str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    clone.git("config", "remote.origin.url", f"http://127.0.0.1:{port}/x")
    clone.git("config", "protocol.http.allow", "always")
    clone.git("config", "remote.origin.uploadpack", built.trap("uploadpack"))
    with open_repository(clone.path) as repository, repository.history() as history:
        assert repository.is_partial
        units = list(history.units(str(history.resolve("HEAD"))))
        _, merge, three, _ = units
        assert [(change.status, change.path) for change in merge.changes] == [
            ("R", "src/é.py"),
            ("A", "z.py"),
            ("A", "é.txt"),
        ]
        assert [(change.status, change.path) for change in three.changes] == [
            ("D", "src/long.py"),
            ("A", "src/longer.py"),
        ]
        blob = str(merge.changes[1].new_blob)
        assert history.blob(blob) == Unavailable("not in this partial clone", "git fetch --refetch --no-filter")
        assert history.folder_at(units[0].commit.sha, "src") == ("b.txt", "longer.py", "é.py")
        assert history.file_at(units[0].commit.sha, "z.py") is None
        assert history.warnings == (
            "'z.py' was read as if it were not there: not in this partial clone (git fetch --refetch --no-filter)",
        )
    assert calls == []
    assert built.sprung == []


def test_nothing_stays_open(plain: Repo) -> None:
    """No process, no pipe, whether an iterator was read to its end, half, or not at all."""
    traps.read_everything(plain.path)  # what the first use opens for good is not the question
    before = traps.descriptors()
    for _ in range(5):
        traps.read_everything(plain.path)
        with open_repository(plain.path) as repository:
            history = repository.history()
            head = str(history.resolve("HEAD"))
            units = history.units(head)
            next(units)
            units.close()  # type: ignore[attr-defined]  # a generator, as every caller that stops early relies on
            history.units(head)
            next(history.units_of([head, f"{head}~1"]))
    assert traps.children() == []
    assert len(traps.descriptors()) == len(before)


def test_output_that_is_not_taken_is_no_hindrance(plain: Repo) -> None:
    """It can complain as much as it likes while nobody listens."""
    with open_repository(plain.path) as repository, repository.history() as history:
        for _ in range(3_000):
            assert history.resolve("v1^{/no such words in any message}") is None
        assert history.resolve("HEAD")


@pytest.mark.parametrize("name", ["-b", "--output=x", "--all", "-"])
def test_a_branch_may_be_called_like_an_option(tmp_path: Path, name: str) -> None:
    """It is resolved as the branch that it is."""
    repo = story(tmp_path, "commit: one\ncommit: two")
    repo.git("update-ref", f"refs/heads/{name}", "HEAD~1")
    with open_repository(repo.path) as repository, repository.history() as history:
        assert history.resolve(name) == repo.sha("one")
        assert [unit.commit.subject for unit in history.units(name)] == ["one"]
        assert history.merge_base(name, "HEAD") == repo.sha("one")
    assert os.listdir(repo.path) == [".git"]  # noqa: PTH208  # names are enough
