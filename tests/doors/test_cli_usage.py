"""The command line itself: options, exit codes, and what is said where something is wrong."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard import assembly
from tests.sessions import TOP
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOP = (TOP / "tests" / "docs_stories" / "shop.story").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The shop of the docs, on its branch of two fixes, one of them guarded. For reading only."""
    return story(tmp_path_factory.mktemp("usage") / "shop", SHOP)


@pytest.fixture(scope="session")
def shell(repo: Repo) -> Shell:
    return Shell(repo.path)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--version"], 0, id="version"),
        pytest.param(["--help"], 0, id="help"),
        pytest.param(["check", "--help"], 0, id="help-of-a-command"),
        pytest.param(["audit"], 0, id="a-survey-fails-nothing"),
        pytest.param(["audit", "--fail-under", "0.5"], 0, id="share-that-is-met"),
        pytest.param(["audit", "--fail-under", "0.51"], 1, id="share-that-is-not-met"),
        pytest.param(["explain", "HEAD"], 0, id="explain"),
        pytest.param(["check", "main..HEAD"], 1, id="finding"),
        pytest.param(["check", "main..HEAD^"], 0, id="no-finding"),
        pytest.param([], 4, id="no-command"),
        pytest.param(["chekc"], 4, id="unknown-command"),
        pytest.param(["check", "--bsae", "main"], 4, id="unknown-option"),
        pytest.param(["audit", "--fail-under", "80"], 4, id="ratio-of-80"),
        pytest.param(["audit", "--fail-under", "nan"], 4, id="ratio-that-is-no-number"),
        pytest.param(["audit", "--format", "xml"], 4, id="unknown-format"),
        pytest.param(["check", "no..such"], 4, id="unknown-revision"),
        pytest.param(["-C", "no/such/folder", "audit"], 4, id="no-folder"),
        pytest.param(["--set", "fixes.scope=nowhere", "check", "main..HEAD"], 4, id="bad-setting"),
    ],
)
def test_exit_codes(shell: Shell, arguments: list[str], code: int) -> None:
    """As pytest has them: 0 all well, 1 findings, 4 wrong usage or settings."""
    done = shell.call(*arguments)
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert bool(done.out) is (code != 4)


def test_the_version_is_that_of_the_package(shell: Shell) -> None:
    """One line, for a bug report."""
    assert shell.call("--version").out == f"bugguard {assembly.version()}\n"


COMPLAINTS = [
    pytest.param(["explain", "nosuch"], "no commit 'nosuch'", "git fetch --unshallow", id="revision"),
    pytest.param(["explain", "main..HEAD"], "'main..HEAD' is a range", "bugguard check main..HEAD", id="explain-range"),
    pytest.param(["explain", "--", "--all"], "no commit '--all'", "git fetch", id="revision-like-an-option"),
    pytest.param(["explain", "a\x1b[31m\nb"], r"no commit 'a\x1b[31m\nb'", "git fetch", id="revision-with-colours"),
    pytest.param(["audit", "main..nosuch"], "no commit 'nosuch'", "git fetch", id="end-of-a-range"),
    pytest.param(["check", "HEAD"], "'HEAD' is no range", "bugguard check HEAD..HEAD", id="no-range"),
    pytest.param(["check", "--base", "nosuch"], "base: no revision 'nosuch'", "git fetch", id="base"),
    pytest.param(["check", "main..", "--base", "main"], "a range has its own base", "leave out", id="range-and-base"),
    pytest.param(["check", "--staged"], "--staged and --message-file", "--message-file FILE", id="staged-alone"),
    pytest.param(["check", "--message-file", "x"], "--staged and --message-file", "--staged", id="message-alone"),
    pytest.param(["check", "--staged", "--message-file", "x", "main.."], "judges one commit", "leave out", id="both"),
    pytest.param(["check", "--staged", "--message-file", "no/such"], "cannot be read", "commit-msg hook", id="no-file"),
    pytest.param(["audit", "--format", "xml"], "--format: there is no 'xml'", "text, json, markdown", id="format"),
    pytest.param(["init", "--format", "json"], "--format: this command knows text", "leave out", id="init-as-json"),
    pytest.param(["waive", "nosuch", "--owner", "a", "--reason", "b", "--expires", "2999-01-01"],
                 "no commit 'nosuch'", "git fetch", id="waive-unknown"),
    pytest.param(["waive", "HEAD", "--owner", "a", "--reason", "b", "--expires", "2020-01-31"],
                 "--expires: 2020-01-31 is over", "a day to come", id="waive-past"),
    pytest.param(["waive", "HEAD", "--owner", "a", "--reason", "b", "--expires", "soon"],
                 "--expires: 'soon' is no date", "YYYY-MM-DD", id="waive-no-date"),
    pytest.param(["waive", "HEAD", "--owner", " ", "--reason", "b", "--expires", "2999-01-01"],
                 "--owner: is empty", "say it", id="waive-nobody"),
    pytest.param(["--set", "nonsense", "audit"], "--set: found", "for example: --set", id="set-without-value"),
    pytest.param(["--set", "fixes.scop=unit", "audit"], "did you mean", "correct them", id="set-misspelt"),
    pytest.param(["--set", "fixes.rules=[", "audit"], "needs a key and a TOML value", "twice", id="set-no-toml"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "problem", "action"), COMPLAINTS)
def test_a_complaint_is_one_line_and_what_to_do(shell: Shell, arguments: list[str], problem: str, action: str) -> None:
    """Whatever is wrong: one line names it, one says what to type, nothing goes to standard output; the code is 4."""
    done = shell.call(*arguments)
    said, hint = done.complaint
    assert problem in said
    assert action in hint
    assert (done.code, done.out) == (4, "")


def test_every_faulty_setting_is_told_at_once(shell: Shell) -> None:
    """``--set`` may stand several times; the faults of all of them come in one run."""
    done = shell.call("--set", "fixes.scop=unit", "audit", "--set", "bsae=main", "--set", "undecided=warn")
    assert done.code == 4
    complaints = [line for line in done.err.splitlines() if line.startswith("bugguard: ")]
    assert ["fixes.scop" in complaints[0], "bsae" in complaints[1], len(complaints)] == [True, True, 2]


@pytest.mark.parametrize(
    ("before", "after", "fixes"),
    [
        pytest.param([], [], 2, id="neither"),
        pytest.param(["--set", "fixes.rules=['trailer']"], [], 0, id="before"),
        pytest.param([], ["--set", "fixes.rules=['trailer']"], 0, id="after"),
        pytest.param(["--set", "fixes.rules=['trailer']"], ["--set", "fixes.rules=strict"], 2, id="the-last-one-wins"),
        pytest.param(["--set", "fixes.rules=['trailer']"], ["--set", "undecided=warn"], 0, id="both-hold"),
    ],
)
def test_options_stand_before_or_after_the_command(
    shell: Shell, before: list[str], after: list[str], fixes: int
) -> None:
    """What is set before the command is not forgotten because something is set after it."""
    done = shell.call(*before, "audit", "--format", "json", *after, "--set", 'fixes.exclude=["^docs"]')
    assert done.document["summary"]["fixes"] == fixes


def test_a_folder_is_named_before_or_after_the_command(shell: Shell, tmp_path: Path) -> None:
    """``-C`` works from anywhere, for a folder below the top too, and means what git means by it."""
    elsewhere = Shell(tmp_path)
    plain = shell.call("explain", "HEAD").out
    assert plain
    assert elsewhere.call("-C", str(shell.folder), "explain", "HEAD").out == plain
    assert elsewhere.call("explain", "-C", str(shell.folder / "src"), "HEAD").out == plain


def _unborn(folder: Path) -> None:
    story(folder, "")


def _no_repository(folder: Path) -> None:
    folder.mkdir()


def _file(folder: Path) -> None:
    folder.write_text("", encoding="utf-8")


@pytest.mark.parametrize("command", [["audit"], ["explain", "HEAD"], ["check"], ["check", "a..b"], ["init"]])
def test_outside_a_repository(tmp_path: Path, command: list[str]) -> None:
    """No command has anything to say there, and each says so."""
    shell = Shell(tmp_path, {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    done = shell.call(*command)
    assert (done.code, done.out) == (4, "")
    assert "not a git repository" in done.complaint[0]
    assert "-C DIR" in done.complaint[1]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """``-C FILE`` is a slip like any other."""
    _file(tmp_path / "file")
    done = Shell(tmp_path).call("-C", "file", "audit")
    assert done.code == 4
    assert done.complaint


@pytest.mark.parametrize(
    ("command", "code"), [(["audit"], 0), (["check"], 0), (["explain", "HEAD"], 4), (["init", "--dry-run"], 0)]
)
def test_before_the_first_commit(tmp_path: Path, command: list[str], code: int) -> None:
    """There is nothing to judge yet, and that is no fault."""
    _unborn(tmp_path / "repo")
    done = Shell(tmp_path / "repo").call(*command)
    assert done.code == code
    assert "no commits yet" in done.out or done.complaint


def test_without_git(shell: Shell, tmp_path: Path) -> None:
    """Where git is missing, that is what is said."""
    done = Shell(shell.folder, {"PATH": str(tmp_path)}).bugguard("audit")
    assert (done.code, done.out) == (4, "")
    assert "git" in done.complaint[0]


def test_a_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    """What the clone lacks is undecided, with the command that brings it; no commit of its edge is judged."""
    repo.git("clone", "-q", "--depth", "1", repo.path.as_uri(), str(tmp_path / "clone"))
    shell = Shell(tmp_path / "clone")
    assert shell.call("audit", "--format", "json").verdicts == [
        ("undecided", "fix: page 1 is the first page, not the second")
    ]
    done = shell.call("check", "--format", "json")
    assert done.code == 1
    assert "git fetch --unshallow" in done.document["findings"][0]["next"]
    softened = shell.call("check", "--set", "undecided=warn")
    assert softened.code == 0
    assert "git fetch --unshallow" in softened.out


@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_bare_repository(repo: Repo, tmp_path: Path, suffix: str) -> None:
    """What only reads history works without a work tree; what needs one says so."""
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "shop.git"))
    bare = Shell(tmp_path)
    place = ("-C", f"shop.git{suffix}")
    here = Shell(repo.path)
    assert bare.call(*place, "audit").out == here.call("audit").out
    assert bare.call(*place, "explain", "HEAD").out == here.call("explain", "HEAD").out
    assert bare.call(*place, "check", "main..pages").out == here.call("check", "main..pages").out
    (tmp_path / "message").write_text("fix: x", encoding="utf-8")
    for command in (["check", "--staged", "--message-file", "message"], ["init"]):
        done = bare.call(*place, *command)
        assert "a bare repository has no" in done.complaint[0]
        assert done.code == 4


def test_the_settings_of_a_bare_repository_are_those_of_its_head(repo: Repo, tmp_path: Path) -> None:
    """There is no file to read, so the newest commit's is read."""
    clone = Repo(tmp_path / "clone")
    repo.git("clone", "-q", str(repo.path), str(clone.path))
    clone.write("bugguard.toml", '[fixes]\nrules = ["trailer"]\n')
    clone.commit("chore: only trailers")
    clone.git("clone", "-q", "--bare", str(clone.path), str(tmp_path / "bare.git"))
    assert Shell(tmp_path / "bare.git").call("audit", "--format", "json").verdicts == []


def test_nothing_of_the_current_folder_is_run(repo: Repo, tmp_path: Path) -> None:
    """``python -m`` puts the current folder first on the path; a repository cannot use that to be imported."""
    planted = tmp_path / "planted"
    shutil.copytree(repo.path, planted)
    for name in ("tomli", "git", "pluggy", "tqdm", "argparse", "json", "pytest_bugguard_guest"):
        (planted / f"{name}.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')\n", encoding="utf-8")
    for command in (["audit"], ["check", "main.."], ["explain", "HEAD"], ["init", "--dry-run"]):
        done = Shell(planted).bugguard(*command)
        assert "Traceback" not in done.err
        assert not (tmp_path / "marker").exists(), command


def test_a_fault_of_our_own_is_3_and_keeps_its_traceback(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks to be reported."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("pytest_bugguard.assembly.workshop.open_workshop", broken)
    done = shell.call("audit")
    assert done.code == 3
    assert "ZeroDivisionError" in done.err
    assert "report it" in done.err


@pytest.fixture
def slow_git(tmp_path: Path) -> Path:
    """A folder with a git that answers nothing and says that it was started."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "git"
    script.write_text(f"#!/bin/sh\ntouch '{tmp_path}/started'\nexec sleep 30\n", encoding="utf-8")
    script.chmod(0o755)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal that a test can send to one process")
def test_an_interrupted_command_says_so_in_a_line(shell: Shell, slow_git: Path) -> None:
    """Ctrl-C is 2, without a traceback, also while git is at work."""
    path = f"{slow_git}:{shell.variables['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_bugguard", "audit"],
        cwd=shell.folder, env=shell.variables | {"PATH": path}, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    _wait((slow_git.parent / "started").exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    said = [
        "bugguard: interrupted",
        "next: run the same command again; what was stored until now, such as proofs, is kept",
    ]
    assert (process.returncode, out, err.decode().splitlines()) == (2, b"", said)


def _wait(is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_done():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(shutil.which("sh") is None, reason="a pipe of a POSIX shell")
def test_a_reader_that_has_seen_enough_ends_it_quietly(shell: Shell) -> None:
    """``bugguard ... | head -1`` prints one line, and nobody complains."""
    command = f"'{sys.executable}' -m pytest_bugguard explain HEAD HEAD~1 HEAD~2 HEAD~3 | true"
    done = subprocess.run(
        ["sh", "-c", command], cwd=shell.folder, env=shell.variables, capture_output=True, timeout=30, check=False
    )
    assert done.stderr == b""
